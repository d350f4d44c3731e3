"""When the watch notifies, and what it counts."""

import pytest

from chalicelib.domain import watch
from chalicelib.domain.notices.notice import groups_in, officer_address, role_group
from chalicelib.domain.officers.model import Role
from chalicelib.domain.reports.events import Watched
from chalicelib.store.audit.rows import Action


@pytest.mark.parametrize(
    ("count", "level"),
    [(0, 0), (1, 0), (100, 0), (101, 1), (200, 1), (201, 2), (400, 2), (401, 3), (801, 4)],
)
def test_a_level_begins_above_the_limit_and_above_each_doubling(count: int, level: int) -> None:
    assert watch.level(Watched.OPENINGS, count) == level


@pytest.mark.parametrize("what", watch.LIMITS)
def test_exactly_the_limit_is_allowed(what: Watched) -> None:
    limit = watch.LIMITS[what]
    assert [watch.level(what, limit + more) for more in (0, 1)] == [0, 1]


def test_only_these_actions_count() -> None:
    about = {action: watch.watched(action, about_report=True) for action in Action}
    assert {action: what for action, what in about.items() if what} == {
        Action.OPEN: Watched.OPENINGS,
        Action.CONTACT: Watched.CONTACTS,
        Action.DENIED: Watched.DENIALS,
    }
    others = {action: watch.watched(action, about_report=False) for action in Action}
    assert {action: what for action, what in others.items() if what} == {
        Action.DENIED: Watched.DENIALS
    }


def test_the_group_of_a_role_is_no_group_of_a_scope_and_no_officer() -> None:
    for role in Role:
        assert "/" not in role_group(role)
        assert role_group(role) not in groups_in({role_group(role)}, None)
        assert role_group(role) != officer_address(role_group(role))
