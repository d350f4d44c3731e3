"""A report about the police: oversight works on it, and to all others it is not there."""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.notices.notice import OVERSIGHT_OUTSIDE, officer_address
from chalicelib.domain.notices.roster import Member, Roster
from chalicelib.domain.notices.subscriptions import NewSubscription, filter_policy
from chalicelib.domain.officers.model import Role
from chalicelib.domain.reports.events import Matter, NoticeKind
from chalicelib.domain.reports.outlines import ReportOutline
from chalicelib.handlers.service import scheduled
from tests import cloud
from tests.client import Reply, call, new_key, report
from tests.functional.http.test_access_matrix import ROUTES, use
from tests.kept import Kept
from tests.security.dump import dump
from tests.security.search import search
from tests.steps import by_officer, by_reporter, file, head, mine, opened, write

pytestmark = pytest.mark.usefixtures("aws", "clean")

ALL_BUT_OVERSIGHT = (Role.OFFICER, Role.SUPERVISOR, Role.ADMIN)
PLACE = {"lat": 39.92, "lon": 116.44}  # in Chaoyang
PLATE = "京A88888"
ABOUT_POLICE = {
    "text": f"The officer of car {PLATE} took money.",
    "location": PLACE,
    "contact": {"phone": "+86 138 0013 8000"},
    "concerns_police": True,
}
HOLD = {"reason": "A court asks.", "until": "2027-06-01T00:00:00Z"}


@pytest.fixture(autouse=True)
def people(clean: None) -> None:
    cloud.oversight("ombud", "ombud2")
    cloud.officer("wang", roles=ALL_BUT_OVERSIGHT, email="wang@police.example")
    cloud.officer("li", roles=(Role.SUPERVISOR,))


def about_police(category: str = "traffic_violation", **more: Any) -> dict[str, Any]:
    return file(category, **ABOUT_POLICE | more)


def test_oversight_opens_it_and_reads_what_it_was_reported_as() -> None:
    created = about_police()
    assert created["category"] == "traffic_violation"
    found = opened(created, "ombud")
    assert (found["category"], found["district"], found["station"]) == (
        "oversight",
        "unknown",
        None,
    )
    assert found["text"] == ABOUT_POLICE["text"]
    assert found["reported_as"] == {
        "category": "traffic_violation",
        "district": "chaoyang",
        "station": found["reported_as"]["station"],
    }
    for query in ("", "?sort=attention", "?category=oversight", f"?reference={found['reference']}"):
        listed = call("GET", f"/v1/officer/reports{query}", officer="ombud").json["items"]
        assert [each["id"] for each in listed] == [created["id"]], query


def test_oversight_sees_nothing_else() -> None:
    other = file()
    assert by_officer("GET", other, officer="ombud").status == 404
    assert call("GET", "/v1/officer/reports", officer="ombud").json["items"] == []


def test_its_reporter_reads_who_has_it_and_keeps_every_promise() -> None:
    created = about_police()
    assert mine(created)["category"] == "traffic_violation"
    assert "not this station" in mine(created)["read_by"]
    assert mine(file())["read_by"] is None
    write(created)
    by_officer(
        "POST", created, "/messages", {"text": "We read it.", "messages_seen": 1}, officer="ombud"
    )
    assert [each["text"] for each in mine(created)["messages"]][1:] == ["We read it."]
    assert by_reporter("GET", created, "/proof").status == 200
    assert by_reporter("DELETE", created).status == 204


def test_without_two_of_oversight_it_is_refused_and_says_where_to_go() -> None:
    cloud.oversight("ombud")
    offered = call("GET", "/v1/catalogue").json["oversight"]
    assert offered["offered"] is False
    reply = call("POST", "/v1/reports", report(concerns_police=True), key=new_key())
    assert reply.refusal == (409, "oversight_not_offered")
    assert reply.json["detail"] == offered["elsewhere"]


# --- an insider with every role but oversight

QUERIES = (
    "",
    "?sort=attention",
    "?category=oversight",
    "?category=traffic_violation",
    "?district=unknown",
    "?status=new",
    "?unread=true",
    "?assignee=none",
    "?needs_action=true",
    "?fold=none",
)
# What is drawn by chance, or is a secret of the call.
_CHANCE = re.compile(
    r'"(request_id|mark|[a-z_]*cursor|receipt|reference|id|report_id|subscription_id|etag|url'
    r'|newest_change|version|tag|number)": ?("[^"]*"|\d+)'
)
_ID = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{16,26}\b")


def everything(created: Mapping[str, Any]) -> Iterator[tuple[str, Reply]]:
    """Yield the answer of each officers' operation to somebody who knows the report's id, and of
    each list with each parameter.
    """
    for query in (*QUERIES, f"?reference={created['reference']}"):
        yield query, call("GET", f"/v1/officer/reports{query}", officer="wang")
    for number in ("13800138000", PLATE):
        yield number, call("GET", f"/v1/officer/search?text={number}", officer="wang")
    for key in sorted(
        ROUTES.keys() - {("PUT", "/v1/admin/shifts")}
    ):  # `use` sends the report's version
        yield " ".join(key), use(key, "wang", created["id"])
    for username in ("ombud", "wang"):
        query = f"?officer={username}&day={wiring.clock.now():%Y-%m-%d}"
        yield f"closings{query}", call("GET", f"/v1/officer/closings{query}", officer="wang")
    for below in ("/duplicates", ""):
        body: Any = {"report_ids": [created["id"]]} if below else {"duplicate_of": created["id"]}
        ordinary = file("other")
        method = "POST" if below else "PATCH"
        yield f"{method} own", by_officer(method, ordinary, below, body, version=1)


def shown(reply: Reply) -> tuple[int, str]:
    return reply.status, _ID.sub("ID", _CHANCE.sub(r'"\1": 0', reply.text))


def worked_on() -> dict[str, Any]:
    """File a report about the police, and let its reporter and oversight work on it."""
    created = about_police(media=[{"content_type": "image/jpeg", "size": 1000}])
    cloud.add_medium(created["id"], created["uploads"][0]["media_id"], cloud.scene(1))
    write(created, f"Again {PLATE}.")
    opened(created, "ombud")
    by_officer("POST", created, "/notes", {"text": PLATE}, officer="ombud")
    by_officer("PATCH", created, "", {"assignee": "ombud2"}, officer="ombud", version=1)
    opened(created, "ombud2")
    return created


def kept_without() -> tuple[dict[str, Any], Kept]:
    """Return a report about the police, worked on, and the cloud as it was without."""
    without = Kept()
    without.put_back()
    created = worked_on()
    cloud.stream(cloud.all_keys())
    cloud.forget_kept()
    return created, without


@pytest.mark.usefixtures("standing_clock")
def test_an_insider_finds_no_difference_to_a_city_without_it() -> None:
    created, without = kept_without()
    found = list(everything(created))
    secrets = (created["receipt"], str(ABOUT_POLICE["text"]), PLATE)
    for name, reply in found:
        assert not [each for each in secrets if each in reply.text], name
    without.put_back()
    cloud.forget_kept()
    for (name, one), (_, other) in zip(found, everything(created), strict=True):
        assert shown(one) == shown(other), name
        # Only what the insider has sent comes back.
        assert (created["id"] in one.text) == (created["id"] in other.text), name


def test_an_insider_waits_for_the_same_calls_whether_there_is_one_or_not() -> None:
    created, without = kept_without()
    called: list[str] = []
    # Every client that a session makes from now on gets the session's handlers.
    wiring.reset()
    wiring.aws_events().register_first(
        "before-send.*", lambda event_name, **_: called.append(event_name)
    )

    def asked(kept: Kept) -> dict[str, list[str]]:
        kept.put_back()
        called.clear()
        found = {}
        for name, _ in everything(created):
            found[name] = called[:]
            called.clear()
        return found

    there = Kept()
    asked(there)  # what a process reads once, it has read
    found = asked(there)
    assert found["GET /v1/officer/reports/{report_id}"]
    assert found == asked(without)


# --- notices


def addressed() -> set[str]:
    """Return to whom notices went since the last look."""
    sent = cloud.sent()
    cloud.forget_sent()
    return {each for notice in sent for each in json.loads(notice["attributes"]["to"])}


def policies(*usernames: str) -> set[str]:
    """Return whom the widest subscriptions of these officers match."""
    wanted = NewSubscription(protocol="email", drills=True)
    rows = [wiring.officers().get(each) for each in usernames]
    return {to for row in rows if row for to in (filter_policy(row, wanted) or {})["to"]}


def test_every_notice_of_it_is_for_oversight_alone() -> None:
    for username in ("wang", "ombud2"):
        call("POST", "/v1/officer/subscriptions", {"protocol": "email"}, officer=username)
    created = about_police("child_abduction")
    steps: list[Any] = [
        lambda: None,
        lambda: write(created),
        lambda: wiring.clock.advance(timedelta(minutes=6)),
        lambda: by_officer("POST", created, "/hold", HOLD, officer="ombud"),
        lambda: by_officer(
            "PATCH", created, "", {"assignee": "ombud2"}, officer="ombud", version=1
        ),
        lambda: by_reporter("DELETE", created),
        lambda: by_officer("GET", created, "?reason=Asked.", officer="ombud"),
    ]
    found = set()
    for step in steps:
        cloud.forget_sent()
        step()
        cloud.go_on()
        found |= {each["kind"] for each in cloud.sent()}
        to = addressed()
        assert not to & policies("wang", "li"), step
        assert to <= policies("ombud", "ombud2"), step
    assert found == {"report", "message", "escalation", "approval", "assigned", "watch"}


def test_a_notice_by_name_does_not_reach_who_sees_it_no_longer() -> None:
    kind, matter = NoticeKind.DECLINED, Matter(to=(officer_address("wang"),))
    row = head(about_police())
    outline = ReportOutline.of_head(row)
    member = Member(categories=("*",), districts=("*",), email_rank=0)
    assert outline is not None
    roster = Roster(members={"wang": member})
    assert roster.addressees_of(kind, outline, matter, wiring.clock.now()) == ()
    other = outline.model_copy(update={"category": "other"})
    assert roster.addressees_of(kind, other, matter, wiring.clock.now()) == matter.to


def test_nothing_is_logged_of_it() -> None:
    with cloud.logged("chalicelib") as lines:
        created = about_police()
        cloud.stream(cloud.all_keys())
        opened(created, "ombud")
    said = "\n".join(str(vars(line) | {"pathname": ""}) for line in lines)
    assert "oversight" not in said
    assert created["id"] not in said


@pytest.mark.parametrize(("send", "count"), [(about_police, 0), (file, 1)])
def test_an_operators_count_of_what_waits_has_none_of_it(
    send: Callable[[str], object], count: int
) -> None:
    send("child_abduction")
    cloud.stream(cloud.all_keys())
    wiring.clock.advance(timedelta(minutes=11))
    with cloud.logged("chalicelib.handlers.service.scheduled") as lines:
        cloud.sweep()
    assert [vars(each)["unacknowledged"] for each in lines if each.msg == "counted"] == [count]


# --- rows


def test_no_row_leads_to_it() -> None:
    scheduled.suggest_incidents(cloud.SCHEDULE, None)  # makes the key of the day
    wiring.live_day_key.cache_clear()  # type: ignore[attr-defined]
    created, ordinary = worked_on(), file(text=f"Car {PLATE}, again and again.")
    opened(ordinary)
    rows = wiring.reports().table.query(f"REPORT#{created['id']}")[0]
    assert [row["sk"] for row in rows if "sealed_sketch" in row] == []
    assert "sealed_sketch" in head(ordinary)
    entries = [sk for pk, sk in cloud.all_keys() if pk.startswith("SEARCH#")]
    assert {sk.rpartition("#")[2] for sk in entries} == {ordinary["id"]}


def test_who_tries_its_reference_again_and_again_is_not_watched_for_it() -> None:
    created = about_police()
    call("GET", f"/v1/officer/reports?reference={created['reference']}", officer="wang")
    assert [each["action"]["S"] for each in rows_of("wang")] == ["list"]


def test_a_dump_finds_neither_its_district_nor_its_category(
    aws: Mapping[str, str], tmp_path: Path
) -> None:
    with cloud.logged("chalicelib") as lines:
        worked_on()
        cloud.stream(cloud.all_keys())
    dump(aws, "\n".join(str(vars(line)) for line in lines), tmp_path)
    assert search(tmp_path, ["chaoyang", "traffic_violation", str(ABOUT_POLICE["text"])]) == []


def rows_of(username: str) -> list[dict[str, Any]]:
    return [row for row in cloud.scan(os.environ["AUDIT_TABLE"]) if row["by"]["S"] == username]


def test_one_of_oversight_does_not_make_it_everybodys() -> None:
    created = about_police()
    opened(created, "ombud")
    change = {"category": "other"}
    assert by_officer("PATCH", created, "", change, officer="ombud", version=1).status == 422
    assert head(created)["category"] == "oversight"


@pytest.mark.parametrize(
    ("category", "waits"),
    [("child_abduction", timedelta(minutes=20)), ("traffic_violation", timedelta(days=3))],
)
def test_what_oversight_leaves_goes_outside_the_second_time(
    category: str, waits: timedelta
) -> None:
    about_police(category), file(category)
    cloud.stream(cloud.all_keys())
    late = []
    for _ in range(2):
        wiring.clock.advance(waits)
        cloud.catch_up()
        cloud.sweep()
        late.append({each["category"]: each["attributes"]["to"] for each in cloud.sent()})
    assert ["oversight" in each for each in late] == [True, True]
    assert [OVERSIGHT_OUTSIDE in each["oversight"] for each in late] == [False, True]
    assert not any(OVERSIGHT_OUTSIDE in each[category] for each in late)
