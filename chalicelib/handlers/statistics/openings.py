"""Routes of who opened what: an officer's own openings, an auditor's questions, and the numbers of
a week for supervisors.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import Field

from chalicelib import wiring
from chalicelib.domain.officers.model import PEOPLE, Role
from chalicelib.domain.reports.workflow import Username
from chalicelib.domain.statistics.exports import zip_of
from chalicelib.domain.statistics.tables import tables_of
from chalicelib.domain.watch import OVERSIGHT_PART, OpeningKind, Question
from chalicelib.http.requests import Call
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.http.shapes import Shape, Timestamp
from chalicelib.kernel import times
from chalicelib.kernel.ids import random_id
from chalicelib.kernel.models import Input, Query
from chalicelib.kernel.times import Day, Moment
from chalicelib.services.watch import acts
from chalicelib.services.watch.acts import Opening, OpeningsPage, Stores, Week, WeekPage
from chalicelib.store.audit.rows import Action
from chalicelib.store.statistics.exports import LIFE_S

routes = Routes("Officers", Access.OFFICER, roles=(Role.AUDITOR,))


ReportId = Annotated[str, Field(min_length=1, max_length=40)]


class OwnOpeningsQuery(Query):
    kind: OpeningKind | None = Field(
        default=None,
        description="`open`: only what a report says, or a part of it; `original`: only originals; "
        "`contact`: only contacts.",
    )
    since: Moment | None = Field(default=None, description="Only openings at or after this time.")
    until: Moment | None = Field(default=None, description="Only openings before this time.")
    cursor: str | None = Field(
        default=None, description="The `next_cursor` of the page before, with the same filters."
    )

    def question(self) -> Question:
        return Question(kind=self.kind, since=self.since, until=self.until)


class OpeningsQuery(OwnOpeningsQuery):
    officer: Username | None = Field(
        default=None, description="Only what the officer with this username has opened."
    )
    report_id: ReportId | None = Field(
        default=None, description="Only openings of this report, also of one that is deleted."
    )

    def question(self) -> Question:
        return super().question()._replace(officer=self.officer, report_id=self.report_id)


class OpeningView(Shape):
    """An opening of a report. One of a report which the officer entered is timed to the minute.

    `part` is the part that was opened; null is the whole report. `export` is the export that it was
    opened for, `media_id` the medium of an original. `has_reason`: a reason is on record, sealed to
    the report. `verified` is false when the audit row was altered or deleted since: then the rest
    is null, and `has_reason` false.
    """

    at: Timestamp
    by: str
    kind: OpeningKind
    report_id: str
    reference: str
    part: str | None
    media_id: str | None
    export: str | None
    has_reason: bool
    verified: bool

    @classmethod
    def shown(cls, opening: Opening) -> Self:
        act, entry = opening.act, opening.entry
        detail = (entry.detail if entry else None) or {}
        report_id = act.key[0].partition("#")[2]
        return cls(
            at=act.at if _is_exact(opening) else times.to_minute(act.at),
            by=act.by,
            kind=act.kind,
            report_id=report_id,
            reference=wiring.identity().reference(report_id),
            part=_part(detail),
            media_id=detail.get("media_id"),
            export=detail.get("export"),
            has_reason=bool(entry and entry.sealed),
            verified=opening.is_verified,
        )


def _part(detail: Mapping[str, Any]) -> str | None:
    """Return the part that was opened. Nobody learns here which reports oversight has: who moves
    one opens all of it.
    """
    part: str | None = detail.get("part")
    return None if part == OVERSIGHT_PART else part


def _is_exact(opening: Opening) -> bool:
    # As in a report's history: an altered entry does not say whether it was this one.
    entry = opening.entry
    return entry is not None and entry.verified and "entered_by" not in (entry.detail or {})


class OpeningPage(Shape):
    """A page of openings. It can be empty although more follow: only `next_cursor: null` ends the
    list.
    """

    items: list[OpeningView]
    next_cursor: str | None

    @classmethod
    def shown(cls, page: OpeningsPage) -> Self:
        items = [OpeningView.shown(each) for each in page.items]
        return cls(items=items, next_cursor=page.next_cursor)


@routes.get("/v1/officer/me/openings", query=OwnOpeningsQuery, returns=OpeningPage, roles=PEOPLE)
def list_own_openings(call: Call) -> Response:
    """List what you have opened.

    Returns your own openings of reports, the latest first, as the audit has them for two years.
    A new one is listed about a minute later. Pictures that lists show are not among them.
    """
    page = acts.list_own_openings(
        call.query.question(), call.query.cursor, actor=call.actor, stores=_stores()
    )
    return Response(OpeningPage.shown(page))


@routes.get("/v1/audit/openings", query=OpeningsQuery, returns=OpeningPage)
def list_openings(call: Call) -> Response:
    """List who opened what.

    For auditors, by officer, report, time and kind: the openings of two years, as the audit has
    them, the latest first. Without an officer and a report, they are sorted by officer first. Each
    call is on record itself. Nothing that a report says is in the answer.
    """
    page = acts.list_openings(
        call.query.question(), call.query.cursor, actor=call.actor, stores=_stores()
    )
    return Response(OpeningPage.shown(page))


class OpeningFilters(Input):
    """Which openings to export, by the filters of their list."""

    officer: Username | None = None
    report_id: ReportId | None = None
    kind: OpeningKind | None = None
    since: Moment | None = None
    until: Moment | None = None


class OpeningsExportView(Shape):
    """An export of openings. `url` downloads it until `expires_at`. `sha256` is that of the zip."""

    id: str
    url: str
    expires_at: Timestamp
    count: int
    sha256: str


@routes.post(
    "/v1/audit/openings/export",
    body=OpeningFilters,
    returns={201: OpeningsExportView},
    raises=("too_many_openings",),
)
def export_openings(call: Call) -> Response:
    """Export who opened what.

    Makes a zip of all openings that match, up to 5,000, and returns an address from which it can be
    downloaded for five minutes. It needs no second person: nothing that a report says is in it.

    `openings.xlsx` and `openings.csv` have a row for each. `row` and `mac` are what the seals of
    the audit hold of an audit row, so that it can be compared with these (`make audit-verify`); an
    opening that is timed to the minute has none. `export.json` says who asked for what, and when.
    The SHA-256 of the zip goes on record, and so into the signed digest of the hour, before the zip
    is stored.
    """
    asked = Question(**dict(call.body))
    found = acts.openings_to_export(asked, actor=call.actor, stores=_stores())
    export_id = random_id(20)
    archive = zip_of(_files(export_id, asked, found, call), call.now)
    sha256 = hashlib.sha256(archive).hexdigest()
    record = {"export": export_id, "openings": len(found), "sha256": sha256}
    call.actor.log_own(Action.LIST, record)
    signed_at = wiring.clock.wall_clock()
    url = wiring.export_files().put(f"{export_id}.zip", archive)
    expires_at = signed_at + timedelta(seconds=LIFE_S)
    made = OpeningsExportView(
        id=export_id, url=url, expires_at=expires_at, count=len(found), sha256=sha256
    )
    return Response(made)


def _files(
    export_id: str, asked: Question, found: Sequence[Opening], call: Call
) -> list[tuple[str, bytes]]:
    said = {
        "id": export_id,
        "by": call.actor.by,
        "at": times.render(call.now),
        "filters": acts.question_on_record(asked),
        "count": len(found),
    }
    rows = [OpeningView.shown(each).model_dump(mode="json") | _seal_of(each) for each in found]
    return [
        ("export.json", json.dumps(said, ensure_ascii=False, indent=1).encode()),
        *tables_of("openings", rows, (*OpeningView.model_fields, "row", "mac"), call.now),
    ]


def _seal_of(opening: Opening) -> dict[str, str]:
    """Return the key and the HMAC of an audit row, as its seal has them."""
    if opening.entry is None or not _is_exact(opening):
        return {}
    return {"row": " ".join(opening.act.key), "mac": opening.entry.mac}


class NumbersQuery(Query):
    week: Day | None = Field(
        default=None, description="A day in UTC, of the week from Monday. Without it, today."
    )
    cursor: str | None = Field(
        default=None, description="The `next_cursor` of the page before, with the same query."
    )


class OfficerWeek(Shape):
    """How often an officer did what, in a week. `openings` are those of reports and their parts,
    `originals` of files, `contacts` of contacts; `unread_closings` were refused; `moves` are to
    oversight.
    """

    username: str
    name: str
    openings: int
    originals: int
    contacts: int
    searches: int
    denials: int
    closings: int
    unread_closings: int
    moves: int

    @classmethod
    def counted(cls, week: Week) -> Self:
        counted = {name: week.numbers[name] for name in _NUMBERS}
        return cls(username=week.officer.username, name=week.officer.name, **counted)


_NUMBERS = tuple(name for name in OfficerWeek.model_fields if name not in ("username", "name"))


class WeekNumbers(Shape):
    """The numbers of the week from `begins_at` on. A page can be empty although more follow."""

    begins_at: Timestamp
    items: list[OfficerWeek]
    next_cursor: str | None

    @classmethod
    def counted(cls, page: WeekPage) -> Self:
        items = [OfficerWeek.counted(each) for each in page.items]
        return cls(begins_at=page.begins_at, items=items, next_cursor=page.next_cursor)


@routes.get(
    "/v1/officer/numbers", query=NumbersQuery, returns=WeekNumbers, roles=(Role.SUPERVISOR,)
)
def count_week(call: Call) -> Response:
    """Count what officers did in a week.

    For supervisors: of each officer whose whole scope is in your own, how often they opened, looked
    for, closed or were refused something. A number is a question, not an accusation. What was done
    in the last minute is not counted yet.
    """
    page = acts.count_week(call.query.week, call.query.cursor, actor=call.actor, stores=_stores())
    return Response(WeekNumbers.counted(page))


def _stores() -> Stores:
    return Stores(wiring.act_rows(), wiring.officers(), wiring.cursors(), wiring.reports())
