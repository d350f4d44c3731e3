"""`decode` on Lambda, called for one file and waited for.

With tenants, Lambda gives the files of one owner environments that open no other owner's
(AWS Lambda Developer Guide, "Tenant isolation"). The tenant's id is a hash of the owner's id under
a key that only this process has: Lambda writes it into logs, where no report may be named.
"""

import base64
import hmac
import json
import os
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.aws_errors import code_of, unavailable
from chalicelib.errors import Unavailable
from chalicelib.media.decoding import File, TooMany, Undecided, Unproved, log_undecided, parse
from chalicelib.media_decoding.decoders import Order

WAIT_S = 27
"""How long a call is waited for, in seconds: longer than the function may run."""

# Lambda's codes for "not now" (AWS Lambda API Reference, "Invoke").
_TOO_MANY = ("TooManyRequests", "EC2Throttled", "ENILimitReached")
# Lambda's types of the errors that code in a function can cause without raising one: it was ended
# after its time, or ended itself (AWS Lambda Developer Guide, "Troubleshoot execution issues").
_NOT_RAISED = ("Sandbox.Timedout", "Runtime.ExitError", None)
_TENANT = "TenantId"


class DecodeFunction:
    """Sends files to the function `name`. `client` must not repeat a call: each is one attempt."""

    def __init__(self, client: Any, name: str, *, tenants: bool) -> None:
        self._client, self._name, self._tenants = client, name, tenants
        self._key = os.urandom(32)
        # The boto3 of Lambda's runtime may not know the parameter yet.
        client.meta.events.register("provide-client-params.lambda.Invoke", _take_tenant)
        client.meta.events.register("before-call.lambda.Invoke", _send_tenant)

    def __call__(self, order: Order, file: File) -> str:
        """Return the answer. Raises Undecided, and Unavailable when Lambda cannot be reached."""
        event: dict[str, Any] = order._asdict()
        if file.address:
            event["address"] = file.address()
        else:
            event["data"] = base64.b64encode(file.read(0, file.size)).decode()
        tenant = {_TENANT: self._tenant(file.owner_id)} if self._tenants else {}
        try:
            with unavailable(*_TOO_MANY):
                response: Any = self._client.invoke(
                    FunctionName=self._name, Payload=json.dumps(event).encode(), **tenant
                )
                returned = parse(str(response["Payload"].read(), "utf-8"))
        except ClientError as error:
            raise TooMany(code_of(error)) from None
        except Unavailable as error:
            if isinstance(error.__cause__, ReadTimeoutError):
                raise Unproved("the function took too long") from None
            raise
        except ValueError:
            raise Undecided("the function returned no JSON") from None
        if response.get("FunctionError"):
            kind = returned.get("errorType") if isinstance(returned, dict) else ""
            log_undecided(kind)
            raise (Unproved if kind in _NOT_RAISED else Undecided)("the function failed")
        if not isinstance(returned, str):
            raise Undecided("the function returned no text")
        return returned

    def _tenant(self, owner_id: str) -> str:
        return hmac.digest(self._key, owner_id.encode(), "sha256")[:16].hex()


def _take_tenant(params: dict[str, Any], context: dict[str, Any], **_: Any) -> dict[str, Any]:
    context[_TENANT] = params.get(_TENANT)
    return {name: value for name, value in params.items() if name != _TENANT}


def _send_tenant(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    if context.get(_TENANT):
        params["headers"]["X-Amz-Tenant-Id"] = context[_TENANT]
