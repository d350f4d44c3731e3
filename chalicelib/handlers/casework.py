"""Officers' routes on reports. Who it is comes from the authorizer; what they may do from their own
row.
"""

import json
from dataclasses import replace
from typing import Annotated, Any

from chalice.app import Blueprint
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from chalicelib import errors, wiring
from chalicelib.domain import ids, times
from chalicelib.domain.codes import CategoryCode, ReportDistrict
from chalicelib.domain.media import ACCEPTED, Hint, MediaKind, MediaState, original_key
from chalicelib.domain.models import Input as Strict
from chalicelib.domain.officers import CASEWORKERS, Officer, Role
from chalicelib.domain.reports import (
    Medium,
    OfficerSubmission,
    Report,
    Status,
)
from chalicelib.domain.times import Moment
from chalicelib.domain.workflow import Change, Reason, Username
from chalicelib.handlers import responses
from chalicelib.handlers.auth import authorize_officer
from chalicelib.handlers.http import Access, Call, Key, Limit, Response, as_fields, endpoint
from chalicelib.handlers.reports import created, picture_url, thumbnail_url
from chalicelib.media import grants
from chalicelib.services import admission, casework, lists
from chalicelib.store.table import Row

bp = Blueprint(__name__)

ORIGINAL_LIFE_S = 300


def _read_reference(value: str) -> str:
    reference = ids.read_reference(value)
    if reference is None:
        raise PydanticCustomError("unknown_value", "Not a reference.")
    return reference


class ListQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    category: CategoryCode | None = None
    status: Status | None = None
    district: ReportDistrict | None = None
    assignee: Username | None = None
    bulletin_id: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    reference: Annotated[str, AfterValidator(_read_reference)] | None = None
    since: Moment | None = None
    until: Moment | None = None
    cursor: str | None = None
    limit: Limit = 20


def admitted(call: Call, *roles: Role, on_record: bool = False) -> Officer:
    """The officer who calls, if they are active and have one of `roles`: those of case work unless
    told.

    Denials are on record; with `on_record`, admissions as well.
    """
    return admission.admit(
        call.username,
        roles=roles or CASEWORKERS,
        officers=wiring.officers(),
        audit=wiring.audit(),
        now=call.now,
        to=f"{call.request.method} {call.request.context.get('resourcePath', '')}",
        on_record=on_record,
    )


@endpoint(
    bp,
    "GET",
    "/v1/officer/me",
    summary="Who am I here?",
    tag="Officers",
    access=Access.OFFICER,
    returns={200: responses.OfficerView},
    authorizer=authorize_officer,
)
def get_me(call: Call) -> Response:
    """Name, roles and scope from the officer's own row, read at this request."""
    officer = admitted(call, *Role, on_record=True)
    return Response(
        responses.OfficerView(
            username=officer.username,
            name=officer.name,
            roles=[role.value for role in officer.roles],
            scope={"categories": list(officer.categories), "districts": list(officer.districts)},
        )
    )


@endpoint(
    bp,
    "GET",
    "/v1/officer/reports",
    summary="List reports, newest first",
    tag="Casework",
    access=Access.OFFICER,
    query=ListQuery,
    returns={200: responses.ReportPage},
    raises=(errors.Malformed("bad_cursor"),),
    authorizer=authorize_officer,
)
def list_reports(call: Call) -> Response:
    """Filters narrow each other down; `since` counts, `until` does not any more. Officers see what
    is inside their scope, and only that.

    Only `next_cursor: null` means the end: a page may be short, even empty, before that.
    """
    page = lists.list_reports(
        admitted(call),
        lists.Filters(**call.query.model_dump(exclude={"cursor", "limit"})),
        cursor=call.query.cursor,
        limit=call.query.limit,
        listing=wiring.listing(),
        audit=wiring.audit(),
        cursors=wiring.cursors(),
        catalogue=wiring.catalogue(),
        now=call.now,
    )
    return Response(
        responses.ReportPage(
            items=[_list_row(row) for row in page.rows], next_cursor=page.next_cursor
        )
    )


class _Reason(Strict):
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


@endpoint(
    bp,
    "POST",
    "/v1/officer/reports",
    summary="Enter a report on a caller's behalf",
    tag="Casework",
    access=Access.OFFICER,
    body=OfficerSubmission,
    returns={201: responses.Created, 200: responses.Created},
    raises=(errors.Conflict("key_reused"), errors.Conflict("category_not_active"), errors.Gone),
    key=Key.REQUIRED,
    example={
        "category": "missing_elderly",
        "text": "Caller's father left home at six in slippers.",
        "source": "phone",
    },
    authorizer=authorize_officer,
)
def enter_report(call: Call) -> Response:
    """As a resident's own report, with `source`. Hand the receipt to the caller: it is their only
    key to the report.

    Any officer may enter any category: who picks up the telephone does not choose what it is about.
    """
    officer = admitted(call)
    filed = casework.enter_report(
        officer,
        call.body,
        idempotency_key=str(call.idempotency_key),
        identity=wiring.identity(),
        reports=wiring.reports(),
        bulletins=wiring.bulletins(),
        catalogue=wiring.catalogue(),
        audit=wiring.audit(),
        now=call.now,
    )
    return Response(created(filed, call), status=200 if filed.replayed else 201)


@endpoint(
    bp,
    "GET",
    "/v1/officer/reports/{report_id}",
    summary="Open a report",
    tag="Casework",
    access=Access.OFFICER,
    query=OpenQuery,
    returns={200: responses.OpenedReport},
    raises=(errors.NotFound,),
    authorizer=authorize_officer,
)
def open_report(call: Call) -> Response:
    """Everything but the contact. `ETag` is the version that a change must name in `If-Match`.

    Of a withdrawn report (`restricted`) what the reporter said, text, place, answers, dialogue and
    media, is shown to a supervisor who gives a `reason`, and to nobody else.
    """
    found = casework.open_report(
        admitted(call),
        call.path["report_id"],
        reason=call.query.reason,
        reports=wiring.reports(),
        audit=wiring.audit(),
        now=call.now,
    )
    return Response(
        opened(found).model_dump(by_alias=True), headers={"ETag": etag(found.case.report)}
    )


@endpoint(
    bp,
    "PATCH",
    "/v1/officer/reports/{report_id}",
    summary="Take a step on a report",
    tag="Casework",
    access=Access.OFFICER,
    body=Change,
    returns={200: responses.ChangedReport},
    raises=(
        errors.NotFound,
        errors.Conflict("illegal_transition", legal="in_progress, closed"),
        errors.Conflict("expiring"),
    ),
    if_match=True,
    example={
        "status": "closed",
        "disposition": "resolved",
        "reason": "He was found at the bus depot and is at home again.",
    },
    authorizer=authorize_officer,
)
def change_report(call: Call) -> Response:
    """Any subset of the fields. Send the `ETag` of the version that you have seen as `If-Match`;
    the answer brings the next one.

    Closing needs `disposition` and `reason`, which the reporter reads; as a duplicate,
    `duplicate_of` too. `malicious` stands only once another officer has confirmed it. A report that
    others point at is not made a duplicate (422 `has_duplicates`): link those first. A step that
    the present status does not allow is answered 409, with those that it does. `null` unassigns, or
    unlinks a duplicate.
    """
    officer = admitted(call)
    report = casework.change_report(
        officer,
        call.path["report_id"],
        call.body,
        version=call.version(),
        reports=wiring.reports(),
        officers=wiring.officers(),
        audit=wiring.audit(),
        now=call.now,
    )
    return Response(changed(report), headers={"ETag": etag(report)})


@endpoint(
    bp,
    "POST",
    "/v1/officer/reports/{report_id}/malicious/confirm",
    summary="Confirm that a report is malicious",
    tag="Casework",
    access=Access.OFFICER,
    returns={201: responses.ChangedReport},
    raises=(
        errors.NotFound,
        errors.Conflict("nothing_to_confirm"),
        errors.Conflict("expiring"),
        errors.Forbidden("self_approval"),
    ),
    authorizer=authorize_officer,
)
def confirm_malicious(call: Call) -> Response:
    """The second officer's word: not that of whoever proposed it. The label is the report's, never
    a person's.
    """
    report = casework.confirm_malicious(
        admitted(call),
        call.path["report_id"],
        reports=wiring.reports(),
        audit=wiring.audit(),
        now=call.now,
    )
    return Response(changed(report), status=201, headers={"ETag": etag(report)})


@endpoint(
    bp,
    "POST",
    "/v1/officer/reports/{report_id}/contact",
    summary="Reveal the reporter's contact",
    tag="Casework",
    access=Access.OFFICER,
    body=Reasoned,
    returns={200: responses.ContactView},
    raises=(errors.NotFound,),
    example={"reason": "The ambulance crew asks for the exact entrance."},
    authorizer=authorize_officer,
)
def reveal_contact(call: Call) -> Response:
    """For a reason, which goes on record first. All fields are null when the reporter left no
    contact, or withdrew.
    """
    contact = casework.reveal_contact(
        admitted(call),
        call.path["report_id"],
        read_reason=call.body.reason,
        reports=wiring.reports(),
        audit=wiring.audit(),
        now=call.now,
    )
    return Response(
        responses.ContactView(**contact.model_dump()) if contact else responses.ContactView()
    )


@endpoint(
    bp,
    "GET",
    "/v1/officer/reports/{report_id}/history",
    summary="Who did and saw what, when",
    tag="Casework",
    access=Access.OFFICER,
    returns={200: responses.CaseHistory},
    raises=(errors.NotFound,),
    authorizer=authorize_officer,
)
def read_history(call: Call) -> Response:
    """Oldest first, this very look included. A change names its version and its fields with their
    old and new values.

    `verified: false` marks an entry that somebody altered since it was written; its `detail` is not
    shown.
    """
    rows = casework.read_history(
        admitted(call),
        call.path["report_id"],
        reports=wiring.reports(),
        audit=wiring.audit(),
        now=call.now,
    )
    return Response(responses.CaseHistory(items=[_entry(row) for row in rows]))


def etag(report: Report) -> str:
    return f'"{report.version}"'


def changed(report: Report) -> responses.ChangedReport:
    return responses.ChangedReport(
        **report.model_dump(
            include={
                "id", "reference", "category", "first_category", "status", "urgency", "district", "assignee", "disposition", "reason",
                "duplicate_of", "version",
            }
        ),
        proposal=_proposal(report),
    )  # fmt: skip


def _proposal(report: Report) -> responses.ProposalView | None:
    proposal = report.proposal
    return (
        responses.ProposalView(
            disposition=proposal.disposition, by=proposal.by, at=times.render(proposal.at)
        )
        if proposal
        else None
    )


def _entry(row: Row) -> responses.CaseHistoryEntry:
    """Of a row that is not as it was written the detail is not shown: it may be anything."""
    verified = wiring.audit().is_verified(row)
    detail = json.loads(row["detail"]) if verified and "detail" in row else None
    at = row["sk"].partition("#")[0]
    return responses.CaseHistoryEntry(
        at=at,
        by=str(row.get("by")),
        action=str(row.get("action")),
        detail=detail,
        verified=verified,
    )


# What the reporter said: of a withdrawn report it is not shown.
_SAID = ("text", "location", "place", "details")


def opened(found: casework.Opened) -> responses.OpenedReport:
    case = replace(found.case, media=(), messages=()) if found.restricted else found.case
    report = (
        case.report.model_copy(update=dict.fromkeys(_SAID)) if found.restricted else case.report
    )
    return responses.OpenedReport(
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
        hold=responses.hold_view(case.hold) if case.hold else None,
        restricted=found.restricted,
        received_at=times.render(report.received_at),
        acknowledged_at=times.render(report.acknowledged_at) if report.acknowledged_at else None,
        closed_at=times.render(report.closed_at) if report.closed_at else None,
        occurred_at=times.render(report.occurred_at) if report.occurred_at else None,
        flags=[flag.value for flag in report.flags],
        media=[_opened_medium(report.id, medium) for medium in case.media],
        messages=[responses.message(entry) for entry in case.messages],
        notes=[responses.NoteView(id=note.id, by=note.by, text=note.text, at=times.render(note.at)) for note in case.notes],
    )  # fmt: skip


def _list_row(row: Row) -> responses.ListRow:
    thumb = row.get("thumb")
    return responses.ListRow(
        id=row["id"],
        reference=row["reference"],
        category=row["category"],
        status=row["status"],
        urgency=row["urgency"],
        district=row["district"],
        received_at=row["received_at"],
        assignee=row.get("assignee"),
        media=responses.MediaCount(
            total=row.get("media_total", 0), ready=row.get("media_ready", 0)
        ),
        unread=row.get("unread", 0),
        version=row["version"],
        thumbnail_url=picture_url(row["id"], thumb, "thumb.jpg", ORIGINAL_LIFE_S)
        if thumb
        else None,
        bulletin_id=row.get("bulletin_id"),
    )


def _opened_medium(report_id: str, medium: Medium) -> responses.OpenedMedium:
    ready = medium.state is MediaState.READY
    checksum = medium.checksum or {}
    return responses.OpenedMedium(
        media_id=medium.media_id,
        content_type=responses.seen_type(medium),
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
        preview_url=picture_url(report_id, medium.media_id, "preview.jpg", ORIGINAL_LIFE_S)
        if ready
        else None,
        original_url=_original_url(report_id, medium),
        hint=_hint(medium),
    )


def _hint(medium: Medium) -> responses.HintView:
    hint = Hint.model_validate(medium.hint or {})
    taken_at = hint.taken_at
    shown = (
        (times.render(taken_at) if taken_at.tzinfo else taken_at.isoformat()) if taken_at else None
    )
    return responses.HintView(taken_at=shown, lat=hint.lat, lon=hint.lon)


def _original_url(report_id: str, medium: Medium) -> str | None:
    """Opens the first upload as it came. A picture only as an attachment, a video in place; never
    as a type that the sender chose.
    """
    if medium.version_id is None:
        return None
    real = medium.content_type if medium.content_type in ACCEPTED else None
    playable = (
        real is not None
        and ACCEPTED[real].kind is MediaKind.VIDEO
        and medium.state is MediaState.READY
    )
    bucket = wiring.bucket()
    return grants.read_url(
        s3=bucket.s3,
        bucket=bucket.name,
        key=original_key(report_id, medium.media_id),
        version_id=medium.version_id,
        content_type=real or "application/octet-stream",
        disposition="inline" if playable else "attachment",
        expires_s=ORIGINAL_LIFE_S,
    )
