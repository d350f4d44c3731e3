"""Uploads that cannot be processed become dead letters, and are sent again when the cause is
gone."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests import media_samples
from tests.rehearsal import uploads
from tests.rehearsal.people import Person
from tests.rehearsal.stage import Stage
from tests.rehearsal.waiting import until

PHOTO = media_samples.jpeg(320, 240)


def test_a_photo_that_failed_without_the_layer_is_ready_after_the_redrive(
    stage: Stage, officer: Person
) -> None:
    with without_layer(stage), quick_attempts(stage):
        report = stage.report(media=[{"content_type": "image/jpeg", "size": len(PHOTO)}])
        uploads.post(stage, report["uploads"][0], PHOTO)
        until(lambda: dead_letters(stage), "a dead letter")
        # On a slow machine the queue gives a message up before the first attempt has ended.
        until(lambda: failed_attempts(stage), "a line that says why")
    path = f"/v1/officer/reports/{report['id']}"
    assert [medium["state"] for medium in officer.get(path)["media"]] == ["awaiting"]

    redriven = stage.command("infra.stage redrive", "--queue", "uploads")
    assert redriven.returncode == 0, redriven.stderr
    until(
        lambda: [medium["state"] for medium in officer.get(path)["media"]] == ["ready"],
        "the photo is ready",
    )
    assert not dead_letters(stage)


def failed_attempts(stage: Stage) -> int:
    return sum('"record_failed"' in line for line in stage.own_lines("MakeThumbnailsLog"))


def dead_letters(stage: Stage) -> int:
    name = "ApproximateNumberOfMessages"
    found = stage.client("sqs").get_queue_attributes(
        QueueUrl=stage.outputs["UploadsDeadLettersUrl"], AttributeNames=[name]
    )
    return int(found["Attributes"][name])


@contextmanager
def without_layer(stage: Stage) -> Iterator[None]:
    """Take the layer from what opens files: no decoder loads."""
    functions, name = stage.client("lambda"), stage.function("Decode")
    layers = functions.get_function_configuration(FunctionName=name)["Layers"]
    stage.reconfigure("Decode", Layers=[])
    yield
    stage.reconfigure("Decode", Layers=[layer["Arn"] for layer in layers])


@contextmanager
def quick_attempts(stage: Stage) -> Iterator[None]:
    """Let a message be tried again after a second, not after three minutes."""
    sqs, url = stage.client("sqs"), stage.outputs["UploadsQueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "1"})
    yield
    sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes["Attributes"])
