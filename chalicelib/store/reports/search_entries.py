"""The tokens by which reports are found.

SEARCH#<name>   <received_at>#<id>    a report that has the token with this name
REPORT#<id>     HEAD                  `found_by`: the names of its entries, and what they are from

A name is an HMAC (aws/kms.py). The entries of a report are written in the transaction that adds
their names to its HEAD, on the condition that it is neither withdrawn nor being deleted. So its end
removes them all, and none is added later.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.table import ConditionFailed, Row, Table
from chalicelib.aws.writes import Delete, Put
from chalicelib.domain.reports.report import Status
from chalicelib.store.reports.heads import NOT_EXPIRING, listed_row, update_head
from chalicelib.store.reports.rows import Head, ListedReport

if TYPE_CHECKING:
    from chalicelib.store.reports.attention import Reading

FOUND_BY = "found_by"
"""The attribute of a HEAD that names its entries."""

_READ_FIELDS = ("listed", "listed_at", "status", *NOT_EXPIRING)


class FoundBy(NamedTuple):
    """The names of a report's entries; none of one about the police, which was opened all the same.
    `messages` and `notes` are the sort keys of the latest ones whose tokens were entered; empty
    when there were none.
    """

    names: tuple[str, ...] = ()
    messages: str = ""
    notes: str = ""

    @classmethod
    def of(cls, head: Head) -> "FoundBy | None":
        """Return the search entries of a report; None when nobody has opened it since its last
        mask.
        """
        stored = head.row.get(FOUND_BY)
        if stored is None:
            return None
        return cls(tuple(stored["names"]), stored["messages"], stored["notes"])


def is_opened(head: Head) -> bool:
    """Return whether an officer has opened a report, as far as its HEAD says: after a mask, none
    has.
    """
    return FOUND_BY in head.row


class SearchEntries:
    """Every method raises Unavailable when DynamoDB fails.

    A search reads up to `most_pages` pages of `page` entries: the latest of a token.
    """

    def __init__(self, table: Table, *, page: int = 100, most_pages: int = 5) -> None:
        self._table = table
        self._page = page
        self._most_pages = most_pages

    def add(
        self, head: Head, found_by: FoundBy, names: Sequence[str], reading: "Reading | None" = None
    ) -> bool:
        """Write entries with these names, and `found_by` in place of what `head` has; with a
        `reading`, that as well.

        Return False, and write nothing, when the report was withdrawn, was masked or has another
        category, when its deletion has begun, when another call has entered tokens since `head`
        was read, or when the reading is late.
        """
        put, equal = reading or ({}, {})
        names_of_state = (FOUND_BY, "status", "category", "masks")
        mark = update_head(
            head.row["id"],
            put={**put, FOUND_BY: found_by._asdict()},
            equal={**equal, **{name: head.row.get(name) for name in names_of_state}},
        )
        place = head.row["listed_at"]
        puts = [self._table.item(Put({"pk": keys.search(name), "sk": place})) for name in names]
        try:
            self._table.write(mark, puts)
        except ConditionFailed:
            return False
        return True

    def reports(self, name: str, now: datetime) -> Iterator[ListedReport]:
        """Yield the listed reports that have the token with this name, newest first.

        Withdrawn reports are left out, and those that are being deleted. Of the latest 500 entries.
        """
        below: str | None = None
        for _ in range(self._most_pages):
            found, more = self._table.query(
                keys.search(name), below=below, forward=False, limit=self._page, consistent=True
            )
            places = [
                (keys.report(each["sk"].rpartition("#")[2]), keys.HEAD)
                for each in found
                if "expires_ttl" not in each
            ]
            rows = self._table.get_all(places, attributes=_READ_FIELDS)
            shown = (rows[key] for key in places if _is_shown(rows.get(key)))
            yield from (ListedReport.of(listed_row(row), now) for row in shown)
            if not more:
                return
            below = found[-1]["sk"]

    def remove_withdrawn(self, head: Head) -> None:
        """Delete the entries of a withdrawn report, then their names on its HEAD."""
        for each in removals_of(head.row):
            self._table.delete(each)
        if FOUND_BY not in head.row:
            return
        withdrawn = {"status": Status.WITHDRAWN.value}
        gone = update_head(head.row["id"], put={FOUND_BY: None}, equal=withdrawn)
        try:
            self._table.update(gone)
        except ConditionFailed:
            return  # Its deletion has begun, and ends with its HEAD.


def removals_of(head: Mapping[str, Any]) -> Iterator[Delete]:
    """Yield the deletion of each entry of a report. `head` has the attributes `listed_at` and
    `found_by` of its HEAD.
    """
    for name in head.get(FOUND_BY, {}).get("names", ()):
        yield Delete(keys.search(name), head["listed_at"])


def ended_entries(head: Mapping[str, Any], now: datetime) -> Iterator[Put]:
    """Yield the write that ends each entry of a report, for a transaction of the officers'
    function, which deletes none. It expires; until then nothing is found by it.
    """
    ends = {"expires_ttl": int(now.timestamp())}
    for each in removals_of(head):
        yield Put({"pk": each.pk, "sk": each.sk, **ends})


def _is_shown(row: Row | None) -> bool:
    return (
        row is not None
        and not any(name in row for name in NOT_EXPIRING)
        and row["status"] != Status.WITHDRAWN.value
    )
