"""Bodies have one of few sizes on the wire, so that their length says little of what is in them."""

import gzip
import json

import pytest
from chalice.app import Response as ChaliceResponse

from chalicelib.http.requests import MAX_LONG_BODY
from chalicelib.http.responses import padded
from infra.events import Response as Sent
from infra.local.gateway.api_server import compress, minimum_size
from tests import cloud
from tests.client import Reply, call, new_key, report
from tests.ledger import Verify, close_hour
from tests.steps import by_officer, by_reporter, file, write

pytestmark = pytest.mark.officers("wang")

SIZES = {2 << 10 << doubled for doubled in range(6)}


def size(reply: Reply) -> int:
    assert reply.status in (200, 201), reply.text
    assert reply.headers["content-encoding"] == "identity"
    return len(reply.text.encode())


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (1, 2048),
        (2048, 2048),
        (2049, 4096),
        (65_536, 65_536),
        (65_537, 131_072),
        (140_000, 3 << 16),
    ],
)
def test_a_body_gets_one_of_few_sizes(content: int, expected: int) -> None:
    assert len(padded(ChaliceResponse("x" * content)).body) == expected


def test_a_character_counts_as_its_bytes() -> None:
    assert len(padded(ChaliceResponse("\u6551" * 683)).body.encode()) == 4096


def test_what_is_empty_stays_so() -> None:
    response = padded(ChaliceResponse("", status_code=304, headers={"ETag": "1"}))
    assert (response.body, response.headers) == ("", {"ETag": "1"})


def test_a_short_text_and_a_longer_one_are_equally_long_for_reporter_and_officer() -> None:
    found = []
    for text in ("Yes.", "He wore a blue coat, and was at the bus stop." * 6):
        created = call("POST", "/v1/reports", report(text=text), key=new_key())
        write(created.json, text)
        pages = [
            call("GET", "/v1/reports/mine", receipt=created.json["receipt"]),
            by_officer("GET", created.json),
            by_officer("GET", created.json, "/history"),
            by_reporter("POST", created.json, "/messages", {"text": text}),
        ]
        assert pages[1].json["text"] == text
        found.append([size(each) for each in (created, *pages)])
    assert found[0] == found[1]
    assert SIZES.issuperset(found[0])


def test_an_error_has_one_of_these_sizes_too() -> None:
    refused = call("POST", "/v1/reports", report(text="x" * 5000), key=new_key())
    assert refused.status == 422
    assert len(refused.text.encode()) in SIZES


@pytest.mark.parametrize("path", ["/v1/catalogue", "/v1/health", "/v1/areas"])
def test_what_is_public_is_as_long_as_it_is(path: str) -> None:
    reply = call("GET", path)
    assert "content-encoding" not in reply.headers
    assert not reply.text.endswith(" ")


def test_the_gateway_does_not_compress_what_is_padded() -> None:
    """It takes a response with Content-Encoding for one that is compressed already."""
    created = file(text="He wore a blue coat. " * 100)
    reply = call("GET", "/v1/reports/mine", receipt=created["receipt"])
    body = reply.text.encode()
    assert len(body) > minimum_size()
    sent = Sent(200, [("Content-Encoding", reply.headers["content-encoding"])], body)
    assert compress(sent, "gzip", minimum_size()) == sent
    assert gzip.decompress(compress(Sent(200, [], body), "gzip", minimum_size()).body) == body


def test_blanks_after_a_body_change_nothing(check: Verify) -> None:
    body = json.dumps(report(text="He wore a blue coat.")).encode()
    key = new_key()
    first = call("POST", "/v1/reports", raw=body.ljust(MAX_LONG_BODY), key=key)
    again = call("POST", "/v1/reports", raw=body + b"\r\n\t ", key=key)
    assert (first.status, again.status) == (201, 200)
    assert first.json["receipt"] == again.json["receipt"]
    cloud.stream(cloud.all_keys())
    close_hour()
    for sent in (body, body + b" \n"):
        found = check(receipt=first.json["receipt"], body=sent)
        assert (found.code, "The body is what was filed." in found.text) == (0, True)
