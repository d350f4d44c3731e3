"""Dates of an open report: when it is reviewed, and a reminder.

An open report is kept, so somebody must look at it from time to time. Its review is due after some
days that its category says, or on the date that the latest one has set. What nobody reviews within
`REVIEW_WITHIN` goes out of the desk; from then on it takes two to close it. Nothing is ever deleted
because nobody looks.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Protocol

from pydantic import Field

from chalicelib.domain.catalogue.model import LEAST_REVIEW_DAYS, REVIEW_DAYS, by_code, catalogue
from chalicelib.domain.reports.report import OPEN_STATUSES, Reminder, ReminderOf, Status
from chalicelib.domain.reports.workflow import Reason
from chalicelib.kernel import errors, times
from chalicelib.kernel.models import Input
from chalicelib.kernel.times import Day

# How long a review waits before it goes out of the desk, and each time after that.
REVIEW_WITHIN = timedelta(days=30)
# No category has its reports reviewed sooner after their receipt (`infra/city/catalogue.py`).
LEAST_REVIEW = timedelta(days=LEAST_REVIEW_DAYS)
# How far ahead a reminder may be.
REMINDER_AT_MOST = timedelta(days=366)


class Due(StrEnum):
    """Why a report stands in the first rows of the list by attention on its date."""

    REVIEW = "review"
    LOOK_AGAIN = "look_again"
    LEGAL_DEADLINE = "legal_deadline"


class NewReview(Input):
    """The result of a review: the report stays open, why, and when it is reviewed again."""

    reason: Reason
    on: Day

    def require_date(self, now: datetime, longest: timedelta) -> None:
        """Raise Invalid unless the date is after today, and at most `longest` ahead."""
        _require_between(self.on, times.day_in_city(now) + timedelta(days=1), now, longest)


class NewReminder(Input):
    """A date on which the report is shown first; null removes it. `for` says what it is for."""

    on: Day | None
    of: Annotated[ReminderOf, Field(alias="for", strict=False)] = ReminderOf.LOOK_AGAIN

    def require_date(self, now: datetime) -> None:
        """Raise Invalid for a day before today, or one that is too far ahead."""
        if self.on:
            _require_between(self.on, times.day_in_city(now), now, REMINDER_AT_MOST)


def _require_between(on: date, first: date, now: datetime, longest: timedelta) -> None:
    if on < first:
        word = "today" if first == times.day_in_city(now) else "tomorrow"
        raise errors.Invalid(errors.FieldError("on", "in_the_past", ((word, first.isoformat()),)))
    if on > times.day_in_city(now + longest):
        most = (("days", str(longest.days)),)
        raise errors.Invalid(errors.FieldError("on", "too_far_ahead", most))


class Reviewed(Protocol):
    """What decides when a report is reviewed."""

    @property
    def category(self) -> str: ...
    @property
    def status(self) -> Status: ...
    @property
    def is_drill(self) -> bool: ...
    @property
    def received_at(self) -> datetime: ...
    @property
    def review_at(self) -> datetime | None: ...


def review_period(category: str) -> timedelta:
    """Return after how long a report of this category is reviewed. The city's files say it; an
    admin's changes do not.
    """
    known = by_code(catalogue().categories).get(category)
    return timedelta(days=known.review_days if known else REVIEW_DAYS)


def next_review(report: Reviewed) -> datetime | None:
    """Return when a report is reviewed; None when it is not: it is not open, or a drill."""
    if report.status not in OPEN_STATUSES or report.is_drill:
        return None
    return report.review_at or report.received_at + review_period(report.category)


def dues_of(row: Mapping[str, Any], reminder: Reminder | None = None) -> tuple[Due, ...]:
    """Return which dates of a listed report have come: that of its review, for everybody, and that
    of a `reminder` which concerns the reader.
    """
    review = (Due.REVIEW,) if row.get("review_due_at") else ()
    return (*review, Due(reminder.of.value)) if reminder else review
