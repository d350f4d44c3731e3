"""Officers read what they have opened, auditors who opened what; each question is on record."""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.officers.model import Officer, Role
from chalicelib.domain.watch import Act, Question, is_visible
from chalicelib.http import index
from chalicelib.http.routes import Access
from chalicelib.kernel import errors, times
from chalicelib.services.administration.first_admins import FirstAdmin, UsernameTaken, row_of
from chalicelib.services.watch import acts
from tests import audit_trail, cloud
from tests.client import call
from tests.faults import inject
from tests.steps import by_officer, file

pytestmark = pytest.mark.usefixtures("aws", "clean")

OWN, ALL, NUMBERS = "/v1/officer/me/openings", "/v1/audit/openings", "/v1/officer/numbers"
WHY = {"reason": "To ask what they saw."}


@pytest.fixture(autouse=True)
def people(clean: None) -> None:
    cloud.officer("wang")
    cloud.officer("li")
    cloud.officer("shen", roles=(Role.AUDITOR,), categories=(), districts=())
    cloud.officer("chief", roles=(Role.SUPERVISOR,))


def settle() -> None:
    """Let the audit's stream bring all rows."""
    audit_trail.seal(audit_trail.stream_of())


def asked(path: str, asker: str, **query: Any) -> Any:
    text = "&".join(f"{name}={value}" for name, value in query.items())
    return call("GET", f"{path}?{text}" if text else path, officer=asker).expect(200)


def seen(page: Any) -> list[tuple[str, str, str]]:
    return [(each["by"], each["kind"], each["report_id"]) for each in page["items"]]


def test_officers_read_what_they_have_opened_and_nobody_else_has() -> None:
    created = file(contact={"name": "Zhao"})
    by_officer("GET", created)
    by_officer("POST", created, "/contact", WHY)
    by_officer("GET", created, officer="li")
    settle()
    page = asked(OWN, "wang")
    mine = ("wang", "open", created["id"])
    assert seen(page) == [("wang", "contact", created["id"]), mine]
    assert [each["has_reason"] for each in page["items"]] == [True, False]
    assert all(each["verified"] for each in page["items"])
    assert seen(asked(OWN, "wang", kind="open")) == [mine]
    assert seen(asked(OWN, "shen")) == []


def test_an_audit_row_that_was_written_over_is_listed_once() -> None:
    by_officer("GET", file())
    records = audit_trail.stream_of()
    audit_trail.seal([*records, *records])
    assert len(asked(OWN, "wang")["items"]) == 1


def test_an_auditor_asks_by_officer_report_time_and_kind() -> None:
    first, second = file(), file()
    by_officer("GET", first)
    wiring.clock.advance(timedelta(hours=1))
    later = times.render(wiring.clock.now())
    by_officer("GET", second)
    by_officer("GET", first, officer="li")
    settle()
    one, two = ("wang", "open", first["id"]), ("wang", "open", second["id"])
    other = ("li", "open", first["id"])
    assert seen(asked(ALL, "shen", officer="wang")) == [two, one]
    assert seen(asked(ALL, "shen", report_id=first["id"])) == [other, one]
    assert seen(asked(ALL, "shen", since=later)) == [other, two]
    assert seen(asked(ALL, "shen", until=later)) == [one]
    assert seen(asked(ALL, "shen", kind="contact")) == []
    assert seen(asked(ALL, "shen", officer="li", report_id=second["id"])) == []


def test_of_all_officers_they_are_sorted_by_officer_and_no_page_repeats_or_leaves_out() -> None:
    created = file()
    for who in ("wang", "li"):
        for _ in range(acts.PAGE + 3):
            by_officer("GET", created, officer=who)
    settle()
    page = asked(ALL, "shen")
    found = page["items"]
    by_officer("GET", created, officer="wang")  # a new one moves no later page
    settle()
    while page["next_cursor"]:
        page = asked(ALL, "shen", cursor=page["next_cursor"])
        found += page["items"]
    assert [each["by"] for each in found] == ["li"] * (acts.PAGE + 3) + ["wang"] * (acts.PAGE + 4)
    times_of_wang = [each["at"] for each in found if each["by"] == "wang"]
    assert times_of_wang == sorted(times_of_wang, reverse=True)
    pages = asked(ALL, "shen", report_id=created["id"])
    more = asked(ALL, "shen", report_id=created["id"], cursor=pages["next_cursor"])
    assert len(pages["items"] + more["items"]) >= acts.PAGE + 3


def test_a_cursor_is_good_for_one_asker_and_one_question() -> None:
    created = file()
    for _ in range(acts.PAGE + 1):
        by_officer("GET", created)
    settle()
    cursor = asked(OWN, "wang")["next_cursor"]
    cloud.officer("shao", roles=(Role.AUDITOR,))
    for who, path in (("li", OWN), ("shen", ALL), ("shao", ALL)):
        assert call("GET", f"{path}?cursor={cursor}", officer=who).refusal == (400, "bad_cursor")
        assert cloud.records_of(who)[-1]["action"] == "denied"
    assert len(asked(OWN, "wang", cursor=cursor)["items"]) == 1


def test_each_question_is_on_record_before_it_is_answered(aws: Mapping[str, str]) -> None:
    created = file()
    for path, who, query in (
        (ALL, "shen", f"?report_id={created['id']}&kind=open"),
        (OWN, "wang", ""),
        (NUMBERS, "chief", ""),
    ):
        call("GET", path + query, officer=who)
        assert cloud.records_of(who)[-1]["action"] == "list"
        with inject.without(aws["REPORTS_TABLE"], status=400, code="AccessDeniedException"):
            call("GET", path, officer=who)
        assert len(cloud.records_of(who)) == 2
    detail = json.loads(cloud.records_of("shen")[0]["detail"])
    assert detail["filters"]["kind"] == "open"
    assert created["id"] not in str(detail)  # it has the form of a receipt


def test_an_opening_whose_audit_row_was_altered_or_deleted_says_so(aws: Mapping[str, str]) -> None:
    altered, deleted = file(), file()
    table = wiring.audit().table
    for created in (altered, deleted):
        by_officer("GET", created, officer="wang")
    settle()
    for created, change in ((altered, {"by": "li"}), (deleted, None)):
        [row] = [each for each in table.query(f"REPORT#{created['id']}")[0] if each["by"] == "wang"]
        if change:
            table.put(row | change)
        else:
            cloud.client("dynamodb").delete_item(
                TableName=aws["AUDIT_TABLE"], Key={"pk": {"S": row["pk"]}, "sk": {"S": row["sk"]}}
            )
    page = asked(ALL, "shen", officer="wang")
    assert [(each["report_id"], each["verified"]) for each in page["items"]] == [
        (deleted["id"], False),
        (altered["id"], False),
    ]


@pytest.mark.parametrize("wrong", ["x", "%23", "REPORT%23", "%00", "%F0%9F%91%AE" * 9, "a" * 40])
def test_what_is_no_id_of_a_report_has_no_openings(wrong: str) -> None:
    assert asked(ALL, "shen", report_id=wrong) == {"items": [], "next_cursor": None}


def test_an_export_has_what_was_asked_and_its_hash_is_on_record(aws: Mapping[str, str]) -> None:
    created = file()
    by_officer("GET", created)
    by_officer("GET", created, officer="li")
    settle()
    reply = call("POST", f"{ALL}/export", {"officer": "wang"}, officer="shen")
    assert (reply.status, reply.json["count"]) == (201, 1)
    key = f"exports/{reply.json['id']}.zip"
    stored = cloud.client("s3").get_object(Bucket=aws["MEDIA_BUCKET"], Key=key)
    assert stored["SSEKMSKeyId"] == wiring.settings().export_key
    archive = stored["Body"].read()
    records = [json.loads(each["detail"]) for each in cloud.records_of("shen")]
    assert {"list": "openings", "filters": {"officer": "wang"}, "export": True} in records
    [made] = [each for each in records if "sha256" in each]
    assert made["sha256"] == hashlib.sha256(archive).hexdigest() == reply.json["sha256"]
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        [row] = csv.DictReader(io.StringIO(opened.read("openings.csv").decode("utf-8-sig")))
        assert json.loads(opened.read("export.json"))["by"] == "shen"
    assert (row["by"], row["report_id"], row["verified"]) == ("wang", created["id"], "True")
    sealed = [each for each in _sealed_rows() if each.mac == row["mac"]]
    assert [f"{each.pk} {each.sk}" for each in sealed] == [row["row"]]


def _sealed_rows() -> list[Any]:
    seals, now = wiring.seals(), wiring.clock.now()
    hours = {times.render(now + timedelta(hours=hours))[:13] for hours in (-1, 0)}
    batches = [seals.batch(each) for hour in hours for each in seals.batches(hour).values()]
    return [row for batch in batches for row in (batch and batch.rows()) or ()]


def test_an_export_of_too_many_is_refused() -> None:
    created = file()
    for _ in range(3):
        by_officer("GET", created)
    settle()
    actor = wiring.admission().admit("shen", ALL, (Role.AUDITOR,), now=wiring.clock.now())
    stores = acts.Stores(wiring.act_rows(), wiring.officers(), wiring.cursors(), wiring.reports())
    assert len(acts.openings_to_export(Question(), actor=actor, stores=stores, most=3)) == 3
    with pytest.raises(errors.Conflict, match="too_many_openings"):
        acts.openings_to_export(Question(), actor=actor, stores=stores, most=2)


def test_an_auditor_has_three_routes_and_is_refused_at_all_others() -> None:
    officers = [each for each in index.operations() if each.access is Access.OFFICER]
    assert {each.path for each in officers if Role.AUDITOR in each.roles} == {
        "/v1/officer/me", OWN, ALL, f"{ALL}/export",
    }  # fmt: skip


@pytest.mark.parametrize("other", [role for role in Role if role is not Role.AUDITOR])
def test_an_auditor_is_appointed_by_two_and_has_no_other_role(other: Role) -> None:
    for name in ("admin", "admin2"):
        cloud.officer(name, roles=(Role.ADMIN,))
    row = {"categories": [], "districts": [], "email": "qian@police.example"}
    path = "/v1/admin/officers/qian"
    reply = call("PUT", path, {**row, "roles": ["auditor", other.value]}, officer="admin")
    assert reply.wrong == [("roles", "stands_alone")]
    assert call("PUT", path, {**row, "roles": ["auditor"]}, officer="admin").status == 202
    assert call("GET", ALL, officer="qian").status == 403


def test_no_operator_makes_an_auditor_an_admin() -> None:
    admin = FirstAdmin("shen", "Shen", "shen@police.example")
    with pytest.raises(UsernameTaken):
        row_of(admin, wiring.officers(), None)


def test_supervisors_read_the_numbers_of_those_inside_their_own_scope() -> None:
    cloud.officer("narrow", categories=("other",), districts=("chaoyang",))
    cloud.officer("duty", roles=(Role.SUPERVISOR,), categories=("other",))
    created = file("other", location={"lat": 39.92, "lon": 116.44}, contact={"name": "Zhao"})
    by_officer("GET", created, officer="narrow")
    by_officer("POST", created, "/contact", WHY, officer="narrow")
    call("GET", "/v1/officer/search?text=13800138000", officer="narrow")
    call("GET", "/v1/admin/officers", officer="narrow")
    settle()
    page = asked(NUMBERS, "duty")
    numbers = {each.pop("username"): each for each in page["items"]}
    assert set(numbers) == {"duty", "narrow"}
    assert numbers["narrow"] | {"name": ""} == {
        "name": "", "openings": 1, "originals": 0, "contacts": 1, "searches": 1, "denials": 1,
        "closings": 0, "unread_closings": 0, "moves": 0,
    }  # fmt: skip
    assert {each["username"] for each in asked(NUMBERS, "chief")["items"]} >= {"wang", "narrow"}
    last_week = f"{wiring.clock.now() - timedelta(days=7):%Y-%m-%d}"
    assert {each["openings"] for each in asked(NUMBERS, "duty", week=last_week)["items"]} == {0}


def test_one_function_says_who_may_learn_of_an_act() -> None:
    act = Act("wang", "open", about_report=True, key=("REPORT#1", "2026-11-24T08:00:00.000Z#1"))
    theirs = Officer(username="wang", roles=(Role.OVERSIGHT,))

    def at(since: int, until: int | None = None) -> Officer:
        """Of oversight from so many hours after the act, and until so many."""
        began, ended = (act.at + timedelta(hours=each or 0) for each in (since, until))
        update = {"oversight_since": began, "oversight_until": ended if until else None}
        return (Officer(username="wang") if until else theirs).model_copy(update=update)

    for author, readers in (
        (None, {Role.AUDITOR, Role.SUPERVISOR}),
        (Officer(username="wang"), {Role.AUDITOR, Role.SUPERVISOR}),
        (theirs, set[Role]()),
        (at(since=-1), set[Role]()),
        (at(since=1), {Role.AUDITOR, Role.SUPERVISOR}),
        (at(since=-2, until=-1), {Role.AUDITOR, Role.SUPERVISOR}),
        (at(since=-1, until=1), set[Role]()),
    ):
        askers = [Officer(username="li", roles=(role,)) for role in Role]
        assert {each.roles[0] for each in askers if is_visible(act, each, author)} == readers
    assert is_visible(act, theirs, theirs)


def test_what_oversight_opened_is_on_no_list_and_in_no_number_of_others() -> None:
    cloud.oversight("bao", "lin")
    created = file(concerns_police=True)
    assert by_officer("GET", created, officer="bao").status == 200
    settle()
    assert seen(asked(OWN, "bao")) == [("bao", "open", created["id"])]
    for query in ({}, {"officer": "bao"}, {"report_id": created["id"]}):
        assert seen(asked(ALL, "shen", **query)) == []
    assert {each["username"] for each in asked(NUMBERS, "chief")["items"]} == {
        "wang",
        "li",
        "chief",
    }


def test_a_report_that_was_moved_to_oversight_looks_like_any_other() -> None:
    cloud.oversight("bao", "lin")
    created = file()
    by_officer("GET", created)
    assert by_officer("POST", created, "/oversight", WHY).status == 204
    settle()
    assert seen(asked(ALL, "shen", report_id=created["id"])) == []
    assert "oversight" not in str(asked(ALL, "shen")) + str(asked(OWN, "wang"))
