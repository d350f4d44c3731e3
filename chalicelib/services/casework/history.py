"""The history of a report: its audit, in pages, as officers read it."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from chalicelib.kernel.sealing import PrivateKey
from chalicelib.services.audit.words import open_entry
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.entries import EntryCursors
from chalicelib.services.reports.scope import Desk, head_in_scope
from chalicelib.store.audit.rows import RecordedEntry, of_report

# Of a cursor, beside the messages and notes of the store.
_KIND = "HISTORY"


class HistoryPage(NamedTuple):
    """Entries, oldest first. `next_cursor` leads to those after them."""

    items: tuple[RecordedEntry, ...]
    next_cursor: str | None


def read_history(
    report_id: str, cursor: str | None, *, desk: Desk, cursors: EntryCursors
) -> HistoryPage:
    """Return a page of the audit of a report, oldest first. This read is on its last page.

    Raises NotFound, Malformed `bad_cursor`.
    """
    report = head_in_scope(report_id, desk=desk).report
    # What stands before this page: its last entry, and the last one that changed the reason.
    after, _, changed = (cursors.read(cursor, report_id, _KIND) or "").partition(" ")
    key = desk.actor.open(report, detail={"part": "history"})
    found, more = desk.actor.audit.page(of_report(report_id), after or None)
    entries = [open_entry(each, key) for each in found]
    reason = _reason_of(changed, report_id, desk.actor, key)
    for entry in entries:
        if entry.key and _change_of_reason(entry):
            changed = entry.key[1]
    items = tuple(with_earlier_reasons(entries, reason))
    position = f"{found[-1].key[1]} {changed}" if more and found[-1].key else None
    return HistoryPage(items, cursors.issue(position, report_id, _KIND))


def _reason_of(sort_key: str, report_id: str, actor: OfficerActor, key: PrivateKey) -> str | None:
    """Return the reason that the entry with this sort key has set; None for an empty key."""
    entry = actor.audit.entry(of_report(report_id), sort_key) if sort_key else None
    changed = _change_of_reason(open_entry(entry, key)) if entry else None
    return changed["new"] if changed else None


def with_earlier_reasons(
    entries: Iterable[RecordedEntry], reason: str | None = None
) -> Iterator[RecordedEntry]:
    """Yield the entries, each change of the reason with the old one. `reason` is that before them.

    The reason was sealed when it changed, so the record of a change has the new one alone.
    """
    for entry in entries:
        changed = _change_of_reason(entry)
        if changed:
            reason, changed["old"] = changed["new"], reason
        yield entry


def _change_of_reason(entry: RecordedEntry) -> dict[str, Any] | None:
    found: dict[str, Any] | None = (entry.detail or {}).get("fields", {}).get("reason")
    return found
