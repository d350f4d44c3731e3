"""Cross-origin requests to a bucket."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.local.s3.running import BUCKET, Gate, Reply, code_of


@pytest.fixture(scope="module")
def cors_bucket(s3: Any) -> str:
    s3.create_bucket(Bucket="gate-cors")
    rule = {
        "AllowedMethods": ["GET", "POST", "PUT"],
        "AllowedOrigins": ["https://*.example.org"],
        "AllowedHeaders": ["*"],
    }
    s3.put_bucket_cors(
        Bucket="gate-cors",
        CORSConfiguration={
            "CORSRules": [{**rule, "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 3600}]
        },
    )
    return "gate-cors"


def preflight(gate: Gate, bucket: str, origin: str, method: str) -> Reply:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "Content-Type, x-amz-date",
    }
    return gate.ask("OPTIONS", f"/{bucket}/originals/x", headers=asked)


def test_the_buckets_rule_decides_a_preflight(gate: Gate, cors_bucket: str) -> None:
    status, headers, _ = preflight(gate, cors_bucket, "https://app.example.org", "PUT")
    assert status == 200
    assert headers["access-control-allow-origin"] == "https://app.example.org"
    assert headers["access-control-allow-methods"] == "GET, POST, PUT"
    assert headers["access-control-allow-headers"] == "content-type, x-amz-date"
    assert headers["access-control-max-age"] == "3600"


def test_a_preflight_for_a_signed_url_needs_no_signature_of_its_own(
    gate: Gate, s3: Any, cors_bucket: str
) -> None:
    url = urlsplit(
        s3.generate_presigned_url("put_object", Params={"Bucket": cors_bucket, "Key": "x"})
    )
    asked = {"Origin": "https://app.example.org", "Access-Control-Request-Method": "PUT"}
    assert gate.ask("OPTIONS", f"{url.path}?{url.query}", headers=asked)[0] == 200


@pytest.mark.parametrize(
    ("origin", "method"),
    [("https://app.example.com", "PUT"), ("https://app.example.org", "DELETE")],
)
def test_a_preflight_that_no_rule_allows_is_refused(
    gate: Gate, cors_bucket: str, origin: str, method: str
) -> None:
    status, headers, body = preflight(gate, cors_bucket, origin, method)
    assert (status, code_of(body)) == (403, "AccessForbidden")
    assert "access-control-allow-origin" not in headers


def test_a_bucket_without_rules_allows_no_preflight(gate: Gate) -> None:
    assert preflight(gate, BUCKET, "https://app.example.org", "GET")[0] == 403


def test_only_an_allowed_origin_may_read_a_response_or_a_refusal(
    gate: Gate, cors_bucket: str
) -> None:
    _, headers, _ = gate.post(
        f"/{cors_bucket}", {"key": "x"}, b"x", headers={"Origin": "https://app.example.org"}
    )
    assert headers["access-control-allow-origin"] == "https://app.example.org"
    assert headers["access-control-expose-headers"] == "ETag"
    _, headers, _ = gate.post(
        f"/{cors_bucket}", {"key": "x"}, b"x", headers={"Origin": "https://evil.example"}
    )
    assert "access-control-allow-origin" not in headers
