"""An export holds the reports in scope, each by a recorded opening, and is gone after a day."""

import csv
import io
import json
import os
import zipfile
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.aws.writes import Update
from chalicelib.domain.officers.model import Role
from chalicelib.domain.statistics import exports
from chalicelib.handlers.media import functions
from chalicelib.kernel import times
from chalicelib.store.audit.rows import of_report
from chalicelib.store.reports.heads import update_head
from tests import cloud
from tests.client import Reply, call, new_key, read_and_approve, report
from tests.faults import inject
from tests.steps import by_officer, by_reporter, file
from tests.workbooks import cells_of

pytestmark = pytest.mark.officers(
    "wang", chief={"roles": (Role.SUPERVISOR,)}, narrow={"categories": ("other",)}
)

PATH = "/v1/officer/exports"
WHY = {"reason": "For the court."}
PHOTO = {"content_type": "image/jpeg", "size": 100_000}


def export(body: Mapping[str, Any], officer: str = "wang") -> Reply:
    return call("POST", PATH, {**WHY, **body}, officer=officer)


def count(filters: Mapping[str, Any], officer: str = "wang") -> tuple[int, bool]:
    reply = call("POST", f"{PATH}/count", {"filters": filters}, officer=officer).expect(200)
    return reply["count"], reply["complete"]


def made(body: Mapping[str, Any], officer: str = "wang") -> dict[str, bytes]:
    """Export, download what the address names, and return the files by their names."""
    return downloaded(export(body, officer).expect(201)["url"])


def downloaded(url: str) -> dict[str, bytes]:
    parts = urlsplit(url)
    [version] = parse_qs(parts.query)["versionId"]
    key = unquote(parts.path).lstrip("/").removeprefix(f"{os.environ['MEDIA_BUCKET']}/")
    found = cloud.client("s3").get_object(
        Bucket=os.environ["MEDIA_BUCKET"], Key=key, VersionId=version
    )
    with zipfile.ZipFile(io.BytesIO(found["Body"].read())) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def table(files: Mapping[str, bytes]) -> list[dict[str, str]]:
    text = files["reports.csv"].decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def records(created: Mapping[str, Any]) -> list[Any]:
    return [
        each
        for each in wiring.audit().history(of_report(created["id"]))
        if each.action in ("open", "original")
    ]


def own_records(officer: str = "wang") -> list[Any]:
    rows = cloud.client("dynamodb").scan(TableName=os.environ["AUDIT_TABLE"])["Items"]
    return [
        (row["action"]["S"], json.loads(row["detail"]["S"]))
        for row in rows
        if row["pk"]["S"].startswith(f"OFFICER#{officer}#")
    ]


def with_photo(content: bytes) -> dict[str, Any]:
    created = file("other", media=[PHOTO], text="有照片")
    media_id = created["uploads"][0]["media_id"]
    cloud.add_medium(created["id"], media_id, content)
    return created


def test_a_report_is_exported_as_it_is_when_opened() -> None:
    created = file("other", text="白色面包车", contact={"name": "Li", "phone": "+86 137 1111 2222"})
    by_officer("POST", created, "/notes", {"text": "给同事"}, officer="chief", key=new_key())
    opened = by_officer("GET", created).json
    files = made({"report_id": created["id"]})
    name = f"reports/{created['reference']}.json"
    assert list(files) == ["export.json", "reports.csv", "reports.xlsx", name]
    exported = json.loads(files[name])
    assert exported.pop("has_earlier") is False
    assert exported == {each: opened[each] for each in exported}
    assert (exported["text"], exported["notes"][0]["text"]) == ("白色面包车", "给同事")
    said = json.loads(files["export.json"])
    assert (said["by"], said["reports"][0]["id"]) == ("wang", created["id"])
    assert not any(b"137 1111" in content for content in files.values())


def test_what_a_resident_wrote_is_no_formula_whatever_separates_cells() -> None:
    text = 'Seen;=HYPERLINK("https://x.example")\t=1+1\n,=2'
    files = made({"report_id": file("other", text=text)["id"]})
    for separator in ",;\t":
        lines = io.StringIO(files["reports.csv"].decode("utf-8-sig"), newline="")
        header, *rows = csv.reader(lines, delimiter=separator)
        assert (len(rows), len(rows[0])) == (1, len(header))
        assert not [cell for cell in rows[0] if cell.startswith("=")]
    [header, row] = cells_of(files["reports.xlsx"])
    assert row[header.index("text")] == text


def test_each_report_counts_as_an_opening_with_the_reason() -> None:
    first, second = file("other"), file("lost_and_found")
    reply = export({"filters": {}})
    assert (reply.status, reply.json["count"]) == (201, 2)
    for created in (first, second):
        [record] = records(created)
        assert (record.by, record.action, record.detail) == (
            "wang",
            "open",
            {"export": reply.json["id"]},
        )
        assert record.sealed
        history = by_officer("GET", created, "/history")
        assert history.json["items"][0]["detail"]["reason"] == WHY["reason"]
    counted = [detail for _, detail in own_records() if "export" in detail]
    assert counted == [{"export": reply.json["id"], "count": 2, "originals": 0}]


def test_nothing_is_exported_that_is_not_on_record(aws: Mapping[str, str]) -> None:
    created = file("other")
    refused = inject.error_response(500, "InternalServerError")
    with inject.fault(wiring.dynamodb(), "dynamodb.PutItem", refused):
        assert export({"report_id": created["id"]}).status == 503
    found = cloud.client("s3").list_objects_v2(Bucket=aws["MEDIA_BUCKET"], Prefix="exports/")
    assert found["KeyCount"] == 0


def test_filters_choose_and_the_scope_limits() -> None:
    mine, other = file("other", text="一"), file("lost_and_found", text="二")
    assert [row["text"] for row in table(made({"filters": {"category": "other"}}))] == ["一"]
    assert [row["id"] for row in table(made({"filters": {}}, "narrow"))] == [mine["id"]]
    assert export({"report_id": other["id"]}, "narrow").status == 404
    assert [each.action for each in wiring.audit().history(of_report(other["id"]))] == ["denied"]
    assert table(made({"filters": {"category": "lost_and_found"}}, "narrow")) == []


def test_a_time_that_ends_before_it_begins_is_refused() -> None:
    period = {"since": "2026-11-24T00:02:00Z", "until": "2026-11-24T00:01:00Z"}
    refused = export({"filters": period})
    [error] = refused.json["errors"]
    assert (refused.status, error["field"], error["code"]) == (422, "filters.since", "after_until")


def asked_for() -> str:
    """Ask for an export of 51 reports, and return its id."""
    for _ in range(exports.REPORTS_MAX + 1):
        file("other")
    reply = export({"filters": {"category": "other"}})
    assert (reply.status, reply.json["state"], reply.json["url"]) == (202, "awaits_approval", None)
    assert (reply.json["count"], reply.json["parts"]) == (exports.REPORTS_MAX + 1, 2)
    return str(reply.json["id"])


def part(export_id: str, number: object = 1, officer: str = "wang") -> Reply:
    return call("POST", f"{PATH}/{export_id}/parts/{number}", WHY, officer=officer)


def approve(export_id: str, officer: str = "chief") -> Reply:
    return read_and_approve(f"{PATH}/{export_id}/approve", officer)


def test_more_than_fifty_take_two_officers_and_come_in_parts() -> None:
    export_id = asked_for()
    assert (part(export_id, 1).status, part(export_id, 1).json["code"]) == (409, "not_approved")
    assert (approve(export_id, "wang").status, approve(export_id, "chief").status) == (403, 200)
    seen = call("GET", f"{PATH}/{export_id}", officer="wang").json
    assert (seen["by"], seen["approved_by"], seen["count"]) == ("wang", "chief", 51)
    zips = [part(export_id, number) for number in (1, 2, 2)]
    assert [each.json["count"] for each in zips] == [50, 1, 1]
    ids = {row["id"] for each in zips for row in table(downloaded(each.json["url"]))}
    assert len(ids) == exports.REPORTS_MAX + 1
    for report_id in ids:
        openings = [each for each in records({"id": report_id}) if each.action == "open"]
        assert len(openings) in (1, 2)


def test_only_who_asked_makes_it_and_only_who_sees_all_of_it_approves() -> None:
    export_id = asked_for()
    cloud.officer("elsewhere", categories=("lost_and_found",))
    assert approve(export_id, "elsewhere").status == 404
    assert call("GET", f"{PATH}/{export_id}", officer="elsewhere").status == 404
    assert approve(export_id, "narrow").status == 200
    assert approve(export_id, "chief").json["approved_by"] == "narrow"
    assert part(export_id, 1, "chief").status == 404
    assert [part(export_id, number).status for number in (0, 3, "x", "01")] == [404] * 4
    assert ("denied", {"export": export_id}) in own_records("elsewhere")


def test_after_two_days_it_is_over() -> None:
    export_id = asked_for()
    approve(export_id, "chief")
    wiring.clock.advance(exports.WAITS - timedelta(minutes=1))
    assert part(export_id, 2).status == 201
    wiring.clock.advance(timedelta(minutes=1))
    assert part(export_id, 2).status == approve(export_id, "chief").status == 404


def test_what_was_withdrawn_since_or_left_the_scope_is_left_out() -> None:
    made_here = [file("other") for _ in range(exports.REPORTS_MAX + 1)]
    export_id = str(export({"filters": {"category": "other"}}).json["id"])
    approve(export_id, "chief")
    oldest = made_here[0]
    by_reporter("DELETE", oldest)
    assert part(export_id, 2).json["count"] == 0
    cloud.officer("wang", categories=("lost_and_found",))
    assert part(export_id, 1).json["count"] == 0


def test_supervisors_are_notified_that_one_awaits_a_second_person() -> None:
    export_id = asked_for()
    cloud.forget_sent()
    cloud.stream(cloud.all_keys())
    [notice] = (each for each in cloud.sent() if "approval" in str(each))
    assert f"/v1/officer/exports/{export_id}" in str(notice)
    assert "wang" not in str(notice)


def test_too_many_are_refused_and_a_row_that_was_altered_is_skipped() -> None:
    kept = file("other")
    copies = cloud.listed_copies(kept["id"], exports.LISTED_MAX)
    wiring.reports().table.put_all(copies[:3])
    files = made({"filters": {}})
    assert [row["id"] for row in table(files)] == [kept["id"]]
    assert len(json.loads(files["export.json"])["skipped"]) == 3
    assert count({}) == (4, True)
    wiring.reports().table.put_all(copies)
    assert count({}) == (exports.LISTED_MAX, False)
    assert export({"filters": {}}).refusal == (409, "too_many_reports")


def test_the_count_is_what_an_export_would_hold_and_opens_nothing() -> None:
    created, gone = file("other"), file("other")
    wiring.clock.advance(timedelta(days=1))
    file("lost_and_found"), file("other", text="Another one.")
    by_reporter("DELETE", gone)
    assert (count({}), count({"category": "other"})) == ((3, True), (2, True))
    assert count({}, "narrow") == (2, True)
    today = times.begins_in_city(times.day_in_city(wiring.clock.now()))
    assert count({"until": times.render(today)}) == (1, True)
    assert count({"since": times.render(today)}) == (2, True)
    assert records(created) == []
    assert ("list", {"filters": {"fold": "none"}, "below": None, "count": 4}) in own_records()
    assert len(table(made({"filters": {}}))) == 3


def test_a_flood_of_one_text_is_exported_report_by_report() -> None:
    made_here = [file("other", text="同一条消息" * 5) for _ in range(3)]
    for each in made_here[1:]:
        update = update_head(each["id"], put={"same_as": made_here[0]["id"]})
        wiring.reports().table.update(update)
    assert export({"filters": {}}).json["count"] == 3


def test_originals_of_one_report_are_added_each_on_record() -> None:
    content = cloud.photo()
    created = with_photo(content)
    reply = export({"report_id": created["id"], "originals": True})
    assert (reply.json["originals"], reply.json["left_out"]) == (1, 0)
    files = downloaded(reply.json["url"])
    [name] = (each for each in files if each.startswith("originals/"))
    assert (name[-4:], files[name]) == (".jpg", content)
    media_id = created["uploads"][0]["media_id"]
    found = {each.action: each.detail.get("media_id") for each in records(created)}
    assert found == {"open": None, "original": media_id}
    assert "originals/" not in str(list(made({"report_id": created["id"]})))


def test_a_picture_with_a_redaction_leaves_redacted_and_not_before(aws: Mapping[str, str]) -> None:
    content = cloud.photo()
    created = with_photo(content)
    media_id = created["uploads"][0]["media_id"]
    body = {"report_id": created["id"], "originals": True}
    region = {"x": 0.1, "y": 0.1, "width": 0.4, "height": 0.4}
    assert (
        by_officer("POST", created, f"/media/{media_id}/redaction", {"regions": [region]}).status
        == 200
    )
    assert export(body).json["code"] == "redaction_not_ready"
    assert not [each for each in records(created) if each.action == "original"]

    cloud.process(f"derived/{created['id']}/{media_id}/preview.jpg", None)
    made_of = f"derived/{created['id']}/{media_id}/redacted/manifest.json"
    event = cloud.s3_event(aws["MEDIA_BUCKET"], made_of, None)
    functions.record_media({"Records": [event]}, None)
    files = downloaded(export(body).json["url"])
    assert content not in files.values()
    assert f"redacted/{media_id}.jpg" in files
    assert b"redacted.jpg?" not in b"".join([each for each in files.values() if each[:1] == b"{"])


def test_originals_that_are_too_large_are_left_out_and_not_opened() -> None:
    created = with_photo(cloud.photo())
    media_id = created["uploads"][0]["media_id"]
    size = {"size": exports.ORIGINALS_MAX_BYTES + 1}
    update = Update(f"REPORT#{created['id']}", f"MEDIA#{media_id}", put=size)
    wiring.reports().table.update(update)
    reply = export({"report_id": created["id"], "originals": True})
    assert (reply.json["originals"], reply.json["left_out"]) == (0, 1)
    [original] = json.loads(downloaded(reply.json["url"])["export.json"])["originals"]
    assert original["file"] is None
    assert [each.action for each in records(created)] == ["open"]


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "filters", "required"),
        ({"report_id": "0" * 26, "filters": {}}, "filters", "unknown_field"),
        ({"filters": {}, "originals": True}, "originals", "unknown_field"),
        ({"filters": {"text": "x"}}, "filters.text", "unknown_field"),
        ({"report_id": "0" * 26, "reason": " "}, "reason", "blank"),
    ],
)
def test_a_wrong_request_is_refused(body: dict[str, Any], field: str, code: str) -> None:
    [error] = export(body).expect(422)["errors"]
    assert (error["field"], error["code"]) == (field, code)


def test_withdrawn_reports_are_left_out() -> None:
    created, kept = file("other"), file("other")
    by_reporter("DELETE", created)
    assert export({"report_id": created["id"]}, "chief").refusal == (409, "withdrawn")
    files = made({"filters": {}}, "chief")
    assert [row["id"] for row in table(files)] == [kept["id"]]
    assert json.loads(files["export.json"])["skipped"] == [created["id"]]
    assert records(created) == []


def test_a_long_conversation_is_exported_whole() -> None:
    created = file("other")
    texts = [f"Message {number}." for number in range(120)]
    for text in texts:
        assert (
            by_officer(
                "POST", created, "/messages", {"text": text}, officer="chief", key=new_key()
            ).status
            == 201
        )
        wiring.clock.advance(timedelta(seconds=1))
    files = made({"report_id": created["id"]})
    name = f"reports/{created['reference']}.json"
    assert [each["text"] for each in json.loads(files[name])["messages"]] == texts


def test_it_is_encrypted_by_a_key_of_its_own_and_its_address_lives_five_minutes(
    aws: Mapping[str, str],
) -> None:
    created = file("other")
    reply = export({"report_id": created["id"]}).json
    query = parse_qs(urlsplit(reply["url"]).query)
    assert query["X-Amz-Expires"] == ["300"]
    assert query["response-content-disposition"] == ["attachment"]
    [stored] = cloud.client("s3").list_objects_v2(Bucket=aws["MEDIA_BUCKET"], Prefix="exports/")[
        "Contents"
    ]
    assert created["id"] not in stored["Key"]
    head = cloud.client("s3").head_object(Bucket=aws["MEDIA_BUCKET"], Key=stored["Key"])
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", aws["EXPORT_KEY"])


def export_all(officer: str = "wang") -> Reply:
    return export({"filters": {"category": "other"}}, officer)


def exported_alone(count: int, officer: str = "wang") -> None:
    """Note that an officer has exported so many reports just now."""
    made = [f"2099-01-01T00:00:00.000Z#{count}"]
    row = Update(keys.exporter(officer), "ALONE", put={"made": made}, upsert=True)
    wiring.reports().table.update(row)


def listed(officer: str, query: str = "") -> list[str]:
    reply = call("GET", PATH + query, officer=officer)
    assert (reply.status, reply.json["complete"]) == (200, True), reply.text
    return [each["id"] for each in reply.json["items"]]


def openings(created: Mapping[str, Any]) -> int:
    rows = wiring.audit().history(of_report(created["id"]))
    return sum(each.action == "open" for each in rows)


def test_two_halves_of_a_large_export_take_a_second_officer() -> None:
    made = [file("other") for _ in range(26)]
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
    file("other")
    exported_alone(exports.REPORTS_MAX)
    assert export_all().status == 202
    assert export_all("chief").status == 201


def test_a_day_later_the_count_begins_anew() -> None:
    file("other")
    for _ in range(2):
        for _ in range(exports.REPORTS_MAX // 2):
            assert export_all().status == 201
        wiring.clock.advance(timedelta(hours=12))
    assert export_all().status == 201
    for _ in range(exports.REPORTS_MAX // 2 - 1):
        assert export_all().status == 201
    assert export_all().status == 202


def test_what_two_officers_have_agreed_on_counts_for_nobody() -> None:
    file("other")
    exported_alone(exports.REPORTS_MAX)
    export_id = export_all().json["id"]
    approve(export_id)
    wiring.reports().table.update(Update(keys.exporter("wang"), "ALONE", put={"made": None}))
    assert part(export_id).status == 201
    for _ in range(exports.REPORTS_MAX):
        assert export_all().status == 201


def test_of_two_exports_at_the_same_moment_both_count() -> None:
    file("other")
    exported_alone(exports.REPORTS_MAX - 1)

    def in_between(request: Any) -> None:
        assert export_all().status == 201

    client = wiring.dynamodb()
    with inject.fault(client, "dynamodb.UpdateItem", inject.times(1, in_between)):
        assert export_all().status == 202


def test_an_export_that_fails_has_counted() -> None:
    file("other")
    exported_alone(exports.REPORTS_MAX - 1)
    refused = inject.error_response(500, "InternalServerError")
    records = iter(range(100))

    def fail_openings(request: Any) -> Any:
        # The first record is that of the list.
        return refused(request) if next(records) else None

    with inject.fault(wiring.dynamodb(), "dynamodb.PutItem", fail_openings):
        assert export_all().status == 503
    assert export_all().status == 202


def test_one_report_more_takes_two_with_its_originals_too() -> None:
    photo = {"content_type": "image/jpeg", "size": 100_000}
    body = report("other", media=[photo])
    created = call("POST", "/v1/reports", body, key=new_key()).json
    media_id = created["uploads"][0]["media_id"]
    cloud.add_medium(created["id"], media_id)

    exported_alone(exports.REPORTS_MAX)
    asked = export({"report_id": created["id"], "originals": True})
    assert (asked.status, asked.json["count"], asked.json["parts"]) == (202, 1, 1)
    assert openings(created) == 0
    approve(asked.json["id"])
    made = part(asked.json["id"])
    assert (made.status, made.json["count"], made.json["originals"]) == (201, 1, 1)

    by_reporter("DELETE", created)
    assert part(asked.json["id"]).refusal == (409, "withdrawn")


def test_an_empty_export_counts_nothing() -> None:
    exported_alone(exports.REPORTS_MAX)
    assert export_all().json["count"] == 0


def test_what_awaits_approval_is_listed_to_who_may_see_all_of_it() -> None:
    file("other")
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


def test_of_very_many_the_latest_are_listed_and_it_says_so() -> None:
    file("other")
    exported_alone(exports.REPORTS_MAX)
    for _ in range(101):
        wiring.clock.advance(timedelta(seconds=1))
        latest = export_all().json["id"]
    reply = call("GET", PATH, officer="chief").json
    assert (len(reply["items"]), reply["items"][0]["id"], reply["complete"]) == (100, latest, False)
