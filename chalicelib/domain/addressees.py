"""Whom a notice is for: everybody with a scope or a role, or officers by name.

A notice carries its addressees as the message attribute `to`, and a subscription matches one of
them. So one key of a filter policy is enough for both: SNS combines keys by AND only, and counts
what is below `$or` in a way that it does not document.

A *group* is `<category>/<district>`, and `*` stands for all. No code has a slash. A role is a group
too, whatever its officers' scope.
"""

import hashlib
from collections.abc import Collection

from chalicelib.domain.ids import crockford
from chalicelib.domain.officers import ALL, Role

_OFFICER = b"tipline/officer/1/"


def groups_of(category: str, district: str) -> tuple[str, ...]:
    """Return the groups that a notice about a report is for: every scope that has the report."""
    return tuple(_group(one, other) for one in (category, ALL) for other in (district, ALL))


def groups_in(
    categories: Collection[str] | None, districts: Collection[str] | None
) -> frozenset[str]:
    """Return the groups of a scope. None stands for all categories, or all districts."""
    every = (ALL,)
    return frozenset(
        _group(category, district)
        for category in (every if categories is None else categories)
        for district in (every if districts is None else districts)
    )


def role_group(role: Role) -> str:
    """Return the group of everybody with a role. Only a group of a scope has a slash."""
    return f"role:{role}"


# What a notice about a report is for whose category was only tried: their scope does not matter.
OF_A_TRIAL = (role_group(Role.SUPERVISOR),)


def officer_address(username: str) -> str:
    """Return the opaque id by which a notice names an officer.

    It keeps usernames out of what is published. It is no secret: whoever has the list of officers
    can make it.
    """
    return crockford(hashlib.sha256(_OFFICER + username.encode()).digest(), 16)


def _group(category: str, district: str) -> str:
    return f"{category}/{district}"
