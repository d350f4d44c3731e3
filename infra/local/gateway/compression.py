"""Compress responses as the gateway does, from `MinimumCompressionSize` on (`infra/app.yaml`)."""

import gzip
from dataclasses import replace

from infra.local import template
from infra.local.gateway.events import Response

# Fast, as in a gateway: the level changes little.
_LEVEL = 6


def minimum_size() -> int:
    """Return the bytes from which the deployed gateway compresses a response."""
    return int(template.load("app.yaml")["Parameters"]["MinimumCompressionSize"]["Default"])


def compress(response: Response, accepted: str, at_least: int) -> Response:
    """Return the response for a client with this `Accept-Encoding`: in gzip, if it has `at_least`
    so many bytes, the client takes gzip, and it is not encoded.
    """
    names = {name.lower() for name, _ in response.headers}
    if len(response.body) < at_least or "content-encoding" in names or not _takes_gzip(accepted):
        return response
    body = gzip.compress(response.body, _LEVEL, mtime=0)
    return replace(response, body=body, headers=[*response.headers, ("Content-Encoding", "gzip")])


def _takes_gzip(accepted: str) -> bool:
    for each in accepted.lower().split(","):
        name, _, weight = each.replace(" ", "").partition(";")
        if name in ("gzip", "*"):
            return weight not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
