"""Officers: their roles, the scope of what they see, and their first passwords."""

import secrets
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Self

from chalicelib.kernel.models import Record

ALL = "*"
# Every officer of a category sees its reports without a district, so that somebody does.
DISTRICTLESS = frozenset({"unknown", "outside"})
# The category of reports about the police themselves. No city's catalogue has it (docs/adr/0071).
OVERSIGHT = "oversight"


class Role(StrEnum):
    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    AUDITOR = "auditor"
    OVERSIGHT = "oversight"
    SYSTEM = "system"


# Who works on reports. An administrator appoints officers, and needs one of these roles to be one.
CASEWORKERS = (Role.OFFICER, Role.SUPERVISOR, Role.OVERSIGHT)
# Routes declare it that a machine may call, too; others are forbidden to it.
WITH_MACHINES = (*CASEWORKERS, Role.SYSTEM)
# Everybody but a machine (docs/adr/0083).
PEOPLE = tuple(role for role in Role if role is not Role.SYSTEM)
# Everybody but the auditor, who asks who opened what, and has no other role.
STAFF = tuple(role for role in PEOPLE if role is not Role.AUDITOR)


class Officer(Record):
    """An officer's own row, the only source of rights. A token only identifies the officer.

    `approves_from`: until then they complete no step that takes two persons. `oversight_since`
    and `oversight_until`: when they joined oversight first, and left it last. `revision` grows with
    each write of the row. `drills_only`: the trial of a deployment, which sees drills of its
    categories and nothing else.
    """

    username: str
    name: str = ""
    active: bool = True
    roles: tuple[Role, ...] = (Role.OFFICER,)
    categories: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    email: str | None = None
    phone: str | None = None
    approves_from: datetime | None = None
    oversight_since: datetime | None = None
    oversight_until: datetime | None = None
    revision: int = 0
    drills_only: bool = False

    def has_role(self, *roles: Role) -> bool:
        return any(role in self.roles for role in roles)

    @property
    def is_oversight(self) -> bool:
        """Whether they are of oversight. Who has another role, too, is not."""
        return self.roles == (Role.OVERSIGHT,)

    @property
    def is_system(self) -> bool:
        """Whether this is a machine. Who has another role, too, is not."""
        return self.roles == (Role.SYSTEM,)

    @property
    def supervises(self) -> bool:
        """Whether they may do in their scope what supervisors do with a withdrawn report."""
        return self.has_role(Role.SUPERVISOR) or self.is_oversight

    def waits_at(self, now: datetime) -> bool:
        """Return whether they may not yet complete a step that takes two persons."""
        return self.approves_from is not None and now < self.approves_from

    def waiting_until(self, at: datetime) -> Self:
        """Return the officer who waits until `at`, or longer if they do already."""
        return self.model_copy(update={"approves_from": max(self.approves_from or at, at)})

    def sees(self, category: str, district: str, *, is_drill: bool = False) -> bool:
        """Return whether a report of this category and district is in the officer's scope. Who does
        not say that it is a drill shows the trial of a deployment nothing.
        """
        if self.drills_only:
            return is_drill and self.sees_category(category)
        return self.sees_category(category) and self.sees_district(district)

    def covers(self, other: "Officer") -> bool:
        """Return whether all that the other officer may see is in this officer's scope."""
        categories = all(self.sees_category(each) for each in other.categories)
        return categories and all(self.sees_district(each) for each in other.districts)

    def sees_category(self, category: str) -> bool:
        """Return whether a category is in the officer's scope.

        This alone decides who sees reports about the police: oversight, and oversight sees no
        others. `*` does not match their category.
        """
        if self.is_oversight or category == OVERSIGHT:
            return self.is_oversight and category == OVERSIGHT
        return ALL in self.categories or category in self.categories

    def sees_district(self, district: str) -> bool:
        return district in DISTRICTLESS or ALL in self.districts or district in self.districts


def may_be_assigned(officer: Officer, category: str, district: str) -> bool:
    """Return whether a report of this category and district may be assigned to an officer."""
    return officer.active and officer.has_role(*CASEWORKERS) and officer.sees(category, district)


def has_less(before: Officer, after: Officer) -> bool:
    """Return whether a report may have been assigned to an officer that after a change of their row
    may not.
    """
    had, has = (each.active and each.has_role(*CASEWORKERS) for each in (before, after))
    keeps = has and after.is_oversight is before.is_oversight and after.covers(before)
    return had and not keeps


MIN_OVERSIGHT = 2
"""A report about the police is only taken while as many of oversight are active."""


def active_oversight(officers: Iterable[Officer]) -> int:
    """Return how many of these are active and of oversight."""
    return sum(each.active and each.is_oversight for each in officers)


def reads_acts_of(reader: Officer, author: Officer) -> bool:
    """Return whether an officer may read what another did: what oversight did, oversight reads."""
    return reader.is_oversight or not author.has_role(Role.OVERSIGHT)


def reads_day_of(reader: Officer, author: Officer, day: date) -> bool:
    """Return whether an officer may read what another did on a day (UTC): what somebody did before
    they joined oversight, or after they left it, is as it would be without.
    """
    is_theirs = author.has_role(Role.OVERSIGHT)
    since, until = author.oversight_since, author.oversight_until
    if reader.is_oversight or not (is_theirs or until):
        return True
    if since and day < since.date():
        return True
    return not is_theirs and until is not None and day > until.date()


def is_admin(officer: Officer) -> bool:
    """Return whether an officer is an admin now."""
    return officer.active and officer.has_role(Role.ADMIN)


# Without those that are easily taken for another one. Twenty of them are 98 bits.
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_LENGTH = 20


def random_password() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))


# An admin who makes a second account, or resets a colleague's password, waits this long.
# In that time somebody sees the notice of it.
WAIT = timedelta(hours=24)
