"""Officers' lists of reports in their scope, and the handover of a shift.

Lists are by page, newest first or by attention. A handover shows what came in since a shift began,
in the shift before, or earlier, and still needs somebody. No content.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.listing import Listing, Page, Span
from chalicelib.aws.table import GET_AT_MOST, Row
from chalicelib.domain.audit.ledger import Event, Recorded
from chalicelib.domain.audit.seals import hour_of
from chalicelib.domain.casework.query import NOBODY, ReportQuery
from chalicelib.domain.catalogue.model import OVERSIGHT_CATEGORY, Catalogue, Urgency, by_code
from chalicelib.domain.notices.roster import Period, Roster
from chalicelib.domain.officers.model import OVERSIGHT, Officer, reads_acts_of, reads_day_of
from chalicelib.domain.reports.attention import (
    RANKS_OF_ATTENTION,
    RANKS_OF_OPEN,
    RANKS_OF_STATUS,
    RANKS_OF_WORK,
    RANKS_WITH_UNREAD,
    Rank,
    awaiting,
    is_done,
    is_quiet_drill,
    needs_action,
    rank_at,
)
from chalicelib.domain.reports.report import DRILL, OPEN_STATUSES, Flag, Proposal, Status
from chalicelib.kernel import errors, times
from chalicelib.kernel.outbox import ACKNOWLEDGE_WITHIN
from chalicelib.kernel.paging import Cursors
from chalicelib.kernel.times import require_period
from chalicelib.services.casework.folding import Folding, keeps_its_row
from chalicelib.services.casework.gists import PICTURES, SHOWN, Gists, show
from chalicelib.services.casework.history import HistoryPage
from chalicelib.services.casework.reminders import DueReminder, due_reminders
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.entries import EntryCursors
from chalicelib.services.reports.scope import Desk, head_in_scope
from chalicelib.store.audit.rows import Action, about, of_day
from chalicelib.store.officers.rows import Officers
from chalicelib.store.reports.incidents import IncidentCounts
from chalicelib.store.reports.reports import Reports
from chalicelib.store.reports.rows import InIncident, ListedReport

_UNPROVEN = keys.attention_at(Rank.UNPROVEN, "")
_OF_POLICE = OVERSIGHT_CATEGORY.partitions


@dataclass(frozen=True, slots=True)
class ReportPage:
    items: tuple[ListedReport, ...]
    next_cursor: str | None


class ListStores(NamedTuple):
    """What a list is read from."""

    listing: Listing
    cursors: Cursors
    catalogue: Catalogue
    officers: Officers
    gists: Gists


def list_reports(
    query: ReportQuery, *, actor: OfficerActor, stores: ListStores, is_shown: bool = True
) -> ReportPage:
    """Return one page of reports, newest first or by attention, and write an audit record, which
    names those whose pictures and gists are shown, if the page `is_shown`. Reports whose reminder
    is due for the officer are early in the list by attention.

    Reports of the page with one text that differ in nothing else that a list shows are one row, the
    first, unless the query says otherwise; so are those of one incident, which may differ in text,
    media and, unless critical, district. One with a due reminder is a row of its own. A filter
    outside the officer's scope gives an empty page. Raises Malformed `bad_cursor` for a cursor of
    another officer or of other filters, and Invalid for an assignee who is no officer. All of these
    write a denial to the audit. Raises Invalid, without one, for a time that ends before it begins.
    """
    # An empty page would look like quiet.
    require_period(query.since, query.until)
    listing, cursors, catalogue, officers, gists = stores
    officer, filters = actor.officer, query.filters()
    try:
        read = cursors.read(query.cursor, reader=actor.by, filters=filters, now=actor.now)
    except errors.Malformed:
        actor.log_own(Action.DENIED, {"filters": query.on_record(), "cursor": "bad"})
        raise
    assignee = _require_officer(query, actor, officers)
    reached, _, shown = (read or "").partition(" ")
    inside = _inside(query, officer)
    reminders: Mapping[str, DueReminder] = {}
    if inside and query.sort == "attention" and query.incident is None:
        reminders = due_reminders(actor, listing)
    moved = {each.row["id"]: each.row for each in reminders.values() if each.place}
    hidden: list[Row] = []
    folding = Folding(query, shown, apart=reminders)

    def keep(row: Row) -> bool:
        if row["id"] in moved and row is not moved[row["id"]]:
            return False
        acts = needs_action(row, officer, actor.now)
        if not query.matches(row) or query.needs_action not in (None, acts):
            return False
        if query.sort == "attention" and is_done(row, actor.now):
            return False
        if not officer.sees(row["category"], row["district"], is_drill=row.get("source") == DRILL):
            # One about the police is as if it were not there, in the audit and its watch, too.
            if row["category"] != OVERSIGHT:
                hidden.append(row)
            return False
        return folding.begins(row)

    page = Page((), None)
    if inside:
        first = [(each.place, each.row) for each in reminders.values() if each.place]
        source = _source(query, assignee, officer, catalogue)
        page = _page(query, reached or None, source, listing=listing, keep=keep, also=first)
    denied = not inside or (query.reference is not None and bool(hidden))
    items: Sequence[ListedReport] = [
        _for(
            officer,
            ListedReport.of(
                row,
                actor.now,
                folding.same(row),
                reminder=reminders[row["id"]].reminder if row["id"] in reminders else None,
            ),
        )
        for row in page.rows
    ]
    action = Action.DENIED if denied else Action.LIST
    found = {"filters": query.on_record(), "below": reached or None, "count": len(items)}
    if is_shown:
        items = show(items, action, found, actor=actor, gists=gists)
    else:
        actor.log_own(action, found)
    next_cursor = None
    if page.position:
        position = f"{page.position} {folding.after(page.rows)}".rstrip()
        next_cursor = cursors.issue(position, reader=actor.by, filters=filters, now=actor.now)
    return ReportPage(tuple(items), next_cursor)


def _for(officer: Officer, listed: ListedReport) -> ListedReport:
    """Return an entry as a list shows it. What a machine reads is counted, by its openings."""
    return listed.without_content() if officer.is_system else listed


def with_incidents(
    listed: Sequence[ListedReport],
    officer: Officer,
    counts: IncidentCounts,
    *,
    is_last: bool = False,
) -> tuple[ListedReport, ...]:
    """Return the reports of a list, each with its incident if it is in one. How many of an incident
    a row stands for is known on the last page, where all of them are, and of a report that keeps
    its row. Raises Unavailable.
    """
    named = {each.fields["incident"] for each in listed} - {None}
    known = {
        each: InIncident(each, seen.total()) for each, seen in counts.read(named, officer).items()
    }
    here = Counter[str | None]()
    for each in listed:
        here[each.fields["incident"]] += len(each.same)

    def counted(each: ListedReport) -> ListedReport:
        own = known.get(each.fields["incident"])
        is_known = own is None or is_last or here[own.id] == own.total or keeps_its_row(each.fields)
        return each._replace(incident=own, same=each.same if is_known else ())

    return tuple(map(counted, listed))


def read_lists(report_id: str, day: date, *, desk: Desk, officers: Officers) -> HistoryPage:
    """Return the lists of a day that showed a picture of a report or its gist, oldest first, and
    write an audit record.

    They are in the days of officers, each of which is read: a row at each report that is shown
    would be 50 for each list. What oversight has seen there, oversight alone reads. Raises
    NotFound.
    """
    report = head_in_scope(report_id, desk=desk).report
    desk.actor.log(about(report), Action.LIST, {"part": PICTURES})
    shown = (
        each._replace(detail={"part": part})
        for officer in officers.all()
        if _reads_day(desk.actor, officer, day)
        for each in desk.actor.audit.history(of_day(officer.username, day))
        for part in SHOWN
        if report_id in (each.detail or {}).get(part, ())
    )
    return HistoryPage(tuple(sorted(shown, key=lambda each: each.at)), None)


def _reads_day(actor: OfficerActor, author: Officer, day: date) -> bool:
    return author.username == actor.by or reads_day_of(actor.officer, author, day)


def _require_officer(query: ReportQuery, actor: OfficerActor, officers: Officers) -> str | None:
    """Return the partition of the index by assignee. For others, an officer of oversight has none,
    or a page that is cut short would say how many reports they have. None for who has left it:
    reports of theirs that were closed there stay in theirs, so other indexes are read.

    Raises Invalid, with a denial in the audit, for an assignee who is no officer at all.
    """
    name = query.assignee
    if name is None or name in (NOBODY, actor.by):
        return name
    assignee = officers.get(name)
    if assignee is None:
        actor.log_own(Action.DENIED, {"filters": query.on_record()})
        raise errors.Invalid(errors.FieldError("assignee", "unknown_value"))
    if not reads_acts_of(actor.officer, assignee):
        return f"{name}#"
    return None if assignee.oversight_until else name


def _inside(query: ReportQuery, officer: Officer) -> bool:
    burst = query.of_burst
    if burst and not officer.sees_category(burst.category):
        return False
    return (query.category is None or officer.sees_category(query.category)) and (
        query.district is None or officer.sees_district(query.district)
    )


def _page(
    query: ReportQuery,
    reached: str | None,
    source: tuple[str, Sequence[Span | str]],
    *,
    listing: Listing,
    keep: Callable[[Row], bool],
    also: Iterable[tuple[str, Row]],
) -> Page:
    burst = query.of_burst
    since = max(
        (times.render(each) for each in (query.since, burst and burst.hour) if each), default=None
    )
    until = min(
        (times.render(each) for each in (query.until, burst and burst.until) if each), default=None
    )
    index, spans = source
    if query.sort == "attention" and index == keys.BY_ATTENTION and not burst:

        def within(row: Row) -> bool:
            at = keys.received(row[keys.SORT[index]])
            return (since is None or at >= since) and (until is None or at < until) and keep(row)

        return listing.page_upwards(
            keys.index(index), spans, limit=query.limit, above=reached, keep=within, also=also
        )
    below = min((bound for bound in (reached, until) if bound), default=None)
    return listing.page(
        keys.index(index), spans, limit=query.limit, below=below, since=since, keep=keep
    )


def _source(
    query: ReportQuery, assignee: str | None, officer: Officer, catalogue: Catalogue
) -> tuple[str, Sequence[Span | str]]:
    """Return the index that fits the query best, and what to read from it. `assignee` is their
    partition.
    """
    shards = [
        partition
        for category in catalogue.seen_by(officer)
        if query.category in (None, category.code)
        for partition in category.partitions
    ]
    if query.incident:
        return keys.BY_INCIDENT, [query.incident]
    if burst := query.of_burst:
        return keys.BY_ATTENTION, spans_of_bursts(burst.category, catalogue)
    if query.reference:
        return keys.BY_REFERENCE, [query.reference]
    if query.sort == "attention":
        return keys.BY_ATTENTION, shards
    if assignee and assignee != NOBODY:
        return keys.BY_ASSIGNEE, [assignee]
    if query.bulletin_id:
        most = max(category.shards for category in catalogue.categories)
        return keys.BY_BULLETIN, [f"{query.bulletin_id}#{shard}" for shard in range(most)]
    if query.status:
        return keys.BY_ATTENTION, spans_of_status(query.status, shards)
    if query.assignee == NOBODY:
        return keys.BY_ATTENTION, spans_of_ranks(RANKS_OF_OPEN, shards)
    if query.unread or query.needs_action:
        ranks = RANKS_WITH_UNREAD if query.unread else RANKS_OF_ATTENTION
        return keys.BY_ATTENTION, spans_of_ranks(ranks, shards)
    return keys.BY_CATEGORY, shards


def spans_of_status(status: Status, shards: Iterable[str]) -> list[Span]:
    """Return the spans of the index by attention with the reports of a status. Others may be
    there, too.
    """
    known = tuple(shards)
    ended = [
        Span(keys.attention_shard(shard, status), keys.attention_at(Rank.DONE, ""))
        for shard in (() if status in OPEN_STATUSES else known)
    ]
    return [*ended, *spans_of_ranks(RANKS_OF_STATUS[status], known)]


def spans_of_ranks(ranks: Collection[Rank], shards: Iterable[str]) -> list[Span]:
    """Return where the index by attention has the reports with these ranks. What came in a burst
    has a partition of its own; only about the police are there any `behind`.
    """
    return [
        Span(keys.attention_shard(shard, apart), keys.attention_at(rank, ""))
        for shard in shards
        for rank in sorted(ranks)
        if rank is not Rank.BEHIND or shard in _OF_POLICE
        for apart in ((None, keys.BURSTS) if rank is Rank.UNPROVEN else (None,))
    ]


def spans_of_bursts(category: str, catalogue: Catalogue) -> list[Span]:
    """Return where the index by attention has the bursts of a category: nothing if unknown."""
    known = by_code(catalogue.categories).get(category)
    return [
        Span(keys.attention_shard(f"{category}#{shard}", keys.BURSTS), _UNPROVEN)
        for shard in range(known.shards if known else 0)
    ]


# Of a cursor, beside those of one report.
_CLOSINGS = "CLOSINGS"


class Closing(NamedTuple):
    """An end of a report by one officer. `awaits`: it waits for a second one, or, as it was
    recorded, took one.
    """

    at: datetime
    id: str
    reference: str
    category: str
    district: str
    disposition: str
    awaits: bool

    @property
    def key(self) -> keys.Key:
        return keys.report(self.id), keys.HEAD


class ClosingPage(NamedTuple):
    items: tuple[Closing, ...]
    next_cursor: str | None


def list_closings(
    username: str,
    day: date,
    cursor: str | None,
    *,
    desk: Desk,
    cursors: EntryCursors,
    officers: Officers,
) -> ClosingPage:
    """Return a page of what an officer has ended on a day, inside the actor's scope, oldest first,
    and write an audit record.

    Of a page of the audit, or as much of it as has reports for one read; one can be empty although
    more follow. Raises Malformed `bad_cursor`, Unavailable.
    """
    whose, actor = f"{username} {day}", desk.actor
    below = cursors.read(cursor, whose, _CLOSINGS)
    author = officers.get(username)
    if author and not _reads_day(actor, author, day):
        # Nor how much there is of it.
        actor.log_own(Action.LIST, {"closings": whose, "count": 0})
        return ClosingPage((), None)
    found, more = actor.audit.page(of_day(username, day), below)
    closings = [each for each in found if each.action is Action.CLOSE and each.detail]
    if len(closings) > GET_AT_MOST:
        closings, more = closings[:GET_AT_MOST], True
        found = closings
    ended = [Closing(each.at, **each.detail or {}) for each in closings]
    seen = [each for each in ended if actor.officer.sees(each.category, each.district)]
    items = _as_they_are(seen, username, desk)
    actor.log_own(Action.LIST, {"closings": whose, "count": len(items)})
    position = found[-1].key[1] if more and found[-1].key else None
    return ClosingPage(items, cursors.issue(position, whose, _CLOSINGS))


# What is read of a report to know how an end has fared. None of it is opened.
_OF_END = (
    *("category", "district", "status", "disposition", "decided_at", "proposal", "leaves"),
    *("received_at", "deleted_at"),
)


def _as_they_are(recorded: Sequence[Closing], username: str, desk: Desk) -> tuple[Closing, ...]:
    """Return the ends that came to be or wait, of those recorded: the last one of each report.

    Of a report that the actor does not see now it is the last one as it was recorded, so that
    nobody learns here whether it was deleted, or moved to oversight or another station.
    """
    wanted = [each.key for each in recorded]
    heads = desk.reports.table.get_all(wanted, consistent=False, attributes=_OF_END)
    last: dict[str, Closing] = {}
    for each in recorded:
        row = heads.get(each.key)
        is_seen = row is not None and "deleted_at" not in row
        if row and is_seen and desk.actor.officer.sees(row["category"], row["district"]):
            awaits = each.awaits and _still_waits(each, username, row)
            if each.awaits and not awaits and not _came_to_be(each, row):
                continue
            each = each._replace(awaits=awaits)
        last.pop(each.id, None)
        last[each.id] = each
    return tuple(last.values())


def _still_waits(end: Closing, username: str, row: Row) -> bool:
    if "proposal" not in row or row["status"] == Status.WITHDRAWN:
        return False
    waiting = Proposal.model_validate(row["proposal"])
    is_of = username in waiting.authors and waiting.disposition == end.disposition
    return is_of and times.render(waiting.at) <= times.render(end.at)


def _came_to_be(end: Closing, row: Row) -> bool:
    """Return whether a report was ended so since. The ledger's leaves show it also after the end
    was undone; what has none, such as a drill, has its present end alone.
    """
    recorded, since = Recorded.of_row(row), hour_of(end.at)
    if any(
        leaf.event is Event.CLOSED and leaf.data.decode() == end.disposition and leaf.hour >= since
        for leaf in recorded.leaves
    ):
        return True
    is_so = row.get("disposition") == end.disposition and "decided_at" in row
    return is_so and times.parse(row["decided_at"]) >= end.at


# What came in during this time is handed over also when the shift has just begun, or there is none.
AT_LEAST = timedelta(hours=12)
# The most reports that are looked at: of what came in, the newest; of the list by attention, the
# first; and of what is unread or awaits a second person after its end, the newest.
_MOST, _MOST_FIRST, _MOST_WAITING = 100, 150, 50
_WAITING = (Rank.UNREAD, Rank.APPROVAL)
# What the index of lists does not have of a report. None of it is opened.
_MORE_FIELDS = ("id", "flags", "awaits", "unread_media", "expiring", "deleted_at")


@dataclass(frozen=True, slots=True)
class Handover:
    """The reports since `since`, and older ones that wait, by their ids, newest first; and the rows
    of all these. `shifts` are the names of the shifts that are on duty, and `until` is when the
    first of them ends; without a shift, None. `is_complete` is False when there were more than were
    looked at.
    """

    since: datetime
    until: datetime | None
    shifts: tuple[str, ...]
    open: tuple[str, ...]
    unread: tuple[str, ...]
    overdue: tuple[str, ...]
    awaiting_approval: tuple[str, ...]
    is_complete: bool
    items: tuple[ListedReport, ...]


def hand_over(
    *, desk: Desk, roster: Roster, listing: Listing, catalogue: Catalogue, gists: Gists
) -> Handover:
    """Return the handover of a shift, and write an audit record.

    It has the reports in the officer's scope since the present turn of their shift began, and at
    least of the last twelve hours, and those that wait for longer: what is first in the list by
    attention is never left out for what is newer. Its record names the gists that it shows. For an
    officer who is off duty, the turns of all shifts count. Raises Unavailable.
    """
    now, officer = desk.actor.now, desk.actor.officer
    turns = _turns(roster, desk.actor.by, now)
    since = min((now - AT_LEAST, *(turn.start for _, turn in turns)))
    shards = catalogue.partitions_of(officer)

    def keep(row: Row) -> bool:
        return officer.sees(row["category"], row["district"]) and not is_quiet_drill(row)

    by_place = keys.SORT[keys.BY_ATTENTION]

    def keep_waiting(row: Row) -> bool:
        # What colleagues work on is not handed over for its urgency, but for an end that waits.
        is_work = rank_at(row[by_place]) in RANKS_OF_WORK
        return keep(row) and (not is_work or bool(awaiting(row, now)))

    by_attention = keys.index(keys.BY_ATTENTION)
    first = listing.page_upwards(by_attention, shards, limit=_MOST_FIRST, keep=keep_waiting)
    urgent = [row for row in first.rows if row[by_place] < Rank.NORMAL or awaiting(row, now)]
    waiting = listing.page(
        by_attention, spans_of_ranks(_WAITING, shards), limit=_MOST_WAITING, keep=keep
    )
    recent = listing.page(
        keys.index(keys.BY_CATEGORY), shards, limit=_MOST, since=times.render(since), keep=keep
    )
    found = {row["id"]: row for row in (*recent.rows, *waiting.rows, *urgent)}
    listed = sorted(found.values(), key=lambda row: str(row["received_at"]), reverse=True)
    more = _more(desk.reports, listed)
    rows = [row | more[row["id"]] for row in listed if row["id"] in more]
    named = [row for row in rows if row["status"] in OPEN_STATUSES or _is_left(row, now)]
    items = show(
        # A handover shows no picture.
        [ListedReport.of({**row, "thumb": None}, now) for row in named],
        Action.LIST,
        {"handover": times.render(since), "count": len(rows)},
        actor=desk.actor,
        gists=gists,
    )
    is_whole = first.position is None or len(urgent) < len(first.rows)

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
        is_complete=is_whole and recent.position is None and waiting.position is None,
        items=items,
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


def _is_left(row: Row, now: datetime) -> bool:
    return _is_unread(row) or bool(awaiting(row, now))


def _is_unread(row: Row) -> bool:
    has_more = bool(row.get("unread") or row.get("unread_media"))
    return has_more and row["status"] != Status.WITHDRAWN


def _is_overdue(row: Row, now: datetime) -> bool:
    if row["status"] != Status.NEW:
        return False
    late = times.parse(row["received_at"]) + ACKNOWLEDGE_WITHIN <= now
    return (row["urgency"] == Urgency.CRITICAL and late) or Flag.OVERDUE in row.get("flags", ())
