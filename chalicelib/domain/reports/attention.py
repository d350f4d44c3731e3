"""Attention: the rank of a report in the list, its deadline, and needed actions.

docs/adr/0035 describes it as a whole.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from chalicelib.domain.catalogue.model import Urgency
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
    """The place of a report in the list by attention, one character: the lower, the sooner.

    `unproven`: critical, but accepted without the proof of work that it should have; those of a
    burst are apart (`services/casework/bursts`). `overdue`: a date has passed, by which it was to
    be acknowledged or reviewed. `approval`: closed or withdrawn, and a step on it
    awaits a second person, or closed and to be handed over by hand. `done`: closed or withdrawn,
    and nothing is left to do.
    """

    CRITICAL = "0"
    UNPROVEN = "1"
    OVERDUE = "2"
    UNREAD = "3"
    OPEN = "4"
    APPROVAL = "5"
    DONE = "9"


# Where reports with each status may be. The list by attention has all but `done`.
RANKS_OF_STATUS: Mapping[Status, tuple[Rank, ...]] = {
    Status.NEW: (Rank.CRITICAL, Rank.UNPROVEN, Rank.OVERDUE, Rank.UNREAD, Rank.OPEN),
    Status.ACKNOWLEDGED: (Rank.UNPROVEN, Rank.OVERDUE, Rank.UNREAD, Rank.OPEN),
    Status.IN_PROGRESS: (Rank.OVERDUE, Rank.UNREAD, Rank.OPEN),
    Status.CLOSED: (Rank.UNREAD, Rank.APPROVAL),
    Status.WITHDRAWN: (Rank.APPROVAL,),
}
RANKS_OF_OPEN = RANKS_OF_STATUS[Status.NEW]
RANKS_WITH_UNREAD = (Rank.CRITICAL, Rank.UNPROVEN, Rank.OVERDUE, Rank.UNREAD)
RANKS_OF_ATTENTION = tuple(rank for rank in Rank if rank is not Rank.DONE)


def rank_of(report: Report, pending: tuple[Awaiting, ...]) -> Rank:
    """Return the rank of a report. `pending` are the steps that await a second person.

    A drill ranks with the rest of the open reports, whatever its urgency, until its reporter adds
    something: then somebody writes to officers, whatever the report was called.
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
        return Rank.OPEN if report.concerns_police else Rank.UNPROVEN
    waits = report.status is Status.NEW and not report.is_drill
    if waits and report.urgency is Urgency.CRITICAL:
        return Rank.UNPROVEN if report.is_behind else Rank.CRITICAL
    if report.review_due_at or (waits and Flag.OVERDUE in report.flags):
        return Rank.OVERDUE
    return Rank.UNREAD if unread else Rank.OPEN


def overdue_place(place: str) -> str:
    """Return the place (`attention_at`) of a report that is overdue from now on. One that is before
    that, or has a turn, stays where it is.
    """
    stays = place[0] <= Rank.OVERDUE or place[1] != "#"
    return place if stays else Rank.OVERDUE + place[1:]


def begins_anew(before: Report, after: Report) -> bool:
    """Return whether the time to acknowledge a report begins anew: it is new to other officers, or
    more urgent, and nobody has acknowledged it.
    """
    raised = after.urgency.rank > before.urgency.rank
    return after.status is Status.NEW and (raised or after.category != before.category)


def is_given_back(before: Report, after: Report) -> bool:
    """Return whether nobody holds a report any more that nobody has acknowledged."""
    given_back = before.assignee is not None and after.assignee is None
    return given_back and after.status is Status.NEW


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
    place = str(row.get("attention_at", ""))
    return bool(row.get("unread")) or place.startswith(Rank.UNREAD)


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
    return str(row.get("attention_at")).startswith(Rank.APPROVAL) and not waits


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
