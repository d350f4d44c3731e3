"""Legal holds: a report that must not be deleted.

One officer requests a hold, with a reason and an end; another approves it. To lift it takes two as
well: one asks, with a reason, and another approves, or declines it, with a reason.
"""

from datetime import datetime, timedelta

from chalicelib import errors
from chalicelib.domain.models import Input, Record
from chalicelib.domain.text import ReporterText
from chalicelib.domain.times import Moment

LONGEST_YEARS = 5
LONGEST_HOLD = timedelta(days=LONGEST_YEARS * 365)


class NewHold(Input):
    reason: ReporterText
    until: Moment

    def require_end(self, now: datetime) -> None:
        """Raise Invalid for an end that is not possible."""
        if self.until <= now:
            raise errors.Invalid(errors.FieldError("until", "in_the_past"))
        if self.until > now + LONGEST_HOLD:
            most = (("years", str(LONGEST_YEARS)),)
            raise errors.Invalid(errors.FieldError("until", "too_far_ahead", most))


class NewLift(Input):
    """Why a hold is to be lifted. `only_request`: end it only while nobody has approved it."""

    reason: ReporterText
    only_request: bool = False


class LiftRefusal(Input):
    """Why a request to lift a hold is declined or taken back. Colleagues read it in the history."""

    reason: ReporterText


class Lift(Record):
    """What one officer asks for: to lift a hold. Its reason is sealed."""

    by: str
    sealed_reason: bytes
    asked_at: datetime


class Hold(Record):
    """A hold as it is stored. Its reason is sealed.

    `lift_ended_by` has declined the latest request to lift it, or taken it back.
    """

    by: str
    sealed_reason: bytes
    until: datetime
    asked_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None
    lift: Lift | None = None
    lift_ended_by: str | None = None

    def without_lift(self, by: str) -> "Hold":
        """Return the hold after this officer has ended the request to lift it."""
        return self.model_copy(update={"lift": None, "lift_ended_by": by})

    def is_over(self, now: datetime) -> bool:
        return self.until <= now
