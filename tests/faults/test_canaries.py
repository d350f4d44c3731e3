"""What a reporter writes, and where they are, is stored only where it belongs.

Reports with a canary in each text that residents may write take every path, including those that
fail. Then the tests search for the canaries in all logs, notices, indexes, queues, derived objects,
counters and audit rows.
"""

import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.domain.officers.model import Role
from chalicelib.handlers.media import functions
from chalicelib.kernel import times
from chalicelib.kernel.files import derived_key, original_key
from chalicelib.store.reports.heads import update_head
from infra import template
from tests import cloud, media_samples
from tests.client import Reply, call, new_key, opening_etag, read_and_approve
from tests.faults import inject
from tests.fields import canaries, saying
from tests.steps import by_officer, opened

pytestmark = pytest.mark.officers("li", wang={"roles": (Role.OFFICER, Role.SUPERVISOR)})

# `tests.client` sends this address and this user agent.
WHO = ("203.0.113.77", "canary-agent")
WHERE = ("39.91827", "116.45619")
EXIF = media_samples.CANARY.decode()
OFFICERS = ("CANARY-REASON", "CANARY-NOTE", "CANARY-ANSWER", "CANARY-GIST")
TOKEN = "CANARY-TOKEN"
HEADERS = {
    "user-agent": "canary-agent/1.0",
    "x-forwarded-for": "203.0.113.77",
    "referer": "https://canary-agent.example",
}

IN_REPORT = canaries("child_abduction", "CANARY")
BODY: dict[str, Any] = {
    **saying(IN_REPORT, "child_abduction", {"lat": float(WHERE[0]), "lon": float(WHERE[1])}),
    "media": [{"content_type": "image/jpeg", "size": 1_000_000}],
}
TEXT, NAME, PHONE = (IN_REPORT[path] for path in ("text", "contact.name", "contact.phone"))
MESSAGE, LATER = "CANARY-MESSAGE", "CANARY-LATER"
SAID = (*IN_REPORT.values(), MESSAGE, LATER, *WHERE, EXIF, TOKEN)
# Another address: that of the report would not be missed.
PLACE: dict[str, Any] = BODY["location"] | {"address": LATER, "speed": 1.5}
PUSH = {"platform": "fcm", "token": f"{TOKEN}:{'x' * 64}"}


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG, logger="chalicelib"):
        yield caplog


def logged(log: pytest.LogCaptureFixture) -> str:
    """Return everything that the app logged: messages, extra fields and tracebacks."""
    ours = [
        record
        for record in log.records
        if record.name.startswith("chalicelib") or record.levelno >= logging.WARNING
    ]
    return "\n".join(str(vars(record)) + record.getMessage() for record in ours)


def all_trips(**more: Any) -> tuple[dict[str, Any], str]:
    """Do everything that can happen to one report. Return the report and its key."""
    key = new_key()
    reported: dict[str, Any] = {"headers": HEADERS, "key": key}
    created = call("POST", "/v1/reports", BODY | more, **reported).expect(201)
    call("POST", "/v1/reports", BODY | more, **reported)
    assert call("POST", "/v1/reports", BODY | more | {"text": TEXT + "2"}, **reported).status == 422
    assert (
        call("POST", "/v1/reports", BODY | {"category": TEXT, TEXT: PHONE}, **reported).status
        == 422
    )
    assert call("POST", "/v1/reports", raw=TEXT.encode(), **reported).status == 400
    mine: dict[str, Any] = {"receipt": created["receipt"], "headers": HEADERS}
    call("POST", f"/v1/reports/{created['id']}/messages", {"text": MESSAGE}, **mine)
    call("POST", f"/v1/reports/{created['id']}/positions", PLACE, **mine)
    assert call("PUT", f"/v1/reports/{created['id']}/push", PUSH, **mine).status == 204
    call("POST", f"/v1/reports/{created['id']}/reopen", {"text": MESSAGE}, **mine)
    call("GET", "/v1/reports/mine", **mine)
    media_id = created["uploads"][0]["media_id"]
    version = cloud.upload(created["id"], media_id, media_samples.jpeg(1000, 700))
    cloud.stream(cloud.all_keys())
    cloud.process(original_key(created["id"], media_id), version)
    cloud.record(created["id"], media_id)
    cloud.stream(cloud.all_keys())
    work(created)
    redact(created, media_id)
    cloud.sweep(timedelta(minutes=20))
    # In the round after it, SNS forgets the phone.
    assert cloud.push_round()["pushed"] == 1
    cloud.push_round()
    return created, key


def redact(created: Mapping[str, Any], media_id: str) -> None:
    path = f"/v1/officer/reports/{created['id']}/media/{media_id}/redaction"
    regions = {"regions": [{"x": 0.1, "y": 0.1, "width": 0.5, "height": 0.5}]}
    for officer in ("wang", "nobody"):
        call("POST", path, regions, officer=officer, headers=HEADERS)
    cloud.process(derived_key(created["id"], media_id, "preview.jpg"), None)
    made = derived_key(created["id"], media_id, "redacted/manifest.json")
    functions.record_media(
        {"Records": [cloud.s3_event(os.environ["MEDIA_BUCKET"], made, None)]}, None
    )


def work(created: Mapping[str, Any]) -> None:
    path = f"/v1/officer/reports/{created['id']}"
    for target in (
        "/v1/officer/reports",
        path,
        path + "/history",
        "/v1/officer/stats?since=2026-01-01&until=2026-02-01",
    ):
        call("GET", target, officer="wang", headers=HEADERS)
        call("GET", target, officer="nobody", headers=HEADERS)
    call(
        "PATCH",
        path,
        {"status": "acknowledged"},
        officer="wang",
        headers=HEADERS | {"If-Match": '"1"'},
    )
    match = {"If-Match": opening_etag(path, 2, "wang")}
    call("PUT", path + "/gist", {"text": OFFICERS[3]}, officer="wang", headers=HEADERS | match)
    call("GET", "/v1/officer/reports", officer="wang", headers=HEADERS)
    call("POST", path + "/messages", {"text": OFFICERS[2]}, officer="wang", headers=HEADERS)
    call("POST", path + "/notes", {"text": OFFICERS[1]}, officer="wang", headers=HEADERS)
    call(
        "POST",
        path + "/contact",
        {"reason": "The ambulance asks."},
        officer="wang",
        headers=HEADERS,
    )
    body = {"reason": OFFICERS[0], "until": times.render(wiring.clock.now() + timedelta(days=400))}
    call("POST", path + "/hold", body, officer="wang", headers=HEADERS)
    read_and_approve(path + "/hold/approve", "li")
    because = {"reason": OFFICERS[0]}
    call("DELETE", path + "/hold", because, officer="wang", headers=HEADERS)
    call("POST", path + "/hold/lift/decline", because, officer="li", headers=HEADERS)
    referral = because | {"agency": "city_services", "include": ["text"]}
    call("POST", path + "/referral", referral, officer="wang", headers=HEADERS)
    call("POST", path + "/mute", because, officer="wang", headers=HEADERS)
    call("DELETE", path + "/mute", officer="wang", headers=HEADERS)
    match = {"If-Match": '"1"'}
    call("POST", path + "/referral/decline", because, officer="li", headers=HEADERS | match)


def projected() -> str:
    """Return the projected content of the table's indexes, by the deployed definition.

    It is computed here, because moto returns more than an index projects.
    """
    table = template.load("resources.yaml")["Resources"]["ReportsTable"]["Properties"]
    kept = {"pk", "sk"}
    for index in table["GlobalSecondaryIndexes"]:
        assert index["Projection"]["ProjectionType"] in ("INCLUDE", "KEYS_ONLY")
        kept |= {
            *index["Projection"].get("NonKeyAttributes", ()),
            *(each["AttributeName"] for each in index["KeySchema"]),
        }
    items = boto3.client("dynamodb").scan(TableName=os.environ["REPORTS_TABLE"])["Items"]
    return json.dumps(
        [{name: value for name, value in item.items() if name in kept} for item in items],
        default=str,
    )


def outside(aws: Mapping[str, str]) -> dict[str, str]:
    """Return the content of every place except the report's own rows and its original."""
    dynamodb, s3, sqs = boto3.client("dynamodb"), boto3.client("s3"), boto3.client("sqs")
    rows = dynamodb.scan(TableName=aws["REPORTS_TABLE"])["Items"]
    apart = [
        item
        for item in rows
        if not item["pk"]["S"].startswith("REPORT#")
        or item["sk"]["S"].startswith(("DUPLICATE#", "EVENT#", "COUNTED"))
    ]
    queues = []
    for name in (name for name in aws if name.endswith(("_QUEUE_URL", "_DEAD_LETTERS_URL"))):
        queues += [
            message["Body"]
            for message in sqs.receive_message(QueueUrl=aws[name], MaxNumberOfMessages=10).get(
                "Messages", []
            )
        ]
    listed = s3.list_objects_v2(Bucket=aws["MEDIA_BUCKET"], Prefix="derived/").get("Contents", [])
    pictures = [one["Key"] for one in listed if one["Key"].endswith(".jpg")]
    return {
        "notices": json.dumps(cloud.sent(), ensure_ascii=False),
        "indexes": projected(),
        "counters and events": str(apart),
        "audit": json.dumps(
            dynamodb.scan(TableName=aws["AUDIT_TABLE"])["Items"], ensure_ascii=False, default=str
        ),
        "queues": "\n".join(queues),
        "pictures": "".join(
            s3.get_object(Bucket=aws["MEDIA_BUCKET"], Key=key)["Body"].read().decode("latin-1")
            for key in pictures
        ),
        "keys": "\n".join(
            one["Key"] for one in s3.list_objects_v2(Bucket=aws["MEDIA_BUCKET"]).get("Contents", [])
        ),
    }


def assert_nowhere(places: Mapping[str, str], *canaries: str) -> None:
    assert [
        (place, canary)
        for place, content in places.items()
        for canary in canaries
        if canary in content
    ] == []


def test_what_a_reporter_says_leaves_the_reports_own_rows_nowhere(
    aws: Mapping[str, str], log: pytest.LogCaptureFixture
) -> None:
    created, _ = all_trips()
    places = outside(aws) | {"log": logged(log)}
    shown = opened(created)
    assert shown["gist"] == OFFICERS[3]
    sealed = {path: each for path, each in IN_REPORT.items() if not path.startswith("contact.")}
    assert [path for path, each in sealed.items() if each not in json.dumps(shown)] == []

    assert all(places[name] for name in ("notices", "audit", "pictures", "log"))
    assert_nowhere(places, *SAID, *WHO)
    assert_nowhere(
        {name: content for name, content in places.items() if name != "audit"}, *OFFICERS
    )


REFUSALS = {
    "the database quotes what it got": (
        "dynamodb.*",
        inject.error_response(400, "ValidationException", message=" ".join(SAID)),
    ),
    "the database is broken": (
        "dynamodb.*",
        inject.error_response(500, "InternalServerError", message=" ".join(SAID)),
    ),
}


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("position", range(4))
def test_a_failure_reveals_no_more_than_a_success(
    aws: Mapping[str, str], log: pytest.LogCaptureFixture, refusal: str, position: int
) -> None:
    operation, response = REFUSALS[refusal]
    created = call("POST", "/v1/reports", BODY, key=new_key(), headers=HEADERS).json
    mine: dict[str, Any] = {"receipt": created["receipt"], "headers": HEADERS}
    version = cloud.upload(
        created["id"], created["uploads"][0]["media_id"], b"not a picture " + TEXT.encode()
    )
    steps: list[Callable[[], Any]] = [
        lambda: call("POST", "/v1/reports", BODY, key=new_key(), headers=HEADERS),
        lambda: call("POST", f"/v1/reports/{created['id']}/messages", {"text": MESSAGE}, **mine),
        lambda: call("POST", f"/v1/reports/{created['id']}/positions", PLACE, **mine),
        lambda: call("PUT", f"/v1/reports/{created['id']}/push", PUSH, **mine),
        lambda: call("DELETE", f"/v1/reports/{created['id']}", **mine),
        lambda: cloud.stream([(keys.report(created["id"]), keys.HEAD)]),
        lambda: cloud.record(created["id"], created["uploads"][0]["media_id"]),
        cloud.sweep,
        lambda: work(created),
        cloud.push_round,
    ]
    cloud.process(original_key(created["id"], created["uploads"][0]["media_id"]), version)
    wiring.clock.advance(timedelta(minutes=20))
    refused = []
    for step in steps:
        with inject.fault(wiring.dynamodb(), operation, inject.at(position, response)):
            try:
                reply = step()
            except Exception as error:
                reply = error  # raised by a function, so Lambda logs it
            if not isinstance(reply, Reply) or reply.status >= 400:
                refused.append(str(reply))

    places = outside(aws) | {"log": logged(log)}
    assert_nowhere(places, *SAID, *WHO)
    assert_nowhere({"refusals": "\n".join(refused)}, *SAID, *WHO)


def test_a_fault_of_our_own_is_logged_without_what_it_was_about(
    log: pytest.LogCaptureFixture,
) -> None:
    created = call("POST", "/v1/reports", BODY, key=new_key(), headers=HEADERS).json
    table = wiring.reports().table
    table.update(update_head(created["id"], put={"received_at": TEXT, "version": PHONE}))
    reply = call("GET", "/v1/reports/mine", receipt=created["receipt"], headers=HEADERS)
    answer = by_officer("GET", created, headers=HEADERS)
    cloud.go_on()

    assert (reply.status, answer.status) == (503, 503)
    assert "fault" in logged(log)
    assert_nowhere(
        {"log": logged(log), "answers": reply.text + answer.text, "notices": str(cloud.sent())},
        TEXT,
        NAME,
        PHONE,
        *WHO,
    )
