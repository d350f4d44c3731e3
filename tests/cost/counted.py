"""All that is counted, on mocked clouds of its own."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tests import (
    cloud,
    conftest,  # sets credentials that open nothing
)
from tests.cost import extras, fixed, life, lines
from tests.cost.bill import open_bill
from tests.cost.extras import Extra
from tests.cost.life import Step, Who
from tests.cost.usage import Usage, added, times

MILLION = 1_000_000
# The time in a line of the access log, which it had before.
_TIME = len('"at":"24/Nov/2026:08:30:00 +0000",')


class Counted(NamedTuple):
    """`long` and `short`: lives of a report with a text of 3 KB and of 200 characters.
    `saved_bytes`: what compression leaves out of the responses of a long one. `authorizer`: what
    one of its calls uses.
    """

    long: Sequence[Step]
    short: Sequence[Step]
    fixed: Mapping[str, Usage]
    extras: Mapping[str, Extra]
    saved_bytes: float
    authorizer: Usage


def count() -> Counted:
    """Count all."""
    with cloud.mocked() as environment:
        return _count(environment)


def _count(environment: Mapping[str, str]) -> Counted:
    # Ids are derived from it, and shards from these: the same in each run.
    secret = environment["IDENTITY_SECRET"]
    cloud.client("secretsmanager").put_secret_value(SecretId=secret, SecretString="cost" * 16)
    # Two bills, since to open one takes as long as a life. What runs by the clock comes first in
    # its own: later it would make up for the three months that a report is kept.
    with open_bill(environment) as bill:
        long = life.live(bill, life.SAME_MINUTE, life.LONG)
        saved_bytes = bill.saved_bytes / life.SAME_MINUTE
        on_top = extras.extras(bill)
    conftest.empty()
    with open_bill(environment) as bill:
        monthly = fixed.fixed(bill)
        short = life.live(bill, life.SAME_MINUTE, life.SHORT)
    return Counted(long, short, monthly, on_top, saved_bytes, bill.authorizer())


def before(steps: Sequence[Step], authorizer: Usage) -> dict[str, dict[str, float]]:
    """Return what a million lives used more before each lever, by what it changed."""
    used = life.used(steps)
    officers = sum(step.calls for step in steps if step.who is Who.OFFICERS)
    visits = sum(step.what == "the authorizer" for step in steps)
    calls = used["functions_requests"] + officers - visits

    def logged(size: float) -> dict[str, float]:
        return times({"log_bytes": size, "log_byte_months": size}, MILLION)

    return {
        "the authorizer asked at each call": times(authorizer, (officers - visits) * MILLION),
        "lines of Lambda about calls that succeed": logged(calls * lines.of_lambda()),
        "the time in the access log": logged(used["gateway_requests"] * _TIME),
    }


def without_compression(found: Counted) -> dict[str, float]:
    """Return what a million lives would use more without compression."""
    return {"bytes_out": found.saved_bytes * MILLION}


def total(steps: Sequence[Step]) -> dict[str, float]:
    """Return what a million lives use."""
    return times(added([life.used(steps)]), MILLION)
