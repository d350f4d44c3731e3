"""A function of the app, called as Lambda calls it."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from chalice.local import LambdaContext

type Function = Callable[[Mapping[str, Any], LambdaContext], Any]


def function_at(path: str) -> Function:
    """Return the function at `package.module.name`, imported when first called, as a cold start
    would.
    """

    def call(event: Mapping[str, Any], context: LambdaContext) -> Any:
        module, _, name = path.rpartition(".")
        return getattr(importlib.import_module(module), name)(event, context)

    return call


def new_context() -> LambdaContext:
    """Return the second argument of a call."""
    return LambdaContext(function_name="local", memory_size=512, max_runtime_ms=60_000)


def failures_of(returned: Any) -> set[str]:
    """Return the identifiers that a function reports as failed
    (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).

    Raises AttributeError, KeyError or TypeError for what is no such report.
    """
    return {
        failure["itemIdentifier"] for failure in (returned or {}).get("batchItemFailures") or []
    }
