"""Reports from outside the districts: somebody must pass them on, or end them."""

from datetime import datetime, timedelta

from chalicelib.domain import geo
from chalicelib.domain.outbox import OutboxTask, notify_later
from chalicelib.domain.report_outlines import ReportOutline
from chalicelib.domain.reports import OPEN_STATUSES, Flag, Report

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
