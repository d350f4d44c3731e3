"""A conversation without end: a report opens as fast as ever, and so does each page of it.

Writing a message reads none of those before it, and officers get one notice a minute.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.domain.reports.entries import Message, Note, Sender
from chalicelib.kernel import times
from chalicelib.kernel.text import TEXT_MAX
from chalicelib.services.reports.sealed_rows import seal_message, seal_note
from chalicelib.store.reports.heads import update_head
from tests import cloud
from tests.client import Reply, call, new_key
from tests.steps import by_officer, by_reporter, file

pytestmark = pytest.mark.officers("wang", "li")

PAGE = 50


def fill(created: Mapping[str, Any], messages: int = 0, notes: int = 0, text: str = "") -> None:
    """Store messages and notes as if they had been sent a second apart."""
    head = cloud.head(created["id"])
    pk, began = keys.report(created["id"]), wiring.clock.now() - timedelta(days=1)
    put = wiring.reports().table.put
    for number in range(messages):
        at = began + timedelta(seconds=number)
        said = Message(id=f"M{number:015}", sender=Sender.REPORTER, text=text or f"{number}",
                       sent_at=at)  # fmt: skip
        sealed = seal_message(head.report, said).model_dump(exclude_none=True)
        put({"pk": pk, "sk": keys.message(at, said.id), **sealed})
    for number in range(notes):
        at = began + timedelta(seconds=number)
        noted = Note(id=f"N{number:015}", by="li", text=text or f"{number}", at=at)
        sealed = seal_note(head.report, noted).model_dump(exclude_none=True)
        put({"pk": pk, "sk": keys.note(at, noted.id), **sealed})
    count = {"messages": messages, "unread": messages, "notes": notes}
    wiring.reports().table.update(update_head(head.report.id, add=count))


@dataclass
class Reads:
    calls: int = 0
    rows: int = 0


@contextmanager
def counted() -> Iterator[Reads]:
    """Count what is read of the tables."""
    reads = Reads()

    def count(parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
        if model.name in ("Query", "GetItem"):
            reads.calls += 1
            reads.rows += len(parsed.get("Items", ())) or ("Item" in parsed)

    events = wiring.dynamodb().meta.events
    events.register("after-call.dynamodb", count)
    try:
        yield reads
    finally:
        events.unregister("after-call.dynamodb", count)


def opened(created: Mapping[str, Any], below: str = "", **more: Any) -> Reply:
    reply = by_officer("GET", created, below, **more)
    assert reply.status == 200, reply.text
    return reply


def mine(created: Mapping[str, Any], below: str = "", **more: Any) -> Reply:
    return by_reporter("GET", created, below, **more)


def say(created: Mapping[str, Any], text: str = "And.", **more: Any) -> Reply:
    return by_reporter("POST", created, "/messages", {"text": text}, **more)


def texts(page: Mapping[str, Any], kind: str = "items") -> list[str]:
    return [each["text"] for each in page[kind]]


def test_two_thousand_messages_open_in_one_page_below_a_megabyte() -> None:
    created = file()
    fill(created, messages=2000)

    with counted() as reads:
        reply = opened(created)
    assert texts(reply.json, "messages") == [str(number) for number in range(1950, 2000)]
    assert reply.json["unread"] == 2000
    assert len(reply.text.encode()) < 1_000_000
    assert (reads.calls, reads.rows) <= (4, 200)

    with counted() as reads:
        reply = mine(created)
    assert texts(reply.json, "messages") == [str(number) for number in range(1950, 2000)]
    assert (reads.calls, reads.rows) <= (2, 130)


@pytest.mark.parametrize("letter", ["人", "\n", "😀", "a"])
def test_an_opened_report_stays_below_a_megabyte_whatever_is_written(letter: str) -> None:
    created = file()
    fill(created, messages=60, notes=60, text="." + letter * (TEXT_MAX - 1))

    reply = opened(created)
    assert len(reply.text.encode()) < 1_000_000
    assert PAGE - 12 <= len(reply.json["messages"]) <= PAGE
    assert reply.json["messages"][-1]["id"] == "M000000000000059"
    assert reply.json["notes"][-1]["id"] == "N000000000000059"
    assert reply.json["messages_cursor"]
    assert reply.json["notes_cursor"]


def pages(first: Mapping[str, Any], kind: str, read: Any) -> list[list[str]]:
    found, cursor = [texts(first, kind)], first[f"{kind}_cursor"]
    while cursor:
        page = read(cursor)
        found.append(texts(page))
        cursor = page["next_cursor"]
    return found


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 52, 100, 101, 123, 150])
def test_the_pages_of_messages_and_notes_hold_each_once_in_order(count: int) -> None:
    created = file(media=[{"content_type": "image/jpeg", "size": 1000}] * 2)
    fill(created, messages=count, notes=count)
    path = f"/v1/officer/reports/{created['id']}"
    officers = opened(created).json
    found = {
        "officer": pages(
            officers,
            "messages",
            lambda cursor: call("GET", f"{path}/messages?cursor={cursor}", officer="wang").json,
        ),
        "notes": pages(
            officers,
            "notes",
            lambda cursor: call("GET", f"{path}/notes?cursor={cursor}", officer="wang").json,
        ),
        "reporter": pages(
            mine(created).json,
            "messages",
            lambda cursor: mine(created, f"/messages?cursor={cursor}").json,
        ),
    }

    for split in found.values():
        assert all(len(page) == PAGE for page in split[:-1])
        assert [text for page in reversed(split) for text in page] == [
            str(number) for number in range(count)
        ]


def test_a_page_without_a_cursor_is_the_latest() -> None:
    created = file()
    fill(created, messages=60)
    latest = [str(number) for number in range(10, 60)]
    assert texts(opened(created, "/messages").json) == latest
    assert texts(mine(created, "/messages").json) == latest


def test_a_page_further_down_reads_a_bounded_number_of_rows() -> None:
    created = file()
    fill(created, messages=500)
    cursor = mine(created).json["messages_cursor"]
    with counted() as reads:
        mine(created, f"/messages?cursor={cursor}")
    assert (reads.calls, reads.rows) <= (2, 60)


def test_a_cursor_is_good_for_its_reader_its_report_and_its_list_alone() -> None:
    created, other = file(), file()
    fill(created, messages=60, notes=60)
    page = opened(created).json
    own = mine(created).json["messages_cursor"]
    theirs = page["messages_cursor"]

    def status(path: str, cursor: str, **caller: Any) -> int:
        return call("GET", f"{path}?cursor={cursor}", **caller).status

    officers, residents = f"/v1/officer/reports/{created['id']}", f"/v1/reports/{created['id']}"
    assert status(f"{officers}/messages", theirs, officer="wang") == 200
    assert status(f"{officers}/messages", theirs, officer="li") == 400
    assert status(f"{officers}/notes", theirs, officer="wang") == 400
    assert status(f"{officers}/messages", own, officer="wang") == 400
    assert status(f"{officers}/messages", page["notes_cursor"], officer="wang") == 400
    assert status(f"/v1/officer/reports/{other['id']}/messages", theirs, officer="wang") == 400
    assert status(f"{residents}/messages", theirs, receipt=created["receipt"]) == 400


def test_each_page_that_an_officer_reads_is_on_record() -> None:
    created = file()
    fill(created, messages=60, notes=60)
    opened(created, "/messages")
    opened(created, "/notes")
    history = opened(created, "/history").json["items"]
    assert [(each["action"], each["detail"]) for each in history] == [
        ("open", {"part": part}) for part in ("messages", "notes", "history")
    ]


def test_the_messages_of_a_withdrawn_report_are_for_a_supervisor_with_a_reason() -> None:
    cloud.officer("chief", roles=("supervisor",))
    created = file()
    fill(created, messages=60, notes=60)
    by_reporter("DELETE", created)

    page = opened(created).json
    assert (page["messages"], page["messages_cursor"], len(page["notes"])) == ([], None, PAGE)
    path = f"/v1/officer/reports/{created['id']}/messages"
    hidden = call("GET", path, officer="chief").json
    assert hidden == {"items": [], "next_cursor": None, "restricted": True}
    assert call("GET", f"{path}?reason=Complaint", officer="wang").status == 403
    shown = call("GET", f"{path}?reason=Complaint", officer="chief").json
    assert (len(shown["items"]), shown["restricted"]) == (PAGE, False)


def test_the_cursor_does_not_change_what_a_phone_has_cached() -> None:
    created = file()
    fill(created, messages=60)
    first = mine(created)
    again = mine(created, headers={"If-None-Match": first.headers["etag"]})
    assert first.json["messages_cursor"] != mine(created).json["messages_cursor"]
    assert again.status == 304


@pytest.mark.parametrize("key", [True, False])
def test_writing_a_message_or_a_note_reads_none_of_those_before_it(*, key: bool) -> None:
    created = file()
    fill(created, messages=300, notes=300)
    writes: tuple[Callable[[str | None], Reply], ...] = (
        lambda sent: say(created, key=sent),
        lambda sent: by_officer("POST", created, "/messages", {"text": "Hello."}, key=sent),
        lambda sent: by_officer("POST", created, "/notes", {"text": "Hm."}, key=sent),
    )
    for write in writes:
        sent = new_key() if key else None
        with counted() as reads:
            assert write(sent).status == 201
        assert reads.rows <= 3
        if key:
            with counted() as reads:
                assert write(sent).status == 200
            assert reads.rows <= 3


def test_a_repeated_message_is_known_however_many_came_since() -> None:
    created, key = file(), new_key()
    first = say(created, "First.", key=key).json
    fill(created, messages=100)
    wiring.clock.advance(timedelta(days=3))

    assert say(created, "First.", key=key).json == first
    assert say(created, "Other.", key=key).status == 422
    assert texts(mine(created).json, "messages").count("First.") == 1


def test_one_key_of_an_officer_may_be_used_for_a_message_and_for_a_note() -> None:
    created, key = file(), new_key()
    for kind in ("messages", "notes"):
        path = f"/v1/officer/reports/{created['id']}/{kind}"
        first = call("POST", path, {"text": "The same."}, key=key, officer="wang")
        again = call("POST", path, {"text": "The same."}, key=key, officer="wang")
        assert first.json == again.json
    page = opened(created).json
    assert (len(page["messages"]), len(page["notes"])) == (1, 1)


def notices() -> list[dict[str, Any]]:
    return [each for each in cloud.sent() if each["kind"] == "message"]


@pytest.mark.parametrize("category", ["child_abduction", "other"])
def test_messages_on_one_report_give_one_notice_a_minute_that_covers_them_all(
    category: str,
) -> None:
    cloud.forget_sent()
    created = file(category=category)
    pk, began = keys.report(created["id"]), wiring.clock.now()
    for number in range(12):
        said = say(created, f"Line {number}").json
        row = keys.message(times.parse(said["sent_at"]), said["id"])
        cloud.stream([(pk, row)])
        if number == 0:
            assert len(notices()) == 1
        wiring.clock.advance(timedelta(seconds=15))
        if number % 4 == 3:
            cloud.sweep()
    minutes = (wiring.clock.now() - began) / timedelta(minutes=1)
    cloud.sweep(timedelta(seconds=61))

    found = notices()
    assert 3 <= len(found) <= minutes + 2
    assert times.parse(found[-1]["at"]) >= times.to_minute(times.parse(said["sent_at"]))
    assert not [row for row in tasks() if row["sk"]["S"].startswith("MESSAGE#")]


def tasks() -> list[dict[str, Any]]:
    found = cloud.client("dynamodb").scan(TableName=os.environ["REPORTS_TABLE"])["Items"]
    return [row for row in found if "task" in row]


@pytest.mark.parametrize("step", ["withdraw", "close", "move", "reply"])
def test_a_notice_that_waits_is_sent_whatever_becomes_of_the_report(step: str) -> None:
    created = file(category="other")
    path = f"/v1/officer/reports/{created['id']}"
    say(created)
    cloud.stream(cloud.all_keys())
    wiring.clock.advance(timedelta(seconds=5))
    say(created, "One more.")
    tag = {"If-Match": '"1"'}
    if step == "withdraw":
        by_reporter("DELETE", created)
    if step == "reply":
        call("POST", f"{path}/messages", {"text": "Thanks."}, officer="wang")
    if step == "close":
        body = {"status": "closed", "disposition": "resolved", "reason": "Done."}
        seen = {"messages_seen": 2}
        assert call("PATCH", path, body | seen, officer="wang", version=1).status == 200
    if step == "move":
        body = {"category": "traffic_violation", "urgency": "critical"}
        assert call("PATCH", path, body, officer="wang", headers=tag).status == 200
    before = len(notices())
    cloud.sweep(timedelta(seconds=61))

    assert len(notices()) == before + 1
    if step == "move":
        assert notices()[-1]["category"] == "traffic_violation"
