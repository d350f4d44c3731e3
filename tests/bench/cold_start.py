"""A sample of a cold start, in a fresh process that has loaded nothing else.

python -m tests.bench.cold_start import EVENT|first EVENT KEY|decode TYPE FILE|boto3     prints
seconds of the processor

`import` lasts until the request in the event needs AWS, outside Lambda, where nothing is made
ahead; `first` until its response; AWS answers at once, and KEY is the public half of its wrapping
key. What is packaged is found first on the interpreter's path, and its settings in the environment.
`decode` is from nothing to the answer for a file, its child included. `boto3` is the import
of boto3 and one client of DynamoDB.
"""

import json
import sys
from base64 import b64encode
from resource import RUSAGE_CHILDREN, getrusage
from time import process_time
from typing import Any


class _AwsNeeded(BaseException):
    """No `except Exception` on the way swallows it."""


class _Alarm:
    """Goes off when anything asks for the SDK to make a client with."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name in ("boto3", "botocore.session", "botocore.config"):
            raise _AwsNeeded


def _import(event: dict[str, Any]) -> float:
    sys.meta_path.insert(0, _Alarm())
    began = process_time()
    try:
        from app import app

        app(event, None)
    except _AwsNeeded:
        return process_time() - began
    raise AssertionError("the request has succeeded without AWS")


def _first(event: dict[str, Any], public_key: str) -> float:
    began = process_time()
    from chalicelib import wiring

    # The first version has its clients from a session of boto3.
    events = (
        wiring.aws_events() if hasattr(wiring, "aws_events") else vars(wiring)["_session"]().events
    )
    # Only now, because it loads parts of boto3.
    from tests.bench import simulated

    simulated.Cloud(wrapping_key=simulated.WrappingKey(public_key)).serve(events)
    # After that, because an app on Lambda makes clients while it is imported.
    from app import app

    reply = app(event, None)
    took = process_time() - began
    assert reply["statusCode"] == 201, reply
    return took


def _decode(content_type: str, file: str) -> float:
    began = process_time()
    with open(file, "rb") as opened:
        data = opened.read()
    from chalicelib.handlers.media.decoding import decode

    order = {"content_type": content_type, "size": len(data), "boxes": []}
    answer = decode({**order, "data": b64encode(data).decode()}, None)
    took = process_time() - began
    assert "files" in answer, answer
    used = getrusage(RUSAGE_CHILDREN)
    return took + used.ru_utime + used.ru_stime


def _boto3() -> float:
    began = process_time()
    import boto3

    boto3.session.Session(region_name="us-east-1").client("dynamodb")
    return process_time() - began


if __name__ == "__main__":
    what, *given = sys.argv[1:]
    match what:
        case "import":
            print(_import(json.loads(given[0])))
        case "first":
            print(_first(json.loads(given[0]), given[1]))
        case "decode":
            print(_decode(*given))
        case "boto3":
            print(_boto3())
