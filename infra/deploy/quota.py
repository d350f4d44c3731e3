"""The account's Lambda concurrency, before a stack reserves some of it."""

from collections.abc import Mapping
from typing import Any

from infra.deploy.packaged import Template
from infra.stage.faults import Refused

PARAMETER = "ReservedConcurrency"
LEFT_TO_OTHERS = 100  # Lambda keeps as many for functions that reserve none


def check_concurrency(
    template: Template, given: Mapping[str, str], present: Mapping[str, Any] | None, awslambda: Any
) -> None:
    """Raise Refused when the account has too little concurrency for what would be reserved."""
    value = int(given.get(PARAMETER) or 0)
    if not value:
        return
    functions = [
        name
        for name, resource in template["Resources"].items()
        if PARAMETER in str(resource.get("Properties", {}).get("ReservedConcurrentExecutions", ""))
    ]
    wanted = value * len(functions)
    limits = awslambda.get_account_settings()["AccountLimit"]
    free = limits["UnreservedConcurrentExecutions"] - LEFT_TO_OTHERS
    free += _reserved_before(present) * len(functions)
    if wanted > free:
        raise Refused(
            f"RESERVED_CONCURRENCY={value} needs {wanted} of Lambda's concurrent executions, and "
            f"{max(free, 0)} can be reserved: the account has {limits['ConcurrentExecutions']}, "
            f"and Lambda keeps {LEFT_TO_OTHERS} for the rest. Choose less, or ask AWS for more: "
            "Service Quotas, AWS Lambda, Concurrent executions."
        )


def _reserved_before(present: Mapping[str, Any] | None) -> int:
    for parameter in (present or {}).get("Parameters", []):
        if parameter["ParameterKey"] == PARAMETER:
            return int(parameter.get("ParameterValue") or 0)
    return 0
