"""Presence, who else has a report open; and the pulse, what has changed in a scope.

A console asks for the pulse every few seconds, to know whether to read a list again. It shows
counts and ids of reports, and no content. The first call in each hour is on record. Its cost is
bounded: up to a limit all reports are counted, above it those of each partition with the highest
ranks.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.listing import Listing
from chalicelib.aws.table import Row
from chalicelib.domain.catalogue.model import Catalogue
from chalicelib.domain.reports.attention import Rank, is_quiet_drill, is_unread, needs_action
from chalicelib.domain.reports.report import OPEN_STATUSES, Status
from chalicelib.kernel.ids import is_report_id
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.scope import Desk
from chalicelib.store.audit.rows import Action
from chalicelib.store.casework.rows import Beat, Onlooker, Presence, PulseRows


def note_presence(report_id: str, *, desk: Desk, presence: Presence) -> tuple[Onlooker, ...]:
    """Note that the officer has this report open, and return the others who have.

    Of a report that is unknown or out of scope: nobody, and nothing is noted. It says nothing of
    what a report says, so it is not on record. Raises Unavailable.
    """
    head = desk.reports.head(report_id) if is_report_id(report_id) else None
    if head is None or head.is_deleted:
        return ()
    officer = desk.actor.officer
    if not officer.sees(head.row["category"], head.row["district"]):
        return ()
    return presence.note(report_id, Onlooker(officer.username, officer.name), desk.actor.now)


COUNTED_MAX = 1_000
"""So many reports are counted exactly: those of the officer's categories that are open, or await
somebody. Above it, about so many of the highest ranks are.
"""
IDS_MAX = 50


class Counts(NamedTuple):
    """How many reports are in each rank, how many are new, and how many need an action."""

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
    *, actor: OfficerActor, listing: Listing, rows: PulseRows, catalogue: Catalogue
) -> Pulse:
    """Return the pulse of the officer's scope. The first look in an hour is written to the audit.

    Drills do not count until their reporter adds something. Raises Unavailable.
    """
    actor.log_own_hourly(Action.LIST, "pulse")
    officer = actor.officer
    seen = [each for each in catalogue.categories if officer.sees_category(each.code)]
    shards = [f"{each.code}#{shard}" for each in seen for shard in range(each.shards)]
    headings = listing.heads(keys.index(keys.BY_ATTENTION), shards, most=COUNTED_MAX)
    reports = [
        row
        for heading in headings
        for row in heading.rows
        if officer.sees(row["category"], row["district"]) and not is_quiet_drill(row)
    ]
    beats = [
        beat
        for beat in rows.read(each.code for each in seen)
        if officer.sees(beat.category, beat.district)
    ]
    return Pulse(
        _counted(reports, actor),
        not any(heading.more for heading in headings),
        max((beat.changed_at for beat in beats), default=None),
        _mark(beats),
        tuple(row["id"] for row in reports if is_unread(row))[:IDS_MAX],
    )


def _counted(reports: Iterable[Row], actor: OfficerActor) -> Counts:
    rows = list(reports)
    ranks = [row["attention_at"][0] for row in rows]
    return Counts(
        critical=ranks.count(Rank.CRITICAL) + ranks.count(Rank.UNPROVEN),
        overdue=ranks.count(Rank.OVERDUE),
        unread=sum(map(is_unread, rows)),
        new=sum(row["status"] == Status.NEW for row in rows),
        open=sum(row["status"] in OPEN_STATUSES for row in rows),
        needs_action=sum(needs_action(row, actor.officer, actor.now) for row in rows),
    )


def _mark(beats: Iterable[Beat]) -> str:
    """Return a mark of all changes in the scope, which says nothing of their times."""
    marks = "".join(sorted(beat.mark for beat in beats))
    return hashlib.sha256(marks.encode()).hexdigest()[:16]
