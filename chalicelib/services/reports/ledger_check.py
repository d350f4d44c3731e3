"""Check reports against the ledger: what was recorded, and what is missing."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from chalicelib.aws import keys as layout
from chalicelib.aws.locked_objects import StoredObject
from chalicelib.domain.audit.ledger import (
    TOMBSTONE_LIFE,
    Event,
    Head,
    Leaf,
    Recorded,
    Tree,
    count_data,
    evidence_data,
)
from chalicelib.domain.audit.seals import HOUR, hour_after, hour_of, is_signed_by, start_of
from chalicelib.domain.reports.masks import LEAVES
from chalicelib.domain.reports.report import DRILL, Disposition, Status
from chalicelib.kernel import times
from chalicelib.kernel.outbox import TaskKind
from chalicelib.services.audit.check import not_ours
from chalicelib.services.audit.ledger import LATE_HOURS
from chalicelib.services.audit.seals import CLOSED_WITHIN, is_settled
from chalicelib.services.reports.ledger import first_leaves, known_leaves
from chalicelib.store.audit.ledger import LeafRows
from chalicelib.store.audit.seals import ClosedHour, hour_of_head

# What is read of each row of the table of reports.
ATTRIBUTES = (
    "pk", "sk", "ledger_id", "commitments", "leaves", "task", "status", "source", "deleted_at",
    "media_id", "version_id", "checksum", "received_at", "evidence", "masks",
)  # fmt: skip

# How many more steps of a kind than the row has are looked for in the ledger.
_AHEAD = 4
# The number of an hour among those that are checked.
_NUMBER_BYTES = 3

type Row = Mapping[str, Any]
type OriginalCheck = Callable[[str, str, str, Mapping[str, str]], str | None]
"""Returns what is wrong with an original, by report, medium, version and checksum."""


class Published:
    """The leaves in heads with their hours, and the last closed hour. Of a long hour there are
    millions of leaves, of which a frozenset takes five times as much: here they are joined, by
    their first two bytes. `events`: how many leaves of an hour are of events.
    """

    def __init__(self, events: Mapping[str, int] | None = None) -> None:
        self.last: str | None = None
        self.events = dict(events or {})
        self._hours: list[str | None] = [None]
        self._rests = [bytearray() for _ in range(1 << 16)]

    def begin(self, hour: str | None) -> None:
        """Let what is added from now on be of this hour; None for what is in no head yet."""
        self._hours.append(hour)

    def add(self, leaf: bytes) -> None:
        number = (len(self._hours) - 1).to_bytes(_NUMBER_BYTES)
        self._rests[int.from_bytes(leaf[:2])] += leaf[2:] + number

    def __contains__(self, leaf: bytes) -> bool:
        return any(True for _ in self.hours(leaf))

    def hours(self, leaf: bytes) -> Iterator[str | None]:
        """Yield each hour that has a leaf. One that was written again after an outage is in two."""
        rests, rest = self._rests[int.from_bytes(leaf[:2])], leaf[2:]
        at = rests.find(rest)
        while at >= 0:
            end = at + len(rest)
            if at % (len(rest) + _NUMBER_BYTES) == 0:
                yield self._hours[int.from_bytes(rests[end : end + _NUMBER_BYTES])]
            at = rests.find(rest, end)


def is_ours(stored: StoredObject, now: datetime) -> bool:
    """Return whether this can be an hour that was closed by now."""
    hour = hour_of_head(stored.key)
    return hour is not None and is_settled(hour, now)


def check_objects(stored: Iterable[StoredObject], now: datetime) -> Iterator[str]:
    """Yield a sentence for each object that was changed, or is not ours."""
    for each in stored:
        if not is_ours(each, now):
            yield not_ours(each)
        if each.markers:
            yield f"{each.key} was deleted: there is a delete marker over what was written."
        if each.versions > 1:
            yield f"{each.key} was written again: the first version counts."


def check_hours(
    hours: Iterable[ClosedHour],
    keys: Collection[bytes],
    *,
    published: Published,
    counts: Counter[str],
) -> Iterator[str]:
    """Yield a sentence for each fault of the closed hours, in their order. Add to `published` what
    they have, and count them.
    """
    before: Head | None = None
    counts["hours"] = 0
    for closed in hours:
        head = closed.head
        name = f"The ledger's hour {head.hour}"
        if before and head.hour != hour_after(before.hour):
            yield f"{name} follows {before.hour}: what is between is missing."
        elif before and head.previous != before.hash:
            yield f"{name} does not follow the one before it: one of the two was rewritten."
        if closed.key not in keys or not is_signed_by(closed.key, head.signed, closed.signature):
            yield f"{name} is not signed with a key of this stage."
        tree = Tree()
        published.begin(head.hour)
        for leaf in closed.leaves:
            tree.add(leaf)
            published.add(leaf)
        if tree.size != head.size or tree.nodes != [bytes.fromhex(head.root)]:
            yield f"{name} has other leaves than its head says."
        before, published.last = head, head.hour
        counts["hours"] += 1


def check_reports(
    rows: Iterable[Row],
    published: Published,
    *,
    again: Callable[[str], Iterable[Row]],
    original: OriginalCheck,
    counts: Counter[str],
    now: datetime,
) -> Iterator[str]:
    """Yield a sentence for each report that does not agree with the ledger. Count what is checked.

    `published` has the leaves that wait, too (`add_waiting`). `rows` are all rows of the table of
    reports, with `ATTRIBUTES`; those of a report are kept only while they are checked. `again`
    reads the rows of one report: of one that was changed meanwhile, or whose rows did not come
    together.
    """
    check, read_again = _ReportsCheck(published, original, now), set[str]()
    for pk, found in groupby(rows, itemgetter("pk")):
        report_id = layout.report_id((pk, layout.HEAD))
        if report_id is None:
            continue
        head, media = _parts(found)
        if head and not _is_outside(head):
            counts["reports"] += 1
            counts["originals"] += len(media)
            yield from check.note(report_id, head)
        doubtful = (media and not head) or any(check.report(report_id, head, media))
        if doubtful and report_id not in read_again:
            read_again.add(report_id)
            yield from check.report(report_id, *_parts(again(report_id)))
    yield from check.vanished()


def _parts(rows: Iterable[Row]) -> tuple[Row | None, list[Row]]:
    """Return the HEAD among the rows of a report, and the rows of media with an original."""
    head, media = None, []
    for row in rows:
        if row["sk"] == layout.HEAD:
            head = row
        elif row["sk"].startswith("MEDIA#") and "version_id" in row:
            media.append(row)
    return head, media


def _is_outside(head: Row) -> bool:
    """Return whether a report is in no ledger because it is a drill."""
    return head.get("source") == DRILL and "ledger_id" not in head


class _ReportsCheck:
    """The check of reports, one after the other, and what it notes to find those that vanished."""

    def __init__(self, published: Published, original: OriginalCheck, now: datetime) -> None:
        self._published = published
        self._original = original
        self._now = now
        self._explained: Counter[str | None] = Counter()
        self._owners: dict[bytes, str] = {}

    def report(self, report_id: str, head: Row | None, media: Iterable[Row]) -> Iterator[str]:
        """Yield what is wrong with one report. Of one without a HEAD, the hours tell."""
        if head is None or _is_outside(head):
            return
        recorded, published = Recorded.of_row(head), self._published
        yield from _check_steps(report_id, head, recorded)
        yield from _check_filed(report_id, head, recorded, published, self._now)
        yield from _check_leaves(report_id, recorded, published)
        yield from _check_no_others(report_id, recorded, published)
        if "deleted_at" not in head:
            yield from _check_originals(report_id, recorded, media, self._original)

    def note(self, report_id: str, head: Row) -> Iterator[str]:
        """Note which events of the hours are this report's. Yield a sentence if they are another's.

        Of two reports with one place in the ledger, either may be the one that was put there.
        """
        recorded = Recorded.of_row(head)
        if recorded.ledger_id is None:
            return
        if (other := self._owners.setdefault(recorded.ledger_id, report_id)) != report_id:
            yield f"Report {report_id} stands in the ledger as {other}: one row was replaced."
            return
        own = {hashed for _, hashed in recorded.hashed(known_leaves(recorded))}
        for leaf in own | set(map(bytes, head.get("evidence", ()))):
            self._explained.update(self._published.hours(leaf))

    def vanished(self) -> Iterator[str]:
        """Yield each hour with more events than the reports that are there have. A deleted report
        leaves its tombstone for a year: of older hours nothing is said.
        """
        oldest = hour_of(self._now - TOMBSTONE_LIFE)
        for hour, count in sorted(self._published.events.items()):
            if hour >= oldest and (missing := count - self._explained[hour]) > 0:
                events = f"{missing} more event{'s' if missing > 1 else ''}"
                yield (
                    f"The ledger's hour {hour} has {events} than the reports that are there: one "
                    "has vanished without a lawful end, or its row was put back."
                )


def add_waiting(published: Published, leaf_rows: LeafRows, now: datetime) -> None:
    """Add the leaves that were written and may not be in a head yet."""
    last = published.last
    hour = hour_of((start_of(last) if last else now) - HOUR * LATE_HOURS)
    published.begin(None)
    while hour <= hour_of(now):
        for leaf in leaf_rows.leaves(hour):
            published.add(leaf)
        hour = hour_after(hour)


def _check_filed(
    report_id: str, head: Mapping[str, Any], recorded: Recorded, published: Published, now: datetime
) -> Iterator[str]:
    """Check that a report is filed, also while its row waits for the first notice to say so."""
    if recorded.ledger_id is None or recorded.count(Event.FILED):
        return
    first = first_leaves(recorded)
    if not first or head.get("task") != TaskKind.NOTIFY:
        yield f"Report {report_id}: officers were notified, and it is not recorded as filed."
        return
    is_due = times.parse(head["received_at"]) + CLOSED_WITHIN < now
    if is_due and any(hashed not in published for _, hashed in recorded.hashed(first)):
        yield f"Report {report_id} is not filed, and it should be by now."


def _check_steps(report_id: str, head: Mapping[str, Any], recorded: Recorded) -> Iterator[str]:
    """Check that each step that shows in the row is recorded."""
    if recorded.ledger_id is None:
        if "deleted_at" not in head:
            yield f"Report {report_id} has nothing to be found by in the ledger: it was altered."
        return
    if head.get("source") == DRILL:
        yield f"Report {report_id} is in the ledger and was made a drill: it was altered."
    status, closings = head.get("status"), recorded.count(Event.CLOSED)
    reopenings = [leaf.data for leaf in recorded.leaves if leaf.event is Event.REOPENED]
    reopened_after = max((int.from_bytes(data) for data in reopenings), default=0)
    if status == Status.CLOSED and closings <= reopened_after:
        yield f"Report {report_id} is closed, and that is not recorded."
    if status == Status.WITHDRAWN and not recorded.count(Event.WITHDRAWN):
        yield f"Report {report_id} is withdrawn, and that is not recorded."
    if len(head.get("masks", {}).get("approved", ())) > recorded.count(Event.MASKED):
        yield f"Report {report_id} has a mask that is not recorded."
    if "deleted_at" in head and not recorded.count(Event.EXPIRED):
        yield f"Report {report_id} is deleted, and that is not recorded."


def _check_leaves(report_id: str, recorded: Recorded, published: Published) -> Iterator[str]:
    for leaf, hashed in recorded.hashed(recorded.leaves):
        if hashed not in published:
            yield (
                f"Report {report_id}: {_named(leaf)} is not in the ledger. Its row or the leaf "
                "was altered."
            )


def _check_no_others(report_id: str, recorded: Recorded, published: Published) -> Iterator[str]:
    """Look for steps in the ledger that the row does not have, as a verifier does."""
    if recorded.ledger_id is None:
        return
    known = {hashed for _, hashed in recorded.hashed(recorded.leaves)}
    closings = recorded.count(Event.CLOSED) + _AHEAD
    for event, n, data in (
        *((Event.CLOSED, n, each.encode()) for n in range(closings) for each in ("", *Disposition)),
        *_possible_reopenings(recorded, closings),
        *((Event.MASKED, recorded.count(Event.MASKED), each) for each in LEAVES),
        (Event.EXPIRED, 0, b""),
    ):
        leaf = Leaf(event, n, data, "")
        if (hashed := leaf.hash(recorded.ledger_id)) in published and hashed not in known:
            yield (
                f"Report {report_id}: the ledger has {_named(leaf)}, which its row has not. The "
                "row was altered or restored, or somebody else wrote the leaf."
            )


def _possible_reopenings(recorded: Recorded, closings: int) -> Iterator[tuple[Event, int, bytes]]:
    """Yield each leaf that a reopening could have. The counts of closings grow from one to the
    next, so those of a known one lie between its neighbours': all together are a few times the
    closings.
    """
    known = [int.from_bytes(leaf.data) for leaf in recorded.leaves if leaf.event is Event.REOPENED]
    for n in range(len(known) + _AHEAD):
        first = known[min(n, len(known)) - 1] + 1 if known and n else 0
        end = min([closings, *known[n + 1 : n + 2]])
        for count in range(first, end):
            yield Event.REOPENED, n, count_data(count)


def _named(leaf: Leaf) -> str:
    return f"`{leaf.event.name.lower()}` number {leaf.n}"


def _check_originals(
    report_id: str, recorded: Recorded, media: Iterable[Mapping[str, Any]], original: OriginalCheck
) -> Iterator[str]:
    """Check the chain of each original: the leaf, the medium's row, the object."""
    evidence = {leaf.data for leaf in recorded.leaves if leaf.event is Event.EVIDENCE}
    for row in media:
        version = row["version_id"]
        media_id, checksum = str(row["media_id"]), row.get("checksum") or {}
        data = evidence_data(
            media_id, version, checksum.get("algorithm", ""), checksum.get("value", "")
        )
        if data not in evidence:
            yield (
                f"Report {report_id}: the row of medium {media_id} names another original than "
                "the ledger."
            )
        evidence.discard(data)
        wrong = original(report_id, media_id, version, checksum)
        if wrong:
            yield f"Report {report_id}: the original of medium {media_id} {wrong}."
    for data in sorted(evidence):
        yield f"Report {report_id}: the ledger names an original that no row has: {data.decode()}."
