"""Bulletins as officers write, approve and end them."""

from typing import Any, TypedDict

from pydantic import Field

from chalicelib import errors, wiring
from chalicelib.domain import times
from chalicelib.domain.bulletins import Bulletin, BulletinState, Content
from chalicelib.domain.bulletins.requests import Changes, Draft, Outcome, Reason
from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.languages import text
from chalicelib.domain.media import MAX_MEDIA_PER_CALL, Declared, MediaState
from chalicelib.domain.models import Input
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.domain.reports import Medium
from chalicelib.handlers import schemas
from chalicelib.handlers.bulletins import BODY, URL, WORDS, PublicQuery, rendered, url_of
from chalicelib.handlers.pictures import THUMBNAIL_LIFE_S, picture_url
from chalicelib.handlers.requests import Call, Header
from chalicelib.handlers.responses import Response, etag_of
from chalicelib.handlers.routes import Access, Routes
from chalicelib.services import bulletin_queries, publishing, uploads
from chalicelib.services.actor import OfficerActor
from chalicelib.services.bulletin_queries import BulletinFilters
from chalicelib.services.declarations import Declaration
from chalicelib.store.bulletins import Bulletins, Dossier

routes = Routes("Publishing", Access.OFFICER, roles=CASEWORKERS)

_NOT_FOUND = errors.NotFound()
_CLOSED = errors.Conflict("channel_not_active")
_ILLEGAL = errors.Conflict("illegal_transition")


class OfficerQuery(PublicQuery):
    state: BulletinState | None = None


class Pictures(Input):
    media: tuple[Declared, ...] = Field(min_length=1, max_length=MAX_MEDIA_PER_CALL, strict=False)


class Resolution(Input):
    outcome: Outcome


class Withdrawal(Input):
    reason: Reason


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


class BulletinRow(schemas.Shape):
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


class BulletinPage(schemas.Shape):
    model_config = schemas.shown({"items": [_OFFICERS_ROW], "next_cursor": None})

    items: list[BulletinRow]
    next_cursor: str | None


class BulletinPicture(schemas.Shape):
    """`shown`: belongs to the version at hand."""

    media_id: str
    shown: bool
    state: str
    reason: str | None
    reason_text: str | None
    content_type: str
    thumbnail_url: str | None
    preview_url: str | None


class Consent(schemas.Shape):
    by: str
    at: str


class OpenedBulletin(BulletinRow):
    """`published`: what readers see meanwhile, where that differs.

    `steps`: what may be done now.
    """

    model_config = schemas.shown(
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


class PictureGrants(schemas.Shape):
    """`version`: of the bulletin, now that it shows these pictures."""

    model_config = schemas.shown({"uploads": [], "version": 2})

    uploads: list[schemas.Upload]
    version: int


@routes.post(
    "/v1/officer/bulletins",
    body=Draft,
    headers=(Header.OPTIONAL_KEY,),
    returns=OpenedBulletin,
    raises=(_CLOSED, errors.Conflict("key_reused")),
)
def draft_bulletin(call: Call) -> Response:
    """Draft a bulletin.

    Readers see nothing before another officer approves it. Without `expires_at` it lives 72
    hours about a child, 7 days about an elderly person, 30 days otherwise; that is also the most,
    until it is renewed.
    """
    bulletin = publishing.draft_bulletin(
        call.body,
        idempotency_key=call.idempotency_key,
        identity=wiring.identity(),
        **_desk(call),
    )
    return _opened(Dossier(bulletin, ()), call)


@routes.get(
    "/v1/officer/bulletins",
    query=OfficerQuery,
    returns=BulletinPage,
    raises=(errors.Malformed("bad_cursor"),),
)
def list_bulletins(call: Call) -> Response:
    """List bulletins of one's channels, newest first.

    Only `next_cursor: null` means the end: a page may be short, even empty, before that.
    """
    query = call.query
    page = bulletin_queries.list_bulletins(
        BulletinFilters(query.channel, query.state, query.cursor, query.limit),
        actor=call.actor,
        listing=wiring.bulletin_listing(),
        cursors=wiring.cursors(),
        catalogue=wiring.catalogue(),
    )
    rows = [BulletinRow(**_row(bulletin, call)) for bulletin in page.items]
    return Response(BulletinPage(items=rows, next_cursor=page.next_cursor))


@routes.get("/v1/officer/bulletins/{bulletin_id}", returns=OpenedBulletin, raises=(_NOT_FOUND,))
def open_bulletin(call: Call) -> Response:
    """Open a bulletin.

    The version at hand, and what readers see meanwhile. Its `ETag` is what `PATCH` and `approve`
    take as `If-Match`.
    """
    return _opened(bulletin_queries.open_bulletin(call.path["bulletin_id"], **_desk(call)), call)


@routes.patch(
    "/v1/officer/bulletins/{bulletin_id}",
    body=Changes,
    headers=(Header.IF_MATCH,),
    returns=OpenedBulletin,
    raises=(_NOT_FOUND, _ILLEGAL, _CLOSED),
)
def change_bulletin(call: Call) -> Response:
    """Change a bulletin.

    Once it is published, a change waits for approval, and readers still see the old text. An
    approved later `expires_at` renews it.
    """
    return _opened(
        publishing.change_bulletin(
            call.path["bulletin_id"], call.body, call.version, **_desk(call)
        ),
        call,
    )


@routes.post(
    "/v1/officer/bulletins/{bulletin_id}/media",
    body=Pictures,
    headers=(Header.OPTIONAL_KEY,),
    returns=PictureGrants,
    raises=(_NOT_FOUND, _ILLEGAL, errors.Conflict("key_reused"), errors.Conflict("too_many_media")),
)
def add_pictures(call: Call) -> Response:
    """Add pictures to a bulletin.

    Upload as for a report. Each makes a new version, and so does its verdict: an approval covers
    pictures that were seen.
    """
    declaration = Declaration(
        call.path["bulletin_id"],
        call.body.media,
        idempotency_key=call.idempotency_key,
        identity=wiring.identity(),
        now=call.now,
    )
    bulletin, media = publishing.add_pictures(call.path["bulletin_id"], declaration, **_desk(call))
    waiting = [medium for medium in media if medium.state is MediaState.AWAITING]
    granted = uploads.grant_uploads(
        bulletin.id, waiting, bucket=wiring.bucket(), signed_at=wiring.wall_clock()
    )
    view = PictureGrants(
        uploads=[schemas.upload(grant) for grant in granted], version=bulletin.version
    )
    return Response(view, headers=etag_of(bulletin.version))


@routes.post(
    "/v1/officer/bulletins/{bulletin_id}/approve",
    headers=(Header.IF_MATCH,),
    returns={200: OpenedBulletin},
    raises=(
        _NOT_FOUND,
        _ILLEGAL,
        _CLOSED,
        errors.Conflict("media_pending"),
        errors.Conflict("expiry_passed"),
        errors.Forbidden("self_approval"),
    ),
)
def approve_bulletin(call: Call) -> Response:
    """Approve a bulletin: readers see it from now on.

    Approves exactly the version in `If-Match`. Nobody who ever wrote any part of the bulletin
    may approve it.
    """
    return _opened(
        publishing.approve_bulletin(call.path["bulletin_id"], call.version, **_desk(call)),
        call,
    )


@routes.post(
    "/v1/officer/bulletins/{bulletin_id}/resolve",
    body=Resolution,
    returns={200: OpenedBulletin},
    raises=(_NOT_FOUND, _ILLEGAL),
)
def resolve_bulletin(call: Call) -> Response:
    """Resolve a bulletin.

    At once, by any officer of the channel. Whoever sent a lead sees the outcome in their report.
    Again with another outcome, it corrects the first.
    """
    return _opened(
        publishing.resolve_bulletin(call.path["bulletin_id"], call.body.outcome, **_desk(call)),
        call,
    )


@routes.post(
    "/v1/officer/bulletins/{bulletin_id}/withdraw",
    body=Withdrawal,
    returns={200: OpenedBulletin},
    raises=(_NOT_FOUND, _ILLEGAL),
)
def withdraw_bulletin(call: Call) -> Response:
    """Withdraw a bulletin.

    At once, by any officer of the channel. Readers do not see the reason.
    """
    return _opened(
        publishing.withdraw_bulletin(call.path["bulletin_id"], call.body.reason, **_desk(call)),
        call,
    )


@routes.get(
    "/v1/officer/bulletins/{bulletin_id}/history", returns=schemas.History, raises=(_NOT_FOUND,)
)
def read_bulletin_history(call: Call) -> Response:
    """Read who wrote, approved and saw a bulletin, and when.

    Oldest first, this very look included. Each version comes with its whole `content`; an
    approval names the version it covers.
    """
    events = bulletin_queries.read_history(call.path["bulletin_id"], **_desk(call))
    return Response(
        schemas.History(
            items=[
                schemas.HistoryEntry(at=each.at, by=each.by, action=each.action, detail=each.detail)
                for each in events
            ]
        )
    )


class _Desk(TypedDict):
    actor: OfficerActor
    bulletins: Bulletins
    catalogue: Catalogue


def _desk(call: Call) -> _Desk:
    """Return what every use case of an officer's bulletin takes."""
    return {
        "actor": call.actor,
        "bulletins": wiring.bulletins(),
        "catalogue": wiring.catalogue(),
    }


def _opened(dossier: Dossier, call: Call) -> Response:
    bulletin = dossier.bulletin
    pending = bulletin.is_pending(call.now)
    view = OpenedBulletin(
        **_row(bulletin, call),
        consent=Consent(by=bulletin.consent_by, at=times.render(bulletin.consent_at))
        if bulletin.consent_by and bulletin.consent_at
        else None,
        media=[_picture(bulletin, medium, call.language) for medium in dossier.pictures],
        published=_content(bulletin.published) if pending and bulletin.published else None,
        leads=bulletin_queries.count_leads(
            bulletin.id, reports=wiring.reports(), catalogue=wiring.catalogue()
        )
        if bulletin.published_at
        else 0,
        steps=[step.value for step in bulletin.legal_steps(call.now)],
        url=url_of(bulletin.id, call),
    )
    return Response(view, headers=etag_of(bulletin.version))


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
        content_type=schemas.seen_type(medium),
        thumbnail_url=picture_url(bulletin.id, medium.media_id, "thumb.jpg", THUMBNAIL_LIFE_S)
        if ready
        else None,
        preview_url=picture_url(bulletin.id, medium.media_id, "preview.jpg", THUMBNAIL_LIFE_S)
        if ready
        else None,
    )
