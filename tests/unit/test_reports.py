"""A reporter's input is read into values that can be stored."""

import json

import pytest

from chalicelib.domain.reports.report import Submission


@pytest.mark.parametrize("name", ["lat", "lon", "accuracy_m"])
@pytest.mark.parametrize("number", [1e-308, 5e-324, 1e-131])
def test_a_number_too_small_to_be_kept_counts_as_zero(name: str, number: float) -> None:
    place = {"lat": 39.92, "lon": 116.44, "accuracy_m": 20.0, name: number}
    body = json.dumps({"category": "other", "text": "A", "location": place})
    location = Submission.model_validate_json(body).location
    assert location is not None
    assert getattr(location, name) == 0
    assert location.model_dump(mode="json", exclude={"datum", "address"}) == {**place, name: 0}
