"""Incidents: reports that an officer takes to be of one event. Take in, read, take out.

Each report names its incident, and is counted there with that write. What is taken in unasked is
what the search for similar reports finds, from one report to the next, under the rules of
`domain/casework/incidents` (docs/adr/0072).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.listing import Listing, Page
from chalicelib.aws.table import Row
from chalicelib.domain.casework.incidents import Chain
from chalicelib.domain.casework.query import ReportQuery
from chalicelib.domain.casework.steps import AT_ONCE_MAX, MemberSteps
from chalicelib.domain.reports.incidents import Similar, day_of, ends_at
from chalicelib.domain.reports.report import DRILL, Status
from chalicelib.domain.reports.workflow import Change
from chalicelib.kernel import errors, times
from chalicelib.kernel.ids import is_opaque_id, on_record, random_id
from chalicelib.kernel.paging import Cursors
from chalicelib.services.casework.casework import record_change
from chalicelib.services.casework.duplicates import Outcome, in_incident, outlines_in_scope
from chalicelib.services.casework.gists import Gists, show
from chalicelib.services.casework.steps import LATER, Done, StepStores, of_each, step_on_each
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.scope import Desk, on_head, require_not_expiring
from chalicelib.store.audit.rows import Action
from chalicelib.store.casework.incidents import Incidents
from chalicelib.store.reports.duplicates import Outline
from chalicelib.store.reports.incidents import IncidentCounts
from chalicelib.store.reports.rows import Head, InIncident, ListedReport

# The latest reports of an incident that its row speaks of. The rest is counted.
_SHOWN = 500
# The reports of an incident among which the next to take a step on are chosen.
_MOST_MEMBERS = 2000


class IncidentStores(NamedTuple):
    """Where incidents are found, and what steps on their reports need. `similar` has which reports
    are like each other.
    """

    listing: Listing
    counts: IncidentCounts
    similar: Incidents
    steps: StepStores
    gists: Gists


class Split(NamedTuple):
    """The incident that reports were taken into, and which of them were left, with the code why."""

    id: str
    total: int
    left: Sequence[Outcome]


class AlikeReports(NamedTuple):
    """Reports that are like those of an incident: `found` would be taken in; `others` are alike in
    one way, or near, and are not taken in unasked. `compared` is False when the key is gone
    under which one of the incident's reports was compared: nothing is known of that one any more.
    """

    found: Sequence[Outline]
    others: Sequence[Outline]
    compared: bool


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


def create_incident(
    like: str, *, desk: Desk, stores: IncidentStores, time_is_left: Callable[[], bool]
) -> InIncident:
    """Take a report and those that are found with it into an incident: into its own, if it is in
    one. Repeated, take in what is found by then, and what there was no time for.

    Raises NotFound when the report is unknown or out of scope; Conflict `expiring`,
    `illegal_transition` when it is withdrawn; Unavailable.
    """
    incident = _take_in(like, random_id(), desk)
    found = _found_with([like], incident, desk, stores.similar)[0].found
    # Drills are similar to drills alone.
    of_each(found, lambda each: _take_in(each, incident, desk), time_is_left)
    if not found:
        on_head(like, lambda head: _keep_apart(head, incident, desk), desk=desk)
    return in_incident(incident, desk.actor.officer, stores.counts)


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
    page = _members(incident, actor, stores)
    districts = stores.counts.read([incident], actor.officer)[incident]
    shown = page.rows[: query.limit]
    more = len(page.rows) > len(shown) or page.position is not None
    picture = next((row for row in page.rows if row.get("thumb")), None)
    own = InIncident(incident, districts.total())
    rows = [*shown, *([picture] if picture else ())]
    items = show(
        [ListedReport.of(row, actor.now)._replace(incident=own) for row in rows],
        Action.LIST,
        {"incident": incident, "count": len(shown)},
        actor=actor,
        gists=stores.gists,
    )
    return OpenIncident(
        *own,
        districts,
        first_at=times.parse(page.rows[-1]["received_at"]),
        last_at=times.parse(page.rows[0]["received_at"]),
        picture=items[-1] if picture else None,
        items=items[: len(shown)],
        next_cursor=cursors.issue(
            shown[-1]["listed_at"], reader=actor.by, filters=query.filters(), now=actor.now
        )
        if more
        else None,
    )


def find_similar(incident: str, *, desk: Desk, stores: IncidentStores) -> AlikeReports:
    """Return the reports that are like those of an incident, and write an audit record.

    Raises NotFound as `read_incident`; Unavailable.
    """
    page = _members(incident, desk.actor, stores)
    chain, known = _found_with_all(page, incident, desk, stores.similar)
    found = [known[each] for each in chain.found]
    others = [known[each] for each in chain.beside if known[each].status is not Status.WITHDRAWN]
    count = len(found) + len(others)
    desk.actor.log_own(Action.LIST, {"similar_to": incident, "count": count})
    came = (day_of(times.parse(row["received_at"])) for row in page.rows)
    return AlikeReports(found, others, all(desk.actor.now < ends_at(day) for day in came))


def join_incident(
    incident: str,
    report_ids: Sequence[str] | None,
    *,
    desk: Desk,
    stores: IncidentStores,
    time_is_left: Callable[[], bool],
) -> Done:
    """Take these reports into an incident; for None, those that are found with its reports. A drill
    joins drills alone.

    Raises NotFound as `read_incident`; Unavailable.
    """
    page = _members(incident, desk.actor, stores)
    by_hand = report_ids is not None
    if report_ids is None:
        report_ids = _found_with_all(page, incident, desk, stores.similar)[0].found
    is_drill = _is_drill(page.rows[0])

    def join(report_id: str) -> None:
        joined = _take_in(report_id, incident, desk, is_drill=is_drill, by_hand=by_hand)
        if joined != incident:
            raise errors.Invalid(errors.FieldError("report_ids", "in_incident"))

    return of_each(report_ids, join, time_is_left)


def split_incident(
    incident: str,
    report_ids: Sequence[str],
    into: str | None,
    *,
    desk: Desk,
    stores: IncidentStores,
    time_is_left: Callable[[], bool],
) -> Split:
    """Take reports of an incident into another: a new one, whose id the incident and these reports
    give, so that a repeated call goes on into it.

    Raises NotFound as `read_incident`, of either, and when none of the reports is in it or there;
    Invalid when one is of drills and the other is not; Unavailable, also when none was moved.
    """
    split = "/".join(("split", *sorted(set(report_ids))))
    new = into or stores.steps.identity.entry_id(incident, split)
    # An earlier call may have moved all of them.
    [row, *_] = _members(incident, desk.actor, stores, most=1, or_of=new).rows
    if into and _is_drill(row) != _is_drill(_members(into, desk.actor, stores, most=1).rows[0]):
        raise errors.Invalid(errors.FieldError("into", "drill_and_real"))

    def move(head: Head) -> None:
        require_not_expiring(head)
        if head.report.incident not in (incident, new):
            raise errors.NotFound
        if head.report.incident == incident:
            _write(head, new, desk, by_hand=into is not None)

    done = of_each(report_ids, lambda each: on_head(each, move, desk=desk), time_is_left)
    if not done.done:
        is_down = any(each.why == LATER for each in done.left)
        raise errors.Unavailable if is_down else errors.NotFound
    return Split(*in_incident(new, desk.actor.officer, stores.counts), done.left)


def take_steps(
    incident: str,
    wanted: MemberSteps,
    *,
    idempotency_key: str | None,
    desk: Desk,
    stores: IncidentStores,
    time_is_left: Callable[[], bool],
) -> Done:
    """Take a step on up to 500 reports of an incident in the officer's scope, or on those that are
    named, as `services/casework/steps` does. Raises NotFound as `read_incident`, and as that does.
    """
    wanted.require_any()
    change = wanted.change
    most = 1 if wanted.report_ids else _MOST_MEMBERS
    rows = _members(incident, desk.actor, stores, most=most).rows
    # What is still to be done comes first: so a repeated call gets on.
    ordered = sorted(rows, key=lambda row: change is not None and _looks_so(row, change))
    wanted_ids = wanted.report_ids or [row["id"] for row in ordered]
    desk.actor.log_own(Action.LIST, {"incident": incident, "count": len(wanted_ids)})
    chosen = wanted_ids[:AT_ONCE_MAX]
    known = outlines_in_scope(chosen, desk, consistent=True)
    inside = {each.id: each for each in known.values() if each.incident == incident}
    done = step_on_each(
        {each: inside.get(each) for each in chosen},
        wanted,
        idempotency_key=idempotency_key,
        desk=desk,
        stores=stores.steps,
        time_is_left=time_is_left,
    )
    later = [Outcome(each, LATER) for each in wanted_ids[AT_ONCE_MAX:]]
    return done._replace(left=[*done.left, *later])


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


def _take_in(
    report_id: str,
    incident: str,
    desk: Desk,
    *,
    is_drill: bool | None = None,
    by_hand: bool = False,
) -> str:
    """Take a report in, unless it is in an incident. Return the one it is in then. What is named
    `by_hand` need be like no other. Raises Invalid when it is a drill and `is_drill` is False, or
    the other way round.
    """

    def join(head: Head) -> str:
        require_not_expiring(head)
        report = head.report
        if report.status is Status.WITHDRAWN:
            raise errors.Conflict("illegal_transition", legal="")
        if is_drill is not None and is_drill is not report.is_drill:
            raise errors.Invalid(errors.FieldError("report_ids", "drill_and_real"))
        if report.incident is None:
            _write(head, incident, desk, by_hand=by_hand)
        return report.incident or incident

    return on_head(report_id, join, desk=desk)


def _is_drill(row: Row) -> bool:
    return row.get("source") == DRILL


def _write(head: Head, incident: str | None, desk: Desk, *, by_hand: bool = False) -> None:
    """Write which incident a report is in. Its version stays, since the report does not change.

    Raises ConditionFailed when another write came in between.
    """
    before, actor = head.report, desk.actor
    apart = (incident and (before.by_hand or by_hand)) or None
    after = before.model_copy(update={"incident": incident, "by_hand": apart})
    record = record_change(before, after, None, actor)
    desk.reports.change(head, after, task=head.task, now=actor.now, also=[record])


def _keep_apart(head: Head, incident: str, desk: Desk) -> None:
    """Give a row of its own to what is like no other, and so has begun an incident by hand."""
    if head.report.incident == incident and not head.report.by_hand:
        _write(head, incident, desk, by_hand=True)


def _members(
    incident: str,
    actor: OfficerActor,
    stores: IncidentStores,
    *,
    most: int = _SHOWN,
    or_of: str | None = None,
) -> Page:
    """Return the latest reports of an incident that the officer sees; if it has none, those of
    another. Raises NotFound for none.
    """
    sees = actor.officer.sees
    for each in (incident, or_of):
        page = stores.listing.page(
            keys.index(keys.BY_INCIDENT),
            [each] if each and is_opaque_id(each) else [],
            limit=most,
            keep=lambda row: sees(row["category"], row["district"]),
        )
        if page.rows:
            return page
    actor.log_own(Action.DENIED, {"incident": on_record(incident)})
    raise errors.NotFound


def _looks_so(row: Row, change: Change) -> bool:
    names = change.model_fields_set & row.keys()
    return all(row[name] == getattr(change, name) for name in names)


def _found_with_all(
    page: Page, incident: str, desk: Desk, similar: Incidents
) -> tuple[Chain, Mapping[str, Outline]]:
    members, are_all = [row["id"] for row in page.rows], page.position is None
    return _found_with(members, incident, desk, similar, are_all=are_all)


def _found_with(
    members: Sequence[str], incident: str, desk: Desk, similar: Incidents, *, are_all: bool = True
) -> tuple[Chain, Mapping[str, Outline]]:
    """Return the chain of the reports in the officer's scope that belong to these by likeness, and
    the outlines of all that their links name. Raises NotFound when none of them is in scope.
    """
    known = outlines_in_scope(members, desk, consistent=True)
    if not known:
        raise errors.NotFound  # they have left the scope since they were listed
    chain = Chain(incident, known.values(), are_all=are_all)
    links: dict[str, list[Similar]] = {}
    while chain.reached:
        links |= similar.similar_rows(set(chain.reached) - links.keys(), desk.actor.now)
        named = {link.report_id for each in chain.reached for link in links.get(each, ())}
        known |= outlines_in_scope(named - known.keys(), desk, consistent=True)
        chain.follow(links, known)
    return chain, known
