"""Examples of bodies and responses, from `handlers/examples/`, one file for each tag.

    {"create_report": {"request": {…}, "response": {…}}, …}

The response is shown for every successful status that has a body.

They are of the default city. The document of another one has none, because a wrong emergency number
is worse than no example.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.domain.city import DEFAULT_FOLDER, FOLDER

EXAMPLES = Path(__file__).parents[1] / "examples"


@cache
def request_examples() -> dict[str, Any]:
    """Return the examples of bodies, by operation."""
    return _examples("request")


@cache
def response_examples() -> dict[str, Any]:
    """Return the examples of responses, by operation."""
    return _examples("response")


def _examples(kind: str) -> dict[str, Any]:
    if FOLDER != DEFAULT_FOLDER:
        return {}
    return {
        operation: shown[kind]
        for path in sorted(EXAMPLES.glob("*.json"))
        for operation, shown in json.loads(path.read_text(encoding="utf-8")).items()
        if kind in shown
    }
