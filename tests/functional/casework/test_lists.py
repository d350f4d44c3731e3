"""Officers' lists: every filter, singly and combined, and only inside their scope."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from chalicelib import wiring
from chalicelib.domain.officers.model import Role
from chalicelib.kernel import times
from chalicelib.store.reports.heads import update_head
from tests import cloud
from tests.client import Reply, call, change_report
from tests.faults import inject
from tests.steps import by_officer, by_reporter, file

pytestmark = pytest.mark.officers(
    "wang", narrow={"categories": ("traffic_violation",), "districts": ("haidian",)}
)

CHAOYANG, HAIDIAN = {"lat": 39.92, "lon": 116.44}, {"lat": 39.96, "lon": 116.30}


def listed(query: str = "", officer: str = "wang") -> list[str]:
    """Return the ids on all pages."""
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = call(
            "GET",
            f"/v1/officer/reports?limit=3&{query}{cursor and '&cursor=' + cursor}",
            officer=officer,
        )
        assert page.status == 200, page.text
        seen += [item["id"] for item in page.json["items"]]
        cursor = page.json["next_cursor"]
    return seen


def recorded(officer: str) -> list[str]:
    return [row["action"] for row in cloud.records_of(officer)]


def test_every_filter_alone_and_together() -> None:
    here = file(location=CHAOYANG)
    there = file(category="traffic_violation", location=HAIDIAN)
    other = file(category="traffic_violation")
    everything = [other["id"], there["id"], here["id"]]
    change_report(there["id"], 1, status="acknowledged", assignee="wang")
    change_report(other["id"], 1, status="closed", disposition="no_action", reason="Nothing to do.")

    assert listed() == everything
    assert listed("category=missing_elderly") == [here["id"]]
    assert listed("status=acknowledged") == [there["id"]]
    assert listed("status=closed&category=traffic_violation") == [other["id"]]
    assert listed("district=chaoyang") == [here["id"]]
    assert listed("district=unknown") == [other["id"]]
    assert listed("assignee=wang") == [there["id"]]
    assert listed(
        "assignee=wang&district=haidian&status=acknowledged&category=traffic_violation"
    ) == [there["id"]]
    assert listed("assignee=wang&status=closed") == []
    spelled = here["reference"].lower().replace("-", "")
    assert listed(f"reference={spelled}") == [here["id"]]
    assert listed(f"reference={spelled}&category=other") == []


def test_each_time_a_list_is_read_it_is_on_record() -> None:
    """Also when it shows the same again, and no picture."""
    created = file(media=[])
    for path in ("/v1/officer/reports", "/v1/officer/reports?sort=attention"):
        before = recorded("wang")
        for _ in range(2):
            reply = call("GET", path, officer="wang").expect(200)
            assert [each["id"] for each in reply["items"]] == [created["id"]]
        assert recorded("wang") == [*before, "list", "list"]


def test_what_nobody_holds_is_listed_while_it_is_open() -> None:
    held, first, ended, second = file(), file(), file(), file(category="traffic_violation")
    change_report(held["id"], 1, assignee="wang")
    change_report(first["id"], 1, status="in_progress")
    change_report(ended["id"], 1, status="closed", disposition="no_action", reason="Nothing.")
    said = {"text": "Still there."}
    by_reporter("POST", ended, "/messages", said)

    for more in ("", "&unread=false", "&drill=false", "&fold=none"):
        assert listed(f"assignee=none{more}") == [second["id"], first["id"]]
    assert listed("assignee=none&sort=attention") == [first["id"], second["id"]]
    assert listed("assignee=none&status=new") == [second["id"]]
    assert listed("assignee=none&status=closed") == []
    assert listed("assignee=none&needs_action=true") == [second["id"]]
    assert listed(f"assignee=none&reference={held['reference']}") == []
    assert listed("assignee=none", officer="narrow") == [second["id"]]

    change_report(held["id"], 2, assignee=None)
    assert listed("assignee=none")[-1] == held["id"]


def test_an_assignee_who_is_no_officer_is_named_and_a_former_one_is_not() -> None:
    cloud.officer("former", active=False)
    assert listed("assignee=former") == []
    for sort in ("", "&sort=attention"):
        reply = call("GET", f"/v1/officer/reports?assignee=wnag{sort}", officer="wang")
        [error] = reply.json["errors"]
        assert (reply.status, error["field"], error["code"]) == (422, "assignee", "unknown_value")
        assert "/v1/officer/colleagues" in error["detail"]
    assert recorded("wang").count("denied") == 2

    exported = {"reason": "For the court.", "filters": {"assignee": "wnag"}}
    reply = call("POST", "/v1/officer/exports", exported, officer="wang")
    assert reply.wrong_fields[0] == "filters.assignee"


def test_nobody_can_be_named_as_nobody_is() -> None:
    cloud.officer("chief", roles=(Role.ADMIN,))
    body = {"roles": ["officer"], "categories": ["*"], "districts": ["*"]}
    assert call("PUT", "/v1/admin/officers/none", body, officer="chief").status == 422
    assert call("PUT", "/v1/admin/officers/none2", body, officer="chief").status == 202


def test_leads_are_found_by_their_bulletin() -> None:
    created = file()
    put = {"bulletin_id": "B1", "bulletin_shard": "B1#0"}
    wiring.reports().table.update(update_head(created["id"], put=put))
    cloud.officer("traffic", categories=("traffic_violation",))

    assert listed("bulletin_id=B1") == [created["id"]]
    assert listed("bulletin_id=B1&status=new&category=missing_elderly") == [created["id"]]
    assert listed("bulletin_id=B1&status=closed") == []
    assert listed("bulletin_id=B1", officer="traffic") == []


def received_in_three_minutes() -> list[dict[str, Any]]:
    """Create one report in each of three minutes that follow each other."""
    made = []
    for _ in range(3):
        made.append(file())
        wiring.clock.advance(timedelta(minutes=1))
    wiring.clock.advance(timedelta(minutes=-3))
    return made


def test_since_counts_and_until_does_not_any_more() -> None:
    first, second, third = received_in_three_minutes()
    middle = times.to_minute(times.parse(second["received_at"]))
    since, until = times.render(middle), times.render(middle + timedelta(minutes=1))

    assert listed(f"since={since}") == [third["id"], second["id"]]
    assert listed(f"until={since}") == [first["id"]]
    assert listed(f"since={since}&until={until}&category=missing_elderly&status=new") == [
        second["id"]
    ]


def test_no_filter_finds_out_in_which_second_of_its_minute_a_report_was_received() -> None:
    _, second, third = received_in_three_minutes()
    minute = times.to_minute(times.parse(second["received_at"]))
    for after in (1, 20_000, 40_000, 59_999):
        moment = times.render(minute + timedelta(milliseconds=after))
        assert listed(f"since={moment}") == [third["id"], second["id"]]
        assert listed(f"since={moment}&until={moment}") == [second["id"]]


def test_a_list_is_in_the_exact_order_though_its_times_are_to_the_minute() -> None:
    made = [file()["id"] for _ in range(5)]
    items = call("GET", "/v1/officer/reports", officer="wang").json["items"]
    assert [item["id"] for item in items] == made[::-1]
    assert all(item["received_at"].endswith(":00.000Z") for item in items)


def test_a_filter_out_of_scope_gives_an_empty_page_and_a_denial_on_record() -> None:
    created = file(location=CHAOYANG)
    seen_there = file(category="traffic_violation", location=HAIDIAN)
    districtless = file(category="traffic_violation")

    assert listed(officer="narrow") == [districtless["id"], seen_there["id"]]
    for outside in (
        "category=missing_elderly",
        "district=chaoyang",
        f"reference={created['reference']}",
    ):
        page = call("GET", f"/v1/officer/reports?{outside}", officer="narrow").json
        assert page == {"items": [], "next_cursor": None}
    assert recorded("narrow") == ["list", "denied", "denied", "denied"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=open", "status"),
        ("district=mars", "district"),
        ("category=ufo", "category"),
        ("reference=short", "reference"),
        ("since=yesterday", "since"),
        ("until=2026-11-24T00:00:00", "until"),
        ("since=2026-11-24T00:02:00Z&until=2026-11-24T00:01:00Z", "since"),
        ("assignee=", "assignee"),
        ("bulletin_id=" + "B" * 41, "bulletin_id"),
        ("limit=0", "limit"),
        ("limit=51", "limit"),
        ("limit=-1", "limit"),
        ("limit=1e3", "limit"),
        ("limit=%D9%A3", "limit"),
        ("limit=1&limit=2", "limit"),
        ("limit=", "limit"),
        ("limit=5.0", "limit"),
        ("limit=%2B5", "limit"),
        ("limit=" + "9" * 5000, "limit"),
        ("sort=urgency", "sort"),
        ("urgency=extreme", "urgency"),
        ("unread=1", "unread"),
        ("needs_action=yes", "needs_action"),
        ("order=newest", "order"),
    ],
)
def test_a_wrong_filter_is_named(query: str, field: str) -> None:
    assert call("GET", f"/v1/officer/reports?{query}", officer="wang").wrong_fields == [field]


def first_cursor(query: str = "") -> str:
    for _ in range(3):
        file()
    return str(
        call("GET", f"/v1/officer/reports?limit=1&{query}", officer="wang").json["next_cursor"]
    )


def follow(cursor: str, query: str = "", officer: str = "wang") -> Reply:
    return call("GET", f"/v1/officer/reports?limit=1&{query}&cursor={cursor}", officer=officer)


def test_a_cursor_that_was_tampered_with_or_is_old_is_refused() -> None:
    cursor = first_cursor()
    flipped = [
        cursor[:n] + ("A" if cursor[n] != "A" else "B") + cursor[n + 1 :]
        for n in range(0, len(cursor), 7)
    ]
    hostile = ("%00", "%F0%9F%9A%92", cursor * 2)
    for wrong in (*flipped, cursor[:-1], cursor + "A", "null", "x" * 10_000, "", *hostile):
        assert follow(wrong).json["code"] == "bad_cursor", wrong
    for elsewhere in (follow(cursor, "category=other"), follow(cursor, officer="narrow")):
        assert elsewhere.json["code"] == "bad_cursor"
    wiring.clock.advance(timedelta(hours=25))
    assert follow(cursor).json["code"] == "bad_cursor"
    wiring.clock.advance(timedelta(hours=-25))


def test_one_failing_shard_fails_the_whole_page() -> None:
    file()
    refuse = inject.at(2, inject.error_response(400, "ValidationException"))
    with inject.fault(wiring.dynamodb(), "dynamodb.Query", refuse):
        reply = call("GET", "/v1/officer/reports", officer="wang")

    assert reply.refusal == (503, "unavailable")
    assert "retry-after" in reply.headers


def test_an_officer_lists_newest_first_and_opens_with_the_picture() -> None:
    first = file(media=[{"content_type": "image/jpeg", "size": 10_000}])
    second = file()
    media_id = first["uploads"][0]["media_id"]
    version = cloud.add_medium(first["id"], media_id)

    page = call("GET", "/v1/officer/reports", officer="wang").json
    assert [item["id"] for item in page["items"]] == [second["id"], first["id"]]
    assert page["next_cursor"] is None
    assert page["items"][1]["media"] == {"total": 1, "ready": 1}

    opened = by_officer("GET", first)
    assert opened.json["version"] == 1
    [medium] = opened.json["media"]
    assert medium["state"] == "ready"
    assert medium["preview_url"]
    assert medium["evidence"]["version"] == version
    assert medium["hint"]["lat"] == pytest.approx(39.9167, abs=1e-3)
    for url in (page["items"][1]["thumbnail_url"], medium["thumbnail_url"], medium["preview_url"]):
        signed = dict(parse_qsl(urlsplit(url).query))
        assert signed["X-Amz-Date"].endswith("00Z")  # the same for the whole minute
        assert signed["X-Amz-Expires"] == "360"
        assert signed["response-cache-control"] == "private, max-age=60"
