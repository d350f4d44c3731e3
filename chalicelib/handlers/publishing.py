"""Bulletins as officers write, approve and end them."""

from typing import Any

from chalice.app import Blueprint
from pydantic import Field

from chalicelib import errors, wiring
from chalicelib.domain import times
from chalicelib.domain.bulletins import Bulletin, Content
from chalicelib.domain.bulletins import BulletinState as State
from chalicelib.domain.bulletins.requests import Changes, Draft, Outcome, Reason
from chalicelib.domain.languages import text
from chalicelib.domain.media import MAX_MEDIA_PER_CALL, Declared, MediaState
from chalicelib.domain.models import Input as Strict
from chalicelib.domain.reports import Medium
from chalicelib.handlers import responses
from chalicelib.handlers.auth import authorize_officer
from chalicelib.handlers.bulletins import BODY, URL, WORDS, PublicQuery, rendered, url_of
from chalicelib.handlers.casework import admitted
from chalicelib.handlers.http import Access, Call, Key, Response, endpoint
from chalicelib.handlers.reports import THUMBNAIL_LIFE_S, picture_url
from chalicelib.services import publishing, uploads
from chalicelib.services.publishing import Desk
from chalicelib.store.bulletins import Dossier

bp = Blueprint(__name__)

_NOT_FOUND = errors.NotFound()
_CLOSED = errors.Conflict("channel_not_active")
_ILLEGAL = errors.Conflict("illegal_transition")


class OfficerQuery(PublicQuery):
    state: State | None = None


class Pictures(Strict):
    media: tuple[Declared, ...] = Field(min_length=1, max_length=MAX_MEDIA_PER_CALL, strict=False)


class Resolution(Strict):
    outcome: Outcome


class Withdrawal(Strict):
    reason: Reason


_DRAFT = {
    "channel": "missing_persons",
    "title": WORDS,
    "body": BODY,
    "area": {"district": "chaoyang", "lat": 39.933, "lon": 116.478, "datum": "gcj02"},
    "about": "elderly",
    "guardian_consent": True,
}
_OUTCOME = {"zh": "王奶奶已平安回家。", "en": "Mrs Wang is safely back home."}
_OFFICERS_ROW = {
    "id": "B-3M7QK2X9TZ4V8WNC",
    "state": "published",
    "version": 3,
    "channel": "missing_persons",
    "channel_label": "Missing persons",
    "title": WORDS,
    "body": BODY,
    "area": {"district": "chaoyang", "geohash": "wx4g4"},
    "about": "elderly",
    "guardian_consent": True,
    "expires_at": "2026-12-01T02:00:00.000Z",
    "pending": False,
    "created_at": "2026-11-24T01:30:00.000Z",
    "created_by": "officer",
    "authors": ["officer"],
    "approved_by": "supervisor",
    "published_version": 3,
    "published_at": "2026-11-24T02:00:00.000Z",
    "corrected_at": None,
    "ended_at": None,
    "outcome": None,
    "reason": None,
}


class BulletinRow(responses.Shape):
    """`expires_at`: when it ends, or, of a draft, the date that was asked for. `pending`: something
    waits for approval.
    """

    id: str
    state: str
    version: int
    channel: str
    channel_label: str
    title: dict[str, str]
    body: dict[str, str]
    area: str | dict[str, str] | None
    about: str
    guardian_consent: bool
    expires_at: str | None
    pending: bool
    created_at: str
    created_by: str
    authors: list[str]
    approved_by: str | None
    published_version: int | None
    published_at: str | None
    corrected_at: str | None
    ended_at: str | None
    outcome: dict[str, str] | None
    reason: str | None


class BulletinPage(responses.Shape):
    model_config = responses.shown({"items": [_OFFICERS_ROW], "next_cursor": None})

    items: list[BulletinRow]
    next_cursor: str | None


class BulletinPicture(responses.Shape):
    """`shown`: belongs to the version at hand."""

    media_id: str
    shown: bool
    state: str
    reason: str | None
    reason_text: str | None
    content_type: str
    thumbnail_url: str | None
    preview_url: str | None


class Consent(responses.Shape):
    by: str
    at: str


class OpenedBulletin(BulletinRow):
    """`published`: what readers see meanwhile, where that differs.

    `steps`: what may be done now.
    """

    model_config = responses.shown(
        {
            **_OFFICERS_ROW,
            "consent": {"by": "officer", "at": "2026-11-24T01:30:00.000Z"},
            "media": [],
            "published": None,
            "leads": 4,
            "steps": ["write", "resolve", "withdraw"],
            "url": URL,
        }
    )

    consent: Consent | None
    media: list[BulletinPicture]
    published: dict[str, Any] | None
    leads: int
    steps: list[str]
    url: str


class PictureGrants(responses.Shape):
    """`version`: of the bulletin, now that it shows these pictures."""

    model_config = responses.shown({"uploads": [], "version": 2})

    uploads: list[responses.Upload]
    version: int


@endpoint(
    bp,
    "POST",
    "/v1/officer/bulletins",
    summary="Draft a bulletin",
    tag="Publishing",
    access=Access.OFFICER,
    body=Draft,
    returns={201: OpenedBulletin},
    raises=(_CLOSED, errors.Conflict("key_reused")),
    key=Key.OPTIONAL,
    example=_DRAFT,
    authorizer=authorize_officer,
)
def draft_bulletin(call: Call) -> Response:
    """Readers see nothing before another officer approves it. Without `expires_at` it lives 72
    hours about a child, 7 days about an elderly person, 30 days otherwise; that is also the most,
    until it is renewed.
    """
    desk = _desk(call)
    bulletin = publishing.draft_bulletin(
        call.body, idempotency_key=call.idempotency_key, identity=wiring.identity(), desk=desk
    )
    return _opened(Dossier(bulletin, ()), call, status=201)


@endpoint(
    bp,
    "GET",
    "/v1/officer/bulletins",
    summary="List bulletins of one's channels, newest first",
    tag="Publishing",
    access=Access.OFFICER,
    query=OfficerQuery,
    returns={200: BulletinPage},
    raises=(errors.Malformed("bad_cursor"),),
    authorizer=authorize_officer,
)
def list_bulletins(call: Call) -> Response:
    """Only `next_cursor: null` means the end: a page may be short, even empty, before that."""
    page = publishing.list_bulletins(
        call.query.channel,
        call.query.state,
        cursor=call.query.cursor,
        limit=call.query.limit,
        listing=wiring.bulletin_listing(),
        cursors=wiring.cursors(),
        desk=_desk(call),
    )
    rows = [BulletinRow(**_row(bulletin, call)) for bulletin in page.items]
    return Response(BulletinPage(items=rows, next_cursor=page.next_cursor))


@endpoint(
    bp,
    "GET",
    "/v1/officer/bulletins/{bulletin_id}",
    summary="Open a bulletin",
    tag="Publishing",
    access=Access.OFFICER,
    returns={200: OpenedBulletin},
    raises=(_NOT_FOUND,),
    authorizer=authorize_officer,
)
def open_bulletin(call: Call) -> Response:
    """The version at hand, and what readers see meanwhile. Its `ETag` is what `PATCH` and `approve`
    take as `If-Match`.
    """
    return _opened(publishing.open_bulletin(call.path["bulletin_id"], desk=_desk(call)), call)


@endpoint(
    bp,
    "PATCH",
    "/v1/officer/bulletins/{bulletin_id}",
    summary="Change a bulletin",
    tag="Publishing",
    access=Access.OFFICER,
    body=Changes,
    returns={200: OpenedBulletin},
    raises=(_NOT_FOUND, _ILLEGAL, _CLOSED),
    if_match=True,
    example={
        "body": {
            "en": "Mrs Wang, 78, in a grey coat, was last seen on Tuesday morning in Chaoyang Park."
        }
    },
    authorizer=authorize_officer,
)
def change_bulletin(call: Call) -> Response:
    """Once it is published, a change waits for approval, and readers still see the old text. An
    approved later `expires_at` renews it.
    """
    version = call.version()
    return _opened(
        publishing.change_bulletin(
            call.path["bulletin_id"], call.body, version=version, desk=_desk(call)
        ),
        call,
    )


@endpoint(
    bp,
    "POST",
    "/v1/officer/bulletins/{bulletin_id}/media",
    summary="Add pictures to a bulletin",
    tag="Publishing",
    access=Access.OFFICER,
    body=Pictures,
    returns={201: PictureGrants},
    raises=(_NOT_FOUND, _ILLEGAL, errors.Conflict("key_reused"), errors.Conflict("too_many_media")),
    key=Key.OPTIONAL,
    example={"media": [{"content_type": "image/jpeg", "size": 2483921}]},
    authorizer=authorize_officer,
)
def add_pictures(call: Call) -> Response:
    """Upload as for a report. Each makes a new version, and so does its verdict: an approval covers
    pictures that were seen.
    """
    bulletin, media = publishing.add_pictures(
        call.path["bulletin_id"],
        call.body.media,
        idempotency_key=call.idempotency_key,
        identity=wiring.identity(),
        desk=_desk(call),
    )
    waiting = [medium for medium in media if medium.state is MediaState.AWAITING]
    granted = uploads.grant_uploads(
        bulletin.id, waiting, bucket=wiring.bucket(), signed_at=wiring.wall_clock()
    )
    view = PictureGrants(
        uploads=[responses.upload(grant) for grant in granted], version=bulletin.version
    )
    return Response(view, status=201, headers=_etag(bulletin))


@endpoint(
    bp,
    "POST",
    "/v1/officer/bulletins/{bulletin_id}/approve",
    summary="Approve a bulletin: readers see it from now on",
    tag="Publishing",
    access=Access.OFFICER,
    returns={200: OpenedBulletin},
    raises=(
        _NOT_FOUND,
        _ILLEGAL,
        _CLOSED,
        errors.Conflict("media_pending"),
        errors.Conflict("expiry_passed"),
        errors.Forbidden("self_approval"),
    ),
    if_match=True,
    authorizer=authorize_officer,
)
def approve_bulletin(call: Call) -> Response:
    """Approves exactly the version in `If-Match`. Nobody who ever wrote any part of the bulletin
    may approve it.
    """
    return _opened(
        publishing.approve_bulletin(
            call.path["bulletin_id"], version=call.version(), desk=_desk(call)
        ),
        call,
    )


@endpoint(
    bp,
    "POST",
    "/v1/officer/bulletins/{bulletin_id}/resolve",
    summary="Say how it ended",
    tag="Publishing",
    access=Access.OFFICER,
    body=Resolution,
    returns={200: OpenedBulletin},
    raises=(_NOT_FOUND, _ILLEGAL),
    example={"outcome": _OUTCOME},
    authorizer=authorize_officer,
)
def resolve_bulletin(call: Call) -> Response:
    """At once, by any officer of the channel. Whoever sent a lead sees the outcome in their report.
    Again with another outcome, it corrects the first.
    """
    return _opened(
        publishing.resolve_bulletin(call.path["bulletin_id"], call.body.outcome, desk=_desk(call)),
        call,
    )


@endpoint(
    bp,
    "POST",
    "/v1/officer/bulletins/{bulletin_id}/withdraw",
    summary="Take a bulletin back",
    tag="Publishing",
    access=Access.OFFICER,
    body=Withdrawal,
    returns={200: OpenedBulletin},
    raises=(_NOT_FOUND, _ILLEGAL),
    example={"reason": "The family asks for it."},
    authorizer=authorize_officer,
)
def withdraw_bulletin(call: Call) -> Response:
    """At once, by any officer of the channel. Readers are not told the reason."""
    return _opened(
        publishing.withdraw_bulletin(call.path["bulletin_id"], call.body.reason, desk=_desk(call)),
        call,
    )


@endpoint(
    bp,
    "GET",
    "/v1/officer/bulletins/{bulletin_id}/history",
    summary="Who wrote, approved and saw a bulletin, when",
    tag="Publishing",
    access=Access.OFFICER,
    returns={200: responses.History},
    raises=(_NOT_FOUND,),
    authorizer=authorize_officer,
)
def read_bulletin_history(call: Call) -> Response:
    """Oldest first, this very look included. Each version comes with its whole `content`; an
    approval names the version it covers.
    """
    events = publishing.read_history(call.path["bulletin_id"], desk=_desk(call))
    return Response(
        responses.History(
            items=[
                responses.HistoryEntry(
                    at=each.at, by=each.by, action=each.action, detail=each.detail
                )
                for each in events
            ]
        )
    )


def _desk(call: Call) -> Desk:
    return Desk(admitted(call), wiring.bulletins(), wiring.audit(), wiring.catalogue(), call.now)


def _etag(bulletin: Bulletin) -> dict[str, str]:
    return {"ETag": f'"{bulletin.version}"'}


def _opened(dossier: Dossier, call: Call, *, status: int = 200) -> Response:
    bulletin = dossier.bulletin
    pending = bulletin.is_pending(call.now)
    view = OpenedBulletin(
        **_row(bulletin, call),
        consent=Consent(by=bulletin.consent_by, at=times.render(bulletin.consent_at))
        if bulletin.consent_by and bulletin.consent_at
        else None,
        media=[_picture(bulletin, medium, call.language) for medium in dossier.pictures],
        published=_content(bulletin.published) if pending and bulletin.published else None,
        leads=publishing.count_leads(
            bulletin.id, reports=wiring.reports(), catalogue=wiring.catalogue()
        )
        if bulletin.published_at
        else 0,
        steps=[step.value for step in bulletin.legal_steps(call.now)],
        url=url_of(bulletin.id, call),
    )
    return Response(view, status=status, headers=_etag(bulletin))


def _row(bulletin: Bulletin, call: Call) -> dict[str, Any]:
    content = bulletin.content
    return {
        "id": bulletin.id,
        "state": bulletin.state_at(call.now).value,
        "version": bulletin.version,
        **_content(content),
        "channel_label": text(f"channel.{content.channel}", call.language),
        "expires_at": rendered(content.expires_at or bulletin.expires_at),
        "pending": bulletin.is_pending(call.now),
        "created_at": times.render(bulletin.created_at),
        "created_by": bulletin.created_by,
        "authors": list(bulletin.authors),
        "approved_by": bulletin.approved_by,
        "published_version": bulletin.published_version,
        "published_at": rendered(bulletin.published_at),
        "corrected_at": rendered(bulletin.corrected_at),
        "ended_at": rendered(bulletin.ended_at),
        "outcome": bulletin.outcome,
        "reason": bulletin.reason,
    }


def _content(content: Content) -> dict[str, Any]:
    return {
        "channel": content.channel,
        "title": content.title,
        "body": content.body,
        "area": content.area,
        "about": content.about.value,
        "guardian_consent": content.guardian_consent,
    }


def _picture(bulletin: Bulletin, medium: Medium, language: str) -> BulletinPicture:
    ready = medium.state is MediaState.READY
    return BulletinPicture(
        media_id=medium.media_id,
        shown=medium.media_id in bulletin.content.media,
        state=medium.state.value,
        reason=medium.reason.value if medium.reason else None,
        reason_text=text(f"reject.{medium.reason}", language) if medium.reason else None,
        content_type=responses.seen_type(medium),
        thumbnail_url=picture_url(bulletin.id, medium.media_id, "thumb.jpg", THUMBNAIL_LIFE_S)
        if ready
        else None,
        preview_url=picture_url(bulletin.id, medium.media_id, "preview.jpg", THUMBNAIL_LIFE_S)
        if ready
        else None,
    )
