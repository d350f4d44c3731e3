"""What a stage costs: counted calls, units and bytes, at list prices.

prices     the list prices (prices.json), with their sources
usage      amounts of what AWS bills, and what they cost
lines      how long the lines of logs are
stage      what the templates say of a stage: memory, log levels, keys, alarms
bill       counts what a request, or a function, uses
life       a report's life in 25 calls, and all that happens because of it
extras     what comes on top: media, notices, openings, storage
page       the tables of docs/cost.md

python -m tests.cost             prints the tables
python -m tests.cost --write     writes them into docs/cost.md
"""
