"""Officers' routes on reports. Who it is comes from the authorizer; what they may do from their own row."""

import re
from typing import Annotated, Any

from chalice.app import Blueprint
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from chalicelib import errors, wiring
from chalicelib.domain import times
from chalicelib.domain.media import ACCEPTED, MediaKind, MediaState, original_key
from chalicelib.domain.officers import Officer, Role
from chalicelib.domain.reports import CategoryCode, Medium
from chalicelib.handlers import answers
from chalicelib.handlers.auth import authorize_officer
from chalicelib.handlers.http import Access, Answer, Call, endpoint
from chalicelib.handlers.reports import picture_url, thumbnail_url
from chalicelib.media import grants
from chalicelib.services import admission, casework
from chalicelib.store.reports import Case
from chalicelib.store.table import Row

bp = Blueprint(__name__)

ORIGINAL_LIFE_S = 300


def _read_limit(value: Any) -> int:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,3}", value, re.ASCII):
        raise PydanticCustomError("wrong_type", "Not a whole number.")
    return int(value)


class ListQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    category: CategoryCode | None = None
    cursor: str | None = None
    limit: Annotated[
        int, BeforeValidator(_read_limit), Field(ge=1, le=50), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 50})
    ] = 20


def admitted(call: Call, *roles: Role) -> Officer:
    """The officer who calls, if they are active and have one of `roles`. Denials are on record."""
    return admission.admit(
        call.username,
        roles=roles,
        officers=wiring.officers(),
        audit=wiring.audit(),
        now=call.now,
        to=f"{call.request.method} {call.request.context.get('resourcePath', '')}",
    )


@endpoint(
    bp,
    "GET",
    "/v1/officer/me",
    summary="Who am I here?",
    tag="Officers",
    access=Access.OFFICER,
    returns={200: answers.OfficerView},
    authorizer=authorize_officer,
)
def get_me(call: Call) -> Answer:
    officer = admitted(call)
    return Answer(
        answers.OfficerView(
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
    returns={200: answers.ReportPage},
    raises=(errors.Malformed("bad_cursor"),),
    authorizer=authorize_officer,
)
def list_reports(call: Call) -> Answer:
    """Only `next_cursor: null` means the end: a page may be short, even empty, before that."""
    page = casework.list_reports(
        admitted(call),
        casework.Filters(category=call.query.category),
        cursor=call.query.cursor,
        limit=call.query.limit,
        listing=wiring.listing(),
        audit=wiring.audit(),
        cursors=wiring.cursors(),
        catalogue=wiring.catalogue(),
        now=call.now,
    )
    return Answer(answers.ReportPage(items=[_list_row(row) for row in page.rows], next_cursor=page.next_cursor))


@endpoint(
    bp,
    "GET",
    "/v1/officer/reports/{report_id}",
    summary="Open a report",
    tag="Casework",
    access=Access.OFFICER,
    returns={200: answers.OpenedReport},
    raises=(errors.NotFound,),
    authorizer=authorize_officer,
)
def open_report(call: Call) -> Answer:
    """Everything but the contact. `ETag` is the version that a change must name in `If-Match`."""
    case = casework.open_report(admitted(call), call.path["report_id"], reports=wiring.reports(), audit=wiring.audit(), now=call.now)
    return Answer(opened(case).model_dump(by_alias=True), headers={"ETag": f'"{case.report.version}"'})


def opened(case: Case) -> answers.OpenedReport:
    report = case.report
    return answers.OpenedReport(
        **report.model_dump(
            include={
                "id", "reference", "category", "first_category", "district", "station", "text", "location", "place",
                "details", "details_version", "bulletin_id", "source", "assignee", "disposition", "reason", "duplicate_of",
                "has_contact", "unread", "version",
            }
        ),
        status=report.status.value,
        urgency=report.urgency.value,
        received_at=times.render(report.received_at),
        occurred_at=times.render(report.occurred_at) if report.occurred_at else None,
        flags=[flag.value for flag in report.flags],
        media=[_opened_medium(report.id, medium) for medium in case.media],
        messages=[answers.message(entry) for entry in case.messages],
        notes=[answers.NoteView(id=note.id, by=note.by, text=note.text, at=times.render(note.at)) for note in case.notes],
    )  # fmt: skip


def _list_row(row: Row) -> answers.ListRow:
    thumb = row.get("thumb")
    return answers.ListRow(
        id=row["id"],
        reference=row["reference"],
        category=row["category"],
        status=row["status"],
        urgency=row["urgency"],
        district=row["district"],
        received_at=row["received_at"],
        assignee=row.get("assignee"),
        media=answers.MediaCount(total=row.get("media_total", 0), ready=row.get("media_ready", 0)),
        unread=row.get("unread", 0),
        version=row["version"],
        thumbnail_url=picture_url(row["id"], thumb, "thumb.jpg", ORIGINAL_LIFE_S) if thumb else None,
        bulletin_id=row.get("bulletin_id"),
    )


def _opened_medium(report_id: str, medium: Medium) -> answers.OpenedMedium:
    ready = medium.state is MediaState.READY
    checksum = medium.checksum or {}
    return answers.OpenedMedium(
        media_id=medium.media_id,
        content_type=answers.seen_type(medium),
        state=medium.state.value,
        reason=medium.reason.value if medium.reason else None,
        size=medium.size,
        sha256=checksum.get("value") if checksum.get("algorithm", "").lower() == "sha256" else None,
        checksum=medium.checksum,
        width=medium.width,
        height=medium.height,
        duration_s=medium.duration_s,
        codec=medium.codec,
        declared={"content_type": medium.declared_type, "size": medium.declared_size, "sha256": medium.declared_sha256},
        thumbnail_url=thumbnail_url(report_id, medium),
        preview_url=picture_url(report_id, medium.media_id, "preview.jpg", ORIGINAL_LIFE_S) if ready else None,
        original_url=_original_url(report_id, medium),
        hint=medium.hint,
    )


def _original_url(report_id: str, medium: Medium) -> str | None:
    """Opens the first upload as it came. A picture only as an attachment, a video in place; never as a type that the sender chose."""
    if medium.version_id is None:
        return None
    real = medium.content_type if medium.content_type in ACCEPTED else None
    playable = real is not None and ACCEPTED[real].kind is MediaKind.VIDEO and medium.state is MediaState.READY
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
