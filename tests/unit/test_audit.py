"""The ledger's tree, signatures, and what the watch counts."""

import hashlib
from itertools import pairwise

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import watch
from chalicelib.domain.audit.ledger import (
    LEAST_SIZE,
    Event,
    Head,
    Leaf,
    ReceiptKeys,
    Recorded,
    Tree,
    commitments_of,
    content_commitment,
    padded,
    padded_share,
    padded_shares,
)
from chalicelib.domain.audit.seals import is_signed_by
from chalicelib.domain.notices.notice import groups_in, officer_address, role_group
from chalicelib.domain.officers.model import Role
from chalicelib.domain.reports.events import Watched
from chalicelib.services.reports.ledger_check import Published
from chalicelib.store.audit.rows import Action
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
    tree = Tree(follow={leaves[position]}).extend(leaves)
    path = [each.hex() for each in tree.paths[leaves[position]]]
    root = tree.root.hex()

    assert climbed(leaves[position], position, path) == root
    other = data.draw(st.integers(0, len(leaves) - 1).filter(lambda each: each != position))
    assert climbed(leaves[other], position, path) != root


@given(st.integers(0, 128))
def test_a_tree_is_continued_from_its_nodes(count: int) -> None:
    leaves = padded(hashlib.sha256(bytes((n,))).digest() for n in range(100))
    begun = Tree().extend(leaves[:count])
    assert len(begun.nodes) <= 8
    continued = Tree(begun.nodes, begun.size).extend(leaves[begun.size :])
    assert (continued.root, continued.size) == (Tree().extend(leaves).root, 128)


@given(st.lists(st.integers(0, 3), min_size=256, max_size=256))
def test_random_leaves_are_drawn_by_first_byte_as_many_as_in_memory(counts: list[int]) -> None:
    shares = padded_shares(counts)
    real = [
        bytes((first, n)) + bytes(30) for first, count in enumerate(counts) for n in range(count)
    ]
    assert sum(shares) == len(padded(real))
    assert all(count <= share for count, share in zip(counts, shares, strict=True))


def test_random_leaves_are_spread_evenly() -> None:
    """65,535 of them, about 256 with each first byte: eight times the deviation from that."""
    assert all(128 < share < 384 for share in padded_shares([65_537, *[0] * 255])[1:])


@given(st.sets(st.binary(min_size=31, max_size=31), max_size=40), st.integers(0, 40))
def test_a_share_has_all_real_leaves_that_it_has_places_for(rests: set[bytes], size: int) -> None:
    real = sorted(b"\x07" + rest for rest in rests)
    share = padded_share(real, 7, size)
    assert share == sorted(set(share))
    assert len(share) == size
    assert len(set(share) & set(real)) == min(len(real), size)
    assert all(leaf[0] == 7 for leaf in share)


def test_which_leaf_is_left_out_is_by_chance() -> None:
    real = [b"\x07" + bytes((n,)) * 31 for n in range(4)]
    left_out = {leaf for _ in range(200) for leaf in {*real} - {*padded_share(real, 7, 3)}}
    assert left_out == set(real)


def test_a_leaf_is_found_among_others_at_its_own_place_alone() -> None:
    published = Published()
    published.add(bytes(2) + b"\x01" + bytes(29))
    published.add(bytes(2) + bytes(29) + b"\x02")
    assert bytes(2) + b"\x01" + bytes(29) in published
    assert bytes(2) + bytes(29) + b"\x02" in published
    assert bytes(32) not in published
    assert b"\x01" + bytes(31) not in published


def test_the_tree_is_that_of_rfc_9162() -> None:
    leaves = [hashlib.sha256(b"\x00" + bytes((n,))).digest() for n in range(4)]
    left, right = (hashlib.sha256(b"\x01" + leaves[at] + leaves[at + 1]).digest() for at in (0, 2))
    assert Tree().extend(leaves).root == hashlib.sha256(b"\x01" + left + right).digest()


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


KEY = ec.generate_private_key(ec.SECP256R1())
SHA256 = ec.ECDSA(hashes.SHA256())


def public(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey,
) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def test_what_a_key_signed_is_signed_by_it() -> None:
    assert is_signed_by(public(KEY), b"content", KEY.sign(b"content", SHA256))


def test_another_content_or_signature_is_not() -> None:
    signature = KEY.sign(b"content", SHA256)
    assert not is_signed_by(public(KEY), b"other", signature)
    for altered in (b"", b"x", signature[:-1], signature + b"\0", bytes(len(signature))):
        assert not is_signed_by(public(KEY), b"content", altered)


def test_another_key_or_hash_has_not_signed_it() -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    assert not is_signed_by(public(other), b"content", KEY.sign(b"content", SHA256))
    wider = KEY.sign(b"content", ec.ECDSA(hashes.SHA512()))
    assert not is_signed_by(public(KEY), b"content", wider)


@pytest.mark.parametrize("key", [b"", b"x", b"\x30\x00"])
def test_what_is_no_key_has_signed_nothing(key: bytes) -> None:
    assert not is_signed_by(key, b"content", KEY.sign(b"content", SHA256))


def test_a_key_of_another_kind_has_signed_nothing() -> None:
    curve = ec.generate_private_key(ec.SECP384R1())
    assert not is_signed_by(public(curve), b"content", curve.sign(b"content", SHA256))
    edwards = ed25519.Ed25519PrivateKey.generate()
    assert not is_signed_by(public(edwards), b"content", edwards.sign(b"content"))
    prime = rsa.generate_private_key(65537, 2048)
    signature = prime.sign(b"content", padding.PKCS1v15(), hashes.SHA256())
    assert not is_signed_by(public(prime), b"content", signature)


def test_only_these_actions_count() -> None:
    about = {action: watch.watched(action, about_report=True) for action in Action}
    assert {action: what for action, what in about.items() if what} == {
        Action.OPEN: Watched.OPENINGS,
        Action.CONTACT: Watched.CONTACTS,
        Action.DENIED: Watched.DENIALS,
        Action.SEARCH: Watched.SEARCHES,
        Action.CLOSE: Watched.CLOSINGS,
        Action.CLOSE_UNREAD: Watched.UNREAD_CLOSINGS,
        Action.MOVE: Watched.MOVES,
    }
    others = {action: watch.watched(action, about_report=False) for action in Action}
    assert {action: what for action, what in others.items() if what} == {
        Action.DENIED: Watched.DENIALS,
        Action.SEARCH: Watched.SEARCHES,
        Action.CLOSE: Watched.CLOSINGS,
        Action.CLOSE_UNREAD: Watched.UNREAD_CLOSINGS,
    }


def test_the_group_of_a_role_is_no_group_of_a_scope_and_no_officer() -> None:
    for role in Role:
        assert "/" not in role_group(role)
        assert role_group(role) not in groups_in({role_group(role)}, None)
        assert role_group(role) != officer_address(role_group(role))
