"""Masks in a report's HEAD, and the text that one of them changes.

REPORT#<id>    BEFORE#<number>    `sealed`: the passage, while a legal hold keeps it; expires_ttl
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.keys import task_fields
from chalicelib.aws.table import Row, Table
from chalicelib.aws.writes import Put, TransactItem, Update
from chalicelib.domain.audit.ledger import Leaf
from chalicelib.domain.reports.entries import SealedMessage, SealedNote
from chalicelib.domain.reports.masks import Masks
from chalicelib.kernel.outbox import FORGET_AFTER, OutboxTask, TaskKind
from chalicelib.store.audit.ledger import LeafWrites
from chalicelib.store.reports.heads import change_head
from chalicelib.store.reports.rows import SKETCH_FIELDS, Head
from chalicelib.store.reports.search_entries import FOUND_BY, ended_entries

# What a mask must not change unseen: its report may have been withdrawn, or put on hold.
_DECIDING = ("masks", "status", "hold")


class StoredText(NamedTuple):
    """A text of a report as it is stored: in its HEAD, or in the row of `entry`."""

    sealed: bytes
    entry: SealedMessage | SealedNote | None = None

    @property
    def sort_key(self) -> str:
        entry = self.entry
        if isinstance(entry, SealedMessage):
            return keys.message(entry.sent_at, entry.id)
        return keys.note(entry.at, entry.id) if entry else keys.HEAD


class Held(NamedTuple):
    """A passage that a legal hold keeps, sealed, until its end."""

    number: int
    sealed: bytes
    until: datetime


def keep_masks(table: Table, head: Head, masks: Masks, *, also: Sequence[TransactItem]) -> None:
    """Write the masks of a report, with `also` in one transaction.

    Raises ConditionFailed when masks, status or hold have changed since `head` was read, or when
    the report is expiring.
    """
    update = change_head(
        head, put={"masks": masks.model_dump(exclude_none=True)}, equal=_same(head)
    )
    table.transact([table.item(update), *also])


def write_masked(
    table: Table,
    head: Head,
    masks: Masks,
    *,
    before: StoredText,
    after: bytes,
    held: Held | None,
    leaves: Sequence[Leaf],
    now: datetime,
    also: Sequence[TransactItem],
) -> None:
    """Write a text with a mark in place of `before`, and all that follows, in one transaction.

    The report's search entries, sketch and gist go, since they are made of its texts; the next
    opening makes the first anew. `leaves` are recorded in the ledger. An event carries the task to
    delete files of exports. Raises ConditionFailed as `keep_masks`, and when the text or the search
    entries have changed since they were read.
    """
    pk, sk = keys.report(head.row["id"]), before.sort_key
    recorded = LeafWrites.of(leaves, head.recorded, table)
    put: Row = {
        "masks": masks.model_dump(exclude_none=True),
        FOUND_BY: None,
        "gist": None,
        **dict.fromkeys(SKETCH_FIELDS),
        **recorded.put,
    }
    equal = _same(head) | {FOUND_BY: head.row.get(FOUND_BY)}
    items = [*recorded.items, _forget(pk, now, table)]
    items += [table.item(each) for each in ended_entries(head.row, now)]
    if sk == keys.HEAD:
        put["sealed"], equal["sealed"] = after, before.sealed
    else:
        text = Update(pk, sk, put={"sealed": after}, equal={"sealed": before.sealed})
        items.append(table.item(text))
    if held:
        kept = {"pk": pk, "sk": keys.before_mask(held.number), "sealed": held.sealed}
        items.append(table.item(Put(kept | {"expires_ttl": int(held.until.timestamp())})))
    update = change_head(head, put=put, append=recorded.append, equal=equal)
    table.transact([table.item(update), *items, *also])


def release_held(table: Table, head: Head, now: datetime) -> list[TransactItem]:
    """Return the writes that erase what a legal hold alone keeps. The empty rows expire: the
    officers' function deletes no row of a report.
    """
    pk = keys.report(head.row["id"])
    held = (each.number for each in head.masks.approved if each.is_held)
    ends = {"pk": pk, "expires_ttl": int(now.timestamp())}
    return [table.item(Put({**ends, "sk": keys.before_mask(number)})) for number in held]


def _same(head: Head) -> Row:
    return {name: head.row.get(name) for name in _DECIDING}


def _forget(pk: str, now: datetime, table: Table) -> TransactItem:
    """Return the write of the event whose task deletes files that were made before the mask."""
    sk = keys.event(now, TaskKind.FORGET.value)
    task = task_fields(pk, sk, OutboxTask(TaskKind.FORGET, now + FORGET_AFTER))
    return table.item(Put({"pk": pk, "sk": sk, **task}))
