"""What stands beside a report about the police: requests, links, exports, presence, and the acts of
officers who come to oversight or leave it.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.domain.notices.notice import OUTSIDE, OVERSIGHT_OUTSIDE, officer_address
from chalicelib.domain.notices.roster import Member, Roster, Shift, Weekday
from chalicelib.domain.officers.model import Officer, Role
from chalicelib.domain.officers.proposals import as_appointed
from chalicelib.domain.reports.events import Matter, NoticeKind
from chalicelib.domain.reports.outlines import ReportOutline
from chalicelib.domain.watch import Act, Question
from chalicelib.kernel import times
from chalicelib.kernel.city import city
from chalicelib.services.watch.acts import OpeningsPage, Stores, list_openings
from chalicelib.store.audit.rows import KEPT, Action, Entry, of_report
from chalicelib.store.watch import ActRows
from infra.packaging.templates import outside_of
from tests import audit_trail, cloud
from tests.client import call, new_key, read_and_approve, report
from tests.functional.casework.test_oversight import about_police, addressed
from tests.functional.casework.test_oversight_moves import BACK, WHY
from tests.steps import by_officer, by_reporter, file, head, opened

pytestmark = pytest.mark.usefixtures("aws", "clean")

REQUESTS, OPENINGS = "/v1/officer/requests", "/v1/audit/openings"
ASKED = {"right": "erasure", "text": "Erase it.", "contact": {"phone": "+86 138 4242 4242"}}


@pytest.fixture(autouse=True)
def people(clean: None) -> None:
    cloud.oversight("ombud", "ombud2")
    for username in ("wang", "li"):
        cloud.officer(username, roles=(Role.OFFICER, Role.SUPERVISOR))
    cloud.officer("shen", roles=(Role.AUDITOR,), categories=(), districts=())


def moved(created: Mapping[str, Any]) -> None:
    opened(created)
    assert by_officer("POST", created, "/oversight", WHY).status == 204


def back(created: Mapping[str, Any]) -> None:
    assert by_officer("POST", created, BACK, WHY, officer="ombud").status == 200
    approval = f"/v1/officer/reports/{created['id']}{BACK}/approve"
    assert read_and_approve(approval, "ombud2").status < 300


def linked(original: Mapping[str, Any], officer: str) -> dict[str, Any]:
    duplicate = about_police() if officer == "ombud" else file("other")
    opened(duplicate, officer)
    body = {"duplicate_of": original["id"]}
    assert by_officer("PATCH", duplicate, "", body, officer=officer, version=1).status == 200
    return duplicate


class CountedReads(ActRows):
    reads = 0

    def latest(self, *asked: Any) -> tuple[list[Act], bool]:
        self.reads += 1
        return super().latest(*asked)


def openings(asked: Question, acts: ActRows) -> OpeningsPage:
    """Return what an auditor learns."""
    actor = wiring.admission().admit("shen", "", (Role.AUDITOR,), now=wiring.clock.now())
    stores = Stores(acts, wiring.officers(), wiring.cursors(), wiring.reports())
    return list_openings(asked, None, actor=actor, stores=stores)


def ombud() -> Officer:
    return Officer(username="ombud", roles=(Role.OVERSIGHT,))


def dismissed(username: str) -> None:
    """Let an officer of oversight be an ordinary one from now on."""
    before = wiring.officers().get(username)
    row = Officer(username=username, roles=(Role.OFFICER,), categories=("*",), districts=("*",))
    wiring.officers().put(as_appointed(row, before, wiring.clock.now()))


def test_a_request_of_a_third_person_does_not_count_it() -> None:
    path = f"{REQUESTS}/{call('POST', REQUESTS, ASKED, officer='wang').json['number']}"
    created, ordinary = about_police(), file("other")
    decision = {"outcome": "granted", "reason": "It is theirs."}
    assert call("POST", f"{path}/decision", decision, officer="wang").status == 201
    body = {"report_ids": [ordinary["id"]]}
    assert call("POST", f"{path}/reports", body, officer="wang").status == 200
    before = call("GET", path, officer="li").json
    body = {"report_ids": [created["id"]]}
    assert call("POST", f"{path}/reports", body, officer="ombud").status == 200
    assert call("GET", path, officer="li").json == before
    listed = call("GET", REQUESTS, officer="wang").json["items"]
    assert [each["reports"] for each in listed] == [before["reports"]] == [1]
    found = call("GET", path, officer="ombud").json
    assert (found["report_ids"], found["other_reports"]) == ([created["id"]], 0)
    for unseen in (created["id"], "0" * 26):
        body = {"report_ids": [unseen]}
        assert call("POST", f"{path}/reports", body, officer="wang").status == 422


def test_a_report_that_was_named_before_it_was_moved_is_one_of_the_others() -> None:
    path = f"{REQUESTS}/{call('POST', REQUESTS, ASKED, officer='wang').json['number']}"
    created = file("other")
    body = {"report_ids": [created["id"]]}
    assert call("POST", f"{path}/reports", body, officer="wang").status == 200
    moved(created)
    found = call("GET", path, officer="wang").json
    assert (found["reports"], found["report_ids"], found["other_reports"]) == (1, [], 1)
    assert call("GET", path, officer="ombud").json["report_ids"] == [created["id"]]


def test_a_page_that_is_cut_short_does_not_say_that_somebody_has_some() -> None:
    for _ in range(16):
        created = about_police()
        opened(created, "ombud")
        body = {"assignee": "ombud2"}
        assert by_officer("PATCH", created, "", body, officer="ombud", version=1).status == 200
    query = "/v1/officer/reports?limit=1&assignee="
    pages = [call("GET", query + each, officer="wang").json for each in ("ombud2", "li")]
    assert pages[0] == pages[1]
    assert call("GET", query + "ombud2", officer="ombud").json["items"]


def test_a_page_does_not_say_how_many_somebody_had_who_has_left_oversight() -> None:
    ordinary = file("other")
    for _ in range(16):
        created = about_police()
        opened(created, "ombud")
        body = {"assignee": "ombud2"}
        assert by_officer("PATCH", created, "", body, officer="ombud", version=1).status == 200
    dismissed("ombud2")
    opened(ordinary)
    assert by_officer("PATCH", ordinary, "", {"assignee": "ombud2"}, version=1).status == 200
    page = call("GET", "/v1/officer/reports?limit=1&assignee=ombud2", officer="wang").json
    assert [each["id"] for each in page["items"]] == [ordinary["id"]]
    assert page["next_cursor"] is None


def test_a_mute_of_the_station_ends_when_a_report_is_moved() -> None:
    created = file("other")
    opened(created)
    assert by_officer("POST", created, "/mute", {"reason": "It is noise."}).status == 200
    moved(created)
    assert "muted" not in head(created)
    assert opened(created, "ombud")["flags"] == []


def test_who_is_on_duty_does_not_decide_who_of_oversight_hears() -> None:
    outline = ReportOutline.of_head(head(about_police()))
    assert outline is not None
    shift = Shift(
        name="All", weekdays=tuple(Weekday), starts="00:00", ends="00:00", officers=("ombud",)
    )
    members = {name: Member(oversight=True, email_rank=0) for name in ("ombud", "ombud2")}
    roster = Roster(shifts=(shift,), members=members)
    now = wiring.clock.now()
    for kind in (NoticeKind.REPORT, NoticeKind.MESSAGE, NoticeKind.OVERDUE):
        to = roster.addressees_of(kind, outline, Matter(), now)
        assert to == ("role:oversight",), kind


def test_what_somebody_closed_before_they_joined_is_still_listed() -> None:
    created = file("other")
    opened(created)
    body = {"status": "closed", "disposition": "resolved", "reason": "It is done."}
    assert by_officer("PATCH", created, "", body, version=1).status == 200
    query = f"/v1/officer/closings?officer=wang&day={wiring.clock.now():%Y-%m-%d}"
    wiring.clock.advance(timedelta(days=2))
    row = Officer(username="wang", roles=(Role.OVERSIGHT,))
    wiring.officers().put(as_appointed(row, wiring.officers().get("wang"), wiring.clock.now()))
    items = call("GET", query, officer="li").json["items"]
    assert [each["id"] for each in items] == [created["id"]]


def test_who_looked_at_it_before_it_was_moved_does_not_see_who_does_now() -> None:
    created = file("other")
    look = f"/v1/officer/pulse?looking_at={created['id']}"
    call("GET", look, officer="wang")
    moved(created)
    call("GET", look, officer="ombud")
    assert call("GET", look, officer="wang").json["also_looking"] == []


def test_a_report_that_is_returned_does_not_count_a_duplicate_in_oversight() -> None:
    created = about_police()
    linked(created, "ombud")
    back(created)
    found = opened(created)
    assert (found["duplicate_count"], found["duplicates"]) == (0, [])
    body = {"duplicate_of": file("other")["id"]}
    version = head(created)["version"]
    assert by_officer("PATCH", created, "", body, version=version).status == 200


def test_a_duplicate_that_is_returned_is_counted_no_more() -> None:
    created = about_police()
    back(linked(created, "ombud"))
    assert opened(created, "ombud")["duplicate_count"] == 0
    assert head(created)["duplicates"] == 0


def test_oversight_does_not_count_ordinary_duplicates() -> None:
    created = file("other")
    linked(created, "wang")
    moved(created)
    assert opened(created, "ombud")["duplicate_count"] == 0


def test_a_file_for_a_court_that_was_asked_for_before_does_not_name_it() -> None:
    created = file("other")
    body = {"report_id": created["id"], "reason": "A court asks.", "custody": True}
    made = call("POST", "/v1/officer/exports", body, officer="wang").json
    path = f"/v1/officer/exports/{made['id']}"
    assert call("GET", path, officer="li").json["report_id"] == created["id"]
    moved(created)
    assert "report_id" not in call("GET", path, officer="li").json


def test_auditors_learn_of_no_opening_of_it() -> None:
    created, before, ordinary = about_police(), file("other"), file("other")
    opened(created, "ombud")
    moved(before)
    opened(ordinary)
    body = report("other", concerns_police=True, source="phone")
    entered = call("POST", "/v1/officer/reports", body, key=new_key(), officer="wang").json
    wiring.clock.advance(timedelta(seconds=1))
    dismissed("ombud")
    audit_trail.seal(audit_trail.stream_of())
    hidden = [each["id"] for each in (created, before, entered)]
    for query in (
        "",
        "?officer=ombud",
        "?officer=wang",
        *(f"?report_id={each}" for each in hidden),
    ):
        items = call("GET", OPENINGS + query, officer="shen").json["items"]
        assert {each["report_id"] for each in items} <= {ordinary["id"]}, query
    numbers = call("GET", "/v1/officer/numbers", officer="li").json["items"]
    assert [each["openings"] for each in numbers if each["username"] == "ombud"] == [0]


@pytest.mark.usefixtures("standing_clock")
def test_auditors_learn_of_no_opening_of_it_when_it_is_deleted() -> None:
    body = report("other", concerns_police=True, source="phone")
    entered = call("POST", "/v1/officer/reports", body, key=new_key(), officer="wang").json
    audit_trail.seal(audit_trail.stream_of())
    assert by_reporter("DELETE", entered).status < 300
    cloud.sweep(timedelta(days=31))
    deleted_at = wiring.clock.now()
    tombstone = head(entered)
    assert "deleted_at" in tombstone
    assert tombstone["expires_ttl"] >= int((deleted_at + KEPT).timestamp())
    for query in ("?officer=wang", f"?report_id={entered['id']}"):
        assert call("GET", OPENINGS + query, officer="shen").json["items"] == [], query


def test_the_numbers_of_a_week_count_no_opening_that_auditors_do_not_see() -> None:
    before = file("other")
    moved(before)
    body = report("other", concerns_police=True, source="phone")
    call("POST", "/v1/officer/reports", body, key=new_key(), officer="wang")
    opened(file("other"))
    assert by_officer("GET", before).status == by_officer("GET", {"id": "0" * 26}).status == 404
    audit_trail.seal(audit_trail.stream_of())
    listed = call("GET", f"{OPENINGS}?officer=wang", officer="shen").json["items"]
    numbers = call("GET", "/v1/officer/numbers", officer="li").json["items"]
    [found] = [each for each in numbers if each["username"] == "wang"]
    assert found["openings"] == len(listed) == 1
    assert found["denials"] == 2


@pytest.mark.parametrize("leaves", [False, True])
def test_no_read_says_how_much_oversight_has_opened(leaves: bool) -> None:
    wiring.officers().put(as_appointed(ombud(), wiring.officers().get("ombud"), wiring.clock.now()))
    acts = CountedReads(wiring.reports().table)
    for second in range(170):  # more than three reads of 50
        at = times.render(wiring.clock.now() + timedelta(seconds=second))
        acts.put([Act("ombud", "open", True, (keys.report("0" * 26), f"{at}#{second}"))])
    wiring.clock.advance(timedelta(minutes=5))
    if leaves:
        dismissed("ombud")
    assert openings(Question(officer="ombud"), acts) == ((), None)
    assert acts.reads <= 1 + leaves  # who has left may have done more since


def test_no_read_says_how_often_a_report_of_oversight_was_opened() -> None:
    created = about_police()
    for second in range(60):  # more than one read
        at = wiring.clock.now() + timedelta(seconds=second)
        wiring.audit().write(Entry(of_report(created["id"]), "ombud", Action.OPEN, at))
    wiring.clock.advance(timedelta(minutes=5))
    acts = CountedReads(wiring.reports().table)
    assert openings(Question(report_id=created["id"]), acts) == ((), None)


@pytest.mark.parametrize("leaves", [False, True])
def test_supervisors_learn_not_even_how_long_the_day_of_oversight_was(leaves: bool) -> None:
    for _ in range(201):
        call("GET", "/v1/officer/reports", officer="ombud")
    if leaves:
        dismissed("ombud")
    query = f"?officer=ombud&day={wiring.clock.now():%Y-%m-%d}"
    found = call("GET", f"/v1/officer/closings{query}", officer="li").json
    assert found == {"items": [], "next_cursor": None}


def test_a_notice_by_name_of_an_ordinary_report_does_not_reach_who_is_of_oversight_now() -> None:
    matter = Matter(to=(officer_address("wang"), officer_address("li")))
    outline = ReportOutline.of_head(head(file("other")))
    assert outline is not None
    roster = Roster(members={"wang": Member(oversight=True, email_rank=0)})
    found = roster.addressees_of(NoticeKind.DECLINED, outline, matter, wiring.clock.now())
    assert found == (officer_address("li"),)


def test_a_request_that_oversight_registers_is_theirs() -> None:
    path = f"{REQUESTS}/{call('POST', REQUESTS, ASKED, officer='ombud').json['number']}"
    unknown = f"{REQUESTS}/20261130-ABCDEF"
    assert call("GET", path, officer="ombud2").status == 200
    assert len(call("GET", REQUESTS, officer="ombud2").json["items"]) == 1
    assert call("GET", REQUESTS, officer="wang").json["items"] == []
    assert [call("GET", each, officer="wang").status for each in (path, unknown)] == [404, 404]
    decision = {"outcome": "granted", "reason": "It is theirs."}
    cloud.forget_sent()
    assert call("POST", f"{path}/decision", decision, officer="ombud").status == 201
    cloud.go_on()
    assert addressed() == {"role:oversight"}


@pytest.mark.parametrize(
    ("by", "other", "to"), [("wang", "li", set()), ("ombud", "ombud2", {"role:oversight"})]
)
def test_what_is_declined_does_not_name_who_is_of_oversight_by_now(
    by: str, other: str, to: set[str]
) -> None:
    path = f"{REQUESTS}/{call('POST', REQUESTS, ASKED, officer=by).json['number']}"
    decision = {"outcome": "granted", "reason": "It is theirs."}
    assert call("POST", f"{path}/decision", decision, officer=by).status == 201
    cloud.catch_up()
    roster = wiring.subscriptions().roster
    roster.keep_member("wang", Member(oversight=True, email_rank=0))
    why = {"reason": "It is not."}
    assert call("POST", f"{path}/decision/decline", why, officer=other).status == 204
    cloud.stream(cloud.all_keys())
    assert addressed() == to
    assert not [pk for pk, _ in cloud.all_keys() if pk.endswith("#declined")]


def test_oversight_is_asked_to_approve_its_own_export() -> None:
    created = about_police()
    cloud.catch_up()
    body = {"report_id": created["id"], "reason": "A court asks.", "custody": True}
    assert call("POST", "/v1/officer/exports", body, officer="ombud").status == 202
    cloud.stream(cloud.all_keys())
    assert addressed() == {"role:oversight"}


def test_what_oversight_has_not_reviewed_goes_to_its_own_address_outside() -> None:
    outline = ReportOutline.of_head(head(about_police()))
    assert outline is not None
    to = Roster().addressees_of(NoticeKind.UNREVIEWED, outline, Matter(), wiring.clock.now())
    assert to == ("role:oversight", OVERSIGHT_OUTSIDE)


def test_each_address_outside_has_a_subscription_of_its_own() -> None:
    served = city()._replace(oversight_email="ombud@city.example", review_address=None)
    [(name, subscription)] = outside_of(served).items()
    found = subscription["Properties"]
    assert (name, found["Endpoint"]) == ("OversightOutside", "ombud@city.example")
    assert found["FilterPolicy"]["to"] == [OVERSIGHT_OUTSIDE]
    served = served._replace(oversight_email=None, review_address="office@city.example")
    [subscription] = outside_of(served).values()
    assert subscription["Properties"]["FilterPolicy"]["to"] == [OUTSIDE]
