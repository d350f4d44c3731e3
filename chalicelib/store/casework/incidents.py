"""Similar reports, stored for three days.

BUCKET#<hash>   RECENT    {entries, first, expires_ttl}    the latest reports with one trait
REPORT#<id>     SIMILAR   {similar, expires_ttl}           the reports that are like this one

A name of a bucket is a hash under the key of a day. One function writes here, a run at a time, so
no write has a condition. What is lost with a run is made again, because its sketches stay.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import batched
from typing import Any, NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.clients import at_once
from chalicelib.aws.table import GET_AT_MOST, PUT_AT_MOST, Row, Table
from chalicelib.domain.reports.incidents import Entry, Similar, Why, ends_at, with_latest

_RECENT, _SIMILAR = "RECENT", "SIMILAR"


@dataclass(slots=True)
class Bucket:
    """The latest reports with one trait of a day. `first` is the first of all."""

    day: date
    entries: list[Entry] = field(default_factory=list)
    first: str | None = None

    def add(self, entry: Entry, why: Why) -> None:
        """Add a report, unless it is there."""
        self.first = self.first or entry.report_id
        self.entries = with_latest(self.entries, entry, why)


class SimilarRow(NamedTuple):
    """The reports that are like one, and the day by which they expire."""

    day: date
    similar: Sequence[Similar]


class Incidents:
    """Every method raises Unavailable when DynamoDB fails."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def similar_to(self, report_id: str, now: datetime) -> list[Similar]:
        """Return the reports that are like this one, the most similar first."""
        row = self._table.get(keys.report(report_id), _SIMILAR)
        return _read_similar(row, now) if row else []

    def buckets(self, names: Iterable[str], now: datetime) -> dict[str, Bucket]:
        """Return the buckets with these names that exist."""
        rows = self._read((keys.bucket(name), _RECENT) for name in names)
        return {
            row["pk"].partition("#")[2]: Bucket(
                date.fromisoformat(row["day"]),
                [Entry.parse(each) for each in row["entries"]],
                row.get("first"),
            )
            for row in rows
            if row["expires_ttl"] > now.timestamp()
        }

    def similar_rows(self, report_ids: Iterable[str], now: datetime) -> dict[str, list[Similar]]:
        """Return the reports that are like each of these."""
        rows = self._read((keys.report(each), _SIMILAR) for each in report_ids)
        return {row["pk"].partition("#")[2]: _read_similar(row, now) for row in rows}

    def _read(self, found: Iterable[keys.Key]) -> list[Row]:
        # As the run before has written them.
        read = at_once(self._table.get_all, batched(found, GET_AT_MOST))
        return [row for rows in read for row in rows.values()]

    def put(self, buckets: Mapping[str, Bucket], similar: Mapping[str, SimilarRow]) -> None:
        """Write these buckets, and what is like each of these reports."""
        rows = [
            *(_bucket_row(name, each) for name, each in buckets.items()),
            *(_similar_row(report_id, each) for report_id, each in similar.items()),
        ]
        at_once(self._table.put_all, batched(rows, PUT_AT_MOST))


def _bucket_row(name: str, bucket: Bucket) -> Row:
    return {
        "pk": keys.bucket(name),
        "sk": _RECENT,
        "day": bucket.day.isoformat(),
        "entries": [each.render() for each in bucket.entries],
        "first": bucket.first,
        "expires_ttl": _end(bucket.day),
    }


def _similar_row(report_id: str, row: SimilarRow) -> Row:
    # Percents, because the table's numbers are decimal.
    similar = [
        {
            "id": each.report_id,
            "why": list(each.why),
            "percent": round(each.score * 100),
            "apart_m": each.apart_m,
            "distance_m": each.distance_m,
            **({"is_kin": True} if each.is_kin else {}),
        }
        for each in row.similar
    ]
    return {
        "pk": keys.report(report_id),
        "sk": _SIMILAR,
        "similar": similar,
        "expires_ttl": _end(row.day),
    }


def _read_similar(row: Mapping[str, Any], now: datetime) -> list[Similar]:
    # DynamoDB deletes what has expired some hours later.
    if row["expires_ttl"] <= now.timestamp():
        return []
    return [
        Similar(
            each["id"],
            tuple(map(Why, each["why"])),
            each["percent"] / 100,
            # A row of before has `spot`: 2 at the same one, 1 beside it.
            each.get("apart_m", {2: 0, 1: 150}.get(each.get("spot"))),
            each.get("distance_m"),
            each.get("is_kin", False),
        )
        for each in row["similar"]
    ]


def _end(day: date) -> int:
    return int(ends_at(day).timestamp())
