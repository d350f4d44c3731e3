"""Evaluate the policy of a form upload as S3 does: every condition holds, and every field is under
a condition.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from infra.local.s3.errors import S3Error, access_denied, bad_request

EXEMPT = {"x-amz-signature", "policy", "file"}


@dataclass(frozen=True, slots=True)
class SizeRange:
    """How many bytes the file may have, both ends included."""

    smallest: int
    largest: int

    def check(self, size: int) -> None:
        if size > self.largest:
            raise bad_request(
                "EntityTooLarge",
                "Your proposed upload exceeds the maximum allowed size",
                ProposedSize=str(size),
                MaxSizeAllowed=str(self.largest),
            )
        if size < self.smallest:
            raise bad_request(
                "EntityTooSmall",
                "Your proposed upload is smaller than the minimum allowed size",
                ProposedSize=str(size),
                MinSizeAllowed=str(self.smallest),
            )


# What S3 takes in one request at all.
UNBOUNDED = SizeRange(0, 5 * 1024**3)


def check_policy(encoded: str, fields: Mapping[str, str], now: datetime) -> SizeRange:
    """Compare `fields` (by lower-case name, `bucket` among them) with the policy. Return the sizes
    it allows. Raises S3Error.
    """
    policy = _decode(encoded)
    if now > policy.expiration:
        raise access_denied("Invalid according to Policy: Policy expired.")
    sizes = UNBOUNDED
    covered = {"bucket"}
    for condition in policy.conditions:
        match condition:
            case [kind, low, high] if _word(kind) == "content-length-range":
                sizes = SizeRange(
                    max(sizes.smallest, _number(low)), min(sizes.largest, _number(high))
                )
            case [kind, str(name), str(value)] if _word(kind) in (
                "eq",
                "starts-with",
            ) and name.startswith("$"):
                field = name[1:].lower()
                covered.add(field)
                _check_condition(_word(kind), name, value, fields.get(field))
            case dict() if len(condition) == 1 and all(
                isinstance(value, str) for value in condition.values()
            ):
                ((name, value),) = condition.items()
                covered.add(name.lower())
                _check_condition("eq", f"${name}", value, fields.get(name.lower()))
            case _:
                raise _invalid("Invalid Condition")
    extra = sorted(
        name for name in fields if name not in covered | EXEMPT and not name.startswith("x-ignore-")
    )
    if extra:
        raise access_denied(f"Invalid according to Policy: Extra input fields: {', '.join(extra)}")
    return sizes


def _check_condition(kind: str, name: str, wanted: str, given: str | None) -> None:
    holds = given is not None and (given == wanted if kind == "eq" else given.startswith(wanted))
    if not holds:
        raise access_denied(
            "Invalid according to Policy: Policy Condition failed: "
            + json.dumps([kind, name, wanted])
        )


@dataclass(frozen=True, slots=True)
class _Policy:
    expiration: datetime
    conditions: list[Any]


def _decode(encoded: str) -> _Policy:
    try:
        document = json.loads(base64.b64decode(encoded, validate=True))
        expiration = datetime.fromisoformat(document["expiration"])
        conditions = document["conditions"]
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _invalid("Invalid Policy: Invalid JSON.") from error
    if expiration.tzinfo is None or not isinstance(conditions, list):
        raise _invalid("Invalid Policy: Invalid 'expiration' or 'conditions' value.")
    return _Policy(expiration, conditions)


def _word(kind: Any) -> str:
    return kind.lower() if isinstance(kind, str) else ""


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise _invalid("Invalid Policy: Invalid content-length-range.") from error


def _invalid(message: str) -> S3Error:
    return bad_request("InvalidPolicyDocument", message)
