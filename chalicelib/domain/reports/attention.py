"""Attention: the rank of a report in the list, its deadline, and needed actions.

docs/adr/0035 describes it as a whole.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.flood.sources import LAST_TURN
from chalicelib.domain.officers.model import Officer
from chalicelib.domain.reports.asked import Asked
from chalicelib.domain.reports.masks import Masks
from chalicelib.domain.reports.measures import Hold, Referrals
from chalicelib.domain.reports.report import DRILL, OPEN_STATUSES, Flag, Reminder, Report, Status
from chalicelib.domain.second_person import Awaiting, TwoPersonStep, refusal
from chalicelib.kernel import times


class Pending(Protocol):
    """A row that may await a second person, such as the HEAD of a report."""

    @property
    def report(self) -> Report: ...
    @property
    def hold(self) -> Hold | None: ...
    @property
    def referrals(self) -> Referrals: ...
    @property
    def masks(self) -> Masks: ...
    @property
    def asked(self) -> tuple[Asked, ...]: ...


def awaits_second_person(head: Pending) -> tuple[Awaiting, ...]:
    """Return the steps on a report that await a second person; none on a withdrawn one's."""
    found: list[Awaiting] = []
    report, hold = head.report, head.hold
    if report.proposal and report.status is not Status.WITHDRAWN:
        found.append(Awaiting(TwoPersonStep.CLOSING, report.proposal.by))
    if hold and hold.approved_by is None:
        found.append(Awaiting(TwoPersonStep.HOLD, hold.by, hold.until))
    if hold and hold.lift:
        found.append(Awaiting(TwoPersonStep.HOLD_LIFT, hold.lift.by, hold.until))
    if report.returning and report.status is not Status.WITHDRAWN:
        found.append(Awaiting(TwoPersonStep.OVERSIGHT_RETURN, report.returning.by))
    referral = head.referrals.pending
    if referral and report.status is not Status.WITHDRAWN:
        found.append(Awaiting(TwoPersonStep.REFERRAL, referral.by))
    if report.status is not Status.WITHDRAWN:
        by = dict.fromkeys(each.by for each in head.masks.pending)
        found += [Awaiting(TwoPersonStep.MASK, each) for each in by]
        asked = dict.fromkeys(each.by for each in head.asked if each.open)
        found += [Awaiting(TwoPersonStep.REQUEST, each) for each in asked]
    return tuple(found)


# For so long the escalation of a critical report waits after an officer has opened it, once for
# each notice.
READING = timedelta(minutes=10)


class Rank(StrEnum):
    """The place of a report in the list by attention: the lower, the sooner, and within one the
    oldest first. docs/adr/0035 says what each is.

    `later` and `last`: its source has sent another one of its kind in these minutes
    (docs/adr/0062). `unproven`: it is accepted without the proof of work that it should have; those
    of a burst are apart (`services/casework/bursts`), or `behind` when they are about the police.
    `overdue`: a date has passed by which it was to be acknowledged or reviewed. `approval`: closed
    or withdrawn, and a step on it awaits a second person, or closed and to be handed over by hand.
    `done`: closed or withdrawn, and nothing is left to do.
    """

    CRITICAL = "0"
    CRITICAL_LATER = "01"
    CRITICAL_LAST = "02"
    HIGH_OVERDUE = "03"
    HIGH = "04"
    UNPROVEN = "1"
    HIGH_LATER = "11"
    HIGH_LAST = "12"
    HIGH_UNPROVEN = "13"
    CRITICAL_UNREAD = "14"
    CRITICAL_OPEN = "15"
    HIGH_UNREAD = "16"
    HIGH_OPEN = "17"
    OVERDUE = "2"
    UNREAD = "3"
    NORMAL = "4"
    LOW = "41"
    BEHIND = "42"
    APPROVAL = "5"
    DONE = "9"


class _Urgent(NamedTuple):
    """The ranks of reports that are urgent. `turns` are those of new ones, by their turn."""

    turns: tuple[Rank, Rank, Rank]
    unproven: Rank
    unread: Rank
    open: Rank


_URGENT: Mapping[Urgency, _Urgent] = {
    Urgency.CRITICAL: _Urgent(
        (Rank.CRITICAL, Rank.CRITICAL_LATER, Rank.CRITICAL_LAST),
        Rank.UNPROVEN,
        Rank.CRITICAL_UNREAD,
        Rank.CRITICAL_OPEN,
    ),
    Urgency.HIGH: _Urgent(
        (Rank.HIGH, Rank.HIGH_LATER, Rank.HIGH_LAST),
        Rank.HIGH_UNPROVEN,
        Rank.HIGH_UNREAD,
        Rank.HIGH_OPEN,
    ),
}
# What has something unread has one of these ranks, or is urgent and new, or overdue.
_UNREAD = (Rank.CRITICAL_UNREAD, Rank.HIGH_UNREAD, Rank.UNREAD)
_OF_NEW = (
    Rank.HIGH_OVERDUE,
    *(rank for urgent in _URGENT.values() for rank in (*urgent.turns, urgent.unproven)),
)
_OF_TAKEN = tuple(
    rank
    for urgent in _URGENT.values()
    for rank in (urgent.turns[LAST_TURN], urgent.unread, urgent.open)
)
_OF_OPEN = (Rank.OVERDUE, Rank.UNREAD, Rank.NORMAL, Rank.LOW, Rank.BEHIND)
# Where reports with each status may be, also as the release before has placed them. The list by
# attention has all but `done`.
RANKS_OF_STATUS: Mapping[Status, frozenset[Rank]] = {
    Status.NEW: frozenset((*_OF_NEW, *_OF_OPEN)),
    # Its sender may have reopened one of a burst.
    Status.ACKNOWLEDGED: frozenset((*_OF_TAKEN, Rank.UNPROVEN, *_OF_OPEN)),
    Status.IN_PROGRESS: frozenset((*_OF_TAKEN, *_OF_OPEN)),
    Status.CLOSED: frozenset((Rank.UNREAD, Rank.APPROVAL)),
    Status.WITHDRAWN: frozenset((Rank.APPROVAL,)),
}
RANKS_OF_OPEN = frozenset().union(*(RANKS_OF_STATUS[each] for each in OPEN_STATUSES))
RANKS_WITH_UNREAD = frozenset((*_OF_NEW, *_UNREAD, Rank.OVERDUE, Rank.BEHIND))
RANKS_OF_WORK = frozenset(each.open for each in _URGENT.values())
RANKS_OF_CRITICAL = frozenset((*_URGENT[Urgency.CRITICAL].turns, Rank.UNPROVEN))
RANKS_UNPROVEN = frozenset(each.unproven for each in _URGENT.values())
RANKS_OF_ATTENTION = frozenset(Rank) - {Rank.DONE}


class Ranked(Protocol):
    """A report, as far as its rank depends on it."""

    @property
    def status(self) -> Status: ...
    @property
    def urgency(self) -> Urgency: ...
    @property
    def flags(self) -> Sequence[str]: ...
    @property
    def unread(self) -> int: ...
    @property
    def unread_media(self) -> int: ...
    @property
    def in_burst(self) -> bool: ...
    @property
    def turn(self) -> int | None: ...
    @property
    def review_due_at(self) -> datetime | None: ...
    @property
    def is_behind(self) -> bool: ...
    @property
    def is_drill(self) -> bool: ...
    @property
    def concerns_police(self) -> bool: ...


def rank_of(report: Ranked, pending: Sequence[Awaiting]) -> Rank:
    """Return the rank of a report. `pending` are the steps that await a second person: of one that
    is open they decide nothing.

    A drill is the last of what is open, whatever its urgency, until its reporter adds something:
    then somebody writes to officers, whatever the report was called.
    """
    unread = report.unread > 0 or report.unread_media > 0
    if report.status not in OPEN_STATUSES:
        if unread and report.status is Status.CLOSED:
            return Rank.UNREAD
        by_hand = report.status is Status.CLOSED and Flag.HAND_OVER in report.flags
        return Rank.APPROVAL if pending or by_hand else Rank.DONE
    if report.in_burst and report.is_behind:
        # Also one of a category that is not critical, or that its sender has reopened. About the
        # police it is in the list all the same, behind all that is open: there are no bursts.
        return Rank.BEHIND if report.concerns_police else Rank.UNPROVEN
    if report.is_drill:
        return Rank.UNREAD if unread else Rank.LOW
    is_late = report.status is Status.NEW and Flag.OVERDUE in report.flags
    if urgent := _URGENT.get(report.urgency):
        return _rank_of_urgent(report, urgent, unread=unread, is_late=is_late)
    if report.review_due_at or is_late:
        return Rank.OVERDUE
    if unread:
        return Rank.UNREAD
    return Rank.LOW if report.urgency is Urgency.LOW else Rank.NORMAL


def _rank_of_urgent(report: Ranked, urgent: _Urgent, *, unread: bool, is_late: bool) -> Rank:
    """Return the rank of an open report that is urgent, and no drill.

    Only in its source's first turn does one lead that is overdue: else a flood would, as soon as it
    is half an hour old. A review that is due waits behind what is new.
    """
    if report.status is Status.NEW:
        if report.is_behind:
            return urgent.unproven
        leads = is_late and not report.turn and report.urgency is Urgency.HIGH
        return Rank.HIGH_OVERDUE if leads else urgent.turns[report.turn or 0]
    if report.review_due_at:
        return urgent.turns[LAST_TURN]
    return urgent.unread if unread else urgent.open


def rank_at(place: str) -> str:
    """Return the rank of a report by its place (`attention_at`)."""
    return place.partition("#")[0]


class Attendable(Protocol):
    """A report, as far as officers attend to it."""

    @property
    def status(self) -> Status: ...
    @property
    def urgency(self) -> Urgency: ...
    @property
    def attended(self) -> bool: ...
    @property
    def is_waiting(self) -> bool: ...


def is_attended(
    report: Attendable,
    *,
    anew: bool = False,
    acts: bool = False,
    is_opened: bool = False,
    original: Attendable | None = None,
) -> bool:
    """Return whether an officer attends to a report, whose `attended` is as it was before. Nothing
    else decides that again, and everything asks it by which it can change (docs/adr/0035).

    `anew`: it is new to others, or who had it has it no more. `acts`: an officer has taken a step,
    or written; that attends to what nobody has opened (not `is_opened`) only if it was acknowledged
    and is not critical: then nobody attends to it, whatever was before. `original` is given where a
    link begins or ends: who works on it attends to what is new, and to nothing that was given back.
    """
    is_critical, is_new = report.urgency is Urgency.CRITICAL, report.status is Status.NEW
    if original and is_worked_on(original) and is_new and not is_critical:
        return True
    if anew or (acts and is_critical and not is_opened):
        return False
    is_taken = not is_new and not is_critical
    return report.attended or (acts and (is_opened or is_taken))


def is_worked_on(original: Attendable) -> bool:
    """Return whether an officer works on an original, and so attends to its duplicates."""
    is_open = original.status in OPEN_STATUSES and original.status is not Status.NEW
    return is_open and not original.is_waiting


def begins_anew(before: Report, after: Report) -> bool:
    """Return whether the time to attend to a report begins anew: it is new to other officers, or
    more urgent, and nobody has acknowledged it; or nobody has it where it was moved.
    """
    raised = after.urgency.rank > before.urgency.rank
    moved = after.category != before.category
    if after.status is Status.NEW:
        return raised or moved
    stays = before.status in OPEN_STATUSES and after.status in OPEN_STATUSES
    return moved and stays and after.assignee is None


def is_given_back(before: Report, after: Report) -> bool:
    """Return whether nobody has a report any more that is open, or will be when it is reopened: its
    assignee has left it, or it was moved while it was closed; or it is new, and who works on its
    original, which attends to no critical one, has it no more.
    """
    is_moved = after.status is Status.CLOSED and after.category != before.category
    is_left = before.assignee is not None and after.assignee is None
    unlinked = before.duplicate_of is not None and after.duplicate_of != before.duplicate_of
    is_lost = after.status is Status.NEW and unlinked and not after.is_critical
    return is_left or is_moved or is_lost


def without_overdue(flags: tuple[Flag, ...]) -> tuple[Flag, ...]:
    return tuple(flag for flag in flags if flag is not Flag.OVERDUE)


def deadline_from(received_at: datetime, now: datetime, minutes: int | None) -> int | None:
    """Return a deadline `minutes` from now, in minutes after the receipt."""
    if minutes is None:
        return None
    return minutes + max(0, (now - received_at) // timedelta(minutes=1))


def next_overdue(received_at: datetime, deadline: int, now: datetime) -> datetime:
    """Return when a report that is overdue at `now` is notified again: when it is twice as old as
    its deadline, four times, and so on.
    """
    after = timedelta(minutes=deadline)
    while received_at + after <= now:
        after *= 2
    return received_at + after


# In how many minutes an end is to be confirmed or declined, where its urgency has no deadline.
_END_OF_CRITICAL, _END_OF_OTHERS = 15, 24 * 60


def end_deadline(urgency: Urgency, minutes: int | None) -> int:
    """Return in how many minutes an end that was proposed is due. `minutes` is the deadline of its
    report's urgency. As of a report, officers are notified again each time that its age doubles.
    """
    return minutes or (_END_OF_CRITICAL if urgency is Urgency.CRITICAL else _END_OF_OTHERS)


def needs_action(row: Mapping[str, Any], officer: Officer, now: datetime) -> bool:
    """Return whether a listed report needs an action of this officer: it is new, overdue or unread,
    its review or a reminder of theirs is due, it is to be handed over to an agency, or a step on it
    awaits a second person, who may be this officer.
    """
    unread = is_unread(row) and row["status"] != Status.WITHDRAWN
    waits = row["status"] == Status.NEW or "review_due_at" in row or is_to_be_handed_over(row)
    return waits or unread or _awaits(row, officer, now) or _is_reminded(row, officer, now)


def is_unread(row: Mapping[str, Any]) -> bool:
    """Return whether a listed report has something that no officer has read.

    Only the index by attention knows of files that came after the closing.
    """
    return bool(row.get("unread")) or rank_at(str(row.get("attention_at", ""))) in _UNREAD


def is_overdue(row: Mapping[str, Any]) -> bool:
    """Return whether a listed report is new, and its deadline has passed or its review has come."""
    late = Flag.OVERDUE in row.get("flags", ()) or "review_due_at" in row
    return bool(late and row["status"] == Status.NEW)


def is_quiet_drill(row: Mapping[str, Any]) -> bool:
    """Return whether a listed report is a drill to which its reporter has added nothing unread."""
    return row.get("source") == DRILL and not is_unread(row)


def awaiting(row: Mapping[str, Any], now: datetime) -> tuple[Awaiting, ...]:
    """Return the steps on a listed report that still await a second person: what nobody has
    approved in time awaits nobody, although no write has said so.
    """
    steps = (Awaiting.read(each) for each in row.get("awaits", ()))
    return tuple(each for each in steps if each.is_open(now))


def is_done(row: Mapping[str, Any], now: datetime) -> bool:
    """Return whether a report in the list by attention needs nobody any more."""
    waits = awaiting(row, now) or is_to_be_handed_over(row)
    return rank_at(str(row.get("attention_at"))) == Rank.APPROVAL and not waits


def is_to_be_handed_over(row: Mapping[str, Any]) -> bool:
    """Return whether an agency has not taken a listed report, so that officers hand it over."""
    return Flag.HAND_OVER in row.get("flags", ()) and row["status"] != Status.WITHDRAWN


def _is_reminded(row: Mapping[str, Any], officer: Officer, now: datetime) -> bool:
    if "reminder" not in row:
        return False
    reminder, today = Reminder.model_validate(row["reminder"]), times.day_in_city(now)
    return due_reminder(reminder, row.get("assignee"), officer.username, today)


def due_reminder(reminder: Reminder, assignee: str | None, who: str, today: date) -> bool:
    """Return whether a reminder concerns this officer, and its day has come."""
    return reminder.on <= str(today) and who in reminded(reminder, assignee)


def reminded(reminder: Reminder | None, assignee: str | None) -> frozenset[str]:
    """Return the usernames of the officers whom a reminder concerns: who set it, and who has the
    report.
    """
    return frozenset({reminder.by, assignee or reminder.by}) if reminder else frozenset()


def _awaits(row: Mapping[str, Any], officer: Officer, now: datetime) -> bool:
    return any(refusal(officer, {each.by}, now) is None for each in awaiting(row, now))
