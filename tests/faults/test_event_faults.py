"""Events that come twice, late, out of order, or broken.

A verdict is final, and only records that failed are sent again.
"""

import itertools
import json
import os
import random
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from app import app
from chalicelib import wiring
from chalicelib.handlers.media import functions
from chalicelib.handlers.service import scheduled
from chalicelib.kernel.files import derived_key, original_key
from tests import cloud, events
from tests.client import call, new_key, report
from tests.faults import inject
from tests.steps import by_reporter, mine

pytestmark = pytest.mark.usefixtures("aws", "clean")

NOT_A_PICTURE = b"<html>not a picture</html>"


def file(count: int = 1) -> tuple[dict[str, Any], list[str]]:
    """Create a report with `count` pending media. Return the report and the media's ids."""
    media = [{"content_type": "image/jpeg", "size": 100_000}] * min(count, 5)
    created = call("POST", "/v1/reports", report(media=media), key=new_key()).json
    more = [{"content_type": "image/jpeg", "size": 100_000}] * (count - len(media))
    uploads = created["uploads"]
    if more:
        uploads += by_reporter("POST", created, "/media", {"media": more}).json["uploads"]
    return created, [upload["media_id"] for upload in uploads]


def seen(created: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    media = mine(created)["media"]
    return [(medium["state"], medium["reason"]) for medium in media]


def original(report_id: str, media_id: str) -> str:
    """Open an original as an officer, and return its address."""
    cloud.officer("wang")
    route = f"/v1/officer/reports/{report_id}/media/{media_id}/original"
    return str(call("POST", route, {"reason": "To compare."}, officer="wang").json["url"])


def derived() -> dict[str, bytes]:
    s3 = cloud.client("s3")
    found = s3.list_objects_v2(Bucket=os.environ["MEDIA_BUCKET"], Prefix="derived/").get(
        "Contents", []
    )
    return {
        one["Key"]: s3.get_object(Bucket=os.environ["MEDIA_BUCKET"], Key=one["Key"])["Body"].read()
        for one in found
    }


def batch(names: Iterable[str], version: str | None = None) -> dict[str, Any]:
    records = [
        cloud.s3_event(os.environ["MEDIA_BUCKET"], name, version, message_id=str(number))
        for number, name in enumerate(names)
    ]
    return {"Records": records}


def failed(response: Mapping[str, Any]) -> set[int]:
    return {int(entry["itemIdentifier"]) for entry in response["batchItemFailures"]}


# Order, repetition, absence


@pytest.mark.parametrize(
    "order", list(itertools.permutations(range(3)))[:6], ids=lambda order: "".join(map(str, order))
)
def test_events_repeated_in_any_order_give_the_first_uploads_verdict_once(
    order: tuple[int, ...],
) -> None:
    created, [media_id] = file()
    key = original_key(created["id"], media_id)
    versions = [
        cloud.upload(created["id"], media_id, NOT_A_PICTURE + bytes([number]))
        for number in range(3)
    ]
    verdicts = []
    for number in order * 3:
        cloud.process(key, versions[number])
        cloud.record(created["id"], media_id)
        cloud.record(created["id"], media_id)
        verdicts.append(seen(created)[0][0])

    assert verdicts == sorted(verdicts, key=["awaiting", "rejected"].index)
    medium = wiring.reports().media.get(created["id"], media_id)
    assert medium
    assert (medium.version_id, medium.size) == (versions[0], len(NOT_A_PICTURE) + 1)
    cloud.stream(cloud.all_keys())
    assert [notice["kind"] for notice in cloud.sent()].count("media") == 1


def test_a_second_upload_changes_neither_the_picture_nor_what_officers_open() -> None:
    created, [media_id] = file()
    key = original_key(created["id"], media_id)
    first = cloud.upload(created["id"], media_id, cloud.photo(colour="steelblue"))
    cloud.process(key, first)
    cloud.record(created["id"], media_id)
    before = derived()
    second = cloud.upload(created["id"], media_id, cloud.photo(colour="red"))
    cloud.process(key, second)
    cloud.record(created["id"], media_id)

    assert derived() == before
    assert f"versionId={first}" in original(created["id"], media_id)


def test_the_first_upload_is_processed_though_only_the_seconds_event_arrives(
    aws: Mapping[str, str],
) -> None:
    created, [media_id] = file()
    key = original_key(created["id"], media_id)
    first = cloud.upload(created["id"], media_id, NOT_A_PICTURE)
    second = cloud.upload(created["id"], media_id, b"another")
    cloud.process(key, second)
    assert derived() == {}
    cloud.client("sqs").purge_queue(QueueUrl=aws["UPLOADS_QUEUE_URL"])
    cloud.sweep(timedelta(minutes=11))

    [message] = cloud.client("sqs").receive_message(
        QueueUrl=aws["UPLOADS_QUEUE_URL"], MaxNumberOfMessages=10
    )["Messages"]
    functions.make_thumbnails(events.queue_batch(message["Body"]), None)
    cloud.record(created["id"], media_id)
    medium = wiring.reports().media.get(created["id"], media_id)
    assert medium
    assert (medium.state, medium.version_id) == ("rejected", first)


def test_an_event_of_what_was_deleted_since_leaves_nothing_behind(aws: Mapping[str, str]) -> None:
    created, [media_id] = file()
    version = cloud.upload(created["id"], media_id, NOT_A_PICTURE)
    cloud.client("s3").delete_object(
        Bucket=aws["MEDIA_BUCKET"], Key=original_key(created["id"], media_id), VersionId=version
    )

    assert cloud.process(original_key(created["id"], media_id), version) == {
        "batchItemFailures": []
    }
    assert cloud.record(created["id"], media_id) == {"batchItemFailures": []}
    assert derived() == {}
    assert seen(created) == [("awaiting", None)]


def test_a_verdict_for_a_report_that_is_gone_is_no_fault() -> None:
    created, [media_id] = file()
    cloud.process(
        original_key(created["id"], media_id), cloud.upload(created["id"], media_id, NOT_A_PICTURE)
    )
    wiring.reports().deletion.finish(
        created["id"], now=wiring.clock.now(), until=wiring.clock.now() + timedelta(days=365)
    )

    assert cloud.record(created["id"], media_id) == {"batchItemFailures": []}
    assert [sk for _, sk in cloud.all_keys()] == ["HEAD"]


# Batches


def settle_all(created: Mapping[str, Any], media_ids: Iterable[str]) -> None:
    for media_id in media_ids:
        version = cloud.upload(created["id"], media_id, NOT_A_PICTURE)
        cloud.process(original_key(created["id"], media_id), version)


FOUR = [subset for size in range(5) for subset in itertools.combinations(range(4), size)]
TEN = [
    tuple(sorted(random.Random(seed).sample(range(10), random.Random(seed).randint(1, 9))))
    for seed in range(4)
]


@pytest.mark.parametrize(
    "failing", [*FOUR, *TEN], ids=lambda subset: "".join(map(str, subset)) or "none"
)
def test_of_manifests_that_cannot_all_be_read_exactly_those_come_again(
    failing: tuple[int, ...],
) -> None:
    created, media_ids = file(4 if failing in FOUR else 10)
    settle_all(created, media_ids)
    names = [derived_key(created["id"], media_id, "manifest.json") for media_id in media_ids]
    with out_of_reach([names[number] for number in failing]):
        assert failed(functions.record_media(batch(names), None)) == set(failing)
    assert [state for state, _ in seen(created)] == [
        "awaiting" if number in failing else "rejected" for number in range(len(names))
    ]

    again = [names[number] for number in failing]
    assert failed(functions.record_media(batch(again), None)) == set()
    assert {state for state, _ in seen(created)} == {"rejected"}
    head = cloud.head(created["id"])
    assert head.report.media_settled == len(media_ids)


@pytest.mark.parametrize(
    "failing", [*FOUR, *TEN], ids=lambda subset: "".join(map(str, subset)) or "none"
)
def test_of_originals_that_cannot_all_be_read_exactly_those_come_again(
    aws: Mapping[str, str], failing: tuple[int, ...]
) -> None:
    created, _ = file()
    names = [
        original_key(created["id"], f"{number:016}")
        for number in range(4 if failing in FOUR else 10)
    ]
    for name in names:
        cloud.client("s3").put_object(Bucket=aws["MEDIA_BUCKET"], Key=name, Body=NOT_A_PICTURE)
    with out_of_reach([names[number] for number in failing]):
        assert failed(functions.make_thumbnails(batch(names), None)) == set(failing)

    manifests = {name for name in derived() if name.endswith("manifest.json")}
    assert manifests == {
        derived_key(created["id"], f"{number:016}", "manifest.json")
        for number in range(len(names))
        if number not in failing
    }


def out_of_reach(names: Iterable[str]) -> Any:
    """Return a context in which S3 cannot be reached for these keys."""
    unreachable = tuple(names)

    def refuse(request: Any) -> None:
        if request.url.split("?")[0].endswith(unreachable):
            raise ReadTimeoutError(endpoint_url=request.url)

    return inject.fault(wiring.s3(), "s3.GetObject", refuse)


# Hostile events (E)


def body_of(**changes: Any) -> str:
    key = original_key("0" * 26, "0" * 16)
    event = json.loads(events.object_created(os.environ["MEDIA_BUCKET"], key, "v")) | changes
    return json.dumps({name: value for name, value in event.items() if value is not None})


HANDLERS = {"uploads": functions.make_thumbnails, "manifests": functions.record_media}


@pytest.mark.parametrize("queue", HANDLERS)
@pytest.mark.parametrize(
    "changes",
    [
        {"detail-type": None, "detail": None} | events.load("s3_test"),
        {"detail-type": "Object Deleted"},
        {"detail": {"bucket": {"name": "another"}, "object": {"key": "originals/0/0"}}},
        {"detail": {"bucket": {"name": "another"}, "object": {"key": "derived/0/0/manifest.json"}}},
        {"detail": {"bucket": {"name": ""}, "object": {"key": "elsewhere/0/0"}}},
        {"detail": {"bucket": {"name": ""}, "object": {"key": "originals/0/../0"}}},
        {"detail": {"bucket": {"name": ""}, "object": {"key": "originals/%2e%2e/+"}}},
        {"detail": {"bucket": {"name": ""}, "object": {"key": "derived/ü\n/0/manifest.json"}}},
    ],
    ids=[
        "95 test event",
        "96 another kind",
        "96 bucket",
        "96 bucket",
        "96 prefix",
        "86 dots",
        "86 encoded",
        "86 newline",
    ],
)
def test_an_event_that_is_none_of_ours_is_passed_over(
    aws: Mapping[str, str], queue: str, changes: dict[str, Any]
) -> None:
    if changes.get("detail") and not changes["detail"]["bucket"]["name"]:
        changes = {"detail": changes["detail"] | {"bucket": {"name": aws["MEDIA_BUCKET"]}}}
    batch = events.queue_batch(body_of(**changes))

    assert HANDLERS[queue](batch, None) == {"batchItemFailures": []}
    assert derived() == {}


@pytest.mark.parametrize("queue", HANDLERS)
@pytest.mark.parametrize(
    "body",
    [
        "",
        "not JSON",
        "null",
        "[]",
        "{}",
        '{"detail-type":"Object Created"}',
        '{"detail-type":"Object Created","detail":{"bucket":{"name":"b"},"object":{}}}',
        '{"detail-type":"Object Created","detail":{"bucket":{},"object":{"key":"originals/0/0"}}}',
        json.dumps(events.load("s3_notification")),
        json.dumps(events.load("sns_notification")),
        "[" * 100_000,
    ],
    ids=[
        "empty",
        "no JSON",
        "null",
        "list",
        "nothing",
        "no detail",
        "no key",
        "no bucket",
        "S3's own",
        "SNS-wrapped",
        "deep",
    ],
)
def test_97_100_an_unreadable_body_is_set_aside_and_its_neighbours_pass(
    queue: str, body: str
) -> None:
    created, media_ids = file(2)
    settle_all(created, media_ids)
    name: Callable[[str], str] = {
        "uploads": lambda media_id: original_key(created["id"], media_id),
        "manifests": lambda media_id: derived_key(created["id"], media_id, "manifest.json"),
    }[queue]
    event = batch([name(media_id) for media_id in media_ids])
    event["Records"].insert(1, events.queue_record(body, "7"))

    assert failed(HANDLERS[queue](event, None)) == {7}
    if queue == "manifests":
        assert {state for state, _ in seen(created)} == {"rejected"}


@pytest.mark.parametrize("queue", HANDLERS)
def test_97_no_records_or_records_without_a_body_do_not_crash(queue: str) -> None:
    assert HANDLERS[queue]({"Records": []}, None) == {"batchItemFailures": []}
    assert HANDLERS[queue]({"Records": [{"messageId": "3"}]}, None) == {
        "batchItemFailures": [{"itemIdentifier": "3"}]
    }


def test_97_more_records_than_were_asked_for_are_all_taken() -> None:
    created, media_ids = file(10)
    settle_all(created, media_ids)
    names = [derived_key(created["id"], media_id, "manifest.json") for media_id in media_ids]

    assert failed(functions.record_media(batch([*names, names[0]]), None)) == set()
    assert {state for state, _ in seen(created)} == {"rejected"}


def test_99_a_removal_is_passed_over_and_an_old_image_does_no_harm() -> None:
    created, _ = file()
    key, gone = (f"REPORT#{created['id']}", "HEAD"), ("REPORT#" + "0" * 26, "HEAD")
    image = cloud.stored_image(*key)
    by_ttl = {"userIdentity": events.load("stream_reports")["Records"][-1]["userIdentity"]}
    records = [
        *(record | by_ttl for record in events.reports_stream([key], "REMOVE", 1)),
        *events.reports_stream([gone], "REMOVE", 2),
        *events.reports_stream([gone], "MODIFY", 3, lambda pk, sk: image | {"pk": {"S": pk}}),
    ]
    assert scheduled.publish_notices({"Records": records}, None) == {"batchItemFailures": []}
    assert cloud.sent() == []

    records += events.reports_stream([key], "MODIFY", 4, lambda pk, sk: image)
    for _ in range(2):  # the second time, the image still has the task that the row has no more
        scheduled.publish_notices({"Records": records}, None)
    assert [notice["report_id"] for notice in cloud.sent()] == [created["id"]]


def test_101_no_route_takes_what_sns_would_send_to_an_http_endpoint() -> None:
    assert not [
        path
        for path in app.routes
        if "sns" in path.lower() or ("subscription" in path and not path.startswith("/v1/officer/"))
    ]
