"""A step on many reports: each by its version, with its own record, and with an outcome of its own.

Each report gets the step by the rules of `services/casework/casework`, and no end without reading
(docs/adr/0060).
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import batched
from typing import NamedTuple

from chalicelib.aws.clients import at_once
from chalicelib.domain.casework.steps import ChosenSteps, MemberSteps, Steps, is_so
from chalicelib.domain.catalogue.learnt import is_never_limited
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.reports.entries import NewOfficerMessage
from chalicelib.domain.reports.report import Report, Status
from chalicelib.domain.reports.workflow import Change, leads_back, takes_reading, takes_two
from chalicelib.kernel import errors
from chalicelib.kernel.ids import Identity
from chalicelib.services.casework.casework import require_version, take_step
from chalicelib.services.casework.duplicates import Outcome, outlines_in_scope, refuse_unread, tried
from chalicelib.services.casework.messages import (
    require_filled,
    require_same_message,
    write_message,
)
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.scope import Desk, head_in_scope, require_not_expiring
from chalicelib.store.audit.rows import Action
from chalicelib.store.officers.rows import Officers
from chalicelib.store.reports.duplicates import Outline
from chalicelib.store.reports.rows import Head

LATER = "unavailable"
"""The code of what there was no time or room for: repeat the call."""
# So many reports are tried before it is asked whether time is left.
_BATCH = 25
# What a step on a critical report takes an opening for (`workflow.takes_reading`).
_END_OR_HIDE = frozenset({"disposition", "urgency", "category"})


class Done(NamedTuple):
    """How many reports are as a call wants them, and which are not, each with the code why.
    `waiting` is how many of the done have an end that waits for a second officer.
    """

    done: int
    left: Sequence[Outcome]
    waiting: int = 0


class StepStores(NamedTuple):
    """What a step and a message need beside the reports."""

    officers: Officers
    identity: Identity


def step_on_chosen(
    wanted: ChosenSteps,
    *,
    idempotency_key: str | None,
    desk: Desk,
    stores: StepStores,
    time_is_left: Callable[[], bool],
) -> Done:
    """Take a step on the reports that the officer names, each by the version that they saw.

    One that is unknown or out of scope is `not_found`, with a denial in the audit. Raises Invalid
    for a call that changes nothing, Unavailable.
    """
    wanted.require_any()
    versions = {each.id: each.version for each in wanted.reports}
    desk.actor.log_own(Action.LIST, {"list": "chosen", "count": len(versions)})
    known = outlines_in_scope(versions, desk, consistent=True)
    return step_on_each(
        {
            each: known[each]._replace(version=version) if each in known else None
            for each, version in versions.items()
        },
        wanted,
        idempotency_key=idempotency_key,
        desk=desk,
        stores=stores,
        time_is_left=time_is_left,
    )


def step_on_each(
    reports: Mapping[str, Outline | None],
    wanted: Steps,
    *,
    idempotency_key: str | None,
    desk: Desk,
    stores: StepStores,
    time_is_left: Callable[[], bool],
) -> Done:
    """Take a step on each report, by the version that is given, and write the message to each on
    which it is taken. What is as wanted already is done, and not written again; so is a message
    with the same Idempotency-Key; of another message with it, no step is taken. No report is
    reopened, closed anew, or handed back. None stands for a report that may not be there. Raises
    Invalid `placeholder_left`.

    What the officer has never opened is left unless `skip_unread` is False; then its end is a
    proposal. A critical one that was never opened is left always, one of a category that is never
    limited too when it would end, or have another urgency or category, or is in an incident. So
    is an end that takes two by itself. What has something unread is left, too, since nobody reads
    it here: only a link is set on it with `skip_unread` False. Raises Unavailable.
    """
    change, key, identity = wanted.change, idempotency_key, stores.identity
    opened: dict[str, bool] = {}
    waiting: list[str] = []
    if wanted.message is not None:
        # Before any step is taken: none is named as left that was taken without its message.
        require_filled(wanted.message)

    def step(report_id: str) -> None:
        outline = reports[report_id]
        if outline is None:
            require_not_expiring(head_in_scope(report_id, desk=desk))
            raise errors.NotFound
        is_opened = opened[report_id]
        _require_read(outline, wanted, is_opened=is_opened, actor=desk.actor)
        if change is not None and wanted.message is not None:
            text = wanted.message
            require_same_message(report_id, text, idempotency_key=key, desk=desk, identity=identity)
        waits = change is not None and _take_step(
            outline, wanted, change, desk, stores.officers, is_opened=is_opened
        )
        if change is None and outline.version != outline.listed["version"]:
            raise errors.Stale
        if wanted.message is not None:
            message = NewOfficerMessage(text=wanted.message, messages_seen=outline.messages)
            write_message(report_id, message, idempotency_key=key, desk=desk, identity=identity)
        waiting.extend([report_id] * waits)

    def batch(some: Sequence[str]) -> None:
        known = [each for each in some if reports[each]]
        opened.update(zip(known, at_once(desk.actor.has_opened, known), strict=True))

    done = of_each(tuple(reports), step, time_is_left, before=batch)
    return done._replace(waiting=len(waiting))


def of_each(
    report_ids: Sequence[str],
    step: Callable[[str], object],
    time_is_left: Callable[[], bool],
    *,
    before: Callable[[Sequence[str]], None] = lambda batch: None,
) -> Done:
    """Take a step on each report, while time is left; `before` gets each batch of them."""
    outcomes: list[Outcome] = []
    for batch in batched(dict.fromkeys(report_ids), _BATCH):
        if not time_is_left():
            outcomes += [Outcome(each, LATER) for each in batch]
            continue
        before(batch)
        outcomes += [tried(each, step) for each in batch]
    left = [each for each in outcomes if each.why is not None]
    return Done(len(outcomes) - len(left), left)


def _require_read(known: Outline, wanted: Steps, *, is_opened: bool, actor: OfficerActor) -> None:
    """Raise unless a step may be taken on a report as far as the officer has read it."""
    if known.unread and (wanted.skip_unread or wanted.reads):
        raise errors.Conflict("new_message")
    if is_opened:
        return
    if wanted.skip_unread:
        raise errors.Conflict("not_read")
    hides = bool(wanted.model_fields_set & _END_OR_HIDE)
    is_urgent = known.urgency is Urgency.CRITICAL
    if is_never_limited(known.category):
        # Who names it has seen its row; an incident may hold it unasked.
        is_urgent |= hides or isinstance(wanted, MemberSteps)
    if is_urgent and hides:
        refuse_unread(known.id, actor)
    if is_urgent:
        raise errors.Conflict("not_read")


def _take_step(
    known: Outline,
    wanted: Steps,
    change: Change,
    desk: Desk,
    officers: Officers,
    *,
    is_opened: bool,
) -> bool:
    """Take a step, and return whether it is an end that waits for a second officer."""

    def require(head: Head) -> bool:
        report = head.report
        if wanted.reads and (report.unread or report.unread_media):
            # It came a moment ago.
            raise errors.Conflict("new_message")
        if is_so(report, change):
            raise _AlreadySo(report)
        ends_anew = change.disposition and report.status is Status.CLOSED
        if ends_anew or leads_back(report.status, change):
            # Who acknowledges or closes many has not looked at each that is worked on, or closed.
            raise errors.Conflict("illegal_transition", legal="")
        require_version(report, known.version)
        if change.disposition and takes_two(report, change.disposition):
            raise errors.Invalid(errors.FieldError("disposition", "takes_two"))
        if not change.disposition and takes_reading(report, change) and not is_opened:
            refuse_unread(known.id, desk.actor)
        return wanted.reads

    seen = change.model_copy(update={"messages_seen": known.messages})
    try:
        after = take_step(
            known.id, seen, require, desk=desk, officers=officers, takes_two=not is_opened
        )
    except _AlreadySo as already:
        after = already.report
    return bool(change.disposition and after.proposal)


class _AlreadySo(Exception):
    """A report is as a step wants it."""

    def __init__(self, report: Report) -> None:
        self.report = report
