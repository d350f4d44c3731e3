"""Officers' routes on reports: list, enter, open, change, look back."""

import json
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, RootModel, ValidationError, WithJsonSchema

from chalicelib import errors, wiring
from chalicelib.domain import times
from chalicelib.domain.media import Hint
from chalicelib.domain.models import Input
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.domain.report_ids import ReportIds
from chalicelib.domain.report_query import ReportQuery
from chalicelib.domain.reports import Medium, OfficerSubmission, Report
from chalicelib.domain.workflow import Change, Reason
from chalicelib.handlers import schemas
from chalicelib.handlers.field_errors import as_fields
from chalicelib.handlers.pictures import (
    ORIGINAL_LIFE_S,
    original_url,
    picture_url,
    preview_url,
    thumbnail_url,
)
from chalicelib.handlers.reports import created_response
from chalicelib.handlers.requests import Call, Header
from chalicelib.handlers.responses import Response, etag_of
from chalicelib.handlers.routes import Access, Routes
from chalicelib.services import casework, entry, lists
from chalicelib.store.report_rows import ListedReport
from chalicelib.store.table import Row

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)


@routes.get(
    "/v1/officer/reports",
    query=ReportQuery,
    returns=schemas.ReportPage,
    raises=(errors.Malformed("bad_cursor"),),
)
def list_reports(call: Call) -> Response:
    """List reports, newest first.

    Each filter narrows the list; `since` is included, `until` is not. Officers see what is inside
    their scope, and only that. Only `next_cursor: null` means the end: a page may be short, even
    empty, before that.
    """
    page = lists.list_reports(
        call.query,
        actor=call.actor,
        listing=wiring.listing(),
        cursors=wiring.cursors(),
        catalogue=wiring.catalogue(),
    )
    items = [_list_row(listed) for listed in page.items]
    return Response(schemas.ReportPage(items=items, next_cursor=page.next_cursor))


class _Reason(Input):
    """A body that gives a reason."""

    reason: Reason


class Reasoned(
    RootModel[Annotated[Any, WithJsonSchema(_Reason.model_json_schema() | {"title": "Reasoned"})]]
):
    """Any body: whether it gives a reason is asked once it is known who asks, of which report, so
    that its refusal is on record.
    """

    def reason(self) -> str:
        """Raises Invalid for any other body."""
        try:
            return _Reason.model_validate(self.root).reason
        except ValidationError as invalid:
            raise as_fields(invalid) from None


class OpenQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    reason: Reason | None = None


@routes.post(
    "/v1/officer/reports",
    body=OfficerSubmission,
    headers=(Header.KEY,),
    returns={201: schemas.Created, 200: schemas.Created},
    raises=(errors.Conflict("key_reused"), errors.Conflict("category_not_active"), errors.Gone),
)
def enter_report(call: Call) -> Response:
    """Enter a report on a caller's behalf.

    As a resident's own report, with `source`. Hand the receipt to the caller: it is their only
    key to the report.

    Any officer may enter any category: who picks up the telephone does not choose what it is about.
    """
    created = entry.enter_report(
        call.body,
        ReportIds(wiring.identity(), call.required_key),
        actor=call.actor,
        reports=wiring.reports(),
        bulletins=wiring.bulletins(),
        catalogue=wiring.catalogue(),
    )
    return created_response(created, call)


@routes.get(
    "/v1/officer/reports/{report_id}",
    query=OpenQuery,
    returns=schemas.OpenedReport,
    raises=(errors.NotFound,),
)
def open_report(call: Call) -> Response:
    """Open a report.

    Everything but the contact. `ETag` is the version that a change must name in `If-Match`.

    Of a withdrawn report (`restricted`) what the reporter said, text, place, answers, dialogue and
    media, is shown to a supervisor who gives a `reason`, and to nobody else.
    """
    found = casework.open_report(
        call.path["report_id"],
        reason=call.query.reason,
        actor=call.actor,
        reports=wiring.reports(),
    )
    return Response(opened(found), headers=etag_of(found.case.report.version))


@routes.patch(
    "/v1/officer/reports/{report_id}",
    body=Change,
    headers=(Header.IF_MATCH,),
    returns=schemas.ChangedReport,
    raises=(
        errors.NotFound,
        errors.Conflict("illegal_transition", legal="in_progress, closed"),
        errors.Conflict("expiring"),
    ),
)
def change_report(call: Call) -> Response:
    """Take a step on a report.

    Any subset of the fields. Send the `ETag` of the version that you have seen as `If-Match`;
    the answer brings the next one.

    Closing needs `disposition` and `reason`, which the reporter reads; as a duplicate,
    `duplicate_of` too. `malicious` stands only once another officer has confirmed it. A report that
    others point at is not made a duplicate (422 `has_duplicates`): link those first. A step that
    the present status does not allow is answered 409, with those that it does. `null` unassigns, or
    unlinks a duplicate.
    """
    report = casework.change_report(
        call.path["report_id"],
        call.body,
        call.version,
        actor=call.actor,
        reports=wiring.reports(),
        officers=wiring.officers(),
    )
    return Response(changed(report), headers=etag_of(report.version))


@routes.post(
    "/v1/officer/reports/{report_id}/malicious/confirm",
    returns=schemas.ChangedReport,
    raises=(
        errors.NotFound,
        errors.Conflict("nothing_to_confirm"),
        errors.Conflict("expiring"),
        errors.Forbidden("self_approval"),
    ),
)
def confirm_malicious(call: Call) -> Response:
    """Confirm that a report is malicious.

    The second officer's word: not that of whoever proposed it. The label is the report's, never
    a person's.
    """
    report = casework.confirm_malicious(
        call.path["report_id"],
        actor=call.actor,
        reports=wiring.reports(),
    )
    return Response(changed(report), headers=etag_of(report.version))


@routes.post(
    "/v1/officer/reports/{report_id}/contact",
    body=Reasoned,
    returns={200: schemas.ContactView},
    raises=(errors.NotFound,),
)
def reveal_contact(call: Call) -> Response:
    """Reveal the reporter's contact.

    For a reason, which goes on record first. All fields are null when the reporter left no
    contact, or withdrew.
    """
    contact = casework.reveal_contact(
        call.path["report_id"],
        read_reason=call.body.reason,
        actor=call.actor,
        reports=wiring.reports(),
    )
    return Response(
        schemas.ContactView(**contact.model_dump()) if contact else schemas.ContactView()
    )


@routes.get(
    "/v1/officer/reports/{report_id}/history",
    returns=schemas.CaseHistory,
    raises=(errors.NotFound,),
)
def read_history(call: Call) -> Response:
    """Who did and saw what, when.

    Oldest first, this very look included. A change names its version and its fields with their
    old and new values.

    `verified: false` marks an entry that somebody altered since it was written; its `detail` is not
    shown.
    """
    rows = casework.read_history(
        call.path["report_id"],
        actor=call.actor,
        reports=wiring.reports(),
    )
    return Response(schemas.CaseHistory(items=[_entry(row) for row in rows]))


def changed(report: Report) -> schemas.ChangedReport:
    return schemas.ChangedReport(
        **report.model_dump(
            include={
                "id", "reference", "category", "first_category", "status", "urgency", "district", "assignee", "disposition", "reason",
                "duplicate_of", "version",
            }
        ),
        proposal=_proposal(report),
    )  # fmt: skip


def _proposal(report: Report) -> schemas.ProposalView | None:
    proposal = report.proposal
    return (
        schemas.ProposalView(
            disposition=proposal.disposition, by=proposal.by, at=times.render(proposal.at)
        )
        if proposal
        else None
    )


def _entry(row: Row) -> schemas.CaseHistoryEntry:
    """Of a row that is not as it was written the detail is not shown: it may be anything."""
    verified = wiring.audit().is_verified(row)
    detail = json.loads(row["detail"]) if verified and "detail" in row else None
    at = row["sk"].partition("#")[0]
    return schemas.CaseHistoryEntry(
        at=at,
        by=str(row.get("by")),
        action=str(row.get("action")),
        detail=detail,
        verified=verified,
    )


# What the reporter said: of a withdrawn report it is not shown.
_SAID = ("text", "location", "place", "details")


def opened(found: casework.OpenedCase) -> schemas.OpenedReport:
    case = replace(found.case, media=(), messages=()) if found.restricted else found.case
    report = (
        case.report.model_copy(update=dict.fromkeys(_SAID)) if found.restricted else case.report
    )
    return schemas.OpenedReport(
        **report.model_dump(
            include={
                "id", "reference", "category", "first_category", "district", "station", "text", "location", "place",
                "details", "details_version", "bulletin_id", "source", "assignee", "disposition", "reason", "duplicate_of",
                "has_contact", "unread", "version",
            }
        ),
        status=report.status.value,
        urgency=report.urgency.value,
        proposal=_proposal(report),
        hold=schemas.hold_view(case.hold) if case.hold else None,
        restricted=found.restricted,
        received_at=times.render(report.received_at),
        acknowledged_at=times.render(report.acknowledged_at) if report.acknowledged_at else None,
        closed_at=times.render(report.closed_at) if report.closed_at else None,
        occurred_at=times.render(report.occurred_at) if report.occurred_at else None,
        flags=[flag.value for flag in report.flags],
        media=[_opened_medium(report.id, medium) for medium in case.media],
        messages=[schemas.message(entry) for entry in case.messages],
        notes=[schemas.NoteView(id=note.id, by=note.by, text=note.text, at=times.render(note.at)) for note in case.notes],
    )  # fmt: skip


def _list_row(listed: ListedReport) -> schemas.ListRow:
    thumbnail = (
        picture_url(listed.id, listed.thumb, "thumb.jpg", ORIGINAL_LIFE_S) if listed.thumb else None
    )
    return schemas.ListRow(
        id=listed.id,
        reference=listed.reference,
        category=listed.category,
        status=listed.status,
        urgency=listed.urgency,
        district=listed.district,
        received_at=times.render(listed.received_at),
        assignee=listed.assignee,
        media=schemas.MediaCount(total=listed.media_total, ready=listed.media_ready),
        unread=listed.unread,
        version=listed.version,
        thumbnail_url=thumbnail,
        bulletin_id=listed.bulletin_id,
    )


def _opened_medium(report_id: str, medium: Medium) -> schemas.OpenedMedium:
    checksum = medium.checksum or {}
    return schemas.OpenedMedium(
        media_id=medium.media_id,
        content_type=schemas.seen_type(medium),
        state=medium.state.value,
        reason=medium.reason.value if medium.reason else None,
        size=medium.size,
        sha256=checksum.get("value")
        if (checksum.get("algorithm"), checksum.get("type")) == ("sha256", "full_object")
        else None,
        checksum=medium.checksum,
        width=medium.width,
        height=medium.height,
        duration_s=medium.duration_s,
        codec=medium.codec,
        declared={
            "content_type": medium.declared_type,
            "size": medium.declared_size,
            "sha256": medium.declared_sha256,
        },
        thumbnail_url=thumbnail_url(report_id, medium),
        preview_url=preview_url(report_id, medium),
        original_url=original_url(report_id, medium),
        hint=_hint(medium),
    )


def _hint(medium: Medium) -> schemas.HintView:
    hint = Hint.model_validate(medium.hint or {})
    taken_at = hint.taken_at
    shown = (
        (times.render(taken_at) if taken_at.tzinfo else taken_at.isoformat()) if taken_at else None
    )
    return schemas.HintView(taken_at=shown, lat=hint.lat, lon=hint.lon)
