"""Case work: which step leads where, what closing needs, and the next task."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, NamedTuple, Protocol

from pydantic import Field, StringConstraints, field_validator
from pydantic_core import PydanticCustomError

from chalicelib.domain.catalogue.codes import CategoryCode
from chalicelib.domain.catalogue.learnt import labels_of, urgency_of
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.reports.attention import (
    begins_anew,
    is_attended,
    is_given_back,
    without_overdue,
)
from chalicelib.domain.reports.entries import SeenConversation
from chalicelib.domain.reports.outlines import SOON_FORGOTTEN, ReportOutline, expires_at
from chalicelib.domain.reports.report import (
    OPEN_STATUSES,
    Disposition,
    Flag,
    Proposal,
    Report,
    Status,
)
from chalicelib.kernel import errors, outbox
from chalicelib.kernel.models import NotNull
from chalicelib.kernel.outbox import ACKNOWLEDGE_WITHIN, Lane, OutboxTask, TaskKind
from chalicelib.kernel.text import Bounded

# From each status, where a step may lead. Nothing leads back to `new`: somebody has looked at it.
TRANSITIONS: Mapping[Status, tuple[Status, ...]] = {
    Status.NEW: (Status.ACKNOWLEDGED, Status.IN_PROGRESS, Status.CLOSED),
    Status.ACKNOWLEDGED: (Status.IN_PROGRESS, Status.CLOSED),
    Status.IN_PROGRESS: (Status.ACKNOWLEDGED, Status.CLOSED),
    Status.CLOSED: (Status.ACKNOWLEDGED, Status.IN_PROGRESS),
    Status.WITHDRAWN: (),
}
_FORWARD = (Status.NEW, Status.ACKNOWLEDGED, Status.IN_PROGRESS, Status.CLOSED, Status.WITHDRAWN)


Reason = Annotated[str, Bounded(1000)]
Username = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\s#]+$")]


class Change(SeenConversation):
    """The body of `PATCH /v1/officer/reports/{id}`: only the fields to change.

    `assignee: null` unassigns the report, `duplicate_of: null` unlinks a duplicate, and
    `disposition: null` declines an end that waits for a second officer. The
    reporter can read `reason` after the report is closed. Use a note for what only officers may
    read. `messages_seen` is the `message_count` of the opened report, and changes nothing.
    """

    status: Annotated[Status | None, NotNull()] = None
    disposition: Disposition | None = None
    reason: Annotated[Reason | None, NotNull()] = None
    assignee: Username | None = None
    category: Annotated[CategoryCode | None, NotNull()] = None
    urgency: Annotated[Urgency | None, NotNull()] = None
    duplicate_of: str | None = Field(default=None, min_length=1, max_length=40)

    @property
    def only_reads(self) -> bool:
        return self.model_fields_set <= SeenConversation.model_fields.keys()

    @property
    def declines(self) -> bool:
        """Whether it declines an end that waits, or takes it back."""
        return "disposition" in self.model_fields_set and self.disposition is None

    @field_validator("status", "reason", "category", "urgency")
    @classmethod
    def _is_not_null(cls, value: Any) -> Any:
        if value is None:
            raise PydanticCustomError(
                "wrong_type", "Only `assignee`, `disposition` and `duplicate_of` may be null."
            )
        return value


def takes_two(report: Report, disposition: str) -> bool:
    """Return whether an end takes a second officer: that of a report which is critical, or was
    before an officer lowered it, or which nobody has reviewed in time, and one after which it is
    deleted soon.
    """
    is_watched = report.is_critical or report.was_critical or report.review_escalated
    return is_watched or disposition in SOON_FORGOTTEN


def leads_back(status: Status, wanted: Change) -> bool:
    """Return whether a step reopens a report, or hands it back to those that wait."""
    return wanted.status is not None and _FORWARD.index(wanted.status) < _FORWARD.index(status)


def takes_reading(report: Report, wanted: Change) -> bool:
    """Return whether only who has opened a report may take a step: one that ends it or rewrites its
    end, or takes a critical one from the sight of those who look for it.
    """
    lowers = wanted.urgency not in (None, Urgency.CRITICAL)
    hides = report.is_critical and (lowers or wanted.category not in (None, report.category))
    return hides or decides_end(report, wanted)


def decides_end(report: Report, wanted: Change) -> bool:
    """Return whether a step ends a report, or rewrites its end."""
    names = {"disposition"}
    if report.status is Status.CLOSED or report.proposal:
        names |= {"reason", "duplicate_of"}
    return not wanted.declines and bool(names & wanted.model_fields_set)


# What a machine may set (docs/adr/0083).
_OF_MACHINES = frozenset({"status", "assignee", "disposition", "reason", "messages_seen"})


def require_for_machine(report: Report, wanted: Change) -> None:
    """Raise for a step that a machine may not take. It assigns; it acknowledges what is new, and
    names who has it; it proposes an end that one person may decide on, of what somebody attends to.

    Raises Forbidden; Invalid for an acknowledgment that names nobody; Conflict
    `illegal_transition` for the end of what waits for somebody.
    """
    unassigns = "assignee" in wanted.model_fields_set and wanted.assignee is None
    waits = report.proposal and {"disposition", "reason"} & wanted.model_fields_set
    decides = wanted.disposition is not None and takes_two(report, wanted.disposition)
    leads = {Status.NEW: (Status.ACKNOWLEDGED, Status.CLOSED)}.get(report.status, (Status.CLOSED,))
    is_other = wanted.status not in (None, report.status, *leads)
    is_over = report.status not in OPEN_STATUSES or waits or wanted.declines
    if not wanted.model_fields_set <= _OF_MACHINES or unassigns or decides or is_other or is_over:
        raise errors.Forbidden("not_for_machines")
    if wanted.status is Status.ACKNOWLEDGED and wanted.assignee is None:
        raise errors.Invalid(errors.FieldError("assignee", "required"))
    if wanted.status is Status.CLOSED and report.is_waiting:
        raise errors.Conflict("illegal_transition", legal=Status.ACKNOWLEDGED)


def by_machine(before: Report, after: Report) -> Report:
    """Return the report after a step of a machine, by which nobody attends to it but by an
    acknowledgment: that names who has it. An end is proposed as a machine's.
    """
    if after.proposal and after.proposal != before.proposal:
        proposal = after.proposal.model_copy(update={"by_machine": True})
        after = after.model_copy(update={"proposal": proposal})
    if after.status is not before.status and after.status is Status.ACKNOWLEDGED:
        return after
    names = ("attended", "flags", "unproven", "in_burst", "turn")
    return after.model_copy(update={name: getattr(before, name) for name in names})


def change(
    report: Report,
    wanted: Change,
    *,
    by: str,
    now: datetime,
    all_take_two: bool = False,
    is_opened: bool = True,
    reads: bool = True,
) -> Report:
    """Return the report after a step, its version one higher.

    Its present status is legal too, and changes nothing. Closing needs a disposition and a reason
    in the same call; `duplicate` needs an original as well. A disposition that `takes_two`, or any
    with `all_take_two`, is only a proposal, and the report else as it was, until a second officer
    confirms it; so is one that `takes_two` when its reason, or its original, is another. A change
    of category or urgency voids what waits; so does the end that the report has already. Reopening
    clears what closing set, and the link to an original. The reason is sealed, so the caller sets
    it. What is unread counts as read when the officer has read it (`reads`). A link alone neither
    reads nor attends to a report; what else does: `attention.is_attended`.

    Raises Conflict (`illegal_transition`, which names the legal steps; `nothing_to_confirm`: no end
    waits that could be declined), and Invalid.
    """
    step = _Step(report, wanted, by, now, all_take_two)
    _require_legal(step)
    if wanted.declines and report.proposal is None:
        raise errors.Conflict("nothing_to_confirm")
    wrong = [error for check in _CHECKS for error in check(step)]
    if wrong:
        raise errors.Invalid(*wrong)
    proposal = _proposed(step)
    if proposal is None and not wanted.declines:
        return _taken(step, is_opened=is_opened, reads=reads)
    # What else the call asks for is a step as any other.
    of_end = {"disposition", "reason", "messages_seen"}
    of_end |= {"status"} if step.target is Status.CLOSED else set()
    of_end |= {"duplicate_of"} if proposal and proposal.duplicate_of else set()
    rest = wanted.model_fields_set - of_end
    if not rest:
        return report.model_copy(update={"version": report.version + 1, "proposal": proposal})
    step = step._replace(wanted=Change(**{name: getattr(wanted, name) for name in rest}))
    changed = _taken(step, is_opened=is_opened, reads=reads)
    return changed.model_copy(update={"proposal": proposal})


def _taken(step: "_Step", *, is_opened: bool, reads: bool) -> Report:
    """Return the report after a step that waits for nobody."""
    report, wanted = step.report, step.wanted
    after: dict[str, Any] = {"version": report.version + 1, "status": step.target}
    only_links = wanted.model_fields_set - {"messages_seen"} == {"duplicate_of"}
    if not only_links:
        # An officer has chosen it: from now on it is like any other.
        after |= {"unproven": False, "in_burst": False, "turn": None}
    for effect in _EFFECTS:
        after |= effect(step)
    changed = report.model_copy(update=after)
    if changed.is_critical and not report.is_critical:
        # Equal texts of critical reports are one row only when their places are compared, too.
        changed = changed.model_copy(update={"same_as": None})
    if reads and not only_links:
        changed = changed.model_copy(update={"unread": 0, "unread_media": 0})
    # Ended unopened, or moved since: nobody who has it now has opened it.
    anew = begins_anew(report, changed) or (step.reopens and not is_opened)
    attended = is_attended(
        changed,
        anew=anew or is_given_back(report, changed),
        acts=not only_links,
        is_opened=is_opened,
    )
    return _attended(changed, attended=attended, anew=anew)


def link(report: Report, original: Report) -> Report:
    """Return a report that was changed to be a duplicate, linked to its original. An officer who
    works on that attends to it, too, but to a critical one: it could be linked unread.
    """
    linked = report.model_copy(update={"duplicate_of": original.id})
    return _attended(linked, attended=is_attended(linked, original=original))


def _attended(report: Report, *, attended: bool, anew: bool = False) -> Report:
    flags = without_overdue(report.flags) if attended or anew else report.flags
    return report.model_copy(update={"attended": attended, "flags": flags})


class _Step(NamedTuple):
    """The change that an officer asks for, and its report."""

    report: Report
    wanted: Change
    by: str
    now: datetime
    all_take_two: bool

    @property
    def target(self) -> Status:
        return self.wanted.status or self.report.status

    @property
    def closes(self) -> bool:
        return self.target is Status.CLOSED and self.report.status is not Status.CLOSED

    @property
    def reopens(self) -> bool:
        return self.target is not Status.CLOSED and self.report.status is Status.CLOSED

    @property
    def rewritten(self) -> str | None:
        """The end that waits, or else that the report has, if it stays and its reason, or the
        original of a duplicate, does not.
        """
        present = self.waiting.disposition if self.waiting else self.report.disposition
        links = self.sets("duplicate_of") and present == Disposition.DUPLICATE
        return present if not self.reopens and (self.sets("reason") or links) else None

    @property
    def waiting(self) -> Proposal | None:
        """The end that waits for a second officer, unless this step voids it."""
        return None if self.moves else self.report.proposal

    @property
    def moves(self) -> bool:
        """Whether the report is of another category or urgency after it."""
        before, wanted = self.report, self.wanted
        category, urgency = wanted.category or before.category, wanted.urgency or before.urgency
        return (category, urgency) != (before.category, before.urgency)

    def sets(self, name: str) -> bool:
        return name in self.wanted.model_fields_set


def _require_legal(step: _Step) -> None:
    present, legal = step.report.status, TRANSITIONS[step.report.status]
    stays = step.target is present and present is not Status.WITHDRAWN
    if not stays and step.target not in legal:
        raise errors.Conflict("illegal_transition", legal=", ".join(legal))


type _Errors = Iterable[errors.FieldError]


def _closing_is_explained(step: _Step) -> _Errors:
    if step.closes:
        for name in ("disposition", "reason"):
            if getattr(step.wanted, name) is None:
                yield errors.FieldError(name, "required")


def _only_closed_has_a_disposition(step: _Step) -> _Errors:
    if step.wanted.disposition and step.target is not Status.CLOSED:
        yield errors.FieldError("disposition", "only_when_closed")


def _duplicate_has_an_original(step: _Step) -> _Errors:
    waiting = step.waiting
    present = waiting.disposition if waiting else step.report.disposition
    is_ended = step.target is Status.CLOSED or waiting is not None
    is_duplicate = (step.wanted.disposition or present) == Disposition.DUPLICATE
    # That of what was closed before may have been deleted since.
    decides = step.wanted.disposition is not None or step.sets("duplicate_of")
    if decides and is_ended and is_duplicate and not _original(step):
        yield errors.FieldError("duplicate_of", "required")


def _original(step: _Step) -> str | None:
    """Return the original of a report whose end is `duplicate`."""
    if step.sets("duplicate_of"):
        return step.wanted.duplicate_of
    waiting = step.waiting
    return (waiting and waiting.duplicate_of) or step.report.duplicate_of


def _declined_with_a_reason(step: _Step) -> _Errors:
    waiting = step.report.proposal
    is_own = waiting is not None and step.by in waiting.authors
    if step.wanted.declines and not is_own and step.wanted.reason is None:
        yield errors.FieldError("reason", "required")


def _original_is_another(step: _Step) -> _Errors:
    if step.wanted.duplicate_of == step.report.id:
        yield errors.FieldError("duplicate_of", "circular")


_CHECKS: tuple[Callable[[_Step], _Errors], ...] = (
    _closing_is_explained,
    _only_closed_has_a_disposition,
    _duplicate_has_an_original,
    _declined_with_a_reason,
    _original_is_another,
)


type _Update = dict[str, Any]


def _acknowledge(step: _Step) -> _Update:
    first = step.target is not Status.NEW and step.report.acknowledged_at is None
    return {"acknowledged_at": step.now} if first else {}


def _close(step: _Step) -> _Update:
    closed = {"closed_at": step.now, "review_due_at": None, "reminder": None}
    return closed if step.closes else {}


OF_THE_CLOSING = (
    "closed_at",
    "decided_at",
    "put_off_until",
    "disposition",
    "sealed_reason",
    "proposal",
    "duplicate_of",
)


def _reopen(step: _Step) -> _Update:
    if not step.reopens:
        return {}
    flags = tuple(flag for flag in step.report.flags if flag is not Flag.AFTER_CLOSING)
    return dict.fromkeys(OF_THE_CLOSING) | {"flags": flags}


def _assign_and_link(step: _Step) -> _Update:
    return {
        name: getattr(step.wanted, name) for name in ("assignee", "duplicate_of") if step.sets(name)
    }


def _dispose(step: _Step) -> _Update:
    wanted = step.wanted.disposition
    if wanted is None:
        return {}
    if wanted == step.report.disposition:
        # Who keeps the end that it has decides against another that waits.
        return {"proposal": None}
    return {"decided_at": step.now, "disposition": wanted.value, "proposal": None}


def _proposed(step: _Step) -> Proposal | None:
    """Return the end that waits for a second officer after a step, without its reason if that is
    new; None when the step sets or rewrites none that does.
    """
    waiting, wanted = step.waiting, step.wanted.disposition
    is_same = wanted is None and not step.wanted.declines
    disposition = step.rewritten if is_same else wanted
    if disposition is None or (wanted == step.report.disposition and not step.rewritten):
        return None
    after = step.report.model_copy(update={**_rank(step), **_recategorize(step)})
    waits = is_same and waiting is not None
    if not (waits or step.all_take_two or takes_two(after, disposition)):
        return None
    original = _original(step) if disposition == Disposition.DUPLICATE else None
    if waiting is None or waiting.disposition != disposition:
        return Proposal(
            disposition=str(disposition), by=step.by, at=step.now, duplicate_of=original
        )
    # Who changes what another proposes is an author of it, too, and a third one confirms it.
    others = waiting.others if step.by in waiting.authors else (*waiting.others, step.by)
    return waiting.model_copy(update={"others": others, "duplicate_of": original})


def _void(step: _Step) -> _Update:
    """Void what waits of a report that is of another category or urgency by now: one officer cannot
    lower the urgency, and end it so.
    """
    return {"proposal": None} if step.moves else {}


def _rank(step: _Step) -> _Update:
    if step.wanted.urgency is None:
        return {}
    was_critical = step.report.was_critical or step.report.is_critical
    return {"urgency": step.wanted.urgency, "was_critical": was_critical}


def _recategorize(step: _Step) -> _Update:
    report, category = step.report, step.wanted.category
    if not category or category == report.category:
        return {}
    first = report.first_category or report.category
    # A trial is of its own category.
    moved: _Update = {"category": category, "category_labels": labels_of(category)}
    least = Urgency(urgency_of(category) or report.urgency)
    if step.wanted.urgency is None and least.rank > report.urgency.rank:
        # What is found to be the abduction of a child is as urgent as one that was sent as such.
        moved["urgency"] = least
    return {**moved, "first_category": first, "shadow": False}


# In this order: what a call sets after reopening outlives the clearing.
_EFFECTS: tuple[Callable[[_Step], _Update], ...] = (
    _acknowledge,
    _close,
    _reopen,
    _assign_and_link,
    _dispose,
    _void,
    _rank,
    _recategorize,
)


def concerns_others(before: Report, after: Report) -> bool:
    """Return whether other officers must hear of an open report: it changed its category, or
    became critical.
    """
    became_critical = after.urgency is Urgency.CRITICAL and before.urgency is not Urgency.CRITICAL
    return after.status in OPEN_STATUSES and (after.category != before.category or became_critical)


def confirm(report: Report, *, now: datetime, reads: bool = True) -> Report:
    """Return the report with the end that was proposed. Its retention begins now. What is unread
    counts as read when the officer who confirms it has read it (`reads`).

    Raises Conflict `nothing_to_confirm`, and Invalid for an end of no officer that takes two.
    """
    proposal = report.proposal
    if proposal is None or report.status is Status.WITHDRAWN:
        raise errors.Conflict("nothing_to_confirm")
    if proposal.by_machine and not proposal.others and takes_two(report, proposal.disposition):
        raise errors.Invalid(errors.FieldError("disposition", "takes_two"))
    wanted = Change(status=Status.CLOSED, disposition=Disposition(proposal.disposition))
    after = _taken(_Step(report, wanted, proposal.by, now, False), is_opened=True, reads=reads)
    confirmed: dict[str, Any] = {"proposal": None, "decided_at": now}
    if proposal.sealed_reason:  # a report that 0.2.0rc1 has closed has it already
        confirmed |= {"sealed_reason": proposal.sealed_reason}
    if proposal.duplicate_of:
        confirmed |= {"duplicate_of": proposal.duplicate_of}
    return after.model_copy(update=confirmed)


def with_reason(report: Report, sealed: bytes) -> Report:
    """Return a report with the reason of its end; of one that waits, it is that one's."""
    if report.proposal:
        return proposing(report, sealed_reason=sealed)
    return report.model_copy(update={"sealed_reason": sealed})


def proposing(report: Report, **update: object) -> Report:
    """Return a report whose waiting end is changed so."""
    proposal = report.proposal and report.proposal.model_copy(update=update)
    return report.model_copy(update={"proposal": proposal})


def first_task(report: Report) -> OutboxTask:
    """Return the task of a new report: to notify officers. A drill only waits for its deletion."""
    end = expires_at(report)
    return (
        OutboxTask(TaskKind.EXPIRE, end) if end else outbox.notify(report.received_at, report.lane)
    )


def task_after(
    report: Report | ReportOutline, present: OutboxTask | None, now: datetime
) -> OutboxTask | None:
    """Return the task of a report after a step; `present` is its task before."""
    end = expires_at(report)
    if end:
        return expiry(present, end)
    if present and present.kind is TaskKind.NOTIFY:
        return present._replace(lane=report.lane)
    if not report.is_waiting:
        return None
    return task_of_waiting(report, present, now)


class Waiting(Protocol):
    """A report that nobody attends to."""

    @property
    def urgency(self) -> Urgency: ...
    @property
    def received_at(self) -> datetime: ...
    @property
    def deadline(self) -> int | None: ...
    @property
    def lane(self) -> Lane: ...


def task_of_waiting(
    report: Waiting, present: OutboxTask | None, now: datetime
) -> OutboxTask | None:
    """Return the task to notify officers again of a report that waits. A first notice that is
    pending comes before.
    """
    if present and present.kind is TaskKind.NOTIFY:
        return present._replace(lane=report.lane)
    if report.urgency is Urgency.CRITICAL:
        fresh = outbox.escalate(now + ACKNOWLEDGE_WITHIN)
        sooner = present and present.kind is TaskKind.ESCALATE and present.due_at <= fresh.due_at
        return present if sooner else fresh
    if report.deadline is None:
        return None
    deadline = report.received_at + timedelta(minutes=report.deadline)
    return outbox.overdue(max(deadline, now), report.lane)


def expiry(present: OutboxTask | None, end: datetime) -> OutboxTask:
    """Return the task to delete a report at `end`.

    One that is due before stays: when it comes, it finds that the end has moved, and records it.
    """
    if present and present.kind is TaskKind.EXPIRE and present.due_at <= end:
        return present
    return OutboxTask(TaskKind.EXPIRE, end)


_RECORDED = (
    "status",
    "disposition",
    "assignee",
    "category",
    "urgency",
    "duplicate_of",
    "incident",
    "proposal",
)


def differences(before: Report, after: Report) -> dict[str, dict[str, Any]]:
    """Return the fields that a step changed, each with its old and new value.

    The values of `reason` are sealed, so both are None here.
    """
    old, new = (
        report.model_dump(
            mode="json", include=set(_RECORDED), exclude={"proposal": {"sealed_reason"}}
        )
        for report in (before, after)
    )
    changed: dict[str, dict[str, Any]] = {
        name: {"old": old[name], "new": new[name]} for name in _RECORDED if old[name] != new[name]
    }
    if _reasons(after) - _reasons(before):
        changed["reason"] = {"old": None, "new": None}
    return changed


def _reasons(report: Report) -> set[bytes | None]:
    waiting = report.proposal.sealed_reason if report.proposal else None
    return {report.sealed_reason, waiting} - {None}
