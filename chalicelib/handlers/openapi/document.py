"""The document as a whole: what it says of itself, and its parts put together."""

from collections import defaultdict
from collections.abc import Sequence

from chalicelib import __version__
from chalicelib.handlers.openapi.operations import HEADERS, describe
from chalicelib.handlers.openapi.schemas import Json, schemas_of
from chalicelib.handlers.routes import Operation

TAGS = {
    "Reports": "Residents, without an account: report, read and write with the receipt, withdraw.",
    "Media": "Residents send photos and videos straight to storage, by a grant for each.",
    "Public": "What everybody may ask.",
    "Bulletins": "What police publish: a list, feeds, and for alerting systems CAP 1.2.",
    "Officers": "Who the caller is here.",
    "Casework": "Officers read and work on reports. Each read and change is on record before the "
    "response goes out.",
    "Publishing": "Officers draft bulletins; another approves; they are corrected, resolved or "
    "withdrawn.",
    "Notices": "What an officer is notified of, and where.",
    "Administration": "Who works here, and what may be reported.",
    "Documentation": "This document, and a page that renders it.",
}

_DESCRIPTION = """\
Residents report; officers are notified, reply, and ask for help.

**Errors** are `application/problem+json` (RFC 9457) on every route. `code` is stable; `title` \
and `detail` follow `Accept-Language`. 422 names the wrong fields in `errors`, 20 at most. Nothing \
that was sent is repeated.

**Try again** after 429, 503 and no response at all: after `Retry-After` seconds or, without \
one, after ever longer pauses; with the same `Idempotency-Key` where there is one. With its key \
anything may be repeated: it is done once.

**Times** are RFC 3339, in UTC with milliseconds in responses, in any zone in requests. **Ids** \
are opaque. Fields may be added to responses, and values to what has `x-extensible-enum`: accept \
those that you do not know.

**Not for emergencies.** The number to call is in the catalogue and in the response to every \
report."""

_SCHEMES: Json = {
    "receipt": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`Receipt <receipt>`: the reporter's secret, from the response to `POST "
        "/v1/reports`. Case and dashes are ignored.",
    },
    "officer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token of the OpenID provider. What its owner may do is in their "
        "own row here, not in the token.",
    },
}


def document(operations: Sequence[Operation]) -> Json:
    """Return the whole document.

    Raises ValueError when a tag or a path parameter has no description, or two models have one
    name.
    """
    schemas, queries = schemas_of(operations)
    refusals: Json = {}
    paths: defaultdict[str, Json] = defaultdict(dict)
    for operation in sorted(operations, key=_order):
        query = queries[operation.query] if operation.query else None
        paths[operation.path][operation.method.lower()] = describe(
            operation, query, schemas, refusals
        )
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Tipline",
            "version": __version__,
            "summary": "A serverless tip line",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        # Relative to where the document is: behind a stage's prefix too.
        "servers": [{"url": "."}],
        "tags": [
            {"name": tag, "description": TAGS[tag]}
            for tag in TAGS
            if any(operation.tag == tag for operation in operations)
        ],
        "paths": dict(paths),
        "components": {
            "schemas": dict(sorted(schemas.components.items())),
            "responses": dict(sorted(refusals.items())),
            "headers": HEADERS,
            "securitySchemes": _SCHEMES,
        },
    }


def _order(operation: Operation) -> tuple[int, str, str]:
    if operation.tag not in TAGS:
        raise ValueError(f"describe the tag {operation.tag} in TAGS")
    return list(TAGS).index(operation.tag), operation.path, operation.method
