"""The tests' model of IAM decides as IAM does."""

import pytest

from tests.functional.aws.grants import Condition, Grant, KeyPolicy, Need, Policy

ROW = Need("dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:1:table/reports")
ALL = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}


def holds(operator: str, values: tuple[str, ...], actual: str | tuple[str, ...] | None) -> bool:
    context = {} if actual is None else {"key": actual}
    return Condition(operator, "key", values).holds(context)


@pytest.mark.parametrize(
    ("operator", "values", "actual", "expected"),
    [
        ("StringEquals", ("a", "b"), "b", True),
        ("StringEquals", ("a",), "b", False),
        ("StringEquals", ("a",), None, False),
        ("StringEqualsIfExists", ("a",), None, True),
        ("StringEqualsIfExists", ("a",), "b", False),
        ("StringNotEquals", ("a", "b"), "b", False),
        ("StringNotEquals", ("a",), None, True),
        ("StringLike", ("REPORT#*",), "REPORT#1", True),
        ("StringLike", ("REPORT#*",), "DIGEST#1", False),
        ("ForAllValues:StringLike", ("REPORT#*",), ("REPORT#1", "REPORT#2"), True),
        ("ForAllValues:StringLike", ("REPORT#*",), ("REPORT#1", "DIGEST#2"), False),
        # An absent key has no value that does not fit.
        ("ForAllValues:StringLike", ("REPORT#*",), None, True),
        ("ForAllValues:StringNotLike", ("sealed*",), ("pk", "sk"), True),
        ("ForAllValues:StringNotLike", ("sealed*",), ("pk", "sealed_reason"), False),
        ("ForAnyValue:StringEquals", ("a",), ("b", "a"), True),
        ("ForAnyValue:StringEquals", ("a",), None, False),
        ("ArnNotEquals", ("arn:aws:iam::1:role/a",), "arn:aws:iam::1:role/b", True),
        ("Null", ("true",), None, True),
        ("Null", ("false",), None, False),
    ],
)
def test_a_condition_holds_as_in_aws(
    operator: str, values: tuple[str, ...], actual: str | tuple[str, ...] | None, expected: bool
) -> None:
    assert holds(operator, values, actual) is expected


def test_a_denial_wins_over_every_grant() -> None:
    denial = {"Effect": "Deny", "Action": "dynamodb:Get*", "Resource": ROW.resource}
    assert Policy.of([ALL]).grant(ROW)
    assert Policy.of([ALL, denial]).grant(ROW) is None
    assert Policy.of([ALL, denial]).grant(ROW._replace(action="dynamodb:PutItem"))


def test_each_value_of_a_condition_is_a_grant_of_its_own_where_one_is_enough() -> None:
    one = ALL | {"Condition": {"StringEquals": {"key": ["a", "b"]}}}
    every = ALL | {"Condition": {"ForAllValues:StringEquals": {"key": ["a", "b"]}}}
    assert len(Policy.of([one]).grants) == 2
    assert len(Policy.of([every]).grants) == 1


def test_a_key_that_names_nobody_is_used_by_nobody() -> None:
    own = Grant("kms:*", "*", ())
    decrypt = Need("kms:Decrypt", "arn:aws:kms:us-east-1:1:key/k")
    account = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::1:root"},
        "Action": "kms:Decrypt",
        "Resource": "*",
    }
    role = "arn:aws:iam::1:role/a"
    assert not KeyPolicy([], "1").allows(decrypt, role, own)
    assert KeyPolicy([account], "1").allows(decrypt, role, own)
    assert not KeyPolicy([account], "1").allows(decrypt, role, None)
    named = account | {"Principal": {"AWS": role}}
    assert KeyPolicy([named], "1").allows(decrypt, role, None)


def test_a_statement_that_is_not_understood_is_no_grant() -> None:
    with pytest.raises(AssertionError, match="NotAction"):
        Policy.of([ALL | {"NotAction": "dynamodb:Scan"}])
