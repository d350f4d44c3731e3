"""What responses may say tomorrow: the documents' examples, with a new value in each open place."""

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from chalicelib.http import index
from chalicelib.http.openapi import document

WHOLE: dict[str, Any] = document(index.operations())


def of_tomorrow(value: Any, schema: Any, opened: set[str], name: str = "") -> Any:
    """Return what a response says today, with a new value in each place that is open, or empty."""
    schema = resolved(schema)
    if "x-extensible-enum" in schema:
        opened.add(name)
        return "tomorrow"
    for option in schema.get("anyOf", schema.get("oneOf", ())):
        if problems_of(value, option) == []:
            return of_tomorrow(value, option, opened, name)
    if isinstance(value, list):
        items = schema.get("items", {})
        some = value or [""] * ("x-extensible-enum" in resolved(items))
        return [of_tomorrow(each, items, opened, name) for each in some]
    if isinstance(value, dict):
        fields, others = schema.get("properties", {}), schema.get("additionalProperties")
        others = others if isinstance(others, dict) else {}
        return {
            field: of_tomorrow(each, fields.get(field, others), opened, field)
            for field, each in value.items()
        }
    return value


def resolved(reference: Any) -> Any:
    if "$ref" not in reference:
        return reference
    kind, name = reference["$ref"].split("/")[2:]
    return WHOLE["components"][kind][name]


def resolved_responses(operation: Any) -> list[Any]:
    return [resolved(answer) for answer in operation["responses"].values()]


def examples(medium: Any) -> Iterator[Any]:
    if "example" in medium:
        yield medium["example"]
    for example in medium.get("examples", {}).values():
        yield resolved(example)["value"]


def problems_of(instance: Any, schema: Any) -> list[str]:
    validator = Draft202012Validator({**schema, "components": WHOLE["components"]})
    return [error.message for error in validator.iter_errors(instance)]
