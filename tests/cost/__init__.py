"""What a stage costs: counted calls, units and bytes, at list prices.

prices     the list prices (prices.csv), with their sources
usage      amounts of what AWS bills, and what they cost
lines      how long the lines of logs are
stage      what the templates say of a stage: memory, log levels, keys, alarms
bill       counts what a request, or a function, uses
calls      what the web clients were seen to ask for a report (calls.json)
life       a report's life in these calls, and all that happens because of it
extras     what comes on top: media, notices, openings, consoles, storage
fixed      what a stage costs though nothing has come
district   a month of a district, usual or given
page       the tables of docs/cost.md
"""
