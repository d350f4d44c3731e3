"""Lists of reports: newest first, a page at a time, never more than the officer may see."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from chalicelib import errors
from chalicelib.domain import times
from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.officers import Officer
from chalicelib.domain.paging import Cursors
from chalicelib.domain.reports import Status
from chalicelib.store import keys
from chalicelib.store.audit import Action, Audit
from chalicelib.store.listing import Listing, Page
from chalicelib.store.table import Row


@dataclass(frozen=True, slots=True)
class Filters:
    """What to list; None means any. `since` counts, `until` does not any more."""

    category: str | None = None
    status: Status | None = None
    district: str | None = None
    assignee: str | None = None
    bulletin_id: str | None = None
    reference: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def given(self) -> dict[str, str]:
        """Those that are set: what a cursor is bound to, and what goes on record."""
        return {
            name: times.render(value) if isinstance(value, datetime) else str(value)
            for name, value in asdict(self).items()
            if value is not None
        }

    def match(self, row: Row) -> bool:
        wanted = {
            "category": self.category,
            "status": self.status,
            "district": self.district,
            "assignee": self.assignee,
        }
        wanted |= {"bulletin_id": self.bulletin_id, "reference": self.reference}
        return all(row.get(name) == value for name, value in wanted.items() if value is not None)


@dataclass(frozen=True, slots=True)
class ReportPage:
    rows: tuple[Row, ...]
    next_cursor: str | None


def list_reports(
    officer: Officer,
    filters: Filters,
    *,
    cursor: str | None,
    limit: int,
    listing: Listing,
    audit: Audit,
    cursors: Cursors,
    catalogue: Catalogue,
    now: datetime,
) -> ReportPage:
    """One page, newest first. A filter outside the officer's scope gives an empty page, and a
    denial on record.

    Raises Malformed `bad_cursor` for a cursor of another officer or other filters, with a denial on
    record.
    """
    bound = filters.given()
    try:
        below = cursors.read(cursor, reader=officer.username, filters=bound, now=now)
    except errors.Malformed:
        audit.about_officer(
            by=officer.username,
            action=Action.DENIED,
            now=now,
            detail={"filters": bound, "cursor": "bad"},
        )
        raise
    hidden: list[Row] = []

    def keep(row: Row) -> bool:
        if not filters.match(row):
            return False
        if officer.sees(row["category"], row["district"]):
            return True
        hidden.append(row)
        return False

    page = Page((), None)
    if _inside(filters, officer):
        until = times.render(filters.until) if filters.until else None
        index, partitions = _source(filters, officer, catalogue)
        page = listing.page(
            (index, keys.PARTITION[index], "listed_at"),
            partitions,
            limit=limit,
            below=min((bound for bound in (below, until) if bound), default=None),
            since=times.render(filters.since) if filters.since else None,
            keep=keep,
        )
    denied = not _inside(filters, officer) or (filters.reference is not None and bool(hidden))
    audit.about_officer(
        by=officer.username,
        action=Action.DENIED if denied else Action.LIST,
        now=now,
        detail={"filters": bound, "below": below, "count": len(page.rows)},
    )
    signed = (
        cursors.sign(page.position, reader=officer.username, filters=bound, now=now)
        if page.position
        else None
    )
    return ReportPage(page.rows, signed)


def _inside(filters: Filters, officer: Officer) -> bool:
    return (filters.category is None or officer.sees_category(filters.category)) and (
        filters.district is None or officer.sees_district(filters.district)
    )


def _source(filters: Filters, officer: Officer, catalogue: Catalogue) -> tuple[str, list[str]]:
    """The index that serves the filters best, and its partitions to read."""
    if filters.reference:
        return keys.BY_REFERENCE, [filters.reference]
    if filters.assignee:
        return keys.BY_ASSIGNEE, [filters.assignee]
    if filters.bulletin_id:
        most = max(category.shards for category in catalogue.categories)
        return keys.BY_BULLETIN, [f"{filters.bulletin_id}#{shard}" for shard in range(most)]
    categories = [
        category
        for category in catalogue.categories
        if officer.sees_category(category.code) and filters.category in (None, category.code)
    ]
    if filters.status:
        return keys.BY_QUEUE, _sharded(
            (f"{category.code}#{filters.status}", category.shards) for category in categories
        )
    return keys.BY_CATEGORY, _sharded((category.code, category.shards) for category in categories)


def _sharded(partitions: Iterable[tuple[str, int]]) -> list[str]:
    return [f"{name}#{shard}" for name, shards in partitions for shard in range(shards)]
