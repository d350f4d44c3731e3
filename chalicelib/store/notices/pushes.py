"""Rows of pushes to reporters' phones. docs/adr/0042 follows a token.

contacts   REPORT#<id>   PUSH    the token, sealed, with the key that opens it: `sealed_push`,
                                 `wrapped_push`, `wrapping_push`
reports    REPORT#<id>   HEAD    `push`, whether there is a token
           REPORT#<id>   PUSH    the task. `acts`: how many things have happened since there is one;
                                 `pushed`: how many there were at the push; absent before it.
                                 Without a task nothing but the key
           PUSHES        ROUND   `begun_at`, when the latest round began

The names of the attributes are not those of a contact, so that a policy can tell the two apart.
"""

from datetime import datetime
from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.keys import task_fields
from chalicelib.aws.table import ConditionFailed, Table
from chalicelib.aws.writes import Delete, Put, TransactItem, Update
from chalicelib.domain.notices.pushes import ROUNDS_APART
from chalicelib.kernel import times
from chalicelib.kernel.outbox import OutboxTask
from chalicelib.kernel.sealing import WrappedKey
from chalicelib.store.reports.heads import update_head
from chalicelib.store.reports.outbox import PendingTask
from chalicelib.store.reports.rows import Head

_TOKEN = ("sealed_push", "wrapped_push", "wrapping_push")
_ROUND = (keys.PUSHES, "ROUND")


class SealedToken(NamedTuple):
    """A token as it is stored, with the key that opens it, encrypted to a key in KMS."""

    sealed: bytes
    key: WrappedKey


class Acts(NamedTuple):
    """How many things have `happened` since there is a task, and how many had when the phone was
    `pushed` to; None before that.
    """

    happened: int
    pushed: int | None


class PushRows:
    """The tokens beside the contacts, and what the reports table has of them.

    Every method that calls a table raises Unavailable.
    """

    def __init__(self, reports: Table, contacts: Table) -> None:
        self._reports = reports
        self._contacts = contacts

    def keep(self, head: Head, token: SealedToken) -> None:
        """Write the token of a report, in the place of an earlier one.

        Raises ConditionFailed when the report was withdrawn since `head` was read, or is expiring.
        """
        pk = head.row["pk"]
        values = (token.sealed, token.key.wrapped, token.key.arn)
        row = {"pk": pk, "sk": keys.PUSH, **dict(zip(_TOKEN, values, strict=True))}
        same = {"status": head.row["status"]}
        mark = update_head(head.row["id"], put={"push": True}, equal=same)
        self._reports.transact([self._reports.item(mark), self._contacts.item(Put(row))])

    def erase(self, report_id: str, token: SealedToken | None = None) -> None:
        """Erase the token of a report, if there is one. With `token`, erase no other one.

        Raises ConditionFailed when there is another one, or the report is expiring.
        """
        pk = keys.report(report_id)
        same = {"sealed_push": token.sealed} if token else {}
        mark = update_head(report_id, put={"push": None})
        gone = Delete(pk, keys.PUSH, equal=same)
        self._reports.transact([self._reports.item(mark), self._contacts.item(gone)])

    def read(self, report_id: str) -> SealedToken | None:
        """Return the token of a report, read consistently; None when there is none."""
        pk = keys.report(report_id)
        row = self._contacts.get(pk, keys.PUSH, consistent=True, attributes=("pk", "sk", *_TOKEN))
        if row is None:
            return None
        sealed, wrapped, arn = (row[name] for name in _TOKEN)
        return SealedToken(sealed, WrappedKey(wrapped, arn))

    def begin_round(self, now: datetime) -> bool:
        """Note that a round begins. Return False, and note nothing, when one began just before."""
        row = self._reports.get(*_ROUND, consistent=True, attributes=("pk", "sk", "begun_at"))
        before = row["begun_at"] if row else None
        if before and now < times.parse(before) + ROUNDS_APART:
            return False
        mark = Update(*_ROUND, put={"begun_at": now}, equal={"begun_at": before}, upsert=True)
        try:
            self._reports.update(mark)
        except ConditionFailed:
            return False
        return True


def acts_of(pending: PendingTask) -> Acts:
    return Acts(int(pending.row.get("acts", 0)), pending.row.get("pushed"))


def act_item(table: Table, report_id: str, task: OutboxTask) -> TransactItem:
    """Return the write that counts something that the reporter can read, with the task to push;
    that of an earlier one stays.
    """
    pk = keys.report(report_id)
    fields = task_fields(pk, keys.PUSH, task)
    return table.item(Update(pk, keys.PUSH, put_once=fields, add={"acts": 1}, upsert=True))
