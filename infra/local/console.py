"""What the program logs, on the terminal: from warnings on, with the kind of what went wrong beside
each event.
"""

import logging

# In the cloud every extra is in the log. Of these alone it is certain that they are names of
# classes and codes.
SHOWN = ("error", "kind", "code")


def show_log() -> None:
    """From now on, in this process, on standard error."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(_Line())
    logging.getLogger().addHandler(handler)


class _Line(logging.Formatter):
    def formatMessage(self, record: logging.LogRecord) -> str:
        facts = [str(vars(record)[name]) for name in SHOWN if name in vars(record)]
        return " · ".join([f"{record.levelname.lower()} → {record.getMessage()}", *facts])
