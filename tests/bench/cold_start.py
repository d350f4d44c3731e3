"""A sample of a cold start, in a fresh process that has loaded nothing else.

python -m tests.bench.cold_start first FILE|decode TYPE FILE|boto3     prints processor seconds
python -m tests.bench.cold_start prepare     prints what `first` needs, as JSON by function

`first` is from nothing to the first response to an event, on Lambda: AWS answers at once. What is
packaged is found first on the interpreter's path, and its settings in the environment. FILE has the
event and what is in the cloud. `decode` is from nothing to the answer for a file, its child
included. `boto3` is the import of boto3 and one client of DynamoDB.
"""

import json
import sys
from base64 import b64encode
from resource import RUSAGE_CHILDREN, getrusage
from time import process_time
from typing import Any

_BODY = {"category": "other", "text": "A door stands open."}


def _prepare() -> dict[str, Any]:
    """Return the first event of each function, and what the cloud must have for it."""
    from chalicelib import wiring
    from tests.bench import requests, simulated

    simulated.set_environment()
    created = requests.create_event(_BODY)
    empty, cloud = simulated.Cloud(), simulated.Cloud()
    cloud.serve(wiring.aws_events())
    from app import app

    opened = requests.open_event(json.loads(app(created, None)["body"])["id"])
    requests.add_officer()
    assert app(opened, None)["statusCode"] == 200
    return {
        "residents": {"event": created, "cloud": empty.contents()},
        "officers": {"event": opened, "cloud": cloud.contents()},
    }


def _first(file: str) -> float:
    with open(file, encoding="utf-8") as opened:
        prepared = json.load(opened)
    began = process_time()
    from chalicelib import wiring

    events = wiring.aws_events()
    # Only now, because it loads parts of boto3. It is no part of a start.
    ready = process_time()
    from tests.bench import simulated

    simulated.Cloud.of_contents(prepared["cloud"]).serve(events)
    began += process_time() - ready
    # After that, because an app on Lambda makes clients while it is imported.
    from app import app

    reply = app(prepared["event"], None)
    took = process_time() - began
    assert reply["statusCode"] in (200, 201), reply
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
        case "prepare":
            print(json.dumps(_prepare()))
        case "first":
            print(_first(*given))
        case "decode":
            print(_decode(*given))
        case "boto3":
            print(_boto3())
