"""Who follows a report: usernames in its HEAD."""

from collections.abc import Sequence

from chalicelib.store.heads import update_head
from chalicelib.store.report_rows import Head
from chalicelib.store.table import Table
from chalicelib.store.writes import TransactItem


def keep_followers(
    table: Table, head: Head, followers: Sequence[str], *, also: Sequence[TransactItem]
) -> None:
    """Write who follows a report of `table`, with `also` in one transaction.

    Raises ConditionFailed when that has changed since `head` was read, or when the report is
    expiring.
    """
    update = update_head(
        head.row["id"],
        put={"followers": list(followers) or None},
        equal={"followers": head.row.get("followers")},
    )
    table.transact([table.item(update), *also])
