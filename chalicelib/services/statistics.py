"""Statistics: count reports as they change, and return the counts for the dashboard."""

import logging
from collections.abc import Sequence
from datetime import date
from typing import Any

from chalicelib.domain import statistics as rules
from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.officers import Officer
from chalicelib.domain.reports import DRILL, Status
from chalicelib.services.actor import OfficerActor
from chalicelib.store import keys
from chalicelib.store.audit import Action
from chalicelib.store.keys import Key
from chalicelib.store.listing import Listing
from chalicelib.store.outbox import Outbox
from chalicelib.store.statistics import Statistics
from chalicelib.store.table import Row

log = logging.getLogger(__name__)


def count_changed(
    changed: Sequence[Key], *, outbox: Outbox, statistics: Statistics
) -> frozenset[Key]:
    """Count the current state of the reports with these keys. Return the keys to try again.

    Keys of other items are skipped, and drills, which count nowhere.
    """
    failed = set()
    for key in dict.fromkeys(changed):
        report_id = keys.report_id(key)
        if report_id is None:
            continue
        try:
            report = outbox.report(report_id)
            # The deletion also removes the row that says what was counted. So a report that is
            # being deleted would count twice.
            if report and not report.expiring and not report.is_drill:
                statistics.count(report.id, rules.tally_of(report))
        except Exception as error:
            # One bad row must not block the others.
            log.warning("count_failed", extra={"error": type(error).__name__})
            failed.add(key)
    return frozenset(failed)


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
    officer = actor.officer
    inside = [
        row for row in statistics.rows(since, until) if officer.sees(*row["sk"].split("#")[1:3])
    ]
    oldest = _oldest_unacknowledged(officer, listing, catalogue)
    actor.log_own(Action.LIST, {"statistics": [since, until]})
    return {
        "since": str(since),
        "until": str(until),
        **rules.summarize(inside, actor.now.date()),
        "oldest_unacknowledged": oldest
        and {name: oldest[name] for name in ("id", "reference", "category", "received_at")},
    }


def _oldest_unacknowledged(officer: Officer, listing: Listing, catalogue: Catalogue) -> Row | None:
    partitions = [
        f"{category.code}#{Status.NEW}#{shard}"
        for category in catalogue.categories
        if officer.sees_category(category.code)
        for shard in range(category.shards)
    ]
    index = (keys.BY_QUEUE, keys.PARTITION[keys.BY_QUEUE], "listed_at")
    return listing.oldest(
        index,
        partitions,
        keep=lambda row: (
            officer.sees(row["category"], row["district"]) and row.get("source") != DRILL
        ),
    )
