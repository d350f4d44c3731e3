"""The gateway compresses a large response for a client that takes gzip, and no other."""

import gzip

import pytest

from infra.local.gateway.compression import compress, minimum_size
from infra.local.gateway.events import Headers, Response

BODY = b'{"items": []}' * 100


def sent(accepted: str, body: bytes = BODY, headers: Headers = ()) -> Response:
    response = Response(200, list(headers), body)
    return compress(response, accepted, minimum_size())


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "*", "deflate , GZIP", "gzip;q=1"])
def test_a_large_response_is_compressed_for_whom_takes_it(accepted: str) -> None:
    response = sent(accepted)
    assert ("Content-Encoding", "gzip") in response.headers
    assert gzip.decompress(response.body) == BODY
    assert len(response.body) < len(BODY)


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "gzipped"])
def test_it_is_sent_as_it_is_to_all_others(accepted: str) -> None:
    assert sent(accepted) == Response(200, [], BODY)


def test_a_small_response_and_one_that_is_encoded_stay_as_they_are() -> None:
    small = b"a" * (minimum_size() - 1)
    assert sent("gzip", small).body == small
    encoded = [("content-encoding", "gzip")]
    assert sent("gzip", headers=encoded).body == BODY
