"""Reports of one event are one row of the queue, and none that asks for another step is hidden."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.store.audit.rows import of_report
from tests import cloud
from tests.client import Reply, call
from tests.faults import inject
from tests.functional.casework.test_incidents import (
    FAR,
    HERE,
    LAT,
    LON,
    NEXT_DOOR,
    OTHER_TEXT,
    TEXT,
    suggest,
)
from tests.steps import by_officer, by_reporter, file, head, opened, write

pytestmark = pytest.mark.usefixtures("aws", "clean")

INCIDENTS = "/v1/officer/incidents"
A_SPOT = 180 / 2**17  # degrees of latitude: 150 m


@pytest.fixture(autouse=True)
def _people(clean: None, fresh: None) -> None:
    """Have two officers, and the key of the day."""
    cloud.officer()
    cloud.officer("zhao", categories=("other",))
    suggest()


def filed(*bodies: Mapping[str, Any], category: str = "suspected_offender") -> list[dict[str, Any]]:
    """File reports, and let them be compared."""
    created = [file(**{"category": category, **body}) for body in bodies]
    suggest()
    return created


def alike(number: int, **more: Any) -> list[dict[str, Any]]:
    return filed(*[{"text": TEXT, "location": HERE, **more}] * number)


def create(like: Mapping[str, Any], officer: str = "wang") -> Reply:
    return call("POST", INCIDENTS, {"like": like["id"]}, officer=officer)


def made(like: Mapping[str, Any], officer: str = "wang") -> dict[str, Any]:
    return dict(create(like, officer).expect(201))


def read(incident: Mapping[str, Any], officer: str = "wang", query: str = "") -> Reply:
    return call("GET", f"{INCIDENTS}/{incident['id']}{query}", officer=officer)


def leave(incident: Mapping[str, Any], created: Mapping[str, Any], officer: str = "wang") -> Reply:
    path = f"{INCIDENTS}/{incident['id']}/reports/{created['id']}"
    return call("DELETE", path, officer=officer)


def queue(query: str = "", officer: str = "wang") -> list[dict[str, Any]]:
    """Return all rows of the list by attention."""
    rows: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        more = f"&cursor={cursor}" if cursor else ""
        reply = call("GET", f"/v1/officer/reports?sort=attention{query}{more}", officer=officer)
        assert reply.status == 200, reply.text
        rows += reply.json["items"]
        cursor = reply.json["next_cursor"]
    return rows


def ids(rows: Iterator[Any] | list[Any]) -> set[str]:
    return {each["id"] for each in rows}


def test_a_report_and_those_found_with_it_are_one_row() -> None:
    reports = alike(4)
    [other] = filed({"text": OTHER_TEXT, "location": FAR})
    incident = made(reports[1])
    assert incident == {"id": incident["id"], "count": 4}
    first, alone = queue()
    assert (first["id"], first["incident"]) == (reports[0]["id"], incident)
    assert "same_text" not in first
    assert (alone["id"], alone["incident"]) == (other["id"], None)
    assert len(queue("&fold=none")) == 5
    assert opened(reports[2])["incident"] == incident


def test_an_incident_is_one_row_over_all_pages() -> None:
    reports = alike(3)
    others = filed(*[{"text": f"{number} {OTHER_TEXT[number:]}"} for number in range(6)])
    reports += alike(3)
    incident = made(reports[0])
    rows = queue("&limit=2")
    assert ids(rows) == {reports[0]["id"]} | ids(others)
    assert [each["incident"] for each in rows if each["incident"]] == [incident]
    assert len(rows) == 7
    # Of six, the first page has three: how many follow is not known there.
    assert not any("stands_for" in each for each in rows)


def test_a_report_of_another_place_category_or_urgency_is_not_taken_in() -> None:
    first, beside, far, other = filed(
        {"text": TEXT, "location": HERE},
        {"text": OTHER_TEXT, "location": {**HERE, "lat": LAT + A_SPOT}},
        {"text": OTHER_TEXT[::-1], "location": NEXT_DOOR},
        {"text": TEXT, "location": HERE, "category": "other"},
    )
    [urgent] = alike(1)
    by_officer("PATCH", urgent, "", {"urgency": "critical"}, version=1)
    incident = made(first)
    assert incident["count"] == 2
    assert [head(each).get("incident") for each in (beside, far, other, urgent)] == [
        incident["id"],
        None,
        None,
        None,
    ]


def test_a_critical_report_is_taken_in_by_its_place_and_its_words_alone() -> None:
    first, same, words, place = filed(
        {"text": TEXT, "location": HERE},
        {"text": TEXT, "location": HERE},
        {"text": TEXT, "location": FAR},
        {"text": OTHER_TEXT, "location": HERE},
        category="child_abduction",
    )
    assert made(first)["count"] == 2
    assert ids(queue()) == ids([first, words, place])
    assert opened(same)["incident"]


def join(incident: Mapping[str, Any], *reports: Mapping[str, Any]) -> None:
    path = f"{INCIDENTS}/{incident['id']}/reports"
    reply = call("POST", path, {"report_ids": [each["id"] for each in reports]}, officer="wang")
    assert (reply.status, reply.json["left"]) == (200, []), reply.text


@pytest.mark.parametrize("category", ["child_abduction", "missing_elderly"])
@pytest.mark.parametrize("when", ["opened before", "opened after"])
def test_what_is_taken_in_by_hand_keeps_its_row_until_it_is_acknowledged(
    category: str, when: str
) -> None:
    junk, honest = filed(
        {"text": TEXT, "location": FAR}, {"text": OTHER_TEXT, "location": HERE}, category=category
    )
    opened(junk)
    if when == "opened before":
        opened(honest)
    join(made(junk), honest)
    opened(honest)
    assert ids(queue()) == {junk["id"], honest["id"]}
    for each in (junk, honest):
        version = opened(each)["version"]
        by_officer("PATCH", each, "", {"status": "acknowledged"}, version=version)
    assert len(ids(queue())) == 1


def test_a_row_that_was_kept_is_known_to_stand_for_one_on_every_page() -> None:
    junk, honest, other = filed(
        *({"text": text, "location": HERE} for text in (TEXT, OTHER_TEXT, OTHER_TEXT[::-1])),
        category="child_abduction",
    )
    incident = made(junk)
    for each in (honest, other):
        join(incident, each)
    rows = {each["id"]: each for each in queue("&limit=1")}
    assert [rows[each["id"]].get("stands_for") for each in (honest, other)] == [1, 1]


def test_what_is_split_into_an_incident_that_is_there_keeps_its_row() -> None:
    junk, honest = filed(
        {"text": TEXT, "location": FAR},
        {"text": OTHER_TEXT, "location": HERE},
        category="missing_elderly",
    )
    into, own = made(junk), made(honest)
    path = f"{INCIDENTS}/{own['id']}/split"
    body = {"report_ids": [honest["id"]], "into": into["id"]}
    call("POST", path, body, officer="wang").expect(201)
    assert ids(queue()) == {junk["id"], honest["id"]}


@pytest.mark.parametrize("category", ["child_abduction", "missing_elderly"])
def test_what_becomes_urgent_in_an_incident_where_it_was_named_has_its_row(category: str) -> None:
    [junk] = filed({"text": TEXT, "location": FAR}, category=category)
    [honest] = filed({"text": OTHER_TEXT, "location": FAR}, category="other")
    join(made(junk), honest)
    version = opened(honest)["version"]
    by_officer("PATCH", honest, "", {"category": category}, version=version)
    assert ids(queue()) == {junk["id"], honest["id"]}


def test_what_began_an_incident_by_hand_keeps_its_row_too() -> None:
    texts = {"text": TEXT, "location": FAR}, {"text": OTHER_TEXT, "location": HERE}
    junk, honest = filed(*texts, category="missing_elderly")
    opened(junk)
    join(made(honest), junk)
    assert ids(queue()) == {junk["id"], honest["id"]}


def test_a_place_alone_takes_in_nothing_of_a_category_that_is_never_limited() -> None:
    texts = {"text": TEXT, "location": HERE}, {"text": OTHER_TEXT, "location": HERE}
    junk, honest = filed(*texts, category="missing_elderly")
    assert made(junk)["count"] == 1
    assert honest["id"] in ids(queue())


def test_texts_that_are_short_enough_to_be_guessed_are_alike_in_nothing() -> None:
    texts = ("孩子被抱走了", "孩子被抱走了！")
    first, _ = filed(
        *[{"text": each, "location": HERE} for each in texts], category="child_abduction"
    )
    assert made(first)["count"] == 1


def test_a_place_alone_leads_no_further_than_the_place() -> None:
    texts = (TEXT, OTHER_TEXT, TEXT[::-1], OTHER_TEXT[::-1])
    steps = [{**HERE, "lat": LAT + A_SPOT * number} for number in range(4)]
    here, beside, third, fourth = filed(
        *({"text": text, "location": place} for text, place in zip(texts, steps, strict=True))
    )
    assert made(here)["count"] == 2
    assert opened(beside)["incident"]
    assert not head(third).get("incident")
    assert not head(fourth).get("incident")


def test_at_one_spot_a_place_alone_leads_on_for_half_an_hour() -> None:
    texts = (TEXT, OTHER_TEXT, TEXT[::-1], OTHER_TEXT[::-1])
    reports = []
    for text, minutes in zip(texts, (0, 29, 29, 31), strict=True):
        wiring.clock.advance(timedelta(minutes=minutes))
        reports += filed({"text": text, "location": HERE})
    assert made(reports[0])["count"] == 3
    assert not head(reports[3]).get("incident")


def test_what_is_known_by_its_text_leads_on_by_its_place_too() -> None:
    first, *alike_or_here, last = filed(
        {"text": TEXT, "location": HERE},
        {"text": TEXT, "location": HERE},
        *[{"text": TEXT, "location": FAR}] * 20,
        *[{"text": f"{number}{OTHER_TEXT[number:]}", "location": HERE} for number in range(3)],
    )
    assert made(first)["count"] == len(alike_or_here) + 2
    assert head(last).get("incident")


def events(officer: str = "wang") -> list[dict[str, Any]]:
    return list(call("GET", INCIDENTS, officer=officer).expect(200)["items"])


def test_what_could_be_an_incident_is_found_and_taken_in_by_its_first() -> None:
    few, many = alike(2, location=FAR, text=OTHER_TEXT), alike(5)
    [found] = events()
    assert found == {
        "like": many[0]["id"],
        "count": 5,
        "category": "suspected_offender",
        "categories": ["suspected_offender"],
        "urgency": "normal",
        "districts": [head(few[0])["district"]],
        "first_at": found["first_at"],
        "last_at": found["last_at"],
        "items": found["items"],
    }
    assert made({"id": found["like"]})["count"] == 5
    assert events() == []
    alike(1, location=FAR, text=OTHER_TEXT)
    assert [each["count"] for each in events()] == [3]
    assert events("zhao") == []


def test_a_copy_of_a_text_from_elsewhere_takes_nothing_in_by_its_place() -> None:
    [copy] = filed({"text": TEXT, "location": FAR})
    wiring.clock.advance(timedelta(minutes=5))
    here = alike(3)
    [honest] = filed({"text": OTHER_TEXT, "location": FAR})
    [event] = events()
    assert (event["like"], event["count"]) == (here[0]["id"], 4)
    incident = made({"id": event["like"]})
    assert head(copy)["incident"] == incident["id"]
    call("POST", f"{INCIDENTS}/{incident['id']}/reports", {}, officer="wang")
    assert "incident" not in head(honest)
    [beside] = filed({"text": OTHER_TEXT[::-1], "location": HERE})
    call("POST", f"{INCIDENTS}/{incident['id']}/reports", {}, officer="wang")
    assert head(beside)["incident"] == incident["id"]


def test_an_event_shows_three_of_its_reports_and_why_they_are_alike() -> None:
    here = alike(3)
    [there] = filed({"text": TEXT, "location": {**HERE, "lat": 39.99, "lon": 116.31}})
    [event] = events()
    first, other, more = event["items"]
    assert (first["id"], first["why"]) == (event["like"], [])
    assert (other["id"], other["why"]) == (there["id"], ["text"])
    assert more["id"] in ids(here)
    assert more["why"] == ["place", "text"]


def test_a_polite_frame_around_other_words_elsewhere_makes_no_event() -> None:
    """The whole text from elsewhere does."""
    frame = "您好，打扰您了，我要举报一件事，希望你们能尽快派人过来看一看，谢谢：有人在{}"
    said = [frame.format(what) for what in ("河边烧东西", "天桥上要跳下去", "店里卖假烟")]
    places = [{**HERE, "lat": LAT + 0.05 * number} for number in range(3)]
    first, *_ = filed(
        *({"text": text, "location": place} for text, place in zip(said, places, strict=True))
    )
    assert len(opened(first)["similar"]) == 2
    assert events() == []
    filed(*({"text": said[0], "location": {**each, "lon": LON - 0.2}} for each in places))
    assert [each["count"] for each in events()] == [4]


def test_what_is_closed_is_no_part_of_what_could_be_an_incident() -> None:
    reports = alike(3)
    by_reporter("DELETE", reports[0])
    assert events() == []


def test_what_asks_for_another_step_is_a_row_of_its_own() -> None:
    reports = alike(5)
    incident = made(reports[0])
    write(reports[2])
    by_officer("PATCH", reports[3], "", {"assignee": "wang"}, version=1)
    rows = queue()
    assert ids(rows) == ids([reports[0], reports[2], reports[3]])
    assert {each["incident"]["count"] for each in rows} == {incident["count"]}
    assert {each["id"]: each["stands_for"] for each in rows}[reports[0]["id"]] == 3
    assert [each["stands_for"] for each in rows].count(1) == 2


def test_who_took_what_in_and_out_is_in_the_history() -> None:
    first, second = alike(2)
    incident = made(first)["id"]
    before = head(second)
    assert leave({"id": incident}, second).status == 204
    assert leave({"id": incident}, second).status == 204
    rows = wiring.audit().rows(of_report(second["id"]))
    changed = [json.loads(row["detail"])["fields"]["incident"] for row in rows]
    assert changed == [{"old": None, "new": incident}, {"old": incident, "new": None}]
    after = head(second)
    assert before.pop("incident") == before["listed"].pop("ic") == incident
    assert after == before
    assert read({"id": incident}).json["count"] == 1
    assert ids(queue()) == ids([first, second])


def test_the_same_call_again_takes_in_what_is_found_by_then() -> None:
    first, second = alike(2)
    incident = made(first)
    [third] = alike(1)
    assert made(second) == {"id": incident["id"], "count": 3}
    assert head(third)["incident"] == incident["id"]
    [joined] = wiring.audit().rows(of_report(second["id"]))
    assert json.loads(joined["detail"])["fields"]["incident"]["new"] == incident["id"]


def test_a_report_of_another_incident_stays_there() -> None:
    [first] = alike(1)
    one = made(first)
    [second] = alike(1)
    leave(one, first)
    other = made(second)
    assert other["id"] != one["id"]
    [third] = alike(1)
    assert made(third)["count"] == 1


def test_an_incident_says_how_many_when_and_where() -> None:
    reports = alike(3)
    wiring.clock.advance(timedelta(minutes=30))
    reports += alike(2)
    incident = made(reports[0])
    found = read(incident, query="?limit=2").json
    assert [each["id"] for each in found["items"]] == [reports[4]["id"], reports[3]["id"]]
    assert found["items"][0]["incident"] == incident
    times = {each["id"]: each["received_at"] for each in queue("&fold=none")}
    assert found["first_at"] == times[reports[0]["id"]]
    assert found["last_at"] == times[reports[4]["id"]]
    assert found["districts"] == [{"district": "chaoyang", "count": 5}]
    more = call(
        "GET",
        f"/v1/officer/reports?incident={incident['id']}&limit=2&cursor={found['next_cursor']}",
        officer="wang",
    ).json
    assert [each["id"] for each in more["items"]] == [reports[2]["id"], reports[1]["id"]]


def test_what_is_outside_of_the_scope_is_neither_counted_nor_shown() -> None:
    first, _, third = alike(3)
    incident = made(first)
    by_officer("PATCH", third, "", {"category": "other"}, version=1)
    assert read(incident).json["count"] == 3
    seen = read(incident, "zhao").json
    assert (seen["count"], [each["id"] for each in seen["items"]]) == (1, [third["id"]])
    [row] = queue(officer="zhao")
    assert row["incident"]["count"] == 1
    assert create(first, "zhao").status == 404
    assert leave(incident, first, "zhao").status == 404
    leave(incident, third)
    assert read(incident, "zhao").status == 404


def test_a_withdrawn_and_a_deleted_report_are_in_no_incident() -> None:
    first, second, third = alike(3)
    incident = made(first)
    by_reporter("DELETE", second)
    assert read(incident).json["count"] == 2
    assert "incident" not in head(second)
    assert create(second).json["code"] == "illegal_transition"
    version = opened(third)["version"]
    end = {"status": "closed", "disposition": "resolved", "reason": "Found."}
    by_officer("PATCH", third, "", end, version=version)
    cloud.sweep(timedelta(days=400))
    assert read(incident).json["count"] == 1


def test_a_report_that_goes_to_oversight_leaves_its_incident() -> None:
    cloud.oversight("mo", "xu")
    first, second = alike(2)
    incident = made(first)
    opened(second)
    by_officer("POST", second, "/oversight", {"reason": "It names an officer."}).expect(204)
    assert read(incident).json["count"] == 1
    assert read(incident, "mo").status == 404
    assert made(second, "mo") == {"id": opened(second, "mo")["incident"]["id"], "count": 1}


def test_an_incident_costs_three_calls_and_a_page_one_more() -> None:
    reports = alike(4)
    pages = "/v1/officer/reports?sort=attention&limit=50"

    def calls(path: str) -> int:
        with inject.fault(wiring.dynamodb(), "dynamodb.*", lambda request: None) as made_calls:
            assert call("GET", path, officer="wang").status == 200
        return len(made_calls) - 1  # the officer's own row

    before = calls(pages)
    incident = made(reports[0])
    assert calls(pages) == before + 1 <= 1.2 * before
    assert calls(f"{INCIDENTS}/{incident['id']}") == 3
