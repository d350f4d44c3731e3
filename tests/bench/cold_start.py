"""A sample of a cold start, in a fresh process that has loaded nothing else.

python -m tests.bench.cold_start api EVENT|boto3     prints seconds of the processor

`api` finds what is packaged first on the interpreter's path, and its settings in the environment.
"""

import json
import sys
from time import process_time


class _AwsNeeded(BaseException):
    """No `except Exception` on the way swallows it."""


class _Alarm:
    """Goes off when anything asks for the SDK to make a client with."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name in ("boto3", "botocore.config"):
            raise _AwsNeeded


def _api(event: dict[str, object]) -> float:
    sys.meta_path.insert(0, _Alarm())
    began = process_time()
    try:
        from app import app

        app(event, None)
    except _AwsNeeded:
        return process_time() - began
    raise AssertionError("a report was filed without AWS")


def _boto3() -> float:
    began = process_time()
    import boto3

    boto3.session.Session(region_name="us-east-1").client("dynamodb")
    return process_time() - began


if __name__ == "__main__":
    print(_api(json.loads(sys.argv[2])) if sys.argv[1] == "api" else _boto3())
