"""Requests of DynamoDB take turns, so that conditions and transactions are atomic."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodbstreams.models import DynamoDBStreamsBackend

from infra.local.moto_patches import atomicity
from tests import cloud

pytestmark = pytest.mark.usefixtures("clean")

type Call = Callable[[Mapping[str, str]], object]


def _put(aws: Mapping[str, str]) -> object:
    item = {"pk": {"S": "REPORT#1"}, "sk": {"S": "HEAD"}}
    return cloud.client("dynamodb").put_item(TableName=aws["REPORTS_TABLE"], Item=item)


def _describe_stream(aws: Mapping[str, str]) -> object:
    streams = cloud.client("dynamodbstreams")
    return streams.describe_stream(StreamArn=aws["REPORTS_STREAM_ARN"])


@pytest.fixture
def met(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], list[bool]]:
    """Make requests wait for each other inside moto, that long; give what became of each."""

    def arrange(patience_s: float) -> list[bool]:
        barrier, found = threading.Barrier(2), list[bool]()

        def waiting(original: Callable[..., Any]) -> Callable[..., Any]:
            def wait(*args: Any, **named: Any) -> Any:
                try:
                    barrier.wait(patience_s)
                    found.append(True)
                except threading.BrokenBarrierError:
                    found.append(False)
                return original(*args, **named)

            return wait

        for owner, name in (
            (DynamoDBBackend, "put_item"),
            (DynamoDBStreamsBackend, "describe_stream"),
        ):
            monkeypatch.setattr(owner, name, waiting(getattr(owner, name)))
        return found

    return arrange


def _call_at_once(aws: Mapping[str, str], *calls: Call) -> None:
    with ThreadPoolExecutor(len(calls)) as pool:
        list(pool.map(lambda call: call(aws), calls))


@pytest.mark.parametrize("other", [_put, _describe_stream])
def test_two_threads_are_never_inside_at_once(
    aws: Mapping[str, str], met: Callable[[float], list[bool]], other: Call
) -> None:
    found = met(0.2)
    _call_at_once(aws, _put, other)
    assert found == [False, False]


@pytest.mark.parametrize("other", [_put, _describe_stream])
def test_moto_alone_lets_them_in_at_once(
    aws: Mapping[str, str], met: Callable[[float], list[bool]], other: Call
) -> None:
    found = met(30)
    with atomicity.PATCH.removed():
        _call_at_once(aws, _put, other)
    assert found == [True, True]
