"""The wire format: DynamoDB gets what boto3 would send, and callers get what it would return."""

import io
import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from chalicelib.store.wire_format import use_wire_format

_CREDENTIALS = Credentials("key", "secret", "session")
_KEY = {"pk": {"S": "REPORT#1"}, "sk": {"S": "HEAD"}}
# Each type that rows have, also as a member with the name of another type.
_ITEM = {
    **_KEY,
    "text": {"S": "他穿蓝色外套 \u2028 \U0001f6a8"},
    "sealed": {"B": b"\x00\xff\x01"},
    "count": {"N": "12.5"},
    "flag": {"BOOL": True},
    "nothing": {"NULL": True},
    "parts": {"L": [{"B": b"\x02"}, {"M": {"B": {"S": "b"}, "S": {"B": b""}}}]},
}
_CALLS: dict[str, dict[str, Any]] = {
    "get_item": {"TableName": "t", "Key": _KEY, "ConsistentRead": True},
    "put_item": {"TableName": "t", "Item": _ITEM, "ConditionExpression": "attribute_exists(pk)"},
    "query": {
        "TableName": "t",
        "KeyConditionExpression": "pk = :p",
        "ExpressionAttributeValues": {":p": {"B": b"\x00"}},
        "Limit": 50,
        "ScanIndexForward": False,
    },
    "batch_get_item": {"RequestItems": {"t": {"Keys": [_KEY], "ConsistentRead": True}}},
    "batch_write_item": {"RequestItems": {"t": [{"PutRequest": {"Item": _ITEM}}]}},
    "transact_write_items": {
        "TransactItems": [{"Put": {"TableName": "t", "Item": _ITEM}}],
        "ClientRequestToken": "token",
    },
}


class _Sent:
    """A client with one prepared response. `request` is what it has sent."""

    def __init__(self, response: str = "{}", status: int = 200, *, plain: bool = False) -> None:
        self.client = boto3.client(
            "dynamodb",
            region_name="us-east-1",
            aws_access_key_id=_CREDENTIALS.access_key,
            aws_secret_access_key=_CREDENTIALS.secret_key,
            aws_session_token=_CREDENTIALS.token,
            config=Config(parameter_validation=plain),
        )
        if not plain:
            use_wire_format(self.client)
        self._response, self._status = response.encode(), status
        events: Any = self.client.meta.events
        events.register("before-send.dynamodb", self._send)

    def call(self, operation: str) -> dict[str, Any]:
        call: Callable[..., dict[str, Any]] = getattr(self.client, operation)
        found = call(**_CALLS[operation])
        found.pop("ResponseMetadata")
        return found

    def _send(self, request: Any, **_: Any) -> AWSResponse:
        self.request = request
        raw = io.BytesIO(self._response)
        raw.stream = lambda **_: iter([self._response])  # type: ignore[attr-defined]
        return AWSResponse(request.url, self._status, HTTPHeaders(), raw)


@pytest.mark.parametrize("operation", _CALLS)
def test_the_request_is_the_one_that_boto3_sends(operation: str) -> None:
    ours, boto3s = _Sent(), _Sent(plain=True)
    ours.call(operation)
    boto3s.call(operation)
    assert json.loads(ours.request.body) == json.loads(boto3s.request.body)
    assert ours.request.url == boto3s.request.url
    for name in ("X-Amz-Target", "Content-Type"):
        assert ours.request.headers[name] == boto3s.request.headers[name]


def test_the_signature_and_the_length_are_those_of_the_body_that_is_sent() -> None:
    ours = _Sent()
    ours.call("put_item")
    sent = ours.request
    assert _as_text(sent.headers["Content-Length"]) == str(len(sent.body))
    signed = _as_text(sent.headers["Authorization"])
    names = signed.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    headers = {name: _as_text(sent.headers[name]) for name in names if name != "host"}
    again = AWSRequest("POST", sent.url, data=sent.body, headers=headers)
    again.context["timestamp"] = again.headers["x-amz-date"]
    signer = SigV4Auth(_CREDENTIALS, "dynamodb", "us-east-1")
    to_sign = signer.string_to_sign(again, signer.canonical_request(again))
    assert signed.endswith(f"Signature={signer.signature(to_sign, again)}")


def _as_text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()


@pytest.mark.parametrize("more", [{}, {"LastEvaluatedKey": _KEY, "Count": 1, "ScannedCount": 3}])
def test_the_result_is_the_one_that_boto3_returns(more: dict[str, Any]) -> None:
    response = json.dumps({"Items": [_in_base64(_ITEM)], **more})
    found = _Sent(response).call("query")
    assert found == _Sent(response, plain=True).call("query")
    assert found["Items"] == [_ITEM]


def test_an_error_is_the_one_that_boto3_raises() -> None:
    refused = {
        "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
        "message": "The conditional request failed",
        "Item": _in_base64(_ITEM),
    }
    with pytest.raises(ClientError) as raised:
        _Sent(json.dumps(refused), 400).call("put_item")
    assert raised.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
    assert raised.value.response["Item"] == _ITEM  # type: ignore[typeddict-item]


def test_a_response_that_was_cut_off_is_read_as_boto3_reads_it() -> None:
    cut = json.dumps({"Items": [_in_base64(_ITEM)]})[:-7]
    assert _Sent(cut).call("query") == _Sent(cut, plain=True).call("query")


def test_what_is_not_json_is_refused_before_anything_is_sent() -> None:
    ours = _Sent()
    with pytest.raises(TypeError, match="set"):
        ours.client.put_item(TableName="t", Item={"pk": {"SS": {"a"}}})
    assert not hasattr(ours, "request")


def _in_base64(value: Any) -> Any:
    """As DynamoDB sends it."""
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, list):
        return [_in_base64(part) for part in value]
    if isinstance(value, dict):
        return {name: _in_base64(part) for name, part in value.items()}
    return value
