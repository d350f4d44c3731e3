"""The roster: who may be notified, and who is on duty. It decides whom a notice is for.

It is one row that the publisher reads with the tasks of a batch. A change of it acts at the next
notice; one of a filter policy of SNS would take up to 15 minutes.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Self

from pydantic import Field

from chalicelib.domain.addressees import NOBODY, OF_A_TRIAL, groups_of, officer_address
from chalicelib.domain.models import Record
from chalicelib.domain.notices import ADDED, FOR_SUPERVISORS, Matter, NoticeKind
from chalicelib.domain.officers import CASEWORKERS, Officer, Role
from chalicelib.domain.report_outlines import ReportOutline
from chalicelib.domain.reports import Urgency
from chalicelib.domain.shifts import Shift
from chalicelib.domain.subscriptions import Subscription

# Nobody on duty has acted on these in time: supervisors of the scope are notified, too.
_NOT_ACTED_ON = ("overdue",)


class Member(Record):
    """An officer who has a subscription: their scope, and what their subscriptions let pass.

    Without a role that works on reports the scope is empty. `languages` are those that a
    subscription by e-mail asks for.
    """

    categories: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    supervisor: bool = False
    min_rank: int = 0
    drills: bool = False
    languages: tuple[str, ...] = ()

    @classmethod
    def of(cls, officer: Officer, subscriptions: Sequence[Subscription]) -> Self | None:
        """Return the member; None without a subscription: whoever is not active has none."""
        if not subscriptions:
            return None
        works = officer.has_role(*CASEWORKERS)
        return cls(
            categories=officer.categories if works else (),
            districts=officer.districts if works else (),
            supervisor=officer.has_role(Role.SUPERVISOR),
            min_rank=min(each.min_urgency.rank for each in subscriptions),
            drills=any(each.drills for each in subscriptions),
            languages=tuple(sorted({each.language for each in subscriptions if each.language})),
        )

    def sees(self, category: str, district: str) -> bool:
        scope = Officer(username="", categories=self.categories, districts=self.districts)
        return scope.sees(category, district)

    def hears_of(self, category: str, district: str, urgency: Urgency) -> bool:
        """Return whether a notice of such a report is in the scope and passes a subscription."""
        return self.sees(category, district) and self.min_rank <= urgency.rank


class Roster(Record):
    """The weekly plan, which has `plan_version`, and the members by their usernames. `revision`
    grows with each change of either.
    """

    shifts: tuple[Shift, ...] = ()
    plan_version: int = 1
    members: Mapping[str, Member] = Field(default_factory=dict)
    revision: int = 0

    @property
    def planned(self) -> frozenset[str]:
        """Return the usernames of all officers in the plan."""
        return frozenset(name for shift in self.shifts for name in shift.officers)

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the languages in which a notice goes out beside the one in all languages."""
        return tuple(
            sorted({each for member in self.members.values() for each in member.languages})
        )

    def addressees(
        self, kind: NoticeKind, category: str, district: str, urgency: Urgency, now: datetime
    ) -> tuple[str, ...]:
        """Return whom a notice about such reports is for: who is on duty; if that is nobody,
        everybody with such a scope. What is for supervisors is for all of the scope: nobody on duty
        has acted.
        """
        everybody = groups_of(category, district)
        if kind in FOR_SUPERVISORS:
            return everybody
        on_duty = self._on_duty(category, district, now)
        named = self._named(
            lambda name, each: name in on_duty and each.hears_of(category, district, urgency)
        )
        if named and kind in _NOT_ACTED_ON:
            return self._named(
                lambda name, each: (
                    (name in on_duty or each.supervisor)
                    and each.hears_of(category, district, urgency)
                )
            )
        return named or everybody

    def addressees_of(
        self, kind: NoticeKind, report: ReportOutline, matter: Matter, now: datetime
    ) -> tuple[str, ...]:
        """Return whom the notice of one report is for; nobody for a drill that nobody asks for."""
        if report.is_drill:
            asked = self._named(
                lambda _, each: (
                    each.drills and each.hears_of(report.category, report.district, report.urgency)
                )
            )
            return tuple(each for each in asked if not matter.to or each in matter.to)
        if kind is NoticeKind.FOLLOWED:
            return self._able(report, matter.to)
        if matter.to:
            return matter.to
        if report.shadow:
            return OF_A_TRIAL
        if kind is NoticeKind.APPROVAL and self.members:
            able = self._able(report)
            return tuple(each for each in able if each != matter.by) or (NOBODY,)
        found = self.addressees(kind, report.category, report.district, report.urgency, now)
        if kind in ADDED and report.followers:
            following = self._able(report, [officer_address(each) for each in report.followers])
            found += tuple(each for each in following if each not in found)
        return found

    def _able(self, report: ReportOutline, among: Collection[str] | None = None) -> tuple[str, ...]:
        """Return the members, or those of them `among` these addresses, who may see a report."""
        able = self._named(lambda _, each: each.sees(report.category, report.district))
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
