"""endpoint(): the one declaration of a route. It routes, validates, maps errors and documents.

A view takes a `Call` (everything is checked by then) and answers with an `Answer`. What it raises
of `chalicelib.errors` becomes problem+json; anything else is a fault of ours: logged without its
message, which could hold input, and answered 503.
"""

import hashlib
import json
import logging
import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import unquote

from chalice.app import Blueprint, Request
from chalice.app import Response as ChaliceResponse
from pydantic import BaseModel, BeforeValidator, Field, ValidationError, WithJsonSchema

from chalicelib import errors, wiring
from chalicelib.domain import ids, languages
from chalicelib.handlers import problems

log = logging.getLogger(__name__)

MAX_BODY = 256 * 1024
BASE_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_RECEIPT = re.compile(r"receipt +(\S.*)", re.IGNORECASE)
# UTF-16 and UTF-32
_OTHER_ENCODINGS = (b"\xff\xfe", b"\xfe\xff", b"{\x00", b"\x00{", b"[\x00", b"\x00[", b"\x00\x00")
_SAFE_FIELD = re.compile(r"[A-Za-z0-9_]{1,40}")
# In pydantic's path, but no field: that a name itself is wrong, and the tag of one form among
# several.
_PYDANTICS = re.compile(r"\[key\]|\([a-z]+\)")


def _read_limit(value: Any) -> Any:
    return (
        int(value)
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,3}", value, re.ASCII)
        else value
    )


# How many items a page may hold, in a query.
Limit = Annotated[
    int,
    BeforeValidator(_read_limit),
    Field(strict=True, ge=1, le=50),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 50}),
]


class Access(StrEnum):
    """Who may call: anybody, who holds the receipt, or an officer with a token."""

    PUBLIC = "public"
    RECEIPT = "receipt"
    OFFICER = "officer"


class Key(StrEnum):
    """Whether a route takes an Idempotency-Key."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Call:
    """A checked request. `path` holds the decoded path parameters; `now` is the clock's time."""

    request: Request
    path: Mapping[str, str]
    language: str
    request_id: str
    now: datetime
    body: Any = None
    query: Any = None
    idempotency_key: str | None = None

    def header(self, name: str) -> str | None:
        value = self.request.headers.get(name.lower())
        return str(value) if value is not None else None

    @property
    def receipt(self) -> str:
        """The canonical receipt of `Authorization: Receipt …`. Raises Unauthenticated when there is
        none.
        """
        match = _RECEIPT.fullmatch((self.header("authorization") or "").strip())
        if not match:
            raise errors.Unauthenticated("receipt_required")
        return ids.read_receipt(match[1])

    @property
    def username(self) -> str:
        """Whom the authorizer let in."""
        principal = (self.request.context.get("authorizer") or {}).get("principalId")
        if not isinstance(principal, str) or not principal:
            raise errors.Unauthenticated
        return principal

    def version(self) -> int:
        """The version in If-Match. Raises VersionMissing without one, Stale when it cannot be one
        of ours (`*` and weak ones included).
        """
        value = self.header("if-match")
        if value is None or not value.strip():
            raise errors.VersionMissing
        match = re.fullmatch(r'"(0|[1-9][0-9]{0,8})"', value.strip(), re.ASCII)
        if not match:
            raise errors.Stale
        return int(match[1])


@dataclass(frozen=True, slots=True)
class Response:
    """`body` is a model, plain JSON data, or text as it is."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


View = Callable[[Call], Response]


@dataclass(frozen=True, slots=True)
class Operation:
    """What is declared of a route: the OpenAPI document is made of these."""

    method: str
    path: str
    name: str
    summary: str
    description: str
    tag: str
    access: Access
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    returns: Mapping[int, type[BaseModel] | None]
    errors: tuple[errors.TiplineError, ...]
    key: Key
    if_match: bool
    content_type: str
    example: Mapping[str, Any] | None


OPERATIONS: list[Operation] = []


def endpoint(
    bp: Blueprint,
    method: str,
    path: str,
    *,
    summary: str,
    tag: str,
    access: Access = Access.PUBLIC,
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    returns: Mapping[int, type[BaseModel] | None],
    raises: tuple[errors.TiplineError | type[errors.TiplineError], ...] = (),
    key: Key = Key.NONE,
    if_match: bool = False,
    content_type: str = "application/json",
    example: Mapping[str, Any] | None = None,
    authorizer: Any = None,
) -> Callable[[View], View]:
    """Declare a route. `raises` are errors beyond those that follow from the rest of the
    declaration: `Gone`, `Conflict("key_reused")`.

    The document shows `example` of the body; of the answer it shows the example of its model
    (`responses.shown`).
    """

    def declare(view: View) -> View:
        OPERATIONS.append(
            Operation(
                method=method,
                path=path,
                name=view.__name__,
                summary=summary,
                description=(view.__doc__ or "").strip(),
                tag=tag,
                access=access,
                body=body,
                query=query,
                returns=returns,
                errors=(
                    *_implied_errors(access, body, query, key, if_match),
                    *(e() if isinstance(e, type) else e for e in raises),
                ),
                key=key,
                if_match=if_match,
                content_type=content_type,
                example=example,
            )
        )
        route: dict[str, Any] = {"methods": [method], "name": view.__name__}
        if method in ("POST", "PATCH", "PUT"):
            # Any type comes through to `_read_body`, which refuses it in our own words.
            route["content_types"] = ["*/*"]
        if authorizer:
            route["authorizer"] = authorizer

        @bp.route(path, **route)
        def serve(**parameters: str) -> ChaliceResponse:
            return _serve(view, bp.current_request, parameters, body, query, key, access)

        return view

    return declare


def _implied_errors(
    access: Access,
    body: type[BaseModel] | None,
    query: type[BaseModel] | None,
    key: Key,
    if_match: bool,
) -> tuple[errors.TiplineError, ...]:
    implied: list[errors.TiplineError] = [errors.Unavailable(), errors.SlowDown()]
    if body:
        implied += [
            errors.Malformed(),
            errors.Malformed("duplicate_key"),
            errors.TooLarge(),
            errors.WrongMediaType(),
        ]
    if body or query:
        implied.append(errors.Invalid())
    if key is Key.REQUIRED:
        implied.append(errors.Malformed("idempotency_key_required"))
    if key is not Key.NONE:
        implied.append(errors.Malformed("bad_idempotency_key"))
    if if_match:
        implied += [errors.Stale(), errors.VersionMissing()]
    if access is Access.RECEIPT:
        implied += [errors.Unauthenticated("receipt_required"), errors.NotFound(), errors.Gone()]
    if access is Access.OFFICER:
        implied += [errors.Unauthenticated(), errors.Forbidden()]
    return tuple(implied)


def public_cache(
    view: Mapping[str, Any], call: Call, *, max_age: int = 60, vary: str = "Accept-Language"
) -> Response:
    """A public read with a strong ETag: 304 when the caller has it already."""
    content = json.dumps(view, ensure_ascii=False, separators=(",", ":"))
    headers = {
        "Cache-Control": f"public, max-age={max_age}",
        "Vary": vary,
        "Content-Language": call.language,
    }
    return conditional(content, call, headers)


def conditional(
    content: str, call: Call, headers: Mapping[str, str], *, tag: str | None = None
) -> Response:
    """`content` with its ETag, or 304 when `If-None-Match` names it (RFC 9110, weak comparison)."""
    etag = tag or f'"{hashlib.sha256(content.encode()).hexdigest()[:32]}"'
    all_headers = {**headers, "ETag": etag}
    held = call.header("if-none-match")
    if held is not None and (
        held.strip() == "*" or etag in [each.strip().removeprefix("W/") for each in held.split(",")]
    ):
        return Response(None, 304, all_headers)
    return Response(content, 200, {"Content-Type": "application/json", **all_headers})


def _serve(
    view: View,
    request: Request,
    parameters: Mapping[str, str],
    body: type[BaseModel] | None,
    query: type[BaseModel] | None,
    key: Key,
    access: Access,
) -> ChaliceResponse:
    language = languages.negotiate(request.headers.get("accept-language"))
    request_id = str(request.context.get("requestId", ""))
    try:
        call = Call(
            request=request,
            path={name: unquote(value) for name, value in parameters.items()},
            language=language,
            request_id=request_id,
            now=wiring.now(),
        )
        # Who calls comes before what they say.
        if access is Access.RECEIPT:
            _ = call.receipt
        if access is Access.OFFICER:
            _ = call.username
        checked = replace(
            call,
            idempotency_key=_read_key(request, key),
            query=_read_query(request, query) if query else None,
            body=_read_body(request, body, call.now) if body else None,
        )
        return _response(view(checked), request_id)
    except errors.TiplineError as error:
        return _refusal(error, language, request_id)
    except Exception as fault:
        log.error(
            "fault",
            extra={
                "kind": type(fault).__name__,
                "frames": traceback.format_tb(fault.__traceback__)[-6:],
            },
        )
        return _refusal(errors.Unavailable(), language, request_id)


def _response(response: Response, request_id: str) -> ChaliceResponse:
    headers = {**BASE_HEADERS, "X-Request-Id": request_id}
    if response.body is None:
        return ChaliceResponse(
            "", status_code=response.status, headers={**headers, **response.headers}
        )
    content = response.body
    if isinstance(content, BaseModel):
        content = content.model_dump_json()
    elif not isinstance(content, str):
        content = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return ChaliceResponse(
        content,
        status_code=response.status,
        headers={"Content-Type": "application/json", **headers, **response.headers},
    )


def _refusal(error: errors.TiplineError, language: str, request_id: str) -> ChaliceResponse:
    content = json.dumps(problems.problem(error, language, request_id), ensure_ascii=False)
    headers = {
        "Content-Type": problems.CONTENT_TYPE,
        "Content-Language": language,
        **BASE_HEADERS,
        "X-Request-Id": request_id,
    }
    return ChaliceResponse(
        content,
        status_code=problems.status_of(error),
        headers={**headers, **problems.headers_of(error)},
    )


def _read_key(request: Request, key: Key) -> str | None:
    value = request.headers.get("idempotency-key")
    if key is Key.NONE or (key is Key.OPTIONAL and value is None):
        return None
    return ids.read_idempotency_key(value)


def _read_query(request: Request, model: type[BaseModel]) -> BaseModel:
    given = request.query_params  # None when there is none
    values = {name: given.getlist(name) for name in given} if given is not None else {}
    repeated = [name for name, each in values.items() if len(each) > 1]
    if repeated:
        raise errors.Invalid(*(errors.FieldError(_field((name,)), "repeated") for name in repeated))
    try:
        return model.model_validate({name: each[0] for name, each in values.items()})
    except ValidationError as invalid:
        raise as_fields(invalid) from None


def _read_body(request: Request, model: type[BaseModel], now: datetime) -> BaseModel:
    if not re.fullmatch(
        r'application/json(\s*;\s*charset="?utf-8"?)?',
        request.headers.get("content-type", "").strip(),
        re.IGNORECASE,
    ):
        raise errors.WrongMediaType
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise errors.WrongMediaType
    raw = request.raw_body
    if isinstance(raw, str):
        raw = raw.encode("utf-8", "surrogatepass")
    if raw.startswith(_OTHER_ENCODINGS):
        raise errors.WrongMediaType
    if len(raw) > MAX_BODY:
        raise errors.TooLarge
    sent = read_json(raw)
    try:
        return model.model_validate_json(raw)
    except ValidationError as invalid:
        if any(
            each["type"] == "json_invalid"
            for each in invalid.errors(
                include_url=False, include_input=False, include_context=False
            )
        ):
            raise errors.Malformed from None
        # Of a model that has rules by the clock.
        also_wrong = getattr(model, "also_wrong", None)
        raise errors.Invalid(
            *as_fields(invalid).errors,
            *(also_wrong(sent, now) if also_wrong and isinstance(sent, dict) else ()),
        ) from None


def read_json(raw: bytes) -> Any:
    """JSON as it is meant (RFC 8259, UTF-8, no byte order mark): no NaN, no duplicate keys, not too
    deep. Raises Malformed.
    """
    try:
        return json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_refuse_duplicates,
            parse_constant=_refuse_constant,
        )
    except errors.Malformed:
        raise
    except (ValueError, RecursionError):
        raise errors.Malformed from None


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise errors.Malformed("duplicate_key")
    return members


def _refuse_constant(name: str) -> Any:
    raise errors.Malformed


_CODES = {
    "missing": "required",
    "extra_forbidden": "unknown_field",
    "string_too_long": "too_long",
    "string_too_short": "blank",
    "too_long": "too_many",
    "too_short": "too_few",
    "greater_than": "out_of_range",
    "greater_than_equal": "out_of_range",
    "less_than": "out_of_range",
    "less_than_equal": "out_of_range",
    "finite_number": "out_of_range",
    "enum": "unknown_value",
    "literal_error": "unknown_value",
    "string_pattern_mismatch": "unknown_value",
}


# How pydantic names what is of another type than it should be.
_OF_A_TYPE = ("_type", "_parsing", "_from_float")
_ABOUT_A_TYPE = ("int_", "bool_", "model_", "dict_", "tuple_", "list_", "string_")


def as_fields(invalid: ValidationError) -> errors.Invalid:
    """What pydantic found, by fields and in codes that have a wording; a kind without one is
    `invalid`.
    """
    found = []
    for each in invalid.errors(include_url=False, include_input=False):
        code = _CODES.get(each["type"], each["type"])
        if f"field.{code}" not in languages.texts(languages.DEFAULT):
            code = (
                "wrong_type"
                if code.endswith(_OF_A_TYPE) or code.startswith(_ABOUT_A_TYPE)
                else "invalid"
            )
        params = tuple(
            (str(name), str(value))
            for name, value in (each.get("ctx") or {}).items()
            if isinstance(value, int | float)
        )
        found.append(errors.FieldError(_field(each["loc"]), code, params))
    return errors.Invalid(*found)


def _field(path: tuple[int | str, ...]) -> str:
    """The dotted path of a field. A name that was made up by the sender is repeated only when it is
    a plain word.
    """
    named = [*path[:1], *(part for part in path[1:] if not _PYDANTICS.fullmatch(str(part)))]
    return (
        ".".join(str(part) if _SAFE_FIELD.fullmatch(str(part)) else "?" for part in named) or "body"
    )
