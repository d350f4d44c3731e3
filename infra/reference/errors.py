"""The page of all error codes, from the declared routes, the texts and the gateway's template."""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from textwrap import fill
from typing import Any

from chalicelib.http import index
from chalicelib.http.problems import STATUS, problem, status_of
from chalicelib.http.requests import IF_MATCH, KEYS, Header
from chalicelib.http.routes import Access, Operation
from chalicelib.kernel import errors
from chalicelib.kernel.derived import RejectReason
from chalicelib.kernel.languages import text, texts
from infra import template
from infra.packaging import gateway
from infra.reference import code, table

_LANGUAGE = "en"
# A smaller group says less than the names of its routes.
_GROUP_MIN = 4
# More names than these nobody reads; the OpenAPI document has them all.
_NAMED_MAX = 6
_HEAD = """\
# Errors

<!-- Written by `make docs` from the code. Change the code or the texts, not this page. -->

Every error is `application/problem+json` (RFC 9457):

```json
{example}
```

`code` is stable, and `type` ends with it. `title` and `detail` are for people and follow
`Accept-Language`; this page shows the English ones. Only 422 has `errors`, and only
`illegal_transition` has `legal`, the possible steps. Quote `request_id` when you ask for help: it
identifies the lines in the log. A name in braces, such as `{{legal}}`, stands for a value.

Retry only after 429, after any 5xx, and when no response arrived. Use the same `Idempotency-Key`,
and wait `Retry-After` seconds. How an app handles each case: [mobile.md](mobile.md).

Some requests do not reach the API's code. The gateway then returns the error itself, in all
languages of the city:
{gateway}.
"""
_FIELDS = """\
## Codes of fields

A response with status 422 lists up to {most} wrong fields in `errors`. Each entry has `field`, the
dotted path of the field (`location.lat`, `media.0.size`), a `code` and a `detail`. If only certain
values are allowed, and these are public, `allowed` lists them.

"""
_REASONS = """\
## Reasons of a rejected attachment

A rejected attachment is not an error response. The report contains the medium with the state
`rejected`, one of these codes as `reason`, and the text as `reason_text`. So does
409 `media_rejected`, when its upload goes on.

"""


@dataclass(frozen=True, slots=True)
class _Code:
    """`where` says which routes return the error."""

    code: str
    status: int
    title: str
    detail: str
    where: str


def page() -> str:
    """Return the page of all error codes."""
    operations = index.operations()
    codes = [*_of_routes(operations), *_of_gateway_alone(operations)]
    example = problem(
        errors.Invalid(errors.FieldError("location.lat", "out_of_range")), _LANGUAGE, "6f9619ff-…"
    )
    head = _HEAD.format(
        example=json.dumps(example, indent=1, ensure_ascii=False),
        gateway=fill(", ".join(map(code, sorted(_gateway_problems()))), 98),
    )
    return "\n".join([head, *_sections(codes), _field_section(), _reason_section()])


def _sections(codes: Sequence[_Code]) -> Iterator[str]:
    described = _described_kinds()
    for kind, status in sorted(STATUS.items(), key=lambda item: item[1]):
        rows = [
            (code(each.code), each.title, each.detail, each.where)
            for each in codes
            if each.status == status
        ]
        yield f"## {status} {HTTPStatus(status).phrase}\n"
        said = described[kind.__name__]
        yield f"{said[0].upper()}{said[1:]}.\n"
        yield table(("code", "title", "detail", "returned by"), sorted(rows))


def _described_kinds() -> dict[str, str]:
    """Return what the tree in `chalicelib.kernel.errors` says of each error class."""
    lines = re.findall(r"[├└]── (\w+) +(.+)$", errors.__doc__ or "", re.MULTILINE)
    return {name: re.sub(r" \(`.*", "", said) for name, said in lines}


def _of_routes(operations: Sequence[Operation]) -> Iterator[_Code]:
    raised_by: defaultdict[str, list[Operation]] = defaultdict(list)
    kinds: dict[str, errors.TiplineError] = {}
    for operation in operations:
        for error in operation.errors:
            raised_by[error.code].append(operation)
            kinds[error.code] = error
    for name, error in kinds.items():
        yield _Code(
            name,
            status_of(error),
            text(f"error.{name}.title", _LANGUAGE),
            texts(_LANGUAGE)[f"error.{name}.detail"],
            _where(raised_by[name], operations),
        )


def _of_gateway_alone(operations: Sequence[Operation]) -> Iterator[_Code]:
    known = {error.code for operation in operations for error in operation.errors}
    for each in _gateway_problems().values():
        name = each["code"]
        if name not in known:
            title, detail = (
                text(f"error.{name}.{form}", _LANGUAGE) for form in ("title", "detail")
            )
            yield _Code(name, each["status"], title, detail, "the gateway only")


def _gateway_problems() -> Mapping[str, Any]:
    """Return the problems that the gateway returns by itself, by code."""
    body = template.load("app.yaml")["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    responses = gateway.complete_responses(body).values()
    problems = [json.loads(each["responseTemplates"]["application/json"]) for each in responses]
    problems.append(json.loads(gateway.body_of("405", errors.WrongMethod.code)))
    return {each["code"]: each for each in problems}


def _where(raising: Collection[Operation], operations: Sequence[Operation]) -> str:
    """Return which routes raise an error: groups of them first, the others by name."""
    names = {_name(operation) for operation in raising}
    left, said = set(names), []
    for group, members in _groups(operations).items():
        if len(members) >= _GROUP_MIN and members <= names and members & left:
            said.append(group)
            left -= members
    if len(left) > _NAMED_MAX:
        return ", ".join([*said, f"{len(left)} {'other ' if said else ''}routes"])
    return ", ".join([*said, *(code(name) for name in sorted(left))])


def _groups(operations: Sequence[Operation]) -> dict[str, set[str]]:
    """Return the routes that share a declaration, the largest group first."""
    groups = {
        "every route": operations,
        "routes with a body or a query": [each for each in operations if each.body or each.query],
        "routes with a body": [each for each in operations if each.body],
        "routes that need `Idempotency-Key`": [
            each for each in operations if Header.KEY in each.headers
        ],
        "routes with `Idempotency-Key`": [each for each in operations if each.headers & KEYS],
        "routes with `If-Match`": [each for each in operations if each.headers & IF_MATCH],
        "approvals": [each for each in operations if Header.TAG in each.headers],
        "routes for the reporter": [each for each in operations if each.access is Access.RECEIPT],
        "routes for officers": [each for each in operations if each.access is Access.OFFICER],
    }
    named = {group: {_name(each) for each in members} for group, members in groups.items()}
    return dict(sorted(named.items(), key=lambda item: -len(item[1])))


def _name(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


def _field_section() -> str:
    rows = [
        (code(key.removeprefix("field.")), said)
        for key, said in sorted(texts(_LANGUAGE).items())
        # What follows the code is a field or a limit, for which it has a text of its own.
        if key.startswith("field.") and key.count(".") == 1
    ]
    return _FIELDS.format(most=errors.MAX_FIELD_ERRORS) + table(("code", "detail"), rows)


def _reason_section() -> str:
    rows = [(code(reason), text(f"reject.{reason}", _LANGUAGE)) for reason in RejectReason]
    return _REASONS + table(("reason", "text"), rows)
