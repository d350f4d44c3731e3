"""Bulletins for the public."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib import errors
from chalicelib.domain.bulletins import Bulletin, BulletinState
from chalicelib.domain.bulletins.endings import end_text
from chalicelib.domain.ids import is_bulletin_id
from chalicelib.domain.languages import LocalizedText
from chalicelib.domain.paging import Cursors
from chalicelib.store.bulletins import Bulletins
from chalicelib.store.public_rows import Published, published

PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class PublicPage:
    items: tuple[Published, ...]
    next_cursor: str | None


def read_page(
    channel: str | None,
    *,
    cursor: str | None,
    limit: int,
    bulletins: Bulletins,
    cursors: Cursors,
    now: datetime,
) -> PublicPage:
    """Return one page of published bulletins, newest first, with one query.

    Raises Malformed `bad_cursor`.
    """
    bound = {"channel": channel}
    below = cursors.read(cursor, reader=PUBLIC, filters=bound, now=now) if cursor else None
    page = bulletins.page(channel, now=now, limit=limit, below=below)
    next_cursor = (
        cursors.issue(page.position, reader=PUBLIC, filters=bound, now=now)
        if page.position
        else None
    )
    return PublicPage(page.items, next_cursor)


def read_bulletin(bulletin_id: str, *, bulletins: Bulletins, now: datetime) -> Bulletin:
    """Return a bulletin that is published, or that was resolved in the last 30 days.

    Raises NotFound for any other.
    """
    bulletin = bulletins.get(bulletin_id) if is_bulletin_id(bulletin_id) else None
    if bulletin is None or bulletin.is_closed(now):
        raise errors.NotFound
    resolved = bulletin.state is BulletinState.RESOLVED and bulletin.published
    if not resolved and not published(bulletin, now):
        raise errors.NotFound
    return bulletin


def read_shown(bulletin_id: str, *, bulletins: Bulletins, now: datetime) -> Bulletin:
    """Return a bulletin that was published, and that ended less than 30 days ago if it has.

    Raises NotFound for any other.
    """
    bulletin = bulletins.get(bulletin_id) if is_bulletin_id(bulletin_id) else None
    if bulletin is None or not bulletin.published or bulletin.is_closed(now):
        raise errors.NotFound
    return bulletin


def end_of(bulletin: Bulletin, now: datetime) -> LocalizedText:
    """Return what readers see of a bulletin that has ended, also before the clock has noted it."""
    return end_text(bulletin.state_at(now), bulletin.code, bulletin.approved_words)


def find_picture(
    bulletin_id: str, media_id: str, *, bulletins: Bulletins, now: datetime
) -> tuple[Published, str]:
    """Return what the public sees of a bulletin, and the version of the preview of one picture.

    Raises NotFound when the bulletin is not published, or does not show the picture.
    """
    seen = published(read_bulletin(bulletin_id, bulletins=bulletins, now=now), now)
    if seen is None or media_id not in seen.content.media:
        raise errors.NotFound
    medium = bulletins.media.get(bulletin_id, media_id)
    if medium is None or medium.preview_version is None:
        raise errors.NotFound
    return seen, medium.preview_version


def read_alert(bulletin_id: str, *, bulletins: Bulletins, now: datetime) -> Bulletin:
    """Return a bulletin that has a CAP message and has not expired.

    A bulletin that was resolved or withdrawn in the last 30 days has one too. Raises NotFound.
    """
    bulletin = bulletins.get(bulletin_id) if is_bulletin_id(bulletin_id) else None
    if bulletin is None or not bulletin.messages or bulletin.is_closed(now):
        raise errors.NotFound
    if bulletin.state_at(now) is BulletinState.EXPIRED:
        raise errors.NotFound
    return bulletin
