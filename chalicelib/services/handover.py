"""The handover of a shift: what came in since it began, in the shift before, or earlier, and still
needs somebody. No content.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain import times
from chalicelib.domain.attention import Rank, awaiting
from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.outbox import ACKNOWLEDGE_WITHIN
from chalicelib.domain.reports import DRILL, OPEN_STATUSES, Flag, Status, Urgency
from chalicelib.domain.roster import Roster
from chalicelib.domain.shifts import Period
from chalicelib.services.actor import OfficerActor
from chalicelib.services.lists import spans_of_ranks
from chalicelib.store import keys
from chalicelib.store.audit import Action
from chalicelib.store.listing import Listing
from chalicelib.store.reports import Reports
from chalicelib.store.table import Row

# What came in during this time is handed over also when the shift has just begun, or there is none.
AT_LEAST = timedelta(hours=12)
# How many reports are looked at: their HEADs are one call. So many of them may be older.
_MOST, _MOST_OLDER = 100, 50
# What is older than that is handed over while it has one of these ranks.
_RANKS = (Rank.CRITICAL, Rank.OVERDUE, Rank.UNREAD)
# What the index of lists does not have of a report. None of it is opened.
_MORE_FIELDS = ("id", "flags", "awaits", "unread_media", "expiring", "deleted_at")


@dataclass(frozen=True, slots=True)
class Handover:
    """The reports since `since`, and older ones that wait, by their ids, newest first. `shifts` are
    the names of the shifts that are on duty, and `until` is when the first of them ends; without a
    shift, None. `is_complete` is False when there were more than were looked at.
    """

    since: datetime
    until: datetime | None
    shifts: tuple[str, ...]
    open: tuple[str, ...]
    unread: tuple[str, ...]
    overdue: tuple[str, ...]
    awaiting_approval: tuple[str, ...]
    is_complete: bool


def hand_over(
    *,
    actor: OfficerActor,
    roster: Roster,
    reports: Reports,
    listing: Listing,
    catalogue: Catalogue,
) -> Handover:
    """Return what came in inside the officer's scope since the present turn of their shift began,
    and at least in the last twelve hours, and what waits for longer, with an audit record. For an
    officer who is off duty, the turns of all shifts count. Raises Unavailable.
    """
    now, officer = actor.now, actor.officer
    turns = _turns(roster, actor.by, now)
    since = min((now - AT_LEAST, *(turn.start for _, turn in turns)))
    shards = [
        f"{category.code}#{shard}"
        for category in catalogue.categories
        if officer.sees_category(category.code)
        for shard in range(category.shards)
    ]

    def keep(row: Row) -> bool:
        return officer.sees(row["category"], row["district"]) and row.get("source") != DRILL

    older = listing.page(
        keys.index(keys.BY_ATTENTION),
        spans_of_ranks(_RANKS, shards),
        limit=_MOST_OLDER,
        below=times.render(since),
        keep=keep,
    )
    recent = listing.page(
        keys.index(keys.BY_CATEGORY),
        shards,
        limit=_MOST - len(older.rows),
        since=times.render(since),
        keep=keep,
    )
    listed = (*recent.rows, *older.rows)
    more = _more(reports, listed)
    rows = [row | more[row["id"]] for row in listed if row["id"] in more]
    actor.log_own(Action.LIST, {"handover": times.render(since), "count": len(rows)})

    def ids(wanted: Callable[[Row], bool]) -> tuple[str, ...]:
        return tuple(row["id"] for row in rows if wanted(row))

    return Handover(
        since=since,
        until=min((turn.end for _, turn in turns), default=None),
        shifts=tuple(name for name, _ in turns),
        open=ids(lambda row: row["status"] in OPEN_STATUSES),
        unread=ids(_is_unread),
        overdue=ids(lambda row: _is_overdue(row, now)),
        awaiting_approval=ids(lambda row: bool(awaiting(row, now))),
        is_complete=recent.position is None and older.position is None,
    )


def _turns(roster: Roster, username: str, now: datetime) -> list[tuple[str, Period]]:
    """Return the names and turns of the officer's shifts that are on duty; of all, if none is."""
    present = [(shift, turn) for shift in roster.shifts if (turn := shift.period(now))]
    own = [(shift, turn) for shift, turn in present if username in shift.officers]
    return [(shift.name, turn) for shift, turn in own or present]


def _more(reports: Reports, rows: Iterable[Row]) -> dict[str, Row]:
    """Read what a list does not have of these reports; of those that are there."""
    wanted = [(keys.report(row["id"]), keys.HEAD) for row in rows]
    found = reports.table.get_all(wanted, consistent=False, attributes=_MORE_FIELDS)
    return {
        row["id"]: row
        for row in found.values()
        if "deleted_at" not in row and "expiring" not in row
    }


def _is_unread(row: Row) -> bool:
    has_more = bool(row.get("unread") or row.get("unread_media"))
    return has_more and row["status"] != Status.WITHDRAWN


def _is_overdue(row: Row, now: datetime) -> bool:
    if row["status"] != Status.NEW:
        return False
    late = times.parse(row["received_at"]) + ACKNOWLEDGE_WITHIN <= now
    return (row["urgency"] == Urgency.CRITICAL and late) or Flag.OVERDUE in row.get("flags", ())
