"""The calls that the web clients were seen to make (calls.json), for the life of a report.

A test in a browser plays the visits and compares (tests/cost/test_calls.py). When it fails, the
clients ask something else, and the cost is another. Look at what is new; then

    make cost SEE=1

writes the file anew, and docs/cost.md by it.
"""

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple, Self
from urllib.parse import parse_qsl, urlsplit

from chalicelib.http import index
from chalicelib.http.openapi import written

FILE = Path(__file__).with_name("calls.json")


class Call(NamedTuple):
    """A call: its route, and the names of what is in its query."""

    method: str
    route: str
    query: tuple[str, ...] = ()

    @classmethod
    def of(cls, method: str, url: str) -> Self | None:
        """Return a call by its address; None for what is no route of the API."""
        parts = urlsplit(url)
        found = (
            route.path
            for route in sorted(index.routes(), key=lambda each: each.path.count("{"))
            if route.method == method and _pattern(route.path).fullmatch(parts.path)
        )
        route = next(found, None)
        query = sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)})
        return cls(method, route, tuple(query)) if route else None

    @classmethod
    def read(cls, text: str) -> Self:
        method, _, address = text.partition(" ")
        route, _, query = address.partition("?")
        return cls(method, route, tuple(filter(None, query.split("&"))))

    def written(self) -> str:
        query = f"?{'&'.join(self.query)}" if self.query else ""
        return f"{self.method} {self.route}{query}"


class Act(NamedTuple):
    """What a person does at a screen, and what the client asks because of it."""

    does: str
    calls: tuple[Call, ...]


type Visit = tuple[Act, ...]


class Seen(NamedTuple):
    """`session`: what a console asks once, for a session of officers. `visits`: what it asks for
    one report, each time that officers turn to it. `reporter`: what a reporter's page asks.
    """

    session: Visit
    visits: tuple[Visit, ...]
    reporter: Visit

    def written(self) -> str:
        """Return the content of the file."""
        return written(
            {
                "session": _written(self.session),
                "visits": [_written(visit) for visit in self.visits],
                "reporter": _written(self.reporter),
            }
        )


@cache
def seen() -> Seen:
    """Return what was seen last."""
    content = json.loads(FILE.read_text(encoding="utf-8"))
    return Seen(
        _read(content["session"]), tuple(map(_read, content["visits"])), _read(content["reporter"])
    )


def _written(visit: Visit) -> list[dict[str, object]]:
    return [{"does": act.does, "asks": [call.written() for call in act.calls]} for act in visit]


def _read(visit: Iterable[dict[str, list[str]]]) -> Visit:
    return tuple(Act(str(act["does"]), tuple(map(Call.read, act["asks"]))) for act in visit)


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
