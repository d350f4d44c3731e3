"""Whole requests through Chalice against the bare calls of AWS in them. AWS answers at once, so
what is measured is ours.

python -m tests.bench.requests create|open|read|list    prints seconds a request, as JSON

`full` is the request, `bare` the same calls by boto3 as it is by itself, with arguments that were
packed before. The sides take turns in blocks of some milliseconds: a neighbour on the same
processor, who comes and goes within seconds, then slows down both.
"""

import json
import sys
from collections.abc import Callable, Mapping
from statistics import median
from time import process_time
from types import MappingProxyType
from typing import Any, NamedTuple

import boto3
from botocore import xform_name

from chalicelib import wiring
from chalicelib.domain.officers.model import Officer
from tests import events
from tests.bench import rows as table
from tests.bench import simulated

MODULE = "tests.bench.requests"
_BLOCKS, _CALLS, _WARM = 30, 10, 30
_LISTED = 1_000
_BODY = {
    "category": "missing_elderly",
    "text": "An old man in a blue coat, alone at the bus stop, cannot say where he lives. " * 5,
    "occurred_at": "2026-11-24T08:30:00+08:00",
    "location": {"lat": 39.92, "lon": 116.44, "datum": "gcj02", "accuracy_m": 20},
    "details": {"age": 81, "sex": "male", "dementia": "yes"},
}
_BUDGETS = {
    "create": ("POST /v1/reports", 2.8),
    "open": ("an officer opens a report with one message", 1.3),
    "read": ("the reporter reads a report with one message", 1.6),
    "list": ("an officer lists 50 of all reports, with thumbnails", 2.0),
}

type Event = dict[str, Any]


def rows(rounds: int = table.ROUNDS) -> list[table.Row]:
    found = []
    for request, (what, at_most) in _BUDGETS.items():
        taken = [table.samples(MODULE, request) for _ in range(rounds)]
        ratios = [each["full"] / each["bare"] for each in taken]
        against = (
            "a bare put_item of the same item, packed before"
            if request == "create"
            else "its bare calls of AWS"
        )
        row = table.row(f"{what}, through Chalice: time", against, ratios, at_most=at_most)
        found.append(row)
    return found


def _event(
    method: str,
    route: str,
    body: Any = None,
    *,
    headers: Mapping[str, str] = MappingProxyType({}),
    query: Mapping[str, list[str]] = MappingProxyType({}),
    officer: str | None = None,
    **parameters: str,
) -> Event:
    typed = {} if body is None else {"content-type": "application/json"}
    return events.api_request(
        method,
        route,
        route.format(**parameters),
        headers={"accept-language": "zh-CN", **headers, **typed},
        query=query,
        parameters=parameters,
        content=None if body is None else json.dumps(body).encode(),
        request_id="r",
        officer=officer,
    )


def create_event(body: Any = _BODY) -> Event:
    key = {"idempotency-key": "3f0c2a9e-5f4e-4a34-9d0b-9a3a4c1f7e55"}
    return _event("POST", "/v1/reports", body, headers=key)


def open_event(report_id: str) -> Event:
    """An officer opens a report."""
    route = "/v1/officer/reports/{report_id}"
    return _event("GET", route, officer="wang", report_id=report_id)


class _Called(NamedTuple):
    """A call of AWS: `("dynamodb", "put_item", {…})`."""

    service: str
    method: str
    arguments: dict[str, Any]


class _Recorder:
    """Records calls of the clients that a session makes from now on."""

    def __init__(self, events: Any) -> None:
        self._calls: list[_Called] | None = None
        events.register_first("provide-client-params", self._record)

    def calls_of(self, act: Callable[[], Any]) -> list[_Called]:
        self._calls = []
        act()
        calls, self._calls = self._calls, None
        return calls

    def _record(self, params: dict[str, Any], model: Any, context: Any, **_: Any) -> None:
        # An address that is signed is no call.
        if self._calls is not None and not context.get("is_presign_request"):
            service = model.service_model.service_name
            self._calls.append(_Called(service, xform_name(model.name), dict(params)))


def _measure(request: str) -> dict[str, float]:
    simulated.set_environment()
    cloud = simulated.Cloud(_LISTED if request == "list" else 0)
    cloud.serve(wiring.aws_events())
    recorder = _Recorder(wiring.aws_events())
    # Imported only now: it must find the simulated cloud's settings.
    from app import app

    sent = _prepared(request, app)
    app(sent, None)  # what is kept from then on is no part of a request: secrets, the catalogue
    calls = recorder.calls_of(lambda: app(sent, None))
    sides: dict[str, Callable[[], Any]] = {
        "full": lambda: app(sent, None),
        "bare": _bare(calls, cloud),
    }
    for act in sides.values():
        for _ in range(_WARM):
            act()
    blocks = [{side: _seconds(act) for side, act in sides.items()} for _ in range(_BLOCKS)]
    return {side: median(each[side] for each in blocks) for side in sides}


def _seconds(act: Callable[[], Any]) -> float:
    began = process_time()
    for _ in range(_CALLS):
        act()
    return (process_time() - began) / _CALLS


def _prepared(request: str, app: Any) -> Event:
    """Return the event of a request that succeeds."""
    created = app(create_event(), None)
    assert created["statusCode"] == 201, created
    if request == "create":
        return create_event()
    filed = json.loads(created["body"])
    mine: Any = {
        "headers": {"authorization": f"Receipt {filed['receipt']}"},
        "report_id": filed["id"],
    }
    said = {"text": "He has sat down now, and a neighbour has brought him tea."}
    written = app(_event("POST", "/v1/reports/{report_id}/messages", said, **mine), None)
    assert written["statusCode"] == 201, written
    add_officer()
    if request == "list":
        return _list_event(app)
    read = _event("GET", "/v1/reports/{report_id}", **mine)
    sent = open_event(filed["id"]) if request == "open" else read
    shown = app(sent, None)
    assert shown["statusCode"] == 200, shown
    assert len(json.loads(shown["body"])["messages"]) == 1
    return sent


def add_officer() -> None:
    """Store the officer of the events, who may see everything."""
    wiring.officers().put(Officer(username="wang", categories=("*",), districts=("*",)))


def _list_event(app: Any) -> Event:
    """Return the event of a whole page with a picture in each row: all that an officer may see."""
    sent = _event("GET", "/v1/officer/reports", officer="wang", query={"limit": ["50"]})
    items = json.loads(app(sent, None)["body"])["items"]
    assert len([each for each in items if each["thumbnail_url"]]) == 50
    return sent


def _bare(calls: list[_Called], cloud: simulated.Cloud) -> Callable[[], Any]:
    """The same calls by clients as boto3 makes them: what we leave out of a call is ours."""
    session: Any = boto3.session.Session()
    cloud.serve(session.events)
    clients = {called.service: session.client(called.service) for called in calls}
    bound = [(getattr(clients[service], method), sent) for service, method, sent in calls]

    def act() -> None:
        for call, arguments in bound:
            call(**arguments)

    return act


if __name__ == "__main__":
    print(json.dumps(_measure(*sys.argv[1:])))
