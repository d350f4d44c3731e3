"""Incidents: reports that an officer takes to be of one event. Take in, read, take out.

Each report names its incident, and is counted there with that write. What is taken in unasked is
what the search for similar reports finds, from one report to the next, under the rules of
`domain/casework/incidents` (docs/adr/0072).
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.listing import Listing
from chalicelib.domain.casework.incidents import Chain
from chalicelib.domain.casework.query import ReportQuery
from chalicelib.domain.reports.report import Status
from chalicelib.kernel import errors, times
from chalicelib.kernel.ids import on_record, random_id
from chalicelib.kernel.paging import Cursors
from chalicelib.services.casework.casework import record_change
from chalicelib.services.casework.duplicates import outlines_in_scope, tried
from chalicelib.services.casework.lists import with_pictures
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.scope import Desk, on_head, require_not_expiring
from chalicelib.store.audit.rows import Action
from chalicelib.store.casework.incidents import Incidents
from chalicelib.store.reports.incidents import IncidentCounts
from chalicelib.store.reports.rows import Head, InIncident, ListedReport

# The latest reports of an incident that its row speaks of. The rest is counted.
_SHOWN = 500


class IncidentStores(NamedTuple):
    """Where incidents are found. `similar` has which reports are like each other."""

    listing: Listing
    counts: IncidentCounts
    similar: Incidents


class OpenIncident(NamedTuple):
    """An incident as its row shows it, with the first page of its reports, newest first.

    `districts` are those of all its reports in scope, with their number. `first_at`, `last_at` and
    `picture`, the report whose picture stands for all, are of the latest 500.
    """

    id: str
    total: int
    districts: Counter[str]
    first_at: datetime
    last_at: datetime
    picture: ListedReport | None
    items: Sequence[ListedReport]
    next_cursor: str | None


def create_incident(like: str, *, desk: Desk, stores: IncidentStores) -> InIncident:
    """Take a report and those that are found with it into an incident: into its own, if it is in
    one. Repeated, change nothing but for what is found by then.

    Raises NotFound when the report is unknown or out of scope; Conflict `expiring`,
    `illegal_transition` when it is withdrawn; Unavailable.
    """
    incident = _take_in(like, random_id(), desk)
    found = _found_with([like], desk, stores.similar)
    for each in found:
        tried(each, lambda report_id: _take_in_new(report_id, incident, desk))
    return InIncident(
        incident, stores.counts.read([incident], desk.actor.officer)[incident].total()
    )


def read_incident(
    incident: str,
    query: ReportQuery,
    *,
    actor: OfficerActor,
    stores: IncidentStores,
    cursors: Cursors,
) -> OpenIncident:
    """Return an incident with the first page of its reports, and write an audit record. `query` is
    that of the pages that follow (`services/casework/lists`).

    Raises NotFound when no report of it is in the officer's scope, with a denial in the audit.
    """
    sees = actor.officer.sees
    page = stores.listing.page(
        keys.index(keys.BY_INCIDENT),
        [incident],
        limit=_SHOWN,
        keep=lambda row: sees(row["category"], row["district"]),
    )
    districts = stores.counts.read([incident], actor.officer)[incident]
    if not page.rows or not districts:
        actor.log_own(Action.DENIED, {"incident": on_record(incident)})
        raise errors.NotFound
    shown = page.rows[: query.limit]
    more = len(page.rows) > len(shown) or page.position is not None
    picture = next((row for row in page.rows if row.get("thumb")), None)
    own = InIncident(incident, districts.total())
    seen = with_pictures((*shown, *([picture] if picture else ())))
    actor.log_own(Action.LIST, {"incident": incident, "count": len(shown), **seen})
    return OpenIncident(
        *own,
        districts,
        first_at=times.parse(page.rows[-1]["received_at"]),
        last_at=times.parse(page.rows[0]["received_at"]),
        picture=ListedReport.of(picture, actor.now) if picture else None,
        items=[ListedReport.of(row, actor.now)._replace(incident=own) for row in shown],
        next_cursor=cursors.issue(
            shown[-1]["listed_at"], reader=actor.by, filters=query.filters(), now=actor.now
        )
        if more
        else None,
    )


def leave_incident(incident: str, report_id: str, *, desk: Desk) -> None:
    """Take a report out of an incident, with an audit record. It is as it was before. Of one that
    is not in it, change nothing.

    Raises NotFound when the report is unknown or out of scope; Conflict `expiring`; Unavailable.
    """

    def leave(head: Head) -> None:
        require_not_expiring(head)
        if head.report.incident == incident:
            _write(head, None, desk)

    on_head(report_id, leave, desk=desk)


def _take_in(report_id: str, incident: str, desk: Desk) -> str:
    """Take a report in, unless it is in an incident. Return the one it is in then."""

    def join(head: Head) -> str:
        require_not_expiring(head)
        report = head.report
        if report.status is Status.WITHDRAWN:
            raise errors.Conflict("illegal_transition", legal="")
        if report.incident is None:
            _write(head, incident, desk)
        return report.incident or incident

    return on_head(report_id, join, desk=desk)


def _take_in_new(report_id: str, incident: str, desk: Desk) -> None:
    """Take a report in. Raises Conflict `in_incident` when it is in another one."""
    if _take_in(report_id, incident, desk) != incident:
        raise errors.Conflict("in_incident")


def _write(head: Head, incident: str | None, desk: Desk) -> None:
    """Write which incident a report is in. Its version stays, since the report does not change.

    Raises ConditionFailed when another write came in between.
    """
    before, actor = head.report, desk.actor
    after = before.model_copy(update={"incident": incident})
    record = record_change(before, after, None, actor)
    desk.reports.change(head, after, task=head.task, now=actor.now, also=[record])


def _found_with(members: Sequence[str], desk: Desk, similar: Incidents) -> list[str]:
    """Return the ids of reports in the officer's scope that belong to these by likeness."""
    chain = Chain(outlines_in_scope(members, desk, consistent=True).values())
    while chain.reached:
        links = similar.similar_rows(chain.reached, desk.actor.now)
        new = {link.report_id for found in links.values() for link in found} - chain.members
        chain.follow(links, outlines_in_scope(new, desk, consistent=True))
    return chain.found
