"""Several reports of one event: what is related to a report, and steps on many.

An officer links what the machine suggests. Each report gets a step of its own, by the rules of
`services/casework/casework`.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple, NoReturn

from chalicelib.domain.officers.model import Officer
from chalicelib.domain.reports.incidents import Similar, Why, day_of, ends_at
from chalicelib.domain.reports.report import Disposition, Report, Status
from chalicelib.domain.reports.workflow import Change, takes_reading, takes_two
from chalicelib.kernel import errors, times
from chalicelib.services.casework.casework import require_version, take_step
from chalicelib.services.casework.gists import Gists, show
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.scope import Desk, head_in_scope
from chalicelib.store.audit.rows import Action, of_report
from chalicelib.store.casework.incidents import Incidents
from chalicelib.store.officers.rows import Officers
from chalicelib.store.reports.duplicates import Outline, read_outlines
from chalicelib.store.reports.incidents import IncidentCounts
from chalicelib.store.reports.rows import Head, InIncident, ListedReport

log = logging.getLogger(__name__)

AT_ONCE_MAX = 25
"""The most reports of one call."""
_MOST_SUGGESTED = 10
# Some of these were withdrawn, or are linked or out of scope. The least similar are not looked at.
_MOST_READ = 20
# Of an original with more duplicates, later calls find those that are further back.
_MOST_PAGES = 20


class SimilarReport(NamedTuple):
    """A report that may be about the same event, as lists show it. The two were received
    `minutes_apart`, and are at most `distance_m` apart, if that is known.
    """

    report: ListedReport
    why: tuple[Why, ...]
    score: float
    distance_m: int | None
    minutes_apart: int


class Related(NamedTuple):
    """The reports that are related to one.

    `similar` is None when it could not be read, or when nothing is known of it any more.
    `duplicates` are the latest hundred, without those outside of the officer's scope; `total` is
    the number of all. `original` is the report that this one is a duplicate of; None when it is
    none, or when that is outside of the scope. `incident` is that which it is in.
    """

    similar: tuple[SimilarReport, ...] | None
    duplicates: tuple[Outline, ...]
    total: int
    original: Outline | None
    incident: InIncident | None = None


class Outcome(NamedTuple):
    """The outcome of one report of a call. `why` is the code of an error; None when it is done."""

    report_id: str
    why: str | None


class Skip(NamedTuple):
    """What is not closed together with others."""

    unread: bool
    unopened: bool


def find_related(
    head: Head,
    *,
    restricted: bool,
    desk: Desk,
    incidents: Incidents,
    counts: IncidentCounts,
    gists: Gists,
) -> Related:
    """Return the reports in the officer's scope that are related to an opened one.

    Nothing is suggested for a restricted report, nor to a machine, whose openings are counted. If
    pictures or gists of what is suggested are shown, that is on record, as of any list. Raises
    Unavailable when its duplicates cannot be read; what is suggested never fails the opening.
    """
    report_id = head.report.id
    linked = desk.reports.duplicates.latest(report_id) if head.duplicates else []
    is_alone = restricted or desk.actor.officer.is_system
    similar = () if is_alone else _suggested(head.report, desk.actor, incidents)
    original = head.report.duplicate_of
    named = (*linked, *([original] if original else ()))
    known = outlines_in_scope((*named, *(each.report_id for each in similar or ())), desk)
    incident = head.report.incident
    return Related(
        None if similar is None else _shown(similar, known, head, desk.actor, counts, gists),
        tuple(known[each] for each in linked if _is_duplicate(known.get(each), report_id)),
        desk.reports.duplicates.beside(head),
        known.get(original) if original else None,
        in_incident(incident, desk.actor.officer, counts) if incident else None,
    )


def in_incident(incident: str, officer: Officer, counts: IncidentCounts) -> InIncident:
    """Return an incident with the number of its reports that the officer sees."""
    return InIncident(incident, counts.read([incident], officer)[incident].total())


def count_open_duplicates(report: Report, *, desk: Desk) -> int | None:
    """Return how many of the latest hundred duplicates in the officer's scope are open.

    None when they could not be read: the step that was taken must not fail for it.
    """
    if not report.duplicates:
        return 0
    try:
        known = outlines_in_scope(desk.reports.duplicates.latest(report.id), desk)
    except errors.Unavailable:
        return None
    return sum(_is_duplicate(each, report.id) and each.is_open for each in known.values())


def link_duplicates(
    report_id: str, duplicates: Sequence[str], *, desk: Desk, officers: Officers
) -> list[Outcome]:
    """Link reports to their original, each by a step of its own. Return the outcome of each.

    Raises NotFound when the original is unknown or out of scope.
    """
    head_in_scope(report_id, desk=desk)
    change = Change(duplicate_of=report_id)

    def link(each: str) -> None:
        report = head_in_scope(each, desk=desk).report
        if takes_reading(report, change) and not desk.actor.has_opened(each):
            refuse_unread(each, desk.actor)

        def require(head: Head) -> bool:
            require_version(head.report, report.version)
            return True

        take_step(each, change, require, desk=desk, officers=officers)

    return [tried(each, link) for each in dict.fromkeys(duplicates)]


def close_duplicates(
    report_id: str, reason: str, *, skip: Skip, desk: Desk, officers: Officers
) -> list[Outcome]:
    """Close up to 25 open duplicates with one reason, each by a step of its own.

    With `skip.unread`, one stays open when something of its reporter is unread; with
    `skip.unopened`, one that the officer has never opened, on record. Otherwise its end is a
    proposal. One whose end `takes_two` always stays open, and one that a message arrives for
    meanwhile. Return the outcome of each. Raises NotFound when the original is
    unknown or out of scope.
    """
    head = head_in_scope(report_id, desk=desk)
    closing = Change(status=Status.CLOSED, disposition=Disposition.DUPLICATE, reason=reason)
    found = {each.id: each for each in _open_duplicates(head, desk)}

    def close(each: str) -> None:
        known = found[each]
        if skip.unread and known.unread:
            raise errors.Conflict("new_message")
        change = closing.model_copy(update={"messages_seen": known.messages})
        is_opened = desk.actor.has_opened(each)
        if skip.unopened and not is_opened:
            refuse_unread(each, desk.actor)

        def require(head: Head) -> bool:
            _require_of_one(head.report, known.version)
            return True

        unread = not is_opened or known.unread > 0
        take_step(each, change, require, desk=desk, officers=officers, takes_two=unread)

    return [tried(each, close) for each in found]


def refuse_unread(report_id: str, actor: OfficerActor) -> NoReturn:
    """Raise Conflict `not_read`, on record as of one report alone."""
    actor.log(of_report(report_id), Action.CLOSE_UNREAD)
    raise errors.Conflict("not_read")


def _require_of_one(report: Report, version: int) -> None:
    """Raise unless one officer may close this version together with others."""
    require_version(report, version)
    if takes_two(report, Disposition.DUPLICATE):
        raise errors.Invalid(errors.FieldError("disposition", "takes_two"))


def _open_duplicates(head: Head, desk: Desk) -> list[Outline]:
    found: list[Outline] = []
    if not head.duplicates:
        return found
    for number, page in enumerate(desk.reports.duplicates.pages(head.report.id)):
        known = outlines_in_scope(page, desk, consistent=True)
        found += [
            known[each]
            for each in page
            if _is_duplicate(known.get(each), head.report.id)
            and known[each].is_open
            and not known[each].awaits_end
        ]
        if len(found) >= AT_ONCE_MAX or number + 1 >= _MOST_PAGES:
            break
    return found[:AT_ONCE_MAX]


def tried(report_id: str, step: Callable[[str], object]) -> Outcome:
    """Return the outcome of a step on one report of many: what is raised stops no other."""
    try:
        step(report_id)
    except errors.Invalid as invalid:
        return Outcome(report_id, invalid.errors[0].code)
    except errors.TiplineError as error:
        return Outcome(report_id, error.code)
    return Outcome(report_id, None)


def _suggested(
    report: Report, actor: OfficerActor, incidents: Incidents
) -> Sequence[Similar] | None:
    try:
        found = incidents.similar_to(report.id, actor.now)[:_MOST_READ]
    except errors.Unavailable:
        log.warning("similar_reports_unknown")
        return None
    # Without its key nothing is known of it any more, which is not that nothing is like it.
    is_compared = actor.now < ends_at(day_of(report.received_at))
    return found if found or is_compared else None


def outlines_in_scope(
    report_ids: Iterable[str], desk: Desk, *, consistent: bool = False
) -> dict[str, Outline]:
    """Return the outlines of those reports that are in the officer's scope."""
    known = read_outlines(desk.reports.table, report_ids, consistent=consistent)
    sees = desk.actor.officer.sees
    return {each.id: each for each in known.values() if sees(each.category, each.district)}


def _is_duplicate(report: Outline | None, original: str) -> bool:
    # The row of the link is written with it, but goes some time after it.
    return report is not None and report.duplicate_of == original


def _shown(
    similar: Iterable[Similar],
    known: dict[str, Outline],
    head: Head,
    actor: OfficerActor,
    counts: IncidentCounts,
    gists: Gists,
) -> tuple[SimilarReport, ...] | None:
    """Return the suggestions as lists show them, without withdrawn reports and those that are
    linked already. None when what they show could not be read, or not be recorded.
    """
    report = head.report
    linked = {report.id, report.duplicate_of} - {None}
    found = [
        (each, other)
        for each in similar
        if (other := known.get(each.report_id))
        and other.status is not Status.WITHDRAWN
        and linked.isdisjoint((other.id, other.duplicate_of))
    ][:_MOST_SUGGESTED]
    if not found:
        return ()
    # Imported here, as for a search: most openings suggest nothing, and need none of it.
    from chalicelib.services.casework.lists import with_incidents

    items = tuple(ListedReport.of(other.listed, actor.now) for _, other in found)
    try:
        shown = with_incidents(items, actor.officer, counts)
        if any(each.fields["thumb"] or each.sealed_gist for each in shown):
            detail = {"similar_to": report.id, "count": len(shown)}
            shown = show(shown, Action.LIST, detail, actor=actor, gists=gists)
    except errors.Unavailable:
        log.warning("similar_reports_unknown")
        return None
    at = times.to_minute(report.received_at)
    return tuple(
        SimilarReport(
            row,
            each.why,
            each.score,
            each.distance_m,
            abs(times.to_minute(other.received_at) - at) // timedelta(minutes=1),
        )
        for row, (each, other) in zip(shown, found, strict=True)
    )
