"""Events as AWS sends them, one file an event source, and those of the tests made from them.

What a file holds and where its shape is from: README.md beside this one.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def load(name: str) -> Any:
    """Return a copy of `<name>.json`, which the caller may change."""
    return json.loads(_text(name))


@cache
def _text(name: str) -> str:
    return (FOLDER / f"{name}.json").read_text(encoding="utf-8")


def api_request(
    method: str,
    route: str,
    path: str,
    *,
    headers: Mapping[str, str],
    query: Mapping[str, list[str]],
    parameters: Mapping[str, str] | None,
    content: bytes | None,
    request_id: str,
    officer: str | None = None,
) -> dict[str, Any]:
    """Create the event of one request. `route` is the resource's path, `officer` whom the
    authorizer admitted.
    """
    event: dict[str, Any] = load("api_request")
    context = event["requestContext"]
    if officer:
        ends = {"expires_at": "4102444800", "integrationLatency": 84}
        context["authorizer"] = {"principalId": officer, **ends}
    # Nothing of the file's own client stays: a test sends what it says, and no other header.
    context |= {
        "httpMethod": method,
        "resourcePath": route,
        "path": f"/{context['stage']}{path}",
        "requestId": request_id,
    }
    return event | {
        "httpMethod": method,
        "resource": route,
        "path": path,
        "headers": dict(headers),
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": dict(query) or None,
        "pathParameters": dict(parameters) if parameters else None,
        "body": base64.b64encode(content).decode() if content is not None else None,
        "isBase64Encoded": content is not None,
    }


def officer_request(officer: str = "wang") -> dict[str, Any]:
    """Create the event of a request behind the authorizer: a list of reports."""
    path, query = "/v1/officer/reports", {"status": ["new"], "limit": ["20"]}
    headers = {"Authorization": "Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln"}
    return api_request(
        "GET",
        path,
        path,
        headers=headers,
        query=query,
        parameters=None,
        content=None,
        request_id="4f5a7c1e-2f0b-4d7e-9b53-7d0f7f1c2b44",
        officer=officer,
    )


def authorizer_token(authorization: str | None) -> dict[str, Any]:
    """Create what an authorizer of kind TOKEN is asked."""
    return dict(load("authorizer_token")) | {"authorizationToken": authorization}


def object_created(bucket: str, key: str, version_id: str | None, **detail: Any) -> str:
    """Create a message's body: "Object Created", after our InputTransformer."""
    event = json.loads(load("sqs_object_created")["Records"][0]["body"])
    event["detail"]["bucket"]["name"] = bucket
    event["detail"]["object"] |= {"key": key, "version-id": version_id} | detail
    return json.dumps(event)


def queue_record(body: str, message_id: str) -> dict[str, Any]:
    """Create one record of an SQS batch."""
    [record] = load("sqs_object_created")["Records"]
    md5 = hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()
    return dict(record) | {"messageId": message_id, "body": body, "md5OfBody": md5}


def queue_batch(*bodies: str) -> dict[str, Any]:
    """Create an SQS batch whose messages are named by their place, from "0"."""
    return {"Records": [queue_record(body, str(place)) for place, body in enumerate(bodies)]}


def reports_stream(
    keys: Iterable[tuple[str, str]],
    name: str = "INSERT",
    first: int = 0,
    image: Callable[[str, str], Mapping[str, Any]] | None = None,
) -> list[dict[str, Any]]:
    """Create records of the reports table's stream, numbered from `first`. It carries each item as
    it was written: `image` gives it by its key, else it is a new report's.
    """
    return [
        _stream_record(
            "stream_reports",
            name,
            str(number),
            {"pk": {"S": pk}, "sk": {"S": sk}},
            **({"NewImage": dict(image(pk, sk))} if image else {}),
        )
        for number, (pk, sk) in enumerate(keys, first)
    ]


def audit_stream(images: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Create records of the audit table's stream, which carries each item as it was written."""
    return [
        _stream_record(
            "stream_audit",
            "INSERT",
            f"{number:021}",
            {name: image[name] for name in ("pk", "sk")},
            NewImage=dict(image),
        )
        for number, image in enumerate(images, 1)
    ]


def _stream_record(
    file: str, name: str, number: str, keys: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    record: dict[str, Any] = next(
        record for record in load(file)["Records"] if record["eventName"] == name
    )
    record["eventID"] = number
    record["dynamodb"] |= {"SequenceNumber": number, "Keys": dict(keys)} | more
    return record
