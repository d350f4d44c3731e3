"""The one question when a report is closed: did this help? Answers are counted, and not kept."""

from chalicelib.domain.models import Input
from chalicelib.domain.reports import Report, Status

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
