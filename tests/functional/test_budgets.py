"""What each operation may cost in AWS calls and DynamoDB units, warm: with the secrets and the catalogue loaded, four shards a category."""

from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest

from chalicelib import wiring
from chalicelib.domain.reports import Status
from tests import cloud
from tests.bench.units import Call, Cost, Meter, MockedRows, indexes_of
from tests.client import Reply, call, new_key, report

pytestmark = pytest.mark.usefixtures("clean")

SHARDS = 4
THREE_KB = "人" * 1024
PLACE = {"lat": 39.92123, "lon": 116.44321, "datum": "gcj02", "accuracy_m": 20.5, "address": "朝阳区建国路93号万达广场东门公交站"}
FULL = {
    "text": THREE_KB,
    "occurred_at": "2026-11-24T08:30:00+08:00",
    "location": PLACE,
    "details": {"age": 81, "sex": "male", "dementia": "yes", "medication": "needed_today", "clothing": "蓝色外套，灰色帽子"},
}
CONTACT = {"name": "王小明", "phone": "+86 138 0013 8000", "email": "someone@example.com"}
MEDIA = [{"content_type": "image/jpeg", "size": 2_483_921, "sha256": "a" * 64}, {"content_type": "video/mp4", "size": 48_211_002}]


@pytest.fixture(scope="module")
def meter(aws: Mapping[str, str]) -> Iterator[Meter]:
    wiring.reset()
    wiring.pause_by(lambda seconds: None)
    meter = Meter(MockedRows(boto3.client("dynamodb")), indexes_of(aws))
    meter.watch(wiring._session().events)
    wiring.identity(), wiring.audit(), wiring.cursors(), wiring.catalogue()
    yield meter
    wiring.reset()


def _file(**more: Any) -> dict[str, Any]:
    key = new_key()
    reply = call("POST", "/v1/reports", report(**{**FULL, **more}), key=key)
    assert reply.status == 201, reply.text
    return dict(reply.json)


def _operations(calls: list[Call]) -> list[str]:
    return [each.operation.removeprefix("dynamodb.") for each in calls]


def _assert_within(cost: Cost, *, calls: int, write_units: float, read_units: float) -> None:
    assert cost.calls == calls
    assert cost.write_units <= write_units
    assert cost.read_units <= read_units


def test_a_report_of_three_kilobytes_is_one_write(meter: Meter) -> None:
    with meter.measured() as calls:
        _file()
    assert _operations(calls) == ["PutItem"]
    _assert_within(meter.cost, calls=1, write_units=8, read_units=0)


def test_a_contact_makes_it_one_transaction(meter: Meter) -> None:
    with meter.measured() as calls:
        _file(contact=CONTACT)
    assert _operations(calls) == ["TransactWriteItems"]
    _assert_within(meter.cost, calls=1, write_units=15, read_units=0)


def test_two_media_are_in_the_same_transaction(meter: Meter) -> None:
    with meter.measured() as calls:
        _file(media=MEDIA)
    assert _operations(calls) == ["TransactWriteItems"]
    _assert_within(meter.cost, calls=1, write_units=19, read_units=0)


def test_a_lead_costs_one_more_of_each(meter: Meter, aws: Mapping[str, str]) -> None:
    bulletin = "B-0123456789ABCDEF"
    words = {"pk": f"BULLETIN#{bulletin}", "sk": "HEAD", "published_at": "2026-11-24T00:00:00.000Z", "body": "x" * 2500}
    boto3.client("dynamodb").put_item(TableName=aws["BULLETINS_TABLE"], Item={name: {"S": value} for name, value in words.items()})
    with meter.measured():
        _file(bulletin_id=bulletin)
    _assert_within(meter.cost, calls=2, write_units=9, read_units=1)


def test_a_reporter_reads_in_one_call(meter: Meter) -> None:
    filed = _file(media=MEDIA, contact=CONTACT)
    with meter.measured() as calls:
        reply = call("GET", f"/v1/reports/{filed['id']}", receipt=filed["receipt"])
    assert reply.status == 200
    assert _operations(calls) == ["Query"]
    _assert_within(meter.cost, calls=1, write_units=0, read_units=2)


def test_an_officer_opens_in_three_calls(meter: Meter) -> None:
    filed = _file(media=MEDIA, contact=CONTACT)
    cloud.officer()
    with meter.measured() as calls:
        reply = call("GET", f"/v1/officer/reports/{filed['id']}", officer="wang")
    assert reply.status == 200
    assert sorted(_operations(calls)) == ["GetItem", "PutItem", "Query"]
    _assert_within(meter.cost, calls=3, write_units=1, read_units=3)


def test_an_officer_lists_fifty_in_a_call_a_shard_and_two(meter: Meter) -> None:
    for _ in range(60):
        _file(text="一")
    cloud.officer()
    with meter.measured() as calls:
        reply = call("GET", "/v1/officer/reports?category=missing_elderly&limit=50", officer="wang")
    assert len(reply.json["items"]) == 50
    assert sorted(_operations(calls)) == ["GetItem", "PutItem", *["Query"] * SHARDS]
    _assert_within(meter.cost, calls=SHARDS + 2, write_units=1, read_units=8)


@pytest.mark.parametrize("told", [False, True], ids=["before officers are told", "after officers are told"])
@pytest.mark.parametrize("category", ["child_abduction", "missing_elderly"])
def test_a_change_of_status_is_three_calls_with_its_record_in_the_same_transaction(
    meter: Meter, aws: Mapping[str, str], category: str, told: bool
) -> None:
    filed = _file(category=category, details={})
    if told:
        cloud.stream(cloud.all_keys(aws))
    cloud.officer()
    with meter.measured() as calls:
        reply = _step(filed["id"], status=Status.ACKNOWLEDGED)
    assert reply.status == 200
    assert _operations(calls) == ["GetItem", "GetItem", "TransactWriteItems"]
    _assert_within(meter.cost, calls=3, write_units=16, read_units=3)


def _step(report_id: str, **change: str) -> Reply:
    return call("PATCH", f"/v1/officer/reports/{report_id}", change, officer="wang", headers={"If-Match": '"1"'})
