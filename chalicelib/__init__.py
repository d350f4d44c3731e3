"""Tipline: residents report, officers are told, answer and ask for help."""

__version__ = "0.1.0"
