"""Public routes of bulletins: JSON, JSON Feed, Atom, CAP, and a page for people."""

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field

from chalicelib import wiring
from chalicelib.domain.bulletins import bulletin_page, feeds
from chalicelib.domain.bulletins.area import area_label
from chalicelib.domain.bulletins.bulletin_page import Links, Page
from chalicelib.domain.bulletins.model import TRACE_LIFE, Bulletin, BulletinState, EndCode
from chalicelib.domain.catalogue.codes import ChannelCode
from chalicelib.handlers.reports.views import published_picture_url
from chalicelib.http.addresses import base_of, bulletin_url, home_url, lead_url
from chalicelib.http.requests import Call
from chalicelib.http.responses import Response, conditional, page_headers, to_json
from chalicelib.http.routes import Content, Routes
from chalicelib.http.shapes import Channel, CoarseArea, Shape, Timestamp
from chalicelib.kernel import errors
from chalicelib.kernel.languages import LANGUAGES, LocalizedText, text
from chalicelib.kernel.models import NotNull, Query, left_out
from chalicelib.kernel.paging import Limit
from chalicelib.kernel.times import Moment
from chalicelib.services.bulletins import public
from chalicelib.services.bulletins.public import Feed, Wanted
from chalicelib.store.bulletins.public_rows import Published, published

routes = Routes("Bulletins")

_MAX_AGE_S = 60
# A picture's URL works for so long, and so at most this long after its bulletin has ended.
_PICTURE_LIFE_S = 60
# Half of the above, so that a redirect from a CDN's cache still leaves time to follow it.
_SHARED_AGE_S = 30


class FeedQuery(Query):
    channel: ChannelCode | None = Field(default=None, description="Only bulletins of this channel.")


class PublicQuery(FeedQuery):
    since: Moment | None = Field(
        default=None,
        description="Only what has changed since this time, of the last 30 days: the latest "
        "`published_at`, `corrected_at` or `changed_at` that you have. Some may come again.",
    )
    cursor: str | None = Field(
        default=None, description="The `next_cursor` of the page before, with the same filters."
    )
    limit: Limit = 20


class PublicPicture(Shape):
    """A picture of a bulletin.

    `url` does not change. It redirects to the cleaned picture while the bulletin is published.
    """

    media_id: str
    url: str


class PublicBulletin(Shape):
    """A bulletin as the public sees it.

    A resolved bulletin has an `outcome` and its `code`, but no title, body, area or pictures.
    `corrected_at` is when the content was last corrected. Of a resolved bulletin it is when the
    outcome last changed.
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
    code: EndCode | None = None
    outcome: LocalizedText | None = None
    ended_at: Timestamp | None = None
    url: str
    cap_url: str


class EndedBulletin(Shape):
    """A bulletin that has ended: remove your copy and its pictures. `text` says how it ended."""

    id: str
    channel: Channel
    state: BulletinState
    text: LocalizedText
    changed_at: Timestamp


class PublicBulletins(Shape):
    """A page of bulletins. `ended` is there with `since`: the first page has those that ended."""

    items: list[PublicBulletin]
    next_cursor: str | None
    ended: Annotated[list[EndedBulletin] | None, NotNull()] = left_out()


class FeedAuthor(Shape):
    name: str


class FeedAttachment(Shape):
    url: str
    mime_type: str


class FeedItem(Shape):
    """A published bulletin, or one that has ended. The latter has no picture.

    `url` is left out when a bulletin that has ended can no longer be read.
    """

    id: str
    url: Annotated[str | None, NotNull()] = left_out()
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


@routes.get("/v1/bulletins", query=PublicQuery, returns={200: PublicBulletins, 304: None})
def list_public_bulletins(call: Call) -> Response:
    """List published bulletins, newest first.

    With `since`, only those that were published or corrected since; `ended` then has up to 50 that
    ended last, in the 30 days for which that is known: remove your copies. A page can be short or
    empty even if more pages follow.

    Labels are in the language of `Accept-Language`. Cache the response for at most `max-age`
    seconds. Then request it again with `If-None-Match`.
    """
    page = public.read_page(
        Wanted(call.query.channel, call.query.since, call.query.cursor, call.query.limit),
        bulletins=wiring.bulletins(),
        cursors=wiring.cursors(),
        now=call.now,
    )
    view = PublicBulletins(
        items=[_public(each, call) for each in page.items],
        next_cursor=page.next_cursor,
        ended=[EndedBulletin.model_validate(each) for each in page.ended]
        if call.query.since
        else None,
    )
    ends = [each.expires_at for each in page.items] + [each.until for each in page.ended]
    return _public_response(view.model_dump_json(), call, ends)


# Chalice matches this literal path before the one with a parameter.
@routes.get(
    "/v1/bulletins/feed.json",
    query=FeedQuery,
    returns={200: Content(JsonFeed, feeds.JSON_TYPE), 304: None},
)
def get_json_feed(call: Call) -> Response:
    """Get a JSON Feed of bulletins.

    Contains the newest 50 published bulletins, in the language of `Accept-Language`. After them
    come up to 50 that ended in the last 30 days: their text only says how. Replace your copy of an
    entry by it. The format is JSON Feed 1.1.
    """
    feed = _feed(call)
    content = to_json(
        feeds.json_feed(
            _entries(feed), channel=call.query.channel, language=call.language, base=base_of(call)
        )
    )
    return _public_response(content, call, _ends(feed), feeds.JSON_TYPE)


@routes.get(
    "/v1/bulletins/feed.atom",
    query=FeedQuery,
    returns={200: Content(None, feeds.ATOM_TYPE), 304: None},
)
def get_atom_feed(call: Call) -> Response:
    """Get an Atom feed of bulletins.

    Contains the newest 50 published bulletins, in the language of `Accept-Language`. After them
    come up to 50 that ended in the last 30 days: their text only says how. Replace your copy of an
    entry by it.
    """
    feed = _feed(call)
    content = feeds.atom(
        _entries(feed),
        changed_at=feed.change.at if feed.change else None,
        channel=call.query.channel,
        language=call.language,
        base=base_of(call),
    )
    return _public_response(content, call, _ends(feed), feeds.ATOM_TYPE + "; charset=utf-8")


@routes.get(
    "/v1/bulletins/{bulletin_id}", returns={200: PublicBulletin, 304: None}, raises=(_NOT_FOUND,)
)
def read_bulletin(call: Call) -> Response:
    """Read a bulletin.

    A published bulletin is returned with its approved corrections. A resolved bulletin is returned
    for 30 days with its outcome, but without its text and pictures. All others are 404.
    """
    bulletin = public.read_bulletin(
        call.path["bulletin_id"], bulletins=wiring.bulletins(), now=call.now
    )
    seen = published(bulletin, call.now)
    view = _public(seen, call) if seen else _resolved(bulletin, call)
    return _public_response(view.model_dump_json(), call, _end_of(bulletin, seen))


@routes.get(
    "/v1/bulletins/{bulletin_id}/media/{media_id}", returns={302: None}, raises=(_NOT_FOUND,)
)
def show_picture(call: Call) -> Response:
    """Get a picture of a bulletin.

    Redirects to the cleaned picture. The target URL works for a short time only: store the address
    of this route instead. It works while the bulletin is published and shows the picture.
    """
    seen, version_id = public.find_picture(
        call.path["bulletin_id"], call.path["media_id"], bulletins=wiring.bulletins(), now=call.now
    )
    left = _seconds_left([seen.expires_at], call.now)
    life = min(_PICTURE_LIFE_S, max(1, left))
    url = published_picture_url(
        call.path["bulletin_id"], call.path["media_id"], version_id, life_s=life
    )
    return Response(
        headers={
            "Location": url,
            "Cache-Control": f"public, max-age={min(_MAX_AGE_S, left)}, "
            f"s-maxage={min(_SHARED_AGE_S, left // 2)}",
        }
    )


@routes.get(
    "/v1/bulletins/{bulletin_id}/cap",
    returns={200: Content(None, "application/cap+xml"), 304: None},
    raises=(_NOT_FOUND,),
)
def get_alert(call: Call) -> Response:
    """Get a bulletin as a CAP 1.2 message.

    Returns the latest message: an Alert, an Update after a correction or renewal, or a Cancel for
    30 days after the bulletin was resolved or withdrawn. An expired bulletin has no message (404).
    """
    from chalicelib.domain.bulletins import feeds

    bulletin = public.read_alert(
        call.path["bulletin_id"], bulletins=wiring.bulletins(), now=call.now
    )
    base = base_of(call)
    content = feeds.alert(bulletin, base=base, sender=urlsplit(base).netloc)
    seen = published(bulletin, call.now)
    return _public_response(
        content, call, _end_of(bulletin, seen), feeds.CONTENT_TYPE + "; charset=utf-8"
    )


def cache_control(ends: Iterable[datetime], now: datetime) -> str:
    """Return how long caches may keep what is true until the first of `ends`: a minute at most."""
    return f"public, max-age={_seconds_left(ends, now)}"


def _seconds_left(ends: Iterable[datetime], now: datetime) -> int:
    """Return the seconds until the first of `ends`, between 0 and 60."""
    return max(0, min([_MAX_AGE_S, *(math.floor((end - now).total_seconds()) for end in ends)]))


def _public_response(
    content: str, call: Call, ends: Iterable[datetime], content_type: str = "application/json"
) -> Response:
    headers = {
        "Content-Type": content_type,
        "Cache-Control": cache_control(ends, call.now),
        "Vary": "Accept-Language",
        "Content-Language": call.language,
    }
    return conditional(content, call, headers)


def _feed(call: Call) -> Feed:
    return wiring.public_feeds().read(call.query.channel, call.now)


def _entries(feed: Feed) -> list[feeds.AnyEntry]:
    return [
        *(
            feeds.Entry(
                each.id, each.content, each.published_at, each.corrected_at, each.expires_at
            )
            for each in feed.items
        ),
        *(
            feeds.EndedEntry(
                each.id, each.channel, each.state, each.text, each.published_at, each.changed_at
            )
            for each in feed.ended
        ),
    ]


def _ends(feed: Feed) -> list[datetime]:
    return [each.expires_at for each in feed.items] + [each.until for each in feed.ended]


def _end_of(bulletin: Bulletin, seen: Published | None) -> list[datetime]:
    """Return when a response that shows a bulletin is no longer true."""
    if seen:
        return [seen.expires_at]
    return [bulletin.over_since + TRACE_LIFE] if bulletin.over_since else []


def _public(seen: Published, call: Call) -> PublicBulletin:
    content, url = seen.content, bulletin_url(seen.id, call)
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
            "code": bulletin.code,
            "outcome": bulletin.end_text,
            "ended_at": ended_at,
        }
    )


def _public_head(
    bulletin_id: str, channel: str, state: BulletinState, call: Call
) -> dict[str, Any]:
    url = bulletin_url(bulletin_id, call)
    return {
        "id": bulletin_id,
        "channel": channel,
        "channel_label": text(f"channel.{channel}", call.language),
        "state": state,
        "state_label": text(f"bulletin_state.{state}", call.language),
        "url": url,
        "cap_url": f"{url}/cap",
    }


_HTML = Content(None, "text/html")
# Where our routes are, relative to the page: below the prefix of a stage, too.
_ROOT = "../"


@routes.get("/bulletins/{bulletin_id}", returns={200: _HTML, 304: None, 404: _HTML, 410: _HTML})
def show_bulletin(call: Call) -> Response:
    """Show a bulletin to people.

    A web page without scripts, in all languages of the city, with Open Graph data: share this
    address. A resolved bulletin says how it ended. For 30 days, a withdrawn or expired one says so
    (410). All others are 404.
    """
    try:
        bulletin = public.read_shown(
            call.path["bulletin_id"], bulletins=wiring.bulletins(), now=call.now
        )
    except errors.NotFound:
        return Response(
            bulletin_page.render_none(call.language, home_url()), 404, _headers(call, None)
        )
    page = _page(bulletin, call.now)
    links = Links(base_of(call), _ROOT, lead_url(bulletin.id), home_url())
    content = bulletin_page.render(page, call.language, links)
    headers = _headers(call, _storage(page)) | _kept(bulletin, page, call.now)
    if page.state in (BulletinState.WITHDRAWN, BulletinState.EXPIRED):
        return Response(content, 410, headers)
    return conditional(content, call, headers)


def _page(bulletin: Bulletin, now: datetime) -> Page:
    seen, published_at = published(bulletin, now), bulletin.published_at or bulletin.created_at
    if seen:
        content = seen.content
        return Page(
            id=seen.id,
            channel=content.channel,
            state=BulletinState.PUBLISHED,
            title=content.title,
            body=content.body,
            published_at=seen.published_at,
            area=content.area,
            media=content.media,
            corrected_at=seen.corrected_at,
            expires_at=seen.expires_at,
        )
    state, channel = bulletin.state_at(now), bulletin.content.channel
    said = {
        each: text(
            "bulletin.feed_ended",
            each,
            state=text(f"bulletin_state.{state}", each),
            channel=text(f"channel.{channel}", each),
        )
        for each in LANGUAGES
    }
    return Page(
        id=bulletin.id,
        channel=channel,
        state=state,
        title=said,
        body=public.end_of(bulletin, now),
        published_at=published_at,
    )


def _storage(page: Page) -> str | None:
    """Return the origin that pictures are redirected to; None for a page without any."""
    if not page.media:
        return None
    url = urlsplit(published_picture_url(page.id, page.media[0], "-", life_s=1))
    return f"{url.scheme}://{url.netloc}"


def _kept(bulletin: Bulletin, page: Page, now: datetime) -> dict[str, str]:
    """Return how long caches may keep the page: never beyond the end of what it shows."""
    end = page.expires_at or (bulletin.over_since or now) + TRACE_LIFE
    return {"Cache-Control": cache_control([end], now), "Vary": "Accept-Language"}


def _headers(call: Call, storage: str | None) -> dict[str, str]:
    return {**page_headers(bulletin_page.policy(storage)), "Content-Language": call.language}
