"""An officer's step or reply that names what it has read never passes over a newer message."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.store.audit.rows import of_report
from tests import cloud
from tests.client import Reply, call, new_key, report
from tests.faults import inject

pytestmark = pytest.mark.usefixtures("aws", "clean")

CLOSE = {"status": "closed", "disposition": "resolved", "reason": "He is at home again."}


@pytest.fixture(autouse=True)
def officers(clean: None) -> None:
    cloud.officer("wang")
    cloud.officer("li")


def file() -> dict[str, Any]:
    created = call("POST", "/v1/reports", report(), key=new_key())
    assert created.status == 201, created.text
    return dict(created.json)


def path(created: Mapping[str, Any], rest: str = "") -> str:
    return f"/v1/officer/reports/{created['id']}{rest}"


def opened(created: Mapping[str, Any]) -> dict[str, Any]:
    return dict(call("GET", path(created), officer="li").json)


def patch(created: Mapping[str, Any], body: Mapping[str, Any], version: int = 1) -> Reply:
    headers = {"If-Match": f'"{version}"'}
    return call("PATCH", path(created), dict(body), officer="wang", headers=headers)


def reply_to(
    created: Mapping[str, Any], seen: int | None, officer: str = "wang", key: str | None = None
) -> Reply:
    body = {"text": "An officer is on the way."} | ({} if seen is None else {"messages_seen": seen})
    return call("POST", path(created, "/messages"), body, officer=officer, key=key)


def say(created: Mapping[str, Any], text: str = "He has a knife.") -> None:
    said = call(
        "POST",
        f"/v1/reports/{created['id']}/messages",
        {"text": text},
        receipt=created["receipt"],
    )
    assert said.status == 201, said.text


def refused(reply: Reply) -> bool:
    return (reply.status, reply.json.get("code")) == (409, "new_message")


def test_an_opened_report_counts_the_messages_of_both_sides() -> None:
    created = file()
    assert opened(created)["message_count"] == 0
    say(created)
    assert reply_to(created, 1).status == 201
    assert opened(created)["message_count"] == 2


def test_a_step_does_not_read_a_message_that_its_officer_has_not_seen() -> None:
    created = file()
    say(created, "First.")
    say(created, "Second.")

    for body in ({"status": "acknowledged"}, CLOSE, {}):
        late = patch(created, body | {"messages_seen": 1})
        assert refused(late), late.text
        assert "`message_count`" in late.json["detail"]
    seen = opened(created)
    assert (seen["status"], seen["unread"], seen["version"]) == ("new", 2, 1)
    assert "change" not in [row["action"] for row in wiring.audit().rows(of_report(created["id"]))]

    assert patch(created, CLOSE | {"messages_seen": 2}).status == 200
    assert opened(created)["unread"] == 0


def test_without_the_number_a_step_and_a_reply_are_as_before() -> None:
    created = file()
    say(created)
    assert patch(created, {"status": "acknowledged"}).status == 200
    say(created)
    assert reply_to(created, None).status == 201
    assert opened(created)["unread"] == 0


@pytest.mark.parametrize("earlier", [0, 1])
def test_a_message_that_comes_during_the_step_stops_it(earlier: int) -> None:
    # With an earlier one, the place in the list by attention stays, and is no condition.
    created = file()
    for _ in range(earlier):
        say(created)

    def in_between(request: Any) -> None:
        say(created)

    client, write = wiring.dynamodb(), "dynamodb.TransactWriteItems"
    with inject.fault(client, write, inject.times(1, in_between)):
        assert refused(patch(created, CLOSE | {"messages_seen": earlier}))
    seen = opened(created)
    assert (seen["status"], seen["message_count"]) == ("new", earlier + 1)
    assert seen["unread"] == earlier + 1


def test_a_reopening_by_the_reporter_stops_a_step_that_has_not_seen_it() -> None:
    created = file()
    assert patch(created, CLOSE).status == 200
    again = call(
        "POST",
        f"/v1/reports/{created['id']}/reopen",
        {"text": "He is gone again."},
        receipt=created["receipt"],
    )
    assert again.status == 201, again.text
    # The version is as it was: only the number says that there is something new.
    assert refused(patch(created, CLOSE | {"messages_seen": 0}, 2))
    assert opened(created)["status"] == "acknowledged"
    assert patch(created, CLOSE | {"messages_seen": 1}, 2).status == 200


def test_of_two_officers_who_answer_one_message_one_writes() -> None:
    created = file()
    say(created)
    assert reply_to(created, 1).status == 201
    assert refused(reply_to(created, 1, "li"))
    assert opened(created)["message_count"] == 2


def test_of_two_replies_at_the_same_moment_one_is_written() -> None:
    created = file()
    say(created)

    def in_between(request: Any) -> None:
        assert reply_to(created, 1, "li").status == 201

    client, write = wiring.dynamodb(), "dynamodb.TransactWriteItems"
    with inject.fault(client, write, inject.times(1, in_between)):
        assert refused(reply_to(created, 1))
    assert len(opened(created)["messages"]) == 2


def test_of_many_replies_at_once_one_is_written() -> None:
    created = file()
    say(created)
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda n: reply_to(created, 1, ("wang", "li")[n % 2]), range(4)))
    # One that met the others too often is 503, to be repeated, and has written nothing.
    assert sorted(each.status for each in replies if each.status != 503)[:1] == [201]
    assert sum(each.status == 201 for each in replies) == 1
    assert len(opened(created)["messages"]) == 2


def test_a_repeated_reply_gets_its_first_response_whatever_came_since() -> None:
    created, key = file(), new_key()
    first = reply_to(created, 0, key=key)
    say(created)
    again = reply_to(created, 0, key=key)
    assert (first.status, again.status, again.json["id"]) == (201, 201, first.json["id"])
    assert opened(created)["unread"] == 1


def test_a_link_alone_reads_nothing_also_with_the_number() -> None:
    created, original = file(), file()
    say(created)
    linked = patch(created, {"duplicate_of": original["id"], "messages_seen": 1})
    assert linked.status == 200, linked.text
    assert opened(created)["unread"] == 1


@pytest.mark.parametrize("wrong", [None, -1, "1", 1.5, True])
def test_what_was_seen_is_a_number(wrong: Any) -> None:
    created = file()
    for each in (
        patch(created, {"messages_seen": wrong}),
        call(
            "POST",
            path(created, "/messages"),
            {"text": "Hello.", "messages_seen": wrong},
            officer="wang",
        ),
    ):
        assert each.status == 422, each.text
        assert each.json["errors"][0]["field"] == "messages_seen"


def test_closing_duplicates_can_leave_open_what_nobody_has_read() -> None:
    original, quiet, spoke, speaks = file(), file(), file(), file()
    body = {"report_ids": [each["id"] for each in (quiet, spoke, speaks)]}
    assert call("POST", path(original, "/duplicates"), body, officer="wang").status == 200
    say(spoke)
    left = [speaks]

    def in_between(request: Any) -> None:
        # While the first one is closed; of the last one the number is known already.
        if left:
            say(left.pop())

    closing = {"reason": "One fire, put out."}
    client, write = wiring.dynamodb(), "dynamodb.TransactWriteItems"
    with inject.fault(client, write, inject.times(1, in_between)):
        done = call("POST", path(original, "/duplicates/close"), closing, officer="wang")
    assert {each["id"]: each.get("why") for each in done.json["results"]} == {
        quiet["id"]: None,
        spoke["id"]: "new_message",
        speaks["id"]: "new_message",
    }
    assert opened(spoke)["unread"] == opened(speaks)["unread"] == 1

    all_of_them = {"reason": "Put out.", "skip_unread": False}
    call("POST", path(original, "/duplicates/close"), all_of_them, officer="wang")
    assert opened(spoke)["status"] == opened(speaks)["status"] == "closed"
