"""The rows that readers see: published bulletins, and ended ones.

    PUBLIC#<channel>        CHANGED                  the last change of these rows: its time, and a
                                                     mark that differs after each
                            <published_at>#<id>      the approved version
    PUBLIC#ENDED#<channel>  <ended_at>#<id>          how it ended, for 30 days: feeds say so

Each row is also in the partition of all channels, `*`.
"""

from datetime import datetime
from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.keys import Key
from chalicelib.aws.table import Row
from chalicelib.domain.bulletins.model import (
    TRACE_LIFE,
    Bulletin,
    BulletinState,
    Content,
    EndCode,
    end_text,
)
from chalicelib.kernel import times
from chalicelib.kernel.ids import random_id
from chalicelib.kernel.languages import LocalizedText
from chalicelib.kernel.models import Record

ALL_CHANNELS = "*"
# Sorts after all times, so the query of a first page, newest first, begins with this row.
CHANGED = "CHANGED"


class Published(Record):
    """A bulletin as readers see it."""

    id: str
    content: Content
    published_at: datetime
    corrected_at: datetime | None = None
    expires_at: datetime

    @property
    def changed_at(self) -> datetime:
        return self.corrected_at or self.published_at


class Change(NamedTuple):
    """A change of the rows of a channel. No two have the same mark."""

    at: datetime
    mark: str


class Ended(Record):
    """A bulletin that was resolved or withdrawn, or has expired, as readers see it.

    `words` are approved. `until` is when readers no longer see it.
    """

    id: str
    channel: str
    state: BulletinState
    code: EndCode | None = None
    words: LocalizedText | None = None
    published_at: datetime
    changed_at: datetime
    until: datetime

    @property
    def text(self) -> LocalizedText:
        return end_text(self.state, self.code, self.words)


def published(bulletin: Bulletin, now: datetime) -> Published | None:
    """Return the bulletin as readers see it; None when it is not published now."""
    if bulletin.state_at(now) is not BulletinState.PUBLISHED:
        return None
    return Published.model_validate(_published(bulletin))


def public_rows(bulletin: Bulletin) -> dict[Key, Row]:
    """Return the rows that readers see of a bulletin, by their keys."""
    seen, published_at = bulletin.published, bulletin.published_at
    if not seen or not published_at or bulletin.closed_at:
        return {}
    ended_at = bulletin.over_since
    if bulletin.state is BulletinState.PUBLISHED:
        partition, at, row = keys.public, published_at, _published(bulletin)
    elif ended_at:
        partition, at, row = keys.public_ended, ended_at, _ended(bulletin, ended_at)
    else:
        return {}
    sk = keys.listed_at(at, bulletin.id)
    return {(partition(channel), sk): row for channel in (ALL_CHANNELS, seen.channel)}


def changed_rows(bulletin: Bulletin, now: datetime) -> dict[Key, Row]:
    """Return the rows that say when the rows of the bulletin's channel have changed: now."""
    channels = (ALL_CHANNELS, bulletin.published.channel) if bulletin.published else ()
    change = {"at": now, "mark": random_id(10)}
    return {(keys.public(channel), CHANGED): change for channel in channels}


def change_of(row: Row) -> Change:
    """Return the change that a CHANGED row is about. One of an earlier version has no mark."""
    return Change(times.parse(row["at"]), row.get("mark", ""))


def _published(bulletin: Bulletin) -> Row:
    return {
        "id": bulletin.id,
        "content": bulletin.published.model_dump(exclude_none=True) if bulletin.published else None,
        "published_at": bulletin.published_at,
        "corrected_at": bulletin.corrected_at,
        "expires_at": bulletin.expires_at,
    }


def _ended(bulletin: Bulletin, ended_at: datetime) -> Row:
    return {
        "id": bulletin.id,
        "channel": bulletin.content.channel,
        "state": bulletin.state.value,
        "code": bulletin.code,
        "words": bulletin.approved_words,
        "published_at": bulletin.published_at,
        "changed_at": max(ended_at, bulletin.corrected_at or ended_at),
        "until": ended_at + TRACE_LIFE,
    }
