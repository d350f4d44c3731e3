"""What Lambda has in an account and region, before a stack asks for it: concurrency to reserve, and
tenant isolation.
"""

from collections.abc import Mapping
from typing import Any

from infra.stage.faults import Refused

# What is reserved for a function of the template, and the variable of make that sets it.
PARAMETERS = {
    "ReservedConcurrency": "RESERVED_CONCURRENCY",
    "OfficerReservedConcurrency": "OFFICER_RESERVED_CONCURRENCY",
    "DecodeReservedConcurrency": "DECODE_RESERVED_CONCURRENCY",
    "DecodeCriticalReservedConcurrency": "DECODE_CRITICAL_RESERVED_CONCURRENCY",
}
LEFT_TO_OTHERS = 100  # Lambda keeps as many for functions that reserve none
# AWS names all its commercial regions but Asia Pacific (New Zealand) (Lambda developer guide,
# "Tenant isolation"). China and GovCloud are partitions of their own, and have none.
WITHOUT_TENANT_ISOLATION = ("ap-southeast-6",)
SHARED = "DECODER_ISOLATION=shared (docs/security.md says what protects files from each other then)"


def check_concurrency(
    given: Mapping[str, str], present: Mapping[str, Any] | None, awslambda: Any
) -> None:
    """Raise Refused when the account has too little concurrency for what would be reserved.

    `given` are the parameters of this deployment, `present` is the stack as it is, if there is one.
    A parameter that is not given keeps its value.
    """
    before = _reserved_before(present)
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


def _reserved_before(present: Mapping[str, Any] | None) -> dict[str, int]:
    kept = {
        each["ParameterKey"]: each.get("ParameterValue")
        for each in (present or {}).get("Parameters", [])
    }
    return {name: int(kept.get(name) or 0) for name in PARAMETERS}


def check_isolation(given: Mapping[str, str], region: str, partition: str) -> None:
    """Raise Refused when the decoder is to have tenant isolation in a region without it."""
    if given.get("DecoderIsolation") != "tenant":
        return
    if partition != "aws" or region in WITHOUT_TENANT_ISOLATION:
        raise Refused(
            f"DECODER_ISOLATION=tenant: Lambda has no tenant isolation in {region}. Nothing was "
            f"changed. Deploy to another region, or with {SHARED}."
        )
