"""The ranks of high urgency: each report stands where the code of today would have placed it.

What the release before has placed is in all lists meanwhile, at its old place: each rank of then is
still one (docs/adr/0035). A row that was changed since stands right already.
"""

from chalicelib.aws import keys
from chalicelib.aws.table import Row
from chalicelib.aws.writes import Update
from chalicelib.store.reports.heads import NOT_EXPIRING, place_of
from chalicelib.store.reports.rows import Head
from infra.migrations import Migration

# What decides a place, and the place itself: nobody may have changed any of it since.
DECIDES = (
    *("attention_shard", "attention_at", "awaits", "category", "category_shard", "status"),
    *("urgency", "flags", "source", "unread", "unread_media", "unproven", "in_burst", "turn"),
    "review_due_at",
)


def change(row: Row) -> Update | None:
    """Return what moves a report; None for one that is being deleted, or was."""
    if not keys.is_report(row["pk"]) or not NOT_EXPIRING.keys().isdisjoint(row):
        return None
    names = ("attention_shard", "attention_at")
    place = {name: value for name, value in place_of(Head(row)).items() if name in names}
    if place == {name: row.get(name) for name in names}:
        return None
    same = {name: row.get(name) for name in DECIDES}
    return Update(row["pk"], row["sk"], put=place, equal={**same, **NOT_EXPIRING})


MIGRATION = Migration(
    "0003", "let high stand below critical", "ReportsTableName", change, keys.HEAD
)
