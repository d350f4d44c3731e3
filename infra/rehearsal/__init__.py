"""A cloud to rehearse on: ministack with IAM on, and functions that run as Lambda runs them."""
