"""An officer sends files to the reporter: declared and uploaded like those of a report."""

from chalicelib import errors
from chalicelib.domain.reports import Medium, Status
from chalicelib.domain.sent_files import MAX_SENT_FILES
from chalicelib.services.actor import OfficerActor
from chalicelib.services.casework import case_in_scope, require_not_expiring
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.services.declarations import Declaration, require_pictures, upload_check
from chalicelib.store.audit import Action, of_report
from chalicelib.store.reports import Reports
from chalicelib.store.sent_files import add_files


def send_files(
    report_id: str, declaration: Declaration, *, actor: OfficerActor, reports: Reports
) -> tuple[Medium, ...]:
    """Declare files for the reporter, with an audit record, and return them as they are stored.

    Repeated, return the same files, with an audit record of the read. Raises NotFound, Invalid
    (they are not all pictures), Conflict (`withdrawn`, `too_many_media`, `key_reused`, `expiring`).
    """

    def step() -> tuple[Medium, ...]:
        case = case_in_scope(report_id, actor=actor, reports=reports)
        require_pictures(declaration.media)
        existing = declaration.existing({each.media_id: each for each in case.sent})
        if existing:
            actor.log(of_report(report_id), Action.OPEN, {"replayed": True})
            return existing
        require_not_expiring(case.head)
        if case.report.status is Status.WITHDRAWN:
            raise errors.Conflict("withdrawn")
        if len(case.sent) + len(declaration.media) > MAX_SENT_FILES:
            raise errors.Conflict("too_many_media", limit=str(MAX_SENT_FILES))
        checked = [(each, upload_check(actor.now)) for each in declaration.media]
        ids = [each.media_id for each in declaration.media]
        record = actor.log_item(of_report(report_id), Action.MESSAGE, {"files": ids})
        add_files(reports, case, checked, also=[record])
        return declaration.media

    return retry_on_conflict(step)
