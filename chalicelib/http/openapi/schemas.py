"""The component schemas, made from the models of bodies, responses and errors.

A view is named without its suffix. `_NAMES` gives a longer name to models whose name is clear only
inside their module. Titles of members are left out, because they only repeat the names. Defaults
are left out, because some clients would send them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from chalicelib.domain.reports.report import OfficerSubmission, Submission
from chalicelib.http.routes import Operation
from chalicelib.http.shapes import ChallengeView, Shape
from chalicelib.kernel.derived import RejectReason
from chalicelib.kernel.models import NotNull, left_out


class FieldProblem(Shape):
    """A wrong field.

    `field` is its dotted path. `code` is stable. `allowed` lists the allowed values, if they are
    public.
    """

    field: str
    code: str
    detail: str
    allowed: Annotated[list[str] | None, NotNull()] = left_out()


class Problem(Shape):
    """An error (RFC 9457).

    `code` is stable. Each response lists its codes; later versions may add others. `errors` lists
    the wrong fields, for 422: at most 20, and `more` is true if others are wrong too. `legal` lists
    the possible steps, for `illegal_transition`. `reason` and `reason_text` say why a medium was
    rejected, for `media_rejected`. `challenge` and `proof` are for `proof_required`:
    what a proof must be made for, and what is wrong with the one that was sent.
    """

    type: str
    code: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]
    title: str
    status: int
    detail: str
    request_id: str
    errors: Annotated[list[FieldProblem] | None, NotNull()] = left_out()
    more: Annotated[bool | None, NotNull()] = left_out()
    legal: Annotated[list[str] | None, NotNull()] = left_out()
    reason: Annotated[RejectReason | None, NotNull()] = left_out()
    reason_text: Annotated[str | None, NotNull()] = left_out()
    challenge: Annotated[ChallengeView | None, NotNull()] = left_out()
    proof: Annotated[
        Literal["absent", "malformed", "foreign", "expired", "wrong"] | None, NotNull()
    ] = left_out()


type Json = dict[str, Any]
type _Model = type[BaseModel]
type _Key = tuple[Any, JsonSchemaMode]

PREFIX = "#/components/schemas/"
_NAMES = {
    "Change": "ReportChange",
    "Changes": "BulletinChange",
    "DeclaredFile": "DeclaredMedium",
    "Draft": "BulletinDraft",
    "KnownAppChange": "AppChange",
    "Step": "BulletinStep",
    "Outcome": "ReportOutcome",
    "Resolution": "BulletinResolution",
    "Withdrawal": "BulletinWithdrawal",
    "Pictures": "NewPictures",
    "MoreMedia": "NewMedia",
    "Me": "OwnOfficer",
}
# Bodies with two forms: with a text, or with media. A body with both matches both forms.
_PAIRS = {
    Submission: ("TextReport", "MediaReport"),
    OfficerSubmission: ("OfficerTextReport", "OfficerMediaReport"),
}


@dataclass(frozen=True, slots=True)
class Schemas:
    """All components, and the reference to each model."""

    components: Json
    _references: Mapping[_Key, Json]

    def of_body(self, model: _Model) -> Json:
        """Return the reference to the schema of a body."""
        return self._references[model, "validation"]

    def of_response(self, model: _Model) -> Json:
        """Return the reference to the schema of a response."""
        return self._references[model, "serialization"]

    def resolved(self, reference: Json) -> Json:
        """Return the component that a reference points to."""
        found: Json = self.components[reference["$ref"].removeprefix(PREFIX)]
        return found

    def completed(self, example: Any, schema: Json) -> Any:
        """Return an example of what has this schema, with the members that it leaves out."""
        if "$ref" in schema:
            return self.completed(example, self.resolved(schema))
        options = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
        if len(options) == 1 and example is not None:
            return self.completed(example, options[0])
        if isinstance(example, list):
            return [self.completed(each, schema.get("items", {})) for each in example]
        if not isinstance(example, dict) or not (members := schema.get("properties")):
            return example
        left = [name for name in schema.get("required", ()) if name not in example]
        nothing = {name: _nothing(members[name]) for name in left}
        whole = example | {name: value for name, value in nothing.items() if value is not ...}
        return {name: self.completed(each, members.get(name, {})) for name, each in whole.items()}


def schemas_of(
    operations: Sequence[Operation], *, open_values: bool = True
) -> tuple[Schemas, dict[_Model, Json]]:
    """Return the components, and the schema of each query.

    Queries are not components, because their members become parameters. With `open_values`, a
    client must take values of responses that it does not know. Raises ValueError when two models
    would have the same name.
    """
    bodies, queries, responses = _models(operations)
    wanted: list[tuple[_Model, JsonSchemaMode]] = []
    wanted += [(model, "validation") for model in [*bodies, *queries]]
    wanted += [(model, "serialization") for model in responses]
    references, definitions = models_json_schema(wanted, ref_template=PREFIX + "{model}")
    components = definitions["$defs"]
    names = {name: _name(name) for name in components}
    if len(set(names.values())) != len(names):
        raise ValueError(f"components of the same name: {sorted(names.items())}")
    renamed = {
        names[name]: _tidy(schema, names) | {"title": names[name]}
        for name, schema in components.items()
    }
    schemas = Schemas(
        renamed, {key: _tidy(reference, names) for key, reference in references.items()}
    )
    renamed[Problem.__name__]["properties"]["code"]["x-extensible-enum"] = sorted(
        {error.code for operation in operations for error in operation.errors}
    )
    for model, pair in _PAIRS.items():
        if model in bodies:
            _split(renamed, schemas.of_body(model)["$ref"].removeprefix(PREFIX), pair)
    found = {
        model: renamed.pop(schemas.of_body(model)["$ref"].removeprefix(PREFIX)) for model in queries
    }
    if open_values:
        sent = [*(schemas.of_body(model) for model in bodies), *found.values()]
        _open_responses(renamed, sent, [schemas.of_response(model) for model in responses])
    return schemas, found


def _open_responses(components: Json, sent: list[Json], returned: list[Json]) -> None:
    """Write `x-extensible-enum` for each `enum` below what is returned; a request's stay closed.

    An enum of responses alone is then no component. Raises ValueError when a request and a response
    share an object with an enum: it needs a model for each.
    """
    in_requests, in_responses = _below(sent, components), _below(returned, components)
    for name in in_responses:
        if "enum" not in components[name]:
            opened = _opened(components[name], components)
            if name in in_requests and opened != components[name]:
                raise ValueError(f"{name} is in requests and in responses, and has an enum")
            components[name] = opened
    for name in in_responses - in_requests:
        if "enum" in components[name]:
            del components[name]


def _below(schemas: Iterable[Any], components: Json) -> set[str]:
    """Return the names of all components that these schemas refer to, directly or not."""
    found: set[str] = set()
    left = list(schemas)
    while left:
        schema = left.pop()
        if isinstance(schema, dict | list):
            left += schema.values() if isinstance(schema, dict) else schema
        elif isinstance(schema, str) and schema.startswith(PREFIX):
            name = schema.removeprefix(PREFIX)
            left += [] if name in found else [components[name]]
            found.add(name)
    return found


def _opened(schema: Any, components: Json) -> Any:
    if isinstance(schema, list):
        return [_opened(each, components) for each in schema]
    if not isinstance(schema, dict):
        return schema
    target = components.get(str(schema.get("$ref", "")).removeprefix(PREFIX), {})
    if "enum" in target:
        schema = {word: value for word, value in target.items() if word != "title"} | schema
        del schema["$ref"]
    names = {"enum": "x-extensible-enum"} if isinstance(schema.get("enum"), list) else {}
    opened = {names.get(word, word): _opened(each, components) for word, each in schema.items()}
    return _of_one_type(opened)


def _models(operations: Sequence[Operation]) -> tuple[list[_Model], list[_Model], list[_Model]]:
    """Return the models of bodies, of queries and of responses, each once."""
    bodies = [operation.body for operation in operations if operation.body]
    queries = [operation.query for operation in operations if operation.query]
    responses = [
        content.schema
        for operation in operations
        for content in operation.returns.values()
        if content.schema
    ]
    return _once(bodies), _once(queries), _once([Problem, *responses])


def _once(models: Iterable[_Model]) -> list[_Model]:
    return list(dict.fromkeys(models))


def _nothing(schema: Json) -> Any:
    """Return the value of a member that has nothing in it; `...` if each value is something."""
    kind = schema.get("type")
    if {"type": "null"} in schema.get("anyOf", ()) or (isinstance(kind, list) and "null" in kind):
        return None
    return {"array": [], "boolean": False}.get(str(kind), ...)


def _name(name: str) -> str:
    if "__" in name or "-" in name:
        raise ValueError(f"{name}: another model has the same name, rename one of them")
    return _NAMES.get(name, name if name == "View" else name.removesuffix("View"))


def _tidy(schema: Any, names: Mapping[str, str]) -> Any:
    """Return the schema with its references renamed, and without members' titles and defaults."""
    if isinstance(schema, list):
        return [_tidy(each, names) for each in schema]
    if isinstance(schema, str) and schema.startswith(PREFIX):
        return PREFIX + names[schema.removeprefix(PREFIX)]
    if not isinstance(schema, dict):
        return schema
    tidied: Json = {}
    for word, value in schema.items():
        if word == "properties":
            tidied[word] = {name: _tidy(each, names) for name, each in value.items()}
        elif word == "description":
            tidied[word] = paragraphs(str(value))
        elif word not in ("title", "default"):
            tidied[word] = _tidy(value, names)
    return _of_one_type(tidied)


def _of_one_type(schema: Json) -> Json:
    """Return `anyOf` of one type and null as `type: [<type>, "null"]`.

    Generators of Kotlin and Swift make a class of each `anyOf`. It stays where null can be added to
    no type: for a reference, and where the values are listed.
    """
    alone = without_null(schema)
    kind = alone.get("type") if {"type": "null"} in schema.get("anyOf", ()) else None
    if not isinstance(kind, str) or alone.keys() & {"const", "enum"}:
        return schema
    return alone | {"type": [kind, "null"]}


def paragraphs(docstring: str) -> str:
    """Return the text with each paragraph on one line."""
    return "\n\n".join(" ".join(each.split()) for each in docstring.split("\n\n"))


def _split(components: Json, name: str, pair: tuple[str, str]) -> None:
    """Replace a body by its two forms: with a text, or with media.

    With media, a blank text counts as none. That form therefore has no minimum length of the text.
    """
    whole = components[name]
    steps: tuple[Callable[[Json], None], ...] = (_with_text, _with_media)
    for form, step in zip(pair, steps, strict=True):
        schema = deepcopy(whole) | {"title": form}
        step(schema)
        components[form] = schema
    components[name] = {
        "title": name,
        "description": whole["description"],
        "anyOf": [{"$ref": PREFIX + form} for form in pair],
    }


def _with_text(schema: Json) -> None:
    schema["description"] = "A report with a text. Media are optional."
    schema["required"] = [*schema["required"], "text"]
    schema["properties"]["text"] = without_null(schema["properties"]["text"])


def _with_media(schema: Json) -> None:
    schema["description"] = (
        "A report with media. The text is optional; a blank text counts as none."
    )
    schema["required"] = [*schema["required"], "media"]
    schema["properties"]["media"]["minItems"] = 1
    schema["properties"]["text"].pop("minLength", None)


def without_null(schema: Json) -> Json:
    """Return the schema without null, for a required member or a parameter."""
    match schema.get("type"):
        case [str(kind), "null"]:
            return schema | {"type": kind}
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) != 1:
        return schema
    alone: Json = options[0]
    return {name: value for name, value in schema.items() if name != "anyOf"} | alone
