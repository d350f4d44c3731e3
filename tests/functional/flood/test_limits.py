"""Abuse limits slow down a flood, except where a life may depend on it. Local stacks have none."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from chalicelib import wiring
from tests.client import call
from tests.steps import by_reporter, file

pytestmark = pytest.mark.usefixtures("aws", "clean")


def flood(category: str, count: int) -> tuple[list[int], Mapping[str, str], dict[str, str]]:
    created = file(category)
    path = f"/v1/reports/{created['id']}/messages"
    replies = [
        call("POST", path, {"text": f"Line {n}"}, receipt=created["receipt"]) for n in range(count)
    ]
    return [reply.status for reply in replies], replies[-1].headers, created


@pytest.mark.usefixtures("limits_on")
def test_a_flood_of_messages_is_429_with_the_time_to_wait() -> None:
    statuses, headers, created = flood("other", 21)
    assert statuses == [201] * 20 + [429]
    wait = int(headers["retry-after"])
    assert 0 < wait <= 600

    wiring.clock.advance(timedelta(seconds=wait + 1))
    assert by_reporter("POST", created, "/messages", {"text": "And on."}).status == 201


@pytest.mark.usefixtures("limits_on")
@pytest.mark.parametrize("category", ["child_abduction", "missing_elderly"])
def test_where_a_life_may_depend_on_it_nothing_is_limited(category: str) -> None:
    assert flood(category, 25)[0] == [201] * 25


def test_where_limits_are_off_nothing_is_limited() -> None:
    assert flood("other", 25)[0] == [201] * 25
