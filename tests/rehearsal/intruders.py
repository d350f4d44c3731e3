"""Hostile code in the place of a function: it has the function's role, and makes the
calls of a test.

What IAM denies it fails no test (`nothing_denied` in conftest.py).
"""

import base64
import io
import json
import secrets
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.rehearsal.stage import Stage

NAME = "intruder"
REFUSED = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
CODE = """
import base64
import boto3
from botocore.exceptions import ClientError

def handler(event, context):
    values = {name: base64.b64decode(value) for name, value in event["blobs"].items()}
    try:
        found = getattr(boto3.client(event["service"]), event["call"])(**event["values"], **values)
    except ClientError as error:
        return {"code": error.response["Error"]["Code"]}
    return {"code": "", "plaintext": base64.b64encode(found.get("Plaintext", b"")).decode()}
"""


@dataclass(frozen=True)
class Attempt:
    """A call of AWS, with its parameters as botocore names them."""

    service: str
    call: str
    values: Mapping[str, Any]


class Intruder:
    """Code that has the role of one of the stage's functions."""

    def __init__(self, stage: Stage, function: str) -> None:
        self._functions, self._name = stage.client("lambda"), f"{NAME}-{secrets.token_hex(4)}"
        like = self._functions.get_function_configuration(FunctionName=stage.function(function))
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as content:
            content.writestr("intruder.py", CODE)
        self._functions.create_function(
            FunctionName=self._name,
            Runtime=like["Runtime"],
            Architectures=like["Architectures"],
            Role=like["Role"],
            Handler="intruder.handler",
            Code={"ZipFile": archive.getvalue()},
        )

    def is_refused(self, attempt: Attempt) -> bool:
        """Try it, and return whether IAM refused it."""
        code, _ = self._do(attempt)
        return code in REFUSED

    def decrypt(self, attempt: Attempt) -> bytes | None:
        """Return what a call of Decrypt opens; None when IAM refuses it."""
        code, opened = self._do(attempt)
        assert not code or code in REFUSED, code
        return None if code else opened

    def _do(self, attempt: Attempt) -> tuple[str, bytes]:
        """Return the code of the error, or "", and what was decrypted."""
        blobs = {
            name: base64.b64encode(value).decode()
            for name, value in attempt.values.items()
            if isinstance(value, bytes)
        }
        event = {
            "service": attempt.service,
            "call": attempt.call,
            "values": {name: attempt.values[name] for name in attempt.values.keys() - blobs},
            "blobs": blobs,
        }
        response = self._functions.invoke(FunctionName=self._name, Payload=json.dumps(event))
        result = json.loads(response["Payload"].read())
        assert "FunctionError" not in response, result
        return result["code"], base64.b64decode(result.get("plaintext", ""))
