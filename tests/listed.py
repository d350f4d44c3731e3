"""A guard of the mocked table of reports: it refuses a HEAD whose copy for lists is not true, and
one of a withdrawn report with what is not declared to stay.

So a write that goes past `store/reports/heads.py`, or past the fields of `Report`, fails in every
test that makes it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table

from chalicelib.aws import keys
from chalicelib.domain.reports.report import LISTED, Mark, Status, marked
from infra.local.moto_patches.patch import Patch

# What a withdrawal keeps of a HEAD beside fields of a report: its place, its task and its state.
STAYS = {
    *("pk", "sk", "form", "write_id", "listed", "listed_at", "attention_at", "attention_shard"),
    *("category_shard", "bulletin_shard", "awaits", "expiring", "escalations", "leaves"),
    *(
        "asked",
        "hold",
        "held_until",
        "masks",
        "muted",
        "referrals",
        "answered",
        "found_by",
        "media_event",
    ),
    *("notes", "positions", "positions_paced_until", "redactions", "sent_total", "sent_settled"),
    *keys.TASK_FIELDS,
    *marked(Mark.KEPT),
}


@contextmanager
def guarded() -> Iterator[list[str]]:
    """Refuse such a HEAD while this holds, whether it is put or updated.

    Yield what was refused, which must be taken out of it again: a caller may have taken a refusal
    for a fault that passes.
    """
    put, update, refused = Table.put_item, DynamoDBBackend.update_item, list[str]()

    def checked(item: Item) -> Item:
        if wrong := _wrong(item.attrs):
            refused.append(wrong)
            raise AssertionError(wrong)
        return item

    patch = Patch(
        (Table, "put_item", lambda *args, **more: checked(put(*args, **more))),
        (DynamoDBBackend, "update_item", lambda *args, **more: checked(update(*args, **more))),
    )
    patch.apply()
    try:
        yield refused
    finally:
        patch.remove()
    assert not refused


def _wrong(row: dict[str, Any]) -> str | None:
    if "sk" not in row or keys.report_id((row["pk"].value, row["sk"].value)) is None:
        return None
    listed = dict(row["listed"].value) if "listed" in row else {}
    due = {short: row[name] for name, short in LISTED.items() if name in row}
    if listed != due:
        return f"{row['pk'].value} has {list(due)} and lists {list(listed)}, or other values"
    ended = "status" in row and row["status"].value == Status.WITHDRAWN
    left = [name for name in row.keys() - STAYS if ended and row[name].value is not False]
    return f"{row['pk'].value} is withdrawn and has {left}, which nothing keeps" if left else None
