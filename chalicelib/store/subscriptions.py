"""The store of officers' subscriptions, and the task to bring SNS in line with them."""

from datetime import datetime, timedelta

from chalicelib.domain.outbox import UPLOAD_CHECK, OutboxTask, TaskKind
from chalicelib.domain.subscriptions import Subscription
from chalicelib.store import keys
from chalicelib.store.assignments import Assignments
from chalicelib.store.roster import RosterRow
from chalicelib.store.table import Row, Table
from chalicelib.store.tasks import task_fields
from chalicelib.store.writes import Delete

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
