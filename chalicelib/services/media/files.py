"""Officers redact pictures of a report, and send files to its reporter."""

from chalicelib.aws.table import retry_on_conflict
from chalicelib.domain.reports.media import (
    MAX_SENT_FILES,
    MediaState,
    NewRedaction,
    Redaction,
    RedactionState,
)
from chalicelib.domain.reports.report import Medium, Status
from chalicelib.kernel import errors
from chalicelib.kernel.ids import on_record, random_id
from chalicelib.services.reports.scope import (
    Desk,
    case_in_scope,
    head_in_scope,
    require_not_withdrawn,
)
from chalicelib.services.reports.uploads import Declaration, require_pictures, upload_check
from chalicelib.store.audit.rows import Action, about, of_report
from chalicelib.store.media.rows import add_files, keep_redaction
from chalicelib.store.reports.rows import Case

_ID_LENGTH = 16


def redact_picture(report_id: str, media_id: str, wanted: NewRedaction, *, desk: Desk) -> Medium:
    """Ask for a redaction of a medium's preview, with an audit record, and return the medium.

    From now on, nothing but the redacted picture is passed on. It takes the place of an earlier
    redaction. Repeated with the same regions, change nothing, unless the first one has failed.
    Raises NotFound, Conflict (`withdrawn`, `expiring`, `no_preview`; `referral_pending`: it would
    show what was hidden in a picture that is to be passed on).
    """

    def step() -> Medium:
        case, medium = _find(report_id, media_id, desk)
        before = medium.redaction
        detail = {"redaction": "asked", "media_id": media_id, **wanted.model_dump()}
        if before and before.areas == wanted.areas and before.state is not RedactionState.FAILED:
            desk.actor.log(about(case.report), Action.CHANGE, detail)
            return medium
        asked = Redaction(
            id=random_id(_ID_LENGTH), by=desk.actor.by, at=desk.actor.now, areas=wanted.areas
        ).after(before)
        _require_possible(case, medium, asked)
        record = desk.actor.log_item(about(case.report), Action.CHANGE, detail)
        keep_redaction(desk.reports.table, case, medium, asked, now=desk.actor.now, also=[record])
        return medium.model_copy(update={"redaction": asked})

    return retry_on_conflict(step)


def remove_redaction(report_id: str, media_id: str, *, desk: Desk) -> None:
    """End the redaction of a medium, with an audit record. Without one, change nothing.

    Raises as `redact_picture`.
    """

    def step() -> None:
        case, medium = _find(report_id, media_id, desk)
        if medium.redaction is None:
            return
        _require_possible(case, medium, None)
        detail = {"redaction": "removed", "media_id": media_id}
        record = desk.actor.log_item(about(case.report), Action.CHANGE, detail)
        keep_redaction(desk.reports.table, case, medium, None, now=desk.actor.now, also=[record])

    retry_on_conflict(step)


def _find(report_id: str, media_id: str, desk: Desk) -> tuple[Case, Medium]:
    """Return a report in scope, and its medium.

    Raises NotFound, also for an unknown medium; both write a denial to the audit.
    """
    head = head_in_scope(report_id, desk=desk)
    case = desk.reports.with_media(report_id, consistent=True)
    medium = case.medium(media_id) if case else None
    if case is None or medium is None:
        desk.actor.log(about(head.report), Action.DENIED, {"media_id": on_record(media_id)})
        raise errors.NotFound
    return case, medium


def _require_possible(case: Case, medium: Medium, after: Redaction | None) -> None:
    require_not_withdrawn(case.head)
    if medium.state is not MediaState.READY or medium.preview_version is None:
        raise errors.Conflict("no_preview")
    pending, before = case.head.referrals.pending, medium.redaction
    waits = pending is not None and medium.media_id in pending.media_ids
    # The officer who approves has perhaps read it as it is now.
    if waits and before and not (after and after.is_at_least(before.id)):
        raise errors.Conflict("referral_pending")


def send_files(report_id: str, declaration: Declaration, *, desk: Desk) -> tuple[Medium, ...]:
    """Declare files for the reporter, with an audit record, and return them as they are stored.

    Repeated, return the same files, with an audit record of the read. Raises NotFound, Invalid
    (they are not all pictures), KeyReused, Conflict (`withdrawn`, `too_many_media`, `expiring`).
    """

    def step() -> tuple[Medium, ...]:
        case = case_in_scope(report_id, desk=desk)
        require_pictures(declaration.media)
        existing = declaration.existing({each.media_id: each for each in case.sent})
        if existing:
            desk.actor.log(of_report(report_id), Action.OPEN, {"replayed": True})
            return () if case.report.status is Status.WITHDRAWN else existing
        require_not_withdrawn(case.head)
        if len(case.sent) + len(declaration.media) > MAX_SENT_FILES:
            raise errors.Conflict("too_many_media", limit=str(MAX_SENT_FILES))
        checked = [(each, upload_check(desk.actor.now)) for each in declaration.media]
        ids = [each.media_id for each in declaration.media]
        record = desk.actor.log_item(of_report(report_id), Action.MESSAGE, {"files": ids})
        add_files(desk.reports, case, checked, also=[record])
        return declaration.media

    return retry_on_conflict(step)
