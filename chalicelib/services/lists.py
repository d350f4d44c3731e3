"""Officers' lists of reports: newest first, by page, only reports in the officer's scope."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib import errors
from chalicelib.domain import times
from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.officers import Officer
from chalicelib.domain.paging import Cursors
from chalicelib.domain.report_query import ReportQuery
from chalicelib.services.actor import OfficerActor
from chalicelib.store import keys
from chalicelib.store.audit import Action
from chalicelib.store.listing import Listing, Page
from chalicelib.store.report_rows import LISTED, ListedReport
from chalicelib.store.table import Row

_ALIKE = tuple(
    name
    for name in LISTED
    if name not in ("id", "reference", "received_at", "version", "thumb", "same_as")
)

type _Fold = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportPage:
    items: tuple[ListedReport, ...]
    next_cursor: str | None


def list_reports(
    query: ReportQuery,
    *,
    actor: OfficerActor,
    listing: Listing,
    cursors: Cursors,
    catalogue: Catalogue,
) -> ReportPage:
    """Return one page of reports, newest first, and write an audit record.

    Reports of the page with one text that differ in nothing else that a list shows are one row, the
    newest, unless the query says otherwise. A filter outside the officer's scope gives an empty
    page. Raises Malformed `bad_cursor` for a cursor of another officer or of other filters. Both
    write a denial to the audit.
    """
    officer, filters = actor.officer, query.filters()
    try:
        below = cursors.read(query.cursor, reader=actor.by, filters=filters, now=actor.now)
    except errors.Malformed:
        actor.log_own(Action.DENIED, {"filters": query.on_record(), "cursor": "bad"})
        raise
    hidden: list[Row] = []
    folded: Counter[_Fold] = Counter()

    def keep(row: Row) -> bool:
        if not query.matches(row):
            return False
        if not officer.sees(row["category"], row["district"]):
            hidden.append(row)
            return False
        fold = _fold(row)
        folded[fold] += 1
        return folded[fold] == 1 or query.fold is not None

    inside = _inside(query, officer)
    page = Page((), None)
    if inside:
        until = times.render(query.until) if query.until else None
        index, partitions = _source(query, officer, catalogue)
        page = listing.page(
            (index, keys.PARTITION[index], "listed_at"),
            partitions,
            limit=query.limit,
            below=min((bound for bound in (below, until) if bound), default=None),
            since=times.render(query.since) if query.since else None,
            keep=keep,
        )
    denied = not inside or (query.reference is not None and bool(hidden))
    actor.log_own(
        Action.DENIED if denied else Action.LIST,
        {"filters": query.on_record(), "below": below, "count": len(page.rows)},
    )
    next_cursor = (
        cursors.issue(page.position, reader=actor.by, filters=filters, now=actor.now)
        if page.position
        else None
    )
    items = (ListedReport.of(row, 1 if query.fold else folded[_fold(row)]) for row in page.rows)
    return ReportPage(tuple(items), next_cursor)


def _fold(row: Row) -> _Fold:
    """Return what reports of one row have in common: a text, and all that a list shows of them but
    the time and the reference.
    """
    return row.get("same_as") or row["id"], *(str(row.get(name)) for name in _ALIKE)


def _inside(query: ReportQuery, officer: Officer) -> bool:
    return (query.category is None or officer.sees_category(query.category)) and (
        query.district is None or officer.sees_district(query.district)
    )


def _source(query: ReportQuery, officer: Officer, catalogue: Catalogue) -> tuple[str, list[str]]:
    """Return the index that fits the filters best, and the partitions to read from it."""
    if query.reference:
        return keys.BY_REFERENCE, [query.reference]
    if query.assignee:
        return keys.BY_ASSIGNEE, [query.assignee]
    if query.bulletin_id:
        most = max(category.shards for category in catalogue.categories)
        return keys.BY_BULLETIN, [f"{query.bulletin_id}#{shard}" for shard in range(most)]
    categories = [
        category
        for category in catalogue.categories
        if officer.sees_category(category.code) and query.category in (None, category.code)
    ]
    if query.status:
        return keys.BY_QUEUE, _sharded(
            (f"{category.code}#{query.status}", category.shards) for category in categories
        )
    return keys.BY_CATEGORY, _sharded((category.code, category.shards) for category in categories)


def _sharded(partitions: Iterable[tuple[str, int]]) -> list[str]:
    return [f"{name}#{shard}" for name, shards in partitions for shard in range(shards)]
