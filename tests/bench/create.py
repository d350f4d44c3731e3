"""A whole `POST /v1/reports` through Chalice against the bare `put_item` in it. AWS answers at
once, so what is measured is ours.

python -m tests.bench.create full|bare|table     prints seconds a call
"""

import json
import sys
from time import process_time
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer

from chalicelib import wiring
from tests.bench import rows as table
from tests.bench import simulated

MODULE = "tests.bench.create"
_CALLS, _WARM = 300, 30
_BODY = {
    "category": "missing_elderly",
    "text": "An old man in a blue coat, alone at the bus stop, cannot say where he lives. " * 5,
    "occurred_at": "2026-11-24T08:30:00+08:00",
    "location": {"lat": 39.92, "lon": 116.44, "datum": "gcj02", "accuracy_m": 20},
    "details": {"age": 81, "sex": "male", "dementia": "yes"},
}


def rows(rounds: int = table.ROUNDS) -> list[table.Row]:
    taken = [
        {how: table.sample(MODULE, how) for how in ("full", "bare", "table")} for _ in range(rounds)
    ]
    what = "POST /v1/reports through Chalice: time"
    return [
        table.row(
            what,
            "a bare put_item of the same item, packed before",
            [each["full"] / each["bare"] for each in taken],
            at_most=1.5,
        ),
        table.row(
            what,
            "put_item of boto3's Table, which packs it",
            [each["full"] / each["table"] for each in taken],
            at_most=1.5,
        ),
    ]


def event(**more: Any) -> dict[str, Any]:
    """As API Gateway sends it."""
    headers = {
        "content-type": "application/json",
        "idempotency-key": "3f0c2a9e-5f4e-4a34-9d0b-9a3a4c1f7e55",
        "accept-language": "zh-CN",
    }
    return {
        "requestContext": {
            "httpMethod": "POST",
            "resourcePath": "/v1/reports",
            "requestId": "r",
            "identity": {},
            "path": "/v1/reports",
        },
        "resource": "/v1/reports",
        "path": "/v1/reports",
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "pathParameters": None,
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "body": json.dumps(_BODY | more),
        "isBase64Encoded": False,
    }


def _measure(how: str) -> float:
    simulated.set_environment()
    simulated.Cloud().serve(wiring._session().events)
    from app import app

    put: list[dict[str, Any]] = []
    wiring.dynamodb().meta.events.register(
        "provide-client-params.dynamodb.PutItem", lambda params, **_: put.append(params)
    )
    sent = event()
    assert app(sent, None)["statusCode"] == 201
    wiring.dynamodb().meta.events.unregister("provide-client-params.dynamodb.PutItem")
    # As boto3 is by itself: what we leave out of a call is ours.
    session, (arguments,) = boto3.session.Session(), put
    simulated.Cloud().serve(session.events)
    client, resource = (
        session.client("dynamodb"),
        session.resource("dynamodb").Table(arguments["TableName"]),
    )
    plain = {
        name: TypeDeserializer().deserialize(value) for name, value in arguments["Item"].items()
    }
    rest = {name: value for name, value in arguments.items() if name not in ("TableName", "Item")}

    def full() -> Any:
        return app(sent, None)

    def bare() -> Any:
        return client.put_item(**arguments)

    def through_table() -> Any:
        return resource.put_item(Item=plain, **rest)

    call = {"full": full, "bare": bare, "table": through_table}[how]
    for _ in range(_WARM):
        call()
    began = process_time()
    for _ in range(_CALLS):
        call()
    return (process_time() - began) / _CALLS


if __name__ == "__main__":
    print(_measure(sys.argv[1]))
