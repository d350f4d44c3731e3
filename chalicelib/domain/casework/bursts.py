"""Bursts: critical reports of one category and hour that came without a proof, many at once.

A burst is no more than its category and its hour. It says nothing of who sent a report.
"""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple, Self

from chalicelib.domain.audit.seals import HOUR, hour_of, start_of
from chalicelib.domain.officers.model import Officer
from chalicelib.domain.reports.report import Disposition
from chalicelib.domain.second_person import Request, TwoPersonStep
from chalicelib.kernel import times
from chalicelib.kernel.models import Input, Record
from chalicelib.kernel.times import Moment

# An ending that nobody has approved by then is over.
WAITS = timedelta(days=2)


class BurstId(NamedTuple):
    """The category of a burst, and the hour in which its reports were received."""

    category: str
    hour: datetime

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the id that `text` is; None when it is none."""
        category, _, hour = text.partition(".")
        try:
            found = cls(category, start_of(hour))
            is_one = found.until > found.hour and found.render() == text
        except (OverflowError, ValueError):
            return None
        return found if is_one else None

    def render(self) -> str:
        return f"{self.category}.{hour_of(self.hour)}"

    @property
    def until(self) -> datetime:
        return self.hour + HOUR


def hour_in(received_at: str) -> datetime:
    """Return the hour of a report, from its time as lists have it."""
    return start_of(hour_of(times.parse(received_at)))


class Burst(NamedTuple):
    """A burst with its reports in an officer's scope. `is_exact` is False when there are more than
    `total`. `districts` are those of its reports, as far as is known.
    """

    id: BurstId
    total: int
    is_exact: bool
    districts: frozenset[str]

    @property
    def is_empty(self) -> bool:
        return self.is_exact and not self.total


class NewEnding(Input):
    """How all reports of a burst are to end. Those to which somebody has added something since are
    left out, unless `with_unread` says otherwise.
    """

    disposition: Literal[Disposition.UNFOUNDED, Disposition.MALICIOUS]
    with_unread: bool = False


class BurstEnding(Record):
    """An ending of a burst that one officer has asked for: of all its reports in `districts` that
    had come by then. `approved_by` is the second person; `dropped`: it was declined or taken back.
    """

    id: str
    category: str
    hour: Moment
    disposition: Literal[Disposition.UNFOUNDED, Disposition.MALICIOUS]
    with_unread: bool
    by: str
    at: Moment
    districts: tuple[str, ...]
    approved_by: str | None = None
    dropped: bool = False

    @property
    def ends_at(self) -> datetime:
        return self.at + WAITS

    @property
    def request(self) -> Request:
        what = (times.render(self.at), self.by, self.disposition, str(self.with_unread))
        return Request(TwoPersonStep.BURST, self.id, "/".join((*what, *self.districts)), {self.by})

    def is_seen_by(self, officer: Officer) -> bool:
        """Return whether the officer sees all the reports that it ends."""
        return all(officer.sees(self.category, district) for district in self.districts)
