"""Where a report belongs in the list by attention, by what its row says, in words of its own."""

from collections.abc import Mapping
from typing import Any

from chalicelib import wiring
from chalicelib.aws import keys


def head_of(created: Mapping[str, Any]) -> dict[str, Any]:
    row = wiring.reports().table.get(keys.report(created["id"]), keys.HEAD, consistent=True)
    assert row
    return row


def place_of(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return the partition and the sort key that a HEAD must have in the index by attention."""
    partition, rank = _ranked(row)
    return partition, f"{rank}#{row['listed_at']}"


def _ranked(row: Mapping[str, Any]) -> tuple[str, str]:
    shard, status = row["category_shard"], row["status"]
    unread = row.get("unread", 0) + row.get("unread_media", 0) > 0
    hold, referrals = row.get("hold"), row.get("referrals", {})
    waits = row.get("proposal") or referrals.get("pending")
    awaits = (status == "closed" and waits) or (
        hold and ("approved_by" not in hold or "lift" in hold)
    )
    if status in ("closed", "withdrawn"):
        unread = unread and status == "closed"
        return (shard, "3" if unread else "5") if unread or awaits else (f"{shard}#{status}", "9")
    if row.get("source") == "drill":
        return shard, "3" if unread else "41"
    new, urgency, review = status == "new", row["urgency"], "review_due_at" in row
    late = new and "overdue" in row.get("flags", ())
    if urgency == "critical":
        return shard, "0" if new else "02" if review else "14" if unread else "15"
    if urgency == "high" and new:
        return shard, "03" if late else "04"
    if urgency == "high":
        return shard, "12" if review else "16" if unread else "17"
    if review or late:
        return shard, "2"
    return shard, "3" if unread else "41" if urgency == "low" else "4"
