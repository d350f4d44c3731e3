"""What people paste: at each door what nobody sees is removed, and nothing is refused for it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib import wiring
from chalicelib.domain.officers.model import Role
from tests import client
from tests.client import call, new_key, report
from tests.functional.officers.test_appointments import ROW
from tests.steps import by_officer, by_reporter, file, head, mine, opened

pytestmark = pytest.mark.officers(
    "wang", chief={"roles": (Role.ADMIN,)}, deputy={"roles": (Role.ADMIN,)}
)

# Contact apps put one of these before a number, or around it.
PASTED = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x00\x7f\x85\ufeff"
REMOVED = PASTED.replace("\ufeff", "")


def around(text: str, marks: str = REMOVED) -> str:
    """Return a text with these marks before it, after it and between all its characters."""
    return f"{marks}{marks.join(text)}{marks}"


def contact_of(created: dict[str, Any]) -> Any:
    return by_officer("POST", created, "/contact", {"reason": "To call back."}).expect(200)


@pytest.mark.parametrize("mark", PASTED, ids=ascii)
def test_a_pasted_number_is_taken_without_its_marks(mark: str) -> None:
    number = f"{mark}+86\xa0138\u20110013\u20118000{mark}"
    created = file(
        "traffic_violation",
        text=f"Call {mark}13800138000{mark}",
        location={"lat": 39.9, "lon": 116.4, "address": f"{mark}1 Road{mark}"},
        details={"plate": f"{mark}京A·12345{mark}"},
        contact={"name": f"{mark}Wang", "phone": number, "email": f"{mark}wang@police.example"},
    )
    shown = opened(created)
    kept = mark if mark not in REMOVED else ""
    assert mine(created)["text"] == f"Call {kept}13800138000{kept}"
    assert shown["location"]["address"] == f"{kept}1 Road{kept}"
    assert shown["details"]["plate"] == f"{kept}京A·12345{kept}"
    contact = contact_of(created)
    assert contact["name"] == f"{kept}Wang"
    assert contact["phone"] == "+86 138-0013-8000"
    assert contact["email"] == "wang@police.example"


def test_a_feed_is_a_line_break_and_in_one_line_a_space() -> None:
    created = file(
        "traffic_violation",
        text="one\x0btwo\x0cthree\n\tfour",
        location={"lat": 39.9, "lon": 116.4, "address": "1 Road\x0bHouse 2\r\n\tFloor 3\u2028\n"},
        details={"plate": "京A\x0c12345\n"},
        contact={
            "name": "Wang\nLi\x0b",
            "phone": "138\t0013\n8000",
            "email": "li\x0b@police\x0c.example",
        },
    )
    shown, contact = opened(created), contact_of(created)
    assert shown["text"] == "one\ntwo\nthree\n\tfour"
    assert shown["location"]["address"] == "1 Road House 2  Floor 3"
    assert shown["details"]["plate"] == "京A 12345"
    assert (contact["name"], contact["phone"]) == ("Wang Li", "138 0013 8000")
    assert contact["email"] == "li@police.example"  # an address that has no spaces


def message_of_reporter(words: str) -> Any:
    created = file()
    by_reporter("POST", created, "/messages", {"text": words}).expect(201)
    return mine(created)["messages"][0]["text"]


def message_of_officer(words: str) -> Any:
    created = file()
    by_officer("POST", created, "/messages", {"text": words}).expect(201)
    return mine(created)["messages"][0]["text"]


def note(words: str) -> Any:
    created = file()
    by_officer("POST", created, "/notes", {"text": words}).expect(201)
    return opened(created)["notes"][0]["text"]


def gist(words: str) -> Any:
    created = file()
    match = {"If-Match": by_officer("GET", created).headers["etag"]}
    return by_officer("PUT", created, "/gist", {"text": words}, headers=match).expect(200)["gist"]


def position(words: str) -> Any:
    created = file()
    place = {"lat": 39.9, "lon": 116.4, "address": words}
    by_reporter("POST", created, "/positions", place).expect(201)
    return opened(created)["positions"][0]["location"]["address"]


def bulletin(words: str) -> Any:
    draft = {
        "channel": "missing_persons",
        "title": {"en": words},
        "body": {"en": words},
        "area": {"text": words},
        "guardian_consent": True,
    }
    created = call("POST", "/v1/officer/bulletins", draft, key=new_key(), officer="wang")
    content = created.expect(201)
    assert content["title"] == content["body"] == {"en": content["area"]["text"]}
    return content["area"]["text"]


def officers_name(words: str) -> Any:
    row = {
        **ROW,
        "name": words,
        "email": around("li@police.example"),
        "phone": around("+8613800138"),
    }
    appointed = client.appoint("li", row, proposer="chief", approver="deputy").expect(200)
    assert (appointed["email"], appointed["phone"]) == ("li@police.example", "+8613800138")
    return appointed["name"]


def shift(words: str) -> Any:
    at = {"weekdays": ["monday"], "starts": "00:00", "ends": "00:00", "officers": ["wang"]}
    body = {"shifts": [{"name": words, "categories": [], "districts": [], **at}]}
    match = {"If-Match": call("GET", "/v1/officer/shifts", officer="wang").headers["etag"]}
    plan = call("PUT", "/v1/admin/shifts", body, officer="chief", headers=match).expect(200)
    return plan["shifts"][0]["name"]


@pytest.mark.parametrize(
    "door",
    [message_of_reporter, message_of_officer, note, gist, position, bulletin, officers_name, shift],
)
def test_what_anybody_writes_is_taken_without_its_marks(door: Callable[[str], Any]) -> None:
    assert door(around("Wang 7")) == "Wang 7"


def test_what_an_officer_looks_for_is_found_whatever_is_pasted_with_it() -> None:
    marks = REMOVED + "\u200b\u200e\ufeff"
    created = file("traffic_violation", text=f"His number is {around('13800138000', '\u200b')}.")
    opened(created)
    for typed in ("13800138000", around("138 0013 8000", marks)):
        found = call("GET", f"/v1/officer/search?text={quote(typed)}", officer="wang").expect(200)
        assert [each["id"] for each in found["items"]] == [created["id"]]
    reference = quote(around(created["reference"], marks))
    named = call("GET", f"/v1/officer/reports?reference={reference}", officer="wang").expect(200)
    assert [each["id"] for each in named["items"]] == [created["id"]]


def test_what_is_left_counts() -> None:
    file("other", text=around("x" * 4000, "\u202a"), contact={"phone": around("1" * 25)})
    for wrong, refused in (
        ({"text": around("x" * 4001, "\u202a")}, [("text", "too_long")]),
        ({"text": around("\u200b")}, [("text", "blank")]),
        ({"contact": {"name": "x", "phone": around("1" * 26)}}, [("contact.phone", "too_long")]),
        ({"contact": {"phone": around("call me")}}, [("contact.phone", "bad_phone")]),
        ({"details": {"what": REMOVED}}, [("details.what", "unknown_value")]),
    ):
        body = report("traffic_violation", **wrong)
        assert call("POST", "/v1/reports", body, key=new_key()).wrong == refused


def test_nothing_but_marks_beside_a_photo_is_no_text() -> None:
    media = [{"content_type": "image/jpeg", "size": 1000}]
    assert mine(file(text=f"{REMOVED}\ufdd0 ", media=media))["text"] is None


def test_a_receipt_is_found_whatever_stands_in_it() -> None:
    created = file()
    for marks in (REMOVED, "\u2060\u034f", "\x0b"):
        words = {"text": f"It is {around(created['receipt'], marks)}."}
        reply = by_reporter("POST", created, "/messages", words)
        assert reply.wrong == [("text", "holds_receipt")]
        body = report(text=f"Mine was {around(created['receipt'], marks)}")
        assert call("POST", "/v1/reports", body, key=new_key()).wrong == [("text", "holds_receipt")]


def test_the_identity_of_a_call_is_that_of_the_last_release() -> None:
    body: dict[str, Any] = {
        "category": "traffic_violation",
        "text": "Cafe\u0301 Trần\r\n\t白色面包车\u2028👨\u200d👩\u200d👧 می\u200cخواهم \u200e",
        "occurred_at": "2026-11-24T08:30:00+08:00",
        "location": {"lat": 39.9, "lon": 116.4, "address": " \u3000建国路  1 号\n"},
        "details": {"plate": " 京A\u200e12345 ", "what": "other"},
        "contact": {
            "name": "\tWang  Li ",
            "phone": "+86 138-0013  8000 ",
            "email": "王e\u0301@police.example",
        },
    }
    as_it_was = (
        '{"category":"traffic_violation","contact":{"email":"王\xe9@police.example",'
        '"name":"Wang  Li","phone":"+86 138-0013  8000 "},'
        '"details":{"plate":" 京A\u200e12345 ","what":"other"},'
        '"location":{"address":"建国路  1 号","lat":39.9,"lon":116.4},'
        '"occurred_at":"2026-11-24T00:30:00Z",'
        '"text":"Café Trần\\r\\n\\t白色面包车\\n👨\u200d👩\u200d👧 می\u200cخواهم \u200e"}'
    )
    created = file(**body)
    expected = wiring.identity().fingerprint(created["receipt"], as_it_was.encode())
    assert head(created)["body_hash"] == expected


def test_a_retry_of_a_cleaned_call_is_the_same_report() -> None:
    key, body = new_key(), report(text=around("Wang"), contact={"phone": around("13800138000")})
    first, again = (call("POST", "/v1/reports", body, key=key) for _ in range(2))
    assert (first.status, again.status) == (201, 200)
    assert first.json["id"] == again.json["id"]
