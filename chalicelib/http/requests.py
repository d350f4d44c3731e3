"""Read and check a request: its path, query, headers and body.

The errors of pydantic become the fields of an `Invalid`.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from chalice.app import Request
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from chalicelib.domain.officers.model import Officer
from chalicelib.kernel import errors, ids, languages

if TYPE_CHECKING:
    from chalicelib.services.officers import OfficerActor


_SAFE_FIELD = re.compile(r"[A-Za-z0-9_]{1,40}")
_QUOTED = re.compile(r"'([^']*)'")
# Parts of pydantic's paths that are not fields: the mark of a wrong key, and the tag of a union.
_PYDANTICS = re.compile(r"\[key\]|\([a-z]+\)")

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


# Parts of pydantic's codes for a value of the wrong type.
_OF_A_TYPE = ("_type", "_parsing", "_from_float")
_ABOUT_A_TYPE = ("int_", "bool_", "model_", "dict_", "tuple_", "list_", "string_")


def as_fields(invalid: ValidationError) -> errors.Invalid:
    """Return pydantic's errors as fields with codes of the API.

    A code without a text in `kernel/texts/` becomes `invalid`.
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
        params = _params(each.get("ctx") or {})
        found.append(errors.FieldError(field_path(each["loc"]), code, params))
    return errors.Invalid(*found)


def _params(context: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the values that a text may show: numbers, and the allowed values.

    Our own errors have the allowed values in `allowed`, those of pydantic in `expected`.
    """
    params = [
        (name, str(value)) for name, value in context.items() if isinstance(value, int | float)
    ]
    allowed = context.get("allowed") or ", ".join(_QUOTED.findall(str(context.get("expected", ""))))
    return (*params, ("allowed", allowed)) if allowed else tuple(params)


def field_path(path: tuple[int | str, ...]) -> str:
    """Return the dotted path of a field.

    A name that the sender chose is returned only when it is a plain word; otherwise it is `?`.
    """
    # A name alone is the sender's own, however it looks. Before others it is the tag of the body.
    first = 1 if len(path) == 1 else 0
    named = [*path[:first], *(part for part in path[first:] if not _PYDANTICS.fullmatch(str(part)))]
    return (
        ".".join(str(part) if _SAFE_FIELD.fullmatch(str(part)) else "?" for part in named) or "body"
    )


# The bytes of a body, unless its route says otherwise: the longest message, with each character
# escaped, has 48 KB.
MAX_BODY = 64 * 1024
# What has several long texts.
MAX_LONG_BODY = 256 * 1024
# The members of any object, and of a list whose own limit is not declared: more than any has.
MOST_MEMBERS = 200
_JSON_TYPE = re.compile(r'application/json(\s*;\s*charset="?utf-8"?)?', re.IGNORECASE)
_RECEIPT = re.compile(r"receipt +(\S.*)", re.IGNORECASE)
# UTF-16 and UTF-32
_OTHER_ENCODINGS = (b"\xff\xfe", b"\xfe\xff", b"{\x00", b"\x00{", b"[\x00", b"\x00[", b"\x00\x00")


class Header(StrEnum):
    """A header that a route reads. A trailing `?` means that it is optional.

    A required key is a secret: it opens the report that is created under it. `TAG` is the same
    header as `IF_MATCH`: what an approval takes in place of a version (`services/second_person`).
    `VERSION_OR_TAG` is of steps on what one opens: its ETag is the tag of that opening.
    """

    KEY = "Idempotency-Key"
    OPTIONAL_KEY = "Idempotency-Key?"
    IF_MATCH = "If-Match"
    TAG = "If-Match: tag"
    VERSION_OR_TAG = "If-Match: version or tag"
    PROOF = "Tipline-Proof?"


KEYS = frozenset({Header.KEY, Header.OPTIONAL_KEY})
"""Both that are `Idempotency-Key`."""
IF_MATCH = frozenset({Header.IF_MATCH, Header.TAG, Header.VERSION_OR_TAG})
"""All that are `If-Match`."""


class Call:
    """A request. Its route checks it part by part, and sets what it has checked.

    `path` has the decoded path parameters; `now` is the time of sweeps and lifecycles. For an
    officer's route `actor` is the officer, who has a role that the route requires.
    """

    body: Any = None
    query: Any = None
    idempotency_key: str | None = None
    if_match: int | str | None = None
    admitted: "OfficerActor | None" = None

    def __init__(
        self, request: Request, path: Mapping[str, str], language: str, now: datetime
    ) -> None:
        self.request = request
        self.path = path
        self.language = language
        self.now = now

    def header(self, name: str) -> str | None:
        """Return a header, or None; upper and lower case are the same."""
        value = self.request.headers.get(name.lower())
        return str(value) if value is not None else None

    @property
    def route(self) -> str:
        """The method and the declared path, with the names of its parameters."""
        return f"{self.request.method} {self.request.context.get('resourcePath', '')}"

    @cached_property
    def receipt(self) -> str:
        """The canonical receipt of `Authorization: Receipt …`. Raises Unauthenticated."""
        match = _RECEIPT.fullmatch((self.header("authorization") or "").strip())
        if not match:
            raise errors.Unauthenticated("receipt_required")
        return ids.read_receipt(match[1])

    @property
    def raw_body(self) -> bytes:
        """The body as it was sent."""
        return read_raw(self.request)

    @property
    def actor(self) -> "OfficerActor":
        """The calling officer, with the audit that records what they do."""
        if self.admitted is None:
            raise TypeError("this route declares no officer")
        return self.admitted

    @property
    def officer(self) -> Officer:
        return self.actor.officer

    @property
    def version(self) -> int:
        """The version in `If-Match`."""
        if not isinstance(self.if_match, int):
            raise TypeError("this route declares no If-Match with a version")
        return self.if_match

    @property
    def tag(self) -> str:
        """The tag in `If-Match`, with its quotes."""
        if not isinstance(self.if_match, str):
            raise TypeError("this route declares no If-Match with a tag")
        return self.if_match

    @property
    def match(self) -> int | str:
        """The version in `If-Match`, or the tag with its quotes."""
        if self.if_match is None:
            raise TypeError("this route declares no If-Match")
        return self.if_match

    @property
    def required_key(self) -> str:
        """The Idempotency-Key of a route that requires one."""
        if self.idempotency_key is None:
            raise TypeError("this route declares no Idempotency-Key")
        return self.idempotency_key


def read_path(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the path parameters, URL-decoded."""
    return {name: unquote(value) for name, value in parameters.items()}


def read_caller(request: Request, wall_clock: datetime) -> str:
    """Return the username, or the name of a machine after its mark, from the authorizer. Raises
    Unauthenticated, also when the token has ended since: the gateway caches the authorizer's
    policy.
    """
    authorizer = request.context.get("authorizer") or {}
    principal, expires_at = authorizer.get("principalId"), str(authorizer.get("expires_at", ""))
    if not isinstance(principal, str) or not principal:
        raise errors.Unauthenticated
    if not expires_at.isdecimal() or int(expires_at) <= wall_clock.timestamp():
        raise errors.Unauthenticated
    return principal


def read_key(request: Request, headers: frozenset[Header], *, secret: bool) -> str | None:
    """Return the canonical Idempotency-Key, or None if the route reads none.

    A required key is a secret, so it must not be weak; with `secret`, an optional one neither. An
    optional key that is empty counts as none. Quoted, as the IETF draft writes it, it is the same.
    Raises Malformed.
    """
    value = str(request.headers.get("idempotency-key", ""))
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    if Header.KEY in headers or (Header.OPTIONAL_KEY in headers and value and secret):
        return ids.read_secret_key(value)
    if Header.OPTIONAL_KEY in headers and value:
        return ids.read_idempotency_key(value)
    return None


def read_version(request: Request) -> int:
    """Return the version in `If-Match`.

    Raises VersionMissing if there is none, Malformed for what is none as we write it: without its
    quotes, a tag, a weak or foreign one, several, or `*`.
    """
    return int(_read_if_match(request, VERSION).strip('"'))


def read_tag(request: Request) -> str:
    """Return the tag in `If-Match`, with its quotes. Raises as `read_version`."""
    return _read_if_match(request, TAG)


def read_match(request: Request) -> int | str:
    """Return the version in `If-Match`, or the tag with its quotes. Raises as `read_version`."""
    found = _read_if_match(request, VERSION_OR_TAG)
    return int(found.strip('"')) if re.fullmatch(VERSION, found) else found


# As they stand in `If-Match`, quoted.
VERSION = '^"(0|[1-9][0-9]{0,8})"$'
TAG = '^"[0-9A-Z]{20}"$'
VERSION_OR_TAG = '^"(0|[1-9][0-9]{0,8}|[0-9A-Z]{20})"$'


def _read_if_match(request: Request, form: str) -> str:
    value = str(request.headers.get("if-match", "")).strip()
    if not value:
        raise errors.VersionMissing
    if not re.fullmatch(form, value, re.ASCII):
        raise errors.Malformed("bad_if_match")
    return value


def read_query(request: Request, model: type[BaseModel]) -> BaseModel:
    """Return the query parameters as `model`. Raises Invalid, also for a repeated parameter."""
    sent = request.query_params  # None if there is no query
    values = {name: sent.getlist(name) for name in sent} if sent is not None else {}
    repeated = [name for name, each in values.items() if len(each) > 1]
    if repeated:
        raise errors.Invalid(
            *(errors.FieldError(field_path((name,)), "repeated") for name in repeated)
        )
    try:
        return model.model_validate({name: each[0] for name, each in values.items()})
    except ValidationError as invalid:
        raise as_fields(invalid) from None


def read_raw(request: Request) -> bytes:
    """Return the body as it was sent."""
    raw = request.raw_body
    return raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw


def read_body(
    request: Request, model: type[BaseModel], now: datetime, *, most: int = MAX_BODY
) -> BaseModel:
    """Return the JSON body as `model`. `most` is how many bytes it may have.

    Raises WrongMediaType, TooLarge, Malformed, Invalid.
    """
    if not _JSON_TYPE.fullmatch(request.headers.get("content-type", "").strip()):
        raise errors.WrongMediaType
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise errors.WrongMediaType
    raw = read_raw(request)
    if len(raw) > most:
        raise errors.TooLarge
    if raw.startswith(_OTHER_ENCODINGS):
        raise errors.WrongMediaType
    sent = read_json(raw)
    _refuse_crowds(model, sent)
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
        # Some models have rules that depend on the time. Their errors are returned together.
        also_wrong = getattr(model, "also_wrong", None)
        found = as_fields(invalid)
        raise errors.Invalid(
            *found.errors,
            *(also_wrong(sent, now) if also_wrong and isinstance(sent, dict) else ()),
            more=found.more,
        ) from None


def _refuse_crowds(model: type[BaseModel], sent: Any) -> None:
    """Raise Invalid `too_many` for each list that is too long, before its members are looked at.

    Each wrong member costs time and memory, of which a body has room for 100,000.
    """
    if not isinstance(sent, dict):
        return
    fields = model.model_fields
    long = [
        _too_many(name, most)
        for name, value in sent.items()
        if name in fields
        and isinstance(value, list)
        and len(value) > (most := _most_members(fields[name]))
    ]
    if long:
        raise errors.Invalid(*long)


def _most_members(field: FieldInfo) -> int:
    """Return how long the list of a field may be, as it is declared."""
    declared = (getattr(each, "max_length", None) for each in field.metadata)
    return next((most for most in declared if most is not None), MOST_MEMBERS)


def _too_many(field: str, most: int) -> errors.FieldError:
    return errors.FieldError(field, "too_many", (("max_length", str(most)),))


def read_json(raw: bytes) -> Any:
    """Return the value of a JSON text (RFC 8259, UTF-8, without a byte order mark).

    Raises Malformed, also for NaN, infinity, duplicate keys and too many levels; Invalid for an
    object with too many members.
    """
    try:
        return _DECODER.decode(raw.decode("utf-8"))
    except errors.TiplineError:
        raise
    except (ValueError, RecursionError):
        raise errors.Malformed from None


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MOST_MEMBERS:
        raise errors.Invalid(_too_many("body", MOST_MEMBERS))
    members = dict(pairs)
    if len(members) != len(pairs):
        raise errors.Malformed("duplicate_key")
    return members


def _refuse_constant(name: str) -> Any:
    raise errors.Malformed


_DECODER = json.JSONDecoder(object_pairs_hook=_refuse_duplicates, parse_constant=_refuse_constant)
