"""Schemas of the history of a report and of a bulletin.

The members of `detail` depend on the action. Members that a later version records are returned too.
"""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from chalicelib.domain import times
from chalicelib.domain.bulletins import BulletinState
from chalicelib.domain.languages import LocalizedText
from chalicelib.domain.models import NotNull, Query
from chalicelib.domain.reports import Source
from chalicelib.handlers.bulletin_views import VersionContent
from chalicelib.handlers.report_views import ProposalView
from chalicelib.handlers.shapes import Shape, Timestamp, left_out
from chalicelib.store.audit import Action

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
    `asked` or `removed`. The steps of the clock: `put_off`, the report is kept longer, and `fields`
    has `kept_until`; `reopened`, the reporter has reopened it up to some minutes before, and
    `muted` is false if that ended a mute; `returned`, its assignee was deactivated, and nobody
    holds it now.
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
    lifted: _Done = left_out()
    ended: _Done = left_out()
    muted: _Done = left_out()
    referral: Text = left_out()
    agency: Text = left_out()
    number: Number = left_out()
    include: Names = left_out()
    media_ids: Names = left_out()
    redaction: Text = left_out()
    media_id: Text = left_out()
    followed: _Done = left_out()
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


_BulletinStep = Literal[
    "draft", "write", "approve", "decline", "resolve", "withdraw", "expire", "close",
    "delete_pictures", "bulletin", "outcome", "withdrawal",
]  # fmt: skip


class BulletinEventDetail(Shape):
    """The details of an entry. Which members it has depends on the action.

    `fields` has the names of the written fields. `content` is the content of the version, `outcome`
    or `reason` the words of an ending. The `step` of a refused approval is what was not approved,
    and its `code` says why. `without` has the ids of the pictures that an approval has left out,
    because they were not ready. `close`, `delete_pictures` and `expire` are steps of the clock.
    """

    model_config = OPEN

    step: Annotated[_BulletinStep | None, NotNull()] = left_out()
    code: Text = left_out()
    version: Number = left_out()
    state: Annotated[BulletinState | None, NotNull()] = left_out()
    fields: Annotated[list[str] | None, NotNull()] = left_out()
    without: Names = left_out()
    outcome: Annotated[LocalizedText | None, NotNull()] = left_out()
    reason: Annotated[LocalizedText | None, NotNull()] = left_out()
    part: Text = left_out()
    content: Annotated[VersionContent | None, NotNull()] = left_out()


class BulletinEvent(Shape):
    at: Timestamp
    by: str
    action: Action
    detail: BulletinEventDetail | None
    verified: bool


class BulletinHistory(Shape):
    items: list[BulletinEvent]
