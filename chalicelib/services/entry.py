"""Reports that an officer enters for a caller."""

from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.report_ids import ReportIds
from chalicelib.domain.reports import OfficerSubmission
from chalicelib.services import intake
from chalicelib.services.actor import OfficerActor
from chalicelib.store.audit import Action, of_report
from chalicelib.store.reports import Reports


def enter_report(
    submission: OfficerSubmission,
    ids: ReportIds,
    *,
    actor: OfficerActor,
    reports: Reports,
    bulletins: intake.BulletinLookup,
    catalogue: Catalogue,
) -> intake.CreatedReport:
    """Create a report for a caller, with an audit record, also when the call is repeated.

    Raises the errors of `intake.create_report`.
    """
    created = intake.create_report(
        submission,
        ids,
        actor=actor,
        reports=reports,
        bulletins=bulletins,
        catalogue=catalogue,
    )
    if created.replayed:
        detail = {"entered_by": submission.source, "replayed": True}
        actor.log(of_report(created.report.id), Action.OPEN, detail)
    return created
