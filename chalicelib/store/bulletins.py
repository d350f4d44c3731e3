"""The store of bulletins: officers' rows, and the rows that the public reads.

    BULLETIN#<id>       HEAD                     with the task to expire while it is published
                        MEDIA#<media id>         with the task to look for its upload
                        VERSION#<n>              content, author and time of version n; never
                                                 changed or deleted
                        LEADS                    from the first publication on: the outcome, for
                                                 those who sent leads
    PUBLIC#<channel>    CHANGED                  the time of the last change of the public rows
                        <published_at>#<id>      the approved version; also under `PUBLIC#*`, the
                                                 partition of all channels

One transaction writes all rows of a publication, or of its end. So a public page or feed is one
consistent query of one partition, and a withdrawn bulletin is in no later response.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain import times
from chalicelib.domain.bulletins import Bulletin, Content
from chalicelib.domain.bulletins import BulletinState as State
from chalicelib.domain.bulletins.model import withdrawal_text
from chalicelib.domain.languages import LocalizedText
from chalicelib.domain.models import Record
from chalicelib.domain.outbox import OutboxTask, TaskKind
from chalicelib.domain.reports import Medium
from chalicelib.store import keys
from chalicelib.store.media_rows import MediaRows
from chalicelib.store.table import Row, Table
from chalicelib.store.tasks import task_fields
from chalicelib.store.writes import Delete, Put, TransactItem, Update

BY_STATE = ("by_state", "state_shard", "listed_at")
ALL_CHANNELS = "*"
_LEADS, _MEDIA, _VERSION = "LEADS", "MEDIA#", "VERSION#"
_MEDIA_END = "MEDIA$"  # '$' follows '#'
# Sorts after all times, so the query of a first page, newest first, begins with this row.
_CHANGED = "CHANGED"
# The author of a version that was made by a verdict on a picture.
VERDICT = "(verdict)"


@dataclass(frozen=True, slots=True)
class Dossier:
    """A bulletin with its pictures, as one query reads it."""

    bulletin: Bulletin
    pictures: tuple[Medium, ...]

    def medium(self, media_id: str) -> Medium | None:
        return next((each for each in self.pictures if each.media_id == media_id), None)


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


@dataclass(frozen=True, slots=True)
class PublicPage:
    """One page of a channel. `position` is the sort key below which the next page begins, or None.

    Only the first page has `changed_at`.
    """

    items: tuple[Published, ...]
    position: str | None
    changed_at: datetime | None


class Version(Record):
    """One version of a bulletin, as it was written."""

    version: int
    by: str
    at: datetime
    content: Content


class Bulletins:
    def __init__(self, table: Table) -> None:
        self.table = table
        self.media = MediaRows(table)

    def takes_leads(self, bulletin_id: str) -> bool:
        """Return whether a bulletin with this id was ever published.

        Residents may have something to report after it has ended.
        """
        return self.table.get(keys.bulletin(bulletin_id), _LEADS, consistent=True) is not None

    def outcome(self, bulletin_id: str) -> LocalizedText | None:
        """Return how a bulletin ended, for those who sent leads.

        None when it is unknown, or was not resolved or withdrawn.
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
        """Return one page of a channel's published bulletins, newest first, with one query.

        Bulletins that have expired are left out. `channel` is None for all channels.
        """
        partition = keys.public(channel or ALL_CHANNELS)
        # One row more shows whether there is a next page. A first page also has the CHANGED row.
        count = limit + (1 if below else 2)
        rows, more = self.table.query(
            partition, below=below, forward=False, limit=count, consistent=True
        )
        changed_at = times.parse(rows.pop(0)["at"]) if rows and rows[0]["sk"] == _CHANGED else None
        more = more or len(rows) > limit
        shown = [Published.model_validate(row) for row in rows[:limit]]
        position = rows[:limit][-1]["sk"] if more else None
        return PublicPage(
            tuple(each for each in shown if each.expires_at > now), position, changed_at
        )

    def versions(self, bulletin_id: str) -> tuple[Version, ...]:
        """Return all versions of a bulletin, in order."""
        rows, _ = self.table.query(keys.bulletin(bulletin_id), begins=_VERSION, consistent=True)
        return tuple(Version.model_validate(row) for row in rows)

    def create(self, bulletin: Bulletin, *also: TransactItem) -> None:
        """Write a new bulletin and its first version, with `also` in one transaction.

        Raises ConditionFailed, with the existing row, when the id exists.
        """
        head = self.table.item(Put(_head(bulletin), if_absent=True))
        self.table.transact(
            [head, self._version_item(bulletin, bulletin.created_by, bulletin.created_at), *also]
        )

    def replace(
        self, before: Bulletin, after: Bulletin, *also: TransactItem, by: str, now: datetime
    ) -> Bulletin:
        """Replace `before` by `after`, its version and public rows, with `also` in one transaction.

        Return the bulletin as it is stored. Raises ConditionFailed when it has changed since
        `before` was read.
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

    def _version_item(self, bulletin: Bulletin, by: str, at: datetime) -> TransactItem:
        version = Version(version=bulletin.version, by=by, at=at, content=bulletin.content)
        # Zero-padded, so that keys sort by version.
        sk = f"{_VERSION}{bulletin.version:09d}"
        return self.table.item(
            Update(
                keys.bulletin(bulletin.id),
                sk,
                put=version.model_dump(exclude_none=True),
                equal={"version": None},
                upsert=True,
            )
        )

    def _public_items(self, before: Bulletin, after: Bulletin, now: datetime) -> list[TransactItem]:
        """Return the writes that change the public rows; none when the change is not public."""
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
        return items


def _head(bulletin: Bulletin) -> Row:
    pk = keys.bulletin(bulletin.id)
    return {
        "pk": pk,
        "sk": keys.HEAD,
        **bulletin.model_dump(exclude_none=True),
        "state_shard": bulletin.state.value,
        "listed_at": keys.listed_at(bulletin.created_at, bulletin.id),
        **(task_fields(pk, keys.HEAD, task) if (task := _next_task(bulletin)) else {}),
    }


def _next_task(bulletin: Bulletin) -> OutboxTask | None:
    if bulletin.state is not State.PUBLISHED or bulletin.expires_at is None:
        return None
    return OutboxTask(TaskKind.EXPIRE, bulletin.expires_at)


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


def published(bulletin: Bulletin, now: datetime) -> Published | None:
    """Return the bulletin as readers see it; None when it is not published now."""
    if bulletin.state_at(now) is not State.PUBLISHED:
        return None
    return Published.model_validate(_public(bulletin))
