"""One operation of the document: its parameters, body, responses and errors."""

from collections import defaultdict
from collections.abc import Sequence
from copy import copy
from string import Formatter

from chalicelib import errors
from chalicelib.domain.languages import DEFAULT, texts
from chalicelib.handlers import problems
from chalicelib.handlers.openapi.examples import request_examples, response_examples
from chalicelib.handlers.openapi.parameters import parameters_of
from chalicelib.handlers.openapi.problem import Problem
from chalicelib.handlers.openapi.schemas import Json, Schemas
from chalicelib.handlers.routes import Access, Operation

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
    "ETag": {"description": "Identifies this version.", "schema": {"type": "string"}},
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


def describe(operation: Operation, query: Json | None, schemas: Schemas, refusals: Json) -> Json:
    """Return the operation. Add its errors to `refusals`, which all operations share."""
    described: Json = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
        "security": SECURITY[operation.access],
        "parameters": parameters_of(operation, query),
        "responses": _responses(operation, schemas) | _refusals(operation, schemas, refusals),
    }
    if operation.body:
        content: Json = {"schema": schemas.of_body(operation.body)}
        if operation.name in request_examples():
            content["example"] = request_examples()[operation.name]
        described["requestBody"] = {"required": True, "content": {"application/json": content}}
    return described


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _responses(operation: Operation, schemas: Schemas) -> Json:
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
                shown["example"] = response_examples()[operation.name]
            response["content"] = {content.content_type: shown}
            if 304 in operation.returns or _has_version(schemas.resolved(reference)):
                response["headers"] |= _headers("ETag")
        elif content.content_type != "application/json":
            response["content"] = {content.content_type: {"schema": {"type": "string"}}}
        if status == 304:
            response["headers"] |= _headers("ETag")
        responses[str(status)] = response
    return responses


def _has_version(schema: Json) -> bool:
    """Return whether a schema has a version, which is then also the ETag of the response.

    It is its own, or that of what is proposed.
    """
    properties = schema.get("properties", {})
    return "proposal" in properties or properties.get("version", {}).get("type") == "integer"


def _refusals(operation: Operation, schemas: Schemas, refusals: Json) -> Json:
    """Return references to the error responses, by status.

    Operations with the same codes share a response.
    """
    by_status: defaultdict[int, dict[str, errors.TiplineError]] = defaultdict(dict)
    for error in operation.errors:
        by_status[problems.status_of(error)][error.code] = error
    references: Json = {}
    for status, kinds in sorted(by_status.items()):
        name = f"{status}.{'.'.join(sorted(kinds))}"
        if name not in refusals:
            refusals[name] = _refusal([kinds[code] for code in sorted(kinds)], schemas)
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


def _for_instance(error: errors.TiplineError) -> errors.TiplineError:
    """Return the error with the fields and values that its example needs."""
    if isinstance(error, errors.Invalid) and not error.errors:
        return errors.Invalid(errors.FieldError("location.lat", "out_of_range"))
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
