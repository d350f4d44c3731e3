"""Tenant isolation of functions (`TenancyConfig`), which ministack stores and does not keep.

Each function has the name of its entry in tests/rehearsal/emulator_gaps.toml. AWS's rules are in
the Lambda developer guide, "Tenant isolation", and the pages below it.
"""

import os
import re
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

# A function may have 2,500 environments for each 1,000 executions at once, idle ones counted.
_ENVIRONMENTS = 2.5
_EXECUTIONS = 1000  # of a function that reserves none
_TENANT: ContextVar[str] = ContextVar("tenant", default="")


def apply() -> None:
    tenancy_of_templates()
    tenants_of_functions()
    callers_of_isolated_functions()


def tenancy_of_templates() -> None:
    """Let CloudFormation make a function with tenant isolation; in an account that is not enabled
    for it, let nobody.
    """
    from ministack.services import lambda_svc
    from ministack.services.cloudformation import provisioners

    create = provisioners._lambda_create

    def reason(data: dict[str, Any]) -> str:
        if "TenancyConfig" not in data or os.environ["REHEARSAL_TENANCY"] == "on":
            return ""
        region = os.environ["REHEARSAL_REGION"]
        return f"Tenancy configuration is not supported for this account in the {region} Region."

    def created(logical_id: str, props: dict[str, Any], stack: str) -> Any:
        if refused := reason(props):
            raise ValueError(refused)
        name, attributes = create(logical_id, props, stack)
        if "TenancyConfig" in props:
            lambda_svc._functions[name]["config"]["TenancyConfig"] = props["TenancyConfig"]
        return name, attributes

    provisioners._lambda_create = created
    provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]["create"] = created
    _refuse("_create_function", reason)


def tenants_of_functions() -> None:
    """Give each tenant of a function processes of its own, and refuse a call without a tenant."""
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    acquire, invoke = lambda_svc.acquire_worker, lambda_svc._invoke

    async def invoked(name: str, event: Any, headers: dict[str, str], *given: Any) -> Any:
        tenant = headers.get("x-amz-tenant-id", "")
        if name in lambda_svc._functions:
            if _is_isolated(name) != bool(tenant):
                wrong = "has no tenant isolation" if tenant else "needs a tenant ID"
                return lambda_svc._invalid_parameter_value(f"The invoked function {wrong}.")
            if tenant and not re.fullmatch(r"[a-zA-Z0-9._:/=+\-@ ]{1,256}", tenant):
                return lambda_svc._invalid_parameter_value("The tenant ID is not valid.")
        _TENANT.set(tenant)
        return await invoke(name, event, headers, *given)

    def acquired(
        name: str, config: dict[str, Any], code: bytes, qualifier: str = "$LATEST"
    ) -> tuple[Any, str]:
        if "TenancyConfig" not in config:
            worker, how = acquire(name, config, code, qualifier=qualifier)
            return worker, str(how)
        tenant = _TENANT.get()
        if not tenant:
            raise RuntimeError(f"{name} was called by a service, which has no tenant ID")
        most = int((lambda_svc._functions[name]["concurrency"] or _EXECUTIONS) * _ENVIRONMENTS)
        key = lambda_runtime._worker_key(name, config, qualifier)
        with lambda_runtime._lock:
            # One pool for all tenants, so that their processes end with the function.
            pool = lambda_runtime._workers.setdefault(key, [])
            free = [each for each in pool if each.tenant == tenant and not each.in_use]
            if not free and len(pool) >= most:
                return None, "func_cap"  # ministack answers TooManyRequestsException
            worker = free[0] if free else lambda_runtime.Worker(name, config, code)
            worker.tenant, worker.in_use, worker.last_used = tenant, True, time.time()
            pool += [] if free else [worker]
        return worker, "reused" if free else "spawn"

    lambda_svc._invoke, lambda_svc.acquire_worker = invoked, acquired


def callers_of_isolated_functions() -> None:
    """Refuse an event source, a URL and provisioned concurrency for a function with tenant
    isolation.
    """
    from ministack.services.cloudformation import provisioners

    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::EventSourceMapping"]
    create = handlers["create"]

    def reason(name: str, *_: Any) -> str:
        return "A function with tenant isolation cannot have this." if _is_isolated(name) else ""

    def created(logical_id: str, props: dict[str, Any], stack: str) -> Any:
        if refused := reason(props["FunctionName"]):
            raise ValueError(refused)
        return create(logical_id, props, stack)

    handlers["create"] = created
    _refuse("_create_esm", lambda data: reason(data["FunctionName"]))
    _refuse("_create_function_url_config", reason)
    _refuse("_put_provisioned_concurrency", reason)


def _is_isolated(function: str) -> bool:
    from ministack.services import lambda_svc

    known = lambda_svc._functions.get(lambda_svc._resolve_name(function))
    return known is not None and "TenancyConfig" in known["config"]


def _refuse(call: str, reason: Callable[..., str]) -> None:
    """Let a call of Lambda fail with InvalidParameterValueException where there is a reason."""
    from ministack.services import lambda_svc

    carry_out = getattr(lambda_svc, call)

    def called(*given: Any) -> Any:
        refused = reason(*given)
        return lambda_svc._invalid_parameter_value(refused) if refused else carry_out(*given)

    setattr(lambda_svc, call, called)
