"""Incidents: which reports are taken in together, unasked, because they are like each other.

What is taken in is one row of the queue. So a report that differs is not: another category or
urgency, a critical one that is alike in one way alone, or one of a category that is never limited
and alike in its place alone (docs/adr/0072).
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.domain.casework.steps import AT_ONCE_MAX
from chalicelib.domain.catalogue.learnt import is_never_limited
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.reports.incidents import NEAR_IN_TIME, SAME_SPOT, Similar, Why

GAP = timedelta(minutes=30)
"""Where no text or picture is alike, an event that nobody has reported for so long is over."""


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

    A picture or the very same text leads on from any report; a part of a text where the place is
    alike, or to what stands beside another one. `why` has the link by which each was found. A place
    alone does from one at the spot and in the two hours of its first member, to those that came
    there within `GAP`: so nothing wanders through a city or a day, and what is another event in the
    same quarter keeps its row. The spot is that of a single member. Of more it is where most of
    them stand, two at least, or a copy of a text could choose it; there is none unless these
    `are_all` members, or the two hours would slide.
    """

    def __init__(self, incident: str, members: Iterable[Found], *, are_all: bool = True) -> None:
        self._incident = incident
        by_time = sorted(members, key=lambda each: (each.received_at, each.id))
        self._known: dict[str, Found] = {each.id: each for each in by_time}
        self._here = {each.id for each in by_time[:1] if len(by_time) == 1}
        self._first = by_time[0]
        self._seeks_spot = are_all and not self._here
        self.reached: Sequence[str] = tuple(self._known)
        self.found: list[str] = []
        self.why: dict[str, Similar] = {}
        self._doubtful: dict[str, tuple[Found, Similar]] = {}
        self._beside: dict[str, set[str]] = {}

    @property
    def known(self) -> Container[str]:
        """The ids of the reports that were followed, or will be."""
        return self._known

    def follow(self, links: Mapping[str, Iterable[Similar]], others: Mapping[str, Found]) -> None:
        """Follow the links of those that were reached, as far as they lead to `others`."""
        if self._seeks_spot:
            self._find_spot(links)
        reached = []
        for each in filter(self._doubtful.__contains__, self.reached):
            self._beside[each] = {link.report_id for link in links.get(each, ()) if link.spot}
        for origin in filter(self._known.__contains__, self.reached):
            for link in links.get(origin, ()):
                known = self._known.get(link.report_id)
                other = known or others.get(link.report_id)
                is_here = origin in self._here and link.spot == SAME_SPOT
                if other is None or (known and (not is_here or other.id in self._here)):
                    continue
                if known is None:
                    if len(self.found) >= AT_ONCE_MAX:
                        continue
                    belongs = self._belongs(self._known[origin], other, link)
                    if belongs is None and other.id not in self._doubtful:
                        self._doubtful[other.id] = other, link
                        reached.append(other.id)
                    if not belongs:
                        continue
                    self._take(other, link)
                # Followed again when it was known by its text first: now it leads on by its place.
                reached.append(other.id)
                if is_here:
                    self._here.add(other.id)
        self.reached = [*reached, *self._take_beside()]

    def _take_beside(self) -> Iterator[str]:
        """Take in what only a part of a text led to, and a link of its own leads back from."""
        for each, beside in self._beside.items():
            is_new = each not in self._known and len(self.found) < AT_ONCE_MAX
            if is_new and not beside.isdisjoint(self._known):
                self._take(*self._doubtful[each])
                yield each

    def _take(self, other: Found, link: Similar) -> None:
        self._known[other.id] = other
        if other.incident is None:
            self.found.append(other.id)
            self.why[other.id] = link

    def _find_spot(self, links: Mapping[str, Iterable[Similar]]) -> None:
        self._seeks_spot = False
        beside = {
            each: [link.report_id for link in links.get(each, ()) if link.spot == SAME_SPOT]
            for each in self._known
        }
        alike = {each: self._known.keys() & ids for each, ids in beside.items()}
        most = max(alike, key=lambda each: len(alike[each]))
        if alike[most]:
            self._here = {most, *alike[most]}
            self._first = next(each for each in self._known.values() if each.id in self._here)

    def _belongs(self, origin: Found, other: Found, link: Similar) -> bool | None:
        """Return whether a report is taken in by a link; None: if its own links say where it is.

        Unlike events share a polite frame. But of a great event not all links are kept, so that a
        part of the words leads on to what stands beside it by a link of its own.
        """
        if other.incident == self._incident:
            return True
        same = (origin.category, origin.urgency, origin.is_drill)
        if same != (other.category, other.urgency, other.is_drill):
            return False
        if not other.is_open or other.incident is not None:
            return False
        if other.urgency is Urgency.CRITICAL:
            return Why.PLACE in link.why and len(link.why) > 1
        if link.why == (Why.TEXT,) and link.score < 1:
            return None
        if link.why != (Why.PLACE,):
            return True
        if is_never_limited(other.category):
            return False
        near = abs(other.received_at - self._first.received_at) <= NEAR_IN_TIME
        soon = abs(other.received_at - origin.received_at) <= GAP
        return near and soon and origin.id in self._here and link.spot > 0
