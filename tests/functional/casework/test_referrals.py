"""A report is passed on by two officers: exactly what both have read, or it is declined."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.notices.notice import officer_address
from chalicelib.domain.reports.measures import MOST_PASSED_ON, Part
from tests import cloud
from tests.client import Reply, call, change_report, new_key, read_and_approve, report, tag_for
from tests.steps import by_officer, by_reporter, file, mine, opened

WANG, LI, ZHAO = "wang", "li", "zhao"
pytestmark = pytest.mark.officers(WANG, LI, ZHAO)

TEXT, WHY = "A horse on the ring road.", "Not ours: it is in Hebei."
TOO_MUCH = "The text says who wrote it."
PHONE, ADDRESS, PLACE = "+86 138 0013 8000", "Km 12, exit 3", {"lat": 38.04, "lon": 114.51}
ALL_PARTS = [part.value for part in Part]
PHOTO = {"content_type": "image/jpeg", "size": 100_000}


def file_all_parts(**more: Any) -> dict[str, Any]:
    """File a report with all that an agency could get, and what it must not get."""
    parts = {
        "text": TEXT,
        "location": PLACE | {"address": ADDRESS},
        "occurred_at": "2026-11-24T08:30:00Z",
        "details": {"what": "other", "plate": "京A12345"},
        "contact": {"phone": PHONE},
    }
    return file("traffic_violation", **parts | more)


def with_photos(*, ready: int = 2) -> dict[str, Any]:
    created = file_all_parts(media=[PHOTO, PHOTO])
    for upload in created["uploads"][:ready]:
        cloud.add_medium(created["id"], upload["media_id"])
    return created


def path(created: Mapping[str, Any], below: str = "") -> str:
    return f"/v1/officer/reports/{created['id']}/referral{below}"


def propose(created: Mapping[str, Any], by: str = "wang", **more: Any) -> Reply:
    body = {"agency": "city_services", "reason": WHY, "include": ["text", "place"]} | more
    return call("POST", path(created), body, officer=by)


def approve(created: Mapping[str, Any], by: str = "li", tag: str | None = None) -> Reply:
    """Approve what the officer reads now, or by the tag of an earlier reading."""
    return read_and_approve(path(created, "/approve"), by, tag)


def read(created: Mapping[str, Any], query: str = "", by: str = "zhao") -> Reply:
    return call("GET", path(created) + query, officer=by)


def referred(**more: Any) -> dict[str, Any]:
    created = file_all_parts()
    assert propose(created, **more).status == 201
    assert approve(created).status == 200
    return created


def recorded(created: Mapping[str, Any]) -> list[tuple[str, str, Any]]:
    history = by_officer("GET", created, "/history", officer="zhao").json
    return [(each["by"], each["action"], each["detail"]) for each in history["items"][:-1]]


def test_one_officer_proposes_and_another_passes_on() -> None:
    created = file_all_parts()
    proposed = propose(created).expect(201)
    assert (proposed["by"], proposed["reason"]) == ("wang", WHY)
    assert proposed["approved_by"] is None
    assert mine(created)["passed_on"] == []

    approved = approve(created).expect(200)
    assert approved["referral"]["approved_by"] == "li"
    assert approved["document"]["text"] == TEXT
    assert opened(created, "zhao")["referrals"] == [approved["referral"]]


def test_the_agency_gets_what_is_included_and_never_the_contact() -> None:
    created = with_photos()
    by_officer("POST", created, "/notes", {"text": "secret"}, officer="li")
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
    created = file_all_parts()
    others = [each for each in ALL_PARTS if each not in (part, "media")]
    propose(created, include=others)
    document = approve(created).json["document"]
    shown = [each for each in ALL_PARTS if document.get(each) is not None]
    assert shown == others
    assert document["pictures"] is None


def test_only_chosen_pictures_are_passed_on() -> None:
    created = with_photos()
    first, second = (each["media_id"] for each in created["uploads"])
    propose(created, media_ids=[second])
    [picture] = approve(created).json["document"]["pictures"]
    assert second in picture["url"]
    assert first not in picture["url"]


def test_a_medium_without_a_cleaned_picture_cannot_be_chosen() -> None:
    created = with_photos(ready=1)
    ready, pending = (each["media_id"] for each in created["uploads"])
    for unknown in (pending, "0" * 16):
        assert propose(created, media_ids=[ready, unknown]).wrong_fields[0] == "media_ids"
    assert propose(created, include=["media"]).json["media_ids"] == [ready]


def test_a_picture_that_came_after_the_proposal_is_not_in_it() -> None:
    created = with_photos(ready=1)
    propose(created, include=["media"])
    late = created["uploads"][1]["media_id"]
    cloud.add_medium(created["id"], late)
    assert len(approve(created).json["document"]["pictures"]) == 1


def test_a_report_that_was_moved_after_the_reading_is_read_again() -> None:
    created = file_all_parts()
    propose(created)
    earlier = tag_for(path(created, "/approve"), "li")
    change_report(created["id"], 1, category="other")
    assert approve(created, tag=earlier).status == 412
    assert approve(created).status == 200


def test_a_proposal_is_taken_back_by_whoever_made_it_and_then_not_approved() -> None:
    created = file_all_parts()
    propose(created)
    assert call("DELETE", path(created), officer="li").refusal == (403, "not_your_step")
    assert [call("DELETE", path(created), officer="wang").status for _ in range(2)] == [204, 204]
    assert approve(created).refusal == (409, "no_referral")
    assert opened(created, "zhao")["referrals"] == []
    assert "referred" not in opened(created, "zhao")["flags"]


def test_what_was_passed_on_cannot_be_taken_back() -> None:
    created = referred()
    assert call("DELETE", path(created), officer="wang").refusal == (409, "passed_on")
    assert len(mine(created)["passed_on"]) == 1

    propose(created)
    for _ in range(2):
        assert call("DELETE", path(created), officer="wang").status == 204
    assert len(mine(created)["passed_on"]) == 1


def test_to_propose_again_changes_nothing_and_another_has_to_wait() -> None:
    created = file_all_parts()
    first = propose(created)
    assert (propose(created).status, propose(created).json) == (201, first.json)
    for other in ({"by": "li"}, {"agency": "social_welfare"}, {"include": ["text"]}):
        assert propose(created, **other).refusal == (409, "referral_pending")


def test_to_approve_again_changes_nothing() -> None:
    created = referred()
    again = approve(created, "zhao")
    assert again.json["referral"]["approved_by"] == "li"
    assert len(mine(created)["passed_on"]) == 1


def test_a_report_is_passed_on_to_several_agencies_and_each_document_stays_readable() -> None:
    created = referred()
    propose(created, agency="social_welfare", include=["place"])
    approve(created)
    assert [each["agency"] for each in mine(created)["passed_on"]] == [
        "city_services",
        "social_welfare",
    ]
    assert read(created, "?number=1").json["document"]["text"] == TEXT
    assert read(created).json["document"]["text"] is None
    assert read(created, "?number=3").status == 409


def test_a_report_is_not_passed_on_without_end() -> None:
    created = file_all_parts()
    for _ in range(MOST_PASSED_ON):
        propose(created)
        assert approve(created).status == 200
    assert propose(created).refusal == (409, "too_many_referrals")


def test_each_read_is_an_opening_on_record() -> None:
    created = file_all_parts()
    for act in (propose, read, approve):
        act(created)
        wiring.clock.advance(timedelta(seconds=1))
    detail = {"number": 1, "agency": "city_services", "include": ["text", "place"]}
    step = detail | {"media_ids": []}
    part = {"part": "referral", "agency": "city_services"}
    first, second, *at_once = recorded(created)
    assert [first, second, *sorted(at_once, key=str)] == [
        ("wang", "change", step | {"referral": "proposed", "reason": WHY}),
        ("zhao", "open", part),
        ("li", "change", step | {"referral": "approved", "asked_by": "wang"}),
        *[("li", "open", part)] * 2,
    ]


@pytest.mark.parametrize(
    ("language", "name"), [("en", "City services (12345)"), ("zh", "市民服务热线（12345）")]
)
def test_the_reporter_reads_to_whom_and_when(language: str, name: str) -> None:
    created = referred()
    [shown] = mine(created, language)["passed_on"]
    assert (shown["agency"], shown["agency_label"]) == ("city_services", name)
    assert name in shown["text"]
    assert shown["at"] == opened(created, "zhao")["referrals"][0]["approved_at"]
    assert WHY not in str(mine(created))


def test_the_reporters_etag_changes_when_it_was_passed_on() -> None:
    created = file_all_parts()
    propose(created)
    before = call("GET", "/v1/reports/mine", receipt=created["receipt"]).headers["etag"]
    approve(created)
    header = {"If-None-Match": before}
    assert call("GET", "/v1/reports/mine", receipt=created["receipt"], headers=header).status == 200


def test_the_status_and_the_version_stay() -> None:
    created = referred()
    shown = opened(created, "zhao")
    assert (shown["status"], shown["version"]) == ("new", 1)
    change_report(created["id"], 1, status="closed", disposition="not_police", reason="Passed on.")
    assert mine(created)["outcome"]["reason"] == "Passed on."
    assert len(opened(created, "zhao")["referrals"]) == 1


def test_a_repeated_call_of_the_phone_still_gets_its_report() -> None:
    key, body = new_key(), report("other")
    created = call("POST", "/v1/reports", body, key=key).json
    propose(created)
    again = call("POST", "/v1/reports", body, key=key)
    assert (again.status, again.json["flags"]) == (200, [])


def test_what_was_withdrawn_is_passed_on_no_more() -> None:
    waiting, gone, unknown = file_all_parts(), referred(), file_all_parts()
    propose(waiting)
    for created in (waiting, gone, unknown):
        by_reporter("DELETE", created)
    replies = [propose(unknown), approve(waiting), read(waiting), read(gone)]
    assert [(each.status, each.json["code"]) for each in replies] == [(409, "withdrawn")] * 4
    assert len(mine(gone)["passed_on"]) == 1
    assert mine(waiting)["passed_on"] == []


def test_officers_are_notified_once_that_it_awaits_its_second_person() -> None:
    created = file_all_parts()
    propose(created)
    propose(created)
    cloud.forget_sent()
    cloud.stream(cloud.all_keys())
    steps = [each["step"] for each in cloud.sent() if each["kind"] == "approval"]
    assert steps == ["referral"]
    assert TEXT not in str(cloud.sent())


def test_it_awaits_everybody_but_its_author() -> None:
    created = file_all_parts()
    change_report(created["id"], 1, status="acknowledged")
    propose(created)
    for name, waits in (("wang", 0), ("li", 1), ("zhao", 1)):
        listed = call("GET", "/v1/officer/reports?needs_action=true", officer=name).json["items"]
        assert len(listed) == waits
        assert [each["awaits"] for each in listed] == [["referral"]] * waits
    approve(created)
    assert not call("GET", "/v1/officer/reports?needs_action=true", officer="zhao").json["items"]


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
    created = file_all_parts()
    assert propose(created, **body).status == 422
    assert opened(created, "zhao")["referrals"] == []


def test_agencies_are_listed_in_the_language_of_the_request() -> None:
    for language, how in (("en", "exchange"), ("zh", "系统")):
        header = {"Accept-Language": language}
        items = call("GET", "/v1/officer/agencies", officer="wang", headers=header).json["items"]
        assert [each["code"] for each in items if each["outside"]] == ["municipal_police"]
        assert how in items[0]["how"]


def proposed(by: str = WANG) -> dict[str, Any]:
    created = file()
    assert propose(created, by, include=["text"]).status == 201
    return created


def decline(
    created: Mapping[str, Any], by: str = LI, number: int = 1, reason: str | None = TOO_MUCH
) -> Reply:
    return by_officer(
        "POST",
        created,
        "/referral/decline",
        {} if reason is None else {"reason": reason},
        officer=by,
        version=number,
    )


def flags(created: Mapping[str, Any]) -> Any:
    items = call("GET", "/v1/officer/reports", officer=ZHAO).json["items"]
    return next(each["flags"] for each in items if each["id"] == created["id"])


def test_what_is_declined_ends_and_says_by_whom_and_why() -> None:
    created = proposed()
    assert decline(created).status == 204
    shown = opened(created, ZHAO)
    declined = shown["declined_referral"]
    assert (declined["by"], declined["reason"]) == (LI, TOO_MUCH)
    referral = declined["referral"]
    assert (referral["number"], referral["by"], referral["reason"]) == (1, WANG, WHY)
    assert (shown["referrals"], shown["flags"]) == ([], ["referral_declined"])
    assert flags(created) == ["referral_declined"]
    assert approve(created).refusal == (409, "no_referral")
    # The step waits for nobody, so it is no task of anybody's.
    listed = call("GET", "/v1/officer/reports", officer=ZHAO).json["items"]
    assert [each["awaits"] for each in listed] == [[]]


def test_whoever_looks_at_a_new_proposal_reads_what_was_declined_before() -> None:
    created = proposed()
    assert opened(created, ZHAO)["declined_referral"] is None
    decline(created)
    anew = propose(created, include=["place"])
    assert (anew.status, anew.json["number"]) == (201, 2)
    shown = opened(created, ZHAO)
    assert shown["declined_referral"]["reason"] == TOO_MUCH
    assert [each["number"] for each in shown["referrals"]] == [2]
    assert flags(created) == ["referred"]

    # The same officer may have to say it once more, of another proposal.
    decline(created, LI, 2, "Still too much.")
    assert opened(created, ZHAO)["declined_referral"]["referral"]["number"] == 2
    propose(created)
    assert approve(created).status == 200
    assert opened(created, ZHAO)["declined_referral"] is None
    assert flags(created) == ["passed_on"]


def test_only_the_proposal_that_was_read_is_declined() -> None:
    created = proposed()
    by_officer("DELETE", created, "/referral", officer=WANG)
    assert decline(created).refusal == (409, "no_referral")
    propose(created, agency="municipal_police")
    assert decline(created).status == 412
    unnamed = by_officer("POST", created, "/referral/decline", {"reason": TOO_MUCH}, officer=LI)
    assert unnamed.status == 428
    assert decline(created, number=2).status == 204


def test_one_takes_ones_own_back_and_does_not_decline_it() -> None:
    created = proposed()
    assert decline(created, WANG).refusal == (403, "not_your_step")
    assert len(opened(created, ZHAO)["referrals"]) == 1


@pytest.mark.parametrize("reason", [None, "", " ", "\u200b", "a" * 1001])
def test_a_reason_is_needed(reason: str | None) -> None:
    created = proposed()
    assert decline(created, reason=reason).status == 422
    assert len(opened(created, ZHAO)["referrals"]) == 1


def test_to_decline_again_changes_nothing() -> None:
    created = proposed()
    decline(created)
    before = opened(created, ZHAO)["declined_referral"]
    assert decline(created, reason="Another one.").status == 204
    assert opened(created, ZHAO)["declined_referral"] == before
    assert decline(created, ZHAO).refusal == (409, "no_referral")
    # What was declined is not declined again for a proposal that is made later.
    propose(created)
    assert decline(created).status == 204
    assert len(opened(created, ZHAO)["referrals"]) == 1


def test_what_was_passed_on_is_not_declined() -> None:
    created = proposed()
    approve(created)
    assert decline(created).refusal == (409, "passed_on")
    propose(created)
    assert decline(created).refusal == (409, "passed_on")
    assert len(opened(created, ZHAO)["referrals"]) == 2


def test_what_the_reporter_has_withdrawn_is_not_declined() -> None:
    created = proposed()
    by_reporter("DELETE", created)
    assert decline(created).refusal == (409, "withdrawn")


def test_whoever_proposed_it_is_notified_once_and_nobody_else() -> None:
    created = proposed()
    cloud.catch_up()
    for _ in range(2):
        decline(created)
    cloud.stream(cloud.all_keys())
    (notice,) = cloud.sent()
    assert (notice["kind"], notice["step"]) == ("declined", "referral")
    assert json.loads(notice["attributes"]["to"]) == [officer_address(WANG)]
    assert notice["url"].endswith(f"/reports/{created['id']}")
    for secret in (TOO_MUCH, WHY, WANG):
        assert secret not in str(notice)


def test_nobody_is_notified_of_what_is_taken_back() -> None:
    created = proposed()
    cloud.catch_up()
    by_officer("DELETE", created, "/referral", officer=WANG)
    cloud.stream(cloud.all_keys())
    assert cloud.sent() == []


def test_the_history_says_who_has_declined_what_and_why() -> None:
    created = proposed()
    decline(created)
    items = by_officer("GET", created, "/history", officer=ZHAO).json["items"]
    said = [
        (each["by"], each["detail"])
        for each in items
        if (each["detail"] or {}).get("referral") == "declined"
    ]
    step = {"referral": "declined", "number": 1, "agency": "city_services", "include": ["text"]}
    assert said == [(LI, step | {"media_ids": [], "asked_by": WANG, "reason": TOO_MUCH})]


def test_the_reporter_sees_nothing_of_it() -> None:
    created = proposed()
    before = call("GET", "/v1/reports/mine", receipt=created["receipt"])
    decline(created)
    after = call("GET", "/v1/reports/mine", receipt=created["receipt"])
    assert after.json == before.json
    assert after.headers["etag"] == before.headers["etag"]
