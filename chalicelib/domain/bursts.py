"""Bursts of notices: the first ones go alone, the rest wait for a digest.

Critical notices always go alone.
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


def is_counted(kind: NoticeKind, urgency: Urgency) -> bool:
    """Return whether such a notice counts towards a burst, and so may have to wait."""
    return urgency is not Urgency.CRITICAL and kind not in (
        NoticeKind.ESCALATION,
        NoticeKind.DIGEST,
    )
