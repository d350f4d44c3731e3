"""Messages and notes: recognise a repeated call, refuse receipts, and page through them.

A text may not hold a receipt: its readers could open the report.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from pydantic import BaseModel

from chalicelib.domain.reports.details import Details
from chalicelib.domain.reports.receipts import (
    ReportIds,
    holds_receipt,
    likely_receipts,
    possible_receipts,
)
from chalicelib.domain.reports.report import ReportContent
from chalicelib.kernel import errors
from chalicelib.kernel.ids import EntryIds, Identity
from chalicelib.kernel.paging import Cursors
from chalicelib.store.reports.reports import Reports


class Written[Entry](NamedTuple):
    """An entry; `replayed` when an earlier call with the same key had written it."""

    entry: Entry
    replayed: bool


def earlier_call(report_id: str, kind: str, ids: EntryIds, *, reports: Reports) -> datetime | None:
    """Return when an earlier call with the same ids wrote its message or note; None without one.

    `kind` is that of the store. Raises KeyReused if its text was another.
    """
    found = reports.entries.recorded(report_id, kind, ids)
    if found and found.fingerprint != ids.fingerprint:
        raise errors.KeyReused
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


# Of one submission. A person pastes one; more is an attempt to cause reads.
_MOST_LOOKED_UP = 3


def refuse_receipt(text: str, report_id: str, identity: Identity, field: str = "text") -> None:
    """Raise Invalid `holds_receipt` when a text about a report holds the report's own receipt."""
    if any(identity.report_id(each) == report_id for each in set(possible_receipts(text))):
        raise errors.Invalid(errors.FieldError(field, "holds_receipt"))


def refuse_own_receipt(text: str, receipt: str, field: str = "text") -> None:
    """Raise Invalid `holds_receipt` when what a reporter wrote in `field` holds their receipt."""
    if holds_receipt(text, receipt):
        raise errors.Invalid(errors.FieldError(field, "holds_receipt"))


def refuse_receipts(
    submission: ReportContent, details: Details, ids: ReportIds, reports: Reports
) -> None:
    """Raise Invalid `holds_receipt` for each field that holds a receipt of this report or another.

    A text that is written like a receipt costs one read, to see whether such a report exists.
    """
    # The answers as they are stored: what was cleaned may read as a receipt only then.
    fields = dict(_texts(submission.model_copy(update={"details": details.values})))
    wrong = {field for field, text in fields.items() if holds_receipt(text, ids.receipt)}
    written = ((field, each) for field, text in fields.items() for each in likely_receipts(text))
    for field, receipt in islice(written, _MOST_LOOKED_UP):
        if field not in wrong and reports.head(ids.opened_by(receipt)) is not None:
            wrong.add(field)
    if wrong:
        raise errors.Invalid(
            *(errors.FieldError(field, "holds_receipt") for field in fields if field in wrong)
        )


def _texts(sent: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text in what somebody has sent, with the path of its field."""
    members: Iterable[tuple[object, object]] = ()
    if isinstance(sent, str):
        yield path, sent
    elif isinstance(sent, BaseModel):
        members = sent
    elif isinstance(sent, Mapping):
        members = sent.items()
    elif isinstance(sent, tuple):
        members = enumerate(sent)
    for name, value in members:
        yield from _texts(value, f"{path}.{name}".lstrip("."))
