"""Consumers of a stream are fed as Lambda feeds them: filters, order, retries, dead letters."""

import json
import os
from collections.abc import Mapping
from typing import Any

import boto3
import pytest

from infra import template
from infra.local.triggers.streams import StreamConsumer
from tests.local.triggers.function import Function

pytestmark = pytest.mark.usefixtures("clean")


def _stream(
    aws: Mapping[str, str], function: Function, consumer: str = "PublishNotices", **changed: Any
) -> StreamConsumer:
    """The deployed mapping of a consumer, from now on."""
    (event,) = template.load("app.yaml")["Resources"][consumer]["Properties"]["Events"].values()
    mapping = {**event["Properties"], "StartingPosition": "LATEST", **changed}
    return StreamConsumer(mapping, function, aws, pause_s=0)


def _write(*rows: tuple[str, str], **attributes: str) -> None:
    for pk, sk in rows:
        item = {
            "pk": {"S": pk},
            "sk": {"S": sk},
            **{name: {"S": value} for name, value in attributes.items()},
        }
        boto3.client("dynamodb").put_item(TableName=os.environ["REPORTS_TABLE"], Item=item)


def _work(consumer: StreamConsumer) -> bool:
    """Read one batch and deliver what waits, as the loops of `pollers` do. Return whether anything
    was delivered.
    """
    consumer.work()
    delivered = False
    for track in consumer.tracks:
        while track.work():
            delivered = True
    return delivered


def _keys(records: list[Any]) -> list[str]:
    return [record["dynamodb"]["Keys"]["sk"]["S"] for record in records]


def test_only_what_may_cause_a_notice_passes_the_deployed_filter(aws: Mapping[str, str]) -> None:
    function = Function()
    consumer = _stream(aws, function)
    _write(
        *(("REPORT#1", sk) for sk in ("HEAD", "MESSAGE#1", "EVENT#1", "EVENT#digest")),
        task="notify",
        lane="normal",
    )
    _write(("REPORT#1", "MEDIA#1"), task="reconcile", lane="upkeep")
    _write(("REPORT#1", "EVENT#2"), task="notify", lane="critical")
    _write(("REPORT#1", "NOTE#1"))
    boto3.client("dynamodb").delete_item(
        TableName=aws["REPORTS_TABLE"], Key={"pk": {"S": "REPORT#1"}, "sk": {"S": "HEAD"}}
    )
    assert _work(consumer)
    assert [_keys(call) for call in function.calls] == [["HEAD", "MESSAGE#1", "EVENT#1"]]
    assert not _work(consumer)


def test_a_record_carries_the_item_as_it_was_written(aws: Mapping[str, str]) -> None:
    function = Function()
    consumer = _stream(aws, function)
    _write(("REPORT#1", "HEAD"), lane="critical")
    _work(consumer)
    ((record,),) = function.calls
    assert record["eventSourceARN"] == aws["REPORTS_STREAM_ARN"]
    assert set(record["dynamodb"]) == {
        "ApproximateCreationDateTime",
        "Keys",
        "NewImage",
        "SequenceNumber",
        "SizeBytes",
        "StreamViewType",
    }
    assert record["dynamodb"]["NewImage"]["lane"] == {"S": "critical"}


def test_what_is_binary_arrives_in_base64_as_lambda_sends_it(aws: Mapping[str, str]) -> None:
    function = Function()
    consumer = _stream(aws, function, "SealAudit")
    row: Any = {"pk": {"S": "REPORT#1"}, "sk": {"S": "now#1"}, "sealed": {"B": b"\x00\xff"}}
    boto3.client("dynamodb").put_item(TableName=aws["AUDIT_TABLE"], Item=row)
    assert _work(consumer)
    ((record,),) = function.calls
    assert record["dynamodb"]["NewImage"] == {**row, "sealed": {"B": "AP8="}}


def test_a_batch_starts_again_at_the_first_record_that_failed(aws: Mapping[str, str]) -> None:
    failures = iter([1])

    def response(records: list[Any]) -> Any:
        failed = [
            records[index]["dynamodb"]["SequenceNumber"]
            for index in [next(failures, None)]
            if index is not None
        ]
        return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}

    function = Function(response)
    consumer = _stream(aws, function)
    _write(
        *(("REPORT#1", f"MESSAGE#{number}") for number in range(3)), task="notify", lane="normal"
    )
    _work(consumer)
    assert [_keys(call) for call in function.calls] == [
        ["MESSAGE#0", "MESSAGE#1", "MESSAGE#2"],
        ["MESSAGE#1", "MESSAGE#2"],
    ]


def test_a_poison_record_is_cut_out_and_set_aside_and_its_neighbours_pass(
    aws: Mapping[str, str],
) -> None:
    passed: list[str] = []

    def response(records: list[Any]) -> None:
        if "MESSAGE#05" in _keys(records):
            raise RuntimeError("poison")
        passed.extend(_keys(records))

    function = Function(response)
    consumer = _stream(aws, function)
    _write(
        *(("REPORT#1", f"MESSAGE#{number:02}") for number in range(9)), task="notify", lane="normal"
    )
    assert _work(consumer)
    assert passed == [f"MESSAGE#{number:02}" for number in range(9) if number != 5]
    # once, and five tries more
    assert sum(_keys(call) == ["MESSAGE#05"] for call in function.calls) == 6
    (message,) = boto3.client("sqs").receive_message(QueueUrl=aws["NOTICES_DEAD_LETTERS_URL"])[
        "Messages"
    ]
    assert json.loads(message["Body"])["DDBStreamBatchInfo"]["batchSize"] == 1


def test_records_of_a_partition_stay_in_order_and_another_track_does_not_wait_for_them(
    aws: Mapping[str, str],
) -> None:
    function = Function()
    consumer = _stream(aws, function, ParallelizationFactor=2)
    rows = [(f"REPORT#{number}", f"MESSAGE#{place}") for place in range(3) for number in range(9)]
    _write(*rows, task="notify", lane="normal")
    while consumer.work():
        pass
    first, second = consumer.tracks
    assert second.work()
    assert first.work()
    later, sooner = (set(_partitions(call)) for call in reversed(function.calls))
    assert sooner
    assert later
    assert not sooner & later
    delivered = [record for call in function.calls for record in call]
    for number in range(9):
        own = [each for each in delivered if _partitions([each]) == [f"REPORT#{number}"]]
        assert _keys(own) == ["MESSAGE#0", "MESSAGE#1", "MESSAGE#2"]


def _partitions(records: list[Any]) -> list[str]:
    return [record["dynamodb"]["Keys"]["pk"]["S"] for record in records]


def test_no_more_is_read_than_a_track_can_hold(aws: Mapping[str, str]) -> None:
    function = Function()
    consumer = _stream(aws, function, BatchSize=2, ParallelizationFactor=2)
    rows = [("REPORT#1", f"MESSAGE#{number}") for number in range(5)]
    _write(*rows, task="notify", lane="normal")
    # A batch to deliver, and one more.
    assert [consumer.work() for _ in range(3)] == [True, True, False]
    assert consumer.waits_for_room
    assert [_work(consumer) for _ in range(3)] == [True, True, False]
    assert [_keys(call) for call in function.calls] == [
        ["MESSAGE#0", "MESSAGE#1"],
        ["MESSAGE#2", "MESSAGE#3"],
        ["MESSAGE#4"],
    ]
