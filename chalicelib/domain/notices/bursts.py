"""Bursts of notices: the first of a minute go alone, the rest in a digest.

Critical notices, additions to them, escalations, overdue reports, drills and all others are counted
apart, so that none makes another wait. What officers cause, such as an approval, always goes alone:
they do it one step at a time, so no flood of reports makes many. A digest would not say which step
waits, and a watched officer could cause a burst to hide the watch from supervisors.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.catalogue.codes import category_codes
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.flood.sources import LAST_TURN
from chalicelib.domain.notices.notice import Notice
from chalicelib.domain.officers.model import OVERSIGHT
from chalicelib.domain.reports.events import CAUSED_BY_OFFICERS, NoticeKind
from chalicelib.kernel.models import Record
from chalicelib.kernel.outbox import Lane

# Notices of one category and burst that go alone in one minute.
ALONE_PER_CATEGORY = 10
# Those of critical reports in their source's first turns have limits of their own, so that nobody's
# later report makes somebody's earlier one wait. E-mail takes ten a second.
ALONE_IN_TURN = {0: 300, 1: 100}
# Of the notices of a second, so many are left for earlier turns, by the turn.
ROOM_OF_EARLIER = {1: 5, LAST_TURN: 7}
# Notices of one category that go out as SMS in one hour, since SNS cannot limit a subscriber and
# each message costs money; and how many of these are left for first notices of critical reports.
SMS_PER_CATEGORY = 30
SMS_FOR_CRITICAL = 10
# How many reports a digest names. Critical ones are all named, in further digests if need be.
NAMED = 50
NAMED_CRITICAL = 1000


def most_named(urgency: Urgency, *, of_burst: bool) -> int:
    """Return how many reports a digest of notices of this urgency names."""
    return NAMED_CRITICAL if urgency is Urgency.CRITICAL and not of_burst else NAMED


class Burst(StrEnum):
    """Notices that are counted together, within a category. An `update` is a message, or media, of
    a critical report: one of an old report does not make a new one wait. Of drills, what does
    not go alone is not sent at all.
    """

    CRITICAL = "critical"
    ESCALATION = "escalation"
    UPDATE = "update"
    OVERDUE = "overdue"
    NORMAL = "normal"
    DRILL = "drill"


_OF_TURNS = (Burst.CRITICAL, Burst.ESCALATION, Burst.NORMAL)


class Digest(Record):
    """Notices that did not go alone: their number, and the first reports that they are about.

    `kind` is that of its notice: an escalation, what is overdue, or a digest of all else.
    `shadow`: of reports whose category was only tried. `of_burst`: of critical reports without a
    proof, many at once. `category_labels` are those of an added one.
    `following` are the addresses of those who follow a report to which something was added.
    """

    kind: NoticeKind
    category: str
    district: str
    urgency: Urgency
    count: int
    report_ids: tuple[str, ...] = ()
    shadow: bool = False
    of_burst: bool = False
    category_labels: dict[str, str] | None = None
    following: frozenset[str] = frozenset()

    @property
    def named(self) -> tuple[str, ...]:
        """Return the reports that the notice names: critical ones all, of others the first."""
        named = tuple(dict.fromkeys(self.report_ids))
        names_all = self.urgency is Urgency.CRITICAL and not self.of_burst
        return named if names_all else named[:NAMED]


# What never waits, and is not counted, so that it makes nothing else wait.
_ALONE = (NoticeKind.DIGEST, NoticeKind.BREAK_GLASS, *CAUSED_BY_OFFICERS)


def burst_of(notice: Notice, lane: Lane) -> Burst | None:
    """Return the burst that a notice counts in; None when it always goes alone."""
    if notice.drill:
        return Burst.DRILL
    if notice.kind in _ALONE or notice.report_ids is not None:
        return None
    if notice.kind is NoticeKind.ESCALATION:
        return Burst.ESCALATION
    if notice.kind is NoticeKind.OVERDUE:
        return Burst.OVERDUE
    if lane is not Lane.CRITICAL:
        return Burst.NORMAL
    return Burst.CRITICAL if is_new_critical(notice, lane) else Burst.UPDATE


def is_new_critical(notice: Notice, lane: Lane) -> bool:
    """Return whether this is the first notice of a critical report: it has SMS of its own."""
    return lane is Lane.CRITICAL and notice.kind in (NoticeKind.REPORT, NoticeKind.BULLETIN_LEAD)


def kind_of_digest(kind: NoticeKind) -> NoticeKind:
    """Return the kind of the digest of notices of this kind.

    Escalations, and what is overdue, stay what they are: the filters of subscriptions know them. So
    does what nobody has reviewed, which is for others.
    """
    stays = kind in (NoticeKind.ESCALATION, NoticeKind.OVERDUE, NoticeKind.UNREVIEWED)
    return kind if stays else NoticeKind.DIGEST


def minute_of(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M}"


class Allowance:
    """How many more notices may go alone in this minute, and as SMS in this hour.

    `alone` and `sms` are counters as they were read, by the names of `alone_counter` and
    `sms_counter`. Batches that run side by side do not see each other, so each may use up what is
    left. `room`: so many notices go without a wait, of which some are for earlier turns.
    """

    def __init__(self, alone: Mapping[str, int], sms: Mapping[str, int], room: int) -> None:
        self._alone, self._sms, self._room = dict(alone), dict(sms), room

    def is_for_earlier(self, turn: int | None) -> bool:
        """Return whether one more notice would make those in an earlier turn wait."""
        return bool(turn and self._room <= ROOM_OF_EARLIER[turn])

    def goes_alone(self, burst: Burst, category: str, turn: int | None = None) -> bool:
        """Take one of those that may go alone; False when none is left."""
        limit = ALONE_PER_CATEGORY if turn is None else ALONE_IN_TURN[turn]
        taken = _take(self._alone, alone_counter(burst, category, turn), limit)
        self._room -= taken
        return taken

    def goes_as_sms(self, category: str, *, reserved: bool) -> bool:
        """Take one of those that may go out as SMS; False when none is left. With `reserved`, also
        of those for first notices.
        """
        limit = SMS_PER_CATEGORY if reserved else SMS_PER_CATEGORY - SMS_FOR_CRITICAL
        return _take(self._sms, sms_counter(category), limit)


# What admins have added is counted together: who publishes does not know these categories.
_ADDED = "added"


def turn_of(turn: int | None, burst: Burst | None, *, never_limited: bool) -> int | None:
    """Return the turn that a notice is counted in; None for one of the rest. Of what is not
    critical, those of a category that is `never_limited` have turns.
    """
    has_turns = burst in _OF_TURNS and (burst is not Burst.NORMAL or never_limited)
    return turn if turn in ALONE_IN_TURN and has_turns else None


def alone_counter(burst: Burst, category: str, turn: int | None = None) -> str:
    return f"{'' if turn is None else f'turn{turn}_'}{burst}_{_counted_as(category)}"


def sms_counter(category: str) -> str:
    return f"sms_{_counted_as(category)}"


def _counted_as(category: str) -> str:
    return category if category in (*category_codes(), OVERSIGHT) else _ADDED


def counters(categories: Iterable[str]) -> tuple[str, ...]:
    """Return the names of all counters of these categories, and of added ones."""
    known = (*categories, OVERSIGHT, _ADDED)
    alone = (alone_counter(burst, category) for burst in Burst for category in known)
    first = (
        alone_counter(burst, category, turn)
        for burst in _OF_TURNS
        for category in known
        for turn in ALONE_IN_TURN
    )
    return *alone, *first, *map(sms_counter, known)


def _take(taken: dict[str, int], counter: str, limit: int) -> bool:
    if taken.get(counter, 0) >= limit:
        return False
    taken[counter] = taken.get(counter, 0) + 1
    return True
