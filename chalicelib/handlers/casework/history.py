"""The history of a report or bulletin: its schemas, and the route of a report's.

The members of `detail` depend on the action. Members that a later version records are returned too.
"""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from chalicelib import wiring
from chalicelib.domain.officers.model import CASEWORKERS
from chalicelib.domain.reports.report import Source
from chalicelib.handlers.casework.report_views import ProposalView
from chalicelib.http.requests import Call
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.http.shapes import Shape, Timestamp
from chalicelib.kernel import times
from chalicelib.kernel.models import NotNull, Query, left_out
from chalicelib.kernel.times import Day
from chalicelib.services.casework import history, lists
from chalicelib.services.casework.history import HistoryPage
from chalicelib.services.reports.entries import EntryCursors
from chalicelib.store.audit.rows import Action

# JSON Schema allows additional members by default. Client generators would turn an explicit
# `additionalProperties` into members of any type.
OPEN = ConfigDict(
    extra="allow", json_schema_extra=lambda schema: schema.pop("additionalProperties")
)
Text = Annotated[str | None, NotNull()]
_Done = Annotated[bool | None, NotNull()]
Number = Annotated[int | None, NotNull()]
Names = Annotated[list[str] | None, NotNull()]


class FieldChange(Shape):
    """The old and new value of a changed field."""

    old: str | ProposalView | None
    new: str | ProposalView | None


class ReportEventDetail(Shape):
    """The details of an entry. Which members it has depends on the action.

    `fields` has the changed fields. `files` are media that were sent to the reporter. `asked`,
    `approved`, `lift_asked`, `lift_declined` (the hold stays), `lifted` and `ended` (before it was
    approved) are steps of a legal hold. When `asked_by` is the officer of the entry, they have
    taken back what they asked for. `muted` is true when the report was muted, and false when that
    ended; `followed` is the same of following it. `referral` is a step of a referral to `agency`:
    `proposed`, `approved`, `declined` or `withdrawn`. `redaction` of the picture `media_id` is
    `asked` or `removed`. `lifted_out` of a burst; `burst`: it was closed with that one, as
    `asked_by` and `approved_by` have decided. The steps of the clock: `put_off`, the report is kept
    longer, and `fields` has `kept_until`; `reopened`, the reporter has reopened it up to some
    minutes before, and `muted` is false if that ended a mute; `returned`, its assignee was
    deactivated, and nobody holds it now. `declined` is an end that waited, with the `reason`.
    `oversight` is a step of moving the report there and back: `moved`, `return_asked`, `returned`
    or `return_declined`.
    """

    model_config = OPEN

    reason: Text = left_out()
    version: Number = left_out()
    fields: Annotated[dict[str, FieldChange] | None, NotNull()] = left_out()
    id: Text = left_out()
    files: Annotated[list[str] | None, NotNull()] = left_out()
    part: Text = left_out()
    step: Text = left_out()
    contact: Text = left_out()
    code: Text = left_out()
    asked: _Done = left_out()
    asked_by: Text = left_out()
    approved: _Done = left_out()
    lift_asked: _Done = left_out()
    lift_declined: _Done = left_out()
    declined: _Done = left_out()
    lifted: _Done = left_out()
    lifted_out: _Done = left_out()
    burst: Text = left_out()
    approved_by: Text = left_out()
    ended: _Done = left_out()
    muted: _Done = left_out()
    referral: Text = left_out()
    mask: Text = left_out()
    request: Text = left_out()
    agency: Text = left_out()
    number: Number = left_out()
    include: Names = left_out()
    media_ids: Names = left_out()
    redaction: Text = left_out()
    media_id: Text = left_out()
    followed: _Done = left_out()
    oversight: Text = left_out()
    until: Annotated[Timestamp | None, NotNull()] = left_out()
    entered_by: Annotated[Source | None, NotNull()] = left_out()
    replayed: _Done = left_out()


class ReportEvent(Shape):
    """An entry. That of a report which an officer entered is timed to the minute."""

    at: Timestamp
    by: str
    action: Action
    detail: ReportEventDetail | None
    verified: bool

    @model_validator(mode="after")
    def _received_to_the_minute(self) -> Self:
        # An altered entry does not say whether it was this one.
        if not self.verified or (self.detail and self.detail.entered_by):
            self.at = times.to_minute(self.at)
        return self


class ReportHistory(Shape):
    items: list[ReportEvent]
    next_cursor: str | None


class HistoryQuery(Query):
    cursor: str | None = Field(
        default=None, description="The `next_cursor` of the page before. Without one, the oldest."
    )
    pictures_on: Annotated[Day | None, NotNull()] = Field(
        default=None,
        description="A day in UTC. With it, only the lists of this day that showed a picture of "
        "the report, or its gist, all on one page.",
    )


routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)


@routes.get("/v1/officer/reports/{report_id}/history", query=HistoryQuery, returns=ReportHistory)
def read_history(call: Call) -> Response:
    """Read the history of a report.

    Returns who read or changed what, and when, oldest first, at most 200 entries. To read the next
    page, send `next_cursor` as `cursor`; the last page includes this request. An entry of a change
    has the report's new version, and the old and new value of each changed field.

    `verified` is false when an entry was altered after it was written. Its `detail` is then null.

    Lists that showed a picture of the report, or its gist, are recorded with the officer, not with
    the report. With `pictures_on`, this returns those of a day: who saw it, and when.
    """
    if call.query.pictures_on:
        page = lists.read_lists(
            call.path["report_id"],
            call.query.pictures_on,
            desk=wiring.desk(call.actor),
            officers=wiring.officers(),
        )
        return Response(_shown(page))
    page = history.read_history(
        call.path["report_id"],
        call.query.cursor,
        desk=wiring.desk(call.actor),
        cursors=EntryCursors(wiring.cursors, call.actor.by, call.now),
    )
    return Response(_shown(page))


def _shown(page: HistoryPage) -> ReportHistory:
    events = [ReportEvent.model_validate(entry) for entry in page.items]
    return ReportHistory(items=events, next_cursor=page.next_cursor)
