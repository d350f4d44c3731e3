"""A stage keeps its city, unless somebody says that it should not."""

from typing import Any

import pytest

from infra.deploy.city import check_city
from infra.stage.faults import Refused

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
