"""Officers' routes of lists: reports, search by a number, pulse, and colleagues."""

import logging
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from chalicelib import wiring
from chalicelib.domain.casework.query import ReportQuery
from chalicelib.domain.casework.requests import ColleagueQuery
from chalicelib.domain.casework.search_tokens import AS_TYPED, token_of
from chalicelib.domain.officers.model import CASEWORKERS, WITH_MACHINES, Role
from chalicelib.domain.reports.report import Disposition
from chalicelib.domain.reports.workflow import Username
from chalicelib.handlers.casework.listed import ListedReportView
from chalicelib.http.requests import Call
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.http.shapes import Category, District, Minute, Shape, Timestamp
from chalicelib.kernel import errors
from chalicelib.kernel.models import Query
from chalicelib.kernel.text import bounded, clean_number
from chalicelib.kernel.times import Day
from chalicelib.services.casework import assignments, lists
from chalicelib.services.casework.presence import note_presence, take_pulse
from chalicelib.services.casework.search import count_unopened, search_reports
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.entries import EntryCursors
from chalicelib.store.casework.rows import Onlooker
from chalicelib.store.reports.rows import ListedReport

log = logging.getLogger(__name__)


class ReportPage(Shape):
    items: list[ListedReportView]
    next_cursor: str | None


routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)


@routes.get("/v1/officer/reports", query=ReportQuery, returns=ReportPage, roles=WITH_MACHINES)
def list_reports(call: Call) -> Response:
    """List reports, newest first, or by what needs an officer next.

    With `sort=attention`, a report can move up while you read on: begin again from time to time.
    Returns the reports that match all filters and are in the officer's scope. To read the next
    page, send `next_cursor` as `cursor`. A page can be short or empty even if more pages follow:
    only `next_cursor: null` ends the list. `since` may not be later than `until`.
    """
    page = lists.list_reports(call.query, actor=call.actor, stores=wiring.list_stores())
    items = _views(page.items, call, is_last=page.next_cursor is None)
    return Response(ReportPage(items=items, next_cursor=page.next_cursor))


def _views(
    reports: Sequence[ListedReport], call: Call, *, is_last: bool = False
) -> list[ListedReportView]:
    counted = lists.with_incidents(
        reports, call.actor.officer, wiring.incident_counts(), is_last=is_last
    )
    return [ListedReportView.listed(each) for each in counted]


_LONGEST = 60


def _read_token(text: str) -> str:
    token = token_of(bounded(clean_number(text), _LONGEST, one_line=True))
    if token is None:
        raise PydanticCustomError("not_searchable", "Not one plate, phone number or number.")
    return token


class SearchQuery(Query):
    """What to search for."""

    text: Annotated[
        str,
        AfterValidator(_read_token),
        WithJsonSchema({"type": "string", "maxLength": _LONGEST, "pattern": AS_TYPED}),
    ] = Field(
        description="One plate, phone number or other number, typed in any way: 4 to 20 letters "
        "and digits, at least two of them digits. Also full-width, and in other digits."
    )


class UnopenedReports(Shape):
    """The open reports of the officer's scope that nobody has opened, so that no search finds them.
    `complete` is false when there are more than were looked at, and `count` is the least that there
    are. `next` is the id of the first of them by attention.
    """

    count: int
    complete: bool
    next: str | None


class SearchResult(Shape):
    """Reports that have the number, newest first, as lists show them.

    `more` says that there are others in the officer's scope. `searched` says among which reports:
    what nobody has opened yet is not found. `unopened` says how many that leaves; null for
    oversight, whose reports are not searched.
    """

    items: list[ListedReportView]
    more: bool
    searched: Literal["opened_reports"]
    unopened: UnopenedReports | None


@routes.get("/v1/officer/search", query=SearchQuery, returns=SearchResult)
def search_reports_by_number(call: Call) -> Response:
    """Search for a plate, a phone number or another number.

    Returns the latest 50 reports in the officer's scope that have exactly this number in their
    text, their answers, their address, a message or a note. Spaces, dashes and dots in it count for
    nothing, nor do upper and lower case, and `+86` before a mobile number. Names and words are not
    searched.

    Only reports that an officer has opened are found, since nothing else could read them before:
    `unopened` says how many open reports that leaves, of up to 1,000. Of a report, 16 numbers are
    kept. Withdrawn reports are not found.
    """
    found = search_reports(
        call.query.text,
        actor=call.actor,
        search_key=wiring.search_key(),
        entries=wiring.search_entries(),
        gists=wiring.gists(),
    )
    items = _views(found.items, call)
    left = _unopened(call.actor)
    return Response(
        SearchResult(items=items, more=found.more, searched="opened_reports", unopened=left)
    )


def _unopened(actor: OfficerActor) -> UnopenedReports | None:
    counted = count_unopened(
        actor=actor,
        headings=wiring.kept_headings(),
        rows=wiring.pulse_rows(),
        listing=wiring.listing(),
        catalogue=wiring.whole_catalogue(),
    )
    return UnopenedReports.model_validate(counted) if counted else None


class PulseQuery(Query):
    looking_at: str | None = Field(
        default=None,
        max_length=64,
        description="The id of the report that you have open. Others who have it open then see it.",
    )


class OnlookerView(Shape):
    """An officer who has the same report open."""

    username: str
    name: str


class PulseCounts(Shape):
    """Counts of the reports in the officer's scope, without drills that have nothing unread.

    `critical` and `overdue` are those that nobody has acknowledged; `overdue` leaves out critical
    ones. `needs_action` counts what the filter `needs_action` lists.
    """

    critical: int
    overdue: int
    unread: int
    new: int
    open: int
    needs_action: int


class PulseView(Shape):
    """`complete` is false when there are more reports than were counted: the counts are then the
    least that there are. `mark` differs from the one before when a report in the scope has changed.
    `unread` has the ids of up to 50 reports with something unread. `also_looking` are the others
    who had the report `looking_at` open in the last 45 seconds; null when that is not known.
    """

    counts: PulseCounts
    complete: bool
    newest_change: Minute | None
    mark: str
    unread: list[str]
    also_looking: list[OnlookerView] | None


@routes.get("/v1/officer/pulse", query=PulseQuery, returns=PulseView)
def get_pulse(call: Call) -> Response:
    """Get the pulse of your scope: counts, and whether anything has changed.

    A console may ask every eight seconds while something changes and every 30 otherwise, and read a
    list again when `mark` has changed. What changes is counted within seconds. The response has
    nothing of what reports say. Your first call in each hour is on record.
    """
    pulse = take_pulse(
        actor=call.actor,
        headings=wiring.kept_headings(),
        rows=wiring.pulse_rows(),
        catalogue=wiring.whole_catalogue(),
    )
    others = _others(call)
    return Response(PulseView.model_validate(pulse._asdict() | {"also_looking": others}))


def _others(call: Call) -> tuple[Onlooker, ...] | None:
    """Return who else has the report open; None when it is not known. The counts of what is
    critical must not wait for that.
    """
    if not call.query.looking_at:
        return ()
    try:
        return note_presence(
            call.query.looking_at,
            desk=wiring.desk(call.actor),
            presence=wiring.presence(),
            headings=wiring.kept_headings(),
        )
    except errors.Unavailable:
        log.warning("onlookers_unknown")
        return None


class ClosingQuery(Query):
    officer: Username = Field(description="The username of the officer.")
    day: Day = Field(description="The day in UTC.")
    cursor: str | None = Field(
        default=None, description="The `next_cursor` of the page before, with the same query."
    )


class ListedClosing(Shape):
    """A disposition that an officer has set. `awaits`: it waits for a second officer; of a report
    that you do not see now, it took one.
    """

    at: Timestamp
    id: str
    reference: str
    category: Category
    district: District
    disposition: Disposition
    awaits: bool


class ClosingPage(Shape):
    """A page of closings, oldest first. It can be empty although more follow."""

    items: list[ListedClosing]
    next_cursor: str | None


@routes.get(
    "/v1/officer/closings", query=ClosingQuery, returns=ClosingPage, roles=(Role.SUPERVISOR,)
)
def list_closings(call: Call) -> Response:
    """List what an officer has closed.

    For supervisors: the dispositions that one officer has set on a day, oldest first, of reports
    that were in your scope then. Each was set after an opening that is on record. An end that takes
    a second officer is listed while it waits, and once the report was ended so: not if it was taken
    back, declined or void. A page has a report once, with the last of its ends; one that you do not
    see now, as it was recorded. Only `next_cursor: null` ends the list.
    """
    page = lists.list_closings(
        call.query.officer,
        call.query.day,
        call.query.cursor,
        desk=wiring.desk(call.actor),
        cursors=EntryCursors(wiring.cursors, call.actor.by, call.now),
        officers=wiring.officers(),
    )
    items = [ListedClosing.model_validate(each) for each in page.items]
    return Response(ClosingPage(items=items, next_cursor=page.next_cursor))


class Colleague(Shape):
    username: str
    name: str


class ColleaguePage(Shape):
    """A page of officers, by username. It can be empty although more follow."""

    items: list[Colleague]
    next_cursor: str | None


@routes.get(
    "/v1/officer/colleagues", query=ColleagueQuery, returns=ColleaguePage, roles=WITH_MACHINES
)
def list_colleagues(call: Call) -> Response:
    """List whom a report may be assigned to.

    Returns the active officers and supervisors who see reports of this category and district,
    yourself included: those whom PATCH accepts as `assignee`. A category or district outside your
    own scope gives an empty page. Only `next_cursor: null` ends the list.
    """
    page = assignments.list_colleagues(
        call.query, actor=call.actor, officers=wiring.officers(), cursors=wiring.cursors()
    )
    items = [Colleague.model_validate(each) for each in page.items]
    return Response(ColleaguePage(items=items, next_cursor=page.next_cursor))
