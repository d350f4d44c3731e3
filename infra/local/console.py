"""What the running stack prints: each line begins with the local time.

Of the program's log, warnings and errors are shown: beside each event the kind of what went wrong
and the id of the request, which its response has too, and below a fault its frames.
"""

import contextlib
import logging
import sys
import time

# In the cloud every extra is in the log. Of these alone it is certain that they are names of
# classes, codes and the gateway's own numbers.
SHOWN = ("error", "kind", "code", "request_id")


def say(text: str) -> None:
    """Print on standard output."""
    # Whoever stopped reading must not stop the stack.
    with contextlib.suppress(OSError):
        sys.stdout.write(_stamped(text) + "\n")
        sys.stdout.flush()


def show_log() -> None:
    """Show this process's log on standard error, from now on."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(_Line())
    logging.getLogger().addHandler(handler)


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return _stamped(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        facts = [str(vars(record)[name]) for name in SHOWN if name in vars(record)]
        line = " · ".join([f"{record.levelname.lower()} → {record.getMessage()}", *facts])
        # Frames hold lines of our code, and no values.
        return "\n".join([line, *(frame.rstrip() for frame in vars(record).get("frames", ()))])


def _stamped(text: str) -> str:
    stamp = time.strftime("%H:%M:%S")
    return "\n".join(f"{stamp}  {line}" for line in text.splitlines())
