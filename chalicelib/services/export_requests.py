"""Exports that take two persons: which do, who sees them, and who approves them."""

from chalicelib import errors
from chalicelib.domain.exports import AskedExport, PendingExport, made_alone
from chalicelib.domain.two_persons import TwoPersonStep
from chalicelib.services.actor import OfficerActor
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.services.two_persons import require_second_person
from chalicelib.store.audit import Action
from chalicelib.store.export_requests import AskedPage, ExportRequests

_LONGEST_ID = 40


def may_export_alone(count: int, *, actor: OfficerActor, requests: ExportRequests) -> bool:
    """Return whether the officer may export so many more reports alone, and count them.

    They count from now on, also if the export fails: otherwise calls at the same time would not
    count each other. Raises Unavailable.
    """

    def count_them() -> bool:
        before = requests.made_alone(actor.by)
        after = made_alone(before, count, actor.now)
        if after is not None and count:
            requests.keep_made_alone(actor.by, before, after, actor.now)
        return after is not None

    return retry_on_conflict(count_them)


def list_exports(*, awaiting: bool, actor: OfficerActor, requests: ExportRequests) -> AskedPage:
    """Return the exports of the last two days that take two persons, of those that the officer may
    see. With `awaiting`, only those that nobody has approved. Of the latest hundred.
    """
    page = requests.latest(actor.now)
    seen = (each for each in page.items if _is_seen(each, actor))
    return page._replace(items=tuple(each for each in seen if not (awaiting and each.approved_by)))


def read_export(export_id: str, *, actor: OfficerActor, requests: ExportRequests) -> PendingExport:
    """Return an export that takes two persons, for its officer or one who may see all of it.

    Raises NotFound, with a denial in the audit, also when its time is over.
    """
    pending = visible_export(export_id, actor=actor, requests=requests)
    actor.log_own(Action.LIST, {"export": pending.id})
    return pending


def approve_export(
    export_id: str, *, actor: OfficerActor, requests: ExportRequests
) -> PendingExport:
    """Approve an export that another officer has asked for. Repeated, change nothing.

    Raises NotFound as `read_export`; Forbidden from `require_second_person`.
    """

    def approve() -> PendingExport:
        pending = visible_export(export_id, actor=actor, requests=requests)
        require_second_person(TwoPersonStep.EXPORT, {pending.by}, actor=actor)
        if pending.approved_by:
            actor.log_own(Action.LIST, {"export": pending.id})
            return pending
        detail = {"export": pending.id, "asked_by": pending.by, "count": pending.count}
        record = actor.log_own_item(Action.CONFIRM, detail)
        approval = requests.approval(pending, actor.by, actor.now)
        requests.table.transact([*approval, record])
        return pending.model_copy(update={"approved_by": actor.by})

    return retry_on_conflict(approve)


def visible_export(
    export_id: str, *, actor: OfficerActor, requests: ExportRequests
) -> PendingExport:
    """Return an export as `read_export`, without a record."""
    found = requests.get(export_id, actor.now) if len(export_id) <= _LONGEST_ID else None
    if found is None or not _is_seen(found, actor):
        actor.log_own(Action.DENIED, {"export": found.id if found else "unknown"})
        raise errors.NotFound
    return found


def _is_seen(asked: AskedExport, actor: OfficerActor) -> bool:
    return asked.by == actor.by or asked.is_seen_by(actor.officer)
