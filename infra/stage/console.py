"""What commands print and ask."""

import os
import sys
from datetime import datetime

from infra.stage.faults import Refused


def say(text: str) -> None:
    """Print a line with the time. It is seen at once, also through a pipe."""
    print(f"{datetime.now():%H:%M:%S}  {text}", flush=True)  # noqa: DTZ005  the reader's own time


def confirm(question: str) -> bool:
    """Return whether the person says yes. `YES=1` is a yes, and no other value. Raises Refused
    without a terminal.
    """
    if os.environ.get("YES") == "1":
        return True
    return ask(f"{question} [y/N] ", instead="set YES=1 to answer it").strip().lower() in (
        "y",
        "yes",
    )


def ask(question: str, *, instead: str) -> str:
    """Return what the person types. Without a terminal, raises Refused: do `instead`."""
    if not sys.stdin.isatty():
        raise Refused(f"{question.strip()} There is no terminal to answer in: {instead}.")
    try:
        return input(question)
    except EOFError:
        return ""
