"""Orphans: objects without a row, rows without a report, and rows without their object.

A deletion or a late upload can leave them. Only operators use this module, because it reads the
whole table and the whole bucket.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from chalicelib.aws import keys
from chalicelib.aws.table import Row, Table
from chalicelib.aws.writes import Delete
from chalicelib.domain.reports.report import Status
from chalicelib.kernel import errors
from chalicelib.kernel.files import derived_key, original_key, reduced_key
from chalicelib.kernel.ids import OwnerKind, owner_of

if TYPE_CHECKING:
    from chalicelib.aws.bucket import MediaBucket

# A newer object may be without a row only because the row is not written yet.
SETTLED_AFTER = timedelta(days=1)
_PREFIXES = ("originals/", "derived/")
_ATTRIBUTES = (
    "pk", "sk", "version_id", "thumb_version", "preview_version", "playback_version",
    "clip_version", "redaction", "reduced_version",
)  # fmt: skip


class OrphanKind(StrEnum):
    # Nothing refers to it, and retention has already run: it may be deleted.
    OBJECT = "object without a row"
    ROW = "row without a report"
    # A restored table of contacts can bring back one that was erased.
    CONTACT = "contact without a report, or of a withdrawn one"
    # Evidence is lost: a person must look into it, and there is nothing to delete.
    MISSING = "row without its object"


@dataclass(frozen=True, slots=True)
class Orphan:
    """`where` is an object's key, or a row's partition and sort key."""

    kind: OrphanKind
    where: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """Where orphans are looked for."""

    reports: Table
    bulletins: Table
    contacts: Table
    bucket: "MediaBucket"


def find_orphans(places: Places, *, now: datetime) -> Iterator[Orphan]:
    """Yield every orphan, objects first. Raises Unavailable."""
    tables = {OwnerKind.REPORT: places.reports, OwnerKind.BULLETIN: places.bulletins}
    yield from _objects_without_a_row(tables, places.bucket, now)
    yield from _rows_without_their_part(places.reports, places.bucket)
    yield from _contacts_to_erase(places.contacts, places.reports)


def delete_orphan(orphan: Orphan, places: Places) -> bool:
    """Delete an orphan; of an object, all versions. Return False if there is nothing to delete."""
    match orphan.kind:
        case OrphanKind.OBJECT:
            places.bucket.delete_key(orphan.where[0])
        case OrphanKind.ROW:
            pk, sk = orphan.where
            places.reports.delete(Delete(pk, sk))
        case OrphanKind.CONTACT:
            pk, sk = orphan.where
            places.contacts.delete(Delete(pk, sk))
        case OrphanKind.MISSING:
            return False
    return True


def _objects_without_a_row(
    tables: Mapping[OwnerKind, Table], bucket: "MediaBucket", now: datetime
) -> Iterator[Orphan]:
    known: dict[tuple[str, str], bool] = {}
    for prefix in _PREFIXES:
        for key, newest in bucket.ages(prefix):
            _, owner, medium = [*key.split("/"), "", ""][:3]
            if newest > now - SETTLED_AFTER:
                continue
            if (owner, medium) not in known:
                table = tables[owner_of(owner).kind]
                known[owner, medium] = _exists(owner, medium, table)
            if not known[owner, medium]:
                yield Orphan(OrphanKind.OBJECT, (key,))


def _exists(owner_id: str, medium: str, table: Table) -> bool:
    pk = keys.media_owner(owner_id)
    return (
        _living_head(pk, table) is not None
        and table.get(pk, keys.media(medium), consistent=True, attributes=("pk",)) is not None
    )


def _living_head(pk: str, table: Table) -> Row | None:
    """Return the status of an owner; None when it does not exist or was deleted."""
    head = table.get(pk, keys.HEAD, consistent=True, attributes=("pk", "status", "deleted_at"))
    return None if head is None or "deleted_at" in head else head


def _rows_without_their_part(reports: Table, bucket: "MediaBucket") -> Iterator[Orphan]:
    heads: dict[str, Row | None] = {}
    for row in reports.scan(attributes=_ATTRIBUTES):
        pk, sk = row["pk"], row["sk"]
        owner = keys.report(sk.rpartition("#")[2]) if pk.startswith(keys.SEARCH) else pk
        if not owner.startswith(keys.report("")) or sk == keys.HEAD:
            continue
        if owner not in heads:
            heads[owner] = _living_head(owner, reports)
        head = heads[owner]
        if head is None:
            yield Orphan(OrphanKind.ROW, (pk, sk))
        elif sk.startswith(keys.media("")) and not _has_its_objects(row, head, bucket):
            yield Orphan(OrphanKind.MISSING, (pk, sk))


def _contacts_to_erase(contacts: Table, reports: Table) -> Iterator[Orphan]:
    for row in contacts.scan(attributes=("pk", "sk")):
        head = reports.get(
            row["pk"], keys.HEAD, consistent=True, attributes=("status", "deleted_at", "push")
        )
        is_ended = head is None or "deleted_at" in head or head["status"] == Status.WITHDRAWN
        if is_ended or (row["sk"] == keys.PUSH and not (head or {}).get("push")):
            yield Orphan(OrphanKind.CONTACT, (row["pk"], row["sk"]))


def _has_its_objects(row: Row, head: Row, bucket: "MediaBucket") -> bool:
    report_id, media_id = keys.owner(row["pk"]).id, row["sk"].removeprefix(keys.media(""))
    recorded = {
        original_key(report_id, media_id): row.get("version_id"),
        reduced_key(report_id, media_id): row.get("reduced_version"),
    }
    if head["status"] != Status.WITHDRAWN:  # a withdrawal deletes the pictures
        recorded |= {
            derived_key(report_id, media_id, "thumb.jpg"): row.get("thumb_version"),
            derived_key(report_id, media_id, "preview.jpg"): row.get("preview_version"),
            derived_key(report_id, media_id, "playback.m4a"): row.get("playback_version"),
            derived_key(report_id, media_id, "clip.mp4"): row.get("clip_version"),
            derived_key(report_id, media_id, "redacted.jpg"): row.get("redaction", {}).get(
                "version"
            ),
        }
    try:
        for key, version_id in recorded.items():
            if version_id:
                bucket.head(key, version_id)
    except errors.NotFound:
        return False
    return True
