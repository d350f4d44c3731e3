"""Tipline: residents report, officers are notified, reply and ask for help."""

__version__ = "0.2.0rc1"
