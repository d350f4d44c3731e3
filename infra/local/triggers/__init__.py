"""What feeds functions: messages, stream records and schedules, as Lambda would carry them.

| module | is |
|---|---|
| `pollers` | which functions there are, from where each is fed, and the threads that do it |
| `streams` | a table's stream: filters, tracks, batches, failures |
| `consumers` | queues and schedules; a function, called as Lambda calls it |
"""
