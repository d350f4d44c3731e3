"""The page of all settings, from `Settings`, the templates and the Makefile."""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from chalicelib.kernel.config import Api, Settings
from infra import template
from infra.packaging.aliases import LOGICAL_IDS
from infra.reference import code, table

_MAKEFILE = Path(__file__).parents[2] / "Makefile"
# Those whose variable has another name.
_PARAMETER_VARIABLES = {"ArtefactsBucket": "BUCKET"}
_HEAD = """\
# Settings

<!-- Written by `make docs` from the code. Change the code, not this page. -->

## Of the functions

Each setting is an environment variable. `chalicelib/kernel/config.py` alone reads them, and
`infra/app.yaml` gives each function those that it uses. On the local stack all of them are set by
`make run`; you need to set none.

"""
_RUNTIME = """\
Besides these, `infra/app.yaml` sets what libraries read: {others}.
Lambda sets the region and the credentials.
"""
_STACK = """\
## Of a deployed stage

Parameters of the stack. `make deploy ALARM_EMAIL=…` sets one; a parameter that is not given keeps
its value. See [operations.md](operations.md).

"""
_MAKE = """\
## Of make and the local stack

Set them before or after `make`: `PORT=8100 make run` and `make run PORT=8100` do the same. The
local stack: [local.md](local.md).

"""


class MakeVariable(NamedTuple):
    """A variable of the Makefile, and the targets that use it."""

    name: str
    default: str
    description: str
    targets: tuple[str, ...]


def page() -> str:
    """Return the page of all settings."""
    return "".join([_HEAD, _functions(), "\n", _STACK, _stack(), "\n", _MAKE, _make()])


def _functions() -> str:
    used = _functions_by_variable()
    rows = []
    for each in dataclasses.fields(Settings):
        variable = each.name.upper()
        rows.append(
            (
                code(variable),
                each.metadata.get("description", ""),
                _default(each),
                ", ".join(code(function) for function in used.pop(variable, ())),
            )
        )
    others = ", ".join(code(variable) for variable in sorted(used))
    columns = ("variable", "what for", "default", "functions")
    return table(columns, rows) + "\n" + _RUNTIME.format(others=others)


def _default(setting: dataclasses.Field[Any]) -> str:
    if setting.default is dataclasses.MISSING:
        return "required"
    if isinstance(setting.default, bool):
        return code("on" if setting.default else "off")
    return code(str(setting.default)) or "empty"


def _functions_by_variable() -> dict[str, list[str]]:
    """Return which functions get which variable."""
    used: dict[str, list[str]] = {}
    for logical_id, resource in template.load("app.yaml")["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            for variable in resource["Properties"].get("Environment", {}).get("Variables", {}):
                used.setdefault(variable, []).append(_function_name(logical_id))
    return used


def _function_name(logical_id: str) -> str:
    """Return the name of a function: `make_thumbnails` of `MakeThumbnails`."""
    if logical_id == LOGICAL_IDS[Api.RESIDENTS]:
        return str(Api.RESIDENTS)
    return template.environment_name(logical_id).lower()


def _stack() -> str:
    rows = [
        (
            code(_PARAMETER_VARIABLES.get(name) or template.environment_name(name)),
            code(name),
            parameter.get("Description", ""),
            _parameter_default(parameter),
        )
        for name, parameter in template.load("app.yaml")["Parameters"].items()
    ]
    return table(("variable", "parameter", "what for", "default"), rows)


def _parameter_default(parameter: Mapping[str, Any]) -> str:
    return (code(parameter["Default"]) or "empty") if "Default" in parameter else "required"


def _make() -> str:
    rows = [
        (
            code(each.name),
            each.description,
            code(each.default) or "empty",
            ", ".join(map(code, each.targets)) or "installation",
        )
        for each in make_variables(_MAKEFILE.read_text(encoding="utf-8"))
    ]
    return table(("variable", "what for", "default", "targets"), rows)


def make_variables(makefile: str) -> Iterator[MakeVariable]:
    """Yield the variables that a caller may set: those with `?=`, with `##` above each."""
    for name, value in re.findall(r"^([A-Z_]+) = (.*)$", makefile, re.MULTILINE):
        makefile = makefile.replace(f"$({name})", value)
    rules = re.findall(r"^([\w./$() -]+):(?!=)(.*(?:\n\t.*)*)", makefile, re.MULTILINE)
    for description, name, default in re.findall(
        r"^((?:## .*\n)*)([A-Z_]+) \?=[ \t]*(.*)$", makefile, re.MULTILINE
    ):
        lines = " ".join(re.findall(r"^## (.*)$", description, re.MULTILINE))
        using = (target for target, rule in rules if f"$({name})" in rule)
        # A target with a variable in its name is a file of the installation.
        targets = tuple(target for target in using if "$" not in target)
        yield MakeVariable(name, default, lines, targets)
