"""Who approves an export has read what is asked: the reason, the filters and each reference."""

import json
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
from tests.client import Reply, call, tag_for
from tests.functional.casework.test_oversight import addressed
from tests.functional.statistics.test_exports import (
    PATH,
    WHY,
    approve,
    downloaded,
    export,
    exported_alone,
    listed,
    own_records,
    table,
    with_photo,
)
from tests.steps import by_officer, by_reporter, file, opened

pytestmark = pytest.mark.officers(
    "wang", chief={"roles": (Role.SUPERVISOR,)}, narrow={"categories": ("other",)}
)

FILTERS = {"category": "other", "since": "2026-11-01T00:00:00.000Z"}
NO = {"reason": "Half of these are of another district."}


def asked(count: int = 3, **filters: str) -> tuple[str, list[dict[str, Any]]]:
    """Ask for an export of new reports that takes two, and return its id and the reports."""
    made = [file("other") for _ in range(count)]
    exported_alone(exports.REPORTS_MAX)
    reply = export({"filters": FILTERS | filters}).expect(202)
    return str(reply["id"]), made


def shown_to(export_id: str, officer: str = "chief") -> Any:
    return call("GET", f"{PATH}/{export_id}", officer=officer).expect(200)


def part(export_id: str, **body: str) -> Reply:
    return call("POST", f"{PATH}/{export_id}/parts/1", body, officer="wang")


def decline(export_id: str, officer: str = "chief", **body: str) -> Reply:
    return call("POST", f"{PATH}/{export_id}/decline", NO | body, officer=officer)


def references(said: Mapping[str, Any]) -> set[str]:
    return {each["reference"] for each in said["reports"]}


def reasons(created: Mapping[str, Any]) -> list[str]:
    items = by_officer("GET", created, "/history").json["items"]
    return [each["detail"]["reason"] for each in items if "export" in (each["detail"] or {})]


def moved(created: Mapping[str, Any]) -> None:
    cloud.oversight("ombud", "ombud2")
    opened(created)
    assert by_officer("POST", created, "/oversight", {"reason": "It names one."}).status == 204


def test_who_approves_reads_the_reason_the_filters_and_each_reference() -> None:
    export_id, made = asked(status="new")
    said = shown_to(export_id)
    assert said["reason"] == WHY["reason"]
    assert {name: value for name, value in said["filters"].items() if value} == FILTERS | {
        "status": "new"
    }
    assert references(said) == {each["reference"] for each in made}
    assert {each["id"] for each in said["reports"]} == {each["id"] for each in made}
    assert (said["count"], said["originals"], said["declined"]) == (3, False, None)
    [row] = call("GET", PATH, officer="chief").json["items"]
    assert not {"reason", "filters", "reports", "tag"} & row.keys()


def test_what_was_withdrawn_before_is_not_asked_for() -> None:
    by_reporter("DELETE", file("other"))
    kept = file("other")
    exported_alone(exports.REPORTS_MAX)
    reply = export({"filters": FILTERS}).expect(202)
    assert (reply["count"], references(shown_to(reply["id"]))) == (1, {kept["reference"]})


def test_who_approves_reads_that_originals_leave() -> None:
    created = with_photo(cloud.photo())
    exported_alone(exports.REPORTS_MAX)
    body = {"report_id": created["id"], "originals": True}
    said = shown_to(export(body).expect(202)["id"])
    assert (said["originals"], said["filters"], references(said)) == (
        True,
        None,
        {created["reference"]},
    )


def test_all_reports_are_other_filters_than_one_report() -> None:
    file("other")
    exported_alone(exports.REPORTS_MAX)
    said = shown_to(export({"filters": {}}).expect(202)["id"])
    assert set(said["filters"].values()) == {None}


def test_the_reason_that_was_approved_goes_on_record_and_no_other() -> None:
    export_id, [created] = asked(1)
    approve(export_id)
    assert part(export_id).status == 201
    # As a client of 0.2.0rc1 sends it.
    assert part(export_id, reason="Something else altogether.").status == 201
    assert reasons(created) == [WHY["reason"]] * 2


def test_the_reason_is_sealed_and_each_reading_is_on_record() -> None:
    export_id, _ = asked(1)
    decline(export_id)
    tables = (wiring.settings().reports_table, wiring.settings().audit_table)
    stored = str([cloud.scan(each) for each in tables])
    assert export_id in stored
    assert not any(words["reason"] in stored for words in (WHY, NO))
    before = readings(export_id)
    shown_to(export_id)
    assert readings(export_id) == [*before, "chief"]


def readings(export_id: str) -> list[str]:
    rows, _ = wiring.audit().table.query(keys.export(export_id), consistent=True)
    return [str(each["by"]) for each in rows if each["action"] == "open"]


def test_the_audit_says_which_filters_were_asked_for_approved_and_declined() -> None:
    first, _ = asked(1)
    approve(first)
    second, _ = asked(1, status="new")
    decline(second)
    found = {
        (action, detail["export"], detail.get("step")): detail.get("filters")
        for by in ("wang", "chief")
        for action, detail in own_records(by)
        if "export" in detail
    }
    narrower = FILTERS | {"status": "new"}
    assert found["list", first, None] == found["confirm", first, None] == FILTERS
    assert found["list", second, None] == found["change", second, "declined"] == narrower


def test_a_report_that_moved_to_oversight_leaves_no_gap() -> None:
    export_id, [kept, gone] = asked(2)
    ended, [other, withdrawn] = asked(2, since="2026-11-24T00:00:00.000Z")
    moved(gone)
    by_reporter("DELETE", withdrawn)
    for officer in ("chief", "wang"):
        said = shown_to(export_id, officer)
        assert kept["reference"] in references(said)
        assert gone["reference"] not in references(said) | references(shown_to(ended, officer))
        items = call("GET", PATH, officer=officer).json["items"]
        counts = {each["id"]: each["count"] for each in items}
        for each in (export_id, ended):
            assert (
                counts[each]
                == shown_to(each, officer)["count"]
                == len(shown_to(each, officer)["reports"])
            )
    assert other["reference"] in references(shown_to(ended))
    approve(export_id)
    files = downloaded(part(export_id).expect(201)["url"])
    assert [row["id"] for row in table(files)] == [kept["id"]]
    assert json.loads(files["export.json"])["skipped"] == []


def test_what_moves_after_the_approval_is_named_nowhere() -> None:
    export_id, [kept, gone, withdrawn] = asked(3)
    approve(export_id)
    moved(gone)
    by_reporter("DELETE", withdrawn)
    said = json.loads(downloaded(part(export_id).expect(201)["url"])["export.json"])
    assert [each["id"] for each in said["reports"]] == [kept["id"]]
    assert said["skipped"] == [withdrawn["id"]]


def test_a_third_person_counts_no_zip_of_what_moved_after_the_approval() -> None:
    export_id, made = asked(exports.REPORTS_MAX + 1)
    approve(export_id)
    assert (shown_to(export_id)["count"], shown_to(export_id)["parts"]) == (51, 2)
    moved(made[0])
    [row] = call("GET", PATH, officer="narrow").json["items"]
    for said in (shown_to(export_id, "narrow"), row):
        assert (said["count"], said["parts"]) == (50, 1)
    assert shown_to(export_id, "wang")["parts"] == 2


def test_it_looks_as_if_a_report_that_moved_had_been_withdrawn() -> None:
    shown = []
    for end in (moved, lambda created: by_reporter("DELETE", created)):
        export_id, made = asked(2)
        end(made[0])
        said = [shown_to(export_id, officer) for officer in ("chief", "wang")]
        said += call("GET", PATH, officer="chief").json["items"][:1]
        names = {"id", "at", "ends_at", "tag"}
        shown.append([{k: v for k, v in each.items() if k not in names} for each in said])
        for each in made[1:]:
            by_reporter("DELETE", each)
    for each in shown[0] + shown[1]:
        for report in each.get("reports", ()):
            report.clear()
    assert shown[0] == shown[1]


def test_what_has_changed_since_it_was_read_is_read_again() -> None:
    export_id, made = asked(2)
    path = f"{PATH}/{export_id}/approve"
    tag = tag_for(path, "chief")
    by_reporter("DELETE", made[0])
    stale = call("POST", path, officer="chief", headers={"If-Match": tag})
    assert stale.refusal == (412, "stale_version")
    assert approve(export_id).json["count"] == 1


def test_nothing_leaves_that_who_approved_has_not_read() -> None:
    """A report goes to another category, which is not in the approver's scope, and comes back."""
    export_id, made = asked(2)
    change(made[0], category="lost_and_found")
    assert references(shown_to(export_id, "narrow")) == {made[1]["reference"]}
    assert shown_to(export_id)["count"] == 2
    assert approve(export_id, "narrow").status == 200
    change(made[0], category="other")
    assert (shown_to(export_id)["count"], references(shown_to(export_id))) == (
        1,
        {made[1]["reference"]},
    )
    files = downloaded(part(export_id).expect(201)["url"])
    assert [row["id"] for row in table(files)] == [made[1]["id"]]


def change(created: Mapping[str, Any], **body: str) -> None:
    version = cloud.head(created["id"]).row["version"]
    by_officer("PATCH", created, "", body, version=version).expect(200)


def test_what_left_the_scope_of_who_asked_is_not_asked_for_any_more() -> None:
    export_id, _ = asked(2)
    cloud.officer("wang", categories=("lost_and_found",))
    assert (shown_to(export_id)["count"], shown_to(export_id)["reports"]) == (0, [])
    cloud.officer("wang", active=False)
    assert shown_to(export_id)["count"] == 0


def test_who_declines_says_why_and_who_asked_reads_it() -> None:
    export_id, _ = asked(1)
    cloud.catch_up()
    cloud.forget_sent()
    assert decline(export_id, reason=" ").wrong == [("reason", "blank")]
    assert decline(export_id).status == decline(export_id).status == 204
    cloud.stream(cloud.all_keys())
    [notice] = (each for each in cloud.sent() if "declined" in str(each))
    assert f"/v1/officer/exports/{export_id}" in str(notice)
    assert NO["reason"] not in str(notice)
    declined = shown_to(export_id, "wang")["declined"]
    assert (declined["by"], declined["reason"]) == ("chief", NO["reason"])
    [row] = call("GET", PATH, officer="wang").json["items"]
    assert (row["declined"]["by"], row["declined"].get("reason")) == ("chief", None)


def test_what_is_declined_is_neither_approved_nor_made() -> None:
    export_id, _ = asked(1)
    tag = tag_for(f"{PATH}/{export_id}/approve", "narrow")
    decline(export_id)
    assert listed("narrow", "?state=awaits_approval") == []
    late = call("POST", f"{PATH}/{export_id}/approve", officer="narrow", headers={"If-Match": tag})
    assert late.refusal == (409, "decided")
    assert "tag" not in shown_to(export_id, "narrow")
    assert part(export_id).refusal == (409, "decided")
    approved, _ = asked(1)
    approve(approved)
    assert decline(approved, "narrow").refusal == (409, "decided")


def test_the_words_can_be_read_for_two_days() -> None:
    export_id, _ = asked(1)
    wiring.clock.advance(exports.WAITS - timedelta(minutes=1))
    decline(export_id)
    wiring.clock.advance(exports.WAITS - timedelta(minutes=1))
    assert shown_to(export_id, "wang")["declined"]["reason"] == NO["reason"]
    assert listed("wang") == [export_id]
    wiring.clock.advance(timedelta(minutes=1))
    assert call("GET", f"{PATH}/{export_id}", officer="wang").status == 404


def test_who_asked_takes_it_back_and_nobody_is_notified() -> None:
    export_id, _ = asked(1)
    cloud.catch_up()
    cloud.forget_sent()
    assert decline(export_id, "wang").status == 204
    cloud.go_on()
    assert addressed() == set()
    assert approve(export_id).refusal == (409, "decided")


def test_who_may_not_see_all_of_it_does_not_decline_it() -> None:
    file("lost_and_found")
    file("other")
    exported_alone(exports.REPORTS_MAX)
    export_id = export({"filters": {}}).expect(202)["id"]
    assert decline(export_id, "narrow").status == 404
    assert shown_to(export_id)["declined"] is None


def test_oversight_declines_by_no_name() -> None:
    cloud.oversight("ombud", "ombud2")
    created = file("other", concerns_police=True)
    body = {"report_id": created["id"], "custody": True}
    export_id = export(body, "ombud").expect(202)["id"]
    cloud.catch_up()
    cloud.forget_sent()
    assert decline(export_id, "ombud2").status == 204
    cloud.go_on()
    assert addressed() == {"role:oversight"}


def as_of_rc1(export_id: str, **more: Any) -> None:
    """Let a request be as release 0.2.0rc1 has stored it."""
    new = ("public_key", "wrapped_key", "wrapping_key", "sealed_reason", "filters")
    table = wiring.reports().table
    row = table.get(keys.export(export_id), "REQUEST") or {}
    for pk, sk in ((row["pk"], row["sk"]), (keys.EXPORTS, f"{row['at']}#{export_id}")):
        table.update(Update(pk, sk, put={**dict.fromkeys(new), **more}))


def test_a_request_of_before_waits_and_is_not_approved_unread() -> None:
    export_id, [created] = asked(1)
    as_of_rc1(export_id)
    assert listed("chief", "?state=awaits_approval") == [export_id]
    said = shown_to(export_id)
    assert (said["reason"], said["filters"], references(said)) == (
        None,
        None,
        {created["reference"]},
    )
    assert "tag" not in said
    assert approve(export_id).refusal == (412, "stale_version")
    assert part(export_id, **WHY).refusal == (409, "not_approved")
    assert decline(export_id).status == 204
    assert shown_to(export_id, "wang")["declined"]["reason"] == NO["reason"]


def test_what_was_approved_before_is_made_for_the_reason_of_its_part() -> None:
    export_id, [created] = asked(1)
    approve(export_id)
    as_of_rc1(export_id)
    assert part(export_id).wrong == [("reason", "required")]
    assert [each.action for each in wiring.audit().history(of_report(created["id"]))] == []
    assert part(export_id, **WHY).status == 201
    assert reasons(created) == [WHY["reason"]]
