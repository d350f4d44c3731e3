"""Policies of other forms than our grants have: the gate must read them as S3 does, or it proves
nothing.
"""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.local.requests import S3Error
from infra.local.s3.forms import UNBOUNDED, SizeRange, check_policy

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)


def check(
    *conditions: Any,
    fields: Mapping[str, str] | None = None,
    expiration: str = "2026-11-25T08:00:00Z",
) -> SizeRange:
    document = {"expiration": expiration, "conditions": list(conditions)}
    return check_policy(base64.b64encode(json.dumps(document).encode()).decode(), fields or {}, NOW)


def refusal(*conditions: Any, **given: Any) -> str:
    with pytest.raises(S3Error) as refused:
        check(*conditions, **given)
    return refused.value.code


def test_a_policy_holds_to_the_very_second_it_names() -> None:
    assert check() == UNBOUNDED
    assert refusal(expiration="2026-11-25T07:59:59.999Z") == "AccessDenied"


@pytest.mark.parametrize(
    "condition",
    [
        {"key": "a/b"},
        ["eq", "$key", "a/b"],
        ["EQ", "$Key", "a/b"],
        ["starts-with", "$key", "a/"],
        ["starts-with", "$key", ""],
    ],
)
def test_a_condition_that_holds_covers_its_field(condition: Any) -> None:
    assert check(condition, fields={"key": "a/b"}) == UNBOUNDED


@pytest.mark.parametrize(
    "condition",
    [
        {"key": "A/b"},
        {"key": "a"},
        ["eq", "$key", "a/"],
        ["starts-with", "$key", "b"],
        ["starts-with", "$other", ""],
    ],
)
def test_a_condition_that_does_not_hold_refuses(condition: Any) -> None:
    assert refusal(condition, ["starts-with", "$key", ""], fields={"key": "a/b"}) == "AccessDenied"


def test_every_condition_on_a_field_must_hold() -> None:
    assert (
        refusal(["starts-with", "$key", "a"], ["eq", "$key", "a/c"], fields={"key": "a/b"})
        == "AccessDenied"
    )


def test_a_range_of_sizes_covers_no_field() -> None:
    assert (
        refusal(["content-length-range", 1, 5], fields={"content-length-range": "3"})
        == "AccessDenied"
    )


def test_the_tightest_of_several_ranges_holds() -> None:
    assert check(["content-length-range", 1, 50], ["content-length-range", "5", "90"]) == SizeRange(
        5, 50
    )


@pytest.mark.parametrize(
    ("size", "code"), [(0, "EntityTooSmall"), (1, None), (5, None), (6, "EntityTooLarge")]
)
def test_both_ends_of_a_range_are_inside(size: int, code: str | None) -> None:
    refused: str | None
    try:
        SizeRange(1, 5).check(size)
        refused = None
    except S3Error as error:
        refused = error.code
    assert refused == code


@pytest.mark.parametrize(
    "condition",
    [
        ["content-length-range", "x", 5],
        ["content-length-range", 1],
        ["eq", "key", "a"],
        ["ends-with", "$key", "a"],
        ["eq", "$key", 5],
        {"key": 5},
        {"key": "a", "acl": "b"},
        {},
        [],
        "key",
        None,
    ],
)
def test_a_condition_that_cannot_be_read_refuses_the_whole(condition: Any) -> None:
    assert refusal(condition) == "InvalidPolicyDocument"


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'{"expiration":"2026-11-25T08:00:00","conditions":[]}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_a_document_that_is_no_policy_is_refused(document: bytes) -> None:
    with pytest.raises(S3Error) as refused:
        check_policy(base64.b64encode(document).decode(), {}, NOW)
    assert refused.value.code == "InvalidPolicyDocument"


def test_a_policy_that_is_not_base64_is_refused() -> None:
    with pytest.raises(S3Error) as refused:
        check_policy("not base64!", {}, NOW)
    assert refused.value.code == "InvalidPolicyDocument"
