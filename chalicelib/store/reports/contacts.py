"""The reporters' contacts: a table of their own, which only the reveal of a contact reads.

The token of a phone (`store/notices/pushes`) is stored beside the contact, and erased with it.
"""

from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.table import Table
from chalicelib.aws.writes import Delete, Put, TransactItem
from chalicelib.kernel.sealing import WrappedKey


class SealedContact(NamedTuple):
    """A contact as it is stored, with the key that opens it, encrypted to a key in KMS."""

    sealed: bytes
    key: WrappedKey


class Contacts:
    """The table of contacts. Every method that calls it raises Unavailable."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def put_item(self, report_id: str, contact: SealedContact) -> TransactItem:
        """Return the write of a contact, for the transaction that creates its report."""
        row = {
            "pk": keys.report(report_id),
            "sk": keys.CONTACT,
            "sealed": contact.sealed,
            "wrapped_key": contact.key.wrapped,
            "wrapping_key": contact.key.arn,
        }
        return self.table.item(Put(row))

    def delete_items(self, report_id: str) -> list[TransactItem]:
        """Return the writes that erase a contact and the token of a phone, if there are any."""
        return [self.table.item(each) for each in _rows_of(report_id)]

    def read(self, report_id: str) -> SealedContact | None:
        row = self.table.get(keys.report(report_id), keys.CONTACT, consistent=True)
        if row is None:
            return None
        return SealedContact(row["sealed"], WrappedKey(row["wrapped_key"], row["wrapping_key"]))

    def delete(self, report_id: str) -> None:
        """Erase a contact and the token of a phone, if there are any."""
        for each in _rows_of(report_id):
            self.table.delete(each)


def _rows_of(report_id: str) -> tuple[Delete, Delete]:
    pk = keys.report(report_id)
    return Delete(pk, keys.CONTACT), Delete(pk, keys.PUSH)
