"""Bulletins as everybody reads them, in four forms."""

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from chalicelib import errors, wiring
from chalicelib.domain import feeds
from chalicelib.domain.bulletins import Bulletin, BulletinState
from chalicelib.domain.bulletins.area import area_label
from chalicelib.domain.codes import ChannelCode
from chalicelib.domain.languages import LocalizedText, text
from chalicelib.domain.models import NotNull, Query
from chalicelib.domain.report_query import Limit
from chalicelib.handlers.pictures import picture_url
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response, conditional, to_json
from chalicelib.handlers.routes import Content, Routes
from chalicelib.handlers.shapes import Channel, CoarseArea, Shape, Timestamp, left_out
from chalicelib.services import public_bulletins
from chalicelib.store.bulletins import Published, published

routes = Routes("Bulletins")

_MAX_AGE_S = 60
# How long a picture can be had by a redirect that was followed late, and so the most it outlives
# its bulletin.
_PICTURE_LIFE_S = 60
# A CDN keeps a redirect so long that whoever gets it last has as long again to follow it.
_SHARED_AGE_S = 30


class FeedQuery(Query):
    channel: ChannelCode | None = None


class PublicQuery(FeedQuery):
    cursor: str | None = None
    limit: Limit = 20


class PublicPicture(Shape):
    """A picture's stable address: it redirects to the cleaned picture for as long as the bulletin
    is published.
    """

    media_id: str
    url: str


class PublicBulletin(Shape):
    """What readers see. Once resolved, only that and the outcome: the words and pictures have
    served their purpose; `corrected_at` is then when the outcome was corrected.
    """

    id: str
    channel: Channel
    channel_label: str
    state: BulletinState
    state_label: str
    title: LocalizedText | None = None
    body: LocalizedText | None = None
    area: str | CoarseArea | None = None
    area_label: str | None = None
    media: tuple[PublicPicture, ...] = ()
    published_at: Timestamp
    corrected_at: Timestamp | None = None
    expires_at: Timestamp | None = None
    outcome: LocalizedText | None = None
    ended_at: Timestamp | None = None
    url: str
    cap_url: str


class PublicBulletins(Shape):
    items: list[PublicBulletin]
    next_cursor: str | None


class FeedAuthor(Shape):
    name: str


class FeedAttachment(Shape):
    url: str
    mime_type: str


class FeedItem(Shape):
    id: str
    url: str
    title: str
    content_text: str
    date_published: Timestamp
    date_modified: Timestamp
    tags: list[str]
    language: str
    image: Annotated[str | None, NotNull()] = left_out()
    attachments: Annotated[list[FeedAttachment] | None, NotNull()] = left_out()


class JsonFeed(Shape):
    """JSON Feed 1.1."""

    version: str
    title: str
    description: str
    feed_url: str
    language: str
    authors: list[FeedAuthor]
    items: list[FeedItem]


_NOT_FOUND = errors.NotFound()


@routes.get(
    "/v1/bulletins",
    query=PublicQuery,
    returns={200: PublicBulletins, 304: None},
    raises=(errors.Malformed("bad_cursor"),),
)
def list_public_bulletins(call: Call) -> Response:
    """List published bulletins, newest first.

    Labels follow `Accept-Language`. Keep it no longer than `max-age` says, and ask again with
    `If-None-Match`.
    """
    page = public_bulletins.read_page(
        call.query.channel,
        cursor=call.query.cursor,
        limit=call.query.limit,
        bulletins=wiring.bulletins(),
        cursors=wiring.cursors(),
        now=call.now,
    )
    view = PublicBulletins(
        items=[_public(each, call) for each in page.items], next_cursor=page.next_cursor
    )
    return _public_response(view.model_dump_json(), call, (each.expires_at for each in page.items))


# Chalice takes the literal path before the one with a parameter.
@routes.get(
    "/v1/bulletins/feed.json",
    query=FeedQuery,
    returns={200: Content(JsonFeed, feeds.JSON_TYPE), 304: None},
)
def get_json_feed(call: Call) -> Response:
    """Get bulletins as JSON Feed 1.1.

    The newest 50, in the language of `Accept-Language`.
    """
    entries, _ = _entries(call)
    feed = feeds.json_feed(
        entries, channel=call.query.channel, language=call.language, base=_base(call)
    )
    content = to_json(feed)
    return _public_response(content, call, (entry.expires_at for entry in entries), feeds.JSON_TYPE)


@routes.get(
    "/v1/bulletins/feed.atom",
    query=FeedQuery,
    returns={200: Content(None, feeds.ATOM_TYPE), 304: None},
)
def get_atom_feed(call: Call) -> Response:
    """Get bulletins as Atom.

    The newest 50, in the language of `Accept-Language`.
    """
    entries, changed_at = _entries(call)
    content = feeds.atom(
        entries,
        changed_at=changed_at,
        channel=call.query.channel,
        language=call.language,
        base=_base(call),
    )
    return _public_response(
        content, call, (entry.expires_at for entry in entries), feeds.ATOM_TYPE + "; charset=utf-8"
    )


@routes.get(
    "/v1/bulletins/{bulletin_id}", returns={200: PublicBulletin, 304: None}, raises=(_NOT_FOUND,)
)
def read_bulletin(call: Call) -> Response:
    """Read a bulletin.

    A published one, with its corrections; a resolved one says how it ended, and nothing else any
    more.
    """
    bulletin = public_bulletins.read_bulletin(
        call.path["bulletin_id"], bulletins=wiring.bulletins(), now=call.now
    )
    seen = published(bulletin, call.now)
    view = _public(seen, call) if seen else _resolved(bulletin, call)
    return _public_response(view.model_dump_json(), call, [seen.expires_at] if seen else [])


@routes.get(
    "/v1/bulletins/{bulletin_id}/media/{media_id}", returns={302: None}, raises=(_NOT_FOUND,)
)
def show_picture(call: Call) -> Response:
    """Show a bulletin's picture.

    A stable address: it redirects to the cleaned picture of the approved version, for as long as
    that is published.
    """
    bulletin = public_bulletins.read_bulletin(
        call.path["bulletin_id"], bulletins=wiring.bulletins(), now=call.now
    )
    seen = published(bulletin, call.now)
    if seen is None or call.path["media_id"] not in seen.content.media:
        raise errors.NotFound
    left = _seconds_left([seen.expires_at], call.now)
    life = min(_PICTURE_LIFE_S, max(1, left))
    url = picture_url(
        bulletin.id, call.path["media_id"], "preview.jpg", life, cache_control=f"max-age={life}"
    )
    return Response(
        headers={
            "Location": url,
            "Cache-Control": f"public, max-age={min(_MAX_AGE_S, left)}, "
            f"s-maxage={min(_SHARED_AGE_S, left // 2)}",
        },
    )


@routes.get(
    "/v1/bulletins/{bulletin_id}/cap",
    returns={200: Content(None, "application/cap+xml"), 304: None},
    raises=(_NOT_FOUND,),
)
def get_alert(call: Call) -> Response:
    """Get a bulletin as CAP 1.2.

    Its last message: an Alert, the Update of a correction or renewal, or the Cancel of one that
    was resolved or withdrawn.
    """
    from chalicelib.domain import cap

    bulletin = public_bulletins.read_alert(
        call.path["bulletin_id"], bulletins=wiring.bulletins(), now=call.now
    )
    base = _base(call)
    content = cap.alert(
        bulletin,
        base=base,
        sender=urlsplit(base).netloc,
        number=wiring.catalogue().emergency.number,
    )
    seen = published(bulletin, call.now)
    return _public_response(
        content, call, [seen.expires_at] if seen else [], cap.CONTENT_TYPE + "; charset=utf-8"
    )


def _base(call: Call) -> str:
    """Where our routes are, as the caller reaches them: said by the settings, else by the
    gateway.
    """
    context = call.request.context
    before, _, _ = str(context.get("path", "")).partition("/v1/")
    return (
        wiring.settings().public_url.rstrip("/")
        or f"https://{context.get('domainName', 'localhost')}{before}"
    )


def _cache_control(ends: Iterable[datetime], now: datetime) -> str:
    return f"public, max-age={_seconds_left(ends, now)}"


def _seconds_left(ends: Iterable[datetime], now: datetime) -> int:
    """Return a minute at most, and never more than until the end of what is shown."""
    return max(0, min([_MAX_AGE_S, *(math.floor((end - now).total_seconds()) for end in ends)]))


def _public_response(
    content: str, call: Call, ends: Iterable[datetime], content_type: str = "application/json"
) -> Response:
    headers = {
        "Content-Type": content_type,
        "Cache-Control": _cache_control(ends, call.now),
        "Vary": "Accept-Language",
        "Content-Language": call.language,
    }
    return conditional(content, call, headers)


def _entries(call: Call) -> tuple[list[feeds.Entry], datetime | None]:
    """Return what the feed holds, and when that last changed."""
    page = wiring.bulletins().page(call.query.channel, now=call.now, limit=feeds.MAX_ENTRIES)
    entries = [
        feeds.Entry(each.id, each.content, each.published_at, each.corrected_at, each.expires_at)
        for each in page.items
    ]
    return entries, page.changed_at


def _public(seen: Published, call: Call) -> PublicBulletin:
    content, url = seen.content, url_of(seen.id, call)
    return PublicBulletin.of(
        content,
        **_public_head(seen.id, content.channel, BulletinState.PUBLISHED, call),
        area_label=area_label(content.area, call.language),
        media=[{"media_id": each, "url": f"{url}/media/{each}"} for each in content.media],
        published_at=seen.published_at,
        corrected_at=seen.corrected_at,
        expires_at=seen.expires_at,
    )


def _resolved(bulletin: Bulletin, call: Call) -> PublicBulletin:
    ended_at, corrected_at = bulletin.ended_at or bulletin.created_at, bulletin.corrected_at
    return PublicBulletin.model_validate(
        {
            **_public_head(bulletin.id, bulletin.content.channel, bulletin.state, call),
            "published_at": bulletin.published_at,
            "corrected_at": corrected_at if corrected_at and corrected_at > ended_at else None,
            "outcome": bulletin.outcome,
            "ended_at": ended_at,
        }
    )


def _public_head(
    bulletin_id: str, channel: str, state: BulletinState, call: Call
) -> dict[str, Any]:
    url = url_of(bulletin_id, call)
    return {
        "id": bulletin_id,
        "channel": channel,
        "channel_label": text(f"channel.{channel}", call.language),
        "state": state,
        "state_label": text(f"bulletin_state.{state}", call.language),
        "url": url,
        "cap_url": f"{url}/cap",
    }


def url_of(bulletin_id: str, call: Call) -> str:
    return f"{_base(call)}/v1/bulletins/{bulletin_id}"
