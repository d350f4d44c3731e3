"""A long hour of the ledger is closed in little memory, and reads like any other."""

import json
import secrets
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import wiring
from chalicelib.domain.audit.ledger import Tree, padded
from chalicelib.domain.audit.seals import HOUR
from chalicelib.services.audit.ledger import Sizes
from chalicelib.store.audit.ledger import LeafRows
from chalicelib.store.audit.seals import ClosedHour
from tests import cloud
from tests.audit_trail import unlocked_bucket
from tests.client import call
from tests.conftest import examples
from tests.ledger import (
    Verify,
    close_hour,
    close_long,
    filed,
    leaves_of,
    proof_of,
    public_hours,
    record,
    small_parts,
    stored_ledger,
    this_hour,
)

pytestmark = pytest.mark.usefixtures("aws", "clean")


@pytest.fixture(autouse=True)
def _small(clean: None) -> Iterator[None]:
    with small_parts():
        yield


class Leaf(bytes):
    """A leaf that counts how many there are."""

    alive = most = 0

    def __new__(cls, content: bytes) -> "Leaf":
        Leaf.alive += 1
        Leaf.most = max(Leaf.most, Leaf.alive)
        return super().__new__(cls, content)

    def __del__(self) -> None:
        Leaf.alive -= 1


class Given(LeafRows):
    """Leaves of one hour that nobody had to write."""

    def __init__(self, hour: str, leaves: set[bytes]) -> None:
        super().__init__(wiring.reports().table)
        self.hour, self.given = hour, sorted(leaves)

    def leaves(self, hour: str, begin: int = 0) -> Iterator[bytes]:
        return (Leaf(each) for each in self.given if hour == self.hour and each[0] >= begin)


def test_no_more_leaves_are_in_memory_than_of_one_share() -> None:
    close_hour()
    rows = Given(this_hour(), {secrets.token_bytes(32) for _ in range(20_000)})
    wiring.clock.advance(HOUR)
    assert close_long(rows, Sizes(rows=50, part=100_000)) == 1
    assert len(leaves_of(rows.hour)) == 32_768
    # The first rows, and a share of 20,000 / 256.
    assert 100 < Leaf.most < 300


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(10))
@given(
    st.sets(st.integers(0, 255).map(lambda n: bytes((n,)) + secrets.token_bytes(31)), max_size=300),
    st.integers(50, 400).map(lambda leaves: 32 * leaves),
)
def test_the_tree_is_that_of_the_same_leaves_in_memory(real: set[bytes], part: int) -> None:
    close_hour()
    rows = Given(this_hour(), real)
    wiring.clock.advance(HOUR)
    assert close_long(rows, Sizes(rows=0, part=part)) == 1
    heads = wiring.ledger_heads()
    [closed] = heads.closed([rows.hour])

    leaves = list(closed.leaves)
    assert real <= set(leaves)
    assert leaves == padded(leaves)
    assert (len(leaves), len(padded(real))) == (closed.head.size, closed.head.size)
    assert closed.head.root == Tree().extend(leaves).root.hex()
    assert call("GET", f"/v1/ledger/{rows.hour}").json == json_of(closed._replace(leaves=leaves))


def json_of(closed: ClosedHour) -> Any:
    return json.loads(closed.content())


def test_a_long_hour_reads_like_any_other(check: Verify) -> None:
    """By the proof, the verifier of receipts, the check of the stage, and the hours after it."""
    cloud.officer("wang")
    with unlocked_bucket():
        close_hour()
        created = filed()
        written = record(*range(70), hour=this_hour())
        wiring.clock.advance(HOUR)
        assert close_long() == 1
        hour = public_hours()[-1]["head"]["hour"]
        assert written <= leaves_of(hour)
        assert close_hour() > hour

        proof = proof_of(created)
        assert {leaf["hour"] for leaf in proof["leaves"]} == {hour}
        assert check(receipt=created["receipt"]).text.startswith("Filed, open.")
        assert check([], proof=proof).text.startswith("Filed, open.")
        latest = call("GET", "/v1/ledger").json["latest"]
        assert latest["head"]["previous"] is not None
        ledger = stored_ledger()
        [found] = ledger.wrong(wiring.clock.now(), Counter())
        assert "70 more events" in found  # No report has the other leaves.


def test_a_late_leaf_of_a_long_hour_joins_a_later_one() -> None:
    close_hour()
    early = this_hour()
    first = record(*range(70), hour=early)
    wiring.clock.advance(HOUR)
    assert close_long() == 1
    late = record(100, hour=early)
    wiring.clock.advance(HOUR)
    assert close_long() == 1
    hour = public_hours()[-1]["head"]["hour"]
    assert late <= leaves_of(hour)
    assert not first & leaves_of(hour)


def test_rows_are_read_page_by_page() -> None:
    close_hour()
    written = record(*range(70), hour=this_hour())
    rows = LeafRows(wiring.reports().table, page=3)
    assert list(rows.leaves(this_hour())) == sorted(written)
    assert list(rows.leaves(this_hour(), 128)) == [
        leaf for leaf in sorted(written) if leaf[0] > 127
    ]
