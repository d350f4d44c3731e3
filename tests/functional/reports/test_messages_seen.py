"""A reply never passes over a newer message, and no text may hold the receipt."""

from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.store.audit.rows import of_report
from tests import cloud
from tests.client import Reply, call, new_key, report
from tests.faults import inject
from tests.fields import canaries, saying
from tests.steps import by_officer, by_reporter, file, opened, write

pytestmark = pytest.mark.officers("wang", "li")

CLOSE = {"status": "closed", "disposition": "resolved", "reason": "He is at home again."}
REFUSED = (409, "new_message")


def patch(created: Mapping[str, Any], body: Mapping[str, Any], version: int = 1) -> Reply:
    return by_officer("PATCH", created, "", dict(body), version=version)


def reply_to(
    created: Mapping[str, Any], seen: int | None, officer: str = "wang", key: str | None = None
) -> Reply:
    body = {"text": "An officer is on the way."} | ({} if seen is None else {"messages_seen": seen})
    return by_officer("POST", created, "/messages", body, officer=officer, key=key)


def test_an_opened_report_counts_the_messages_of_both_sides() -> None:
    created = file()
    assert opened(created, "li")["message_count"] == 0
    write(created)
    assert reply_to(created, 1).status == 201
    assert opened(created, "li")["message_count"] == 2


def test_a_step_does_not_read_a_message_that_its_officer_has_not_seen() -> None:
    created = file()
    write(created, "First.")
    write(created, "Second.")

    for body in ({"status": "acknowledged"}, CLOSE):
        late = patch(created, body | {"messages_seen": 1})
        assert late.refusal == REFUSED, late.text
        assert "`message_count`" in late.json["detail"]
    seen = opened(created, "li")
    assert (seen["status"], seen["unread"], seen["version"]) == ("new", 2, 1)
    assert "change" not in [row["action"] for row in wiring.audit().rows(of_report(created["id"]))]

    assert patch(created, CLOSE | {"messages_seen": 2}).status == 200
    assert opened(created, "li")["unread"] == 0


def test_nobody_has_seen_more_messages_than_there_are() -> None:
    """Else one that comes meanwhile would count as seen."""
    created = file()
    write(created)
    for body in ({"status": "acknowledged"}, CLOSE):
        assert patch(created, body | {"messages_seen": 2}).refusal == REFUSED
    assert reply_to(created, 2).refusal == REFUSED
    assert patch(created, CLOSE | {"messages_seen": 1}).status == 200


def test_without_the_number_a_step_and_a_reply_are_as_before() -> None:
    created = file()
    write(created)
    assert patch(created, {"status": "acknowledged"}).status == 200
    write(created)
    assert reply_to(created, None).status == 201
    assert opened(created, "li")["unread"] == 0


@pytest.mark.parametrize("earlier", [0, 1])
def test_a_message_that_comes_during_the_step_stops_it(earlier: int) -> None:
    # With an earlier one, the place in the list by attention stays, and is no condition.
    created = file()
    for _ in range(earlier):
        write(created)

    with inject.meanwhile(lambda: write(created)):
        assert patch(created, CLOSE | {"messages_seen": earlier}).refusal == REFUSED
    seen = opened(created, "li")
    assert (seen["status"], seen["message_count"]) == ("new", earlier + 1)
    assert seen["unread"] == earlier + 1


def test_a_reopening_by_the_reporter_stops_a_step_that_has_not_seen_it() -> None:
    created = file()
    assert patch(created, CLOSE).status == 200
    by_reporter("POST", created, "/reopen", {"text": "He is gone again."}).expect(201)
    # The version is as it was: only the number says that there is something new.
    assert patch(created, CLOSE | {"messages_seen": 0}, 2).refusal == REFUSED
    assert opened(created, "li")["status"] == "acknowledged"
    assert patch(created, CLOSE | {"messages_seen": 1}, 2).status == 200


def test_of_two_officers_who_answer_one_message_one_writes() -> None:
    created = file()
    write(created)
    assert reply_to(created, 1).status == 201
    assert reply_to(created, 1, "li").refusal == REFUSED
    assert opened(created, "li")["message_count"] == 2


def test_of_two_replies_at_the_same_moment_one_is_written() -> None:
    created = file()
    write(created)

    with inject.meanwhile(lambda: reply_to(created, 1, "li")):
        assert reply_to(created, 1).refusal == REFUSED
    assert len(opened(created, "li")["messages"]) == 2


def test_a_repeated_reply_gets_its_first_response_whatever_came_since() -> None:
    created, key = file(), new_key()
    first = reply_to(created, 0, key=key)
    write(created)
    again = reply_to(created, 0, key=key)
    assert (first.status, again.status, again.json["id"]) == (201, 200, first.json["id"])
    assert opened(created, "li")["unread"] == 1


def test_a_link_alone_reads_nothing_also_with_the_number() -> None:
    created, original = file(), file()
    write(created)
    patch(created, {"duplicate_of": original["id"], "messages_seen": 1}).expect(200)
    assert opened(created, "li")["unread"] == 1


@pytest.mark.parametrize("wrong", [None, -1, "1", 1.5, True])
def test_what_was_seen_is_a_number(wrong: Any) -> None:
    created = file()
    for each in (
        patch(created, {"messages_seen": wrong}),
        by_officer("POST", created, "/messages", {"text": "Hello.", "messages_seen": wrong}),
    ):
        assert each.wrong_fields[0] == "messages_seen"


def test_closing_duplicates_can_leave_open_what_nobody_has_read() -> None:
    original, quiet, spoke, speaks = file(), file(), file(), file()
    body = {"report_ids": [each["id"] for each in (quiet, spoke, speaks)]}
    assert by_officer("POST", original, "/duplicates", body).status == 200
    opened(spoke)
    write(spoke)
    left = [speaks]

    def in_between() -> None:
        # While the first one is closed; of the last one the number is known already.
        if left:
            write(left.pop())

    closing = {"reason": "One fire, put out.", "skip_unopened": False}
    with inject.meanwhile(in_between):
        done = by_officer("POST", original, "/duplicates/close", closing)
    assert {each["id"]: each.get("why") for each in done.json["results"]} == {
        quiet["id"]: None,
        spoke["id"]: "new_message",
        speaks["id"]: "new_message",
    }
    assert opened(spoke, "li")["unread"] == opened(speaks, "li")["unread"] == 1

    all_of_them = {"reason": "Put out.", "skip_unread": False, "skip_unopened": False}
    by_officer("POST", original, "/duplicates/close", all_of_them)
    # They were opened before the message, which nobody has read.
    assert opened(spoke, "li")["proposal"]["by"] == opened(speaks, "li")["proposal"]["by"] == "wang"


OTHER = "7M3XK9QZ4TB8N2VW6YH01DCEFG"


@pytest.fixture
def created(clean: None) -> dict[str, Any]:
    cloud.officer("wang")
    return file()


def typed(receipt: str) -> str:
    groups = [receipt[at : at + 4] for at in range(0, 26, 4)]
    return "My receipt is " + "-".join(groups).lower() + ", thank you."


def assert_holds_receipt(reply: Reply, *fields: str) -> None:
    errors = dict(reply.wrong)
    assert errors == dict.fromkeys(fields, "holds_receipt")
    assert "secret" in reply.json["errors"][0]["detail"]


@pytest.mark.parametrize("part", ["messages", "notes"])
def test_in_what_an_officer_writes(created: dict[str, Any], part: str) -> None:
    path = f"/v1/officer/reports/{created['id']}/{part}"
    body = {"text": typed(created["receipt"])}
    assert_holds_receipt(call("POST", path, body, officer="wang"), "text")
    assert call("POST", path, {"text": typed(OTHER)}, officer="wang").status == 201
    assert len(call("GET", path.removesuffix(f"/{part}"), officer="wang").json[part]) == 1


def test_in_what_the_reporter_writes(created: dict[str, Any]) -> None:
    path, mine = f"/v1/reports/{created['id']}/messages", created["receipt"]
    assert_holds_receipt(call("POST", path, {"text": typed(mine)}, receipt=mine), "text")
    assert call("POST", path, {"text": typed(OTHER)}, receipt=mine).status == 201


def test_in_each_text_of_another_report(created: dict[str, Any]) -> None:
    secret, said = created["receipt"], canaries("child_abduction", "Nothing")
    # No phone is as long as a receipt.
    for field in said.keys() - {"contact.phone"}:
        holds = f"{secret}@e.cn" if field == "contact.email" else typed(secret)
        body, key = saying(said | {field: holds}, "child_abduction"), new_key()
        assert_holds_receipt(call("POST", "/v1/reports", body, key=key), field)
        identity = wiring.identity()
        assert wiring.reports().head(identity.report_id(identity.receipt(key))) is None


def test_in_a_report_that_an_officer_enters(created: dict[str, Any]) -> None:
    body = report(text=typed(created["receipt"]), source="phone")
    assert_holds_receipt(
        call("POST", "/v1/officer/reports", body, key=new_key(), officer="wang"), "text"
    )


def test_its_own_receipt_in_a_report() -> None:
    key = new_key()
    secret = typed(wiring.identity().receipt(key))
    assert_holds_receipt(call("POST", "/v1/reports", report(text=secret), key=key), "text")


def test_what_only_looks_like_a_receipt_is_accepted_after_one_read() -> None:
    body = report(text=typed(OTHER))
    with inject.fault(wiring.dynamodb(), "dynamodb.GetItem", lambda request: None) as called:
        assert call("POST", "/v1/reports", body, key=new_key()).status == 201
    looked_up = len(called)
    with inject.fault(wiring.dynamodb(), "dynamodb.GetItem", lambda request: None) as called:
        file()
    assert looked_up == len(called) + 1


def test_many_that_look_like_receipts_cost_three_reads() -> None:
    body = report(text="\n".join(f"{number:026}" for number in range(100)))
    with inject.fault(wiring.dynamodb(), "dynamodb.GetItem", lambda request: None) as called:
        assert call("POST", "/v1/reports", body, key=new_key()).status == 201
    assert 3 <= len(called) <= 4
