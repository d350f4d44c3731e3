"""Statistics and the map: count reports as they change, and return the counts."""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import batched
from typing import Any

from chalicelib.aws import keys
from chalicelib.aws.keys import Key
from chalicelib.aws.listing import Listing
from chalicelib.aws.table import Row
from chalicelib.domain.catalogue.model import Catalogue
from chalicelib.domain.officers.model import Officer
from chalicelib.domain.reports.outlines import ReportOutline
from chalicelib.domain.reports.report import DRILL, Status
from chalicelib.domain.statistics import counters as rules
from chalicelib.domain.statistics.counters import DistrictCount, count_areas
from chalicelib.kernel import errors, times
from chalicelib.services.casework.lists import spans_of_status
from chalicelib.services.officers import OfficerActor
from chalicelib.store.audit.rows import Action
from chalicelib.store.casework.rows import Place
from chalicelib.store.flood.load_level import LoadCounters
from chalicelib.store.reports.outbox import Outbox
from chalicelib.store.statistics.counters import TALLY, Change, Statistics, counted_key, read_tally

log = logging.getLogger(__name__)

# Each adds up to three items to a transaction, of which DynamoDB takes 100.
_COUNTED_AT_ONCE = 33


def count_changed(
    changed: Sequence[Key],
    *,
    outbox: Outbox,
    statistics: Statistics,
    arrivals: LoadCounters,
    changes_seen: Callable[[set[Place]], None],
) -> frozenset[Key]:
    """Count the current state of the reports with these keys. Return the keys to try again.

    `changes_seen` gets the categories and districts of all of them.

    New reports are also counted in the minute in which they were received, and that is all that
    drills count for. Keys of other items are skipped. Raises Unavailable when nothing could be
    read.
    """
    failed: set[Key] = set()
    counted: list[Change] = []
    places: set[Place] = set()
    heads = [key for key in dict.fromkeys(changed) if keys.report_id(key)]
    for some in batched(heads, _COUNTED_AT_ONCE):
        marks = [counted_key(str(keys.report_id(key))) for key in some]
        rows = outbox.read_all(some, also=marks, attributes=TALLY)
        changes: dict[Key, Change] = {}
        places |= {place for key in (*some, *marks) if (place := _place(rows.get(key)))}
        for key, mark in zip(some, marks, strict=True):
            try:
                if found := _change(rows.get(key), rows.get(mark)):
                    changes[key] = found
            except Exception as error:
                # One bad row must not block the others.
                failed.add(key)
                log.warning("count_failed", extra={"error": type(error).__name__})
        uncounted = _count(changes, statistics)
        failed |= uncounted
        counted += [change for key, change in changes.items() if key not in uncounted]
    _count_arrivals(counted, arrivals)
    changes_seen(places)
    return frozenset(failed)


def _place(row: Row | None) -> Place | None:
    """Return where a report is, or was when it was counted last."""
    return (row["category"], row["district"]) if row and "category" in row else None


def _change(head: Row | None, mark: Row | None) -> Change | None:
    """Return how a report counts now; None when it counts as before, or nowhere."""
    report = ReportOutline.model_validate(head) if head and "deleted_at" not in head else None
    # The deletion also removes the row that says what was counted. So a report that is being
    # deleted would count twice.
    if report is None or report.expiring:
        return None
    before, after = read_tally(mark), rules.tally_of(report)
    if before == after:
        return None
    arrives = before is None and not report.uncounted
    return Change(report.id, report.received_at, before, after, arrives)


def _count(changes: Mapping[Key, Change], statistics: Statistics) -> set[Key]:
    """Count these together; if they cannot be, each by itself. Return the keys that failed."""
    if not changes:
        return set()
    try:
        statistics.count(list(changes.values()))
    except Exception as error:
        if len(changes) > 1:
            return {key for key in changes if _count({key: changes[key]}, statistics)}
        log.warning("count_failed", extra={"error": type(error).__name__})
        return set(changes)
    return set()


def _count_arrivals(counted: Iterable[Change], arrivals: LoadCounters) -> None:
    """Count the reports that are new, by the minute and category, for the load level."""
    arrived: defaultdict[datetime, Counter[str]] = defaultdict(Counter)
    for change in counted:
        if change.arrives:
            arrived[times.to_minute(change.received_at)][change.after.category] += 1
    for minute, counts in arrived.items():
        try:
            arrivals.add(counts, minute)
        except errors.Unavailable:
            # Not tried again: the statistics have counted the reports already.
            log.warning("arrivals_not_counted")


def view_statistics(
    since: date,
    until: date,
    *,
    actor: OfficerActor,
    statistics: Statistics,
    listing: Listing,
    catalogue: Catalogue,
) -> dict[str, Any]:
    """Return counts of the reports in the officer's scope that were received in these days.

    `since` and `until` are both included. The result also has the oldest report that nobody has
    acknowledged. Writes an audit record.
    """
    officer, today = actor.officer, times.day_in_city(actor.now)
    inside = [
        row for row in statistics.rows(since, until) if officer.sees(*row["sk"].split("#")[1:3])
    ]
    oldest = _oldest_unacknowledged(officer, listing, catalogue)
    actor.log_own(Action.LIST, {"statistics": [since, until]})
    return {
        "since": str(since),
        "until": str(until),
        "today": str(today),
        **rules.summarize(inside, since, until, today),
        "oldest_unacknowledged": oldest
        and {name: oldest[name] for name in ("id", "reference", "category", "received_at")},
    }


def _oldest_unacknowledged(officer: Officer, listing: Listing, catalogue: Catalogue) -> Row | None:
    return listing.oldest(
        keys.index(keys.BY_ATTENTION),
        spans_of_status(Status.NEW, catalogue.partitions_of(officer)),
        keep=lambda row: (
            row["status"] == Status.NEW
            and officer.sees(row["category"], row["district"])
            and row.get("source") != DRILL
        ),
    )


def view_map(
    since: date, until: date, category: str | None, *, actor: OfficerActor, statistics: Statistics
) -> tuple[DistrictCount, ...]:
    """Return the counts in the officer's scope of reports received in these days, both included.

    Drills are not counted. A category outside of the scope gives no counts, and writes a denial to
    the audit; else this writes a record. Raises Unavailable.
    """
    officer = actor.officer
    detail = {"map": [since, until]} | ({"category": category} if category else {})
    if category and not officer.sees_category(category):
        actor.log_own(Action.DENIED, detail)
        return ()
    inside = (
        row for row in statistics.rows(since, until) if _is_inside(row["sk"], category, actor)
    )
    areas = count_areas(inside)
    actor.log_own(Action.LIST, detail)
    return areas


def _is_inside(sort_key: str, category: str | None, actor: OfficerActor) -> bool:
    _, row_category, district = sort_key.split("#", 2)
    return category in (None, row_category) and actor.officer.sees(row_category, district)
