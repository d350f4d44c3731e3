"""What feeds functions: messages, stream records and schedules, as Lambda would carry them."""
