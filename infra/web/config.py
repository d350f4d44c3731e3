"""What the console must know of its deployment: `/console/config.json`.

The gateway of the local stack serves it; a deployment writes it into the bucket of the web clients.
"""

import json
from collections.abc import Mapping

PATH = "console/config.json"
CONTENT_TYPE = "application/json"
# The endpoints of an issuer, by their names in a discovery document.
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "end_session_endpoint")


def console_config(
    endpoints: Mapping[str, str], *, issuer: str, client_id: str, scope: str, api: str
) -> bytes:
    """Return the document. `api` is the address of the API, without a slash at its end. An endpoint
    that the issuer lacks is empty: the last one is optional in OpenID Connect.
    """
    named = {name: endpoints.get(name, "") for name in ENDPOINTS}
    document = {"issuer": issuer, **named, "client_id": client_id, "scope": scope, "api": api}
    return json.dumps(document, indent=1).encode()
