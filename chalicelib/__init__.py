"""Tipline: residents report, officers are notified, reply and ask for help."""

__version__ = "0.1.0"
