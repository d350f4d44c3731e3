"""Requests of third persons, as far as a report's row has them.

A request for access, correction or erasure is a case of its own
(`domain/casework/subject_requests`). The reports that officers name in it each note its number.
"""

from collections.abc import Iterable
from datetime import datetime

from chalicelib.kernel.models import Record

MOST_ASKED = 50
"""The most requests about one report."""


class Asked(Record):
    """A request that is about a report: its number, who registered it, and when the law asks for an
    answer. `open`: nobody has decided it.
    """

    number: str
    by: str
    due_at: datetime
    open: bool = True


def with_asked(known: Iterable[Asked], asked: Asked) -> tuple[Asked, ...]:
    """Return the requests about a report with this one, in place of what it was."""
    return (*(each for each in known if each.number != asked.number), asked)
