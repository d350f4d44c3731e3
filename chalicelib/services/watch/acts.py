"""Who opened what: the acts of each officer, as the audit's stream brings them, and the answers to
officers, auditors and supervisors.

The list of acts only finds audit rows. What is shown is read from these, and checked.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.aws import keys
from chalicelib.domain.officers.model import WITH_MACHINES, Officer, reads_acts_of
from chalicelib.domain.watch import Act, Question, end_of_visible, is_visible, numbers_of, week_of
from chalicelib.kernel import errors, times
from chalicelib.kernel.ids import is_report_id, name_on_record, on_record
from chalicelib.kernel.paging import Cursors
from chalicelib.services.officers import OfficerActor
from chalicelib.services.watch.watch import WatchedRow
from chalicelib.store.audit.rows import Action, RecordedEntry, of_report
from chalicelib.store.officers.rows import Officers
from chalicelib.store.watch import ActRows

if TYPE_CHECKING:
    from chalicelib.store.reports.reports import Reports

# A page has at least so many openings, unless it is the last or many rows were read for it; and
# fewer than twice as many, whose audit rows are one read.
PAGE = 50
_MOST_READS = 50
# Of one export: ten seconds, at most.
EXPORTED_MAX = 5_000
_MOST_EXPORT_READS = 1_000
# Sort keys begin with a time, so all are between these two.
_FIRST, _LAST = "0", ":"
# Queries of one page of the numbers: one for each officer.
_OFFICERS_AT_ONCE = 50


def record_acts(rows: Iterable[WatchedRow], acts: ActRows) -> None:
    """List new audit rows by their officers: what opened a report, and what is watched.

    Repeated with the same rows, change nothing. Raises Unavailable.
    """
    acts.put(act for row in rows if (act := _act_of(row)) and act.counts_as)


def _act_of(row: WatchedRow) -> Act | None:
    act = Act(row.by, row.action, keys.is_report(row.pk), (row.pk, row.sk))
    with suppress(ValueError):
        return act if act.at and row.sk.rpartition("#")[2] else None
    return None  # It names no time, so it is none of ours.


type Author = Callable[[str], Officer | None]
"""The row of an officer by the username; None without one."""


class Stores(NamedTuple):
    """What answers are made from."""

    acts: ActRows
    officers: Officers
    cursors: Cursors
    reports: "Reports"


class Opening(NamedTuple):
    """An opening as the audit has it. `entry` is None when its audit row is gone."""

    act: Act
    entry: RecordedEntry | None

    @property
    def is_verified(self) -> bool:
        """Whether the audit row is there, and unchanged since it was written."""
        return self.entry is not None and self.entry.verified


class OpeningsPage(NamedTuple):
    items: tuple[Opening, ...]
    next_cursor: str | None


def list_own_openings(
    asked: Question, cursor: str | None, *, actor: OfficerActor, stores: Stores
) -> OpeningsPage:
    """Return a page of what the officer has opened, the latest first, and write an audit record.

    Raises Malformed `bad_cursor`, with a denial in the audit; Invalid; Unavailable.
    """
    return list_openings(asked._replace(officer=actor.by), cursor, actor=actor, stores=stores)


def list_openings(
    asked: Question, cursor: str | None, *, actor: OfficerActor, stores: Stores
) -> OpeningsPage:
    """Return a page of openings, and write an audit record before anything is read.

    The latest come first; of all officers, they are sorted by officer first. Raises as
    `list_own_openings`.
    """
    _require_period(asked)
    filters = question_on_record(asked)
    record = {"list": "openings", "filters": filters}
    names = {**filters, "officer": asked.officer, "report_id": asked.report_id}
    try:
        reached = stores.cursors.read(cursor, reader=actor.by, filters=names, now=actor.now)
    except errors.Malformed:
        actor.log_own(Action.DENIED, {**record, "cursor": "bad"})
        raise
    actor.log_own(Action.LIST, {**record, "below": reached})
    found, position = _read(asked, reached, (PAGE, _MOST_READS), actor, stores)
    items = _recorded(found, actor)
    if position is None:
        return OpeningsPage(items, None)
    cursor = stores.cursors.issue(position, reader=actor.by, filters=names, now=actor.now)
    return OpeningsPage(items, cursor)


def openings_to_export(
    asked: Question, *, actor: OfficerActor, stores: Stores, most: int = EXPORTED_MAX
) -> tuple[Opening, ...]:
    """Return all openings that are asked for, and write an audit record before they are read.

    Not more than `most`. By one auditor alone: nothing that a report says is in them. Raises
    Conflict `too_many_openings`; Invalid; Unavailable.
    """
    _require_period(asked)
    record = {"list": "openings", "filters": question_on_record(asked), "export": True}
    actor.log_own(Action.LIST, record)
    found, position = _read(asked, None, (most + 1, _MOST_EXPORT_READS), actor, stores)
    if position is not None or len(found) > most:
        raise errors.Conflict("too_many_openings", most=str(most))
    return _recorded(found, actor)


def question_on_record(asked: Question) -> dict[str, str]:
    """Return a question for the audit, which stores ids and no other text."""
    values = {
        "officer": asked.officer and name_on_record(asked.officer),
        "report_id": asked.report_id and on_record(asked.report_id),
        "kind": asked.kind and asked.kind.value,
        "since": asked.since and times.render(asked.since),
        "until": asked.until and times.render(asked.until),
    }
    return {name: value for name, value in values.items() if value}


def _require_period(asked: Question) -> None:
    if asked.since and asked.until and asked.since > asked.until:
        raise errors.Invalid(errors.FieldError("since", "after_until"))


def _read(
    asked: Question,
    reached: str | None,
    enough: tuple[int, int],
    actor: OfficerActor,
    stores: Stores,
) -> tuple[list[Act], str | None]:
    """Return the next openings, and the position that they end at; None when none follow. So many
    openings, or so many reads, are `enough`.
    """
    most, most_reads = enough
    found: list[Act] = []
    author = cache(stores.officers.get)
    for reads, (acts, position) in enumerate(_batches(asked, reached, actor, author, stores), 1):
        wanted = [each for each in acts if asked.asks_for(each)]
        apart = _apart(wanted, asked, actor, stores.reports)
        found += (
            each
            for each in wanted
            if each.by == actor.by
            or (each.key[0] not in apart and is_visible(each, actor.officer, author(each.by)))
        )
        # Of a report that is apart, no read says how much there is.
        is_apart = asked.report_id is not None and bool(apart)
        if len(found) >= most or reads == most_reads or is_apart:
            return found, None if is_apart else position
    return found, None


def _apart(
    acts: Sequence[Act], asked: Question, actor: OfficerActor, reports: "Reports"
) -> frozenset[str]:
    """Return the partitions of those reports that are about the police, of which others learn
    nothing: who did it may be of oversight no longer, or have had the report before it was moved.

    One report is looked at whether it was opened or not: both take the same calls.
    """
    others = {each.key[0] for each in acts if each.by != actor.by and each.about_report}
    if asked.report_id and asked.officer != actor.by and is_report_id(asked.report_id):
        others = {keys.report(asked.report_id)}
    return reports.about_police(others)


def _batches(
    asked: Question, reached: str | None, actor: OfficerActor, author: Author, stores: Stores
) -> Iterator[tuple[Sequence[Act], str | None]]:
    """Yield acts as they are read, and the position behind each batch: `<officer>#<sort key>`, or
    `<officer>#` when no acts of this officer follow. None when none of anybody can.
    """
    is_last = asked.report_id is not None or asked.officer is not None
    name, _, below = (reached or "").partition("#")
    for each, row in _names(asked, name, stores.officers, author, begins_with_it=bool(below)):
        last = below if each == name else ""
        other = row if each != actor.by else None
        while True:
            acts, more = _latest(asked, each, last, other, actor, stores)
            last = acts[-1].key[1] if more else ""
            yield acts, f"{each}#{last}" if last or not is_last else None
            if not last:
                break


def _names(
    asked: Question, name: str, officers: Officers, author: Author, *, begins_with_it: bool
) -> Iterator[tuple[str, Officer | None]]:
    """Yield whose acts are read, with their row: those of an officer, of all from `name` on, or ""
    for a report.
    """
    if asked.report_id:
        yield "", None
        return
    if asked.officer or begins_with_it:
        yield asked.officer or name, author(asked.officer or name)
    if asked.officer:
        return
    after: str | None = name or None
    while True:
        page = officers.directory_page(after)
        yield from ((each.username, each) for each in page.officers)
        after = page.position
        if after is None:
            return


def _latest(
    asked: Question,
    name: str,
    below: str,
    author: Officer | None,
    actor: OfficerActor,
    stores: Stores,
) -> tuple[list[Act], bool]:
    """Return the latest acts before a sort key ("": all), and whether there are more."""
    first = times.render(asked.since) if asked.since else _FIRST
    last = below or (times.render(asked.until) if asked.until else _LAST)
    last = max(first, end_of_visible(author, last))
    # The range includes its end, the last one of the batch before.
    limit = PAGE + 1 if below else PAGE
    if asked.report_id and not is_report_id(asked.report_id):
        return [], False
    if asked.report_id:
        entries, more = actor.audit.latest(of_report(asked.report_id), (first, last), limit)
        acts = [
            Act(each.by, each.action, True, each.key) for each in entries if each.key is not None
        ]
    else:
        acts, more = stores.acts.latest(name, (first, last), limit)
    return [each for each in acts if each.key[1] != below], more


def _recorded(found: Sequence[Act], actor: OfficerActor) -> tuple[Opening, ...]:
    entries = actor.audit.entries(act.key for act in found)
    return tuple(Opening(act, entries.get(act.key)) for act in found)


class Week(NamedTuple):
    """How much an officer did in a week, by number."""

    officer: Officer
    numbers: Counter[str]


class WeekPage(NamedTuple):
    begins_at: datetime
    items: tuple[Week, ...]
    next_cursor: str | None


def count_week(
    day: date | None, cursor: str | None, *, actor: OfficerActor, stores: Stores
) -> WeekPage:
    """Return the numbers of the week of a day (None: today), of each officer whose whole scope is
    in that of the caller, and write an audit record before they are read.

    Raises Malformed `bad_cursor`, with a denial in the audit; Unavailable.
    """
    begin, end = week_of(day or actor.now.date())
    filters = {"week": f"{begin:%Y-%m-%d}"}
    record = {"list": "numbers", **filters}
    try:
        after = stores.cursors.read(cursor, reader=actor.by, filters=filters, now=actor.now)
    except errors.Malformed:
        actor.log_own(Action.DENIED, {**record, "cursor": "bad"})
        raise
    actor.log_own(Action.LIST, {**record, "after": after})
    page = stores.officers.directory_page(after)
    workers = (each for each in page.officers if each.has_role(*WITH_MACHINES))
    readable = (each for each in workers if reads_acts_of(actor.officer, each))
    covered = [each for each in readable if actor.officer.covers(each)]
    shown, rest = covered[:_OFFICERS_AT_ONCE], covered[_OFFICERS_AT_ONCE:]
    between = times.render(begin), times.render(end)
    known = [(each, stores.acts.all(each.username, between)) for each in shown]
    # What no list of openings shows, no number counts. A denial counts whatever it was of.
    opened = (act for _, acts in known for act in acts if act.kind and act.by != actor.by)
    apart = stores.reports.about_police({act.key[0] for act in opened})
    items = []
    for each, acts in known:
        own = each.username == actor.by
        counted = (act for act in acts if own or not (act.kind and act.key[0] in apart))
        visible = (act for act in counted if is_visible(act, actor.officer, each))
        items.append(Week(each, numbers_of(visible)))
    position = shown[-1].username if rest else page.position
    if position is None:
        return WeekPage(begin, tuple(items), None)
    cursor = stores.cursors.issue(position, reader=actor.by, filters=filters, now=actor.now)
    return WeekPage(begin, tuple(items), cursor)
