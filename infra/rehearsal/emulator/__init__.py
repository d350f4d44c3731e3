"""What runs in ministack's own environment, and before each function. Nothing else imports it."""
