"""Exports that wait for a second person, exports by one officer alone, and their files.

EXPORT#<id>        REQUEST     by, at, count, report_ids, originals, filters, sealed_reason and its
                               key, places, approved_by, declined, custody, zips, expires_ttl
EXPORTS            <at>#<id>   the same without what is asked, for the list of all
EXPORTER#<name>    ALONE       made: each `<time>#<count>`, expires_ttl

Files are under `exports/` of the media bucket, by a key of their own, for a day.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.errors import unavailable
from chalicelib.aws.read_urls import ReadUrls
from chalicelib.aws.table import Row, Table
from chalicelib.aws.writes import Put, TransactItem, Update
from chalicelib.domain.statistics.exports import ALONE_IN, WAITS, AskedExport, PendingExport
from chalicelib.kernel import times

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


LISTED_MAX = 100
"""How many requests are read for a list."""
_REQUEST, _ALONE = "REQUEST", "ALONE"


class AskedPage(NamedTuple):
    """The latest requests, newest first. `more`: there are earlier ones."""

    items: tuple[AskedExport, ...]
    more: bool


class ExportRequests:
    """Every method raises Unavailable when DynamoDB fails."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def items(self, pending: PendingExport) -> list[TransactItem]:
        """Return the writes of a new request."""
        return [self.table.item(Put(row, if_absent=True)) for row in _rows(pending)]

    def decision(self, decided: PendingExport) -> list[TransactItem]:
        """Return the writes of a request that is decided. They fail when it was already."""
        equal = {"approved_by": None, "declined": None, "by": decided.by}
        return [self.table.item(Put(row, equal=equal)) for row in _rows(decided)]

    def get(self, export_id: str, now: datetime) -> PendingExport | None:
        """Return a request; None when there is none, or when its time is over."""
        row = self.table.get(keys.export(export_id), _REQUEST, consistent=True)
        pending = PendingExport.model_validate(row) if row else None
        return pending if pending and now < pending.ends_at else None

    def whole(self, listed: Iterable[AskedExport]) -> list[PendingExport]:
        """Return these requests with all that was asked, in their order."""
        wanted = [(keys.export(each.id), _REQUEST) for each in listed]
        rows = self.table.get_all(wanted) if wanted else {}
        return [PendingExport.model_validate(rows[each]) for each in wanted if each in rows]

    def latest(self, now: datetime) -> AskedPage:
        """Return the latest requests whose time is not over."""
        rows, more = self.table.query(keys.EXPORTS, forward=False, limit=LISTED_MAX)
        asked = [AskedExport.model_validate(row) for row in rows]
        current = tuple(each for each in asked if now < each.ends_at)
        # None is there for longer, also if it was declined in the last minute.
        return AskedPage(current, more and now < asked[-1].at + 2 * WAITS)

    def made_alone(self, by: str) -> tuple[str, ...]:
        """Return the latest exports by this officer alone."""
        row = self.table.get(keys.exporter(by), _ALONE, consistent=True)
        return tuple(row.get("made", ())) if row else ()

    def keep_made_alone(
        self, by: str, before: Sequence[str], after: Sequence[str], now: datetime
    ) -> None:
        """Write what an officer has exported alone. Raises ConditionFailed if it has changed."""
        put = {"made": list(after), "expires_ttl": int((now + ALONE_IN).timestamp())}
        equal = {"made": list(before) or None}
        self.table.update(Update(keys.exporter(by), _ALONE, put=put, equal=equal, upsert=True))


def _rows(pending: PendingExport) -> tuple[Row, Row]:
    """Return a request as it is stored, and as the list has it."""
    ends = {"expires_ttl": int(pending.ends_at.timestamp())}
    listed = pending.model_dump(exclude_none=True, include=set(AskedExport.model_fields))
    return (
        {
            "pk": keys.export(pending.id),
            "sk": _REQUEST,
            **pending.model_dump(exclude_none=True),
            **ends,
        },
        {"pk": keys.EXPORTS, "sk": f"{times.render(pending.at)}#{pending.id}", **listed, **ends},
    )


LIFE_S = 300
"""How many seconds the address of an export works."""


@dataclass(frozen=True, slots=True)
class ExportFiles:
    """`key_id` is the key in KMS that encrypts exports. Only the officers' function may use it, so
    readers of the rest of the bucket read none of them. `urls` signs addresses of `bucket`.
    """

    s3: "S3Client"
    bucket: str
    key_id: str
    urls: ReadUrls

    def put(self, name: str, archive: bytes, content_type: str = "application/zip") -> str:
        """Store an archive or its signature under its name, and return an address that downloads
        it for `LIFE_S` seconds. Raises Unavailable.
        """
        key = f"exports/{name}"
        with unavailable():
            stored = self.s3.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=archive,
                ContentType=content_type,
                ServerSideEncryption="aws:kms",
                SSEKMSKeyId=self.key_id,
            )
        return self.urls.read_url(
            key,
            version_id=stored["VersionId"],
            content_type=content_type,
            disposition="attachment",
            expires_s=LIFE_S,
            cache_control="no-store",
        )
