"""Each function handles the events that AWS really sends (`tests/events`)."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from app import app
from chalicelib import wiring
from chalicelib.aws.events import read_stored_object
from chalicelib.handlers import watch
from chalicelib.handlers.media import functions
from chalicelib.handlers.service import scheduled
from chalicelib.http.auth import authorize_officer
from chalicelib.kernel.files import parse_original_key
from infra import template
from tests import cloud, events
from tests.client import call

pytestmark = pytest.mark.usefixtures("aws", "clean")

NONE_FAILED: dict[str, Any] = {"batchItemFailures": []}
# With the transformer of its rule, and had the rule none.
OBJECT_CREATED = {
    "transformed": events.load("sqs_object_created"),
    "whole": events.queue_batch(json.dumps(events.load("object_created"))),
}
TABLES = {"stream_reports": "ReportsTable", "stream_audit": "AuditTable"}


def test_every_event_has_its_source_in_the_readme_and_none_is_missing() -> None:
    readme = (events.FOLDER / "README.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1] for line in readme.splitlines() if line.startswith("| `")}
    assert rows == {file.name for file in events.FOLDER.glob("*.json")}


def test_a_request_of_the_gateway_creates_a_report() -> None:
    event = events.load("api_request")
    reply = app(event, None)
    assert reply["statusCode"] == 201
    mine = call("GET", "/v1/reports/mine", receipt=json.loads(reply["body"])["receipt"]).json
    assert mine["text"] == json.loads(base64.b64decode(event["body"]))["text"]
    assert reply["headers"]["X-Request-Id"] == event["requestContext"]["requestId"]


def test_without_a_public_address_links_lead_to_where_the_gateway_was_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PUBLIC_URL", "")
    wiring.reset()
    feed = call("GET", "/v1/bulletins/feed.json").json
    wiring.reset()
    asked = events.load("api_request")["requestContext"]
    at = f"https://{asked['domainName']}/{asked['stage']}"
    assert feed["feed_url"] == f"{at}/v1/bulletins/feed.json"


def test_a_request_behind_the_authorizer_is_its_officers() -> None:
    event = events.officer_request()
    assert app(event, None)["statusCode"] == 403
    cloud.officer(event["requestContext"]["authorizer"]["principalId"])
    assert app(event, None)["statusCode"] == 200


def test_a_token_that_is_none_is_refused() -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorize_officer(events.authorizer_token("Bearer none"), None)


def test_an_object_is_read_the_same_with_and_without_the_transformer() -> None:
    transformed, whole = (
        read_stored_object(each["Records"][0]["body"]) for each in OBJECT_CREATED.values()
    )
    assert whole == transformed
    assert transformed
    assert parse_original_key(transformed.key)
    assert transformed.version_id
    assert transformed.sequencer


@pytest.mark.parametrize("form", OBJECT_CREATED)
@pytest.mark.parametrize("take", [functions.make_thumbnails, functions.record_media])
def test_a_batch_of_the_queue_about_another_bucket_is_passed_over(take: Any, form: str) -> None:
    assert take(OBJECT_CREATED[form], None) == NONE_FAILED


@pytest.mark.parametrize("rule", ["UploadsRule", "ManifestsRule"])
def test_the_transformed_body_is_what_the_rule_makes_of_the_event(rule: str) -> None:
    [target] = template.load("resources.yaml")["Resources"][rule]["Properties"]["Targets"]
    event = events.load("object_created")
    text: str = target["InputTransformer"]["InputTemplate"]
    for name, path in target["InputTransformer"]["InputPathsMap"].items():
        value = event
        for step in path.removeprefix("$.").split("."):
            value = value[step]
        text = text.replace(f"<{name}>", json.dumps(value))
    body = events.load("sqs_object_created")["Records"][0]["body"]
    assert json.loads(text) == json.loads(body)
    assert event["detail"]["source-ip-address"] not in body


@pytest.mark.parametrize("name", TABLES)
def test_a_stream_carries_what_its_table_says_it_does(name: str) -> None:
    table = template.load("resources.yaml")["Resources"][TABLES[name]]["Properties"]
    view = table["StreamSpecification"]["StreamViewType"]
    keys = {key["AttributeName"] for key in table["KeySchema"]}
    records = events.load(name)["Records"]
    assert {record["eventName"] for record in records} == {"INSERT", "MODIFY", "REMOVE"}
    for record in records:
        change = record["dynamodb"]
        assert change["StreamViewType"] == view
        assert set(change["Keys"]) == keys
        leaves_an_image = view == "NEW_IMAGE" and record["eventName"] != "REMOVE"
        assert ("NewImage" in change) is leaves_an_image
        assert "OldImage" not in change


@pytest.mark.parametrize("function", [scheduled.publish_critical, scheduled.publish_notices])
def test_a_batch_of_the_reports_stream_is_taken(function: Any) -> None:
    assert function(events.load("stream_reports"), None) == NONE_FAILED


def test_a_batch_of_the_audit_stream_is_sealed_without_its_removals(aws: Mapping[str, str]) -> None:
    batch = events.load("stream_audit")
    assert watch.seal_audit(batch, None) == NONE_FAILED
    s3 = cloud.client("s3")
    [found] = s3.list_objects_v2(Bucket=aws["AUDIT_BUCKET"], Prefix="batches/")["Contents"]
    sealed = json.loads(s3.get_object(Bucket=aws["AUDIT_BUCKET"], Key=found["Key"])["Body"].read())
    assert sealed == [
        [image[name]["S"] for name in ("pk", "sk", "mac")]
        for image in (record["dynamodb"].get("NewImage") for record in batch["Records"])
        if image
    ]


@pytest.mark.parametrize(
    ("function", "done"),
    [
        (scheduled.sweep_critical, {"due": 0, "failed": 0, "oldest_task_s": 0}),
        (scheduled.sweep_normal, {"due": 0, "failed": 0, "oldest_task_s": 0}),
        (scheduled.sweep_upkeep, {"due": 0, "failed": 0, "oldest_task_s": 0}),
        # The first run closes the hour of the ledger before it.
        (watch.digest_audit, {"digests": 0, "hours": 1}),
    ],
)
def test_a_schedule_starts_its_function(function: Any, done: dict[str, int]) -> None:
    assert function(events.load("schedule"), None) == done
