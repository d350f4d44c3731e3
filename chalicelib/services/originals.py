"""Originals: an officer opens one file as it was uploaded, for a reason that is recorded."""

from collections.abc import Callable

from chalicelib import errors
from chalicelib.domain.ids import on_record
from chalicelib.domain.officers import Role
from chalicelib.domain.reports import Medium, Status
from chalicelib.services.actor import OfficerActor
from chalicelib.services.casework import head_in_scope
from chalicelib.services.watch import notify_of_restricted
from chalicelib.store.audit import Action, about, of_report
from chalicelib.store.reports import Reports
from chalicelib.store.writes import TransactItem

_LONGEST_ID = 40


def open_original(
    report_id: str,
    media_id: str,
    *,
    read_reason: Callable[[], str],
    actor: OfficerActor,
    reports: Reports,
) -> Medium:
    """Write the officer's reason to the audit, then return the medium, which has an original.

    Raises NotFound for an unknown report or medium, and for one out of scope; Invalid from
    `read_reason`; Forbidden when the report is withdrawn and the officer is not a supervisor.
    All of these write a denial to the audit. Raises Conflict: `no_original` while there is none,
    `expiring` when the report is withdrawn and its deletion has begun. An original of a withdrawn
    report is notified to supervisors.
    """
    head = head_in_scope(report_id, actor=actor, reports=reports)
    report = head.report
    detail = {"media_id": on_record(media_id)}
    try:
        reason = read_reason()
    except errors.Invalid:
        actor.log(of_report(report_id), Action.DENIED, {**detail, "original": "without a reason"})
        raise
    if report.status is Status.WITHDRAWN and not actor.officer.has_role(Role.SUPERVISOR):
        actor.log(about(report), Action.DENIED, detail, {"reason": reason})
        raise errors.Forbidden
    medium = reports.media.get(report_id, media_id) if len(media_id) <= _LONGEST_ID else None
    if medium is None:
        actor.log(about(report), Action.DENIED, detail, {"reason": reason})
        raise errors.NotFound
    if medium.version_id is None:
        raise errors.Conflict("no_original")
    notices: list[TransactItem] = []
    if report.status is Status.WITHDRAWN:
        notices = notify_of_restricted(head, actor=actor, reports=reports)
    actor.log(about(report), Action.ORIGINAL, detail, {"reason": reason}, notices)
    return medium
