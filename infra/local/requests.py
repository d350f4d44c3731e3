"""What AWS's port reads of a WSGI request, and S3's refusals in its words: a status, a code and a
message in XML.
"""

import secrets
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape

from werkzeug.datastructures import EnvironHeaders

type Environ = dict[str, Any]
type Headers = list[tuple[str, str]]
type Response = tuple[str, Headers, Iterable[bytes]]

_READS = ("Get", "List", "Describe", "Query", "Scan", "BatchGet", "TransactGet", "Receive")
# What consumers themselves do to a queue gives no consumer anything new.
_CONSUMING = ("DeleteMessage", "ChangeMessageVisibility")
_WELL_KNOWN = ("/.well-known/jwks.json", "/.well-known/openid-configuration")


def service_of(environ: Environ) -> str:
    """Return the service that a request is for, by its credential's scope; "s3" if nothing says
    otherwise.
    """
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    if "Credential=" in authorization:
        scope = authorization.split("Credential=", 1)[1].split(",")[0].split("/")
        return scope[3] if len(scope) == 5 else "s3"
    if environ.get("HTTP_X_AMZ_TARGET", "").startswith("AWSCognito") or environ[
        "PATH_INFO"
    ].endswith(_WELL_KNOWN):
        return "cognito"
    return "s3"


def address_of(environ: Environ) -> tuple[str, str]:
    """Return bucket and key, each empty when the path does not name it."""
    bucket, _, key = raw_path(environ).lstrip("/").partition("/")
    return unquote(bucket), unquote(key)


def raw_path(environ: Mapping[str, Any]) -> str:
    """Return the path as it was sent, percent-encoded."""
    raw: str = environ.get("RAW_URI") or quote(environ["PATH_INFO"])
    return raw.split("?", 1)[0]


def pairs_of(query: str) -> list[tuple[str, str]]:
    """Return a query's parameters, decoded, in order. A plus sign is a plus sign, as in S3."""
    split = (part.partition("=") for part in query.split("&") if part)
    return [(unquote(name), unquote(value)) for name, _, value in split]


def query_of(environ: Mapping[str, Any]) -> dict[str, str]:
    """Return the query's parameters, decoded; of one sent twice the first (both are under the
    signature).
    """
    return dict(reversed(pairs_of(environ["QUERY_STRING"])))


def headers_of(environ: Environ) -> dict[str, str]:
    """Return the request's headers by lower-case name."""
    return {name.lower(): value for name, value in EnvironHeaders(environ)}


# In which header the stack's own process says which function calls AWS, and that header in WSGI.
CALLER_HEADER, CALLER = "X-Local-Function", "HTTP_X_LOCAL_FUNCTION"


class Change(Enum):
    """What has just been written to, and so may have something for a consumer."""

    TABLE = "table"
    QUEUE = "queue"
    TOPIC = "topic"


def change_of(environ: Mapping[str, Any]) -> Change | None:
    """Return what a request writes to; None for one that only reads."""
    service, _, operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")
    if operation.startswith(_READS + _CONSUMING):
        return None
    if environ["REQUEST_METHOD"] in ("GET", "HEAD", "OPTIONS"):
        return None
    if service.startswith("DynamoDB"):
        return Change.TABLE
    if "/sns/" in environ.get("HTTP_AUTHORIZATION", ""):
        return Change.TOPIC
    # Messages themselves, and objects, whose events become messages.
    return Change.QUEUE


class S3Error(Exception):
    """`details` become elements of their own, as S3 gives some of its errors."""

    def __init__(self, status: str, code: str, message: str, **details: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.details = details

    def xml(self) -> bytes:
        """Return the body of the response."""
        # S3 gives every request an id; here nothing can be found by it.
        request = secrets.token_hex(8).upper()
        elements = {
            "Code": self.code,
            "Message": self.message,
            **self.details,
            "RequestId": request,
            "HostId": "local",
        }
        inside = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in elements.items())
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inside}</Error>'.encode()


def access_denied(message: str = "Access Denied", **details: str) -> S3Error:
    """Create the error of a request that nobody allows."""
    return S3Error("403 Forbidden", "AccessDenied", message, **details)


def bad_request(code: str, message: str, **details: str) -> S3Error:
    """Create the error of a request that S3 cannot take."""
    return S3Error("400 Bad Request", code, message, **details)


def not_found(code: str, message: str, **details: str) -> S3Error:
    """Create the error of a bucket, key or upload that does not exist."""
    return S3Error("404 Not Found", code, message, **details)
