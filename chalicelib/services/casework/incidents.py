"""Incidents: reports that an officer takes to be of one event. Take in, read, take out.

Each report names its incident, and is counted there with that write. What is taken in unasked is
what the search for similar reports finds, from one report to the next, under the rules of
`domain/casework/incidents` (docs/adr/0072).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import batched
from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.clients import at_once
from chalicelib.aws.listing import Listing, Page
from chalicelib.aws.table import Row
from chalicelib.domain.casework.incidents import AT_ONCE_MAX, Chain, Steps, is_so
from chalicelib.domain.casework.query import ReportQuery
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.reports.entries import NewOfficerMessage
from chalicelib.domain.reports.report import Status
from chalicelib.domain.reports.workflow import Change, takes_reading, takes_two
from chalicelib.kernel import errors, times
from chalicelib.kernel.ids import Identity, is_opaque_id, on_record, random_id
from chalicelib.kernel.paging import Cursors
from chalicelib.services.casework.casework import record_change, require_version, take_step
from chalicelib.services.casework.duplicates import (
    Outcome,
    in_incident,
    outlines_in_scope,
    refuse_unread,
    tried,
)
from chalicelib.services.casework.gists import show
from chalicelib.services.casework.messages import write_message
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.gists import Gists
from chalicelib.services.reports.scope import Desk, on_head, require_not_expiring
from chalicelib.store.audit.rows import Action
from chalicelib.store.casework.incidents import Incidents
from chalicelib.store.officers.rows import Officers
from chalicelib.store.reports.duplicates import Outline
from chalicelib.store.reports.incidents import IncidentCounts
from chalicelib.store.reports.rows import Head, InIncident, ListedReport

# The latest reports of an incident that its row speaks of. The rest is counted.
_SHOWN = 500
# The reports of an incident among which the next to take a step on are chosen.
_MOST_MEMBERS = 2000
# So many reports are tried before it is asked whether time is left.
_BATCH = 25
# The code of what there was no time or room for: repeat the call.
_LATER = "unavailable"


class IncidentStores(NamedTuple):
    """Where incidents are found, and what steps on their reports need. `similar` has which reports
    are like each other.
    """

    listing: Listing
    counts: IncidentCounts
    similar: Incidents
    officers: Officers
    identity: Identity
    gists: Gists


class Done(NamedTuple):
    """How many reports are as a call wants them, and which are not, each with the code why."""

    done: int
    left: Sequence[Outcome]


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
    found = _found_with([like], incident, desk, stores.similar)
    _of_each(found, lambda each: _take_in_new(each, incident, desk), time_is_left)
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


def find_similar(incident: str, *, desk: Desk, stores: IncidentStores) -> Sequence[Outline]:
    """Return the reports that `join_incident` would take in, and write an audit record.

    Raises NotFound as `read_incident`; Unavailable.
    """
    members = [row["id"] for row in _members(incident, desk.actor, stores).rows]
    found = _found_with(members, incident, desk, stores.similar)
    desk.actor.log_own(Action.LIST, {"similar_to": incident, "count": len(found)})
    known = outlines_in_scope(found, desk)
    return [known[each] for each in found if each in known]


def join_incident(
    incident: str,
    report_ids: Sequence[str] | None,
    *,
    desk: Desk,
    stores: IncidentStores,
    time_is_left: Callable[[], bool],
) -> Done:
    """Take these reports into an incident; for None, those that are found with its reports.

    Raises NotFound as `read_incident`; Unavailable.
    """
    members = [row["id"] for row in _members(incident, desk.actor, stores).rows]
    if report_ids is None:
        report_ids = _found_with(members, incident, desk, stores.similar)
    return _of_each(report_ids, lambda each: _take_in_new(each, incident, desk), time_is_left)


def split_incident(
    incident: str,
    report_ids: Sequence[str],
    *,
    desk: Desk,
    stores: IncidentStores,
    time_is_left: Callable[[], bool],
) -> InIncident:
    """Take reports of an incident into a new one, and return that. Those for which there is no time
    stay.

    Raises NotFound as `read_incident`, and when none of them is in it; Unavailable.
    """
    _members(incident, desk.actor, stores, most=1)
    new = random_id()

    def move(head: Head) -> None:
        require_not_expiring(head)
        if head.report.incident != incident:
            raise errors.NotFound
        _write(head, new, desk)

    done = _of_each(report_ids, lambda each: on_head(each, move, desk=desk), time_is_left)
    if not done.done:
        raise errors.NotFound
    return in_incident(new, desk.actor.officer, stores.counts)


def take_steps(
    incident: str,
    wanted: Steps,
    *,
    idempotency_key: str | None,
    desk: Desk,
    stores: IncidentStores,
    time_is_left: Callable[[], bool],
) -> Done:
    """Take a step on up to 500 reports of an incident in the officer's scope, each by its version
    and with its own record; write the message to each on which it is taken. What is as wanted
    already is done, and not written again; so is a message with the same Idempotency-Key.

    What the officer has never opened, or has something unread, is left unless `skip_unread` is
    False; then its end is a proposal. A critical one that was never opened is left always, and so
    is an end that takes two by itself. Raises NotFound as `read_incident`, Invalid for a call that
    changes nothing, Unavailable.
    """
    change = wanted.change
    if change is None and wanted.message is None:
        raise errors.Invalid(errors.FieldError("status", "nothing_to_change"))
    rows = _members(incident, desk.actor, stores, most=_MOST_MEMBERS).rows
    desk.actor.log_own(Action.LIST, {"incident": incident, "count": len(rows)})
    # What is still to be done comes first: so a repeated call gets on.
    ordered = sorted(rows, key=lambda row: change is not None and _looks_so(row, change))
    chosen = [row["id"] for row in ordered[:AT_ONCE_MAX]]
    known = outlines_in_scope(chosen, desk, consistent=True)
    opened: dict[str, bool] = {}

    def step(report_id: str) -> None:
        outline = known.get(report_id)
        if outline is None or outline.incident != incident:
            raise errors.NotFound
        is_opened = opened[report_id]
        _require_read(outline, wanted, is_opened=is_opened, actor=desk.actor)
        if change:
            _take_step(outline, change, desk, stores.officers, is_opened=is_opened)
        if wanted.message is not None:
            message = NewOfficerMessage(text=wanted.message, messages_seen=outline.messages)
            key, identity = idempotency_key, stores.identity
            write_message(report_id, message, idempotency_key=key, desk=desk, identity=identity)

    def batch(report_ids: Sequence[str]) -> None:
        opened.update(zip(report_ids, at_once(desk.actor.has_opened, report_ids), strict=True))

    done = _of_each(chosen, step, time_is_left, before=batch)
    later = [Outcome(row["id"], _LATER) for row in ordered[AT_ONCE_MAX:]]
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
    """Take a report in. Raises Invalid when it is in another one."""
    if _take_in(report_id, incident, desk) != incident:
        raise errors.Invalid(errors.FieldError("report_ids", "in_incident"))


def _write(head: Head, incident: str | None, desk: Desk) -> None:
    """Write which incident a report is in. Its version stays, since the report does not change.

    Raises ConditionFailed when another write came in between.
    """
    before, actor = head.report, desk.actor
    after = before.model_copy(update={"incident": incident})
    record = record_change(before, after, None, actor)
    desk.reports.change(head, after, task=head.task, now=actor.now, also=[record])


def _members(
    incident: str, actor: OfficerActor, stores: IncidentStores, *, most: int = _SHOWN
) -> Page:
    """Return the latest reports of an incident that the officer sees. Raises NotFound for none."""
    sees = actor.officer.sees
    page = stores.listing.page(
        keys.index(keys.BY_INCIDENT),
        [incident] if is_opaque_id(incident) else [],
        limit=most,
        keep=lambda row: sees(row["category"], row["district"]),
    )
    if not page.rows:
        actor.log_own(Action.DENIED, {"incident": on_record(incident)})
        raise errors.NotFound
    return page


def _of_each(
    report_ids: Sequence[str],
    step: Callable[[str], None],
    time_is_left: Callable[[], bool],
    *,
    before: Callable[[Sequence[str]], None] = lambda batch: None,
) -> Done:
    """Take a step on each report, while time is left; `before` gets each batch of them."""
    outcomes: list[Outcome] = []
    for batch in batched(dict.fromkeys(report_ids), _BATCH):
        if not time_is_left():
            outcomes += [Outcome(each, _LATER) for each in batch]
            continue
        before(batch)
        outcomes += [tried(each, step) for each in batch]
    left = [each for each in outcomes if each.why is not None]
    return Done(len(outcomes) - len(left), left)


def _looks_so(row: Row, change: Change) -> bool:
    names = change.model_fields_set & row.keys()
    return all(row[name] == getattr(change, name) for name in names)


def _require_read(known: Outline, wanted: Steps, *, is_opened: bool, actor: OfficerActor) -> None:
    """Raise unless a step may be taken on a report as far as the officer has read it."""
    if wanted.skip_unread and known.unread:
        raise errors.Conflict("new_message")
    if is_opened:
        return
    if wanted.skip_unread:
        raise errors.Conflict("not_read")
    if known.urgency is Urgency.CRITICAL:
        refuse_unread(known.id, actor)


def _take_step(
    known: Outline, change: Change, desk: Desk, officers: Officers, *, is_opened: bool
) -> None:
    def require(head: Head) -> None:
        report = head.report
        if is_so(report, change):
            raise _AlreadySo
        require_version(report, known.version)
        if change.disposition and takes_two(report, change.disposition):
            raise errors.Invalid(errors.FieldError("disposition", "takes_two"))
        if not change.disposition and takes_reading(report, change) and not is_opened:
            refuse_unread(known.id, desk.actor)

    seen = change.model_copy(update={"messages_seen": known.messages})
    unread = not is_opened or known.unread > 0
    with suppress(_AlreadySo):
        take_step(known.id, seen, require, desk=desk, officers=officers, takes_two=unread)


class _AlreadySo(Exception):
    """A report is as a step wants it."""


def _found_with(
    members: Sequence[str], incident: str, desk: Desk, similar: Incidents
) -> Sequence[str]:
    """Return the ids of reports in the officer's scope that belong to these by likeness."""
    known = outlines_in_scope(members, desk, consistent=True)
    if not known:
        return ()
    chain = Chain(incident, known.values())
    while chain.reached:
        links = similar.similar_rows(chain.reached, desk.actor.now)
        named = (link.report_id for found in links.values() for link in found)
        new = dict.fromkeys(each for each in named if each not in chain.known)
        chain.follow(links, outlines_in_scope(new, desk, consistent=True))
    return chain.found
