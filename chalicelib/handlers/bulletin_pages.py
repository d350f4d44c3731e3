"""The page of a bulletin, for people."""

from datetime import datetime
from urllib.parse import urlsplit

from chalicelib import errors, wiring
from chalicelib.domain import bulletin_page
from chalicelib.domain.bulletin_page import Links, Page
from chalicelib.domain.bulletins import Bulletin, BulletinState
from chalicelib.domain.bulletins.model import TRACE_LIFE
from chalicelib.domain.languages import LANGUAGES, text
from chalicelib.handlers.addresses import base_of, home_url, lead_url
from chalicelib.handlers.bulletins import cache_control
from chalicelib.handlers.pictures import published_picture_url
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response, conditional, page_headers
from chalicelib.handlers.routes import Content, Routes
from chalicelib.services import public_bulletins
from chalicelib.store.public_rows import published

routes = Routes("Bulletins")

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
        bulletin = public_bulletins.read_shown(
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
        body=public_bulletins.end_of(bulletin, now),
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
