"""A gist: one line of a report that its row in lists shows: sealed, on record, of nobody."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib import wiring
from chalicelib.domain.officers.model import Role
from chalicelib.services.casework.gists import KEPT
from chalicelib.store.reports.heads import update_head
from tests import cloud
from tests.client import Reply, call, change_report
from tests.faults import inject
from tests.functional.casework.test_masks import NAME, approve_mask, mask, propose
from tests.functional.casework.test_masks import TEXT as TO_MASK
from tests.functional.statistics.test_exports import downloaded
from tests.steps import by_officer, by_reporter, by_second_officer, file, head, opened

pytestmark = pytest.mark.officers("wang", "li")

GIST = "Smoke above the market hall"


def write(created: Mapping[str, Any], text: str = GIST, officer: str = "wang") -> Reply:
    etag = by_officer("GET", created, officer=officer).headers["etag"]
    match = {"If-Match": etag}
    return by_officer("PUT", created, "/gist", {"text": text}, officer=officer, headers=match)


def with_gist(category: str = "other", text: str = GIST, **more: Any) -> dict[str, Any]:
    created = file(category, **more)
    assert write(created, text).status == 200
    return created


def page(query: str = "", officer: str = "wang") -> dict[str, str | None]:
    """Return the gists of a list by report."""
    reply = call("GET", f"/v1/officer/reports?{query}", officer=officer).expect(200)
    return {item["id"]: item["gist"] for item in reply["items"]}


def made_keys() -> Any:
    """Count the calls that make keys of gists."""
    return inject.fault(wiring.search_key()._kms, "kms.GenerateMac", lambda request: None)


def test_every_list_shows_it_and_so_does_the_opened_report() -> None:
    created = with_gist(text="Rauch über der 市场 🔥")
    shown = {created["id"]: "Rauch über der 市场 🔥"}
    assert opened(created)["gist"] == shown[created["id"]]
    for query in ("", "sort=attention", "status=new", f"reference={created['reference']}"):
        assert page(query) == shown
    made = call("POST", "/v1/officer/incidents", {"like": created["id"]}, officer="wang").json
    assert page(f"incident={made['id']}") == shown
    [item] = call("GET", f"/v1/officer/incidents/{made['id']}", officer="wang").json["items"]
    assert item["gist"] == shown[created["id"]]


def test_reports_of_an_incident_stay_one_row_whatever_their_gists_say() -> None:
    first, second = with_gist(text="Smoke"), file("other", text="It burns.")
    made = call("POST", "/v1/officer/incidents", {"like": first["id"]}, officer="wang").json
    body = {"report_ids": [second["id"]]}
    call("POST", f"/v1/officer/incidents/{made['id']}/reports", body, officer="wang")
    assert len(page()) == 1
    assert write(second, "Fire").status == 200
    assert page("fold=none") == {first["id"]: "Smoke", second["id"]: "Fire"}
    assert len(page()) == 1


def test_a_search_shows_it() -> None:
    with_gist(text="Smoke", category="other")
    created = file("other", text="The car is 京A12345.")
    write(created)
    [item] = call("GET", f"/v1/officer/search?text={quote('京A12345')}", officer="wang").json[
        "items"
    ]
    assert (item["id"], item["gist"]) == (created["id"], GIST)


def test_another_takes_its_place_and_an_empty_one_removes_it() -> None:
    created = with_gist()
    reply = write(created, "  A fire in the hall  ", officer="li")
    assert reply.json == {"id": created["id"], "gist": "A fire in the hall", "version": 3}
    assert page() == {created["id"]: "A fire in the hall"}
    assert write(created, " ").json["gist"] is None
    assert page() == {created["id"]: None}
    assert "gist" not in head(created)
    assert "gi" not in head(created)["listed"]


def test_it_takes_ones_own_opening_and_its_tag_leads_to_the_next_step() -> None:
    created = file("child_abduction")
    path, body = f"/v1/officer/reports/{created['id']}/gist", {"text": GIST}
    assert call("PUT", path, body, officer="wang").status == 428
    assert call("PUT", path, body, officer="wang", version=1).json["code"] == "not_read"
    theirs = {"If-Match": by_officer("GET", created, officer="li").headers["etag"]}
    assert call("PUT", path, body, officer="wang", headers=theirs).status == 412
    assert erased(created)
    etag = write(created).headers["etag"]
    ends = {"status": "closed", "disposition": "resolved", "reason": "It is out."}
    assert by_officer("PATCH", created, "", ends, headers={"If-Match": etag}).status == 200
    assert write(created, "It is out").status == 200


def test_the_history_says_who_wrote_it_and_not_what() -> None:
    created = with_gist()
    write(created, "", officer="li")
    found = [
        (each["by"], each["detail"]["fields"])
        for each in opened(created, below="/history")["items"]
        if (each["detail"] or {}).get("fields")
    ]
    assert found == [
        ("wang", {"gist": {"old": None, "new": "written"}}),
        ("li", {"gist": {"old": "written", "new": None}}),
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("京A·12345 fled", "holds_plate"),
        ("The car A12345", "holds_plate"),
        ("Call 138 0013 8000", "holds_number"),
        ("Call 010-6502 1234", "holds_number"),
        ("号码一三八零零一三八零零零", "holds_number"),
        ("ID 11010519900101123X", "holds_number"),
        ("Call 138\u200b0013\u200b8000", "holds_number"),
        ("Call 138/0013/8000", "holds_number"),
        ("Call 138_0013_8000", "holds_number"),
        ("Call 138,0013,8000", "holds_number"),
        ("Call 138 - 0013 : 8000", "holds_number"),
        ("京 A 1 2 3 4 5", "holds_plate"),
        ("The car A 1 2 3 4 5", "holds_plate"),
        ("WJ京12345", "holds_plate"),
        ("MR SMITH shouts", "holds_name"),
        ("张 先生", "holds_name"),
        ("王小明先\u200b生", "holds_name"),
        ("Write to wang@example.com", "holds_address"),
        ("张先生打人", "holds_name"),
        ("Mr Smith shouts", "holds_name"),
        ("x" * 81, "too_long"),
        ("Call 138\u202a0013\x008000", "holds_number"),
    ],
)
def test_what_names_a_person_is_refused_by_what_it_is(text: str, code: str) -> None:
    created = file("other")
    reply = write(created, text)
    [error] = reply.json["errors"]
    assert (reply.status, error["field"], error["code"]) == (422, "text", code)
    assert text not in reply.text
    assert "gist" not in head(created)


@pytest.mark.parametrize(
    "text",
    [
        "x" * 80,
        "G107国道两车相撞，3人受伤，约10000元",
        "Bus 420 at 23:15, line 10",
        "一位老先生走失",
        "From 23:15 to 23:45, 120 people",
        "Some miss a bus, 3 of 12 hurt",
    ],
)
def test_what_names_nobody_is_accepted(text: str) -> None:
    assert with_gist(text=text)


def test_the_record_of_a_list_comes_first_and_names_the_reports() -> None:
    created = with_gist()
    file("other")
    wiring.clock.advance(KEPT)
    with made_keys() as made, inject.without(wiring.settings().audit_table):
        assert call("GET", "/v1/officer/reports", officer="wang").status == 503
    assert made == []
    page(officer="li")
    day = f"{wiring.clock.now():%Y-%m-%d}"
    [seen] = opened(created, below=f"/history?pictures_on={day}")["items"]
    assert (seen["by"], seen["action"], seen["detail"]) == ("li", "list", {"part": "gists"})


def test_a_page_makes_one_key_for_each_district_and_month_and_keeps_it_a_while() -> None:
    both = [with_gist(text=str(number)) for number in range(2)]
    wiring.clock.advance(KEPT)
    with made_keys() as made:
        assert page() == {both[0]["id"]: "0", both[1]["id"]: "1"}
        assert len(made) == 1
        wiring.clock.advance(KEPT - timedelta(seconds=1))
        page()
        assert len(made) == 1
        wiring.clock.advance(timedelta(days=31))
        third = with_gist(text="2")
        assert page()[third["id"]] == "2"
    assert len(made) == 3


def test_a_list_does_not_wait_for_gists_that_cannot_be_opened() -> None:
    created = with_gist()

    def down(request: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://kms.example")

    wiring.clock.advance(KEPT)
    with inject.fault(wiring.search_key()._kms, "kms.GenerateMac", down):
        assert page() == {created["id"]: None}
    assert page() == {created["id"]: GIST}


def test_one_that_was_moved_to_another_row_does_not_open() -> None:
    created, other = with_gist(), file("other")
    moved = {"gist": head(created)["gist"]}
    wiring.reports().table.update(update_head(other["id"], put=moved))
    assert page() == {created["id"]: GIST, other["id"]: None}


def test_an_export_opens_no_gist() -> None:
    created = with_gist()
    wiring.clock.advance(KEPT)
    body = {"filters": {"category": "other"}, "reason": "For the month."}
    with made_keys() as made:
        reply = call("POST", "/v1/officer/exports", body, officer="wang")
    assert (reply.status, made) == (201, [])
    files = downloaded(reply.json["url"])
    assert json.loads(files[f"reports/{created['reference']}.json"])["gist"] is None


def erased(created: Mapping[str, Any]) -> bool:
    row = head(created)
    return "gist" not in row and "gi" not in row.get("listed", {})


def test_a_withdrawal_erases_it_and_the_deletion_leaves_none() -> None:
    created = with_gist()
    by_reporter("DELETE", created)
    assert erased(created)
    assert write(created).json["code"] == "illegal_transition"
    kept = with_gist(text="Noise")
    ends = {"status": "closed", "disposition": "no_action", "reason": "It is over."}
    change_report(kept["id"], opened(kept)["version"], **ends)
    wiring.clock.advance(timedelta(days=4000))
    for _ in range(3):
        cloud.sweep()
    assert "deleted_at" in head(kept)
    assert erased(kept)


def test_a_mask_erases_it() -> None:
    created = with_gist(text=GIST)
    masked = file("other", text="Chen Wei drives.")
    write(masked)
    mask(masked)
    assert erased(masked)
    assert page() == {created["id"]: GIST, masked["id"]: None}


def test_one_from_before_a_mask_is_not_written() -> None:
    created = file("other", text=TO_MASK)
    propose(created)
    match = {"If-Match": by_officer("GET", created).headers["etag"]}
    with inject.meanwhile(lambda: approve_mask(created)):
        raced = by_officer("PUT", created, "/gist", {"text": NAME}, headers=match)
    assert head(created)["masks"]["approved"]
    late = by_officer("PUT", created, "/gist", {"text": NAME}, headers=match)
    assert (raced.status, late.status) == (412, 412)
    assert erased(created)


def test_a_mask_leaves_an_opening_to_other_steps_and_to_no_gist_after_them() -> None:
    created = file("other", text=TO_MASK)
    match = {"If-Match": by_officer("GET", created).headers["etag"]}
    mask(created)
    changed = by_officer("PATCH", created, "", {"assignee": "wang"}, headers=match)
    match = {"If-Match": changed.headers["etag"]}
    assert changed.status == 200
    assert by_officer("PUT", created, "/gist", {"text": NAME}, headers=match).status == 412
    assert write(created).status == 200


def test_a_move_to_oversight_and_back_erases_it() -> None:
    cloud.oversight("ombud", "ombud2")
    cloud.officer("wang", roles=(Role.OFFICER, Role.SUPERVISOR))
    created = with_gist()
    why = {"reason": "It names an officer of this station."}
    assert by_officer("POST", created, "/oversight", why).status == 204
    assert erased(created)
    assert page(officer="ombud") == {created["id"]: None}
    assert write(created, "By the gate", officer="ombud").status == 200
    assert head(created)["gist"]["key"].startswith("oversight#")
    assert page(officer="ombud") == {created["id"]: "By the gate"}
    assert page() == {}
    by_officer("POST", created, "/oversight/return", why, officer="ombud")
    assert by_second_officer(created, "/oversight/return/approve", "ombud2").status < 300
    assert erased(created)
    assert page() == {created["id"]: None}
    day = f"{wiring.clock.now():%Y-%m-%d}"
    seen = opened(created, below=f"/history?pictures_on={day}")["items"]
    assert "ombud" not in [each["by"] for each in seen]
