"""Incidents: which reports are taken in together, unasked, because they are like each other.

What is taken in is one row of the queue where it asks for the same step. So a report is not that
could be another event: one further away, or later; a critical one that is alike in one way alone,
or one of a category that is never limited and alike in its place alone (docs/adr/0072).
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from chalicelib.domain.casework.steps import AT_ONCE_MAX
from chalicelib.domain.catalogue.learnt import is_never_limited, kin_of
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.reports.incidents import NEAR_IN_TIME, SOON, Similar, Why

REACH_M = 500
"""How far a place alone leads from the middle of an event, in metres: 300, and what is not known of
two places in a cell each.
"""
WIDE_M = 1200
"""How far apart two reports are at the most of which one is shown beside the event of the other:
about twice as far.
"""
# How far the middle is from a report that an incident begins with, at the most.
_TO_MIDDLE_M = 350
# So many others of its category stand at or beside a report that leads further from the middle.
_CROWD = 3


class Found(Protocol):
    """A report, as far as it decides what is taken in with it."""

    @property
    def id(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def urgency(self) -> Urgency: ...
    @property
    def is_drill(self) -> bool: ...
    @property
    def is_open(self) -> bool: ...
    @property
    def received_at(self) -> datetime: ...
    @property
    def incident(self) -> str | None: ...


class Chain:
    """The reports that belong to the `members` of an incident, from one to the next. `reached` are
    those whose links are to be followed, `found` all that may be taken in.

    A picture or the very same text leads on from any report; a part of a text to what stands beside
    another one at about the same time. `why` has the link by which each was found. A place alone
    leads on from spot to spot, to those that came within `SOON` and in the two hours of the first
    report there, `REACH_M` at most from the middle of the event, and away from the middle only
    where several stand. So nothing wanders through a city or a day, and what is another event in
    the same quarter keeps its row. The middle is where most members are in reach, two at least, or
    a copy of a text could choose it; there is none unless these `are_all` members, or the two hours
    would slide. Of a single member it is found among those that stand around it.

    `beside` are those that are alike in some way and are not taken in, with their links.
    """

    def __init__(self, incident: str, members: Iterable[Found], *, are_all: bool = True) -> None:
        self._incident = incident
        by_time = sorted(members, key=lambda each: (each.received_at, each.id))
        self._known: dict[str, Found] = {each.id: each for each in by_time}
        self._first = by_time[0]
        [(category, _)] = Counter(each.category for each in by_time).most_common(1)
        self._category, self._kin = category, {category, *kin_of(category)}
        # Of a single member, those around it are looked at first, with the links that led there.
        is_one = len(by_time) == 1
        self._around: dict[str, tuple[Found, Similar | None]] | None = None
        self._seeks_middle = are_all and not is_one
        self._far: dict[str, int] = {self._first.id: 0} if is_one else {}
        if is_one and not _never_by_place(self._first):
            self._around = {self._first.id: (self._first, None)}
        self.reached: Sequence[str] = tuple(self._known)
        self.found: list[str] = []
        self.why: dict[str, Similar] = {}
        self._doubtful: dict[str, Similar] = {}
        self._alike: dict[str, Similar] = {}
        self._near: dict[str, dict[str, int]] = {}
        self._others: Mapping[str, Found] = {}

    @property
    def beside(self) -> Mapping[str, Similar]:
        return {each: link for each, link in self._alike.items() if each not in self._known}

    def follow(self, links: Mapping[str, Iterable[Similar]], others: Mapping[str, Found]) -> None:
        """Follow the links of those that were reached, as far as they lead to `others`: these have
        all that were reached, too.
        """
        self._others = others
        for each in self.reached:
            self._near[each] = near(each, links.get(each, ()), self._report)
        if self._around is not None:
            self.reached = list(dict.fromkeys(self._look_around(self._around, links)))
            if not self.reached:
                around, self._around = self._around, None
                there = {each: report for each, (report, _) in around.items()}
                spots = Spots(there, self._near)
                middle, link = around[spots.middle(self._category, self._first.id)]
                if link:
                    self._take(middle, link)
                self._begin_at(middle.id)
            return
        if self._seeks_middle:
            self._seeks_middle = False
            spots = Spots(self._known, self._near)
            most = spots.middle(self._category)
            in_reach = spots.in_reach(most)
            if len(in_reach) > 1:
                self._first = next(each for each in self._known.values() if each.id in in_reach)
                self._begin_at(most)
        reached = (e for each in self.reached for e in self._follow(each, links.get(each, ())))
        self.reached = [*dict.fromkeys(reached), *self._take_beside()]

    def _report(self, report_id: str) -> Found | None:
        return self._known.get(report_id) or self._others.get(report_id)

    def _begin_at(self, middle: str) -> None:
        self._far = {middle: 0}
        self.reached = list(self._known)

    def _look_around(
        self,
        around: dict[str, tuple[Found, Similar | None]],
        links: Mapping[str, Iterable[Similar]],
    ) -> Iterator[str]:
        """Add what stands around, up to twice as far. Yield what is new there, or is nearer."""
        for each in self.reached:
            led = dict(self._lead_on(each, _TO_MIDDLE_M + REACH_M))
            for link in links.get(each, ()):
                near = link.report_id
                if near in led and (near in around or len(around) < AT_ONCE_MAX):
                    around.setdefault(near, (self._others[near], link))
                    self._far[near] = led[near]
                    yield near

    def _lead_on(self, report_id: str, most_m: int) -> Iterator[tuple[str, int]]:
        """Yield those to which the place of a report leads, with how far it is to there."""
        start, origin = self._far.get(report_id), self._report(report_id)
        if start is None or origin is None:
            return
        for near, apart_m in self._near[report_id].items():
            far, other = start + apart_m, self._report(near)
            if far > most_m or far >= self._far.get(near, most_m + 1) or other is None:
                continue
            if abs(other.received_at - self._first.received_at) > NEAR_IN_TIME:
                continue
            leads_away = not start or not apart_m or self._is_crowded(origin)
            if leads_away and self._may_join(origin, other):
                yield near, far

    def _is_crowded(self, origin: Found) -> bool:
        """Return whether several reports of its category stand where one does, or beside it."""
        near = (self._report(each) for each in self._near[origin.id])
        return sum(bool(e and e.is_open and e.category == origin.category) for e in near) >= _CROWD

    def _follow(self, report_id: str, links: Iterable[Similar]) -> Iterator[str]:
        """Yield the ids of those that the links of a report lead to, and that lead on."""
        origin = self._known.get(report_id)
        if origin is None:
            return
        # Followed again when it is nearer the middle than was known: its place leads further then.
        led = dict(self._lead_on(report_id, REACH_M))
        for link in links:
            other = self._report(link.report_id)
            if other is None:
                continue
            if other.id not in self._known:
                belongs = self._belongs(origin, other, link, is_here=other.id in led)
                if belongs is None and other.id not in self._doubtful:
                    self._doubtful[other.id] = link
                    yield other.id
                if not (belongs and self._take(other, link)):
                    self._note(link)
                    continue
                yield other.id
            if other.id in led:
                self._far[other.id] = led[other.id]
                yield other.id

    def _take_beside(self) -> Iterator[str]:
        """Take in what only a part of a text led to, and a link of its own leads back from."""
        for each, link in self._doubtful.items():
            is_beside = not self._known.keys().isdisjoint(self._near.get(each, ()))
            if each not in self._known and is_beside and self._take(self._others[each], link):
                yield each

    def _take(self, other: Found, link: Similar) -> bool:
        """Take a report in, unless there are too many."""
        if other.incident is None:
            if len(self.found) >= AT_ONCE_MAX:
                return False
            self.found.append(other.id)
            self.why[other.id] = link
        self._known[other.id] = other
        return True

    def _note(self, link: Similar) -> None:
        is_near = link.distance_m is not None and link.distance_m <= WIDE_M
        if is_near or link.why != (Why.PLACE,):
            self._alike.setdefault(link.report_id, link)

    def _may_join(self, origin: Found, other: Found) -> bool:
        """Return whether two reports may be of one incident, if they are alike enough."""
        if other.incident is not None or not other.is_open:
            return other.incident == self._incident
        if origin.is_drill is not other.is_drill:
            return False
        if Urgency.CRITICAL in (origin.urgency, other.urgency):
            return (origin.category, origin.urgency) == (other.category, other.urgency)
        return origin.category == other.category or self._kin >= {origin.category, other.category}

    def _belongs(self, origin: Found, other: Found, link: Similar, *, is_here: bool) -> bool | None:
        """Return whether a report is taken in by a link; None: if its own links say where it is.

        Unlike events share a polite frame. But of a great event not all links are kept, so that a
        part of the words leads on to what stands beside it by a link of its own.
        """
        if not self._may_join(origin, other) or other.incident == self._incident:
            return other.incident == self._incident
        if other.urgency is Urgency.CRITICAL:
            return Why.PLACE in link.why and len(link.why) > 1
        if link.why == (Why.PLACE,):
            return is_here and not _never_by_place(other)
        if Why.PICTURE in link.why or link.score == 1:
            return True
        if Why.PLACE in link.why and is_never_limited(other.category):
            # A person who is looked for is on the way: that is no spot.
            return True
        return True if other.id in self._near[origin.id] else None


def near(
    report_id: str, links: Iterable[Similar], report: Callable[[str], Found | None]
) -> dict[str, int]:
    """Return those that stand at or beside the spot of a report at about the same time, with how
    many metres it is to there. `report` returns the one with an id.
    """
    found = ((report(link.report_id), link.apart_m) for link in links)
    one = report(report_id)
    return {
        each.id: apart_m
        for each, apart_m in found
        if one and each and apart_m is not None and _soon(one, each)
    }


class Spots:
    """The spots where reports stand, as far as their links tell. `near`: how many metres it is from
    a report to others.
    """

    def __init__(self, reports: Mapping[str, Found], near: Mapping[str, Mapping[str, int]]) -> None:
        self._reports = reports
        links = [
            (one, other, apart_m)
            for one in reports
            for other, apart_m in near.get(one, {}).items()
            if other in reports
        ]
        self._spots = _joined(reports, ((one, other) for one, other, far in links if not far))
        self._apart: dict[str, dict[str, int]] = {spot: {} for spot in self._spots.values()}
        for one, other, apart_m in links:
            ends = self._spots[one], self._spots[other]
            for start, end in (ends, ends[::-1]):
                self._apart[start][end] = min(apart_m, self._apart[start].get(end, apart_m))
        self._at: dict[str, Counter[str]] = {spot: Counter() for spot in self._apart}
        for each, spot in self._spots.items():
            self._at[spot][reports[each].category] += 1
        self._reach = {spot: self._reached_from(spot) for spot in self._apart}

    def crowd(self, report_id: str, category: str) -> tuple[int, int]:
        """Return how many reports stand around one, of this category and of all. What is nearer
        counts more: so those at the edge of its reach, and what leads on from there, draw it less.
        """
        reach = self._reach[self._spots[report_id]]
        weights = {spot: 2 * _TO_MIDDLE_M - far for spot, far in reach.items()}
        return (
            sum(weight * self._at[spot][category] for spot, weight in weights.items()),
            sum(weight * self._at[spot].total() for spot, weight in weights.items()),
        )

    def middle(self, category: str, of: str | None = None) -> str:
        """Return the report around which most stand of this category, or of as many most of all;
        it is near the report `of`, if that is given.
        """
        spots = self._reach[self._spots[of]] if of else dict.fromkeys(self._apart, 0)
        near = (spot for spot, far in spots.items() if far <= _TO_MIDDLE_M)
        return max(near, key=lambda spot: self.crowd(spot, category))

    def in_reach(self, report_id: str) -> Collection[str]:
        """Return the reports that stand in reach of one."""
        within = self._reach[self._spots[report_id]]
        return {each for each, spot in self._spots.items() if spot in within}

    def _reached_from(self, spot: str) -> Mapping[str, int]:
        far, todo = {spot: 0}, [spot]
        while todo:
            start = todo.pop()
            for end, apart_m in self._apart[start].items():
                metres = far[start] + apart_m
                if metres < far.get(end, REACH_M + 1):
                    far[end] = metres
                    todo.append(end)
        return far


def _never_by_place(report: Found) -> bool:
    """Return whether a place alone takes in no report like this."""
    return report.urgency is Urgency.CRITICAL or is_never_limited(report.category)


def _soon(one: Found, other: Found) -> bool:
    return abs(one.received_at - other.received_at) <= SOON


def _joined(ids: Iterable[str], pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return for each id one that stands for all that it is joined with."""
    stands_for: dict[str, list[str]] = {each: [each] for each in ids}
    for one, other in pairs:
        group, more = stands_for[one], stands_for[other]
        if group is not more:
            group += more
            stands_for |= dict.fromkeys(more, group)
    return {each: group[0] for each, group in stands_for.items()}
