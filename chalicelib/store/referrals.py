"""The referrals of a report, in its HEAD."""

from collections.abc import Sequence

from chalicelib.domain.referrals import Referrals
from chalicelib.store import keys
from chalicelib.store.attention import Basis, move
from chalicelib.store.report_rows import NOT_EXPIRING, Head
from chalicelib.store.table import Row, Table
from chalicelib.store.writes import TransactItem, Update

# What a referral must not change unseen: its report may have been withdrawn in the meantime.
_DECIDING = ("referrals", "flags", "status")


def keep_referrals(
    table: Table, head: Head, referrals: Referrals, *, also: Sequence[TransactItem]
) -> None:
    """Write the referrals of a report and their flags, with `also` in one transaction.

    Raises ConditionFailed when referrals, flags or status have changed since `head` was read, or
    when the report is expiring.
    """
    moved = move(head, Basis.of(head)._replace(referrals=referrals))
    put: Row = {
        "referrals": referrals.model_dump(exclude_none=True),
        "flags": referrals.flagged(head.report.flags),
        **moved.put,
    }
    equal = {name: head.row.get(name) for name in _DECIDING} | {**moved.equal, **NOT_EXPIRING}
    update = Update(keys.report(head.row["id"]), keys.HEAD, put=put, equal=equal)
    table.transact([table.item(update), *also])
