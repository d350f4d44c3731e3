"""The duplicates of a report, and the report that a duplicate names.

    REPORT#<original>   DUPLICATE#<received_at>#<id>     a duplicate, until the link ends

An original is counted, and its row of the duplicate written, in the transaction that makes or ends
the link, so the number is exact. Of another report, officers see no text here. When nobody works on
an original any more, a task looks at its duplicates: `EVENT#duplicates`.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple, Self

from chalicelib.aws import keys
from chalicelib.aws.keys import same_task, task_fields
from chalicelib.aws.table import Row, Table
from chalicelib.aws.writes import Delete, Put, TransactItem
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.officers.model import OVERSIGHT
from chalicelib.domain.reports.report import DRILL, OPEN_STATUSES, Status
from chalicelib.domain.second_person import awaits_end
from chalicelib.kernel import times
from chalicelib.kernel.outbox import OutboxTask, TaskKind
from chalicelib.store.reports.heads import NOT_EXPIRING, listed_row, update_head
from chalicelib.store.reports.rows import Head

_ENDING = ("pk", *NOT_EXPIRING)
_PAGE = 100
RETURN_SK = "EVENT#duplicates"
# What decides whether a duplicate waits, and its task. Nobody may have changed it since.
_DECIDING = (
    "duplicate_of", "assignee", "status", "attended", "urgency", "category", "unproven", "turn",
    "deadline",
)  # fmt: skip


class DuplicatePage(NamedTuple):
    """The sort keys of the rows of some duplicates, newest first. `position`: the next page begins
    below it; None after the last one.
    """

    rows: tuple[str, ...]
    position: str | None


class Duplicates:
    def __init__(self, table: Table) -> None:
        self._table = table

    def count(self, original: Head, duplicate: str, received_at: datetime) -> list[TransactItem]:
        """Return the writes that add a duplicate, which was received then.

        They fail when the original does not exist, is a duplicate itself, or is not worked on, or
        not of those who had it, as when it was read.
        """
        report_id = original.report.id
        row = {"pk": keys.report(report_id), "sk": keys.duplicate(received_at, duplicate)}
        equal = {name: original.row.get(name) for name in ("status", "attended", "category")}
        add = update_head(report_id, add={"duplicates": 1}, equal={"duplicate_of": None, **equal})
        return [self._table.item(add), self._table.item(Put(row))]

    def discount(
        self, original: str | None, duplicate: str, received_at: datetime
    ) -> list[TransactItem]:
        """Return the writes that remove a duplicate; none without an original, or when its
        deletion has begun. They fail when that begins in the meantime.
        """
        if original is None:
            return []
        pk, sk = keys.report(original), keys.duplicate(received_at, duplicate)
        row = self._table.get(pk, keys.HEAD, consistent=True, attributes=_ENDING)
        if row is None or any(name in row for name in NOT_EXPIRING):
            return []
        # Neither API may delete a row of a report, so DynamoDB does, within days.
        ended = Put({"pk": pk, "sk": sk, "expires_ttl": int(received_at.timestamp())})
        subtract = update_head(original, add={"duplicates": -1})
        return [self._table.item(subtract), self._table.item(ended)]

    def request_return(self, original: str, now: datetime) -> TransactItem:
        """Return the write of the task to look at the duplicates of an original."""
        pk = keys.report(original)
        task = task_fields(pk, RETURN_SK, OutboxTask(TaskKind.RETURN, now))
        return self._table.item(Put({"pk": pk, "sk": RETURN_SK, **task}))

    def let_go(
        self,
        head: Row,
        task: OutboxTask | None,
        *,
        attended: bool,
        links: bool,
        also: Sequence[TransactItem] = (),
    ) -> None:
        """Write whether an officer attends to a duplicate, with `task` as its next task. Unless it
        `links` still, it names no original.

        Raises ConditionFailed when the report has changed since `head` was read.
        """
        put: Row = {"attended": attended, **task_fields(head["pk"], keys.HEAD, task)}
        if not links:
            put["duplicate_of"] = None
        equal = {name: head.get(name) for name in _DECIDING} | same_task(head)
        self._table.write(update_head(head["id"], put=put, equal=equal), also)

    def remove(self, original: str, row: str) -> None:
        """Delete an original's row of what is no duplicate of it any more."""
        self._table.delete(Delete(keys.report(original), row))

    def unlisted(self, original: str, row: str, *, counts: bool) -> list[TransactItem]:
        """Return the writes that delete an original's row of a duplicate, and count it no more if
        the original `counts` on.
        """
        gone = self._table.item(Delete(keys.report(original), row))
        less = self._table.item(update_head(original, add={"duplicates": -1}))
        return [gone, less] if counts else [gone]

    def beside(self, head: Head) -> int:
        """Return how many duplicates a report has, without those of the latest hundred that are
        about the police when it is not, or not when it is: who sees one side hears of no other.
        Raises Unavailable.
        """
        if not head.duplicates:
            return 0
        report = head.report
        found = read_outlines(self._table, self.latest(report.id)).values()
        return head.duplicates - sum(
            each.duplicate_of == report.id
            and (each.category == OVERSIGHT) is not report.concerns_police
            for each in found
        )

    def latest(self, original: str) -> list[str]:
        """Return the ids of the duplicates that were received last, newest first: up to 100."""
        return next(self.pages(original), [])

    def pages(self, original: str) -> Iterator[list[str]]:
        """Yield the ids of all duplicates, newest first, by pages of up to 100."""
        below: str | None = None
        while True:
            page = self.page(original, below)
            yield [report_of(each) for each in page.rows]
            below = page.position
            if below is None:
                return

    def page(self, original: str, below: str | None) -> DuplicatePage:
        """Return up to 100 duplicates, newest first: the first ones, or those below a position."""
        end = below or keys.DUPLICATES + "~"
        rows, more = self._table.query(
            keys.report(original),
            between=(keys.DUPLICATES, end),
            forward=False,
            limit=_PAGE,
            consistent=True,
        )
        # The range includes its end, which is the last row of the page before.
        shown = (row["sk"] for row in rows if "expires_ttl" not in row and row["sk"] != end)
        return DuplicatePage(tuple(shown), rows[-1]["sk"] if more else None)


def report_of(row: str) -> str:
    """Return the id of the duplicate that has this row."""
    return row.rpartition("#")[2]


_READ_FIELDS = (
    "pk", "id", "reference", "category", "district", "status", "version", "duplicate_of",
    "urgency", "source", "received_at", "incident", "unread", "unread_media", "messages",
    "expiring", "deleted_at", "listed", "listed_at",
)  # fmt: skip


class Outline(NamedTuple):
    """One report among others. `listed` is its row in lists (`heads.listed_row`). `unread` also
    counts the media that came after the closing, unless it is read from an entry in a list.
    """

    id: str
    reference: str
    category: str
    district: str
    status: Status
    urgency: Urgency
    is_drill: bool
    received_at: datetime
    version: int
    duplicate_of: str | None
    incident: str | None
    unread: int
    messages: int
    listed: Row

    @classmethod
    def of(cls, row: Row, listed: Row) -> Self:
        """Return the outline of a HEAD, whose entry in a list is `listed`, or of that entry."""
        return cls(
            row["id"],
            row["reference"],
            row["category"],
            row["district"],
            Status(row["status"]),
            Urgency(row["urgency"]),
            row.get("source") == DRILL,
            times.parse(row["received_at"]),
            row["version"],
            row.get("duplicate_of"),
            row.get("incident"),
            row.get("unread", 0) + row.get("unread_media", 0),
            row.get("messages", 0),
            listed,
        )

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    @property
    def awaits_end(self) -> bool:
        """Whether an end of it awaits a second officer."""
        return awaits_end(self.listed.get("awaits", ()))


def read_outlines(
    table: Table, report_ids: Iterable[str], *, consistent: bool = False
) -> dict[str, Outline]:
    """Return the reports with these ids that exist and are not being deleted.

    Each hundred is one call. Raises Unavailable.
    """
    rows = table.get_all(
        ((keys.report(each), keys.HEAD) for each in report_ids),
        consistent=consistent,
        attributes=_READ_FIELDS,
    )
    return {
        row["id"]: Outline.of(row, listed_row(row))
        for row in rows.values()
        if "deleted_at" not in row and "expiring" not in row
    }
