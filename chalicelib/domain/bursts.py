"""Bursts of notices: the first ones go alone, the rest wait for a digest.

Critical notices always go alone. So do approvals and watches: officers cause them, one step at a
time, so no flood of reports makes many. A digest would say of neither which step waits, and would
hide a watch from supervisors in a burst that whoever is watched could cause.
"""

from datetime import datetime

from chalicelib.domain.models import Record
from chalicelib.domain.notices import NoticeKind
from chalicelib.domain.reports import Urgency

# Notices of one category that go alone in one minute.
ALONE_PER_CATEGORY = 10
# Messages on one report that go alone in one minute: some people write a line at a time.
MESSAGES_ALONE_PER_REPORT = 3
DIGEST_MAX_IDS = 50


class Digest(Record):
    """What did not go alone: how many notices, and the first reports that they are about."""

    category: str
    district: str
    urgency: Urgency
    count: int
    report_ids: tuple[str, ...] = ()


def minute_of(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M}"


# What never waits, and is not counted, so that it makes nothing else wait.
_ALONE = (
    NoticeKind.ESCALATION,
    NoticeKind.DIGEST,
    NoticeKind.APPROVAL,
    NoticeKind.WATCH,
    NoticeKind.BREAK_GLASS,
)


def is_counted(kind: NoticeKind, urgency: Urgency | None) -> bool:
    """Return whether such a notice counts towards a burst, and so may have to wait."""
    return urgency is not Urgency.CRITICAL and kind not in _ALONE
