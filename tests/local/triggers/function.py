"""A function that triggers call in tests."""

from collections.abc import Mapping
from typing import Any

from chalice.local import LambdaContext


class Function:
    """Stands where a Lambda function does, and remembers what it was called with."""

    def __init__(self, response: Any = None) -> None:
        self.response = response
        self.calls: list[list[Any]] = []

    def __call__(self, event: Mapping[str, Any]) -> Any:
        records = list(event.get("Records", [event]))
        self.calls.append(records)
        return self.response(records) if callable(self.response) else self.response


CONTEXTS: list[LambdaContext] = []


def remember(event: Mapping[str, Any], context: LambdaContext) -> None:
    """Stand where a function of the app does, and remember its context."""
    CONTEXTS.append(context)


def fail(*_: object) -> None:
    raise RuntimeError("a fault")
