"""The smoke test sends a drill through the API, says which step fails, and withdraws the drill."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest

from chalicelib.domain.flood.load_level import Challenges, LoadLevel
from chalicelib.kernel.ids import Identity
from infra.deploy.smoke import draw_picture, next_steps, smoke_test
from infra.stage.console import Refused
from infra.stage.target import Target
from tests.deploy.cloudformation import no_pause
from tests.deploy.drills import Api, serving


@pytest.fixture
def api() -> Iterator[Api]:
    with serving() as api:
        yield api


def target(api: Api | None = None, **outputs: str) -> Target:
    return Target("dev", boto3.Session(), None, outputs, api.url if api else "https://api.test")


def test_a_drill_goes_the_whole_way_and_is_withdrawn(
    api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    smoke_test(target(api), no_pause)
    assert api.calls == [
        "GET /v1/health",
        "GET /v1/catalogue",
        "POST /v1/reports",
        "POST /upload",
        "GET /v1/reports/mine",
        "GET /v1/reports/mine",
        "DELETE /v1/reports/R1",
    ]
    report, upload = api.bodies
    picture = draw_picture()
    assert (report["source"], report["category"]) == ("drill", "noise")
    assert report["media"] == [{"content_type": "image/jpeg", "size": len(picture)}]
    assert picture in upload
    printed = capsys.readouterr().out
    assert printed.count(" s  ") == 6
    assert "Version 1.2.3 works." in printed


def test_in_a_flood_the_drill_has_a_proof_of_work(api: Api) -> None:
    challenges = Challenges(Identity(b"a master key").challenge_mac)
    now = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    api.challenge = challenges.at(LoadLevel.NORMAL, now).as_json()
    smoke_test(target(api), no_pause)
    assert challenges.check(api.proofs[0], api.keys[0], now) == "valid"


def test_one_address_that_sends_many_proves_its_work_when_it_is_asked(api: Api) -> None:
    challenges = Challenges(Identity(b"a master key").challenge_mac)
    now = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    api.asks_for_a_proof = challenges.at(LoadLevel.NORMAL, now).as_json()
    smoke_test(target(api), no_pause)
    assert len(set(api.keys)) == 1
    assert [challenges.check(proof, api.keys[0], now) for proof in api.proofs[1:]] == ["valid"]


@pytest.mark.parametrize(
    ("fails_at", "step", "look_at"),
    [
        ("GET /v1/health", "health", "FUNCTION=residents"),
        ("GET /v1/catalogue", "catalogue", "secret"),
        ("POST /v1/reports", "report", "reports table"),
        ("POST /upload", "upload", "media bucket"),
        ("GET /v1/reports/mine", "ready", "FUNCTION=make_thumbnails"),
        ("DELETE", "withdrawn", "30 days"),
    ],
)
def test_a_step_that_fails_says_what_to_look_at(
    api: Api, fails_at: str, step: str, look_at: str
) -> None:
    api.fails_at = (fails_at,)
    with pytest.raises(Refused, match=rf"(?s)failed at: .*{step}.* returned 503.*{look_at}"):
        smoke_test(target(api), no_pause)


@pytest.mark.parametrize("fails_at", ["POST /upload", "GET /v1/reports/mine"])
def test_the_drill_is_withdrawn_also_when_a_step_fails(api: Api, fails_at: str) -> None:
    api.fails_at = (fails_at,)
    with pytest.raises(Refused):
        smoke_test(target(api), no_pause)
    assert api.calls[-1] == "DELETE /v1/reports/R1"


def test_the_first_failure_is_named_when_the_drill_cannot_be_withdrawn_either(api: Api) -> None:
    api.fails_at = ("GET /v1/reports/mine", "DELETE")
    with pytest.raises(Refused, match="failed at: the picture is ready"):
        smoke_test(target(api), no_pause)


def test_a_picture_that_is_rejected_fails_at_once(api: Api) -> None:
    api.states = ["rejected"]
    with pytest.raises(Refused, match="Its state is rejected"):
        smoke_test(target(api), no_pause)


def test_an_address_that_does_not_answer_is_a_sentence() -> None:
    nowhere = Target("dev", boto3.Session(), None, {}, "http://127.0.0.1:1")
    with pytest.raises(Refused, match="failed at: health"):
        smoke_test(nowhere, no_pause)


def test_a_build_that_takes_each_drill_too_slowly_is_refused(api: Api) -> None:
    def now() -> float:
        return 6.0 * sum(call == "POST /v1/reports" for call in api.calls)

    with pytest.raises(Refused, match=r"failed at: report.* It took 6\.0, 6\.0, 6\.0 s"):
        smoke_test(target(api), no_pause, now)
    assert [call.split()[0] for call in api.calls[2:]] == ["POST", "DELETE"] * 3


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"message": "not decoded", "not_decoded": "ModuleNotFoundError"}, True),
        ({"message": "media_processed"}, False),
    ],
)
def test_a_stage_that_opens_no_file_is_told_apart_from_a_slow_one(
    api: Api, tmp_path: Path, line: dict[str, str], said: bool
) -> None:
    log = tmp_path / "log"
    at = datetime.now(UTC).isoformat()
    log.write_text(json.dumps({"timestamp": at, "function": "make_thumbnails", **line}) + "\n")
    local = Target(None, boto3.Session(), None, {}, api.url, {"log": str(log)})
    api.states = ["processing"]
    waited = [0.0]
    with pytest.raises(Refused, match="state is processing") as refused:
        smoke_test(local, lambda _: waited.append(60.0), lambda: sum(waited))
    assert ("Files are not opened" in str(refused.value)) is said


def test_without_drills_nothing_is_filed(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRILL", "off")
    smoke_test(target(api), no_pause)
    assert api.calls == ["GET /v1/health", "GET /v1/catalogue"]
    monkeypatch.setenv("DRILL", "no")
    with pytest.raises(Refused, match="DRILL=no is neither on nor off"):
        smoke_test(target(api), no_pause)


def test_an_address_that_is_not_ours_is_a_sentence(api: Api) -> None:
    elsewhere = Target("dev", boto3.Session(), None, {}, f"{api.url}/elsewhere")
    with pytest.raises(Refused, match="returned 404"):
        smoke_test(elsewhere, no_pause)


def test_the_next_steps_name_what_is_missing() -> None:
    text = next_steps(target(PublicUrl="https://tips.example", SignInUrl="https://sign.in"))
    assert "https://tips.example/docs" in text
    assert "make first-admins STAGE=dev" in text
    assert "make token STAGE=dev" in text
    assert "ALARM_EMAIL=" in text


@pytest.mark.parametrize(
    ("admins", "said"),
    [(True, None), (False, "two admins, once\n"), (None, "once, if there are none yet\n")],
)
def test_the_first_admins_are_a_next_step_until_there_are_some(
    admins: bool | None, said: str | None
) -> None:
    text = next_steps(target(), admins)
    assert ("first-admins" in text) is (said is not None)
    assert said is None or said in text


def test_the_next_steps_ask_to_confirm_the_alarms_address() -> None:
    described = {
        "Parameters": [{"ParameterKey": "AlarmEmail", "ParameterValue": "ops@city.example"}]
    }
    text = next_steps(Target("dev", boto3.Session(), None, {}, "https://api.test", described))
    assert "ops@city.example gets a mail from AWS: confirm it" in text
    assert "https://api.test/docs" in text
