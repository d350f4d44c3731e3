"""The roster as one row of the reports table, and officers' subscriptions.

The publisher reads the roster with the tasks of a batch, in one call. A task brings SNS in line
with a subscription.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from chalicelib.aws import keys
from chalicelib.aws.keys import Key, task_fields
from chalicelib.aws.table import Row, Table
from chalicelib.aws.writes import Delete, Put, TransactItem
from chalicelib.domain.notices.roster import Member, Roster
from chalicelib.domain.notices.subscriptions import Subscription
from chalicelib.kernel.outbox import UPLOAD_CHECK, OutboxTask, TaskKind
from chalicelib.store.reports.attention import Assignments

log = logging.getLogger(__name__)

KEY: Key = (keys.ROSTER, "ROW")
# All attributes but the keys.
FIELDS = ("shifts", "plan_version", "members", "revision")


class RosterRow:
    def __init__(self, table: Table) -> None:
        self.table = table

    def read(self) -> Roster:
        """Return the roster, read consistently. Without a row there is no plan and no member."""
        return _roster(self.table.get(*KEY, consistent=True, attributes=FIELDS))

    def replace(self, before: Roster, after: Roster, also: Sequence[TransactItem] = ()) -> None:
        """Write `after`, with `also` in one transaction.

        Raises ConditionFailed when the roster has changed since `before` was read.
        """
        written = after.model_copy(update={"revision": before.revision + 1})
        row = dict(zip(("pk", "sk"), KEY, strict=True)) | written.model_dump(mode="json")
        put = Put(row, equal={"revision": before.revision or None})
        self.table.transact([self.table.item(put), *also])

    def keep_member(self, username: str, member: Member | None) -> Roster:
        """Write what an officer may be notified of (None: nothing), and return the roster. A
        repeated call writes nothing.

        Raises ConditionFailed when the roster has changed in the meantime.
        """
        before = self.read()
        if before.members.get(username) == member:
            return before
        others = {name: each for name, each in before.members.items() if name != username}
        members = others | ({username: member} if member else {})
        after = before.model_copy(update={"members": members})
        self.replace(before, after)
        return after


def roster_in(rows: Mapping[Key, Row], unread: Collection[Key]) -> Roster | None:
    """Return the roster among these rows; None when nobody knows it: it is one of the `unread`, or
    cannot be read. Without a row there is no plan and no member.
    """
    try:
        if KEY not in unread:
            return _roster(rows.get(KEY))
        log.warning("roster_unread")
    except ValueError as error:
        log.warning("roster_unreadable", extra={"error": type(error).__name__})
    return None


def _roster(row: Row | None) -> Roster:
    return Roster.model_validate(row) if row else Roster()


SYNC_SK = "EVENT#subscriptions"


class Subscriptions:
    """Subscriptions are in `table`, the officers table.

    Their tasks are in `outbox`, the reports table, because the sweep reads its index of tasks. So
    is the roster, which says whom the notices of reports are for, and the reports of officers.
    """

    def __init__(self, table: Table, outbox: Table) -> None:
        self._table = table
        self._outbox = outbox
        self.roster = RosterRow(outbox)
        self.assignments = Assignments(outbox)

    def of(self, username: str) -> list[Subscription]:
        """Return an officer's subscriptions, without those that have ended."""
        return [each for each in self._all(username) if each.ended_at is None]

    def ended(self, username: str) -> list[Subscription]:
        """Return an officer's subscriptions that have ended but may still be confirmed in SNS."""
        return [each for each in self._all(username) if each.ended_at]

    def _all(self, username: str) -> list[Subscription]:
        rows, _ = self._table.query(keys.officer(username), begins="SUBSCRIPTION#", consistent=True)
        return [Subscription.model_validate(row) for row in rows]

    def put(self, subscription: Subscription) -> None:
        self._table.put(_row(subscription))

    def delete(self, subscription: Subscription) -> None:
        self._table.delete(
            Delete(keys.officer(subscription.username), f"SUBSCRIPTION#{subscription.id}")
        )

    def request_sync(
        self, username: str, now: datetime, *, after: timedelta = UPLOAD_CHECK
    ) -> None:
        """Add the task to bring SNS in line with an officer, for the sweep at `now` + `after`.

        The caller then does the task itself. If it fails to, the sweep does it later.
        """
        pk = keys.officer(username)
        task = OutboxTask(TaskKind.RECONCILE, now + after)
        self._outbox.put({"pk": pk, "sk": SYNC_SK, **task_fields(pk, SYNC_SK, task)})

    def synced(self, username: str) -> None:
        """Complete the task of `request_sync`."""
        self._outbox.delete(Delete(keys.officer(username), SYNC_SK))


def _row(subscription: Subscription) -> Row:
    fields = subscription.model_dump(mode="json", exclude_none=True)
    return {
        "pk": keys.officer(subscription.username),
        "sk": f"SUBSCRIPTION#{subscription.id}",
        **fields,
    }
