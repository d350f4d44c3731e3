"""The whole cloud: what `make run` starts, and what the tests run on (docs/local.md)."""
