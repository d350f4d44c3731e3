"""The catalogue in the code is complete, and has what the city decided."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from chalicelib.domain.catalogue.model import Catalogue, LifecycleState, catalogue
from chalicelib.kernel.city import city, read

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
SEED = catalogue()


def test_six_categories_are_open_with_their_urgencies() -> None:
    assert [(entry.code, entry.state_at(NOW), entry.urgency) for entry in SEED.categories] == [
        ("child_abduction", LifecycleState.ACTIVE, "critical"),
        ("suspected_offender", LifecycleState.ACTIVE, "normal"),
        ("missing_elderly", LifecycleState.ACTIVE, "high"),
        ("traffic_violation", LifecycleState.ACTIVE, "normal"),
        ("lost_and_found", LifecycleState.ACTIVE, "normal"),
        ("other", LifecycleState.ACTIVE, "normal"),
    ]


def test_two_channels_are_open_and_three_are_to_come() -> None:
    assert {entry.code: entry.state_at(NOW) for entry in SEED.channels} == {
        "key_cases": LifecycleState.ACTIVE,
        "missing_persons": LifecycleState.ACTIVE,
        "lost_and_found": LifecycleState.PLANNED,
        "criminal_suspects": LifecycleState.PLANNED,
        "traffic": LifecycleState.PLANNED,
    }


def test_abuse_controls_spare_missing_children_and_elderly() -> None:
    assert {entry.code for entry in SEED.categories if entry.never_limited} == {
        "child_abduction",
        "missing_elderly",
    }


def test_a_missing_persons_bulletin_needs_a_guardians_consent() -> None:
    assert [entry.code for entry in SEED.channels if entry.guardian_consent] == ["missing_persons"]


def test_the_seed_has_the_declared_types() -> None:
    number = {"emergency": {"number": city().emergency_number}}
    seed = json.dumps(read("catalogue.json") | number)
    assert TypeAdapter(Catalogue).validate_json(seed, strict=True, extra="forbid") == SEED


@pytest.mark.parametrize(
    "entries", [SEED.categories, SEED.channels, *(category.details for category in SEED.categories)]
)
def test_nothing_is_there_twice(entries: tuple[Any, ...]) -> None:
    codes = [getattr(entry, "code", None) or entry.name for entry in entries]
    assert len(set(codes)) == len(codes)


def test_every_channel_is_fed_by_categories_that_there_are() -> None:
    codes = {category.code for category in catalogue().categories}
    assert all(
        channel.fed_by and codes.issuperset(channel.fed_by) for channel in catalogue().channels
    )
