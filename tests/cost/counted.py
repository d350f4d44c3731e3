"""All that is counted, on mocked clouds of its own."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tests import (
    cloud,
    conftest,  # sets credentials that open nothing
)
from tests.cost import extras, fixed, life
from tests.cost.bill import open_bill
from tests.cost.extras import Extra
from tests.cost.life import Step
from tests.cost.usage import Usage, added, times

MILLION = 1_000_000


class Counted(NamedTuple):
    """`long` and `short`: lives of a report with a text of 3 KB and of 200 characters."""

    long: Sequence[Step]
    short: Sequence[Step]
    fixed: Mapping[str, Usage]
    extras: Mapping[str, Extra]


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
        on_top = extras.extras(bill)
    conftest.empty()
    with open_bill(environment) as bill:
        monthly = fixed.fixed(bill)
        short = life.live(bill, life.SAME_MINUTE, life.SHORT)
    return Counted(long, short, monthly, on_top)


def total(steps: Sequence[Step]) -> dict[str, float]:
    """Return what a million lives use."""
    return times(added([life.used(steps)]), MILLION)
