"""A new build serves when it was tried, and no longer when the drill after that fails."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.deploy.live import put_live
from infra.packaging.aliases import BY_ALIAS
from infra.stage.console import Refused
from infra.stage.target import Target
from infra.stage.versions import KEPT, Serving, earlier, serving
from tests.stage.lambdas import AUTHORIZER, RESIDENTS, Lambdas, deployed


@pytest.fixture
def lambdas() -> Iterator[Lambdas]:
    with deployed() as lambdas:
        yield lambdas


def works(*_: object) -> None:
    """Succeed."""


def holds(_: Target, wanted: Serving) -> Serving:
    return wanted


def fails(*_: object) -> Any:
    raise Refused("It failed at: report.")


def release(
    lambdas: Lambdas,
    trial: Callable[[Target, Serving], Serving] = holds,
    drill: Callable[[Target], None] = works,
) -> None:
    put_live(lambdas.target, trial=trial, drill=drill)


def test_a_build_serves_after_its_trial(lambdas: Lambdas) -> None:
    tried: list[tuple[str, str]] = []

    def trial(_: Target, wanted: Serving) -> Serving:
        tried.extend((name, each.version) for name, each in wanted.items())
        assert lambdas.served() == "$LATEST"
        return wanted

    release(lambdas, trial)
    assert tried == [(name, "1") for name in BY_ALIAS]
    assert {lambdas.served(name) for name in BY_ALIAS} == {"1"}


def test_a_build_that_fails_its_trial_gets_no_traffic(lambdas: Lambdas) -> None:
    release(lambdas)
    lambdas.deploy("raises")
    with pytest.raises(Refused, match=r"(?s)failed at: report.*gets no traffic.*what serves and"):
        release(lambdas, trial=fails)
    assert {lambdas.served(name) for name in BY_ALIAS} == {"1"}


@pytest.mark.parametrize("failing", ["trial", "drill"])
def test_after_two_builds_that_fail_the_one_that_serves_is_named(
    lambdas: Lambdas, failing: str
) -> None:
    lambdas.deploy("good", commit="600d")
    release(lambdas)
    for commit in ("bad1", "bad2"):
        lambdas.deploy(commit, commit=commit)
        with pytest.raises(Refused, match=r"check out what serves \(600d\) and deploy that"):
            release(lambdas, **{failing: fails})


def test_a_trial_that_aws_refuses_says_that_nothing_new_serves(lambdas: Lambdas) -> None:
    release(lambdas)
    lambdas.deploy("new")

    def trial(_: Target, wanted: Serving) -> Serving:
        lambdas.client.get_function(FunctionName="nowhere")
        return wanted

    with pytest.raises(Refused, match=r"(?s)^AWS refuses GetFunction.*gets no traffic"):
        release(lambdas, trial=trial)
    assert lambdas.served() == "1"


@pytest.mark.parametrize("failure", [Refused("It failed at: upload."), KeyboardInterrupt()])
def test_a_build_whose_drill_does_not_succeed_goes_back(
    lambdas: Lambdas, failure: BaseException
) -> None:
    release(lambdas)
    lambdas.deploy("bad")

    def drill(_: Target) -> None:
        assert lambdas.served() == "2"
        raise failure

    with pytest.raises(type(failure)) as raised:
        release(lambdas, drill=drill)
    assert {lambdas.served(name) for name in BY_ALIAS} == {"1"}
    if isinstance(failure, Refused):
        assert "What served before serves again." in str(raised.value)


def test_a_first_build_that_fails_has_nothing_to_go_back_to(lambdas: Lambdas) -> None:
    nothing = r"^It failed at: report\.\nNo version has served before"
    with pytest.raises(Refused, match=nothing):
        release(lambdas, trial=fails)
    with pytest.raises(Refused, match=nothing):
        release(lambdas, drill=fails)
    assert lambdas.served() == "1"


def test_a_value_of_a_parameter_alone_makes_a_new_version(lambdas: Lambdas) -> None:
    release(lambdas)
    lambdas.set_parameter("https://tips.example", RESIDENTS)
    release(lambdas)
    assert (lambdas.served(RESIDENTS), lambdas.served(AUTHORIZER)) == ("2", "1")


@pytest.mark.parametrize("failing", ["trial", "drill"])
def test_what_has_not_changed_is_tried_and_serves_on(lambdas: Lambdas, failing: str) -> None:
    release(lambdas)
    with pytest.raises(Refused, match=r"has served before this.*make rollback STAGE=dev"):
        release(lambdas, **{failing: fails})
    assert lambdas.served() == "1"


def test_a_build_that_went_back_can_be_deployed_again(lambdas: Lambdas) -> None:
    release(lambdas)
    lambdas.deploy("unlucky")
    with pytest.raises(Refused):
        release(lambdas, drill=fails)
    release(lambdas)
    assert lambdas.served() == "2"


def test_a_version_that_is_not_what_is_deployed_never_serves(lambdas: Lambdas) -> None:
    """AWS documents that it returns the last version when nothing has changed since."""
    release(lambdas)
    lambdas.set_parameter("https://tips.example", RESIDENTS)
    first = lambdas.client.get_function_configuration(FunctionName=RESIDENTS, Qualifier="1")

    def return_the_first(parsed: dict[str, Any], **_: Any) -> None:
        parsed.clear()
        parsed.update(first)

    events = lambdas.target.session.events
    events.register("after-call.lambda.PublishVersion", return_the_first)
    with pytest.raises(Refused, match="AWS published no version of APIHandler as it is deployed"):
        release(lambdas)
    assert lambdas.served() == "1"


def test_when_aws_refuses_to_move_one_alias_none_is_moved(lambdas: Lambdas) -> None:
    release(lambdas)
    lambdas.deploy("new")
    *others, last = BY_ALIAS

    def trial(_: Target, wanted: Serving) -> Serving:
        lambdas.client.delete_alias(FunctionName=last, Name="live")
        return wanted

    with pytest.raises(ClientError):
        release(lambdas, trial=trial)
    assert {lambdas.served(name) for name in others} == {"1"}


def test_how_long_a_trial_took_is_known_to_the_next_release(lambdas: Lambdas) -> None:
    def takes(took_ms: int) -> Callable[[Target, Serving], Serving]:
        return lambda _, wanted: {
            name: replace(each, took_ms=took_ms) for name, each in wanted.items()
        }

    release(lambdas, takes(210))
    lambdas.deploy("next")
    known: list[int | None] = []

    def trial(target: Target, wanted: Serving) -> Serving:
        known.extend(each.took_ms for each in wanted.values())
        return takes(190)(target, wanted)

    release(lambdas, trial)
    assert set(known) == {210}
    assert {(each.before, each.took_ms) for each in serving(lambdas.target).values()} == {
        (("1",), 190)
    }
    back = earlier(serving(lambdas.target), lambdas.target)
    assert {(each.version, each.took_ms) for each in back.values()} == {("1", None)}


def test_versions_that_nobody_goes_back_to_are_deleted(lambdas: Lambdas) -> None:
    for number in range(KEPT + 2):
        lambdas.deploy(f"build {number}")
        release(lambdas)
    kept = [str(number) for number in range(2, KEPT + 3)]
    assert lambdas.versions() == ["$LATEST", *kept]
    assert lambdas.served() == kept[-1]
