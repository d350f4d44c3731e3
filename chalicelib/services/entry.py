"""Reports that an officer enters for a caller."""

from chalicelib.domain.report_ids import ReportIds
from chalicelib.domain.reports import OfficerSubmission
from chalicelib.services.actor import OfficerActor
from chalicelib.services.intake import CreatedReport, Intake, create_report
from chalicelib.store.audit import Action, of_report


def enter_report(
    submission: OfficerSubmission,
    ids: ReportIds,
    *,
    actor: OfficerActor,
    intake: Intake,
) -> CreatedReport:
    """Create a report for a caller, with an audit record, also when the call is repeated.

    Raises the errors of `intake.create_report`.
    """
    created = create_report(submission, ids, actor=actor, intake=intake)
    if created.replayed:
        detail = {"entered_by": submission.source, "replayed": True}
        actor.log(of_report(created.report.id), Action.OPEN, detail)
    return created
