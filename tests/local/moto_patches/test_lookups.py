"""What is the same for each request is found out once."""

import cProfile
from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import backends
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from infra.local.moto_patches import lookups

KEY = {"pk": {"S": "REPORT#1"}, "sk": {"S": "HEAD"}}


def _update(aws: Mapping[str, str], expression: str, word: str) -> Any:
    return boto3.client("dynamodb").update_item(
        TableName=aws["REPORTS_TABLE"],
        Key=KEY,
        UpdateExpression=expression,
        ExpressionAttributeValues={":word": {"S": word}},
        ReturnValues="ALL_NEW",
    )["Attributes"]


def test_an_expression_that_was_parsed_before_has_the_values_of_now(
    aws: Mapping[str, str], clean: None
) -> None:
    expression = "SET word = :word, begun = if_not_exists(begun, :word)"
    assert _update(aws, expression, "a") == KEY | {"word": {"S": "a"}, "begun": {"S": "a"}}
    assert _update(aws, expression, "b") == KEY | {"word": {"S": "b"}, "begun": {"S": "a"}}


def test_modules_are_those_that_moto_finds() -> None:
    modules = set(backends.list_of_moto_modules())
    with lookups.PATCH.removed():
        assert modules == set(backends.list_of_moto_modules())


def test_a_service_answers_at_the_addresses_that_moto_makes_each_time_alone(
    aws: Mapping[str, str],
) -> None:
    backend = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
    known = backend.urls
    assert backend.urls is known
    with lookups.PATCH.removed():
        assert backend.urls is not backend.urls
        assert backend.urls == known


def test_an_action_that_is_not_there_is_still_refused(aws: Mapping[str, str]) -> None:
    with pytest.raises((ClientError, NotImplementedError)):
        boto3.client("dynamodb").describe_kinesis_streaming_destination(
            TableName=aws["REPORTS_TABLE"]
        )


def test_moto_alone_parses_an_expression_twice_and_lists_the_methods_each_time(
    aws: Mapping[str, str], clean: None
) -> None:
    _update(aws, "SET word = :word", "a")
    assert _calls(aws) == (0, 0)
    with lookups.PATCH.removed():
        assert _calls(aws) == (2, 1)


def _calls(aws: Mapping[str, str]) -> tuple[int, int]:
    profile = cProfile.Profile()
    profile.runcall(lambda: _update(aws, "SET word = :word", "a"))
    counts = {getattr(each.code, "co_qualname", ""): each.callcount for each in profile.getstats()}
    names = ("ExpressionTokenizer.make_list", "method_names_from_class")
    return counts.get(names[0], 0), counts.get(names[1], 0)


def test_a_condition_of_a_transaction_is_parsed_once(aws: Mapping[str, str], clean: None) -> None:
    assert _times_parsed(aws) == 1
    with lookups.PATCH.removed():
        assert _times_parsed(aws) == 3


def _times_parsed(aws: Mapping[str, str]) -> int:
    profile = cProfile.Profile()
    either_way = "attribute_not_exists(#word) OR attribute_exists(#word)"
    profile.runcall(lambda: _write_if(aws, either_way))
    return sum(
        each.callcount
        for each in profile.getstats()
        if getattr(each.code, "co_name", "") == "_lex_condition_expression"
    )


def _write_if(aws: Mapping[str, str], condition: str) -> None:
    update = {
        "TableName": aws["REPORTS_TABLE"],
        "Key": KEY,
        "UpdateExpression": "SET #word = :word",
        "ConditionExpression": condition,
        "ExpressionAttributeNames": {"#word": "word"},
        "ExpressionAttributeValues": {":word": {"S": "a"}},
    }
    boto3.client("dynamodb").transact_write_items(TransactItems=[{"Update": update}])  # type: ignore[typeddict-item]


def test_a_condition_that_does_not_hold_any_more_refuses_the_same_transaction(
    aws: Mapping[str, str], clean: None
) -> None:
    _write_if(aws, "attribute_not_exists(#word)")
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        _write_if(aws, "attribute_not_exists(#word)")
