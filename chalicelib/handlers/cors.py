"""CORS: which web pages may call which routes.

| routes | origins |
|---|---|
| of the public and of reporters | any |
| of officers | that of the console (`CONSOLE_ORIGIN`); none without that setting |

Credentials are not allowed: the API uses no cookies, and a page sends its token in a header. The
allowed origin of a route is the same for all callers, so responses do not vary by `Origin`.

The gateway responds to preflights. `chalice package` writes these headers into the template, and
`infra/packaging/preflights.py` completes it. https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from collections.abc import Callable

from chalice.app import CORSConfig

from chalicelib import wiring

ALLOWED_HEADERS = (
    "Accept-Language",
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Tipline-Proof",
)
EXPOSED_HEADERS = ("ETag", "Location", "Retry-After", "X-Request-Id")
MAX_AGE_S = 7200  # the longest that Chromium allows


class Cors(CORSConfig):
    """The CORS headers of a route. `origin` is read for each response; "" means no headers."""

    def __init__(self, origin: Callable[[], str]) -> None:
        super().__init__()
        self._origin = origin

    def get_access_control_headers(self) -> dict[str, str]:
        """Return the headers for Chalice, which adds them to responses and to the template."""
        origin = self._origin()
        if not origin:
            return {}
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Headers": ",".join(ALLOWED_HEADERS),
            "Access-Control-Expose-Headers": ",".join(EXPOSED_HEADERS),
            "Access-Control-Max-Age": str(MAX_AGE_S),
        }


ANY_ORIGIN = Cors(lambda: "*")
CONSOLE_ONLY = Cors(lambda: wiring.settings().console_origin)
