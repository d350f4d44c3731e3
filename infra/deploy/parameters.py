"""The template's parameters from the environment: `ALARM_EMAIL=ops@example.org` sets AlarmEmail.

A variable that is not set leaves the parameter as it is; one that is set to nothing empties it.
"""

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

from infra.local.template import environment_name
from infra.stage.faults import Refused

# Those that a deployment sets itself.
OWN = ("Stage", "ArtefactsBucket")
SHOWN_CHARACTERS = 60
ALMOST = 0.86  # ALARM_EMIAL is 0.91 of ALARM_EMAIL; the parameters themselves are less alike


def read_parameters(
    declared: Mapping[str, Mapping[str, Any]], environment: Mapping[str, str]
) -> dict[str, str]:
    """Return the parameters that the environment sets. Raises Refused, with the variable's name,
    when the template does not accept a value.
    """
    given = {
        name: environment[variable]
        for name in declared
        if name not in OWN and (variable := environment_name(name)) in environment
    }
    wrong = [
        f"{environment_name(name)}={value} is not accepted: {reason}."
        for name, value in given.items()
        if (reason := refusal(value, declared[name]))
    ]
    if wrong:
        raise Refused("\n".join(wrong))
    return given


def misspelt(declared: Collection[str], environment: Collection[str]) -> list[str]:
    """Return a sentence for each variable that is almost a parameter's: it would be ignored."""
    variables = {environment_name(name): name for name in declared if name not in OWN}
    return [
        f"{found} is no parameter, so it does nothing. Is {close[0]} meant?"
        for found in sorted(environment)
        if found not in variables
        and (close := get_close_matches(found.upper(), variables, n=1, cutoff=ALMOST))
    ]


def refusal(value: str, declaration: Mapping[str, Any]) -> str | None:
    """Return why CloudFormation would refuse the value; None when it would not."""
    about = declaration.get("ConstraintDescription") or declaration.get("Description") or ""
    suffix = f" ({about})" if about else ""
    allowed = declaration.get("AllowedValues")
    if allowed is not None and value not in map(str, allowed):
        return f"it must be one of {', '.join(repr(str(each)) for each in allowed)}{suffix}"
    pattern = declaration.get("AllowedPattern")
    if pattern and not re.fullmatch(pattern, value):
        return f"it must match {pattern}{suffix}"
    if declaration["Type"] == "Number":
        return _number_refusal(value, declaration, suffix)
    low, high = declaration.get("MinLength"), declaration.get("MaxLength")
    if low is not None and len(value) < int(low):
        return f"it must have at least {low} characters{suffix}"
    if high is not None and len(value) > int(high):
        return f"it must have at most {high} characters{suffix}"
    return None


def _number_refusal(value: str, declaration: Mapping[str, Any], suffix: str) -> str | None:
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
        return f"it must be a number{suffix}"
    low, high = declaration.get("MinValue"), declaration.get("MaxValue")
    if low is not None and float(value) < float(low):
        return f"it must be at least {low}{suffix}"
    if high is not None and float(value) > float(high):
        return f"it must be at most {high}{suffix}"
    return None


def show(name: str, value: str, declared: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a parameter's value as it may be shown."""
    if str(declared[name].get("NoEcho", "")).lower() == "true":
        return "(not shown)"
    text = value if len(value) <= SHOWN_CHARACTERS else f"{value[:SHOWN_CHARACTERS]}…"
    return text or "(empty)"
