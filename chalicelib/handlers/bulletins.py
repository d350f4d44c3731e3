"""Bulletins: officers' routes to write, approve and end them; everybody's to read them, in four forms."""

import json
import math
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

from chalice.app import Blueprint
from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema

from chalicelib import errors, wiring
from chalicelib.domain import bulletins as rules
from chalicelib.domain import feeds, times
from chalicelib.domain.bulletins import Bulletin, Changes, ChannelCode, Content, Draft, State
from chalicelib.domain.languages import text
from chalicelib.domain.media import MAX_MEDIA_PER_CALL, Declared, MediaState
from chalicelib.domain.officers import Role
from chalicelib.domain.reports import Medium, Strict
from chalicelib.handlers import answers
from chalicelib.handlers.auth import authorize_officer
from chalicelib.handlers.casework import admitted
from chalicelib.handlers.http import Access, Answer, Call, Key, conditional, endpoint
from chalicelib.handlers.reports import picture_url
from chalicelib.services import publishing, uploads
from chalicelib.services.publishing import Desk
from chalicelib.store.bulletins import Dossier, Published, published

bp = Blueprint(__name__)

# Longer than an answer may be cached, with time to follow the redirect.
_PICTURE_LIFE_S = 300
_MAX_AGE_S = 60
_WRITERS = (Role.OFFICER, Role.SUPERVISOR)


def _read_limit(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 3 else value


_Limit = Annotated[
    int, BeforeValidator(_read_limit), Field(strict=True, ge=1, le=50), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 50})
]


class _Query(answers.Shape):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FeedQuery(_Query):
    channel: ChannelCode | None = None


class PublicQuery(FeedQuery):
    cursor: str | None = None
    limit: _Limit = 20


class OfficerQuery(PublicQuery):
    state: State | None = None


class Pictures(Strict):
    media: tuple[Declared, ...] = Field(min_length=1, max_length=MAX_MEDIA_PER_CALL, strict=False)


class Resolution(Strict):
    outcome: rules.Outcome


class Withdrawal(Strict):
    reason: rules.Reason


_WORDS = {"zh": "寻找王奶奶", "en": "Have you seen Grandma Wang?"}
_BODY = {
    "zh": "王奶奶，78岁，蓝色外套，周二早上在朝阳公园走失。",
    "en": "Mrs Wang, 78, in a blue coat, was last seen on Tuesday morning in Chaoyang Park.",
}
_DRAFT = {
    "channel": "missing_persons",
    "title": _WORDS,
    "body": _BODY,
    "area": {"district": "chaoyang", "lat": 39.933, "lon": 116.478, "datum": "gcj02"},
    "about": "elderly",
    "guardian_consent": True,
}
_OUTCOME = {"zh": "王奶奶已平安回家。", "en": "Mrs Wang is safely back home."}
_URL = "https://api.example/v1/bulletins/B-3M7QK2X9TZ4V8WNC"
_SHOWN = {
    "id": "B-3M7QK2X9TZ4V8WNC",
    "channel": "missing_persons",
    "channel_label": "Missing persons",
    "state": "published",
    "state_label": "Published",
    "title": _WORDS,
    "body": _BODY,
    "area": {"district": "chaoyang", "geohash": "wx4g4"},
    "area_label": "Chaoyang",
    "media": [{"media_id": "Q3B0TZ6E9W5N1YKD", "url": f"{_URL}/media/Q3B0TZ6E9W5N1YKD"}],
    "published_at": "2026-11-24T02:00:00.000Z",
    "corrected_at": None,
    "expires_at": "2026-12-01T02:00:00.000Z",
    "outcome": None,
    "ended_at": None,
    "url": _URL,
    "cap_url": f"{_URL}/cap",
}
_OFFICERS_ROW = {
    "id": "B-3M7QK2X9TZ4V8WNC",
    "state": "published",
    "version": 3,
    "channel": "missing_persons",
    "channel_label": "Missing persons",
    "title": _WORDS,
    "body": _BODY,
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


class PublicPicture(answers.Shape):
    """A picture's stable address: it redirects to the cleaned picture for as long as the bulletin is published."""

    media_id: str
    url: str


class PublicBulletin(answers.Shape):
    """What readers see. Once resolved, only that and the outcome: the words and pictures have served their purpose."""

    model_config = answers.shown(_SHOWN)

    id: str
    channel: str
    channel_label: str
    state: str
    state_label: str
    title: dict[str, str] | None = None
    body: dict[str, str] | None = None
    area: str | dict[str, str] | None = None
    area_label: str | None = None
    media: list[PublicPicture] = Field(default=[])
    published_at: str
    corrected_at: str | None = None
    expires_at: str | None = None
    outcome: dict[str, str] | None = None
    ended_at: str | None = None
    url: str
    cap_url: str


class PublicBulletins(answers.Shape):
    model_config = answers.shown({"items": [_SHOWN], "next_cursor": None})

    items: list[PublicBulletin]
    next_cursor: str | None


class JsonFeed(answers.Shape):
    """JSON Feed 1.1."""

    model_config = answers.shown(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": "Police bulletins",
            "description": "What police publish here.",
            "home_page_url": "https://tipline.example/v1/bulletins",
            "feed_url": "https://tipline.example/v1/bulletins/feed.json",
            "language": "en",
            "authors": [{"name": "Police"}],
            "items": [
                {
                    "id": "https://tipline.example/v1/bulletins/B4T0Q6Z1M8W3X5NK",
                    "url": "https://tipline.example/v1/bulletins/B4T0Q6Z1M8W3X5NK",
                    "title": "Missing: a man of 81",
                    "content_text": "Last seen at the bus stop in Jiuxianqiao, in a blue coat.",
                    "date_published": "2026-11-24T02:00:00.000Z",
                    "date_modified": "2026-11-24T02:00:00.000Z",
                    "tags": ["Missing persons"],
                    "language": "en",
                }
            ],
        }
    )

    version: str
    title: str
    description: str
    home_page_url: str
    feed_url: str
    language: str
    authors: list[dict[str, str]]
    items: list[dict[str, Any]]


class BulletinRow(answers.Shape):
    """`expires_at`: when it ends, or, of a draft, the date that was asked for. `pending`: something waits for approval."""

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


class BulletinPage(answers.Shape):
    model_config = answers.shown({"items": [_OFFICERS_ROW], "next_cursor": None})

    items: list[BulletinRow]
    next_cursor: str | None


class BulletinPicture(answers.Shape):
    """`shown`: belongs to the version at hand."""

    media_id: str
    shown: bool
    state: str
    reason: str | None
    reason_text: str | None
    content_type: str
    thumbnail_url: str | None
    preview_url: str | None


class Consent(answers.Shape):
    by: str
    at: str


class OpenedBulletin(BulletinRow):
    """`published`: what readers see meanwhile, where that differs. `steps`: what may be done now."""

    model_config = answers.shown(
        {
            **_OFFICERS_ROW,
            "consent": {"by": "officer", "at": "2026-11-24T01:30:00.000Z"},
            "media": [],
            "published": None,
            "leads": 4,
            "steps": ["write", "resolve", "withdraw"],
            "url": _URL,
        }
    )

    consent: Consent | None
    media: list[BulletinPicture]
    published: dict[str, Any] | None
    leads: int
    steps: list[str]
    url: str


class PictureGrants(answers.Shape):
    """`version`: of the bulletin, now that it shows these pictures."""

    model_config = answers.shown({"uploads": [], "version": 2})

    uploads: list[answers.Upload]
    version: int


_NOT_FOUND = errors.NotFound()
_CLOSED = errors.Conflict("channel_not_active")
_ILLEGAL = errors.Conflict("illegal_transition")


@endpoint(
    bp,
    "GET",
    "/v1/bulletins",
    summary="Published bulletins, newest first",
    tag="Bulletins",
    query=PublicQuery,
    returns={200: PublicBulletins, 304: None},
    raises=(errors.Malformed("bad_cursor"),),
)
def list_public_bulletins(call: Call) -> Answer:
    """Labels follow `Accept-Language`. Keep it no longer than `max-age` says, and ask again with `If-None-Match`."""
    page = publishing.read_page(
        call.query.channel,
        cursor=call.query.cursor,
        limit=call.query.limit,
        bulletins=wiring.bulletins(),
        cursors=wiring.cursors(),
        now=call.now,
    )
    view = PublicBulletins(items=[_public(each, call) for each in page.items], next_cursor=page.next_cursor)
    return _public_answer(view.model_dump_json(), call, (each.expires_at for each in page.items))


# Chalice takes the literal path before the one with a parameter.
@endpoint(
    bp,
    "GET",
    "/v1/bulletins/feed.json",
    summary="Bulletins as JSON Feed 1.1",
    tag="Bulletins",
    query=FeedQuery,
    returns={200: JsonFeed, 304: None},
    content_type=feeds.JSON_TYPE,
)
def get_json_feed(call: Call) -> Answer:
    """The newest 50, in the language of `Accept-Language`."""
    entries = _entries(call)
    feed = feeds.json_feed(entries, language=call.language, base=_base(call), query=_feed_query(call))
    content = json.dumps(feed, ensure_ascii=False, separators=(",", ":"))
    return _public_answer(content, call, (entry.expires_at for entry in entries), feeds.JSON_TYPE)


@endpoint(
    bp,
    "GET",
    "/v1/bulletins/feed.atom",
    summary="Bulletins as Atom",
    tag="Bulletins",
    query=FeedQuery,
    returns={200: None, 304: None},
    content_type=feeds.ATOM_TYPE,
)
def get_atom_feed(call: Call) -> Answer:
    """The newest 50, in the language of `Accept-Language`."""
    entries = _entries(call)
    content = feeds.atom(entries, language=call.language, base=_base(call), query=_feed_query(call))
    return _public_answer(content, call, (entry.expires_at for entry in entries), feeds.ATOM_TYPE + "; charset=utf-8")


@endpoint(
    bp,
    "GET",
    "/v1/bulletins/{bulletin_id}",
    summary="Read a bulletin",
    tag="Bulletins",
    returns={200: PublicBulletin, 304: None},
    raises=(_NOT_FOUND,),
)
def read_bulletin(call: Call) -> Answer:
    """A published one, with its corrections; a resolved one says how it ended, and nothing else any more."""
    bulletin = publishing.read_bulletin(call.path["bulletin_id"], bulletins=wiring.bulletins(), now=call.now)
    seen = published(bulletin, call.now)
    view = _public(seen, call) if seen else _resolved(bulletin, call)
    return _public_answer(view.model_dump_json(), call, [seen.expires_at] if seen else [])


@endpoint(
    bp,
    "GET",
    "/v1/bulletins/{bulletin_id}/media/{media_id}",
    summary="A bulletin's picture",
    tag="Bulletins",
    returns={302: None},
    raises=(_NOT_FOUND,),
)
def show_picture(call: Call) -> Answer:
    """A stable address: it redirects to the cleaned picture of the approved version, for as long as that is published."""
    bulletin = publishing.read_bulletin(call.path["bulletin_id"], bulletins=wiring.bulletins(), now=call.now)
    seen = published(bulletin, call.now)
    if seen is None or call.path["media_id"] not in seen.content.media:
        raise errors.NotFound
    url = picture_url(bulletin.id, call.path["media_id"], "preview.jpg", _PICTURE_LIFE_S)
    return Answer(status=302, headers={"Location": url, "Cache-Control": _cache_control([seen.expires_at], call.now)})


@endpoint(
    bp,
    "GET",
    "/v1/bulletins/{bulletin_id}/cap",
    summary="A bulletin as CAP 1.2",
    tag="Bulletins",
    returns={200: None, 304: None},
    raises=(_NOT_FOUND,),
    content_type="application/cap+xml",
)
def get_alert(call: Call) -> Answer:
    """Its last message: an Alert, the Update of a correction or renewal, or the Cancel of one that was resolved or withdrawn."""
    from chalicelib.domain import cap

    bulletin = publishing.read_alert(call.path["bulletin_id"], bulletins=wiring.bulletins(), now=call.now)
    base = _base(call)
    content = cap.alert(bulletin, base=base, sender=urlsplit(base).netloc, number=wiring.catalogue().emergency.number)
    seen = published(bulletin, call.now)
    return _public_answer(content, call, [seen.expires_at] if seen else [], cap.CONTENT_TYPE + "; charset=utf-8")


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
def draft_bulletin(call: Call) -> Answer:
    """Readers see nothing before another officer approves it. Without `expires_at` it lives 72 hours about a child, 7 days about an
    elderly person, 30 days otherwise; that is also the most, until it is renewed."""
    desk = _desk(call)
    bulletin = publishing.draft_bulletin(call.body, idempotency_key=call.idempotency_key, identity=wiring.identity(), desk=desk)
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
def list_bulletins(call: Call) -> Answer:
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
    return Answer(BulletinPage(items=rows, next_cursor=page.next_cursor))


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
def open_bulletin(call: Call) -> Answer:
    """The version at hand, and what readers see meanwhile. Its `ETag` is what `PATCH` and `approve` take as `If-Match`."""
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
    example={"body": {"en": "Mrs Wang, 78, in a grey coat, was last seen on Tuesday morning in Chaoyang Park."}},
    authorizer=authorize_officer,
)
def change_bulletin(call: Call) -> Answer:
    """Once it is published, a change waits for approval, and readers still see the old text. An approved later `expires_at` renews it."""
    version = call.version()
    return _opened(publishing.change_bulletin(call.path["bulletin_id"], call.body, version=version, desk=_desk(call)), call)


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
def add_pictures(call: Call) -> Answer:
    """Upload as for a report. Each makes a new version, and so does its verdict: an approval covers pictures that were seen."""
    bulletin, media = publishing.add_pictures(
        call.path["bulletin_id"],
        call.body.media,
        idempotency_key=call.idempotency_key,
        identity=wiring.identity(),
        desk=_desk(call),
    )
    waiting = [medium for medium in media if medium.state is MediaState.AWAITING]
    granted = uploads.grant_uploads(bulletin.id, waiting, bucket=wiring.bucket(), signed_at=wiring.true_now())
    view = PictureGrants(uploads=[answers.upload(grant) for grant in granted], version=bulletin.version)
    return Answer(view, status=201, headers=_etag(bulletin))


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
        errors.Forbidden("own_words"),
    ),
    if_match=True,
    authorizer=authorize_officer,
)
def approve_bulletin(call: Call) -> Answer:
    """Approves exactly the version in `If-Match`. Nobody who ever wrote any part of the bulletin may approve it."""
    return _opened(publishing.approve_bulletin(call.path["bulletin_id"], version=call.version(), desk=_desk(call)), call)


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
def resolve_bulletin(call: Call) -> Answer:
    """At once, by any officer of the channel. Whoever sent a lead sees the outcome in their report."""
    return _opened(publishing.resolve_bulletin(call.path["bulletin_id"], call.body.outcome, desk=_desk(call)), call)


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
def withdraw_bulletin(call: Call) -> Answer:
    """At once, by any officer of the channel. Readers are not told the reason."""
    return _opened(publishing.withdraw_bulletin(call.path["bulletin_id"], call.body.reason, desk=_desk(call)), call)


def _desk(call: Call) -> Desk:
    return Desk(admitted(call, *_WRITERS), wiring.bulletins(), wiring.audit(), wiring.catalogue(), call.now)


def _base(call: Call) -> str:
    """Where our routes are, as the caller reaches them: said by the settings, else by the gateway."""
    context = call.request.context
    before, _, _ = str(context.get("path", "")).partition("/v1/")
    return wiring.settings().public_url.rstrip("/") or f"https://{context.get('domainName', 'localhost')}{before}"


def _etag(bulletin: Bulletin) -> dict[str, str]:
    return {"ETag": f'"{bulletin.version}"'}


def _cache_control(ends: Iterable[datetime], now: datetime) -> str:
    """A minute at most, and never beyond the end of what is shown."""
    seconds = min([_MAX_AGE_S, *(math.floor((end - now).total_seconds()) for end in ends)])
    return f"public, max-age={max(0, seconds)}"


def _public_answer(content: str, call: Call, ends: Iterable[datetime], content_type: str = "application/json") -> Answer:
    headers = {
        "Content-Type": content_type,
        "Cache-Control": _cache_control(ends, call.now),
        "Vary": "Accept-Language",
        "Content-Language": call.language,
    }
    return conditional(content, call, headers)


def _entries(call: Call) -> list[feeds.Entry]:
    page = wiring.bulletins().page(call.query.channel, now=call.now, limit=feeds.MAX_ENTRIES)
    return [feeds.Entry(each.id, each.content, each.published_at, each.corrected_at, each.expires_at) for each in page.items]


def _feed_query(call: Call) -> str:
    return "?" + urlencode({"channel": call.query.channel}) if call.query.channel else ""


def _public(seen: Published, call: Call) -> PublicBulletin:
    content, url = seen.content, _url(seen.id, call)
    return PublicBulletin(
        **_public_head(seen.id, content.channel, State.PUBLISHED, call),
        title=content.title,
        body=content.body,
        area=content.area,
        area_label=rules.area_label(content.area, call.language),
        media=[PublicPicture(media_id=each, url=f"{url}/media/{each}") for each in content.media],
        published_at=times.render(seen.published_at),
        corrected_at=_at(seen.corrected_at),
        expires_at=times.render(seen.expires_at),
    )


def _resolved(bulletin: Bulletin, call: Call) -> PublicBulletin:
    return PublicBulletin(
        **_public_head(bulletin.id, bulletin.content.channel, bulletin.state, call),
        published_at=str(_at(bulletin.published_at)),
        outcome=bulletin.outcome,
        ended_at=_at(bulletin.ended_at),
    )


def _public_head(bulletin_id: str, channel: str, state: State, call: Call) -> dict[str, Any]:
    url = _url(bulletin_id, call)
    return {
        "id": bulletin_id,
        "channel": channel,
        "channel_label": text(f"channel.{channel}", call.language),
        "state": state.value,
        "state_label": text(f"bulletin_state.{state}", call.language),
        "url": url,
        "cap_url": f"{url}/cap",
    }


def _url(bulletin_id: str, call: Call) -> str:
    return f"{_base(call)}/v1/bulletins/{bulletin_id}"


def _opened(dossier: Dossier, call: Call, *, status: int = 200) -> Answer:
    bulletin = dossier.bulletin
    pending = bulletin.is_pending(call.now)
    view = OpenedBulletin(
        **_row(bulletin, call),
        consent=Consent(by=bulletin.consent_by, at=times.render(bulletin.consent_at))
        if bulletin.consent_by and bulletin.consent_at
        else None,
        media=[_picture(bulletin, medium, call.language) for medium in dossier.pictures],
        published=_content(bulletin.published) if pending and bulletin.published else None,
        leads=publishing.count_leads(bulletin.id, reports=wiring.reports(), catalogue=wiring.catalogue()) if bulletin.published_at else 0,
        steps=[step.value for step in bulletin.legal_steps(call.now)],
        url=_url(bulletin.id, call),
    )
    return Answer(view, status=status, headers=_etag(bulletin))


def _row(bulletin: Bulletin, call: Call) -> dict[str, Any]:
    content = bulletin.content
    return {
        "id": bulletin.id,
        "state": bulletin.state_at(call.now).value,
        "version": bulletin.version,
        **_content(content),
        "channel_label": text(f"channel.{content.channel}", call.language),
        "expires_at": _at(content.expires_at or bulletin.expires_at),
        "pending": bulletin.is_pending(call.now),
        "created_at": times.render(bulletin.created_at),
        "created_by": bulletin.created_by,
        "authors": list(bulletin.authors),
        "approved_by": bulletin.approved_by,
        "published_version": bulletin.published_version,
        "published_at": _at(bulletin.published_at),
        "corrected_at": _at(bulletin.corrected_at),
        "ended_at": _at(bulletin.ended_at),
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
        content_type=answers.seen_type(medium),
        thumbnail_url=picture_url(bulletin.id, medium.media_id, "thumb.jpg", _PICTURE_LIFE_S) if ready else None,
        preview_url=picture_url(bulletin.id, medium.media_id, "preview.jpg", _PICTURE_LIFE_S) if ready else None,
    )


def _at(moment: datetime | None) -> str | None:
    return times.render(moment) if moment else None
