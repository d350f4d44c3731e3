"""Officers' subscriptions, beside their rows, and the duty to bring SNS in line with them."""

from datetime import datetime

from chalicelib.domain.duties import UPLOAD_CHECK, Duty, DutyKind
from chalicelib.domain.subscriptions import Subscription
from chalicelib.store import keys
from chalicelib.store.reports import duty_fields
from chalicelib.store.table import Row, Table

FIT_SK = "EVENT#subscriptions"


class Subscriptions:
    """`table` holds the officers, `duties` is the table whose duty index the sweep reads."""

    def __init__(self, table: Table, duties: Table) -> None:
        self._table = table
        self._duties = duties

    def of(self, username: str) -> list[Subscription]:
        rows, _ = self._table.query(keys.officer(username), begins="SUBSCRIPTION#", consistent=True)
        return [Subscription.model_validate(row) for row in rows]

    def put(self, subscription: Subscription) -> None:
        self._table.put(_row(subscription))

    def delete(self, subscription: Subscription) -> None:
        self._table.delete(keys.officer(subscription.username), f"SUBSCRIPTION#{subscription.id}")

    def owe_fitting(self, username: str, now: datetime) -> Row:
        """Say that SNS must be brought in line with this officer: the sweep does it, if whoever
        said so does not. Answers the duty.
        """
        pk = keys.officer(username)
        row = {
            "pk": pk,
            "sk": FIT_SK,
            **duty_fields(pk, FIT_SK, Duty(DutyKind.RECONCILE, now + UPLOAD_CHECK)),
        }
        self._duties.put(row)
        return row

    def fitted(self, username: str) -> None:
        self._duties.delete(keys.officer(username), FIT_SK)


def _row(subscription: Subscription) -> Row:
    fields = subscription.model_dump(mode="json", exclude_none=True)
    return {
        "pk": keys.officer(subscription.username),
        "sk": f"SUBSCRIPTION#{subscription.id}",
        **fields,
    }
