"""A whole document, with its tags, description and security."""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from chalicelib import __version__
from chalicelib.http.openapi.operations import HEADERS, SECURITY, describe
from chalicelib.http.openapi.schemas import Json, schemas_of
from chalicelib.http.routes import Access, Operation
from chalicelib.kernel.config import Api

MAX_LINE = 100
TAGS = {
    "Reports": "For residents, without an account: create a report; read it, write messages and "
    "withdraw it with the receipt.",
    "Media": "For residents: upload photos and videos directly to S3, with a grant for each file.",
    "Public": "For everybody: the health of the service, the catalogue, and the areas.",
    "Ledger": "For everybody: the public log by which the reporter can prove a report.",
    "Bulletins": "For everybody: bulletins of the police, as JSON, as feeds, and as CAP 1.2 for "
    "alerting systems.",
    "Officers": "For officers: your own name, roles and scope, and what you have opened; for "
    "auditors, who opened what.",
    "Casework": "For officers: read and work on reports. Each read and change is recorded in the "
    "audit before the response is sent.",
    "Publishing": "For officers: draft, change, approve, resolve and withdraw bulletins. A second "
    "officer must approve each version.",
    "Notices": "For officers: subscribe to notices, and see who is on duty to get them.",
    "Administration": "For admins: officers, and the catalogue.",
    "Documentation": "For everybody: the start page, both documents, and pages that show them.",
}

_DESCRIPTION = """\
Residents send reports to the police. Officers are notified, read the reports and reply. They also \
publish bulletins, which ask residents for help.

**Errors** are `application/problem+json` (RFC 9457) on all routes. `code` is stable. `title` and \
`detail` are in the language of `Accept-Language`. A 422 lists the wrong fields in `errors`, up to \
20. Errors never quote your input. The gateway answers some requests itself, in all languages of \
the city: what is too large, an unknown path (404), and any method that a path does not document, \
`HEAD` among them: 405 `method_not_allowed`, with `Allow`.

**Retries.** After 429, 503 or no response, send the same request again. Wait `Retry-After` \
seconds; if there is no such header, wait with exponential backoff. A request with an \
`Idempotency-Key` is carried out only once, so use the same key for each attempt.

**Times** are RFC 3339: in responses in UTC with milliseconds, in requests in any time zone. \
**Ids** are opaque strings. Later versions may add fields to responses, and values to a field with \
`x-extensible-enum`. Your client must accept those that it does not know. A `const` of a \
response, and the forms of a `oneOf` or an `anyOf`, never change within a version of the path.

**Not for emergencies.** The catalogue and the response to each report contain the number to \
call."""

# The title and summary of each document, and what its description says of the other one.
_ABOUT = {
    Api.RESIDENTS: (
        "Tipline",
        "A serverless tip line",
        "**Officers' operations** have a document of their own, `openapi-officers.json`.",
    ),
    Api.OFFICERS: (
        "Tipline for officers",
        "The casework, publishing and administration of a serverless tip line",
        "**What an app for residents needs** is in a document of its own, `openapi.json`.",
    ),
}

_SCHEMES: Json = {
    "receipt": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "Send `Receipt <receipt>`. The receipt is the reporter's secret, from the "
        "response to `POST /v1/reports`. Case, spaces and dashes are ignored.",
    },
    "officer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token of the OpenID provider. The officer's roles and scope are "
        "stored in Tipline, not in the token.",
    },
}


def written(document: Json) -> str:
    """Return a document as it is served. What fits on a line stands on one, as in our other JSON:
    a diff shows a change beside the name of what has changed.
    """
    return _laid_out(document, indent="\n") + "\n"


def _laid_out(value: Any, indent: str, name: str = "") -> str:
    """Return `value` behind its name; `indent` begins each new line."""
    line = name + json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or len(indent) + len(line) < MAX_LINE:
        return line
    inner = indent + " "
    if isinstance(value, list):
        parts, (opening, closing) = [_laid_out(each, inner) for each in value], "[]"
    else:
        parts = [_laid_out(each, inner, f"{json.dumps(key)}: ") for key, each in value.items()]
        opening, closing = "{}"
    return f"{name}{opening}{inner}{f',{inner}'.join(parts)}{indent}{closing}"


def document_of(operations: Sequence[Operation], api: Api) -> Json:
    """Return one of the two documents: the residents' has what an app for residents needs, the
    officers' all other operations. Raises ValueError as `document` does.
    """
    return document([operation for operation in operations if _api(operation) is api], api)


def _api(operation: Operation) -> Api:
    is_for_apps = operation.access is not Access.OFFICER and operation.tag != "Documentation"
    return Api.RESIDENTS if is_for_apps else Api.OFFICERS


def document(
    operations: Sequence[Operation], api: Api = Api.RESIDENTS, *, open_values: bool = True
) -> Json:
    """Return a document of these operations, with the title and description of one of the two.

    Without `open_values` it says all values that a response has today: for our own web clients,
    which come with the API.

    Raises ValueError when a tag or a path parameter has no description, or when two models have the
    same name.
    """
    title, summary, other = _ABOUT[api]
    schemas, queries = schemas_of(operations, open_values=open_values)
    responses: Json = {}
    paths: defaultdict[str, Json] = defaultdict(dict)
    for operation in sorted(operations, key=_order):
        query = queries[operation.query] if operation.query else None
        paths[operation.path][operation.method.lower()] = describe(
            operation, query, schemas, responses
        )
    parameters, examples = _shared_parameters(paths), _shared_examples(responses)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": title,
            "version": __version__,
            "summary": summary,
            "description": f"{_DESCRIPTION}\n\n{other}",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        # Relative to the address of the document, so that it is right below a stage's prefix too.
        "servers": [{"url": "."}],
        "tags": [
            {"name": tag, "description": TAGS[tag]}
            for tag in TAGS
            if any(operation.tag == tag for operation in operations)
        ],
        "paths": dict(paths),
        "components": {
            "schemas": dict(sorted(schemas.components.items())),
            "parameters": dict(sorted(parameters.items())),
            "responses": dict(sorted(responses.items())),
            "examples": dict(sorted(examples.items())),
            "headers": HEADERS,
            "securitySchemes": {
                name: scheme
                for name, scheme in _SCHEMES.items()
                if any({name: []} in SECURITY[operation.access] for operation in operations)
            },
        },
    }


def _shared_parameters(paths: Json) -> Json:
    """Return the parameters that several operations have, by name, and let these refer to them.

    One that has the name of another, and is not the same, stays where it is.
    """
    operations = [operation for methods in paths.values() for operation in methods.values()]
    every = [each for operation in operations for each in operation["parameters"]]
    shared: Json = {}
    for each in every:
        if every.count(each) > 1:
            shared.setdefault(each["name"], each)
    for operation in operations:
        operation["parameters"] = [
            {"$ref": f"#/components/parameters/{each['name']}"}
            if shared.get(each["name"]) == each
            else each
            for each in operation["parameters"]
        ]
    return shared


def _shared_examples(responses: Json) -> Json:
    """Return the examples of errors that several responses have, by code, and let these refer to
    them.
    """
    shown = [
        content["examples"]
        for response in responses.values()
        for content in response.get("content", {}).values()
    ]
    every = [each for examples in shown for each in examples.items()]
    shared = {code: example for code, example in every if every.count((code, example)) > 1}
    for examples in shown:
        for code, example in examples.items():
            if shared.get(code) == example:
                examples[code] = {"$ref": f"#/components/examples/{code}"}
    return shared


def _order(operation: Operation) -> tuple[int, str, str]:
    if operation.tag not in TAGS:
        raise ValueError(f"describe the tag {operation.tag} in TAGS")
    return list(TAGS).index(operation.tag), operation.path, operation.method
