"""The history of a report: its audit, opened for an officer, a page at a time."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from chalicelib.domain.sealing import PrivateKey
from chalicelib.services.actor import OfficerActor
from chalicelib.services.casework import head_in_scope
from chalicelib.services.entries import EntryCursors
from chalicelib.services.sealed_rows import open_entry
from chalicelib.store.audit import RecordedEntry, of_report
from chalicelib.store.reports import Reports

# Of a cursor, beside the messages and notes of the store.
_KIND = "HISTORY"


class HistoryPage(NamedTuple):
    """Entries, oldest first. `next_cursor` leads to those after them."""

    items: tuple[RecordedEntry, ...]
    next_cursor: str | None


def read_history(
    report_id: str,
    cursor: str | None,
    *,
    actor: OfficerActor,
    reports: Reports,
    cursors: EntryCursors,
) -> HistoryPage:
    """Return a page of the audit of a report, oldest first. This read is on its last page.

    Raises NotFound, Malformed `bad_cursor`.
    """
    report = head_in_scope(report_id, actor=actor, reports=reports).report
    # What stands before this page: its last entry, and the last one that changed the reason.
    after, _, changed = (cursors.read(cursor, report_id, _KIND) or "").partition(" ")
    key = actor.open(report, detail={"part": "history"})
    found, more = actor.audit.page(of_report(report_id), after or None)
    entries = [open_entry(each, key) for each in found]
    reason = _reason_of(changed, report_id, actor, key)
    for entry in entries:
        if entry.key and _change_of_reason(entry):
            changed = entry.key[1]
    items = tuple(_with_earlier_reasons(entries, reason))
    position = f"{found[-1].key[1]} {changed}" if more and found[-1].key else None
    return HistoryPage(items, cursors.issue(position, report_id, _KIND))


def _reason_of(sort_key: str, report_id: str, actor: OfficerActor, key: PrivateKey) -> str | None:
    """Return the reason that the entry with this sort key has set; None for an empty key."""
    entry = actor.audit.entry(of_report(report_id), sort_key) if sort_key else None
    changed = _change_of_reason(open_entry(entry, key)) if entry else None
    return changed["new"] if changed else None


def _with_earlier_reasons(
    entries: Iterable[RecordedEntry], reason: str | None
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
