"""The referrals of a report, in its HEAD."""

from collections.abc import Sequence

from chalicelib.domain.referrals import Referrals
from chalicelib.store.heads import change_head
from chalicelib.store.report_rows import Head
from chalicelib.store.table import Table
from chalicelib.store.writes import TransactItem

# What a referral must not change unseen: its report may have been withdrawn in the meantime.
_DECIDING = ("referrals", "flags", "status")


def keep_referrals(
    table: Table, head: Head, referrals: Referrals, *, also: Sequence[TransactItem]
) -> None:
    """Write the referrals of a report and their flags, with `also` in one transaction.

    Raises ConditionFailed when referrals, flags or status have changed since `head` was read, or
    when the report is expiring.
    """
    put = {
        "referrals": referrals.model_dump(exclude_none=True),
        "flags": referrals.flagged(head.report.flags),
    }
    equal = {name: head.row.get(name) for name in _DECIDING}
    table.transact([table.item(change_head(head, put=put, equal=equal)), *also])
