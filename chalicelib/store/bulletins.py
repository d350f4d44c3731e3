"""Bulletins' rows, and what the public reads of them.

    BULLETIN#<id>       HEAD, MEDIA#<media id>
                        VERSION#<n>                  what was written as version n, by whom and when; never changed, never deleted
                        LEADS                        since the first publication: what those who answer it are told, in a row that is small
    PUBLIC#<channel>    CHANGED                  when what readers see last changed
                        <published_at>#<id>      what readers see, of the approved version; a copy under `PUBLIC#*` for all channels
    DUE                 <due_at>#<what>#<id>     what must be looked at, and when: expiry, and pictures without a verdict

A publication writes all of them in one transaction, and so does its end. So a page, or a feed, is
one query of one partition, consistent, whatever the number of bulletins; what was withdrawn is gone
from it with the answer that said so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from chalicelib.domain import times
from chalicelib.domain.bulletins import Bulletin, Content
from chalicelib.domain.bulletins import BulletinState as State
from chalicelib.domain.bulletins.model import withdrawal_text
from chalicelib.domain.languages import LocalizedText
from chalicelib.domain.reports import Medium
from chalicelib.store import keys
from chalicelib.store.table import ConditionFailed, Row, Table
from chalicelib.store.writes import Delete, Put, TransactItem, Update

BY_STATE = ("by_state", "state_shard", "listed_at")
ALL_CHANNELS = "*"
DUE = "DUE"
_EXPIRY, _PICTURE = "expiry", "picture"
_LEADS, _MEDIA, _VERSION = "LEADS", "MEDIA#", "VERSION#"
_MEDIA_END = "MEDIA$"  # '$' follows '#'
# Sorts after every bulletin's time, so a first page begins with it, in the same read.
_CHANGED = "CHANGED"
# Who it was that made a version by a verdict on a picture.
VERDICT = "(verdict)"


@dataclass(frozen=True, slots=True)
class Dossier:
    """A bulletin with its pictures, as one query reads it."""

    bulletin: Bulletin
    pictures: tuple[Medium, ...]


class Published(BaseModel):
    """A bulletin as readers see it."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    id: str
    content: Content
    published_at: datetime
    corrected_at: datetime | None = None
    expires_at: datetime

    @property
    def changed_at(self) -> datetime:
        return self.corrected_at or self.published_at


@dataclass(frozen=True, slots=True)
class PublicPage:
    """`position`: where the next page begins (below it); None when there is no more. `changed_at`:
    told with the first page only.
    """

    items: tuple[Published, ...]
    position: str | None
    changed_at: datetime | None


class Version(BaseModel):
    """What was written, kept for good."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    version: int
    by: str
    at: datetime
    content: Content


@dataclass(frozen=True, slots=True)
class Due:
    """Something to look at: a bulletin that may be over, or one of its pictures. `row` is the row
    to strike off.
    """

    row: Row
    bulletin_id: str
    media_id: str | None


class Bulletins:
    def __init__(self, table: Table) -> None:
        self.table = table

    def takes_leads(self, bulletin_id: str) -> bool:
        """Was a bulletin of this id ever published? What residents know of it does not end when it
        does.
        """
        return self.table.get(keys.bulletin(bulletin_id), _LEADS, consistent=True) is not None

    def outcome(self, bulletin_id: str) -> LocalizedText | None:
        """How it ended, for those who sent leads; None when it was neither resolved nor withdrawn,
        or is unknown.
        """
        row = self.table.get(keys.bulletin(bulletin_id), _LEADS, consistent=True) or {}
        return withdrawal_text() if row.get("withdrawn") else row.get("outcome")

    def get(self, bulletin_id: str) -> Bulletin | None:
        row = self.table.get(keys.bulletin(bulletin_id), keys.HEAD, consistent=True)
        return Bulletin.model_validate(row) if row else None

    def dossier(self, bulletin_id: str) -> Dossier | None:
        rows, _ = self.table.query(
            keys.bulletin(bulletin_id), between=(keys.HEAD, _MEDIA_END), consistent=True
        )
        head = next((row for row in rows if row["sk"] == keys.HEAD), None)
        if head is None:
            return None
        return Dossier(
            Bulletin.model_validate(head),
            tuple(Medium.model_validate(row) for row in rows if row["sk"].startswith(_MEDIA)),
        )

    def page(
        self, channel: str | None, *, now: datetime, limit: int, below: str | None = None
    ) -> PublicPage:
        """What readers see of a channel, newest first: one query. What time has ended meanwhile is
        left out.
        """
        partition = keys.public(channel or ALL_CHANNELS)
        wanted = limit + (1 if below else 2)
        rows, more = self.table.query(
            partition, below=below, forward=False, limit=wanted, consistent=True
        )
        changed_at = times.parse(rows.pop(0)["at"]) if rows and rows[0]["sk"] == _CHANGED else None
        more = more or len(rows) > limit
        shown = [Published.model_validate(row) for row in rows[:limit]]
        position = rows[:limit][-1]["sk"] if more else None
        return PublicPage(
            tuple(each for each in shown if each.expires_at > now), position, changed_at
        )

    def versions(self, bulletin_id: str) -> tuple[Version, ...]:
        """All that was ever written of it, in order."""
        rows, _ = self.table.query(keys.bulletin(bulletin_id), begins=_VERSION, consistent=True)
        return tuple(Version.model_validate(row) for row in rows)

    def create(self, bulletin: Bulletin, *also: TransactItem) -> None:
        """Raises ConditionFailed, with what stands there, when there is one of this id."""
        head = self.table.item(Put(_head(bulletin), if_absent=True))
        self.table.transact(
            [head, self._version_item(bulletin, bulletin.created_by, bulletin.created_at), *also]
        )

    def replace(
        self, before: Bulletin, after: Bulletin, *also: TransactItem, by: str, now: datetime
    ) -> Bulletin:
        """Write `after` with all that follows from it, if `before` is still what stands there.
        Raises ConditionFailed.
        """
        after = after.model_copy(update={"rev": before.rev + 1})
        fields = {name: value for name, value in _head(after).items() if name not in ("pk", "sk")}
        gone = [name for name in _head(before) if name not in fields and name not in ("pk", "sk")]
        head = self.table.item(
            Update(
                keys.bulletin(after.id),
                keys.HEAD,
                put=fields,
                remove=gone,
                equal={"rev": before.rev},
            )
        )
        written = [self._version_item(after, by, now)] if after.version != before.version else []
        self.table.transact([head, *written, *self._public_items(before, after, now), *also])
        return after

    def picture_items(
        self, bulletin_id: str, medium: Medium, due_at: datetime
    ) -> list[TransactItem]:
        """The actions that keep a new picture, and look for it when it is due."""
        pk, sk = keys.bulletin(bulletin_id), keys.media(medium.media_id)
        return [
            self.table.item(
                Put({"pk": pk, "sk": sk, **medium.model_dump(exclude_none=True)}, if_absent=True)
            ),
            self.table.item(Put(_due(due_at, _PICTURE, bulletin_id, medium.media_id))),
        ]

    def settle_item(self, bulletin_id: str, medium: Medium, found: Row) -> TransactItem:
        """The action that gives a picture its verdict, if it has none."""
        return self.table.item(
            Update(
                keys.bulletin(bulletin_id),
                keys.media(medium.media_id),
                put=found,
                equal={"state": medium.state.value},
            )
        )

    def due(self, now: datetime, *, limit: int) -> list[Due]:
        """What must be looked at by now, longest due first."""
        rows, _ = self.table.query(DUE, below=times.render(now) + "~", limit=limit, consistent=True)
        return [Due(row, row["bulletin_id"], row.get("media_id")) for row in rows]

    def put_off(self, due: Due, until: datetime, *, attempts: int) -> None:
        """Look again later. What has been struck off meanwhile stays so."""
        later = _due(until, _PICTURE, due.bulletin_id, due.media_id) | {"attempts": attempts}
        try:
            self.table.transact([self._complete(due.row), self.table.item(Put(later))])
        except ConditionFailed:
            return

    def complete(self, due: Due) -> None:
        self.table.delete(Delete(DUE, due.row["sk"]))

    def _complete(self, row: Row) -> TransactItem:
        return self.table.item(Delete(DUE, row["sk"], if_present=True))

    def _version_item(self, bulletin: Bulletin, by: str, at: datetime) -> TransactItem:
        kept = Version(version=bulletin.version, by=by, at=at, content=bulletin.content)
        # In figures of one length: their order is that of the versions.
        sk = f"{_VERSION}{bulletin.version:09d}"
        return self.table.item(
            Update(
                keys.bulletin(bulletin.id),
                sk,
                put=kept.model_dump(exclude_none=True),
                equal={"version": None},
                upsert=True,
            )
        )

    def _public_items(self, before: Bulletin, after: Bulletin, now: datetime) -> list[TransactItem]:
        """Readers' rows and the expiry, moved from `before` to `after`. None when neither concerns
        readers.
        """
        old, new = _public_keys(before), _public_keys(after)
        items = [self.table.item(Delete(pk, sk)) for pk, sk in old if (pk, sk) not in new]
        if _leads(after) != _leads(before):
            items.append(
                self.table.item(Put({"pk": keys.bulletin(after.id), "sk": _LEADS, **_leads(after)}))
            )
        if (before.state, before.published_version, before.expires_at) == (
            after.state,
            after.published_version,
            after.expires_at,
        ):
            return items
        if new:
            row = _public(after)
            items += [self.table.item(Put({"pk": pk, "sk": sk, **row})) for pk, sk in new]
        items += [
            self.table.item(Put({"pk": pk, "sk": _CHANGED, "at": now}))
            for pk in dict.fromkeys(pk for pk, _ in (*old, *new))
        ]
        was = (
            _due(before.expires_at, _EXPIRY, before.id)
            if before.state is State.PUBLISHED and before.expires_at
            else None
        )
        pending = (
            _due(after.expires_at, _EXPIRY, after.id)
            if after.state is State.PUBLISHED and after.expires_at
            else None
        )
        if was and (pending is None or was["sk"] != pending["sk"]):
            items.append(self.table.item(Delete(DUE, was["sk"])))
        if pending:
            items.append(self.table.item(Put(pending)))
        return items


def _head(bulletin: Bulletin) -> Row:
    return {
        "pk": keys.bulletin(bulletin.id),
        "sk": keys.HEAD,
        **bulletin.model_dump(exclude_none=True),
        "state_shard": bulletin.state.value,
        "listed_at": keys.listed_at(bulletin.created_at, bulletin.id),
    }


def _public_keys(bulletin: Bulletin) -> Sequence[tuple[str, str]]:
    if bulletin.state is not State.PUBLISHED or not bulletin.published or not bulletin.published_at:
        return ()
    sk = keys.listed_at(bulletin.published_at, bulletin.id)
    return tuple(
        (keys.public(channel), sk) for channel in (ALL_CHANNELS, bulletin.published.channel)
    )


def _public(bulletin: Bulletin) -> Row:
    return {
        "id": bulletin.id,
        "content": bulletin.published.model_dump(exclude_none=True) if bulletin.published else None,
        "published_at": bulletin.published_at,
        "corrected_at": bulletin.corrected_at,
        "expires_at": bulletin.expires_at,
    }


def _leads(bulletin: Bulletin) -> Row:
    return {
        "published_at": bulletin.published_at,
        "outcome": bulletin.outcome
        if bulletin.published_at and bulletin.state is State.RESOLVED
        else None,
        "withdrawn": True if bulletin.published_at and bulletin.state is State.WITHDRAWN else None,
    }


def _due(at: datetime, what: str, bulletin_id: str, media_id: str | None = None) -> Row:
    name = "#".join(part for part in (times.render(at), what, bulletin_id, media_id) if part)
    return {"pk": DUE, "sk": name, "bulletin_id": bulletin_id, "media_id": media_id}


def published(bulletin: Bulletin, now: datetime) -> Published | None:
    """What readers see of this bulletin; None when they see none."""
    if bulletin.state_at(now) is not State.PUBLISHED:
        return None
    return Published.model_validate(_public(bulletin))
