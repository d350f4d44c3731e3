"""A report is passed on by two officers: exactly what both have read, and nothing else of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.domain.reports.measures import MOST_PASSED_ON, Part
from chalicelib.store.audit.rows import of_report
from tests import cloud
from tests.client import Reply, call, change_report, new_key, report

pytestmark = pytest.mark.usefixtures("aws", "clean")

TEXT, WHY = "A horse on the ring road.", "Not ours: it is in Hebei."
PHONE, ADDRESS, PLACE = "+86 138 0013 8000", "Km 12, exit 3", {"lat": 38.04, "lon": 114.51}
ALL_PARTS = [part.value for part in Part]
PHOTO = {"content_type": "image/jpeg", "size": 100_000}


@pytest.fixture(autouse=True)
def _officers(clean: None) -> None:
    for username in ("wang", "li", "zhao"):
        cloud.officer(username)


def file(**more: Any) -> dict[str, Any]:
    """File a report with all that an agency could get, and what it must not get."""
    body = report(
        "traffic_violation",
        text=TEXT,
        location=PLACE | {"address": ADDRESS},
        occurred_at="2026-11-24T08:30:00Z",
        details={"what": "other", "plate": "京A12345"},
        contact={"phone": PHONE},
    )
    created: dict[str, Any] = call("POST", "/v1/reports", body | more, key=new_key()).json
    return created


def with_photos(aws: Mapping[str, str], *, ready: int = 2) -> dict[str, Any]:
    created = file(media=[PHOTO, PHOTO])
    for upload in created["uploads"][:ready]:
        key = f"originals/{created['id']}/{upload['media_id']}"
        version = cloud.upload(aws, created["id"], upload["media_id"], cloud.photo())
        cloud.process(aws, key, version)
        cloud.record(aws, created["id"], upload["media_id"])
    return created


def path(created: Mapping[str, Any], below: str = "") -> str:
    return f"/v1/officer/reports/{created['id']}/referral{below}"


def propose(created: Mapping[str, Any], by: str = "wang", **more: Any) -> Reply:
    body = {"agency": "city_services", "reason": WHY, "include": ["text", "place"]} | more
    return call("POST", path(created), body, officer=by)


def approve(created: Mapping[str, Any], by: str = "li", number: int = 1) -> Reply:
    return call("POST", path(created, "/approve"), officer=by, headers=tag(number))


def read(created: Mapping[str, Any], query: str = "", by: str = "zhao") -> Reply:
    return call("GET", path(created) + query, officer=by)


def tag(number: int) -> dict[str, str]:
    return {"If-Match": f'"{number}"'}


def referred(**more: Any) -> dict[str, Any]:
    created = file()
    assert propose(created, **more).status == 201
    assert approve(created).status == 200
    return created


def mine(created: Mapping[str, Any], language: str = "en") -> Any:
    header = {"Accept-Language": language}
    return call("GET", "/v1/reports/mine", receipt=created["receipt"], headers=header).json


def opened(created: Mapping[str, Any]) -> Any:
    return call("GET", f"/v1/officer/reports/{created['id']}", officer="zhao").json


def steps(created: Mapping[str, Any]) -> list[tuple[str, str, Any]]:
    history = call("GET", f"/v1/officer/reports/{created['id']}/history", officer="zhao").json
    return [(each["by"], each["action"], each["detail"]) for each in history["items"][:-1]]


def test_one_officer_proposes_and_another_passes_on() -> None:
    created = file()
    proposed = propose(created)
    assert proposed.status == 201
    assert (proposed.json["by"], proposed.json["reason"]) == ("wang", WHY)
    assert proposed.json["approved_by"] is None
    assert mine(created)["passed_on"] == []

    approved = approve(created)
    assert approved.status == 200
    assert approved.json["referral"]["approved_by"] == "li"
    assert approved.json["document"]["text"] == TEXT
    assert opened(created)["referrals"] == [approved.json["referral"]]


def test_the_agency_gets_what_is_included_and_never_the_contact(aws: Mapping[str, str]) -> None:
    created = with_photos(aws)
    call("POST", f"/v1/officer/reports/{created['id']}/notes", {"text": "secret"}, officer="li")
    propose(created, include=ALL_PARTS)
    document = approve(created).json["document"]

    assert document["text"] == TEXT
    assert document["place"]["address"] == ADDRESS
    assert document["occurred_at"] == "2026-11-24T08:30:00.000Z"
    assert [(each["label"], each["value"]) for each in document["details"]] == [
        ("What happened?", "other"),
        ("Number plate", "京A12345"),
    ]
    assert document["details"][0]["value_label"] == "Something else"
    assert len(document["pictures"]) == 2
    assert all("/preview.jpg" in each["url"] for each in document["pictures"])
    for kept in (PHONE, WHY, "secret", created["receipt"], "originals/"):
        assert kept not in str(document)


@pytest.mark.parametrize("part", ["text", "place", "occurred_at", "details"])
def test_a_part_that_is_not_included_is_not_there(part: str) -> None:
    created = file()
    others = [each for each in ALL_PARTS if each not in (part, "media")]
    propose(created, include=others)
    document = approve(created).json["document"]
    shown = [each for each in ALL_PARTS if document.get(each) is not None]
    assert shown == others
    assert document["pictures"] is None


def test_only_chosen_pictures_are_passed_on(aws: Mapping[str, str]) -> None:
    created = with_photos(aws)
    first, second = (each["media_id"] for each in created["uploads"])
    propose(created, media_ids=[second])
    [picture] = approve(created).json["document"]["pictures"]
    assert second in picture["url"]
    assert first not in picture["url"]


def test_a_medium_without_a_cleaned_picture_cannot_be_chosen(aws: Mapping[str, str]) -> None:
    created = with_photos(aws, ready=1)
    ready, pending = (each["media_id"] for each in created["uploads"])
    for unknown in (pending, "0" * 16):
        reply = propose(created, media_ids=[ready, unknown])
        assert reply.status == 422
        assert reply.json["errors"][0]["field"] == "media_ids"
    assert propose(created, include=["media"]).json["media_ids"] == [ready]


def test_a_picture_that_came_after_the_proposal_is_not_in_it(aws: Mapping[str, str]) -> None:
    created = with_photos(aws, ready=1)
    propose(created, include=["media"])
    late = created["uploads"][1]["media_id"]
    version = cloud.upload(aws, created["id"], late, cloud.photo())
    cloud.process(aws, f"originals/{created['id']}/{late}", version)
    cloud.record(aws, created["id"], late)
    assert len(approve(created).json["document"]["pictures"]) == 1


def test_whoever_proposes_does_not_approve_and_the_attempt_is_on_record() -> None:
    created = file()
    propose(created)
    reply = approve(created, "wang")
    assert (reply.status, reply.json["code"]) == (403, "self_approval")
    assert mine(created)["passed_on"] == []
    rows = wiring.audit().rows(of_report(created["id"]))
    assert [row["by"] for row in rows if row["action"] == "denied"] == ["wang"]


def test_only_the_proposal_that_was_read_is_approved() -> None:
    created = file()
    propose(created)
    assert call("DELETE", path(created), officer="wang").status == 204
    propose(created, agency="municipal_police")
    assert approve(created, number=1).status == 412
    assert read(created).headers["etag"] == '"2"'
    assert approve(created, number=2).json["referral"]["agency"] == "municipal_police"


def test_a_proposal_is_taken_back_by_whoever_made_it_and_then_not_approved() -> None:
    created = file()
    propose(created)
    refused = call("DELETE", path(created), officer="li")
    assert (refused.status, refused.json["code"]) == (403, "not_your_step")
    assert [call("DELETE", path(created), officer="wang").status for _ in range(2)] == [204, 204]
    reply = approve(created)
    assert (reply.status, reply.json["code"]) == (409, "no_referral")
    assert opened(created)["referrals"] == []
    assert "referred" not in opened(created)["flags"]


def test_what_was_passed_on_cannot_be_taken_back() -> None:
    created = referred()
    refused = call("DELETE", path(created), officer="wang")
    assert (refused.status, refused.json["code"]) == (409, "passed_on")
    assert len(mine(created)["passed_on"]) == 1

    propose(created)
    for _ in range(2):
        assert call("DELETE", path(created), officer="wang").status == 204
    assert len(mine(created)["passed_on"]) == 1


def test_to_propose_again_changes_nothing_and_another_has_to_wait() -> None:
    created = file()
    first = propose(created)
    assert (propose(created).status, propose(created).json) == (201, first.json)
    for other in ({"by": "li"}, {"agency": "social_welfare"}, {"include": ["text"]}):
        reply = propose(created, **other)
        assert (reply.status, reply.json["code"]) == (409, "referral_pending")


def test_to_approve_again_changes_nothing() -> None:
    created = referred()
    again = approve(created, "zhao")
    assert again.json["referral"]["approved_by"] == "li"
    assert len(mine(created)["passed_on"]) == 1


def test_a_report_is_passed_on_to_several_agencies_and_each_document_stays_readable() -> None:
    created = referred()
    propose(created, agency="social_welfare", include=["place"])
    approve(created, number=2)
    assert [each["agency"] for each in mine(created)["passed_on"]] == [
        "city_services",
        "social_welfare",
    ]
    assert read(created, "?number=1").json["document"]["text"] == TEXT
    assert read(created).json["document"]["text"] is None
    assert read(created, "?number=3").status == 409


def test_a_report_is_not_passed_on_without_end() -> None:
    created = file()
    for number in range(1, MOST_PASSED_ON + 1):
        propose(created)
        assert approve(created, number=number).status == 200
    reply = propose(created)
    assert (reply.status, reply.json["code"]) == (409, "too_many_referrals")


def test_each_read_is_an_opening_on_record() -> None:
    created = file()
    for act in (propose, read, approve):
        act(created)
        wiring.clock.advance(timedelta(seconds=1))
    detail = {"number": 1, "agency": "city_services", "include": ["text", "place"]}
    step = detail | {"media_ids": []}
    part = {"part": "referral", "agency": "city_services"}
    first, second, *at_once = steps(created)
    assert [first, second, *sorted(at_once, key=str)] == [
        ("wang", "change", step | {"referral": "proposed", "reason": WHY}),
        ("zhao", "open", part),
        ("li", "change", step | {"referral": "approved", "asked_by": "wang"}),
        ("li", "open", part),
    ]


@pytest.mark.parametrize(
    ("language", "name"), [("en", "City services (12345)"), ("zh", "市民服务热线（12345）")]
)
def test_the_reporter_reads_to_whom_and_when(language: str, name: str) -> None:
    created = referred()
    [shown] = mine(created, language)["passed_on"]
    assert (shown["agency"], shown["agency_label"]) == ("city_services", name)
    assert name in shown["text"]
    assert shown["at"] == opened(created)["referrals"][0]["approved_at"]
    assert WHY not in str(mine(created))


def test_the_reporters_etag_changes_when_it_was_passed_on() -> None:
    created = file()
    propose(created)
    before = call("GET", "/v1/reports/mine", receipt=created["receipt"]).headers["etag"]
    approve(created)
    header = {"If-None-Match": before}
    reply = call("GET", "/v1/reports/mine", receipt=created["receipt"], headers=header)
    assert reply.status == 200


def test_the_status_and_the_version_stay() -> None:
    created = referred()
    shown = opened(created)
    assert (shown["status"], shown["version"]) == ("new", 1)
    change_report(created["id"], 1, status="closed", disposition="not_police", reason="Passed on.")
    assert mine(created)["outcome"]["reason"] == "Passed on."
    assert len(opened(created)["referrals"]) == 1


def test_lists_show_what_waits_and_what_was_passed_on() -> None:
    created = file()
    propose(created)
    assert listed(created)["flags"] == ["outside_district", "referred"]
    approve(created)
    assert listed(created)["flags"] == ["outside_district", "passed_on"]


def listed(created: Mapping[str, Any]) -> Any:
    items = call("GET", "/v1/officer/reports", officer="zhao").json["items"]
    return next(each for each in items if each["id"] == created["id"])


def test_a_repeated_call_of_the_phone_still_gets_its_report() -> None:
    key, body = new_key(), report("other")
    created = call("POST", "/v1/reports", body, key=key).json
    propose(created)
    again = call("POST", "/v1/reports", body, key=key)
    assert (again.status, again.json["flags"]) == (200, [])


def test_what_was_withdrawn_is_passed_on_no_more() -> None:
    waiting, gone, unknown = file(), referred(), file()
    propose(waiting)
    for created in (waiting, gone, unknown):
        call("DELETE", f"/v1/reports/{created['id']}", receipt=created["receipt"])
    replies = [propose(unknown), approve(waiting), read(waiting), read(gone)]
    assert [(each.status, each.json["code"]) for each in replies] == [(409, "withdrawn")] * 4
    assert len(mine(gone)["passed_on"]) == 1
    assert mine(waiting)["passed_on"] == []


def test_officers_are_notified_once_that_it_awaits_its_second_person(
    aws: Mapping[str, str],
) -> None:
    created = file()
    propose(created)
    propose(created)
    cloud.forget_sent(aws)
    cloud.stream(cloud.all_keys(aws))
    steps = [each["step"] for each in cloud.sent(aws) if each["kind"] == "approval"]
    assert steps == ["referral"]
    assert TEXT not in str(cloud.sent(aws))


def test_it_awaits_everybody_but_its_author() -> None:
    created = file()
    change_report(created["id"], 1, status="acknowledged")
    propose(created)
    for name, waits in (("wang", 0), ("li", 1), ("zhao", 1)):
        listed = call("GET", "/v1/officer/reports?needs_action=true", officer=name).json["items"]
        assert len(listed) == waits
        assert [each["awaits"] for each in listed] == [["referral"]] * waits
    approve(created)
    assert not call("GET", "/v1/officer/reports?needs_action=true", officer="zhao").json["items"]


def test_the_reason_is_sealed(aws: Mapping[str, str]) -> None:
    created = file()
    propose(created)
    row = wiring.reports().table.get(keys.report(created["id"]), keys.HEAD)
    assert row is not None
    assert WHY not in str(row)


@pytest.mark.parametrize(
    "body",
    [
        {"agency": "nobody"},
        {"include": []},
        {"include": ["contact"]},
        {"include": ["text"] * 6},
        {"reason": " "},
        {"media_ids": [""]},
    ],
)
def test_a_wrong_proposal_is_refused(body: Any) -> None:
    created = file()
    assert propose(created, **body).status == 422
    assert opened(created)["referrals"] == []


def test_agencies_are_listed_in_the_language_of_the_request() -> None:
    for language, how in (("en", "exchange"), ("zh", "系统")):
        header = {"Accept-Language": language}
        items = call("GET", "/v1/officer/agencies", officer="wang", headers=header).json["items"]
        assert [each["code"] for each in items if each["outside"]] == ["municipal_police"]
        assert how in items[0]["how"]
