"""Incidents: which reports are taken in together, unasked, because they are like each other.

What is taken in is one row of the queue. So a report that differs is not: another category or
urgency, or a critical one that is alike in one way alone (docs/adr/0072).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.reports.incidents import NEAR_IN_TIME, SAME_PLACE, Similar, Why

TAKEN_MAX = 500
"""The most reports that one call takes in."""


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
    """The reports that belong to some, the `members`, from one to the next. `reached` are those
    whose links are to be followed, `found` all that may be taken in.

    A text or a picture leads on from any report. A place alone does from one that is in the place
    and the two hours of the first ones: so nothing wanders through a city or a day.
    """

    def __init__(self, members: Iterable[Found]) -> None:
        self._first = {each.id: each for each in members}
        self.members = set(self._first)
        self.reached: Sequence[str] = tuple(self._first)
        self.found: list[str] = []
        self._here = set(self._first)
        self._known: dict[str, Found] = dict(self._first)

    def follow(self, links: Mapping[str, Iterable[Similar]], known: Mapping[str, Found]) -> None:
        """Follow the links of those that were reached, to reports that are `known`."""
        reached = []
        for origin in self.reached:
            for link in links.get(origin, ()):
                other = known.get(link.report_id)
                room = len(self.found) < TAKEN_MAX
                if other is None or other.id in self.members or not room:
                    continue
                if not self._belongs(self._known[origin], other, link):
                    continue
                self.members.add(other.id)
                self._known[other.id] = other
                self.found.append(other.id)
                reached.append(other.id)
                if self._is_here(origin, link):
                    self._here.add(other.id)
        self.reached = reached

    def _belongs(self, origin: Found, other: Found, link: Similar) -> bool:
        same = (origin.category, origin.urgency, origin.is_drill)
        if same != (other.category, other.urgency, other.is_drill):
            return False
        if not other.is_open or other.incident is not None:
            return False
        if other.urgency is Urgency.CRITICAL:
            return Why.PLACE in link.why and len(link.why) > 1
        if link.why != (Why.PLACE,) or origin.id in self._first:
            return True
        near = any(
            abs(other.received_at - each.received_at) <= NEAR_IN_TIME
            for each in self._first.values()
        )
        return near and origin.id in self._here and link.score >= SAME_PLACE

    def _is_here(self, origin: str, link: Similar) -> bool:
        return origin in self._here and Why.PLACE in link.why and link.score >= SAME_PLACE
