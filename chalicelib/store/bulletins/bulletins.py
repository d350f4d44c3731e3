"""The store of bulletins: officers' rows, and the rows that the public reads.

    BULLETIN#<id>       HEAD                     with the task of what the clock does next with it
                        MEDIA#<media id>         with the task to look for its upload
                        VERSION#<n>              what was written in version n, by whom and when;
                                                 never changed, and deleted only with the bulletin
                        LEADS                    from the first publication on: how it ended, for
                                                 those who sent leads
    PUBLIC#…                                     what readers see: public_rows.py

One transaction writes all rows of a publication, or of its end. So a public page is one consistent
query of one partition, and a withdrawn bulletin is in no later response.
"""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.aws import keys
from chalicelib.aws.keys import task_fields
from chalicelib.aws.table import Row, Table
from chalicelib.aws.writes import Delete, Put, TransactItem, Update
from chalicelib.domain.bulletins.lifecycle import next_stage
from chalicelib.domain.bulletins.model import Bulletin, Content, EndCode, end_text
from chalicelib.domain.reports.report import Medium
from chalicelib.kernel.languages import LocalizedText
from chalicelib.kernel.models import Record
from chalicelib.kernel.outbox import OutboxTask, TaskKind
from chalicelib.store.bulletins.public_rows import (
    ALL_CHANNELS,
    CHANGED,
    Change,
    Ended,
    Published,
    change_of,
    changed_rows,
    public_rows,
)
from chalicelib.store.reports.media_rows import MediaRows

BY_STATE = ("by_state", "state_shard", "listed_at")
_LEADS, _MEDIA, _VERSION = "LEADS", "MEDIA#", "VERSION#"
_MEDIA_END = "MEDIA$"  # '$' follows '#'
# The author of a version that was made by a verdict on a picture.
VERDICT = "(verdict)"


@dataclass(frozen=True, slots=True)
class Dossier:
    """A bulletin with its pictures, as one query reads it."""

    bulletin: Bulletin
    pictures: tuple[Medium, ...]

    def medium(self, media_id: str) -> Medium | None:
        return next((each for each in self.pictures if each.media_id == media_id), None)


@dataclass(frozen=True, slots=True)
class PublicPage:
    """One page of a channel. `position` is the sort key below which the next page begins, or None.

    Only the first page has `change`, the last one of the channel.
    """

    items: tuple[Published, ...]
    position: str | None
    change: Change | None


class Version(Record):
    """One version of a bulletin, as it was written. Of an ending, with its code and words."""

    version: int
    by: str
    at: datetime
    content: Content
    code: EndCode | None = None
    words: LocalizedText | None = None


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
        row = self.table.get(keys.bulletin(bulletin_id), _LEADS, consistent=True)
        if not row or "state" not in row:
            return None
        return end_text(row["state"], row.get("code"), row.get("words"))

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
        change = change_of(rows.pop(0)) if rows and rows[0]["sk"] == CHANGED else None
        more = more or len(rows) > limit
        shown = [Published.model_validate(row) for row in rows[:limit]]
        position = rows[:limit][-1]["sk"] if more else None
        return PublicPage(tuple(each for each in shown if each.expires_at > now), position, change)

    def last_change(self, channel: str | None) -> Change | None:
        """Return the last change of what readers see of a channel, for one read unit.

        `channel` is None for all channels. None when nothing was ever published there.
        """
        partition = keys.public(channel or ALL_CHANNELS)
        rows, _ = self.table.query(partition, at_least=CHANGED, limit=1, consistent=True)
        return change_of(rows[0]) if rows else None

    def ended(self, channel: str | None, *, now: datetime, limit: int) -> tuple[Ended, ...]:
        """Return a channel's bulletins that ended last, the newest end first, with one query.

        `channel` is None for all channels.
        """
        partition = keys.public_ended(channel or ALL_CHANNELS)
        rows, _ = self.table.query(partition, forward=False, limit=limit, consistent=True)
        found = (Ended.model_validate(row) for row in rows)
        return tuple(each for each in found if each.until > now)

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

    def delete_pictures(self, bulletin_id: str) -> None:
        """Delete the rows of all pictures of a bulletin, with their tasks. Can be repeated."""
        self._delete_rows(bulletin_id, _MEDIA)

    def delete(self, bulletin: Bulletin, *also: TransactItem) -> None:
        """Delete every row of a bulletin that readers no longer see. Can be repeated.

        The HEAD goes last, in one transaction with `also`: it has the task to delete the others.
        Raises ConditionFailed when the bulletin has changed since it was read.
        """
        for prefix in (_VERSION, _MEDIA, _LEADS):
            self._delete_rows(bulletin.id, prefix)
        pk = keys.bulletin(bulletin.id)
        head = self.table.item(Delete(pk, keys.HEAD, equal={"rev": bulletin.rev}))
        self.table.transact([head, *also])

    def _delete_rows(self, bulletin_id: str, prefix: str) -> None:
        pk = keys.bulletin(bulletin_id)
        rows, _ = self.table.query(pk, begins=prefix, consistent=True, attributes=("pk", "sk"))
        for row in rows:
            self.table.delete(Delete(pk, row["sk"]))

    def _version_item(self, bulletin: Bulletin, by: str, at: datetime) -> TransactItem:
        version = Version(
            version=bulletin.version,
            by=by,
            at=at,
            content=bulletin.content,
            code=bulletin.code,
            words=bulletin.words,
        )
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
        old, new = public_rows(before), public_rows(after)
        put = {key: row for key, row in new.items() if row != old.get(key)}
        gone = [key for key in old if key not in new]
        if put or gone:
            put |= changed_rows(after, now)
        if _leads(after) != _leads(before):
            put[keys.bulletin(after.id), _LEADS] = _leads(after)
        return [
            *(self.table.item(Delete(pk, sk)) for pk, sk in gone),
            *(self.table.item(Put({"pk": pk, "sk": sk, **row})) for (pk, sk), row in put.items()),
        ]


def _head(bulletin: Bulletin) -> Row:
    pk = keys.bulletin(bulletin.id)
    due = next_stage(bulletin)
    task = OutboxTask(TaskKind.EXPIRE, due.at) if due else None
    return {
        "pk": pk,
        "sk": keys.HEAD,
        **bulletin.model_dump(exclude_none=True),
        "state_shard": bulletin.state.value,
        "listed_at": keys.listed_at(bulletin.created_at, bulletin.id),
        **(task_fields(pk, keys.HEAD, task) if task else {}),
    }


def _leads(bulletin: Bulletin) -> Row:
    """Return the end as reporters of leads see it: of words, those that readers still see."""
    row: Row = {"published_at": bulletin.published_at}
    if not bulletin.published_at or not bulletin.was_ended:
        return row
    words = None if bulletin.closed_at else bulletin.approved_words
    return row | {"state": bulletin.state.value, "code": bulletin.code, "words": words}
