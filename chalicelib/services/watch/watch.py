"""Watch: notify supervisors of unusually frequent or rare acts of officers; oversight of their own.

It counts from the stream of the audit, so no opening waits for a counter.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.table import retry_on_conflict
from chalicelib.aws.writes import TransactItem
from chalicelib.domain import watch
from chalicelib.domain.audit.seals import hour_of
from chalicelib.domain.notices.notice import role_group
from chalicelib.domain.officers.model import Role
from chalicelib.domain.reports.events import Matter, NoticeKind, Watched
from chalicelib.kernel import errors, times
from chalicelib.services.reports.scope import Desk
from chalicelib.store.notices.announcements import Announcements
from chalicelib.store.officers.rows import Officers
from chalicelib.store.reports.rows import Head
from chalicelib.store.watch import Counter, WatchCounters

log = logging.getLogger(__name__)

# What the link of a notice shows, which is about no report.
_PATH = "/v1/officer/me"


class WatchedRow(NamedTuple):
    """The fields of an audit row that the watch reads."""

    pk: str
    sk: str
    by: str
    action: str


def count_rows(
    rows: Iterable[WatchedRow],
    *,
    counters: WatchCounters,
    announcements: Announcements,
    officers: Officers,
    now: datetime,
) -> None:
    """Count new audit rows for each officer and hour, and notify supervisors above each limit; of
    what oversight does, oversight.

    Repeated with the same rows, count none twice. Nothing is raised: what fails is logged, because
    the rows must be sealed all the same.
    """
    for counter, records in _counted(rows).items():
        with _failures_logged(counter.what):
            _count(counter, records, counters, announcements, officers, now)


def notify_of_refusals(
    hour: str, count: int, *, announcements: Announcements, now: datetime
) -> None:
    """Notify supervisors that so many decryptions were refused in an hour. Nothing is raised."""
    what, entry_id = Watched.DECRYPTIONS, f"{hour}#{Watched.DECRYPTIONS}"
    with _failures_logged(what):
        notice = _notice(entry_id, what, count, announcements, Role.SUPERVISOR, now)
        announcements.write([notice])


def notify_of_restricted(head: Head, *, desk: Desk) -> list[TransactItem]:
    """Return the write that notifies supervisors that a withdrawn report is opened in full.

    It belongs in the transaction of the audit record, so that none is opened unseen. Raises
    Conflict `expiring` when the deletion of the report has begun, which would miss this row.
    """
    if head.is_expiring:
        raise errors.Conflict("expiring")
    matter = Matter(watched=Watched.RESTRICTED)
    return [desk.reports.event(head.report.id, NoticeKind.WATCH, now=desk.actor.now, matter=matter)]


class Ended(NamedTuple):
    """What an officer has ended, or proposed to end, in this hour. `is_many`: as many as one may
    alone. `is_most`: so many that no more are proposed. `one_more` is the write that counts
    another: it fails when one was counted meanwhile.
    """

    is_many: bool
    is_most: bool
    one_more: TransactItem


def count_ended(desk: Desk) -> Ended:
    """Count the officer's ends of this hour.

    This does not follow the audit's stream, as the watch does: who is fast, or sends many at once,
    is not ahead of it. Raises Unavailable.
    """
    counter = Counter(desk.actor.by, Watched.CLOSINGS, hour_of(desk.actor.now))
    counters = WatchCounters(desk.reports.table)
    total = counters.in_steps(counter)
    is_many, is_most = total >= watch.LIMITS[Watched.CLOSINGS], total >= watch.PROPOSED_AT_MOST
    return Ended(is_many, is_most, counters.one_more(counter, total, desk.actor.now))


def count_opening(desk: Desk) -> list[TransactItem]:
    """Return the writes that count an opening by a machine in this hour, for the transaction of its
    record; none for a person, whom the watch counts. They fail when one was counted meanwhile. The
    last one of the hour notifies supervisors.

    Raises TooManyCalls until the next hour when the machine has opened as many as it may;
    Unavailable.
    """
    return _count_of_machine(desk, Watched.OPENINGS, desk.openings)


def count_step(desk: Desk) -> list[TransactItem]:
    """Return the writes that count what else a machine adds to a report or its history, a refusal
    too, as `count_opening` does.
    """
    return _count_of_machine(desk, Watched.STEPS, desk.steps)


def _count_of_machine(desk: Desk, what: Watched, most: int) -> list[TransactItem]:
    actor, now, table = desk.actor, desk.actor.now, desk.reports.table
    if not actor.officer.is_system:
        return []
    counter, counters = Counter(actor.by, what, hour_of(now)), WatchCounters(table)
    total = counters.in_steps(counter)
    if total >= most:
        raise errors.TooManyCalls(rest_of_hour(now))
    writes = [counters.one_more(counter, total, now)]
    if total + 1 == most:
        to, entry_id = Role.SUPERVISOR, f"{counter.id}#most"
        writes.append(_notice(entry_id, what, most, Announcements(table), to, now))
    return writes


def rest_of_hour(now: datetime) -> int:
    """Return in how many seconds these counts begin anew."""
    return 3600 - now.minute * 60 - now.second


@contextmanager
def _failures_logged(what: Watched) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        # An alarm counts this line.
        fields = {"watched": what.value, "error": type(error).__name__}
        log.error("watch_failed", extra=fields)


def _notice(
    entry_id: str, what: Watched, count: int, announcements: Announcements, to: Role, now: datetime
) -> TransactItem:
    """Return the write of a notice to a role, which is about no report."""
    return announcements.item(
        NoticeKind.WATCH,
        entry_id=f"watch#{entry_id}",
        groups=(role_group(to),),
        path=_PATH,
        now=now,
        watched=what,
        count=count,
    )


def _counted(rows: Iterable[WatchedRow]) -> Mapping[Counter, set[str]]:
    """Return the ids of the rows that are watched, by their counters."""
    found: dict[Counter, set[str]] = defaultdict(set)
    for row in rows:
        what = watch.watched(row.action, about_report=row.pk.startswith(keys.report("")))
        at, _, record = row.sk.rpartition("#")
        if what is None or not record:
            continue
        try:
            hour = hour_of(times.parse(at))
        except ValueError:
            continue  # It names no time, so it is none of ours.
        found[Counter(row.by, what, hour)].add(record)
    return found


def _count(
    counter: Counter,
    records: set[str],
    counters: WatchCounters,
    announcements: Announcements,
    officers: Officers,
    now: datetime,
) -> None:
    def step() -> None:
        count = counters.add(counter, records, now)
        level = watch.level(counter.what, count.total)
        if level <= count.notified:
            return
        entry_id = f"{counter.id}#{level}"
        to = watch.notified_role(officers.colleague(counter.by), counter.hour)
        notice = _notice(entry_id, counter.what, count.total, announcements, to, now)
        announcements.write([counters.notified(counter, count.notified, level), notice])
        # An alarm counts this line. The counter's row names the officer.
        fields = {"watched": counter.what.value, "count": count.total, "counter": counter.id}
        log.warning("watch_exceeded", extra=fields)

    retry_on_conflict(step)
