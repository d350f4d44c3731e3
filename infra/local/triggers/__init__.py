"""What feeds functions: messages, stream records and schedules, as Lambda would carry them.

| module | is |
|---|---|
| `pollers` | which functions there are, and from where each is fed |
| `filters` | which records of a stream a mapping wants |
| `loops` | a thread that works until there is nothing left, then waits to be woken |
| `queues`, `streams`, `schedules` | one kind each: batches, failures, retries, rates |
| `functions` | a function, called as Lambda calls it |
| `changes` | which requests may have given a trigger something to do |
"""
