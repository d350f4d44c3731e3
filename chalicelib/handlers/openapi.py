"""The OpenAPI 3.1 document, made of the very declarations that route and validate.

It is made when `make openapi` is run and served as the file that was written; nothing in a running
function imports this module.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from chalicelib import __version__, errors
from chalicelib.domain import details
from chalicelib.domain.catalogue import catalogue
from chalicelib.domain.languages import DEFAULT, LANGUAGES, texts
from chalicelib.domain.reports import Submission
from chalicelib.handlers import problems
from chalicelib.handlers.requests import Header
from chalicelib.handlers.routes import Access, Operation
from chalicelib.handlers.schemas import Problem

Json = dict[str, Any]

TAGS = {
    "Reports": "Residents, without an account: report, read and write with the receipt, withdraw.",
    "Media": "Residents send photos and videos straight to storage, by a grant for each.",
    "Public": "What everybody may ask.",
    "Bulletins": "What police publish: a list, feeds, and for alerting systems CAP 1.2.",
    "Officers": "Who the caller is here.",
    "Casework": "Officers read and work on reports. Each read and change is on record before it "
    "is answered.",
    "Publishing": "Officers draft bulletins; another approves; they are corrected, resolved or "
    "withdrawn.",
    "Notices": "What an officer is told of, and where.",
    "Administration": "Who works here, and what may be reported.",
    "Documentation": "This document, and a page that renders it.",
}

_DESCRIPTION = """\
Residents report; officers are told, answer, and ask for help.

**Errors** are `application/problem+json` (RFC 9457) on every route. `code` is stable; `title` and `detail` follow `Accept-Language`. \
422 names every wrong field in `errors`. Nothing that was sent is repeated.

**Try again** with 429, 503 and no answer at all, after `Retry-After` seconds or, without one, after ever longer pauses; with the same \
`Idempotency-Key` where there is one. With its key anything may be repeated: it is done once.

**Times** are RFC 3339, in UTC with milliseconds in answers, in any zone in requests. **Ids** are opaque. Fields may be added to responses.

**Not for emergencies.** The number to call is in the catalogue and in the answer to every report."""

_EXAMPLES = Path(__file__).with_name("examples.json")
_SCHEMA = "#/components/schemas/"
_SECURITY: dict[Access, list[Json]] = {
    Access.PUBLIC: [],
    Access.RECEIPT: [{"receipt": []}],
    Access.OFFICER: [{"officer": []}],
}
_SCHEMES: Json = {
    "receipt": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`Receipt <receipt>`: the reporter's secret, from the answer to `POST "
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
_PATH_PARAMETERS = {
    "report_id": "The report's `id`.",
    "media_id": "The medium's `media_id`.",
    "bulletin_id": "The bulletin's `id`.",
    "subscription_id": "The subscription's `id`.",
    "username": "The officer's name in the user pool.",
}
_STATUS_DESCRIPTIONS = {
    200: "Done, or here it is.",
    201: "Made.",
    204: "Done; the same when repeated.",
    302: "Elsewhere for a short while.",
    304: "What `If-None-Match` names is still so.",
}


def document(operations: Sequence[Operation]) -> Json:
    """The whole document. ValueError when a tag or a path parameter has no description here."""
    schemas, references = _schemas(operations)
    responses: Json = {}
    paths: defaultdict[str, Json] = defaultdict(dict)
    for operation in sorted(operations, key=_order):
        paths[operation.path][operation.method.lower()] = _operation(
            operation, schemas, references, responses
        )
    # A query's members are parameters; as a schema it is nobody's.
    for query in {operation.query for operation in operations if operation.query}:
        del schemas[_name(references[query, "validation"])]
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
        "servers": [{"url": "./"}],
        "tags": [
            {"name": tag, "description": TAGS[tag]}
            for tag in TAGS
            if any(operation.tag == tag for operation in operations)
        ],
        "paths": dict(paths),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "responses": dict(sorted(responses.items())),
            "headers": _HEADERS,
            "securitySchemes": _SCHEMES,
        },
    }


def _order(operation: Operation) -> tuple[int, str, str]:
    if operation.tag not in TAGS:
        raise ValueError(f"describe the tag {operation.tag} in TAGS")
    return list(TAGS).index(operation.tag), operation.path, operation.method


type _References = Mapping[tuple[Any, JsonSchemaMode], Json]


def _schemas(operations: Iterable[Operation]) -> tuple[Json, _References]:
    """All component schemas, and how each model is referred to."""
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(Problem, "serialization"): None}
    for operation in operations:
        for model in (operation.body, operation.query):
            if model:
                wanted[model, "validation"] = None
        for content in operation.returns.values():
            if content.schema:
                wanted[content.schema, "serialization"] = None
    references, definitions = models_json_schema(list(wanted), ref_template=_SCHEMA + "{model}")
    schemas: Json = definitions["$defs"]
    by_category = {category.code: f"Details.{category.code}" for category in catalogue().categories}
    for name in {
        _name(references[model, mode]) for model, mode in wanted if issubclass(model, Submission)
    }:
        _discriminate_details(schemas[name], by_category)
    schemas |= {name: details.json_schema(category) for category, name in by_category.items()}
    return schemas, references


def _discriminate_details(submission: Json, by_category: Mapping[str, str]) -> None:
    """Say which details go with which category, and that a text or media must be there: rules that
    the model checks in code.
    """
    submission["properties"]["details"] = {
        "description": "The category's own fields, all optional.",
        "anyOf": [{"$ref": _SCHEMA + name} for name in by_category.values()],
    }
    submission["anyOf"] = [{"required": ["text"]}, {"required": ["media"]}]
    submission["allOf"] = [
        {
            "if": {"properties": {"category": {"const": category}}, "required": ["category"]},
            "then": {"properties": {"details": {"$ref": _SCHEMA + name}}},
        }
        for category, name in by_category.items()
    ]


def _operation(
    operation: Operation, schemas: Json, references: _References, responses: Json
) -> Json:
    described: Json = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
        "security": _SECURITY[operation.access],
        "parameters": [
            *_path_parameters(operation),
            *_query_parameters(operation, schemas, references),
            *_header_parameters(operation),
        ],
        "responses": _responses(operation, schemas, references) | _refusals(operation, responses),
    }
    if operation.body:
        content: Json = {"schema": references[operation.body, "validation"]}
        if operation.name in examples():
            content["example"] = examples()[operation.name]
        described["requestBody"] = {"required": True, "content": {"application/json": content}}
    return described


@cache
def examples() -> dict[str, Json]:
    """Return the examples of bodies, by operation: data that nothing else reads."""
    found: dict[str, Json] = json.loads(_EXAMPLES.read_text(encoding="utf-8"))
    return found


def _path_parameters(operation: Operation) -> list[Json]:
    names = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    for name in names:
        if name not in _PATH_PARAMETERS:
            raise ValueError(f"describe the path parameter {name} in _PATH_PARAMETERS")
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string"},
            "description": _PATH_PARAMETERS[name],
        }
        for name in names
    ]


def _query_parameters(operation: Operation, schemas: Json, references: _References) -> list[Json]:
    if not operation.query:
        return []
    schema = schemas[_name(references[operation.query, "validation"])]
    parameters = []
    for name, declared in schema["properties"].items():
        plain = _without_null(declared)
        parameter: Json = {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "schema": plain,
        }
        if description := plain.pop("description", None):
            parameter["description"] = description
        parameters.append(parameter)
    return parameters


def _without_null(schema: Json) -> Json:
    """A query parameter is there or not; it is never null."""
    schema = {name: value for name, value in schema.items() if name != "title"}
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) != 1:
        return schema
    return {
        **{name: value for name, value in schema.items() if name not in ("anyOf", "default")},
        **options[0],
    }


def _header_parameters(operation: Operation) -> list[Json]:
    parameters = []
    if operation.headers & {Header.KEY, Header.OPTIONAL_KEY}:
        parameters.append(
            _header_parameter(
                "Idempotency-Key",
                "A random UUID (version 4), made once for what is sent and repeated with every "
                "attempt to send it. It is a secret.",
                {"type": "string", "format": "uuid"},
                required=Header.KEY in operation.headers,
            )
        )
    if Header.IF_MATCH in operation.headers:
        parameters.append(
            _header_parameter(
                "If-Match",
                "The version that was loaded: its `ETag`.",
                {"type": "string"},
                required=True,
            )
        )
    if 304 in operation.returns:
        parameters.append(
            _header_parameter(
                "If-None-Match", "The `ETag` of what is held already.", {"type": "string"}
            )
        )
    parameters.append(
        _header_parameter(
            "Accept-Language",
            f"Of labels and errors: {', '.join(LANGUAGES)}.",
            {"type": "string", "default": DEFAULT},
        )
    )
    return parameters


def _header_parameter(name: str, description: str, schema: Json, *, required: bool = False) -> Json:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "schema": schema,
        "description": description,
    }


_HEADERS: Json = {
    "X-Request-Id": {
        "description": "The gateway's own number of the request, to quote when asking for help.",
        "schema": {"type": "string"},
    },
    "ETag": {"description": "Names this state of the answer.", "schema": {"type": "string"}},
    "Retry-After": {
        "description": "Seconds to wait before the next attempt.",
        "schema": {"type": "integer"},
    },
    "WWW-Authenticate": {
        "description": "What may be sent as `Authorization`.",
        "schema": {"type": "string"},
    },
}


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _responses(operation: Operation, schemas: Json, references: _References) -> Json:
    responses: Json = {}
    for status, content in sorted(operation.returns.items()):
        response: Json = {
            "description": _STATUS_DESCRIPTIONS[status],
            "headers": _headers("X-Request-Id"),
        }
        if content.schema:
            reference = references[content.schema, "serialization"]
            schema = schemas[_name(reference)]
            response["content"] = {content.content_type: {"schema": reference}}
            if schema.get("examples"):
                response["content"][content.content_type]["example"] = schema["examples"][0]
            if 304 in operation.returns or _has_version(schema):
                response["headers"] |= _headers("ETag")
        elif content.content_type != "application/json":
            response["content"] = {content.content_type: {"schema": {"type": "string"}}}
        if status == 304:
            response["headers"] |= _headers("ETag")
        responses[str(status)] = response
    return responses


def _name(reference: Json) -> str:
    return str(reference["$ref"]).removeprefix(_SCHEMA)


def _has_version(schema: Json) -> bool:
    """A thing that officers change carries its version, and the answer the same as its ETag."""
    return bool(schema.get("properties", {}).get("version", {}).get("type") == "integer")


def _refusals(operation: Operation, responses: Json) -> Json:
    """References by status to responses that are shared by all operations with the same codes."""
    by_status: defaultdict[int, dict[str, errors.TiplineError]] = defaultdict(dict)
    for error in operation.errors:
        by_status[problems.status_of(error)][error.code] = error
    references: Json = {}
    for status, kinds in sorted(by_status.items()):
        name = f"{status}.{'.'.join(sorted(kinds))}"
        if name not in responses:
            responses[name] = _refusal(status, [kinds[code] for code in sorted(kinds)])
        references[str(status)] = {"$ref": f"#/components/responses/{name}"}
    return references


def _refusal(status: int, kinds: Sequence[errors.TiplineError]) -> Json:
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
                "schema": {
                    "allOf": [
                        {"$ref": _SCHEMA + Problem.__name__},
                        {
                            "properties": {
                                "status": {"const": status},
                                "code": {"enum": list(bodies)},
                            }
                        },
                    ]
                },
                "examples": {
                    code: {"summary": body["title"], "value": body} for code, body in bodies.items()
                },
            }
        },
    }


def _for_instance(error: errors.TiplineError) -> errors.TiplineError:
    """422 is nothing without a field, and a wording that shows values needs some."""
    if isinstance(error, errors.Invalid) and not error.errors:
        return errors.Invalid(errors.FieldError("location.lat", "out_of_range"))
    shown = {
        name
        for _, name, _, _ in Formatter().parse(texts(DEFAULT)[f"error.{error.code}.detail"])
        if name
    }
    example = copy(error)
    example.params = dict.fromkeys(shown, "…") | error.params
    return example
