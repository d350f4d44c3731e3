"""Check Signature Version 4, as S3 does, on a presigned URL and on a form. What a signature must
be, botocore's signer says.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html
"""

import hmac
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from infra.local.requests import (
    Environ,
    S3Error,
    access_denied,
    bad_request,
    headers_of,
    pairs_of,
    query_of,
    raw_path,
)

type Clock = Callable[[], datetime]

ALGORITHM = "AWS4-HMAC-SHA256"
LONGEST_LIFE_S = 7 * 24 * 3600
CLOCK_SKEW = timedelta(minutes=15)

# Sent by a client unasked, and no part of what it may do.
FREE_HEADERS = {"x-amz-content-sha256", "x-amz-date", "x-amz-user-agent"}

# The fields of a form that sign it.
SIGNED_BY = {"policy", "x-amz-signature", "x-amz-credential", "x-amz-algorithm", "x-amz-date"}


class Signer(S3SigV4QueryAuth):
    """The one key that signs locally."""

    def __init__(self, access_key: str, secret_key: str, region: str) -> None:
        super().__init__(Credentials(access_key, secret_key), "s3", region)
        self.access_key, self.region = access_key, region

    def check_presigned(self, environ: Environ, now: datetime) -> None:
        """Check a request whose query is signed. Raises S3Error unless the key is known, the URL
        has not expired, nothing was changed, and no S3 header was added to those signed.
        """
        query, headers = query_of(environ), headers_of(environ)
        if query.get("X-Amz-Algorithm") != ALGORITHM:
            raise _bad_parameters(f'X-Amz-Algorithm only supports "{ALGORITHM}"')
        scope_date = self._check_scope(query.get("X-Amz-Credential", ""), _bad_parameters)
        _check_life(query, scope_date, now)
        signed_names = query.get("X-Amz-SignedHeaders", "").split(";")
        _check_headers(headers, signed_names)
        path = quote(unquote(raw_path(environ)), safe="/-_.~")
        request = AWSRequest(
            environ["REQUEST_METHOD"],
            f"http://{headers['host']}{path}?{_unsigned(environ)}",
            {name: headers.get(name, "") for name in signed_names},
        )
        request.context["timestamp"] = query["X-Amz-Date"]
        to_sign = self.string_to_sign(request, self.canonical_request(request))
        self._check_signature(to_sign, request, query.get("X-Amz-Signature", ""))

    def check_form(self, fields: Mapping[str, str]) -> None:
        """Check the fields of a form, by lower-case name. Raises S3Error unless the known key
        signed its `policy`.
        """
        if not SIGNED_BY.issubset(fields):
            raise access_denied()
        if fields["x-amz-algorithm"] != ALGORITHM:
            raise _bad_argument(f"x-amz-algorithm only supports {ALGORITHM}")
        request = AWSRequest()
        request.context["timestamp"] = self._check_scope(fields["x-amz-credential"], _bad_argument)
        self._check_signature(fields["policy"], request, fields["x-amz-signature"])

    def check_key(self, access_key: str) -> None:
        """Raise S3Error unless it is the known key."""
        if access_key != self.access_key:
            raise S3Error(
                "403 Forbidden",
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.",
            )

    def _check_scope(self, credential: str, bad: Callable[[str], S3Error]) -> str:
        """Return the date of a credential."""
        found = re.fullmatch(r"([^/]*)/([0-9]{8})/([^/]*)/s3/aws4_request", credential)
        if not found:
            raise bad(
                "Error parsing the Credential parameter; it must be "
                "<key>/<date>/<region>/s3/aws4_request"
            )
        self.check_key(found[1])
        if found[3] != self.region:
            raise bad(
                f"Error parsing the Credential parameter; the region '{found[3]}' is wrong; "
                f"expecting '{self.region}'"
            )
        return found[2]

    def _check_signature(self, to_sign: str, request: AWSRequest, signature: str) -> None:
        expected = self.signature(to_sign, request)
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise S3Error(
                "403 Forbidden",
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. "
                "Check your key and signing method.",
            )


def _check_life(query: Mapping[str, str], scope_date: str, now: datetime) -> None:
    try:
        signed_at = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except (KeyError, ValueError):
        signed_at = None
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
    wanted = {"host", *(name for name in headers if name.startswith("x-amz-"))} - FREE_HEADERS
    if unsigned := sorted(wanted - {*signed_names}):
        raise access_denied(
            "There were headers present in the request which were not signed",
            HeadersNotSigned=", ".join(unsigned),
        )


def _unsigned(environ: Mapping[str, Any]) -> str:
    """Return the query without its signature, each value encoded as AWS encodes it."""
    return "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
        for name, value in pairs_of(environ["QUERY_STRING"])
        if name != "X-Amz-Signature"
    )


def _bad_argument(message: str) -> S3Error:
    return bad_request("InvalidArgument", message)


def _bad_parameters(message: str) -> S3Error:
    return bad_request("AuthorizationQueryParametersError", message)
