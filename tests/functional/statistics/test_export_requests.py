"""Nobody takes more than fifty reports out in a day alone, and what awaits approval is listed."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.aws.writes import Update
from chalicelib.domain.officers.model import Role
from chalicelib.domain.statistics import exports
from chalicelib.store.audit.rows import of_report
from tests import cloud
from tests.client import Reply, call, new_key, report
from tests.faults import inject

pytestmark = pytest.mark.usefixtures("aws", "clean")

PATH = "/v1/officer/exports"
WHY = {"reason": "For the court."}


@pytest.fixture(autouse=True)
def _officers(clean: None) -> None:
    cloud.officer("wang")
    cloud.officer("chief", roles=(Role.SUPERVISOR,))
    cloud.officer("narrow", categories=("other",))


def file(category: str = "other") -> dict[str, Any]:
    created = call("POST", "/v1/reports", report(category), key=new_key())
    assert created.status == 201, created.text
    return dict(created.json)


def export(body: Mapping[str, Any], officer: str = "wang") -> Reply:
    return call("POST", PATH, {**WHY, **body}, officer=officer)


def export_all(officer: str = "wang") -> Reply:
    return export({"filters": {"category": "other"}}, officer)


def exported_alone(count: int, officer: str = "wang") -> None:
    """Note that an officer has exported so many reports just now."""
    made = [f"2099-01-01T00:00:00.000Z#{count}"]
    row = Update(keys.exporter(officer), "ALONE", put={"made": made}, upsert=True)
    wiring.reports().table.update(row)


def approve(export_id: str, officer: str = "chief") -> Reply:
    return call("POST", f"{PATH}/{export_id}/approve", officer=officer)


def part(export_id: str, number: int = 1) -> Reply:
    return call("POST", f"{PATH}/{export_id}/parts/{number}", WHY, officer="wang")


def listed(officer: str, query: str = "") -> list[str]:
    reply = call("GET", PATH + query, officer=officer)
    assert (reply.status, reply.json["complete"]) == (200, True), reply.text
    return [each["id"] for each in reply.json["items"]]


def openings(created: Mapping[str, Any]) -> int:
    rows = wiring.audit().history(of_report(created["id"]))
    return sum(each.action == "open" for each in rows)


def test_two_halves_of_a_large_export_take_a_second_officer() -> None:
    made = [file() for _ in range(26)]
    assert export_all().json["count"] == 26
    second = export_all()
    assert (second.status, second.json["state"], second.json["count"]) == (
        202,
        "awaits_approval",
        26,
    )
    assert openings(made[0]) == 1
    assert approve(second.json["id"]).status == 200
    assert part(second.json["id"]).json["count"] == 26


def test_a_colleague_has_a_count_of_their_own() -> None:
    file()
    exported_alone(exports.REPORTS_MAX)
    assert export_all().status == 202
    assert export_all("chief").status == 201


def test_a_day_later_the_count_begins_anew() -> None:
    file()
    for _ in range(2):
        for _ in range(exports.REPORTS_MAX // 2):
            assert export_all().status == 201
        wiring.clock.advance(timedelta(hours=12))
    assert export_all().status == 201
    for _ in range(exports.REPORTS_MAX // 2 - 1):
        assert export_all().status == 201
    assert export_all().status == 202


def test_what_two_officers_have_agreed_on_counts_for_nobody() -> None:
    file()
    exported_alone(exports.REPORTS_MAX)
    export_id = export_all().json["id"]
    approve(export_id)
    wiring.reports().table.update(Update(keys.exporter("wang"), "ALONE", put={"made": None}))
    assert part(export_id).status == 201
    for _ in range(exports.REPORTS_MAX):
        assert export_all().status == 201


def test_of_two_exports_at_the_same_moment_both_count() -> None:
    file()
    exported_alone(exports.REPORTS_MAX - 1)

    def in_between(request: Any) -> None:
        assert export_all().status == 201

    client = wiring.dynamodb()
    with inject.fault(client, "dynamodb.UpdateItem", inject.times(1, in_between)):
        assert export_all().status == 202


def test_an_export_that_fails_has_counted() -> None:
    file()
    exported_alone(exports.REPORTS_MAX - 1)
    refused = inject.error_response(500, "InternalServerError")
    records = iter(range(100))

    def fail_openings(request: Any) -> Any:
        # The first record is that of the list.
        return refused(request) if next(records) else None

    with inject.fault(wiring.dynamodb(), "dynamodb.PutItem", fail_openings):
        assert export_all().status == 503
    assert export_all().status == 202


def test_one_report_more_takes_two_with_its_originals_too(aws: Mapping[str, str]) -> None:
    photo = {"content_type": "image/jpeg", "size": 100_000}
    body = report("other", media=[photo])
    created = call("POST", "/v1/reports", body, key=new_key()).json
    media_id = created["uploads"][0]["media_id"]
    version = cloud.upload(aws, created["id"], media_id, cloud.photo())
    cloud.process(aws, f"originals/{created['id']}/{media_id}", version)
    cloud.record(aws, created["id"], media_id)

    exported_alone(exports.REPORTS_MAX)
    asked = export({"report_id": created["id"], "originals": True})
    assert (asked.status, asked.json["count"], asked.json["parts"]) == (202, 1, 1)
    assert openings(created) == 0
    approve(asked.json["id"])
    made = part(asked.json["id"])
    assert (made.status, made.json["count"], made.json["originals"]) == (201, 1, 1)

    call("DELETE", f"/v1/reports/{created['id']}", receipt=created["receipt"])
    again = part(asked.json["id"])
    assert (again.status, again.json["code"]) == (409, "withdrawn")


def test_an_empty_export_counts_nothing() -> None:
    exported_alone(exports.REPORTS_MAX)
    assert export_all().json["count"] == 0


def test_what_awaits_approval_is_listed_to_who_may_see_all_of_it() -> None:
    file()
    exported_alone(exports.REPORTS_MAX)
    first = export_all().json["id"]
    wiring.clock.advance(timedelta(seconds=1))
    file("lost_and_found")
    both = export({"filters": {}}).json["id"]

    assert listed("chief") == listed("wang") == [both, first]
    assert listed("narrow") == [first]
    assert listed("chief", "?state=awaits_approval") == [both, first]
    approve(first)
    assert listed("chief", "?state=awaits_approval") == [both]
    items = call("GET", PATH, officer="wang").json["items"]
    assert [(each["by"], each["count"], each["approved_by"]) for each in items] == [
        ("wang", 2, None),
        ("wang", 1, "chief"),
    ]

    wiring.clock.advance(exports.WAITS)
    assert listed("chief") == []


def test_a_list_of_exports_is_on_record(aws: Mapping[str, str]) -> None:
    listed("chief")
    rows = cloud.client("dynamodb").scan(TableName=aws["AUDIT_TABLE"])["Items"]
    assert [row["action"]["S"] for row in rows if "chief" in row["pk"]["S"]] == ["list"]


def test_of_very_many_the_latest_are_listed_and_it_says_so() -> None:
    file()
    exported_alone(exports.REPORTS_MAX)
    for _ in range(101):
        wiring.clock.advance(timedelta(seconds=1))
        latest = export_all().json["id"]
    reply = call("GET", PATH, officer="chief").json
    assert (len(reply["items"]), reply["items"][0]["id"], reply["complete"]) == (
        100,
        latest,
        False,
    )
