"""Who follows a report: usernames in its HEAD."""

from collections.abc import Sequence

from chalicelib.store import keys
from chalicelib.store.report_rows import NOT_EXPIRING, Head
from chalicelib.store.table import Table
from chalicelib.store.writes import TransactItem, Update


def keep_followers(
    table: Table, head: Head, followers: Sequence[str], *, also: Sequence[TransactItem]
) -> None:
    """Write who follows a report of `table`, with `also` in one transaction.

    Raises ConditionFailed when that has changed since `head` was read, or when the report is
    expiring.
    """
    update = Update(
        head.row["pk"],
        keys.HEAD,
        put={"followers": list(followers) or None},
        equal={"followers": head.row.get("followers"), **NOT_EXPIRING},
    )
    table.transact([table.item(update), *also])
