"""Residents create reports: each call makes one report, also when the network fails."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from tests import cloud
from tests.client import call, new_key, report
from tests.steps import by_officer, by_reporter, file, mine

pytestmark = pytest.mark.usefixtures("aws", "clean")

WEAK_KEY = "00000000-0000-4000-8000-000000000001"


def rows_of(report_id: str) -> dict[str, dict[str, object]]:
    found, _ = wiring.reports().table.query(keys.report(report_id), consistent=True)
    return {row["sk"]: row for row in found}


def test_a_category_and_a_text_are_enough() -> None:
    reply = call("POST", "/v1/reports", report(), key=new_key())

    assert reply.status == 201, reply.text
    created = reply.json
    assert created["status"] == "received"
    assert created["urgency"] == "high"
    assert created["district"] == "unknown"
    assert created["uploads"] == []
    assert created["emergency"]["number"] == "110"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert mine(created)["text"] == report()["text"]


def test_a_repeated_call_grants_media_in_the_order_declared() -> None:
    key, body = (
        new_key(),
        report(
            media=[{"content_type": "image/jpeg", "size": size} for size in (50, 10, 40, 20, 30)]
        ),
    )
    first, second = (
        call("POST", "/v1/reports", body, key=key).json,
        call("POST", "/v1/reports", body, key=key).json,
    )
    seen = mine(first)

    assert [upload["max_bytes"] for upload in second["uploads"]] == [50, 10, 40, 20, 30]
    assert [upload["media_id"] for upload in first["uploads"]] == [
        upload["media_id"] for upload in second["uploads"]
    ]
    assert [medium["media_id"] for medium in seen["media"]] == [
        upload["media_id"] for upload in first["uploads"]
    ]


def test_twenty_equal_calls_at_once_make_one_report() -> None:
    key = new_key()
    with ThreadPoolExecutor(20) as pool:
        replies = list(
            pool.map(lambda _: call("POST", "/v1/reports", report(), key=key), range(20))
        )

    assert sorted(reply.status for reply in replies) == [200] * (len(replies) - 1) + [201]
    assert len({(reply.json["id"], reply.json["receipt"]) for reply in replies}) == 1


def test_the_same_key_with_another_body_is_refused_and_changes_nothing() -> None:
    key = new_key()
    first = call("POST", "/v1/reports", report(), key=key).json
    reply = call("POST", "/v1/reports", report(text="Something else."), key=key)

    assert reply.refusal == (422, "key_reused")
    assert reply.wrong_fields == ["Idempotency-Key"]
    assert not [name for name in ("id", "reference", "receipt") if first[name] in reply.text]
    assert mine(first)["text"] == report()["text"]


def test_media_and_contact_are_written_with_the_report_or_not_at_all() -> None:
    body = report(
        contact={"phone": "+86 138 0000 0000"},
        media=[{"content_type": "image/jpeg", "size": 1000}] * 2,
    )
    created = call("POST", "/v1/reports", body, key=new_key()).json

    found = rows_of(created["id"])
    assert wiring.contacts().read(created["id"])
    assert {f"MEDIA#{upload['media_id']}" for upload in created["uploads"]} == {
        sk for sk in found if sk.startswith("MEDIA#")
    }
    assert all(
        upload["method"] == "POST" and upload["max_bytes"] == 1000 for upload in created["uploads"]
    )


def test_a_place_gives_the_district_and_keeps_what_was_sent() -> None:
    location = {"lat": 39.92, "lon": 116.44, "datum": "gcj02", "accuracy_m": 20}
    created = file(location=location)

    cloud.officer("wang")
    opened = by_officer("GET", created).json
    assert created["district"] == "chaoyang"
    assert opened["location"] == location
    assert opened["place"] != {"lat": 39.92, "lon": 116.44}


def test_a_place_outside_the_district_is_accepted_flagged_and_explained() -> None:
    created = file(location={"lat": 31.2, "lon": 121.5})

    assert created["district"] == "outside"
    assert created["flags"] == ["outside_district"]
    assert [note.split(".")[0] for note in created["notes"]] == [
        "This place is outside our districts"
    ]


def test_an_unchanged_view_is_304() -> None:
    created = file()
    first = call("GET", "/v1/reports/mine", receipt=created["receipt"])
    second = call(
        "GET",
        "/v1/reports/mine",
        receipt=created["receipt"],
        headers={"If-None-Match": first.headers["etag"]},
    )

    assert (second.status, second.text) == (304, "")


def test_a_message_is_written_once_however_often_it_is_sent() -> None:
    created = file()
    key = new_key()
    path = f"/v1/reports/{created['id']}/messages"
    with ThreadPoolExecutor(5) as pool:
        replies = list(
            pool.map(
                lambda _: call(
                    "POST", path, {"text": "He is gone."}, key=key, receipt=created["receipt"]
                ),
                range(5),
            )
        )

    assert sorted(reply.status for reply in replies) == [200] * 4 + [201], replies
    view = mine(created)
    assert [(entry["from"], entry["text"]) for entry in view["messages"]] == [
        ("reporter", "He is gone.")
    ]
    assert (
        call("POST", path, {"text": "Other."}, key=key, receipt=created["receipt"]).json["code"]
        == "key_reused"
    )


def test_withdrawing_erases_the_contact_at_once_and_can_be_repeated() -> None:
    created = file(contact={"email": "li@example.cn"})
    path = f"/v1/reports/{created['id']}"

    assert [call("DELETE", path, receipt=created["receipt"]).status for _ in range(2)] == [204, 204]
    assert wiring.contacts().read(created["id"]) is None
    assert call("GET", path, receipt=created["receipt"]).json["status"] == "withdrawn"
    assert (
        call("POST", f"{path}/messages", {"text": "Hello?"}, receipt=created["receipt"]).status
        == 409
    )


def test_more_media_up_to_ten_and_no_further() -> None:
    created = file()
    path, five = (
        f"/v1/reports/{created['id']}/media",
        {"media": [{"content_type": "image/png", "size": 10}] * 5},
    )
    key = new_key()

    first = call("POST", path, five, key=key, receipt=created["receipt"])
    again = call("POST", path, five, key=key, receipt=created["receipt"])
    assert (first.status, again.status) == (201, 200)
    assert [upload["media_id"] for upload in first.json["uploads"]] == [
        upload["media_id"] for upload in again.json["uploads"]
    ]
    assert call("POST", path, five, receipt=created["receipt"]).status == 201
    assert call("POST", path, five, receipt=created["receipt"]).refusal == (409, "too_many_media")


def test_a_large_video_goes_up_in_parts_and_a_fresh_grant_says_so() -> None:
    created = file(media=[{"content_type": "video/mp4", "size": 20 << 20}])
    upload = created["uploads"][0]

    assert (upload["method"], upload["part_size"], upload["part_count"]) == (
        "MULTIPART",
        8388608,
        3,
    )
    parts = by_reporter("POST", created, f"/media/{upload['media_id']}/parts", {"numbers": [1, 3]})
    assert [part["number"] for part in parts.json["parts"]] == [1, 3]
    assert by_reporter("POST", created, f"/media/{'0' * 16}/grant").status == 404


def test_every_wrong_field_is_named_in_the_callers_language() -> None:
    body = {
        "category": "nonsense",
        "location": {"lat": 90.1, "lon": 1},
        "occurred_at": "2026-02-30T00:00:00Z",
        "version": 3,
    }
    reply = call(
        "POST", "/v1/reports", body, key=new_key(), headers={"Accept-Language": "zh-Hans-CN"}
    )

    assert dict(reply.wrong) == {
        "category": "unknown_value",
        "location.lat": "out_of_range",
        "occurred_at": "not_a_time",
        "version": "unknown_field",
    }
    assert reply.headers["content-language"] == "zh"


def test_an_officer_cannot_enter_a_report_under_a_key_that_can_be_guessed() -> None:
    cloud.officer("wang")
    body = report(source="phone")
    reply = call("POST", "/v1/officer/reports", body, key=WEAK_KEY, officer="wang")
    assert reply.refusal == (400, "weak_idempotency_key")


@pytest.mark.parametrize("kind", ["messages", "notes"])
def test_an_officer_writes_nothing_under_a_key_that_can_be_guessed(kind: str) -> None:
    cloud.officer("wang")
    created = file()
    reply = by_officer("POST", created, f"/{kind}", {"text": "hi"}, key=WEAK_KEY)
    assert reply.refusal == (400, "weak_idempotency_key")


def test_a_key_that_is_no_secret_may_be_weak() -> None:
    created = file()
    path = f"/v1/reports/{created['id']}/messages"
    for status in (201, 200):
        reply = call("POST", path, {"text": "hi"}, key=WEAK_KEY, receipt=created["receipt"])
        assert reply.status == status
