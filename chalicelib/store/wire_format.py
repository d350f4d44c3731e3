"""DynamoDB's JSON of a request and of a response, written and read in one go.

Rows are packed as DynamoDB's JSON already (`attributes`). botocore would still walk through each
attribute value by its model, in both directions, which takes more time than the rest of a call. So
the arguments of a call become the body of its request as they are, and the body of a response
becomes the result. All else stays botocore's: endpoint, signature, sending, and errors.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_BODY = "tipline_body"


def use_wire_format(client: "DynamoDBClient") -> None:
    """Let a client of DynamoDB write and read bodies as they are, from now on.

    It must not validate parameters, because it sees none.
    """
    events: Any = client.meta.events
    events.register("provide-client-params.dynamodb", _keep_body)
    events.register("before-call.dynamodb", _put_body)
    events.register("before-parse.dynamodb", _read_body)


def _keep_body(params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Write the body, and leave botocore no arguments to serialise.

    Of a batch it needs the names of the tables, to choose the endpoint.
    """
    context[_BODY] = _ENCODER.encode(params).encode()
    tables = params.get("RequestItems", ())
    return {"RequestItems": {table: {} for table in tables}} if tables else {}


def _put_body(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    params["body"] = context[_BODY]


def _read_body(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any
) -> None:
    """Read the response to a call that has succeeded. botocore adds what it finds to the result."""
    if response_dict["status_code"] != 200:
        return
    try:
        result = json.loads(response_dict["body"], object_hook=_read_binary)
    except ValueError:
        return  # cut off on the way: botocore compares the checksum, and names the fault
    customized_response_dict.update(result)
    response_dict["body"] = b"{}"


def _read_binary(value: dict[str, Any]) -> dict[str, Any]:
    """Return an attribute value `B` with its bytes, and all else unchanged.

    A member `B` of a map is a dict, never a str.
    """
    binary = value.get("B")
    return {"B": b64decode(binary)} if isinstance(binary, str) else value


def _as_text(value: bytes) -> str:
    if not isinstance(value, bytes):
        raise TypeError(f"not JSON: {type(value).__name__}")
    return b64encode(value).decode()


_ENCODER = json.JSONEncoder(separators=(",", ":"), check_circular=False, default=_as_text)
