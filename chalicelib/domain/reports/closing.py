"""After the closing: the reporter's feedback, and reopening the report once.

Feedback is counted, and not stored with the report.
"""

from datetime import datetime
from typing import Any

from chalicelib.domain.reports.attention import is_attended
from chalicelib.domain.reports.report import Flag, Report, Status
from chalicelib.domain.reports.workflow import OF_THE_CLOSING
from chalicelib.kernel import errors
from chalicelib.kernel.models import Input

# Counters of answers, beside those of reports.
HELPED, DID_NOT_HELP = "helped_yes", "helped_no"
# Of fewer answers in a month and category, a count could say who gave which.
FEWEST_ANSWERS = 5


class Feedback(Input):
    """An answer: whether the report has helped the person."""

    helped: bool


def may_answer(report: Report, *, answered: bool) -> bool:
    """Return whether the reporter may answer now.

    Of every closed report, also while its disposition waits for a second officer: the reporter must
    not see that it does.
    """
    return report.status is Status.CLOSED and not answered


_ENDED_FLAGS = (Flag.AFTER_CLOSING, Flag.MUTED)


def may_reopen(report: Report) -> bool:
    """Return whether the reporter may reopen this report now."""
    return report.status is Status.CLOSED and report.reopened_at is None


def reopened(report: Report, now: datetime, *, is_opened: bool, deadline: int | None) -> Report:
    """Return the report as its reporter reopens it, with one more message.

    It is `acknowledged`: nothing leads back to `new`, and nobody works on it yet. Like a reopening
    by an officer, this clears what the closing set, and the link to an original. It ends a mute, so
    that officers hear of it. What nobody has, or was ended unopened, waits, with `deadline`. The
    version stays: only an officer's step changes it.

    Raises Conflict: `withdrawn`, `already_reopened`, `not_closed`.
    """
    if report.status is Status.WITHDRAWN:
        raise errors.Conflict("withdrawn")
    if report.reopened_at is not None:
        raise errors.Conflict("already_reopened")
    if report.status is not Status.CLOSED:
        raise errors.Conflict("not_closed")
    after: dict[str, Any] = dict.fromkeys(OF_THE_CLOSING)
    after |= {
        "status": Status.ACKNOWLEDGED,
        "reopened_at": now,
        "flags": tuple(flag for flag in report.flags if flag not in _ENDED_FLAGS),
        "unread": report.unread + 1,
        "messages": report.messages + 1,
    }
    again = report.model_copy(update=after)
    if is_attended(again, anew=not is_opened or again.assignee is None):
        return again
    return again.model_copy(update={"attended": False, "deadline": deadline})
