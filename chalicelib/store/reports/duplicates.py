"""The duplicates of a report, and the report that a duplicate names.

    REPORT#<original>   DUPLICATE#<received_at>#<id>     a duplicate, until the link ends

An original is counted, and its row of the duplicate written, in the transaction that makes or ends
the link, so the number is exact. Of another report, officers see no text here.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple, Self

from chalicelib.aws import keys
from chalicelib.aws.table import Row, Table
from chalicelib.aws.writes import Put, TransactItem
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.officers.model import OVERSIGHT
from chalicelib.domain.reports.report import DRILL, OPEN_STATUSES, Status
from chalicelib.domain.second_person import awaits_end
from chalicelib.kernel import times
from chalicelib.store.reports.heads import NOT_EXPIRING, listed_row, update_head
from chalicelib.store.reports.rows import Head

_ENDING = ("pk", *NOT_EXPIRING)
_PAGE = 100


class Duplicates:
    def __init__(self, table: Table) -> None:
        self._table = table

    def count(self, original: str, duplicate: str, received_at: datetime) -> list[TransactItem]:
        """Return the writes that add a duplicate, which was received then.

        They fail when the original does not exist, or is a duplicate itself.
        """
        row = {"pk": keys.report(original), "sk": keys.duplicate(received_at, duplicate)}
        add = update_head(original, add={"duplicates": 1}, equal={"duplicate_of": None})
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
        pk, end = keys.report(original), keys.DUPLICATES + "~"
        while True:
            rows, more = self._table.query(
                pk, between=(keys.DUPLICATES, end), forward=False, limit=_PAGE, consistent=True
            )
            # The range includes its end, which is the last row of the page before.
            yield [
                row["sk"].rpartition("#")[2]
                for row in rows
                if "expires_ttl" not in row and row["sk"] != end
            ]
            if not more:
                return
            end = rows[-1]["sk"]


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
