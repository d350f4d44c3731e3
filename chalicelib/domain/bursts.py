"""When notices come in a burst: the first ones go alone, the rest wait for a digest. What is
critical always goes alone.
"""

from datetime import datetime

from chalicelib.domain.notices import NoticeKind
from chalicelib.domain.reports import Urgency

# Notices of one category that go alone in one minute …
ALONE_PER_CATEGORY = 10
# … and messages on one report: somebody who writes a line at a time is one thing to look at.
MESSAGES_ALONE_PER_REPORT = 3
DIGEST_MAX_IDS = 50


def minute_of(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M}"


def is_counted(kind: NoticeKind, urgency: Urgency) -> bool:
    """Is this one of those that may have to wait?"""
    return urgency is not Urgency.CRITICAL and kind not in (
        NoticeKind.ESCALATION,
        NoticeKind.DIGEST,
    )
