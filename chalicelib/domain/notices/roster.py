"""The roster: the weekly plan of shifts, who is on duty, and who may be notified.

It is one row that the publisher reads with the tasks of a batch, and decides whom a notice is for.
A change of it acts at the next notice; one of a filter policy of SNS would take up to 15 minutes.

A shift is an interval of time, computed for each day from the local times of the city. Where the
clocks change, one shift ends when the next begins: no time is in none or in two.
"""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, NamedTuple, Self
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints

from chalicelib.domain.catalogue.codes import CategoryCode, DistrictCode
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.notices.notice import (
    ADDED,
    FOR_SUPERVISORS,
    OF_A_TRIAL,
    OVERSIGHT_OUTSIDE,
    groups_of,
    officer_address,
    outside_the_desk,
)
from chalicelib.domain.notices.subscriptions import Subscription
from chalicelib.domain.officers.model import CASEWORKERS, DISTRICTLESS, OVERSIGHT, Officer, Role
from chalicelib.domain.reports.events import Matter, NoticeKind
from chalicelib.domain.reports.outlines import ReportOutline
from chalicelib.domain.reports.report import Flag
from chalicelib.kernel.city import city
from chalicelib.kernel.models import Input, Record
from chalicelib.kernel.text import Bounded


class Weekday(StrEnum):
    """The day on which a shift begins."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @classmethod
    def of(cls, day: date) -> Self:
        return tuple(cls)[day.weekday()]


class Period(NamedTuple):
    """One turn of a shift: from `start`, before `end`."""

    start: datetime
    end: datetime


class Shift(Record):
    """A shift as stored, in local times; it ends on the next day when `ends` is not later than
    `starts`. No categories or districts means all of them.
    """

    name: str
    weekdays: tuple[Weekday, ...]
    starts: str
    ends: str
    officers: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()

    def covers(self, category: str, district: str) -> bool:
        """Return whether the shift takes reports of this category and district.

        A report without a district is for every shift, so that it is for one.
        """
        takes_district = not self.districts or district in {*self.districts, *DISTRICTLESS}
        return takes_district and (not self.categories or category in self.categories)

    def period(self, now: datetime, zone: ZoneInfo | None = None) -> Period | None:
        """Return the present turn, by the clocks of the city or of another zone; None when the
        shift is off duty, or has no valid times.
        """
        near = self._near(now, zone or ZoneInfo(city().time_zone))
        try:
            return next((each for each in near if each.start <= now < each.end), None)
        except ValueError:
            # One shift that somebody has written by hand must not keep back every notice.
            return None

    def _near(self, now: datetime, zone: ZoneInfo) -> Iterator[Period]:
        today = now.astimezone(zone).date()
        for day in (today - timedelta(days=1), today):
            if Weekday.of(day) in self.weekdays:
                last = day if self.ends > self.starts else day + timedelta(days=1)
                yield Period(_moment(day, self.starts, zone), _moment(last, self.ends, zone))


def _moment(day: date, local: str, zone: ZoneInfo) -> datetime:
    """Return when a local time is on a day: of one that comes twice the first. One that the clocks
    leave out is as long after midnight as it would be without the change.
    """
    return datetime.combine(day, time.fromisoformat(local), zone).astimezone(UTC)


# Nobody on duty has acted on these in time: supervisors of the scope are notified, too.
_NOT_ACTED_ON = (NoticeKind.OVERDUE,)


class Member(Record):
    """An officer who has a subscription: their scope, and what their subscriptions let pass.

    Without a role that works on reports the scope is empty. `email_rank` and `sms_rank` are from
    which urgency on they want e-mail and SMS; None, not at all, or the address is not confirmed.
    `languages` are those that a subscription by e-mail asks for, confirmed or not. `subscriptions`
    is the number of both kinds.
    """

    categories: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    supervisor: bool = False
    oversight: bool = False
    email_rank: int | None = None
    sms_rank: int | None = None
    drills: bool = False
    languages: tuple[str, ...] = ()
    subscriptions: int = 0

    @classmethod
    def of(
        cls,
        officer: Officer,
        subscriptions: Sequence[Subscription],
        confirmed: Sequence[Subscription],
    ) -> Self | None:
        """Return the member, of whose subscriptions some are `confirmed`; None without any: an
        officer who is not active has none.
        """
        if not subscriptions:
            return None
        works = officer.has_role(*CASEWORKERS)
        return cls(
            categories=officer.categories if works else (),
            districts=officer.districts if works else (),
            supervisor=officer.supervises,
            oversight=officer.is_oversight,
            email_rank=_rank(confirmed, "email"),
            sms_rank=_rank(confirmed, "sms"),
            drills=any(each.drills for each in subscriptions),
            languages=tuple(sorted({each.language for each in subscriptions if each.language})),
            subscriptions=len(subscriptions),
        )

    @property
    def is_reachable(self) -> bool:
        """Return whether a subscription was confirmed when SNS was last asked."""
        return self.email_rank is not None or self.sms_rank is not None

    def sees(self, category: str, district: str) -> bool:
        roles = (Role.OVERSIGHT,) if self.oversight else (Role.OFFICER,)
        scope = Officer(
            username="", roles=roles, categories=self.categories, districts=self.districts
        )
        return scope.sees(category, district)

    def accepts(self, category: str, district: str, urgency: Urgency) -> bool:
        """Return whether a notice of such a report is in the scope and passes a subscription."""
        ranks = [each for each in (self.email_rank, self.sms_rank) if each is not None]
        return self.sees(category, district) and min(ranks, default=math.inf) <= urgency.rank

    def is_notified_of(self, category: str, district: str, urgency: Urgency) -> bool:
        """Return whether it is in the scope and goes to them by e-mail: of SMS, a category has only
        so many in an hour.
        """
        wanted = self.email_rank is not None and self.email_rank <= urgency.rank
        return wanted and self.sees(category, district)


def _is_left_by_oversight(kind: NoticeKind, report: ReportOutline) -> bool:
    """Return whether oversight has left a report although it was notified of that before."""
    again = report.escalations if kind is NoticeKind.ESCALATION else Flag.OVERDUE in report.flags
    late = kind in (NoticeKind.ESCALATION, NoticeKind.OVERDUE)
    return report.category == OVERSIGHT and late and bool(again)


def _rank(subscriptions: Sequence[Subscription], protocol: str) -> int | None:
    wanted = (each.min_urgency.rank for each in subscriptions if each.protocol == protocol)
    return min(wanted, default=None)


class Roster(Record):
    """The weekly plan, which has `plan_version`, and the members by their usernames. `revision`
    grows with each change of either.
    """

    shifts: tuple[Shift, ...] = ()
    plan_version: int = 1
    members: Mapping[str, Member] = Field(default_factory=dict)
    revision: int = 0

    @property
    def subscriptions(self) -> int:
        """Return how many subscriptions there are, confirmed or not."""
        return sum(member.subscriptions for member in self.members.values())

    @property
    def reachable(self) -> frozenset[str]:
        """Return the usernames of the members whom notices reach."""
        return frozenset(name for name, member in self.members.items() if member.is_reachable)

    @property
    def unreachable(self) -> frozenset[str]:
        """Return the usernames of the officers in the plan whom no notice reaches."""
        planned = frozenset(name for shift in self.shifts for name in shift.officers)
        return planned - self.reachable

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the languages in which a notice goes out beside the one in all languages. One
        that the city no longer has is none.
        """
        wanted = {each for member in self.members.values() for each in member.languages}
        return tuple(sorted(wanted & set(city().languages)))

    def addressees(
        self, kind: NoticeKind, category: str, district: str, urgency: Urgency, now: datetime
    ) -> tuple[str, ...]:
        """Return whom a notice about such reports is for: who is on duty; if nobody of these is
        sure to hear of it, everybody with such a scope. What is for supervisors is for all of the
        scope: nobody on duty has acted. What nobody has reviewed is for others.
        """
        if kind is NoticeKind.UNREVIEWED:
            return outside_the_desk(category)
        everybody = groups_of(category, district)
        if kind in FOR_SUPERVISORS or category == OVERSIGHT:
            return everybody  # the plan is made by others, who could leave it to one of them
        about = category, district, urgency
        on_duty = self._on_duty(category, district, now)
        present = [each for name, each in self.members.items() if name in on_duty]
        if not any(each.is_notified_of(*about) for each in present):
            return everybody
        supervisors_too = kind in _NOT_ACTED_ON
        return self._named(
            lambda name, each: (
                (name in on_duty or (supervisors_too and each.supervisor)) and each.accepts(*about)
            )
        )

    def addressees_of(
        self, kind: NoticeKind, report: ReportOutline, matter: Matter, now: datetime
    ) -> tuple[str, ...]:
        """Return whom the notice of one report is for; nobody for a drill that nobody asks for."""
        if report.is_drill:
            asked = self._named(
                lambda _, each: (
                    each.drills and each.accepts(report.category, report.district, report.urgency)
                )
            )
            return tuple(each for each in asked if not matter.to or each in matter.to)
        # What was begun before it was moved names who sees it no longer.
        if kind is NoticeKind.FOLLOWED or (matter.to and report.category == OVERSIGHT):
            return self._able(report.category, report.district, matter.to)
        if kind is NoticeKind.UNREVIEWED:
            return outside_the_desk(report.category)
        if matter.to:
            return self.without_oversight(matter.to)
        if kind is NoticeKind.APPROVAL:
            able = self._able(report.category, report.district)
            able = tuple(each for each in able if each != matter.by)
            if not {officer_address(name) for name in self.reachable}.isdisjoint(able):
                return able
            return OF_A_TRIAL if report.shadow else groups_of(report.category, report.district)
        found = (
            OF_A_TRIAL
            if report.shadow
            else self.addressees(kind, report.category, report.district, report.urgency, now)
        )
        if _is_left_by_oversight(kind, report):
            found = (*found, OVERSIGHT_OUTSIDE)
        if kind in ADDED:
            following = map(officer_address, report.followers)
            return self.with_followers(found, report.category, report.district, tuple(following))
        return found

    def without_oversight(self, to: Collection[str]) -> tuple[str, ...]:
        """Return these addresses without those who are of oversight by now: what is for somebody by
        name is of a station's reports, or was begun before they joined.
        """
        theirs = self._named(lambda _, each: each.oversight)
        return tuple(each for each in to if each not in theirs)

    def with_followers(
        self, to: tuple[str, ...], category: str, district: str, following: Collection[str]
    ) -> tuple[str, ...]:
        """Return `to` with the addresses that may see such a report, on duty or not."""
        able = self._able(category, district, following) if following else ()
        return (*to, *(each for each in able if each not in to))

    def _able(
        self, category: str, district: str, among: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Return the members, or those of them `among` these addresses, who may see a report."""
        able = self._named(lambda _, each: each.sees(category, district))
        return able if among is None else tuple(each for each in able if each in among)

    def _on_duty(self, category: str, district: str, now: datetime) -> frozenset[str]:
        return frozenset(
            name
            for shift in self.shifts
            if shift.covers(category, district) and shift.period(now)
            for name in shift.officers
        )

    def _named(self, wanted: Callable[[str, Member], bool]) -> tuple[str, ...]:
        return tuple(
            officer_address(name)
            for name, member in sorted(self.members.items())
            if wanted(name, member)
        )


MOST_SHIFTS = 50
MOST_OFFICERS = 50

Username = Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9._-]{0,63}$")]
LocalTime = Annotated[str, StringConstraints(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""A time by the clocks of the city, such as `08:30`."""


class NewShift(Input):
    """A shift of the plan. `starts` and `ends` are times by the clocks of the city, and `weekdays`
    the days on which it begins: one whose `ends` is not later than its `starts` ends on the next
    day. Without categories it is for all of them, and without districts for all.
    """

    name: Annotated[str, Bounded(60, one_line=True)]
    weekdays: tuple[Annotated[Weekday, Field(strict=False)], ...] = Field(
        min_length=1, max_length=7, strict=False
    )
    starts: LocalTime
    ends: LocalTime
    officers: tuple[Username, ...] = Field(default=(), max_length=MOST_OFFICERS, strict=False)
    categories: tuple[CategoryCode, ...] = Field(default=(), max_length=20, strict=False)
    districts: tuple[DistrictCode, ...] = Field(default=(), max_length=100, strict=False)


class NewPlan(Input):
    """The whole weekly plan. Without shifts, everybody is notified at all times."""

    shifts: tuple[NewShift, ...] = Field(max_length=MOST_SHIFTS, strict=False)

    def stored(self) -> tuple[Shift, ...]:
        """Return the shifts as stored: each officer once."""
        return tuple(
            Shift.model_validate(
                each.model_dump() | {"officers": tuple(dict.fromkeys(each.officers))}
            )
            for each in self.shifts
        )
