"""The public addresses of this API, of its pages and of the web clients."""

import re

from chalicelib import wiring
from chalicelib.http.requests import Call

# What follows the prefix of a stage in the path of a route that names an address.
_ROUTES = re.compile("/(?:v1|bulletins)/")


def base_of(call: Call) -> str:
    """Return the public address of the API: from the settings, or else from the request."""
    context = call.request.context
    before = _ROUTES.split(str(context.get("path", "")), maxsplit=1)[0]
    return (
        wiring.settings().public_url.rstrip("/")
        or f"https://{context.get('domainName', 'localhost')}{before}"
    )


def bulletin_url(bulletin_id: str, call: Call) -> str:
    """Return the address of a bulletin for programs; its pictures are below it."""
    return f"{base_of(call)}/v1/bulletins/{bulletin_id}"


def home_url() -> str | None:
    """Return the residents' first page; None where no web client is.

    Without a public address the client is where the page of the bulletin is.
    """
    settings = wiring.settings()
    return f"{settings.public_url.rstrip('/') or '..'}/" if settings.web_clients else None


def lead_url(bulletin_id: str) -> str | None:
    """Return where a resident reports what they have seen; None where no web client is.

    The bulletin is in the fragment, which browsers send to nobody.
    """
    home = home_url()
    return f"{home}#bulletin={bulletin_id}" if home else None
