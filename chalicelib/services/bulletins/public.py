"""Bulletins for the public, and their feeds, which each process caches until they change.

A feed is read far more often than it changes, and its rows cost a read unit for each 4 KB. So a
process caches what it has read, and reads one small row each time: the time of the feed's last
change, which the transaction of each change writes. A cached feed is never shown after a change,
and never what has ended since (why: docs/adr/0050-kept-feeds.md).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.domain.bulletins.feeds import MAX_ENTRIES
from chalicelib.domain.bulletins.model import TRACE_LIFE, Bulletin, BulletinState, end_text
from chalicelib.kernel import errors, times
from chalicelib.kernel.ids import is_bulletin_id
from chalicelib.kernel.languages import LocalizedText
from chalicelib.kernel.paging import Cursors
from chalicelib.store.bulletins.bulletins import Bulletins
from chalicelib.store.bulletins.public_rows import Change, Ended, Published, published

PUBLIC = "public"
# The clock notes an end some minutes late, with the time at which it was.
OVERLAP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class PublicPage:
    items: tuple[Published, ...]
    next_cursor: str | None
    ended: tuple[Ended, ...] = ()


class Wanted(NamedTuple):
    """Which page a reader asks for. `channel` is None for all, `cursor` for the first one."""

    channel: str | None
    since: datetime | None
    cursor: str | None
    limit: int


def read_page(
    wanted: Wanted, *, bulletins: Bulletins, cursors: Cursors, now: datetime
) -> PublicPage:
    """Return one page of published bulletins, newest first, with one query.

    With `since`, only those that have changed since; the first page also has up to 50 that ended
    last, if they have changed since, with one more query. Raises Malformed `bad_cursor`; Invalid
    when what ended at `since` is forgotten by now.
    """
    channel, since, cursor, limit = wanted
    if since and since < now - TRACE_LIFE:
        days = (("days", str(TRACE_LIFE.days)),)
        raise errors.Invalid(errors.FieldError("since", "period_too_long", days))
    bound = {"channel": channel} | ({"since": times.render(since)} if since else {})
    below = cursors.read(cursor, reader=PUBLIC, filters=bound, now=now) if cursor else None
    page = bulletins.page(channel, now=now, limit=limit, below=below)
    next_cursor = (
        cursors.issue(page.position, reader=PUBLIC, filters=bound, now=now)
        if page.position
        else None
    )
    if since is None:
        return PublicPage(page.items, next_cursor)
    begin = since - OVERLAP
    items = tuple(each for each in page.items if each.changed_at >= begin)
    # After the page: what ends in between is in one of both.
    ended = () if cursor else bulletins.ended(channel, now=now, limit=MAX_ENTRIES)
    return PublicPage(items, next_cursor, tuple(each for each in ended if each.changed_at >= begin))


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
    """Return the public text of a bulletin that has ended, also before the clock has noted it."""
    return end_text(bulletin.state_at(now), bulletin.code, bulletin.approved_words)


def find_picture(
    bulletin_id: str, media_id: str, *, bulletins: Bulletins, now: datetime
) -> tuple[Published, str]:
    """Return a bulletin as the public sees it, and the version of the preview of one picture.

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


# DynamoDB may show one row of a transaction before the others. So what is read this soon after a
# process first saw a change is not kept. It is longer than a request takes.
SETTLED = timedelta(seconds=30)
# Nothing but `replace` of the store changes these rows. If something did, such as a restore that
# has half a transaction, it would show after this time.
KEPT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Feed:
    """The newest bulletins of a channel, and those that ended last.

    `change`: the last change of either; None when there never was one.
    """

    items: tuple[Published, ...]
    ended: tuple[Ended, ...]
    change: Change | None

    def at(self, now: datetime) -> "Feed":
        """Return the feed without what has ended, or has been gone for 30 days, by `now`."""
        return replace(
            self,
            items=tuple(each for each in self.items if each.expires_at > now),
            ended=tuple(each for each in self.ended if each.until > now),
        )


@dataclass(frozen=True, slots=True)
class _Seen:
    """A feed as the process read it last, and since when it has known the feed's last change."""

    feed: Feed
    read_at: datetime
    since: datetime

    def is_kept(self, now: datetime) -> bool:
        """Return whether the feed may be shown again while it does not change."""
        return self.read_at - self.since >= SETTLED and now - self.read_at < KEPT


class PublicFeeds:
    """The feeds of all channels, as one process knows them."""

    def __init__(self, bulletins: Bulletins) -> None:
        self._bulletins = bulletins
        # A channel that nothing was ever published in has no entry, so there are few.
        self._seen: dict[str | None, _Seen] = {}

    def read(self, channel: str | None, now: datetime) -> Feed:
        """Return up to 50 published bulletins of a channel, and up to 50 that ended last.

        `channel` is None for all. A bulletin that leaves the feed stays in the copies of those who
        read it. So its entry stays for 30 days, and says how it ended. One query if the process has
        kept the feed, else two, and a third one if it has changed since. Raises Unavailable.
        """
        seen = self._seen.get(channel)
        if seen and seen.is_kept(now) and seen.feed.change == self._bulletins.last_change(channel):
            return seen.feed.at(now)
        feed = self._read(channel, now)
        if feed.change and feed.change.mark:
            since = seen.since if seen and seen.feed.change == feed.change else now
            self._seen[channel] = _Seen(feed, read_at=now, since=since)
        return feed

    def _read(self, channel: str | None, now: datetime) -> Feed:
        # In this order: what ends in between is in the second response, and not lost. And the first
        # one has the last change: what comes after it is another change, for the next reader.
        page = self._bulletins.page(channel, now=now, limit=MAX_ENTRIES)
        ended = self._bulletins.ended(channel, now=now, limit=MAX_ENTRIES)
        over = {each.id for each in ended}
        items = tuple(each for each in page.items if each.id not in over)
        return Feed(items, ended, page.change)
