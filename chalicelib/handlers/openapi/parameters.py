"""The parameters of an operation: path, query and headers."""

from typing import Any

from chalicelib.domain.languages import DEFAULT, LANGUAGES
from chalicelib.handlers.openapi.schemas import Json, without_null
from chalicelib.handlers.requests import Header
from chalicelib.handlers.routes import Operation

_PATH_PARAMETERS = {
    "report_id": "The `id` of the report.",
    "media_id": "The `media_id` of the medium.",
    "bulletin_id": "The `id` of the bulletin.",
    "subscription_id": "The `id` of the subscription.",
    "export_id": "The `id` of the export.",
    "part": "The number of the zip, from 1.",
    "hour": "An hour in UTC, such as `2026-11-24T08`.",
    "username": "The officer's username in the user pool.",
}
# Not `format: uuid`: some client generators turn that into an object, which cannot be a header.
_UUID_4 = "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-4[0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}$"
_VERSION = '^"(0|[1-9][0-9]{0,8})"$'


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
    if operation.headers & {Header.KEY, Header.OPTIONAL_KEY}:
        required = Header.KEY in operation.headers
        parameters.append(
            _parameter(
                "header",
                "Idempotency-Key",
                "A random UUID (version 4). Create it once for each thing that you send, and use "
                "it for each attempt to send that thing. Keep it secret.",
                # An optional key that is empty counts as none.
                _text(_UUID_4 if required else f"^$|{_UUID_4}"),
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
            _parameter("header", "If-Match", description, _text(_VERSION), required=True)
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
