"""Officers' work on reports: list and open. Nothing is shown before it is on record."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib import errors
from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.officers import Officer
from chalicelib.domain.paging import Cursors
from chalicelib.store import keys
from chalicelib.store.audit import Action, Audit
from chalicelib.store.listing import Listing
from chalicelib.store.reports import Case, Reports
from chalicelib.store.table import Row


@dataclass(frozen=True, slots=True)
class Filters:
    """What to list; None means any."""

    category: str | None = None


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
    """One page, newest first, of what is inside the officer's scope. A filter outside it gives an empty page."""
    bound = {"category": filters.category}
    below = cursors.read(cursor, reader=officer.username, filters=bound, now=now)
    codes = [category.code for category in catalogue.categories if officer.sees_category(category.code)]
    wanted = [code for code in codes if filters.category in (None, code)]
    partitions = [f"{code}#{shard}" for code in wanted for shard in range(catalogue.category(code).shards)]
    index = (keys.BY_CATEGORY, keys.PARTITION[keys.BY_CATEGORY], "listed_at")
    page = listing.page(index, partitions, limit=limit, below=below, keep=lambda row: officer.sees(row["category"], row["district"]))
    audit.about_officer(
        by=officer.username, action=Action.LIST, now=now, detail={"filters": bound, "below": below, "count": len(page.rows)}
    )
    signed = cursors.sign(page.position, reader=officer.username, filters=bound, now=now) if page.position else None
    return ReportPage(page.rows, signed)


def open_report(officer: Officer, report_id: str, *, reports: Reports, audit: Audit, now: datetime) -> Case:
    """A report inside the officer's scope. Raises NotFound for an unknown one as for one out of scope, each with a denial on record."""
    case = reports.case(report_id)
    if case is None or case.report.deleted_at or not officer.sees(case.report.category, case.report.district):
        if case is None:
            audit.about_officer(by=officer.username, action=Action.DENIED, now=now, detail={"report": report_id})
        else:
            audit.about_report(report_id, by=officer.username, action=Action.DENIED, now=now)
        raise errors.NotFound
    audit.about_report(report_id, by=officer.username, action=Action.OPEN, now=now)
    return case
