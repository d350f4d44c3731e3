"""The load level, as an officer sets it."""

import json

from tests.load.reports import JSON
from tests.load.stack import Stack


def set_level(stack: Stack, level: int) -> None:
    """Set the level for an hour. Raises RuntimeError when it cannot be set, or is not in force."""
    body = json.dumps({"level": level, "minutes": 60, "reason": "exercise"}).encode()
    with stack.connect() as connection:
        answer = connection.send(
            "PUT", "/v1/officer/load-level", body, {**JSON, **stack.token("supervisor")}
        )
        shown = connection.send("GET", "/v1/health")
    if answer.status != 200 or shown.json.get("load_level") != level:
        raise RuntimeError(f"the load level could not be set: {answer.status}, {shown.body!r}")
