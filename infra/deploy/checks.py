"""What can be wrong before anything is sent: the parameters from the environment, what Lambda has
in the account and region, and the city of the stage.

`ALARM_EMAIL=ops@example.org` sets AlarmEmail. A variable that is not set leaves the parameter as it
is; one that is set to nothing empties it.

A build of another city would change categories and districts below reports that are there, and one
whose categories have fewer shards would not list all of them.
"""

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

from infra.stage.console import Refused
from infra.stage.target import outputs_of, parameters_of
from infra.template import environment_name

type Template = dict[str, Any]

# Those that a deployment sets itself.
OWN = ("Stage", "ArtefactsBucket")
SHOWN_CHARACTERS = 60
ALMOST = 0.86  # ALARM_EMIAL is 0.91 of ALARM_EMAIL; the parameters themselves are less alike
# What is reserved for a function of the template, and the variable of make that sets it.
PARAMETERS = {
    "ReservedConcurrency": "RESERVED_CONCURRENCY",
    "OfficerReservedConcurrency": "OFFICER_RESERVED_CONCURRENCY",
    "AuthorizerReservedConcurrency": "AUTHORIZER_RESERVED_CONCURRENCY",
    "DecodeReservedConcurrency": "DECODE_RESERVED_CONCURRENCY",
    "DecodeCriticalReservedConcurrency": "DECODE_CRITICAL_RESERVED_CONCURRENCY",
}
LEFT_TO_OTHERS = 100  # Lambda keeps as many for functions that reserve none
# What the check of officers' tokens gets unless somebody says otherwise: for 1,000 tokens a second
# (ten for each). An account has 1,000; a young one has 10, and can reserve none.
AUTHORIZER = {"AuthorizerReservedConcurrency": "100"}
USUAL_CONCURRENCY = 1000
# AWS names all its commercial regions but Asia Pacific (New Zealand) (Lambda developer guide,
# "Tenant isolation"). China and GovCloud are partitions of their own, and have none.
WITHOUT_TENANT_ISOLATION = ("ap-southeast-6",)
# The platform applications of SNS that push to phones.
PUSHES = ("ApnsApplication", "FcmApplication")
SHARED = "DECODER_ISOLATION=shared (docs/security.md says what protects files from each other then)"
OUTPUT = "City"
# Each category with its shards: `other=1 lost=4`.
SHARDS = "Shards"
# Of each category in the stages that do not say it.
_SHARDS_BEFORE = 4


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


def check_concurrency(
    given: Mapping[str, str], present: Mapping[str, Any] | None, awslambda: Any
) -> None:
    """Raise Refused when the account has too little concurrency for what would be reserved.

    `given` are the parameters of this deployment, `present` is the stack as it is, if there is one.
    A parameter that is not given keeps its value.
    """
    kept = parameters_of(present)
    before = {name: int(kept.get(name) or 0) for name in PARAMETERS}
    after = before | {name: int(given[name] or 0) for name in PARAMETERS if name in given}
    wanted = sum(after.values())
    if wanted <= sum(before.values()):
        return
    limits = awslambda.get_account_settings()["AccountLimit"]
    free = limits["UnreservedConcurrentExecutions"] - LEFT_TO_OTHERS + sum(before.values())
    if wanted > free:
        said = " and ".join(f"{PARAMETERS[name]}={value}" for name, value in after.items() if value)
        raise Refused(
            f"{said}: {wanted} of Lambda's concurrent executions, and {max(free, 0)} can be "
            f"reserved: the account has {limits['ConcurrentExecutions']}, and Lambda keeps "
            f"{LEFT_TO_OTHERS} for the rest. Choose less, or ask AWS for more: Service Quotas, AWS "
            "Lambda, Concurrent executions."
        )


def reserve_for_authorizer(
    declared: Collection[str],
    given: Mapping[str, str],
    present: Mapping[str, Any] | None,
    awslambda: Any,
) -> dict[str, str]:
    """Return the parameters with what the check of officers' tokens reserves, if neither they nor
    the stack say it, and the account has the usual concurrency or more.
    """
    (name,) = AUTHORIZER
    if name not in declared or name in given or name in parameters_of(present):
        return dict(given)
    reserved = {**given, **AUTHORIZER}
    account = awslambda.get_account_settings()["AccountLimit"]
    if account["ConcurrentExecutions"] < USUAL_CONCURRENCY:
        return dict(given)
    try:
        check_concurrency(reserved, present, awslambda)
    except Refused:
        return dict(given)
    return reserved


def check_isolation(given: Mapping[str, str], region: str, partition: str) -> None:
    """Raise Refused when the decoder is to have tenant isolation in a region without it."""
    if given.get("DecoderIsolation") != "tenant":
        return
    if partition != "aws" or region in WITHOUT_TENANT_ISOLATION:
        raise Refused(
            f"DECODER_ISOLATION=tenant: Lambda has no tenant isolation in {region}. Nothing was "
            f"changed. Deploy to another region, or with {SHARED}."
        )


def check_china(
    given: Mapping[str, str], present: Mapping[str, Any] | None, partition: str
) -> None:
    """Raise Refused for what AWS does not have in China (docs/china.md). A parameter that is not
    given keeps its value.
    """
    if partition != "aws-cn":
        return
    after = {**parameters_of(present), **given}
    if not after.get("Issuer"):
        raise Refused(
            "Cognito has no user pools in China. Nothing was changed. Officers sign in at an "
            "OpenID Connect issuer of yours: give ISSUER, JWKS_URI and CLIENT_ID (docs/china.md)."
        )
    if pushes := [f"{environment_name(name)}=" for name in PUSHES if after.get(name)]:
        raise Refused(
            "SNS pushes to no phone in China. Nothing was changed. Deploy with "
            f"{' and '.join(pushes)}, which empties what was given (docs/china.md)."
        )


def check_city(
    template: Template, present: Mapping[str, Any] | None, allowed: Collection[str]
) -> None:
    """Raise Refused when the stack serves another city than the template, unless `allowed` has
    City.

    Only the city's name in its default language is compared: two cities of one name pass, and a
    city that changes its name is taken for another.
    """
    packaged = template.get("Outputs", {}).get(OUTPUT, {}).get("Value")
    served = outputs_of(present).get(OUTPUT, packaged)
    if served != packaged and OUTPUT not in allowed:
        raise Refused(
            f"This stage serves {served}, and what is packaged is for {packaged}. Name the folder "
            f"of its city: make deploy CITY=path. If you mean it: REPLACE={OUTPUT}"
        )


def check_shards(
    template: Template, present: Mapping[str, Any] | None, allowed: Collection[str]
) -> None:
    """Raise Refused when a category of the stack has fewer shards in the template, or is missing
    there, unless `allowed` has Shards: lists would leave out the reports in its other shards.
    """
    said, served = template.get("Outputs", {}).get(SHARDS), outputs_of(present)
    # A stack without outputs was never complete, and has no reports.
    if said is None or not served or SHARDS in allowed:
        return
    packaged = _read_shards(said["Value"])
    before = (
        _read_shards(served[SHARDS])
        if SHARDS in served
        else dict.fromkeys(packaged, _SHARDS_BEFORE)
    )
    fewer = [code for code, shards in before.items() if packaged.get(code, 0) < shards]
    if fewer:
        wanted = ", ".join(f"{code}: {before[code]}" for code in fewer)
        raise Refused(
            f"Reports of this stage are in more shards than its catalogue would read. Set `shards` "
            f"in its catalogue.json to at least these: {wanted}. If no report shall stay: "
            f"REPLACE={SHARDS}"
        )


def _read_shards(text: str) -> dict[str, int]:
    pairs = (each.partition("=") for each in text.split())
    return {code: int(count) for code, _, count in pairs}
