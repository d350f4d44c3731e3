"""Messages and notes, whoever writes them: recognise a repeated call, and page through them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from chalicelib import errors
from chalicelib.domain.ids import EntryIds
from chalicelib.domain.paging import Cursors
from chalicelib.store.reports import Reports


def earlier_call(report_id: str, kind: str, ids: EntryIds, *, reports: Reports) -> datetime | None:
    """Return when an earlier call with the same ids wrote its message or note; None without one.

    `kind` is that of the store. Raises Conflict `key_reused` if its text was another.
    """
    found = reports.entries.recorded(report_id, kind, ids)
    if found and found.fingerprint != ids.fingerprint:
        raise errors.Conflict("key_reused")
    return found.at if found else None


@dataclass(frozen=True, slots=True)
class EntryCursors:
    """Cursors of the messages or notes of one report (`kind`), for one reader.

    `cursors` is called only when there is a cursor to read or to issue: its secret costs a call.
    """

    cursors: Callable[[], Cursors]
    reader: str
    now: datetime

    def read(self, cursor: str | None, report_id: str, kind: str) -> str | None:
        """Return the position in `cursor`; None for the latest page. Raises Malformed."""
        if cursor is None:
            return None
        filters = {"report": report_id, "kind": kind}
        return self.cursors().read(cursor, reader=self.reader, filters=filters, now=self.now)

    def issue(self, position: str | None, report_id: str, kind: str) -> str | None:
        """Return a cursor for what is before a position; None when nothing is."""
        if position is None:
            return None
        filters = {"report": report_id, "kind": kind}
        return self.cursors().issue(position, reader=self.reader, filters=filters, now=self.now)
