"""Who else has a report open now, so that two officers do not do the same."""

from chalicelib.domain.ids import is_report_id
from chalicelib.services.actor import OfficerActor
from chalicelib.store.looking import Looking, Onlooker
from chalicelib.store.reports import Reports


def look_at(
    report_id: str, *, actor: OfficerActor, reports: Reports, looking: Looking
) -> tuple[Onlooker, ...]:
    """Note that the officer has this report open, and return the others who have.

    Of a report that is unknown or out of scope: nobody, and nothing is noted. It says nothing of
    what a report says, so it is not on record. Raises Unavailable.
    """
    head = reports.head(report_id) if is_report_id(report_id) else None
    if head is None or head.is_deleted:
        return ()
    officer = actor.officer
    if not officer.sees(head.row["category"], head.row["district"]):
        return ()
    return looking.look(report_id, Onlooker(officer.username, officer.name), actor.now)
