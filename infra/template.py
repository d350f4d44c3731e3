"""Read the CloudFormation templates that are deployed, and Chalice's settings of functions: they
define what runs locally, too.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

_FOLDER = Path(__file__).parent
# Chalice has one function for all routes. Here it serves the residents' alone.
_CHALICES_NAMES = {"api_handler": "residents"}
# CloudFormation's own, by their short forms:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
_FUNCTIONS = frozenset(
    {
        *("And", "Condition", "Equals", "If", "Not", "Or"),
        *("Base64", "Cidr", "FindInMap", "GetAtt", "GetAZs", "ImportValue", "Join", "Ref"),
        *("Select", "Split", "Sub", "Transform"),
    }
)


class Limits(NamedTuple):
    """What a function may take: seconds, and MB of memory."""

    timeout_s: int
    memory_mb: int


@cache
def function_limits(chalice: Path = _FOLDER.parent / ".chalice") -> Mapping[str, Limits]:
    """Return the limits of all functions, by their names in the app. `chalice` is the folder from
    which they are packaged.
    """
    configured = json.loads((chalice / "config.json").read_text(encoding="utf-8"))
    return {
        _CHALICES_NAMES.get(name, name): Limits(each["lambda_timeout"], each["lambda_memory_size"])
        for name, each in configured["stages"]["any"]["lambda_functions"].items()
    }


def load(name: str, folder: Path = _FOLDER) -> Any:
    """Return the template `infra/<name>`, with CloudFormation's short forms (`!Ref`, `!GetAtt`,
    `!Sub` …) as their long ones. Raises `yaml.constructor.ConstructorError` for a tag that
    CloudFormation does not know.
    """
    return yaml.load((folder / name).read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  it is a SafeLoader


def condition_holds(
    condition: Any, conditions: Mapping[str, Any], values: Mapping[str, str]
) -> bool:
    """Return whether a condition of a template holds. `conditions` are all that it names, `values`
    those of parameters and pseudo parameters.
    """

    def holds(node: Any) -> bool:
        match node:
            case {"Condition": name}:
                return holds(conditions[name])
            case {"Fn::Not": [inner]}:
                return not holds(inner)
            case {"Fn::And": inner}:
                return all(map(holds, inner))
            case {"Fn::Or": inner}:
                return any(map(holds, inner))
            case {"Fn::Equals": [left, right]}:
                return bool(value(left) == value(right))
        raise ValueError(f"not a condition: {node}")

    def value(node: Any) -> Any:
        match node:
            case {"Ref": name}:
                return values[name]
            case {"Fn::Sub": str(text)}:
                return re.sub(r"\$\{([^}]+)\}", lambda found: values[found[1]], text)
        return node

    return holds(condition)


def environment_name(logical_id: str) -> str:
    """Return how the environment spells `UploadsQueue`: UPLOADS_QUEUE."""
    return "_".join(words(logical_id)).upper()


def environment_name_of(reference: str) -> str:
    """Return how the environment spells what `${UploadsQueue.Arn}` refers to: UPLOADS_QUEUE."""
    return environment_name(reference.strip("${}").partition(".")[0])


def unless_restored(node: Any) -> Any:
    """Return the stream that the stack created, of a node that has another one after a restore:
    `!If [HasReportsStream, …, !Sub "${ReportsTable.StreamArn}"]`.
    """
    return node["Fn::If"][2] if "Fn::If" in node else node


def words(logical_id: str) -> list[str]:
    """Return the words of `UploadsQueue`: Uploads and Queue."""
    return re.split(r"(?<!^)(?=[A-Z])", logical_id)


class _Loader(yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader):  # type: ignore[misc]
    pass


def _function(loader: Any, suffix: str, node: yaml.Node) -> Any:
    if suffix not in _FUNCTIONS:
        raise yaml.constructor.ConstructorError(
            problem=f"CloudFormation has no function !{suffix}", problem_mark=node.start_mark
        )
    value = _value(loader, node)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


def _value(loader: Any, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True)


_Loader.add_multi_constructor("!", _function)
