"""The outline of a report: it decides tasks, notices, retention and statistics.

The end of a report follows from the dates in its row alone; its task only says when to look. A
report from outside the districts must be passed on, or closed.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Self

from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.officers.model import OVERSIGHT
from chalicelib.domain.reports.report import (
    DRILL,
    OPEN_STATUSES,
    Disposition,
    Flag,
    Report,
    Status,
    awaits_officer,
    is_behind,
    lane_of,
)
from chalicelib.domain.second_person import awaits_end
from chalicelib.kernel import geo
from chalicelib.kernel.models import Record
from chalicelib.kernel.outbox import Lane, OutboxTask, notify_later
from chalicelib.kernel.times import Moment


class ReportOutline(Record):
    """The fields of a report that decide its tasks, notices, retention and counters. No text.

    Of a mute (`domain/reports/measures`) only whether there is one matters here.
    """

    id: str
    reference: str
    category: str
    status: Status
    urgency: Urgency
    district: str
    received_at: Moment
    station: str | None = None
    acknowledged_at: Moment | None = None
    closed_at: Moment | None = None
    decided_at: Moment | None = None
    put_off_until: Moment | None = None
    reopened_at: Moment | None = None
    disposition: str | None = None
    duplicate_of: str | None = None
    escalations: int = 0
    held_until: Moment | None = None
    unread: int = 0
    unread_media: int = 0
    expiring: bool = False
    source: str | None = None
    assignee: str | None = None
    followers: tuple[str, ...] = ()
    unproven: bool = False
    in_burst: bool = False
    turn: int | None = None
    muted: object = None
    uncounted: bool = False
    shadow: bool = False
    category_labels: dict[str, str] | None = None
    flags: tuple[str, ...] = ()
    deadline: int | None = None
    attended: bool = False
    review_at: Moment | None = None
    review_due_at: Moment | None = None
    awaits: tuple[str, ...] = ()

    @classmethod
    def of_head(cls, row: Mapping[str, Any] | None) -> Self | None:
        """Return the report of a HEAD; None when there is none, or when it was deleted."""
        return cls.model_validate(row) if row and "deleted_at" not in row else None

    @property
    def is_drill(self) -> bool:
        return self.source == DRILL

    @property
    def concerns_police(self) -> bool:
        return self.category == OVERSIGHT

    @property
    def awaits_second_person(self) -> bool:
        """Whether one officer alone has closed it, and a second one must confirm that: of a row of
        0.2.0rc1 that was not migrated.
        """
        return self.status is Status.CLOSED and self.disposition is None and not self.is_drill

    @property
    def awaits_end(self) -> bool:
        """Whether an end of it awaits a second officer."""
        return awaits_end(self.awaits)

    @property
    def is_muted(self) -> bool:
        """Whether officers are not to be notified of its messages and media."""
        return self.muted is not None

    @property
    def is_behind(self) -> bool:
        """Whether it waits behind those that are proven."""
        return is_behind(unproven=self.unproven, turn=self.turn)

    @property
    def lane(self) -> Lane:
        return lane_of(self.urgency, is_behind=self.is_behind)

    @property
    def is_waiting(self) -> bool:
        """Whether officers are notified of it again and again."""
        return awaits_officer(self.status, attended=self.attended)


WITHDRAWN_RETENTION = timedelta(days=30)
DRILL_RETENTION = timedelta(days=30)
_RETENTION = timedelta(days=90)
_SHORT_RETENTION = timedelta(days=30)
SOON_FORGOTTEN = frozenset({Disposition.UNFOUNDED, Disposition.MALICIOUS})

# What a reporter adds to a closed report keeps it this long, and so do what nobody has read, and an
# end of 0.2.0rc1 that nobody has confirmed,
PUT_OFF = timedelta(days=30)
# but for no longer than this after the closing.
PUT_OFF_AT_MOST = timedelta(days=365)


def retention(disposition: str | None) -> timedelta:
    """Return the retention of a closed report, from when it got this disposition."""
    return _SHORT_RETENTION if disposition in SOON_FORGOTTEN else _RETENTION


def expires_at(report: Report | ReportOutline) -> datetime | None:
    """Return when a report is due for deletion; None while it is open. A drill always is due.

    This is exact. A legal hold is apart: until it ends, the report stays whatever this is.
    """
    if report.status is Status.WITHDRAWN and report.closed_at:
        return report.closed_at + WITHDRAWN_RETENTION
    if report.is_drill:
        return report.received_at + DRILL_RETENTION
    if report.status is Status.CLOSED and report.closed_at:
        end = (report.decided_at or report.closed_at) + retention(report.disposition)
        return max(end, report.put_off_until) if report.put_off_until else end
    return None


def put_off(report: Report | ReportOutline, now: datetime) -> datetime | None:
    """Return the time to which the deletion of a report is put off now.

    None when nothing puts it off: the report is not closed or is a drill, a year has passed since
    the closing, or it was put off to that time before.
    """
    if report.status is not Status.CLOSED or report.is_drill or report.closed_at is None:
        return None
    later = min(now + PUT_OFF, report.closed_at + PUT_OFF_AT_MOST)
    return later if later > max(now, report.put_off_until or now) else None


def is_unread(report: ReportOutline) -> bool:
    """Return whether a report has something that no officer has read yet."""
    return report.unread > 0 or report.unread_media > 0


def with_addition(report: Report, now: datetime) -> dict[str, Any]:
    """Return the fields that change when a reporter adds something to a closed report."""
    later = put_off(report, now)
    return {"put_off_until": later} if later else {}


def with_arrival(report: Report) -> dict[str, Any]:
    """Return the fields that change when something arrives at a report: closed, it is flagged."""
    if report.status is not Status.CLOSED or Flag.AFTER_CLOSING in report.flags:
        return {}
    return {"flags": (*report.flags, Flag.AFTER_CLOSING)}


# How long after an officer has taken it, and then after each reminder.
REMIND_EVERY = timedelta(hours=24)


def is_waiting(report: Report | ReportOutline) -> bool:
    """Return whether an open report from outside the districts was not passed on yet."""
    return (
        report.district == geo.OUTSIDE
        and report.status in OPEN_STATUSES
        and Flag.PASSED_ON not in report.flags
        and not report.is_drill
    )


def reminder(now: datetime) -> OutboxTask:
    return notify_later(now, REMIND_EVERY)
