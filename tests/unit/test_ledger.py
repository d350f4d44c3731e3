"""The tree of an hour, and what a receipt gives."""

import hashlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.audit.ledger import (
    LEAST_SIZE,
    Event,
    Head,
    Leaf,
    ReceiptKeys,
    Recorded,
    commitments_of,
    content_commitment,
    padded,
    path_of,
    root_of,
)
from examples import verify_receipt
from examples.verify_receipt import Report, canonical, canonical_receipt, climbed, of_receipt

RECEIPT = "7H2K9QXW3M5R8T1V4Y6Z0ABCDE"
HOUR = "2026-03-01T08"


@given(st.sets(st.binary(min_size=32, max_size=32), max_size=200))
def test_an_hour_has_all_leaves_and_shows_no_small_number(real: set[bytes]) -> None:
    leaves = padded(real)

    assert real <= set(leaves)
    assert len(leaves) in (64, 128, 256)
    assert len(leaves) == LEAST_SIZE or len(leaves) < 2 * len(real)
    assert all(one < other for one, other in pairwise(leaves))


@given(st.integers(0, 300), st.data())
def test_a_path_leads_from_each_leaf_to_the_root(count: int, data: st.DataObject) -> None:
    leaves = padded(hashlib.sha256(bytes((n // 256, n % 256))).digest() for n in range(count))
    position = data.draw(st.integers(0, len(leaves) - 1))
    path = [each.hex() for each in path_of(leaves, position)]
    root = root_of(leaves).hex()

    assert climbed(leaves[position], position, path) == root
    other = data.draw(st.integers(0, len(leaves) - 1).filter(lambda each: each != position))
    assert climbed(leaves[other], position, path) != root


def test_the_tree_is_that_of_rfc_9162() -> None:
    leaves = [hashlib.sha256(b"\x00" + bytes((n,))).digest() for n in range(4)]
    left, right = (hashlib.sha256(b"\x01" + leaves[at] + leaves[at + 1]).digest() for at in (0, 2))
    assert root_of(leaves) == hashlib.sha256(b"\x01" + left + right).digest()


@pytest.mark.parametrize("event", Event)
def test_a_verifier_makes_the_same_leaf_from_the_receipt(event: Event) -> None:
    keys, own = ReceiptKeys.of(RECEIPT), of_receipt("7h2k-9qxw-3m5r-8t1v-4y6z-0abc-de")

    assert (own.ledger_id, own.secret) == keys
    leaf = Leaf(event, 3, b"data", HOUR)
    assert own.leaf(verify_receipt.Event(event), 3, b"data") == leaf.hash(keys.ledger_id)
    assert Leaf.of_row(leaf.as_row()) == leaf
    assert canonical_receipt("7h2k 9qxw 3m5r 8tiv 4y6z oabc de") == RECEIPT


def kept(body: bytes) -> bytes:
    return commitments_of(ReceiptKeys.of(RECEIPT), content_commitment(RECEIPT, body))


def test_a_new_report_keeps_what_its_first_leaves_say() -> None:
    keys = ReceiptKeys.of(RECEIPT)
    recorded = Recorded(keys.ledger_id, kept(b"{}"), ())

    filed, content = recorded.first(HOUR)
    assert filed.data == hashlib.sha256(keys.withdraw).digest() == of_receipt(RECEIPT).filed
    assert (filed.event, content.event, filed.n, content.n) == (Event.FILED, Event.CONTENT, 0, 0)
    assert content.data not in (filed.data, kept(b"{ }")[32:])


def test_nothing_of_a_drill_is_recorded() -> None:
    drill = Recorded(None, None, ())
    assert drill.first(HOUR) == drill.next(Event.CLOSED, b"", HOUR) == []


def test_every_byte_of_a_leaf_counts() -> None:
    report = Report(b"i" * 32)
    leaves = {
        report.leaf(verify_receipt.Event.FILED, 0, b"ab"),
        report.leaf(verify_receipt.Event.FILED, 1, b"ab"),
        report.leaf(verify_receipt.Event.CONTENT, 0, b"ab"),
        report.leaf(verify_receipt.Event.FILED, 0, b"ac"),
        Report(b"j" * 32).leaf(verify_receipt.Event.FILED, 0, b"ab"),
    }
    assert len(leaves) == 5


def test_a_head_has_one_form() -> None:
    head = Head(HOUR, 64, "ab" * 32, None, "cd" * 32)
    assert canonical(head._asdict()) == head.content()
    assert head.content().startswith(b'{"audit":"cdcd')
    assert head.signed == b"tipline/ledger/1\n" + head.content()
