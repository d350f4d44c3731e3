"""The one writer of a report's HEAD. docs/adr/0053 describes it as a whole.

A change names its fields, and its conditions beyond these. The writer adds:

    expiring, deleted_at    the condition that nothing is written to a report that is being deleted
    listed                  a map with a copy of what officers list (`report.LISTED`). The indexes
                            for lists have it and keys, and nothing else
    attention_shard         the partition of the index by attention: `<category>#<shard>` for what
                            is open or awaits somebody, `<category>#<shard>#<status>` for the rest,
                            `<category>#<shard>#bursts` for what came in a burst and waits behind
    attention_at            `<rank>#<listed_at>`
    awaits                  the steps that await a second person, and who began each
    form                    which form a row has: a HEAD without it is older than `listed`
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from chalicelib.aws import keys
from chalicelib.aws.keys import task_fields
from chalicelib.aws.table import Row
from chalicelib.aws.writes import Attributes, Update
from chalicelib.domain.reports.attention import Rank, Ranked, awaits_second_person, rank_of
from chalicelib.domain.reports.report import LISTED, Report
from chalicelib.domain.second_person import Awaiting
from chalicelib.kernel.outbox import OutboxTask

if TYPE_CHECKING:
    from chalicelib.store.reports.rows import Head

FORM = 1
# The condition of every write to a report. A row that is added while the report is being deleted
# would be lost, or would be left behind.
NOT_EXPIRING: Attributes = MappingProxyType({"expiring": None, "deleted_at": None})
# Both decide the place of a report, and somebody may have read all while one more arrived.
_COUNTED = frozenset({"unread", "unread_media"})
_NONE: Attributes = MappingProxyType({})


def new_head(report: Report, task: OutboxTask, shards: int) -> Row:
    """Return the HEAD of a new report. `shards` is the number of partitions of its category."""
    pk = keys.report(report.id)
    category_shard = keys.category_shard(report.category, report.id, shards)
    row: Row = report.model_dump(exclude_defaults=True) | {
        "pk": pk,
        "sk": keys.HEAD,
        "form": FORM,
        "status": report.status.value,
        "version": report.version,
        "category_shard": category_shard,
        "listed_at": keys.listed_at(report.received_at, report.id),
        **_place(report, (), category_shard),
        **task_fields(pk, keys.HEAD, task),
    }
    if report.bulletin_id:
        row["bulletin_shard"] = keys.bulletin_shard(report.bulletin_id, report.id, shards)
    return row | {"listed": listed_of(row)}


def change_head(
    head: "Head",
    *,
    put: Attributes = _NONE,
    add: Mapping[str, int] = _NONE,
    append: Mapping[str, Sequence[Any]] = _NONE,
    equal: Attributes = _NONE,
) -> Update:
    """Return an update of a HEAD that moves the report to the place that it has after it, too. The
    arguments are those of `Update`.

    It fails when what decides that place has changed since `head` was read. So does it when the
    category has: who took the step may not see the report any more (docs/adr/0071).
    """
    row = head.row
    added = {name: row.get(name, 0) + amount for name, amount in add.items()}
    changed = {**row, **put, **added}
    after = replace(head, row={k: value for k, value in changed.items() if value is not None})
    moved = {name: value for name, value in place_of(after).items() if value != row.get(name)}
    same: Collection[str] = ()
    if moved:
        same = ("attention_at", "awaits")  # either may be what the other was decided by
    elif not _COUNTED.isdisjoint(add):
        same = ("attention_at",)
    return update_head(
        row["id"],
        put={**put, **moved},
        add=add,
        append=append,
        equal={**equal, **{name: row.get(name) for name in (*same, "category")}},
    )


def update_head(
    report_id: str,
    *,
    put: Attributes = _NONE,
    add: Mapping[str, int] = _NONE,
    append: Mapping[str, Sequence[Any]] = _NONE,
    equal: Attributes = _NONE,
) -> Update:
    """Return an update of a HEAD that cannot change the place of the report, or names its new one.
    The arguments are those of `Update`.
    """
    return Update(
        keys.report(report_id),
        keys.HEAD,
        put=put,
        add=add,
        append=append,
        equal={**equal, **NOT_EXPIRING},
        copied=LISTED,
        copied_to="listed",
    )


def update_row(key: keys.Key, **changes: Any) -> Update:
    """Return an update of a row that may be a HEAD, as `update_head` does of one."""
    report_id = keys.report_id(key)
    return update_head(report_id, **changes) if report_id else Update(*key, **changes)


IN_DIGEST = "in_digest"
"""The attribute of an unproven report that a digest alone has named."""
APART = "apart"
"""The attribute of a tombstone of a report that was about the police."""


def tombstone(report_id: str, *, now: datetime, until: datetime, apart: bool = False) -> Row:
    """Return the row in place of the HEAD of a deleted report until then. No list has it. `apart`:
    it was about the police, so that nobody learns of it then, either.
    """
    return {
        **({APART: True} if apart else {}),
        "pk": keys.report(report_id),
        "sk": keys.HEAD,
        "form": FORM,
        "id": report_id,
        "deleted_at": now,
        "expires_ttl": int(until.timestamp()),
    }


def listed_of(row: Mapping[str, Any]) -> Row:
    """Return the map `listed` of a HEAD."""
    return {short: row[name] for name, short in LISTED.items() if row.get(name) is not None}


def listed_row(row: Mapping[str, Any]) -> Row:
    """Return the fields of a report in lists, from a row of an index or from its HEAD: those
    `listed`, its place there, and what the place says.

    A HEAD without `listed` has no form that any list was ever made of.
    """
    places = {name: row[name] for name in ("listed_at", "attention_at") if name in row}
    at = places.get("listed_at") or keys.received(places["attention_at"])
    shown = {name: row["listed"][short] for name, short in LISTED.items() if short in row["listed"]}
    return {**shown, **places, "id": keys.owner(row["pk"]).id, "received_at": at.partition("#")[0]}


def place_of_open(report: Ranked, place: str) -> str:
    """Return `attention_at` of a report that is open, and was at `place`. Its partition stays."""
    return keys.attention_at(rank_of(report, ()), keys.received(place))


def place_of(head: "Head") -> Row:
    """Return the attributes of a HEAD that say where it stands in the index by attention."""
    return _place(head.report, awaits_second_person(head), head.row["category_shard"])


def _place(report: Report, awaiting: tuple[Awaiting, ...], category_shard: str) -> Row:
    rank = rank_of(report, awaiting)
    apart = report.status.value if rank is Rank.DONE else None
    if rank is Rank.UNPROVEN and report.in_burst:
        apart = keys.BURSTS
    return {
        "attention_shard": keys.attention_shard(category_shard, apart),
        "attention_at": keys.attention_at(rank, keys.listed_at(report.received_at, report.id)),
        "awaits": [each.kept() for each in awaiting] or None,
    }
