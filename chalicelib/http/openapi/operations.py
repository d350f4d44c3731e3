"""One operation of the document: its parameters, body, responses, errors and examples.

Examples are in `http/examples/`, one file for each tag. The response is shown for every successful
status that has a body.

    {"create_report": {"request": {…}, "response": {…}}, …}

The name of another operation stands for a body that is the same, and `"$like": "<its name>"` in an
object for the members that both have; `"<its name>.messages.0"` for those of an object in it. What
a response always has is added where its example leaves it out: null where that may be, else an
empty list or false.

They are of the default city. The document of another one has none, because a wrong emergency number
is worse than no example.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from copy import copy
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from chalicelib.http import problems
from chalicelib.http.openapi.schemas import Json, Problem, Schemas, without_null
from chalicelib.http.requests import KEYS, TAG, VERSION, VERSION_OR_TAG, Header
from chalicelib.http.responses import REPLAYED
from chalicelib.http.routes import Access, Operation
from chalicelib.kernel import errors
from chalicelib.kernel.city import DEFAULT_FOLDER, FOLDER
from chalicelib.kernel.languages import DEFAULT, LANGUAGES, texts

EXAMPLES = Path(__file__).parents[1] / "examples"


@cache
def request_examples() -> dict[str, Any]:
    """Return the examples of bodies, by operation."""
    return _examples("request")


@cache
def response_examples() -> dict[str, Any]:
    """Return the examples of responses, by operation."""
    return _examples("response")


def _examples(kind: str) -> dict[str, Any]:
    if FOLDER != DEFAULT_FOLDER:
        return {}
    found = {
        operation: shown[kind]
        for path in sorted(EXAMPLES.glob("*.json"))
        for operation, shown in json.loads(path.read_text(encoding="utf-8")).items()
        if kind in shown
    }
    return {
        operation: _whole(found[shown] if isinstance(shown, str) else shown, found)
        for operation, shown in found.items()
    }


def _whole(shown: Any, found: dict[str, Any]) -> Any:
    if isinstance(shown, list):
        return [_whole(each, found) for each in shown]
    if not isinstance(shown, dict):
        return shown
    own = {name: _whole(value, found) for name, value in shown.items() if name != "$like"}
    if "$like" not in shown:
        return own
    name, *steps = shown["$like"].split(".")
    like = found[name]
    for step in steps:
        like = like[int(step) if isinstance(like, list) else step]
    return _whole(like, found) | own


_PATH_PARAMETERS = {
    "report_id": "The `id` of the report.",
    "number": "The `number` of the mask.",
    "request_number": "The `number` of the request.",
    "media_id": "The `media_id` of the medium.",
    "bulletin_id": "The `id` of the bulletin.",
    "burst_id": "The `id` of the burst.",
    "incident_id": "The `id` of the incident.",
    "subscription_id": "The `id` of the subscription.",
    "name": "The name of the destination: small letters, digits and dashes, 32 at most.",
    "export_id": "The `id` of the export.",
    "part": "The number of the zip, from 1.",
    "code": "The `code` of an error.",
    "hour": "An hour in UTC, such as `2026-11-24T08`.",
    "username": "The officer's username in the user pool.",
}
# Not `format: uuid`: some client generators turn that into an object, which cannot be a header.
_UUID_4 = "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-4[0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}"
_KEY = f'^(?:{_UUID_4}|"{_UUID_4}")$'


def parameters_of(operation: Operation, query: Json | None) -> list[Json]:
    """Return all parameters. Raises ValueError if a path parameter has no description here."""
    return [*_of_path(operation), *_of_query(query or {}), *_of_headers(operation)]


def _of_path(operation: Operation) -> list[Json]:
    names = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    for name in names:
        if name not in _PATH_PARAMETERS:
            raise ValueError(f"describe the path parameter {name} in _PATH_PARAMETERS")
    return [
        _parameter("path", name, _PATH_PARAMETERS[name], {"type": "string"}, required=True)
        for name in names
    ]


def _of_query(query: Json) -> list[Json]:
    parameters = []
    for name, declared in query.get("properties", {}).items():
        schema = without_null(declared)
        description = schema.get("description")
        schema = {word: value for word, value in schema.items() if word != "description"}
        required = name in query.get("required", ())
        parameters.append(_parameter("query", name, description, schema, required=required))
    return parameters


def _of_headers(operation: Operation) -> list[Json]:
    parameters = []
    if operation.headers & KEYS:
        required = Header.KEY in operation.headers
        parameters.append(
            _parameter(
                "header",
                "Idempotency-Key",
                "A random UUID (version 4). Create it once for each thing that you send, and use "
                "it for each attempt to send that thing. Keep it secret. In quotes it is the same.",
                # An optional key that is empty counts as none.
                _text(_KEY if required else f"^$|{_KEY}"),
                required=required,
            )
        )
    if Header.PROOF in operation.headers:
        description = (
            "A proof of work for the `challenge` of the catalogue, of `GET /v1/health` or of a 429 "
            "`proof_required`. One that is not valid counts as none."
        )
        parameters.append(_parameter("header", "Tipline-Proof", description, {"type": "string"}))
    if Header.IF_MATCH in operation.headers:
        description = (
            "The `ETag` of the version that you have read. 412 means that it has changed since."
        )
        parameters.append(
            _parameter("header", "If-Match", description, _text(VERSION), required=True)
        )
    if Header.TAG in operation.headers:
        description = (
            "The `ETag` or the `tag` of what you approve, from your own reading of it. 412 means "
            "that it has changed since, or that it is not yours."
        )
        parameters.append(_parameter("header", "If-Match", description, _text(TAG), required=True))
    if Header.VERSION_OR_TAG in operation.headers:
        description = (
            "The `ETag` of the version that you have opened, or a version that a list shows. 412 "
            "means that it has changed since, or that the `ETag` is not yours."
        )
        parameters.append(
            _parameter("header", "If-Match", description, _text(VERSION_OR_TAG), required=True)
        )
    if 304 in operation.returns:
        description = (
            "The `ETag` of the response that you have. 304 means that it is still current."
        )
        parameters.append(_parameter("header", "If-None-Match", description, {"type": "string"}))
    languages = (
        f"The language of labels and errors: {', '.join(LANGUAGES)}. The default is `{DEFAULT}`."
    )
    parameters.append(_parameter("header", "Accept-Language", languages, {"type": "string"}))
    return parameters


def _text(pattern: str) -> Json:
    return {"type": "string", "pattern": pattern}


def _parameter(
    where: str, name: str, description: str | None, schema: Json, *, required: bool = False
) -> Json:
    parameter: dict[str, Any] = {"name": name, "in": where, "required": required, "schema": schema}
    return parameter | ({"description": description} if description else {})


SECURITY: dict[Access, list[Json]] = {
    Access.PUBLIC: [],
    Access.RECEIPT: [{"receipt": []}],
    Access.OFFICER: [{"officer": []}],
}
_STATUS_DESCRIPTIONS = {
    200: "Success.",
    201: "Created.",
    202: "Accepted: it waits for a second person.",
    204: "Done. Repeating the call gives the same response.",
    302: "Temporary redirect to the address in `Location`.",
    304: "Not modified: the response with the `ETag` in `If-None-Match` is still current.",
    404: "Not found: a page says so.",
    410: "Gone: a page says how it ended.",
}
HEADERS: Json = {
    "X-Request-Id": {
        "description": "The id of the request. Quote it when you ask for help.",
        "schema": {"type": "string"},
    },
    REPLAYED: {
        "description": "`true` when an earlier call with the same `Idempotency-Key` created this.",
        "schema": {"type": "string", "const": "true"},
    },
    "ETag": {"description": "Identifies this version.", "schema": {"type": "string"}},
    "Location": {"description": "Where it can be read.", "schema": {"type": "string"}},
    "Cache-Control": {
        "description": "For how long this may be kept. Any other response may not: `no-store`.",
        "schema": {"type": "string"},
    },
    "RateLimit": {
        "description": "How many calls are left (`r`), and in how many seconds there is one more "
        "(`t`), as the IETF draft writes it.",
        "schema": {"type": "string"},
    },
    "RateLimit-Policy": {
        "description": "How many calls (`q`) there are in so many seconds (`w`).",
        "schema": {"type": "string"},
    },
    "Deprecation": {"description": "Since when (RFC 9745).", "schema": {"type": "string"}},
    "Sunset": {"description": "When the route ends (RFC 8594).", "schema": {"type": "string"}},
    "Retry-After": {
        "description": "Seconds to wait before the next attempt.",
        "schema": {"type": "integer"},
    },
    "WWW-Authenticate": {
        "description": "The schemes that `Authorization` accepts.",
        "schema": {"type": "string"},
    },
}


_CHALLENGE = {
    "challenge": "1.16.8.1795509360.9f2c41d07b6ae35819c4d2e60f7b8a13",
    "bits": 16,
    "rounds": 8,
    "expires_at": "2026-11-24T08:36:00.000Z",
}


def describe(operation: Operation, query: Json | None, schemas: Schemas, shared: Json) -> Json:
    """Return the operation. Add its errors to `shared`, the responses that operations share."""
    described: Json = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
        "security": SECURITY[operation.access],
        "parameters": parameters_of(operation, query),
        "responses": _responses(operation, schemas, shared) | _refusals(operation, schemas, shared),
    }
    if operation.deprecated:
        described["deprecated"] = True
        described["description"] += f"\n\nDeprecated: use `{operation.deprecated.successor}`."
    if operation.body:
        content: Json = {"schema": schemas.of_body(operation.body)}
        if operation.name in request_examples():
            content["example"] = request_examples()[operation.name]
        described["requestBody"] = {"required": True, "content": {"application/json": content}}
    return described


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _responses(operation: Operation, schemas: Schemas, shared: Json) -> Json:
    responses: Json = {}
    for status, content in sorted(operation.returns.items()):
        response: Json = {
            "description": _STATUS_DESCRIPTIONS[status],
            "headers": _headers("X-Request-Id"),
        }
        if content.schema:
            reference = schemas.of_response(content.schema)
            shown: Json = {"schema": reference}
            if operation.name in response_examples():
                shown["example"] = schemas.completed(response_examples()[operation.name], reference)
            response["content"] = {content.content_type: shown}
            if 304 in operation.returns or _has_version(schemas.resolved(reference)):
                response["headers"] |= _headers("ETag")
        elif content.content_type != "application/json":
            response["content"] = {content.content_type: {"schema": {"type": "string"}}}
        response["headers"] |= _headers(*_header_names(operation, status))
        if status == 304:
            name = "304.public" if operation.access is Access.PUBLIC else "304"
            if shared.setdefault(name, response) == response:
                response = {"$ref": f"#/components/responses/{name}"}
        responses[str(status)] = response
    return responses


def _header_names(operation: Operation, status: int) -> Iterator[str]:
    """Yield the headers that a response with this status has whatever its body is."""
    if status == 304:
        yield "ETag"
    if status == 200 and 201 in operation.returns:
        yield REPLAYED
    if status == 302 or (status == 201 and operation.location):
        yield "Location"
    if status == 201 and operation.paced:
        yield from ("RateLimit", "RateLimit-Policy")
    if operation.access is Access.PUBLIC and 304 in operation.returns:
        yield "Cache-Control"
    if operation.deprecated:
        yield from operation.deprecated.headers


def _has_version(schema: Json) -> bool:
    """Return whether a schema has a version, which is then also the ETag of the response.

    It is its own, or that of what is proposed.
    """
    properties = schema.get("properties", {})
    return "proposal" in properties or properties.get("version", {}).get("type") == "integer"


def _refusals(operation: Operation, schemas: Schemas, shared: Json) -> Json:
    """Return references to the error responses, by status.

    Operations with the same codes share a response.
    """
    by_status: defaultdict[int, dict[str, errors.TiplineError]] = defaultdict(dict)
    for error in operation.errors:
        by_status[problems.status_of(error)][error.code] = error
    references: Json = {}
    for status, kinds in sorted(by_status.items()):
        name = f"{status}.{'.'.join(sorted(kinds))}"
        if name not in shared:
            shared[name] = _refusal([kinds[code] for code in sorted(kinds)], schemas)
        references[str(status)] = {"$ref": f"#/components/responses/{name}"}
    return references


def _refusal(kinds: Sequence[errors.TiplineError], schemas: Schemas) -> Json:
    bodies = {
        error.code: problems.problem(
            _for_instance(error), DEFAULT, "6f1c2a9e-3b7d-4e55-9a08-d2c4f1b7e630"
        )
        for error in kinds
    }
    return {
        "description": " · ".join(f"`{code}`: {body['title']}" for code, body in bodies.items()),
        "headers": _headers("X-Request-Id", *problems.headers_of(kinds[0])),
        "content": {
            problems.CONTENT_TYPE: {
                "schema": schemas.of_response(Problem),
                "examples": {
                    code: {"summary": body["title"], "value": body} for code, body in bodies.items()
                },
            }
        },
    }


_WRONG_FIELD = errors.FieldError("location.lat", "out_of_range")


def _for_instance(error: errors.TiplineError) -> errors.TiplineError:
    """Return the error with the fields and values that its example needs."""
    if isinstance(error, errors.Invalid):
        return error if error.errors else errors.Invalid(_WRONG_FIELD)
    if isinstance(error, errors.ProofRequired):
        return errors.ProofRequired(challenge=_CHALLENGE)
    shown = {
        name
        for _, name, _, _ in Formatter().parse(texts(DEFAULT)[f"error.{error.code}.detail"])
        if name
    }
    example = copy(error)
    example.params = dict.fromkeys(shown, "…") | error.params
    return example
