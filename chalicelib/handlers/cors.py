"""Which pages may call which routes from a browser.

| routes | origins |
|---|---|
| public, and with a receipt | any |
| officers' | the console's own (`CONSOLE_ORIGIN`); without that setting, none |

Never with credentials: nothing here knows a cookie, and a page that has a token sends it itself.
The origin is the same whoever asks, so no response varies by `Origin`.

The gateway responds to preflights: `chalice package` writes these headers into the template, which
`infra/preflights.py` completes. https://fetch.spec.whatwg.org/#http-cors-protocol
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
)
EXPOSED_HEADERS = ("ETag", "Location", "Retry-After", "X-Request-Id")
MAX_AGE_S = 7200  # no browser but Firefox keeps a preflight longer


class Cors(CORSConfig):
    """The headers of some routes. `origin` is read at each response; empty, there are none."""

    def __init__(self, origin: Callable[[], str]) -> None:
        super().__init__()
        self._origin = origin

    def get_access_control_headers(self) -> dict[str, str]:
        """Return what Chalice adds to every response, and writes into the template."""
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
