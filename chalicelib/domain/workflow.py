"""How case work goes: which step leads where, what closing needs, and what a changed report owes
next.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints, field_validator
from pydantic_core import PydanticCustomError

from chalicelib import errors
from chalicelib.domain.outbox import ACKNOWLEDGE_WITHIN, OutboxTask, TaskKind
from chalicelib.domain.reports import (
    OPEN_STATUSES,
    CategoryCode,
    Proposal,
    Report,
    Status,
    Strict,
    Urgency,
)
from chalicelib.domain.text import bounded

REASON_MAX = 1000

# From each status, where a step may lead. `new` is nowhere to go back to: that somebody has looked
# stays true.
TRANSITIONS: Mapping[Status, tuple[Status, ...]] = {
    Status.NEW: (Status.ACKNOWLEDGED, Status.IN_PROGRESS, Status.CLOSED),
    Status.ACKNOWLEDGED: (Status.IN_PROGRESS, Status.CLOSED),
    Status.IN_PROGRESS: (Status.ACKNOWLEDGED, Status.CLOSED),
    Status.CLOSED: (Status.ACKNOWLEDGED, Status.IN_PROGRESS),
    Status.WITHDRAWN: (),
}


class Disposition(StrEnum):
    """What came of a report that is closed."""

    RESOLVED = "resolved"
    NO_ACTION = "no_action"
    DUPLICATE = "duplicate"
    UNFOUNDED = "unfounded"
    MALICIOUS = "malicious"
    NOT_POLICE = "not_police"


WITHDRAWN_RETENTION = timedelta(days=30)
_RETENTION = timedelta(days=90)
_SHORT_RETENTION = timedelta(days=30)
_SOON_FORGOTTEN = frozenset({Disposition.UNFOUNDED, Disposition.MALICIOUS})

Reason = Annotated[str, AfterValidator(lambda value: bounded(value, REASON_MAX))]
Username = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\s#]+$")]


class Change(Strict):
    """The body of `PATCH /v1/officer/reports/{id}`: any subset. Null unassigns, and takes a link to
    an original away.

    `reason` is for the reporter, who reads it once the report is closed. What only officers should
    read is a note.
    """

    status: Status | None = None
    disposition: Disposition | None = None
    reason: Reason | None = None
    assignee: Username | None = None
    category: CategoryCode | None = None
    urgency: Urgency | None = None
    duplicate_of: str | None = Field(default=None, min_length=1, max_length=40)

    @field_validator("status", "disposition", "reason", "category", "urgency")
    @classmethod
    def _is_not_taken_away(cls, value: Any) -> Any:
        if value is None:
            raise PydanticCustomError(
                "wrong_type", "Only `assignee` and `duplicate_of` may be null."
            )
        return value


def change(report: Report, wanted: Change, *, by: str, now: datetime) -> Report:
    """The report after the step, its version one further. A status that it has already is no step,
    and legal.

    Closing needs a disposition and a reason in the same call, `duplicate` an original as well.
    `malicious` is only proposed: it stands once a second officer has confirmed, and until then no
    other does. Reopened, a report is nobody's duplicate any more. Raises Conflict
    `illegal_transition`, which names the legal ones, and Invalid.
    """
    target = wanted.status or report.status
    legal = TRANSITIONS[report.status]
    if report.status is Status.WITHDRAWN or (target is not report.status and target not in legal):
        raise errors.Conflict("illegal_transition", legal=", ".join(legal))
    closing = target is Status.CLOSED and report.status is not Status.CLOSED
    wrong = []
    if closing:
        wrong += [
            errors.FieldError(name, "required")
            for name in ("disposition", "reason")
            if getattr(wanted, name) is None
        ]
    if wanted.disposition and target is not Status.CLOSED:
        wrong.append(errors.FieldError("disposition", "only_when_closed"))
    linked_to = (
        wanted.duplicate_of if "duplicate_of" in wanted.model_fields_set else report.duplicate_of
    )
    if (
        target is Status.CLOSED
        and (wanted.disposition or report.disposition) == Disposition.DUPLICATE
        and not linked_to
    ):
        wrong.append(errors.FieldError("duplicate_of", "required"))
    if wanted.duplicate_of == report.id:
        wrong.append(errors.FieldError("duplicate_of", "circular"))
    if wrong:
        raise errors.Invalid(*wrong)

    after: dict[str, Any] = {"version": report.version + 1, "unread": 0, "status": target}
    if target is not Status.NEW and report.acknowledged_at is None:
        after["acknowledged_at"] = now
    if closing:
        after["closed_at"] = now
    elif report.status is Status.CLOSED and target is not Status.CLOSED:
        after |= {
            "closed_at": None,
            "disposition": None,
            "reason": None,
            "proposal": None,
            "duplicate_of": None,
        }
    after |= {
        name: getattr(wanted, name)
        for name in wanted.model_fields_set & {"assignee", "duplicate_of"}
    }
    if wanted.reason:
        after["reason"] = wanted.reason
    if wanted.disposition is Disposition.MALICIOUS:
        if report.disposition != Disposition.MALICIOUS:
            after |= {
                "disposition": None,
                "proposal": Proposal(disposition=Disposition.MALICIOUS.value, by=by, at=now),
            }
    elif wanted.disposition:
        after |= {"disposition": wanted.disposition.value, "proposal": None}
    if wanted.urgency:
        after["urgency"] = wanted.urgency
    if wanted.category and wanted.category != report.category:
        after |= {
            "category": wanted.category,
            "first_category": report.first_category or report.category,
        }
    return report.model_copy(update=after)


def concerns_others(before: Report, after: Report) -> bool:
    """Is an open report now one that other officers must hear of: of another category, or become
    critical?
    """
    became_critical = after.urgency is Urgency.CRITICAL and before.urgency is not Urgency.CRITICAL
    return after.status in OPEN_STATUSES and (after.category != before.category or became_critical)


def confirm(report: Report, *, by: str) -> Report:
    """The report with the disposition that another officer proposed. Raises Conflict
    `nothing_to_confirm`, Forbidden `self_approval`.
    """
    if report.proposal is None or report.status is not Status.CLOSED:
        raise errors.Conflict("nothing_to_confirm")
    if report.proposal.by == by:
        raise errors.Forbidden("self_approval")
    return report.model_copy(update={"disposition": report.proposal.disposition, "proposal": None})


def task_after(report: Report, present: OutboxTask | None, now: datetime) -> OutboxTask | None:
    """What a report owes next after a step; `present` is what it pending before."""
    if report.status is Status.CLOSED and report.closed_at:
        return OutboxTask(TaskKind.EXPIRE, report.closed_at + retention(report.disposition))
    if present and present.kind is TaskKind.NOTIFY:
        return present
    if report.status is Status.NEW and report.urgency is Urgency.CRITICAL:
        return (
            present
            if present and present.kind is TaskKind.ESCALATE
            else OutboxTask(TaskKind.ESCALATE, now + ACKNOWLEDGE_WITHIN)
        )
    return None


def retention(disposition: str | None) -> timedelta:
    """How long a report is kept after it was closed."""
    return _SHORT_RETENTION if disposition in _SOON_FORGOTTEN else _RETENTION


_RECORDED = (
    "status",
    "disposition",
    "reason",
    "assignee",
    "category",
    "urgency",
    "duplicate_of",
    "proposal",
)


def differences(before: Report, after: Report) -> dict[str, dict[str, Any]]:
    """The fields that a step changed, each with its old and new value, as the history tells
    them.
    """
    old, new = (
        report.model_dump(mode="json", include=set(_RECORDED)) for report in (before, after)
    )
    return {
        name: {"old": old[name], "new": new[name]} for name in _RECORDED if old[name] != new[name]
    }
