"""Retention: when a report is due for deletion, and what puts that off.

The end of a report follows from the dates in its row alone. Its task only says when to look.
"""

from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.report_outlines import ReportOutline
from chalicelib.domain.reports import Disposition, Flag, Report, Status

WITHDRAWN_RETENTION = timedelta(days=30)
DRILL_RETENTION = timedelta(days=30)
_RETENTION = timedelta(days=90)
_SHORT_RETENTION = timedelta(days=30)
_SOON_FORGOTTEN = frozenset({Disposition.UNFOUNDED, Disposition.MALICIOUS})

# What a reporter adds to a closed report keeps it this long, and so does what nobody has read,
PUT_OFF = timedelta(days=30)
# but for no longer than this after the closing.
PUT_OFF_AT_MOST = timedelta(days=365)


def retention(disposition: str | None) -> timedelta:
    """Return how long a closed report is kept, from when it got this disposition."""
    return _SHORT_RETENTION if disposition in _SOON_FORGOTTEN else _RETENTION


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
