"""Messages and notes: recognise a repeated call, refuse receipts, and page through them.

A text may not hold a receipt: its readers could open the report.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import NamedTuple

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
    fields = dict(_texts(submission, details))
    wrong = {field for field, text in fields.items() if holds_receipt(text, ids.receipt)}
    written = ((field, each) for field, text in fields.items() for each in likely_receipts(text))
    for field, receipt in islice(written, _MOST_LOOKED_UP):
        if field not in wrong and reports.head(ids.opened_by(receipt)) is not None:
            wrong.add(field)
    if wrong:
        raise errors.Invalid(
            *(errors.FieldError(field, "holds_receipt") for field in fields if field in wrong)
        )


def _texts(submission: ReportContent, details: Details) -> Iterator[tuple[str, str]]:
    """Yield every text that the sender wrote, with the path of its field."""
    location, contact = submission.location, submission.contact
    given = {
        "text": submission.text,
        "location.address": location and location.address,
        "contact.name": contact and contact.name,
        "contact.email": contact and contact.email,
        **{
            f"details.{name}": value
            for name, value in details.values.items()
            if isinstance(value, str)
        },
    }
    for field, text in given.items():
        if text:
            yield field, text
