"""A stage keeps its city, unless somebody says that it should not."""

from typing import Any

import pytest

from infra.deploy.checks import check_city, check_shards
from infra.stage.console import Refused

FAROL: dict[str, Any] = {"Outputs": {"City": {"Value": "Farol"}}}
CHAOYANG = {"Outputs": [{"OutputKey": "City", "OutputValue": "Chaoyang"}]}


def test_a_build_of_another_city_is_refused() -> None:
    with pytest.raises(Refused, match=r"serves Chaoyang, .* for Farol.*CITY=path"):
        check_city(FAROL, CHAOYANG, ())


def test_another_city_can_be_allowed() -> None:
    check_city(FAROL, CHAOYANG, ["City"])


@pytest.mark.parametrize(
    "present",
    [None, {"Outputs": []}, {}, {"Outputs": [{"OutputKey": "City", "OutputValue": "Farol"}]}],
)
def test_a_new_stage_and_one_of_the_same_city_are_deployed(present: dict[str, Any] | None) -> None:
    check_city(FAROL, present, ())


def render_shards(shards: dict[str, int]) -> str:
    return " ".join(f"{code}={count}" for code, count in shards.items())


def packaged(**shards: int) -> dict[str, Any]:
    return {"Outputs": {"Shards": {"Value": render_shards(shards)}}}


def stack(**shards: int) -> dict[str, Any]:
    return {"Outputs": [{"OutputKey": "Shards", "OutputValue": render_shards(shards)}]}


@pytest.mark.parametrize("now", [{"other": 1, "theft": 1}, {"theft": 1}])
def test_a_build_that_would_not_list_all_reports_is_refused(now: dict[str, int]) -> None:
    before = stack(other=4, theft=1)
    with pytest.raises(Refused, match=r"at least these: other: 4\."):
        check_shards(packaged(**now), before, ())
    check_shards(packaged(**now), before, ["Shards"])


def test_shards_may_grow_and_categories_may_be_added() -> None:
    check_shards(packaged(other=4, theft=2, lost=1), stack(other=4, theft=1), ())


def test_a_stage_that_does_not_say_its_shards_has_four() -> None:
    with pytest.raises(Refused, match=r"other: 4"):
        check_shards(packaged(other=1), CHAOYANG, ())
    check_shards(packaged(other=4), CHAOYANG, ())


@pytest.mark.parametrize("present", [None, {}, {"Outputs": []}])
def test_a_new_stage_and_one_whose_first_deployment_failed_have_any_number(
    present: dict[str, Any] | None,
) -> None:
    check_shards(packaged(other=1), present, ())
