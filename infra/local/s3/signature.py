"""Check Signature Version 4, as S3 does, on a presigned URL and on a form.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

from infra.local.s3.errors import S3Error, access_denied, bad_request
from infra.local.s3.requests import headers_of, pairs_of, query_of, raw_path

type Clock = Callable[[], datetime]

ALGORITHM = "AWS4-HMAC-SHA256"
LONGEST_LIFE_S = 7 * 24 * 3600
CLOCK_SKEW = timedelta(minutes=15)

# Sent by a client unasked, and no part of what it may do.
FREE_HEADERS = {"x-amz-content-sha256", "x-amz-date", "x-amz-user-agent"}


@dataclass(frozen=True, slots=True)
class Credentials:
    """The one key that signs locally."""

    access_key: str
    secret_key: str
    region: str


def check_presigned(environ: Mapping[str, Any], credentials: Credentials, now: datetime) -> None:
    """Check a request whose query is signed. Raises S3Error unless the key is known, the URL has
    not expired, nothing was changed, and no S3 header was added to those signed.
    """
    query = query_of(environ)
    if query.get("X-Amz-Algorithm") != ALGORITHM:
        raise _bad_parameters(f'X-Amz-Algorithm only supports "{ALGORITHM}"')
    scope_date = _check_scope(query.get("X-Amz-Credential", ""), credentials, _bad_parameters)
    _check_life(query, scope_date, now)
    headers = headers_of(environ)
    signed_names = query.get("X-Amz-SignedHeaders", "").split(";")
    _check_headers(headers, signed_names)
    canonical = "\n".join(
        [
            environ["REQUEST_METHOD"],
            quote(unquote(raw_path(environ)), safe="/-_.~"),
            _canonical_query(environ["QUERY_STRING"]),
            *(f"{name}:{' '.join(headers.get(name, '').split())}" for name in signed_names),
            "",
            ";".join(signed_names),
            "UNSIGNED-PAYLOAD",
        ]
    )
    scope = f"{scope_date}/{credentials.region}/s3/aws4_request"
    to_sign = "\n".join(
        [ALGORITHM, query["X-Amz-Date"], scope, hashlib.sha256(canonical.encode()).hexdigest()]
    )
    _check_signature(to_sign, query.get("X-Amz-Signature", ""), scope_date, credentials)


def _check_life(query: Mapping[str, str], scope_date: str, now: datetime) -> None:
    signed_at = _timestamp(query.get("X-Amz-Date", ""))
    if signed_at is None or scope_date != f"{signed_at:%Y%m%d}":
        raise _bad_parameters(
            "X-Amz-Date must be in the ISO8601 Long Format and of the Credential's date"
        )
    life = query.get("X-Amz-Expires", "")
    if not re.fullmatch(r"[0-9]{1,6}", life) or not 1 <= int(life) <= LONGEST_LIFE_S:
        raise _bad_parameters("X-Amz-Expires must be a number of seconds, between 1 and 604800")
    if signed_at > now + CLOCK_SKEW:
        raise access_denied("Request is not valid yet")
    if now > signed_at + timedelta(seconds=int(life)):
        raise access_denied("Request has expired", **{"X-Amz-Expires": life})


def _check_headers(headers: Mapping[str, str], signed_names: list[str]) -> None:
    unsigned = (
        ["host"]
        if "host" not in signed_names
        else sorted(
            name
            for name in headers
            if name.startswith("x-amz-") and name not in FREE_HEADERS and name not in signed_names
        )
    )
    if unsigned:
        raise access_denied(
            "There were headers present in the request which were not signed",
            HeadersNotSigned=", ".join(unsigned),
        )


def check_form(fields: Mapping[str, str], credentials: Credentials) -> None:
    """Check the fields of a form, by lower-case name. Raises S3Error unless the known key signed
    its `policy`.
    """
    for name in ("policy", "x-amz-signature", "x-amz-credential", "x-amz-algorithm", "x-amz-date"):
        if name not in fields:
            raise access_denied()
    if fields["x-amz-algorithm"] != ALGORITHM:
        raise bad_request("InvalidArgument", f"x-amz-algorithm only supports {ALGORITHM}")
    scope_date = _check_scope(
        fields["x-amz-credential"],
        credentials,
        lambda message: bad_request("InvalidArgument", message),
    )
    _check_signature(fields["policy"], fields["x-amz-signature"], scope_date, credentials)


def _check_scope(credential: str, credentials: Credentials, bad: Callable[[str], S3Error]) -> str:
    parts = credential.split("/")
    if (
        len(parts) != 5
        or parts[3:] != ["s3", "aws4_request"]
        or not re.fullmatch(r"[0-9]{8}", parts[1])
    ):
        raise bad(
            "Error parsing the Credential parameter; it must be "
            "<key>/<date>/<region>/s3/aws4_request"
        )
    if parts[0] != credentials.access_key:
        raise S3Error(
            "403 Forbidden",
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
        )
    if parts[2] != credentials.region:
        raise bad(
            f"Error parsing the Credential parameter; the region '{parts[2]}' is wrong; "
            f"expecting '{credentials.region}'"
        )
    return parts[1]


def _check_signature(
    to_sign: str, signature: str, scope_date: str, credentials: Credentials
) -> None:
    key = f"AWS4{credentials.secret_key}".encode()
    for part in (scope_date, credentials.region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    if not hmac.compare_digest(
        hmac.digest(key, to_sign.encode(), "sha256").hex().encode(), signature.encode()
    ):
        raise S3Error(
            "403 Forbidden",
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check "
            "your key and signing method.",
        )


def _canonical_query(query: str) -> str:
    pairs = [
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in pairs_of(query)
        if name != "X-Amz-Signature"
    ]
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _timestamp(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def _bad_parameters(message: str) -> S3Error:
    return bad_request("AuthorizationQueryParametersError", message)
