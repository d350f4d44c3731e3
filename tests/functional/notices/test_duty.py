"""Who is on duty gets the notices; when nobody is, everybody does. The city's clocks decide."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.domain.notices.notice import groups_of, officer_address
from chalicelib.domain.officers.model import Role
from chalicelib.store.notices.roster import KEY
from tests import cloud
from tests.client import Reply, appoint, call, new_key
from tests.functional.notices.test_announcements import Inbox
from tests.steps import by_officer, by_reporter, file

pytestmark = pytest.mark.usefixtures("aws", "clean")

CHAOYANG = {"lat": 39.92, "lon": 116.46}
EVERYBODY = groups_of("traffic_violation", "chaoyang")
ALWAYS = {
    "weekdays": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
    "starts": "00:00",
    "ends": "00:00",
}


@pytest.fixture(autouse=True)
def _people(clean: None) -> None:
    for username in ("wang", "li", "zhao"):
        cloud.officer(username, email=f"{username}@police.example", phone="+8613800138000")
    cloud.officer("admin", roles=(Role.ADMIN,), email="admin@police.example")
    cloud.officer("admin2", roles=(Role.ADMIN,))


def subscribe(username: str, **more: Any) -> dict[str, Any]:
    body = {"protocol": "email", **more}
    return dict(call("POST", "/v1/officer/subscriptions", body, officer=username).expect(201))


def set_plan(*shifts: Mapping[str, Any], officer: str = "admin") -> Reply:
    version = call("GET", "/v1/officer/shifts", officer="wang").headers["etag"]
    body = {"shifts": [{"name": "Duty", **ALWAYS, **shift} for shift in shifts]}
    return call("PUT", "/v1/admin/shifts", body, officer=officer, headers={"If-Match": version})


def on_duty(*officers: str, **more: Any) -> None:
    set_plan({"officers": list(officers), **more}).expect(200)


def file_in_chaoyang(**more: Any) -> dict[str, Any]:
    return file(**{"category": "traffic_violation", "location": CHAOYANG, **more})


def change(created: Mapping[str, Any], by: str, version: int = 1, /, **fields: Any) -> Reply:
    return by_officer("PATCH", created, "", fields, officer=by, version=version)


def call_malicious(created: Mapping[str, Any], by: str) -> Reply:
    return change(created, by, status="closed", reason="A hoax.", disposition="malicious")


def published() -> list[dict[str, Any]]:
    """Return what is published now."""
    cloud.forget_sent()
    cloud.stream(cloud.all_keys())
    return cloud.sent()


def addressees(kind: str = "report") -> list[tuple[str, ...]]:
    return [
        tuple(json.loads(each["attributes"]["to"])) for each in published() if each["kind"] == kind
    ]


def names(*usernames: str) -> tuple[str, ...]:
    return tuple(officer_address(each) for each in sorted(usernames))


def test_it_reaches_the_officer_on_duty_and_no_other() -> None:
    inboxes = {}
    for username in ("wang", "li"):
        subscribe(username)
        policy = json.loads(str(wiring.subscriptions().of(username)[0].policy))
        inboxes[username] = Inbox(username, policy)
    everything = Inbox("everything", None)
    on_duty("li")
    file_in_chaoyang()
    published()

    assert inboxes["li"].kinds() == ["report"]
    assert inboxes["wang"].kinds() == []
    assert everything.kinds() == ["report"]


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2026-11-27T19:59", EVERYBODY),  # a Friday
        ("2026-11-27T20:00", names("li")),
        ("2026-11-28T07:59", names("li")),
        ("2026-11-28T08:00", EVERYBODY),
        ("2026-11-28T20:30", EVERYBODY),
    ],
)
def test_a_shift_goes_by_the_citys_clocks_and_over_midnight(
    local: str, expected: tuple[str, ...]
) -> None:
    subscribe("li")
    on_duty("li", weekdays=["friday"], starts="20:00", ends="08:00")
    moment = datetime.fromisoformat(f"{local}:00+08:00").astimezone(UTC)
    wiring.clock.advance(moment - wiring.clock.now())
    file_in_chaoyang()

    assert addressees() == [expected]


@pytest.mark.parametrize(
    ("shift", "expected"),
    [
        ({"categories": ["traffic_violation"]}, names("li")),
        ({"categories": ["other"]}, EVERYBODY),
        ({"districts": ["chaoyang"]}, names("li")),
        ({"districts": ["haidian"]}, EVERYBODY),
        ({"officers": []}, EVERYBODY),
        # Nobody whom a notice reaches.
        ({"officers": ["zhao"]}, EVERYBODY),
    ],
)
def test_a_shift_takes_what_it_names_and_an_empty_one_means_everybody(
    shift: Mapping[str, Any], expected: tuple[str, ...]
) -> None:
    subscribe("li")
    on_duty(*shift.get("officers", ["li"]), **{k: v for k, v in shift.items() if k != "officers"})
    file_in_chaoyang()

    assert addressees() == [expected]


def test_a_smaller_scope_acts_at_the_next_notice() -> None:
    for username in ("wang", "li"):
        subscribe(username)
    on_duty("wang", "li")
    row = {"roles": ["officer"], "categories": ["other"], "districts": ["*"]}
    appoint("li", row | {"email": "li@police.example"})
    file_in_chaoyang()
    assert addressees() == [names("wang")]

    appoint("wang", row | {"email": "wang@police.example", "active": True})
    file_in_chaoyang()
    assert addressees() == [EVERYBODY]


def test_who_is_deactivated_or_unsubscribed_is_on_duty_no_more() -> None:
    subscriptions = {username: subscribe(username) for username in ("wang", "li")}
    on_duty("wang", "li")
    path = f"/v1/officer/subscriptions/{subscriptions['li']['id']}"
    assert call("DELETE", path, officer="li").status == 204
    file_in_chaoyang()
    assert addressees() == [names("wang")]

    row = {"roles": ["officer"], "categories": ["*"], "districts": ["*"], "name": "Wang"}
    gone = row | {"email": "wang@police.example", "phone": "+8613800138000", "active": False}
    assert call("PUT", "/v1/admin/officers/wang", gone, officer="admin").status == 200
    file_in_chaoyang()
    assert addressees() == [EVERYBODY]


def test_who_asks_for_urgent_reports_only_is_on_duty_for_these() -> None:
    subscribe("li", min_urgency="high")
    on_duty("li")
    file_in_chaoyang()
    file_in_chaoyang(details={"what": "hit_and_run"})

    assert sorted(addressees(), key=len) == [names("li"), EVERYBODY]


def test_messages_and_digests_go_to_who_is_on_duty_too() -> None:
    subscribe("li")
    on_duty("li")
    created = file_in_chaoyang()
    for _ in range(12):
        file_in_chaoyang()
    by_reporter("POST", created, "/messages", {"text": "More."})
    kinds: dict[str, set[str]] = {}
    cloud.go_on(timedelta(minutes=1))
    for each in cloud.sent():
        kinds.setdefault(each["kind"], set()).add(each["attributes"]["to"])

    assert {"report", "digest"} <= kinds.keys()
    assert all(to == {json.dumps(names("li"))} for to in kinds.values())


def test_supervisors_hear_of_what_nobody_on_duty_has_acknowledged() -> None:
    cloud.officer("chief", roles=(Role.SUPERVISOR,), email="chief@police.example")
    for username in ("li", "chief"):
        subscribe(username)
    policies = {
        username: json.loads(str(wiring.subscriptions().of(username)[0].policy))
        for username in ("li", "chief")
    }
    inboxes = {username: Inbox(username, policy) for username, policy in policies.items()}
    on_duty("li")
    file_in_chaoyang(category="child_abduction", location=CHAOYANG, details={})
    cloud.stream(cloud.all_keys())
    assert (inboxes["li"].kinds(), inboxes["chief"].kinds()) == (["report"], [])

    cloud.sweep(timedelta(minutes=6))
    assert (inboxes["li"].kinds(), inboxes["chief"].kinds()) == ([], ["escalation"])


def test_a_roster_that_cannot_be_read_lets_everybody_be_notified() -> None:
    subscribe("li")
    on_duty("li")
    pk, sk = KEY
    wiring.reports().table.put({"pk": pk, "sk": sk, "shifts": "?", "members": 7})
    file_in_chaoyang()

    assert {*addressees()} == {EVERYBODY}


def test_the_plan_shows_who_is_on_duty_and_who_cannot_be_reached() -> None:
    subscribe("li")
    reply = set_plan(
        {"officers": ["li", "zhao"]},
        {"name": "Off", "weekdays": ["monday"], "starts": "00:00", "ends": "00:01"},
    )

    assert reply.headers["etag"] == '"2"'
    assert reply.json == call("GET", "/v1/officer/shifts", officer="wang").json
    assert (reply.json["version"], reply.json["time_zone"]) == (2, "Asia/Shanghai")
    assert reply.json["unreachable"] == ["zhao"]
    first, second = reply.json["shifts"]
    assert datetime.fromisoformat(first["on_duty_until"]) > wiring.clock.now()
    assert second["on_duty_until"] is None


def test_two_admins_do_not_undo_each_others_plan() -> None:
    headers = {"If-Match": '"1"'}
    plans = [{"shifts": [{"name": name, **ALWAYS, "officers": [name]}]} for name in ("wang", "li")]
    first, second = (
        call("PUT", "/v1/admin/shifts", plan, officer="admin", headers=headers) for plan in plans
    )

    assert (first.status, second.status) == (200, 412)
    assert call("PUT", "/v1/admin/shifts", plans[0], officer="admin").status == 428


def test_the_same_plan_again_makes_no_new_version() -> None:
    on_duty("li")
    reply = set_plan({"officers": ["li"]})

    assert (reply.status, reply.json["version"]) == (200, 2)


@pytest.mark.parametrize("username", ["nobody-here", "admin", "gone"])
def test_only_who_works_on_reports_is_in_a_plan(username: str) -> None:
    cloud.officer("gone", active=False)
    reply = set_plan({"officers": ["li", username]})

    assert reply.wrong == [("shifts.0.officers.1", "unknown_value")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"starts": "24:00"},
        {"starts": "8:00"},
        {"weekdays": []},
        {"weekdays": ["someday"]},
        {"categories": ["none"]},
        {"districts": ["outside"]},
        {"name": ""},
        {"officers": ["a"] * 51},
    ],
)
def test_a_plan_is_checked(wrong: Mapping[str, Any]) -> None:
    assert set_plan(wrong).status == 422


def test_each_change_of_the_plan_is_on_record() -> None:
    on_duty("li")
    rows, _ = wiring.audit().table.query(keys.officer_day("admin", wiring.clock.now()))

    [detail] = [json.loads(row["detail"]) for row in rows if row["action"] == "change"]
    assert detail["version"] == 2
    assert detail["shifts"]["shifts"][0]["officers"] == ["li"]


def test_whom_a_report_is_assigned_to_is_told_and_nobody_else() -> None:
    created = file_in_chaoyang()
    published()
    assert change(created, "wang", assignee="li").status == 200
    [notice] = published()

    assert notice["kind"] == "assigned"
    assert json.loads(notice["attributes"]["to"]) == list(names("li"))
    assert notice["reference"] == created["reference"]
    assert "li" not in notice["forms"]["email"].split()
    assert published() == []


@pytest.mark.parametrize("assignee", ["wang", None])
def test_who_takes_a_report_or_gives_it_back_tells_nobody(assignee: str | None) -> None:
    created = file_in_chaoyang()
    published()
    assert change(created, "wang", assignee=assignee).status == 200

    assert published() == []


def test_an_assignment_that_has_changed_since_is_not_told() -> None:
    created = file_in_chaoyang()
    published()
    change(created, "wang", assignee="li")
    change(created, "wang", 2, assignee="zhao")
    change(created, "wang", 3, urgency="high")

    assert addressees("assigned") == [names("zhao")]


def test_an_assignment_that_stays_is_told_once() -> None:
    created = file_in_chaoyang()
    change(created, "wang", assignee="li")
    published()
    change(created, "wang", 2, assignee="li")

    assert published() == []


def test_an_approval_is_for_those_who_may_approve_and_not_for_who_began() -> None:
    cloud.officer("far", categories=("other",), email="far@police.example")
    for username in ("wang", "li", "zhao", "far", "admin"):
        subscribe(username)
    on_duty("wang")
    created = file_in_chaoyang()
    published()
    assert call_malicious(created, "wang").status == 200

    assert addressees("approval") == [names("li", "zhao")]


def test_an_approval_that_nobody_else_is_known_to_give_goes_to_everybody() -> None:
    subscribe("wang")
    on_duty("wang")
    created = file_in_chaoyang()
    published()
    assert call_malicious(created, "wang").status == 200

    assert addressees("approval") == [EVERYBODY]


def test_a_drill_goes_to_nobody_but_who_asked_for_drills() -> None:
    subscribe("wang")
    subscribe("li", drills=True)
    cloud.officer("far", categories=("other",), email="far@police.example")
    subscribe("far", drills=True)
    on_duty("wang")
    created = file_in_chaoyang(source="drill")
    [notice] = published()

    assert json.loads(notice["attributes"]["to"]) == list(names("li"))
    assert notice["report_id"] == created["id"]
    assert (notice["attributes"]["drill"], notice["drill"]) == ("yes", True)
    assert notice["subject"].startswith("【演练】")
    assert "sms" not in notice["attributes"]


def test_a_critical_drill_is_not_escalated_and_counts_for_no_burst() -> None:
    subscribe("li", drills=True)
    file_in_chaoyang(category="child_abduction", source="drill", details={})
    for _ in range(12):
        file_in_chaoyang(source="drill")
    wiring.clock.advance(timedelta(seconds=60 - wiring.clock.now().second))
    assert [each["kind"] for each in published()] == ["report"] * 11
    for _ in range(10):
        file_in_chaoyang()
    assert [each["attributes"].get("drill") for each in published()] == [None] * 10

    cloud.forget_sent()
    cloud.sweep(timedelta(hours=1))
    assert cloud.sent() == []


def test_a_subscription_has_its_language() -> None:
    assert subscribe("li", language="en")["language"] == "en"
    file_in_chaoyang()
    both, english = published()

    assert "language" not in both["attributes"]
    assert english["attributes"]["language"] == "en"
    assert both["event_id"] == english["event_id"]
    assert both["subject"] == f"{both['subject'].partition(' / ')[0]} / {english['subject']}"
    assert english["subject"].isascii()
    assert "新举报" not in english["forms"]["email"]
    assert "sms" not in english["attributes"]


def test_each_subscription_gets_one_message_in_its_language() -> None:
    asked = {"wang": {}, "li": {"language": "en"}, "zhao": {"language": "zh"}}
    inboxes = {}
    for username, more in asked.items():
        subscribe(username, **more)
        policy = json.loads(str(wiring.subscriptions().of(username)[0].policy))
        inboxes[username] = Inbox(username, policy)
    subscribe("wang", protocol="sms")
    [policy] = [
        json.loads(str(each.policy))
        for each in wiring.subscriptions().of("wang")
        if each.protocol == "sms"
    ]
    inboxes["sms"] = Inbox("sms", policy)
    file_in_chaoyang()
    assert len(published()) == 3

    assert {name: each.kinds() for name, each in inboxes.items()} == {
        name: ["report"] for name in inboxes
    }


def test_only_an_email_has_a_language_and_only_one_of_the_citys() -> None:
    for body, field, code in (
        ({"protocol": "sms", "language": "en"}, "language", "only_in_email"),
        ({"protocol": "email", "language": "fr"}, "language", "unknown_value"),
    ):
        reply = call("POST", "/v1/officer/subscriptions", body, officer="wang")
        assert reply.wrong == [(field, code)]


def follow(created: Mapping[str, Any], officer: str, method: str = "POST") -> Reply:
    return by_officer(method, created, "/follow", officer=officer)


def followers(created: Mapping[str, Any]) -> list[str]:
    opened = by_officer("GET", created)
    return list(opened.json["followers"])


def followed() -> list[tuple[str, ...]]:
    """Let a minute pass. Return whom the notices of what officers did are for."""
    cloud.forget_sent()
    cloud.sweep(timedelta(minutes=1, seconds=1))
    sent = [each for each in cloud.sent() if each["kind"] == "followed"]
    return [tuple(json.loads(each["attributes"]["to"])) for each in sent]


def test_who_follows_a_report_is_told_once_what_colleagues_do_in_a_minute() -> None:
    for username in ("li", "zhao"):
        subscribe(username)
    created = file_in_chaoyang()
    for username in ("li", "zhao", "li"):
        assert follow(created, username).status == 204
    assert followers(created) == ["li", "zhao"]
    published()
    wiring.clock.advance(timedelta(seconds=60 - wiring.clock.now().second))
    change(created, "wang", status="in_progress")
    change(created, "wang", 2, urgency="high")
    path = f"/v1/officer/reports/{created['id']}"
    call("POST", f"{path}/notes", {"text": "Seen."}, officer="wang", key=new_key())

    assert followed() == [names("li", "zhao")]
    call("POST", f"{path}/messages", {"text": "Thanks."}, officer="li", key=new_key())
    assert followed() == [names("zhao")]
    assert followed() == []


def test_who_follows_gets_the_reporters_messages_off_duty() -> None:
    for username in ("li", "zhao"):
        subscribe(username)
    on_duty("li")
    created = file_in_chaoyang()
    follow(created, "zhao")
    published()
    by_reporter("POST", created, "/messages", {"text": "More."})

    assert addressees("message") == [(*names("li"), *names("zhao"))]


def test_who_follows_hears_of_a_message_in_a_digest_off_duty() -> None:
    for username in ("wang", "li", "zhao"):
        subscribe(username)
    on_duty("li")
    created, *others = [file_in_chaoyang() for _ in range(12)]
    for username in ("zhao", "wang"):
        follow(created, username)
    row = {"roles": ["officer"], "categories": ["other"], "districts": ["*"]}
    appoint("wang", row | {"email": "wang@police.example"})
    cloud.sweep()
    published()
    wiring.clock.advance(timedelta(minutes=1))
    for each in (*others, created):
        by_reporter("POST", each, "/messages", {"text": "More."})
        cloud.catch_up()
    cloud.sweep(timedelta(minutes=1))

    [digest] = [each for each in cloud.sent() if each["kind"] == "digest"]
    assert created["id"] in digest["report_ids"]
    assert json.loads(digest["attributes"]["to"]) == [*names("li"), *names("zhao")]


def test_who_may_see_a_report_no_more_is_not_told_of_it() -> None:
    for username in ("wang", "li"):
        subscribe(username)
    created = file_in_chaoyang()
    follow(created, "li")
    published()
    row = {"roles": ["officer"], "categories": ["other"], "districts": ["*"]}
    appoint("li", row | {"email": "li@police.example"})
    change(created, "wang", status="in_progress")
    assert followed() == []
    by_reporter("POST", created, "/messages", {"text": "More."})
    assert addressees("message") == [EVERYBODY]
    assert follow(created, "li", "DELETE").status == 404


def test_who_stops_following_is_told_no_more() -> None:
    subscribe("li")
    created = file_in_chaoyang()
    follow(created, "li")
    published()
    for _ in range(2):
        assert follow(created, "li", "DELETE").status == 204
    change(created, "wang", status="in_progress")

    assert (followed(), followers(created)) == ([], [])
    history = by_officer("GET", created, "/history").json
    details = [each["detail"] or {} for each in history["items"]]
    assert [each["followed"] for each in details if "followed" in each] == [True, False]


def test_at_most_fifty_follow_a_report() -> None:
    created = file_in_chaoyang()
    for number in range(51):
        cloud.officer(f"o{number}")
        reply = follow(created, f"o{number}")

    assert reply.refusal == (409, "too_many_followers")
    assert len(followers(created)) == 50
