"""A report is deleted completely, exact to the second, and only two officers can postpone this."""

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest

from chalicelib import wiring
from chalicelib.kernel import times
from chalicelib.store.audit.rows import of_report
from tests import cloud
from tests.client import call, change_report, new_key, report
from tests.faults import inject
from tests.steps import by_officer, by_second_officer

pytestmark = pytest.mark.officers("wang", "li")


def closed(disposition: str = "resolved") -> tuple[dict[str, Any], str]:
    key = new_key()
    created = call(
        "POST",
        "/v1/reports",
        report(media=[{"content_type": "image/jpeg", "size": 10_000}]),
        key=key,
    ).json
    media_id = created["uploads"][0]["media_id"]
    version = cloud.upload(created["id"], media_id, cloud.photo())
    cloud.upload(created["id"], media_id, cloud.photo(colour="red"))
    cloud.process(f"originals/{created['id']}/{media_id}", version)
    cloud.record(created["id"], media_id)
    cloud.stream(cloud.all_keys())
    closed = {"status": "closed", "disposition": disposition, "reason": "Done."}
    change_report(created["id"], 1, **closed)
    if disposition == "unfounded":
        by_second_officer(created, "/closing/confirm")
    cloud.stream(cloud.all_keys())
    return created, key


def left(report_id: object) -> tuple[list[str], int]:
    versions = boto3.client("s3").list_object_versions(Bucket=os.environ["MEDIA_BUCKET"])
    return [sk for pk, sk in cloud.all_keys() if pk == f"REPORT#{report_id}"], len(
        versions.get("Versions", [])
    )


def pass_time(**by: float) -> None:
    cloud.sweep(timedelta(**by))


@pytest.mark.parametrize(
    ("disposition", "days"), [("resolved", 90), ("unfounded", 30), ("not_police", 90)]
)
def test_a_closed_report_goes_when_its_time_has_come_and_not_before(
    aws: Mapping[str, str], disposition: str, days: int
) -> None:
    created, key = closed(disposition)
    key_of = {"pk": {"S": f"REPORT#{created['id']}"}, "sk": {"S": "HEAD"}}
    head = cloud.client("dynamodb").get_item(TableName=aws["REPORTS_TABLE"], Key=key_of)["Item"]
    decided_at, due_at = (times.parse(head[name]["S"]) for name in ("decided_at", "due_at"))
    assert due_at == decided_at + timedelta(days=days)
    # A minute early, because the clock goes on and the machine may be busy.
    pass_time(days=days, seconds=-60)
    assert len(left(created["id"])[0]) > 1

    pass_time(seconds=61)
    assert left(created["id"]) == (["HEAD"], 0)
    assert call("GET", "/v1/reports/mine", receipt=str(created["receipt"])).status == 410
    assert by_officer("GET", created).status == 404
    body = report(media=[{"content_type": "image/jpeg", "size": 10_000}])
    assert call("POST", "/v1/reports", body, key=key).status == 410
    assert created["id"] not in str(call("GET", "/v1/officer/reports", officer="wang").json)


@pytest.mark.parametrize("position", range(6))
@pytest.mark.parametrize("service", ["s3", "dynamodb"])
def test_a_deletion_that_dies_anywhere_is_carried_on_by_the_next_sweep(
    position: int, service: str
) -> None:
    created, _ = closed()
    wiring.clock.advance(timedelta(days=91))
    client = wiring.s3() if service == "s3" else wiring.dynamodb()
    operation = "s3.*" if service == "s3" else "dynamodb.DeleteItem"
    with inject.fault(client, operation, inject.at(position, inject.crash)):
        try:
            cloud.sweep()
        except inject.Crash:
            cloud.sweep()

    assert left(created["id"]) == (["HEAD"], 0)


def hold(created: Mapping[str, object], officer: str, **until: float) -> tuple[int, str]:
    body = {"reason": "Evidence.", "until": times.render(wiring.clock.now() + timedelta(**until))}
    reply = by_officer("POST", created, "/hold", body, officer=officer)
    return reply.status, reply.text


def approve(created: Mapping[str, object], officer: str) -> int:
    return by_second_officer(created, "/hold/approve", officer).status


def test_a_hold_needs_a_second_officer_and_keeps_all_until_its_end() -> None:
    created, _ = closed()
    assert hold(created, "wang", days=200)[0] == 201
    assert approve(created, "wang") == 403
    assert [row["action"] for row in wiring.audit().rows(of_report(created["id"]))].count(
        "denied"
    ) == 1
    assert approve(created, "li") == 200

    pass_time(days=199)
    cloud.sweep()
    assert len(left(created["id"])[0]) > 1
    pass_time(days=2)
    assert left(created["id"]) == (["HEAD"], 0)


def test_whoever_is_to_approve_a_hold_sees_who_asks_for_it_and_why() -> None:
    created, _ = closed()
    path = f"/v1/officer/reports/{created['id']}"
    assert call("GET", path, officer="li").json["hold"] is None
    hold(created, "wang", days=200)

    shown = call("GET", path, officer="li").json["hold"]
    assert (shown["by"], shown["reason"], shown["approved_by"]) == ("wang", "Evidence.", None)
    approve(created, "li")
    assert call("GET", path, officer="wang").json["hold"]["approved_by"] == "li"
    asked = next(
        item
        for item in call("GET", f"{path}/history", officer="li").json["items"]
        if item["action"] == "hold"
    )
    assert "Evidence." in str(asked["detail"])


def test_a_hold_that_nobody_approved_keeps_nothing() -> None:
    created, _ = closed()
    hold(created, "wang", days=200)
    pass_time(days=91)

    assert left(created["id"]) == (["HEAD"], 0)


@pytest.mark.parametrize(
    ("until", "code"), [({"days": -1}, "in_the_past"), ({"days": 4000}, "too_far_ahead")]
)
def test_a_hold_has_a_reason_and_an_end_that_can_be(until: dict[str, float], code: str) -> None:
    created, _ = closed()
    status, text = hold(created, "wang", **until)
    assert status == 422
    assert code in text
    reply = by_officer("POST", created, "/hold", {"until": times.render(wiring.clock.now())})
    assert reply.status == 422
