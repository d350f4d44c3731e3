"""Legal holds: a report that must not be deleted.

One officer requests a hold, with a reason and an end; another approves it. To lift it takes two as
well: one asks, with a reason, and another approves.
"""

from datetime import datetime, timedelta

from chalicelib.domain.models import Input, Record
from chalicelib.domain.text import ReporterText
from chalicelib.domain.times import Moment

LONGEST_HOLD = timedelta(days=5 * 365)


class NewHold(Input):
    reason: ReporterText
    until: Moment

    def wrong_end(self, now: datetime) -> str | None:
        """Return the code of what is wrong with the end; None when it is possible."""
        if self.until <= now:
            return "in_the_past"
        return "too_far_ahead" if self.until > now + LONGEST_HOLD else None


class NewLift(Input):
    """Why a hold is to be lifted."""

    reason: ReporterText


class Lift(Record):
    """What one officer asks for: to lift a hold. Its reason is sealed."""

    by: str
    sealed_reason: bytes
    asked_at: datetime


class Hold(Record):
    """A hold as it is stored. Its reason is sealed."""

    by: str
    sealed_reason: bytes
    until: datetime
    asked_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None
    lift: Lift | None = None

    def is_over(self, now: datetime) -> bool:
        return self.until <= now
