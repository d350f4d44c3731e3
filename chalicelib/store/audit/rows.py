"""The audit: an append-only record of who did and saw what.

Words that a person wrote, such as a reason, are sealed to the report's key. A row has an HMAC of
its content, so that a change is found.
"""

import hmac
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from chalicelib.aws import keys
from chalicelib.aws.table import ConditionFailed, Row, Table
from chalicelib.aws.writes import Put, TransactItem
from chalicelib.kernel import errors, times
from chalicelib.kernel.ids import crockford, random_id

log = logging.getLogger(__name__)

# The age at which DynamoDB deletes a row.
KEPT = timedelta(days=730)

Detail = Mapping[str, Any]


class Action(StrEnum):
    OPEN = "open"
    LIST = "list"
    SEARCH = "search"
    CHANGE = "change"
    MESSAGE = "message"
    NOTE = "note"
    CONTACT = "contact"
    ORIGINAL = "original"
    CONFIRM = "confirm"
    HOLD = "hold"
    DENIED = "denied"
    CLOSE = "close"
    CLOSE_UNREAD = "close_unread"
    MOVE = "move"


class Subject(NamedTuple):
    """The subject of an audit row. All rows of a subject are in one partition.

    `public_key` is that of a report: words of a person can be recorded about nothing else.
    """

    partition: str
    public_key: bytes | None = None


def of_report(report_id: str) -> Subject:
    """Return the report with this id as a subject, without words of a person."""
    return Subject(keys.report(report_id))


class _Report(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def public_key(self) -> bytes: ...


def about(report: _Report) -> Subject:
    return Subject(keys.report(report.id), report.public_key)


def of_bulletin(bulletin_id: str) -> Subject:
    return Subject(keys.bulletin(bulletin_id))


def of_day(username: str, day: date) -> Subject:
    """Return the day of an officer as a subject, for acts about no single report or bulletin."""
    return Subject(keys.officer_day(username, day))


def of_export(export_id: str) -> Subject:
    """Return an export that takes two persons as a subject of its openings."""
    return Subject(keys.export(export_id))


def of_request(number: str) -> Subject:
    """Return a request of a third person as a subject of its openings."""
    return Subject(keys.opened_request(number))


@dataclass(frozen=True, slots=True)
class Entry:
    """One audit row to write. `detail` is plain JSON data, without words of a person.

    These are in `sealed`, which is sealed to the row's own key, `info`.
    """

    subject: Subject
    by: str
    action: Action
    at: datetime
    detail: Detail | None = None
    sealed: bytes | None = None
    id: str = field(default_factory=lambda: random_id(10))

    @property
    def key(self) -> keys.Key:
        return self.subject.partition, f"{times.render(self.at)}#{self.id}"

    @classmethod
    def of_officer(
        cls, by: str, action: Action, at: datetime, detail: Detail | None = None
    ) -> "Entry":
        """Return an entry about no single report or bulletin, for the officer's day."""
        return cls(of_day(by, at), by, action, at, detail)


# Entries that are read at once.
PAGE = 200


class RecordedEntry(NamedTuple):
    """An audit row that was read.

    `verified` is False when the row has changed since it was written. Then `detail` and `sealed`
    are None, because they cannot be trusted. `mac` is the HMAC that the row has, which is sealed.
    """

    at: datetime
    by: str
    action: Action
    detail: dict[str, Any] | None
    verified: bool
    key: keys.Key | None = None
    sealed: bytes | None = None
    mac: str = ""


class Audit:
    """The audit table. `key` is the key of the HMAC.

    `write` raises Unavailable when it fails. Then the caller must not show or do anything.
    """

    def __init__(self, table: Table, key: bytes) -> None:
        self.table = table
        self._key = key

    def write(self, entry: Entry, also: Sequence[TransactItem] = ()) -> None:
        """Write an entry, and `also` in one transaction with it."""
        try:
            self.table.write(Put(self._row(entry)), also)
        except errors.Unavailable:
            log.error("audit_write_failed")  # an alarm counts this line
            raise

    def write_once(self, entry: Entry) -> None:
        """Write an entry unless there is one with its key, which then stays as it is.

        It is looked for first: a write that fails costs as much as one that does not.
        """
        partition, sort_key = entry.key
        try:
            rows, _ = self.table.query(partition, between=(sort_key, sort_key))
            if not rows:
                self.table.put(self._row(entry), if_absent=True)
        except ConditionFailed:
            return
        except errors.Unavailable:
            log.error("audit_write_failed")
            raise

    def item(self, entry: Entry) -> TransactItem:
        """Return the write of an entry, for the transaction of the change that it records."""
        return self.table.item(Put(self._row(entry)))

    def history(self, subject: Subject) -> list[RecordedEntry]:
        """Return every entry about `subject`, oldest first."""
        return [self._recorded(row) for row in self.rows(subject)]

    def page(self, subject: Subject, after: str | None) -> tuple[list[RecordedEntry], bool]:
        """Return the next entries about `subject`, oldest first, and whether there are more.

        `after` is the sort key of the entry before; None for the first page.
        """
        # The range includes its start, the last row of the page before: skip that row.
        rows, _ = self.table.query(
            subject.partition, at_least=after, limit=PAGE + 2, consistent=True
        )
        found = [row for row in rows if row["sk"] != after]
        return [self._recorded(row) for row in found[:PAGE]], len(found) > PAGE

    def latest(
        self, subject: Subject, between: tuple[str, str], limit: int
    ) -> tuple[list[RecordedEntry], bool]:
        """Return the latest entries about `subject` between two sort keys, and whether there are
        more.
        """
        rows, more = self.table.query(
            subject.partition, between=between, forward=False, limit=limit, consistent=True
        )
        return [self._recorded(row) for row in rows], more

    def entries(self, wanted: Iterable[keys.Key]) -> dict[keys.Key, RecordedEntry]:
        """Return those entries that exist, by their keys."""
        found = self.table.get_all(wanted)
        return {key: self._recorded(row) for key, row in found.items()}

    def entry(self, subject: Subject, sort_key: str) -> RecordedEntry | None:
        """Return one entry about `subject`, or None."""
        row = self.table.get(subject.partition, sort_key, consistent=True)
        return self._recorded(row) if row else None

    def rows(self, subject: Subject) -> list[Row]:
        """Return the stored rows about `subject`, oldest first."""
        rows, _ = self.table.query(subject.partition, consistent=True)
        return rows

    def opening_tag(self, by: str, what: Sequence[str]) -> str:
        """Return the proof that this officer has opened `what`: 20 digits, always the same.

        Nobody can guess it without the audit's key, under a label that no row's HMAC has.
        """
        key = hmac.digest(self._key, b"opening/1", "sha256")
        return crockford(hmac.digest(key, json.dumps([by, *what]).encode(), "sha256"), 20)

    def is_verified(self, row: Mapping[str, Any]) -> bool:
        """Return whether the row is unchanged since it was written."""
        return hmac.compare_digest(str(row.get("mac", "")), self._mac(row))

    def _recorded(self, row: Row) -> RecordedEntry:
        verified = self.is_verified(row)
        return RecordedEntry(
            at=times.parse(row["sk"].partition("#")[0]),
            by=str(row.get("by")),
            action=Action(row["action"]),
            detail=json.loads(row["detail"]) if verified and "detail" in row else None,
            verified=verified,
            key=(row["pk"], row["sk"]),
            sealed=row.get("sealed") if verified else None,
            mac=str(row.get("mac", "")),
        )

    def _row(self, entry: Entry) -> Row:
        pk, sk = entry.key
        row: Row = {"pk": pk, "sk": sk, "by": entry.by, "action": entry.action.value}
        if entry.detail:
            row["detail"] = json.dumps(
                entry.detail, sort_keys=True, default=str, ensure_ascii=False
            )
        if entry.sealed:
            row["sealed"] = entry.sealed
        row["expires_ttl"] = int((entry.at + KEPT).timestamp())
        return row | {"mac": self._mac(row)}

    def _mac(self, row: Mapping[str, Any]) -> str:
        content = json.dumps(
            {name: value for name, value in row.items() if name != "mac"},
            sort_keys=True,
            default=_of_its_type,
        )
        return hmac.digest(self._key, content.encode(), "sha256").hex()


def _of_its_type(value: object) -> object:
    """Return a stand-in for a value that JSON has not, different from any string."""
    return {"B": value.hex()} if isinstance(value, bytes) else str(value)
