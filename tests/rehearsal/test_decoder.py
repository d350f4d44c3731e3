"""The functions that open files: what code that has taken one over may do, and whom it meets."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.domain.flood.load_level import LoadLevel
from infra.rehearsal import cloud as emulated
from infra.rehearsal import environments
from tests import media_samples
from tests.rehearsal import uploads
from tests.rehearsal.conftest import log_group
from tests.rehearsal.intruders import Attempt, Intruder
from tests.rehearsal.stage import Stage
from tests.rehearsal.waiting import until
from tests.template.test_decoder import DECODERS

PHOTO = media_samples.jpeg()


@pytest.mark.parametrize("name", DECODERS)
def test_code_in_its_place_is_refused_everything(stage: Stage, name: str) -> None:
    intruder = Intruder(stage, name)
    named = stage.resources
    key = {"pk": {"S": "REPORT#1"}, "sk": {"S": "HEAD"}}
    bucket = stage.outputs["MediaBucketName"]
    attempts = [
        Attempt("s3", "get_object", {"Bucket": bucket, "Key": "originals/a"}),
        Attempt("s3", "put_object", {"Bucket": bucket, "Key": "derived/a", "Body": b"x"}),
        Attempt("dynamodb", "get_item", {"TableName": named["ReportsTable"], "Key": key}),
        Attempt("secretsmanager", "get_secret_value", {"SecretId": named["AuditSecret"]}),
        Attempt("sqs", "receive_message", {"QueueUrl": named["UploadsQueue"]}),
        Attempt("lambda", "invoke", {"FunctionName": stage.function("MakeThumbnails")}),
    ]
    assert [each for each in attempts if not intruder.is_refused(each)] == []


FILES: dict[str, Callable[[], bytes]] = {
    "image/jpeg": media_samples.jpeg,
    "image/png": lambda: media_samples.encode(media_samples.scene(), "PNG"),
    "image/webp": lambda: media_samples.encode(media_samples.scene(), "WEBP"),
    "image/heic": media_samples.heic,
    "video/mp4": lambda: media_samples.video([media_samples.scene(160, 96)] * 3),
    "video/quicktime": lambda: media_samples.video(
        [media_samples.scene(160, 96)] * 3, "libx265", container="mov"
    ),
    "audio/mp4": media_samples.recording,
    "audio/webm": lambda: media_samples.other_sound("webm"),
}
BAD = {"truncated": media_samples.jpeg()[:900], "bomb": media_samples.png(60000, 60000, b"")}


def sent(stage: Stage, *files: tuple[str, bytes]) -> dict[str, Any]:
    media = [{"content_type": kind, "size": len(data)} for kind, data in files]
    report: dict[str, Any] = stage.report(media=media)
    for grant, (_, data) in zip(report["uploads"], files, strict=True):
        uploads.post(stage, grant, data)
    return report


def states(stage: Stage, report: dict[str, Any]) -> list[str] | None:
    """Return the states of a report's media once all have a verdict."""
    media = stage.call("GET", "/v1/reports/mine", receipt=report["receipt"]).json["media"]
    found = [each["state"] for each in media]
    return found if set(found) <= {"ready", "rejected"} else None


def test_a_file_of_each_type_is_opened_and_a_bad_one_harms_none(stage: Stage) -> None:
    files = [(kind, make()) for kind, make in FILES.items()]
    bad = sent(stage, *(("image/jpeg", data) for data in BAD.values()))
    reports = [sent(stage, *files[:4]), sent(stage, *files[4:])]
    for report in reports:
        assert set(until(partial(states, stage, report), "each has a verdict")) == {"ready"}
    assert until(partial(states, stage, bad), "the bad ones, too") == ["rejected", "rejected"]


@pytest.fixture(scope="module")
def isolated(boto3_version: str, build: Path) -> Iterator[Stage]:
    """A stage whose decoders have tenant isolation, in a cloud of its own."""
    with emulated.running(environments.function(boto3_version)) as cloud:
        stage = Stage(cloud)
        stage.deploy(build, DECODER_ISOLATION="tenant")
        stage.set_level(LoadLevel.NORMAL)
        yield stage


@pytest.mark.parametrize(
    ("category", "decoder"),
    [("suspected_offender", "Decode"), ("child_abduction", "DecodeCritical")],
)
def test_two_reports_never_share_an_environment(
    isolated: Stage, category: str, decoder: str
) -> None:
    # The smoke test of the deployment has had one, too.
    before = environments_of(isolated, decoder)
    media = [{"content_type": "image/jpeg", "size": len(PHOTO)}] * 2
    for number in (1, 2):
        made = isolated.report(category, media=media)
        for position, grant in enumerate(made["uploads"]):
            uploads.post(isolated, grant, PHOTO)
            await_ready(isolated, made, position)
        # The second photo of a report finds the environment of the first.
        assert environments_of(isolated, decoder) - before == number


@pytest.mark.parametrize("name", DECODERS)
def test_a_call_that_names_no_tenant_is_refused(isolated: Stage, name: str) -> None:
    call = {"FunctionName": isolated.function(name), "Payload": b"{}"}
    invoke = isolated.cloud.client("lambda", emulated.ROOT).invoke
    with pytest.raises(ClientError, match="InvalidParameterValueException"):
        invoke(**call)


def test_an_account_without_tenant_isolation_is_told_what_to_do(
    boto3_version: str, build: Path
) -> None:
    with emulated.running(environments.function(boto3_version), tenancy=False) as cloud:
        failed = Stage(cloud).try_deploy(build, DECODER_ISOLATION="tenant")
    assert failed.returncode == 1
    assert "Tenancy configuration is not supported for this account" in failed.stderr
    assert "with DECODER_ISOLATION=shared" in failed.stderr


def environments_of(stage: Stage, name: str) -> int:
    """Return how many processes of a function have started."""
    return sum('"function started"' in line for line in stage.own_lines(log_group(name)))


def await_ready(stage: Stage, report: Any, position: int) -> None:
    def is_ready() -> bool:
        found = stage.call("GET", f"/v1/reports/{report['id']}", receipt=report["receipt"])
        return bool(found.json["media"][position]["state"] == "ready")

    until(is_ready, "the photo is ready")
