"""Presence, who else has a report open; and the pulse, what has changed in a scope.

A console asks for the pulse by itself, to know whether to read a list again. It shows counts and
ids of reports, and no content. The first call in each hour is on record.

An instance keeps what it has read to count reports, and reads a category again when reports there
have changed (why, and what could go wrong: docs/adr/0064-pulse.md).
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.listing import Listing
from chalicelib.aws.table import Row
from chalicelib.domain.catalogue.model import Catalogue, Category
from chalicelib.domain.officers.model import Officer
from chalicelib.domain.reports.attention import (
    RANKS_OF_CRITICAL,
    is_overdue,
    is_quiet_drill,
    is_unread,
    needs_action,
    rank_at,
)
from chalicelib.domain.reports.report import OPEN_STATUSES, Status
from chalicelib.kernel.ids import is_report_id
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.scope import Desk
from chalicelib.store.audit.rows import Action
from chalicelib.store.casework.rows import Beat, Onlooker, Presence, PulseRows

COUNTED_MAX = 1_000
"""So many reports of a category that are open, or await somebody, are counted exactly. Above it,
about so many of the highest ranks are.
"""
IDS_MAX = 50

# Indexes follow their table a little later, nearly always within a second: what is read this soon
# after a change is read once more.
SETTLED = timedelta(seconds=10)
# A change can fail to be noted. So the oldest of what is kept is read again after KEPT, with one
# pulse one category, and whatever is as old as KEPT_MAX at once.
KEPT, KEPT_MAX = timedelta(minutes=2), timedelta(minutes=5)
# A category that changes all the time is not read for each change: of a thousand reports it is not
# read again within two seconds, of a few at once.
PAUSE = timedelta(milliseconds=2)
# What counts and scope need. An instance keeps nothing else of a report.
_FIELDS = (
    "id", "category", "district", "status", "flags", "source", "unread", "awaits", "attention_at",
    "review_due_at", "assignee", "reminder",
)  # fmt: skip


class _Heading(NamedTuple):
    """The first reports of a category by attention, as they were when the changes with these marks
    were known. `more`: it has others.
    """

    rows: tuple[Row, ...]
    more: bool
    marks: frozenset[str]
    read_at: datetime

    def is_current(self, beats: Collection[Beat], now: datetime) -> bool:
        """Return whether it need not be read again. `beats`: the last changes of the category."""
        age = now - self.read_at
        if not timedelta() <= age < KEPT_MAX:
            return False
        if age < PAUSE * len(self.rows):
            return True
        settled = max((beat.changed_at + SETTLED for beat in beats), default=self.read_at)
        return self.marks == _marks(beats) and not self.read_at < settled <= now


class KeptHeadings:
    """The first reports of each category by attention, as one instance has read them.

    They are of all districts, and of no time: the caller keeps to the scope of who asks.
    """

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._kept: dict[str, _Heading] = {}

    def read(
        self, categories: Sequence[Category], beats: Collection[Beat], now: datetime
    ) -> list[_Heading]:
        """Return the heading of each category, with the changes `beats`. Raises Unavailable."""
        of_category = {
            each.code: [beat for beat in beats if beat.category == each.code] for each in categories
        }
        kept = self._kept
        aged = [code for code in of_category if code in kept and now - kept[code].read_at >= KEPT]
        oldest = min(aged, key=lambda code: kept[code].read_at, default=None)
        due = [
            each
            for each in categories
            if each.code not in kept
            or each.code == oldest
            or not kept[each.code].is_current(of_category[each.code], now)
        ]
        shards = [name for each in due for name in each.partitions]
        found = iter(self._listing.heads(keys.index(keys.BY_ATTENTION), shards, most=COUNTED_MAX))
        for each in due:
            own = list(islice(found, each.shards))
            kept[each.code] = _Heading(
                tuple(_kept_fields(row) for heading in own for row in heading.rows),
                any(heading.more for heading in own),
                _marks(of_category[each.code]),
                now,
            )
        return [kept[each.code] for each in categories]

    def shows(self, report_id: str, officer: Officer) -> bool:
        """Return whether a report is known to be in the officer's scope, without reading it."""
        return any(
            row["id"] == report_id and officer.sees(row["category"], row["district"])
            for heading in list(self._kept.values())
            for row in heading.rows
        )


def _kept_fields(row: Row) -> Row:
    return {name: row[name] for name in _FIELDS if name in row}


def _marks(beats: Iterable[Beat]) -> frozenset[str]:
    return frozenset(beat.mark for beat in beats)


class Counts(NamedTuple):
    """How many reports are critical and new, overdue, unread, new and open, and how many need an
    action.
    """

    critical: int
    overdue: int
    unread: int
    new: int
    open: int
    needs_action: int


class Pulse(NamedTuple):
    """`complete` is False when there are more than were counted. `mark` differs after each change.

    `unread` are the ids of up to 50 reports with something unread.
    """

    counts: Counts
    complete: bool
    newest_change: datetime | None
    mark: str
    unread: tuple[str, ...]


def take_pulse(
    *, actor: OfficerActor, headings: KeptHeadings, rows: PulseRows, catalogue: Catalogue
) -> Pulse:
    """Return the pulse of the officer's scope. The first look in an hour is written to the audit.

    Drills do not count until their reporter adds something. Raises Unavailable.
    """
    actor.log_own_hourly(Action.LIST, "pulse")
    officer = actor.officer
    seen = catalogue.seen_by(officer)
    # In this order: what changes in between has another mark for the next pulse.
    beats = rows.read(each.code for each in seen)
    found = headings.read(seen, beats, actor.now)
    reports = [
        row
        for heading in found
        for row in heading.rows
        if officer.sees(row["category"], row["district"]) and not is_quiet_drill(row)
    ]
    own = [beat for beat in beats if officer.sees(beat.category, beat.district)]
    return Pulse(
        _counted(reports, actor),
        not any(heading.more for heading in found),
        max((beat.changed_at for beat in own), default=None),
        _mark(own),
        tuple(row["id"] for row in reports if is_unread(row))[:IDS_MAX],
    )


def _counted(reports: Iterable[Row], actor: OfficerActor) -> Counts:
    rows = list(reports)
    return Counts(
        critical=sum(map(_is_critical, rows)),
        overdue=sum(map(is_overdue, rows)),
        unread=sum(map(is_unread, rows)),
        new=sum(row["status"] == Status.NEW for row in rows),
        open=sum(row["status"] in OPEN_STATUSES for row in rows),
        needs_action=sum(needs_action(row, actor.officer, actor.now) for row in rows),
    )


def _is_critical(row: Row) -> bool:
    return row["status"] == Status.NEW and rank_at(row["attention_at"]) in RANKS_OF_CRITICAL


def _mark(beats: Iterable[Beat]) -> str:
    """Return a mark of all changes in the scope, which says nothing of their times."""
    marks = "".join(sorted(beat.mark for beat in beats))
    return hashlib.sha256(marks.encode()).hexdigest()[:16]


def note_presence(
    report_id: str, *, desk: Desk, presence: Presence, headings: KeptHeadings
) -> tuple[Onlooker, ...]:
    """Note that the officer has this report open, and return the others who have.

    Of a report that is unknown or out of scope: nobody, and nothing is noted. It says nothing of
    what a report says, so it is not on record. Raises Unavailable.
    """
    officer = desk.actor.officer
    is_kept = headings.shows(report_id, officer)
    if not is_kept and not _is_in_scope(report_id, desk):
        return ()
    found = presence.note(report_id, Onlooker(officer.username, officer.name), desk.actor.now)
    # What is kept may be from before it was moved to others, whom nobody else may see at it.
    return found if not (is_kept and found) or _is_in_scope(report_id, desk) else ()


def _is_in_scope(report_id: str, desk: Desk) -> bool:
    head = desk.reports.head(report_id) if is_report_id(report_id) else None
    if head is None or head.is_deleted:
        return False
    return desk.actor.officer.sees(head.row["category"], head.row["district"])
