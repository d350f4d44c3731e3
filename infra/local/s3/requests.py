"""The parts of a WSGI request that the gate looks at."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote

type Environ = dict[str, Any]
type Headers = list[tuple[str, str]]
type Response = tuple[str, Headers, Iterable[bytes]]

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


def headers_of(environ: Mapping[str, Any]) -> dict[str, str]:
    """Return the request's headers by lower-case name."""
    headers = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    for name in ("CONTENT_LENGTH", "CONTENT_TYPE"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = environ[name]
    return headers
