"""The release before serves again, function by function as it did."""

from collections.abc import Iterator

import pytest

from infra.deploy.live import put_live
from infra.packaging.aliases import BY_ALIAS
from infra.stage import versions
from infra.stage.console import Refused
from infra.stage.versions import roll_back
from tests.stage.lambdas import AUTHORIZER, RESIDENTS, Lambdas, deployed


@pytest.fixture
def lambdas(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lambdas]:
    monkeypatch.setenv("YES", "1")
    with deployed() as lambdas:
        yield lambdas


def works(*_: object) -> None:
    """Succeed."""


def release(lambdas: Lambdas) -> None:
    put_live(lambdas.target, trial=lambda _, wanted: wanted, drill=works)


def test_each_function_goes_back_to_what_it_was_in_the_release_before(
    lambdas: Lambdas, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also one that a release in between did not change: it stays, and goes back with the next."""
    release(lambdas)
    lambdas.deploy("second")
    release(lambdas)
    lambdas.set_parameter("https://tips.example", RESIDENTS)
    release(lambdas)
    served = [(lambdas.served(RESIDENTS), lambdas.served(AUTHORIZER))]
    for _ in range(2):
        roll_back(lambdas.target, works)
        served.append((lambdas.served(RESIDENTS), lambdas.served(AUTHORIZER)))
    assert served == [("3", "2"), ("2", "2"), ("1", "1")]
    assert "APIHandler           version 3 → 2" in capsys.readouterr().out


def test_with_nothing_to_go_back_to_it_is_refused(lambdas: Lambdas) -> None:
    release(lambdas)
    with pytest.raises(
        Refused, match=r"^There is nothing to go back to: no version of tipline-dev"
    ):
        roll_back(lambdas.target, works)
    assert lambdas.served() == "1"


def test_a_release_after_a_roll_back_goes_back_to_what_served_before_it(lambdas: Lambdas) -> None:
    for code in ("first", "bad", "good"):
        lambdas.deploy(code)
        release(lambdas)
        if code == "bad":
            roll_back(lambdas.target, works)
    roll_back(lambdas.target, works)
    assert {lambdas.served(name) for name in BY_ALIAS} == {"1"}


def test_without_a_yes_nothing_is_moved(lambdas: Lambdas, monkeypatch: pytest.MonkeyPatch) -> None:
    release(lambdas)
    lambdas.deploy("second")
    release(lambdas)
    monkeypatch.delenv("YES")
    with pytest.raises(Refused, match="YES=1"):
        roll_back(lambdas.target, works)
    assert lambdas.served() == "2"


def test_a_release_before_that_does_not_work_either_serves_and_is_named(lambdas: Lambdas) -> None:
    release(lambdas)
    lambdas.deploy("second")
    release(lambdas)

    def drill(_: object) -> None:
        raise Refused("The smoke test failed at: report.")

    with pytest.raises(Refused, match="does not work either"):
        roll_back(lambdas.target, drill)
    assert lambdas.served() == "1"


def test_a_stage_without_aliases_is_one_of_an_older_release(lambdas: Lambdas) -> None:
    lambdas.target.__dict__["resources"] = {}
    with pytest.raises(Refused, match="an older release is deployed"):
        roll_back(lambdas.target, works)


def test_a_stage_must_be_named() -> None:
    with pytest.raises(Refused, match="Name the stage"):
        versions.main(["--stage", ""])
