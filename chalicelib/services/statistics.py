"""The dashboard: how much is waiting, for how long, and how soon it is taken up."""

import logging
from collections.abc import Sequence
from datetime import date
from typing import Any

from chalicelib.domain import statistics as rules
from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.officers import Officer
from chalicelib.domain.reports import Status
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
    """Count the reports among the items with these keys as they are now, and return the keys to try
    again.
    """
    failed = set()
    for key in dict.fromkeys(changed):
        report_id = keys.report_id(key)
        if report_id is None:
            continue
        try:
            report = outbox.report(report_id)
            # One that is being deleted stays counted as it was: counted anew, it would count twice.
            if report and not report.expiring:
                statistics.count(report.id, rules.tally_of(report))
        except Exception as error:  # one bad row must not hold up its neighbours
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
    """Return counts of the reports received from `since` to `until` inside the officer's scope,
    and the oldest that nobody has acknowledged.
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
        index, partitions, keep=lambda row: officer.sees(row["category"], row["district"])
    )
