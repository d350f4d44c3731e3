"""A bulletin ends as one of its channel can: a theft is not found safe."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.catalogue.model import catalogue
from chalicelib.kernel import city
from tests.functional.bulletins.test_bulletins import LI, end, opened, published, read

pytestmark = pytest.mark.usefixtures("aws", "clean", "officers")

ALL = ["found_safe", "found", "arrested", "no_longer_sought"]
WITHOUT = ["found", "arrested", "no_longer_sought"]
PERSONS = ["found_safe", "found", "no_longer_sought"]


@pytest.fixture
def officers(two_officers: None) -> None:
    """Let two officers work in every channel."""


@pytest.fixture(autouse=True)
def _usual_city() -> Iterator[None]:
    yield
    catalogue.cache_clear()
    wiring.reset()


def use_outcomes(monkeypatch: pytest.MonkeyPatch, folder: Path, codes: list[str] | None) -> None:
    """Let the channels of the city have these outcomes: as with another `CITY`."""
    folder.mkdir()
    seed = json.loads((city.FOLDER / "catalogue.json").read_text(encoding="utf-8"))
    for each in seed["channels"]:
        each.pop("outcomes")
        each.update({"outcomes": codes} if codes else {})
    for name in ("city.json", "areas.geojson", "texts"):
        (folder / name).symlink_to(city.FOLDER / name)
    (folder / "catalogue.json").write_text(json.dumps(seed), encoding="utf-8")
    monkeypatch.setattr(city, "FOLDER", folder)
    catalogue.cache_clear()
    wiring.reset()


@pytest.mark.parametrize(
    ("content", "outcomes"),
    [
        ({}, WITHOUT),
        ({"about": "child"}, ALL),
        ({"about": "elderly"}, ALL),
        ({"channel": "missing_persons", "guardian_consent": True}, PERSONS),
    ],
)
def test_an_opened_bulletin_lists_its_outcomes_and_has_no_other(
    content: Mapping[str, Any], outcomes: list[str]
) -> None:
    bulletin = published(**content)
    assert opened(bulletin)["outcomes"] == outcomes
    for code in ALL:
        if code in outcomes:
            assert end(bulletin, "resolve", code=code).json["code"] == code
            continue
        refused = end(bulletin, "resolve", code=code)
        [error] = refused.expect(422)["errors"]
        assert (error["field"], error["code"]) == ("code", "not_for_channel")
        assert error["allowed"] == outcomes


def test_a_theft_stays_published_when_it_is_said_to_be_found_safe() -> None:
    bulletin = published(title={"en": "Bicycle stolen"})
    assert end(bulletin, "resolve", code="found_safe").status == 422
    assert read(bulletin).json["state"] == "published"


def test_an_outcome_that_the_channel_has_no_more_stays_and_is_corrected(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bulletin = published(about="child")
    end(bulletin, "resolve", code="found_safe")
    use_outcomes(monkeypatch, tmp_path / "city", ["found"])
    words = "Found safe. Thank you for your help."
    assert read(bulletin).json["outcome"]["en"] == words
    assert (opened(bulletin)["code"], opened(bulletin)["outcomes"]) == ("found_safe", ["found"])
    assert end(bulletin, "resolve", code="found_safe").status == 200  # repeated, it is the same
    assert end(bulletin, "resolve", code="found_safe", outcome={"en": "More."}).status == 422
    assert end(bulletin, "resolve", LI, code="found").json["code"] == "found"


def test_a_city_that_names_no_outcomes_has_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_outcomes(monkeypatch, tmp_path / "city", None)
    assert opened(published(about="child"))["outcomes"] == ALL
