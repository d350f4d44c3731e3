"""Attacks on the program that verifies a receipt: ledgers that an owner signs, and odd copies."""

import base64
import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib.domain.audit.ledger import Head, Tree
from chalicelib.domain.audit.seals import HOUR, hour_of, start_of
from examples import verify_receipt
from examples.verify_receipt import Event, Ledger, judge, node, of_receipt
from tests.ledger import verify

RECEIPT = "7H2K9QXW3M5R8T1V4Y6Z0ABCDE"
START = start_of("2026-03-01T08")
KEY, NEXT_KEY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
OWN = of_receipt(RECEIPT)
FILED = OWN.leaf(Event.FILED, 0, OWN.filed or b"")


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def public(key: ec.EllipticCurvePrivateKey, form: serialization.Encoding) -> bytes:
    return key.public_key().public_bytes(form, serialization.PublicFormat.SubjectPublicKeyInfo)


def closed_hours(hours: Iterable[Iterable[bytes]], rotated: int = 1000) -> list[dict[str, Any]]:
    """Return the documents of hours from START on, each with these leaves. From the hour `rotated`
    on they are signed with the next key.
    """
    documents: list[dict[str, Any]] = []
    previous = None
    for late, some in enumerate(hours):
        leaves = list(some)
        leaves = sorted([*leaves, *(secrets.token_bytes(32) for _ in range(64 - len(leaves)))])
        head = Head(
            hour_of(START + HOUR * late), 64, Tree().extend(leaves).root.hex(), previous, None
        )
        previous = head.hash
        key = KEY if late < rotated else NEXT_KEY
        documents.append(
            {
                "head": head._asdict(),
                "signature": text(key.sign(head.signed, ec.ECDSA(hashes.SHA256()))),
                "key": text(public(key, serialization.Encoding.DER)),
                "leaves": text(b"".join(leaves)),
            }
        )
    return documents


def path_of(leaves: list[bytes], position: int) -> list[str]:
    leaf = leaves[position]
    return [each.hex() for each in Tree(follow=[leaf]).extend(leaves).paths[leaf]]


def leaves_of(document: Mapping[str, Any]) -> list[bytes]:
    joined = base64.b64decode(document["leaves"])
    return [joined[at : at + 32] for at in range(0, len(joined), 32)]


def proven(event: Event, n: int, data: bytes, document: Mapping[str, Any]) -> dict[str, Any]:
    leaf, leaves = OWN.leaf(event, n, data), leaves_of(document)
    position = leaves.index(leaf)
    return {
        "event": int(event),
        "n": n,
        "data": data.hex(),
        "leaf": leaf.hex(),
        "hour": document["head"]["hour"],
        "position": position,
        "path": path_of(leaves, position),
    }


def at(days: float) -> str:
    return hour_of(START + timedelta(days=days))


def test_a_closing_that_was_hidden_behind_a_missing_number_counts_from_when_it_could_be_seen() -> (
    None
):
    """The owner publishes `closed` 1 at once: nobody who counts from 0 finds it. Just before the
    deletion they publish `closed` 0, and the deletion looks 89 days later than it was announced.
    """
    hidden = {FILED: at(0), OWN.leaf(Event.CLOSED, 1, b"unfounded"): at(0)}
    last: dict[str, dict[str, Any]] = {at(40): {}}
    assert judge(OWN, Ledger(last, hidden), gone=False).sentence == "Filed, open."

    shown = hidden | {
        OWN.leaf(Event.CLOSED, 0, b"unfounded"): at(39),
        OWN.leaf(Event.EXPIRED, 0): at(39.5),
    }
    answer = judge(OWN, Ledger(last, shown), gone=True)
    assert (answer.code, answer.sentence) == (1, "Filed, and no lawful end is on record.")


def test_a_leaf_under_a_leaf_is_in_no_head(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A leaf of the list that looks random can be the node above a leaf that the list lacks."""
    secret = OWN.leaf(Event.CLOSED, 0, b"unfounded")
    neighbour = secrets.token_bytes(32)
    expired = OWN.leaf(Event.EXPIRED, 0)
    hours = closed_hours(
        [[FILED], [node(secret, neighbour)], *([] for _ in range(24 * 31)), [expired]]
    )
    # Whoever has the receipt alone does not find it, at any time.
    assert verify(tmp_path, capsys, hours[:-1], receipt=RECEIPT)[1].startswith("Filed, open.")
    above = proven(Event.FILED, 0, OWN.filed or b"", hours[0])
    leaves = leaves_of(hours[1])
    position = leaves.index(node(secret, neighbour))
    under = {
        "event": 4, "n": 0, "data": b"unfounded".hex(), "leaf": secret.hex(),
        "hour": hours[1]["head"]["hour"], "position": position * 2,
        "path": [neighbour.hex(), *path_of(leaves, position)],
    }  # fmt: skip
    end = proven(Event.EXPIRED, 0, b"", hours[-1])
    proof = {"ledger_id": OWN.ledger_id.hex(), "leaves": [above, under, end], "heads": []}
    for more in ({}, {"receipt": RECEIPT}):
        code, said = verify(tmp_path, capsys, hours, proof=proof, gone=True, **more)
        assert code == 2, said


def test_the_exit_code_says_no_lawful_end_also_when_the_body_is_that_of_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = b'{"category": "theft"}'
    content = OWN.leaf(Event.CONTENT, 0, verify_receipt.content_of(RECEIPT, body))
    code, said = verify(
        tmp_path, capsys, closed_hours([[FILED, content]]), receipt=RECEIPT, body=body, gone=True
    )
    assert said.startswith("Filed, and no lawful end is on record.")
    assert code == 1


def test_a_body_that_cannot_be_checked_is_not_passed_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hours = closed_hours([[FILED]])
    proof = {
        "ledger_id": OWN.ledger_id.hex(),
        "leaves": [proven(Event.FILED, 0, OWN.filed or b"", hours[0])],
        "heads": [{name: hours[0][name] for name in ("head", "signature", "key")}],
    }
    with pytest.raises(SystemExit):  # A body needs the receipt: argparse says so.
        verify(tmp_path, capsys, [], proof=proof, body=b"something else")


def test_the_leaves_of_an_hour_count_wherever_in_the_copy_they_stand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As docs/accountability.md says: heads each hour, and once a day the leaves."""
    hours = closed_hours([[FILED], []])
    bare = [{name: value for name, value in each.items() if name != "leaves"} for each in hours]
    for copy in (bare + hours, hours + bare):
        code, said = verify(tmp_path, capsys, copy, receipt=RECEIPT)
        assert (code, said[:12]) == (0, "Filed, open."), said
        assert "without leaves" not in said


def test_the_second_copy_of_an_hour_is_checked_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hours = closed_hours([[FILED], []])
    other = hours[0] | {"leaves": hours[1]["leaves"]}
    assert verify(tmp_path, capsys, [*hours, other], receipt=RECEIPT)[0] == 2


def test_a_rotation_of_the_key_spoils_no_hour(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`make audit-key` prints all keys, the present one first."""
    hours = closed_hours([[FILED], []], rotated=1)
    both = [public(each, serialization.Encoding.PEM) for each in (NEXT_KEY, KEY)]
    assert verify(tmp_path, capsys, hours, receipt=RECEIPT, key=b"".join(both))[0] == 0
    assert verify(tmp_path, capsys, hours, receipt=RECEIPT, key=both[0])[0] == 2
    assert verify(tmp_path, capsys, hours, receipt=RECEIPT, key=b"no key")[0] == 2


def test_without_a_key_the_heads_are_signed_by_somebody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Anybody can sign heads in which a report is filed and closed."""
    hours = closed_hours([[FILED]])
    code, said = verify(tmp_path, capsys, hours, receipt=RECEIPT, key=None)
    assert code == 3
    assert said.startswith("Signed by somebody; give --key.\n  Filed, open.\n")
    gone = verify(tmp_path, capsys, hours, receipt=RECEIPT, key=None, gone=True)
    assert gone.code == 1


class Counted(Ledger):
    """A ledger that counts how many leaves are looked for."""

    looked = 0

    def __init__(self, leaves: dict[bytes, str]) -> None:
        ledger = self

        class Leaves(dict[bytes, str]):
            def get(self, leaf: bytes, default: Any = None) -> Any:
                ledger.looked += 1
                return super().get(leaf, default)

        super().__init__({at(900): {}}, Leaves(leaves))


def test_the_work_grows_as_the_number_of_closings() -> None:
    looked = []
    for closings in (500, 1000):
        steps = [(1.0, event, b"no_action") for _ in range(closings) for event in (C, R)]
        ledger = Counted(honest([*steps, (2, C, b"unfounded"), (32, E, b"")]).hour_of)
        assert judge(OWN, ledger, gone=True).code == 0
        looked.append(ledger.looked)
    assert looked[1] < 2.1 * looked[0]


@pytest.mark.parametrize(
    "leaf",
    [{"n": -1}, {"n": 2**40}, {"n": "0"}, {"n": None}, {"data": 5}, {"event": 99}, {"path": [1]}],
    ids=str,
)
def test_a_malformed_proof_is_not_valid(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], leaf: dict[str, Any]
) -> None:
    hours = closed_hours([[FILED]])
    one = proven(Event.FILED, 0, OWN.filed or b"", hours[0]) | leaf
    proof = {"ledger_id": OWN.ledger_id.hex(), "leaves": [one], "heads": []}
    assert verify(tmp_path, capsys, hours, proof=proof)[0] == 2


@pytest.mark.parametrize(
    "content",
    [b"[]", b"7", b"[" * 200_000, b"\xff", b'[{"head": 1}]'],
    ids=["list", "number", "deep", "no text", "no head"],
)
def test_malformed_files_are_not_valid(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    assert verify(tmp_path, capsys, closed_hours([[FILED]]), proof=content)[0] == 2
    (tmp_path / "hours").write_bytes(content)
    assert verify_receipt.main(["--ledger", str(tmp_path / "hours"), "--receipt", RECEIPT]) == 2


# Honest histories: none is a false alarm ---------------------------------------------------------


def honest(steps: list[tuple[float, Event, Any]]) -> Ledger:
    """Return the ledger of these steps (days since START), numbered as the service does."""
    counts: dict[Event, int] = {}
    leaves = {FILED: at(0)}
    for days, event, data in steps:
        n = counts.get(event, 0)
        counts[event] = n + 1
        if event is Event.REOPENED:
            data = counts.get(Event.CLOSED, 0).to_bytes(4, "big")
        leaves.setdefault(OWN.leaf(event, n, data), at(days))
    return Ledger({at(900): {}}, leaves)


C, R, W, E = Event.CLOSED, Event.REOPENED, Event.WITHDRAWN, Event.EXPIRED
H = 1 / 24


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ([(1, C, b""), (2, C, b"malicious"), (32, E, b"")], 0),
        ([(1, C, b"resolved"), (2, C, b""), (3, C, b"malicious"), (33, E, b"")], 0),
        ([(1, C, b"resolved"), (80, C, b"unfounded"), (110, E, b"")], 0),
        ([(1, C, b"unfounded"), (30, C, b"resolved"), (120, E, b"")], 0),
        ([(1, C, b"unfounded"), (30, C, b"resolved"), (60, E, b"")], 1),
        ([(1, C, b"resolved"), (1, R, 0), (1, C, b"unfounded"), (31, E, b"")], 0),
        # The last closing was written down in time, what was before it three hours late.
        ([(1 + 3 * H, C, b"resolved"), (1 + 3 * H, R, 0), (1, C, b"unfounded"), (31, E, b"")], 0),
        ([(1 + 3 * H, C, b"unfounded"), (31, E, b"")], 0),
        ([(1, C, b"resolved"), (2, W, OWN.secret), (32, E, b"")], 0),
        ([(1, C, b"resolved"), (2, R, 0), (3, W, OWN.secret), (33, E, b"")], 0),
        ([*((k, C if k % 2 else R, b"no_action") for k in range(1, 100)), (189, E, b"")], 0),
        ([*((k, C if k % 2 else R, b"no_action") for k in range(1, 101)), (500, E, b"")], 1),
    ],
)  # fmt: skip
def test_what_is_honest_is_lawful(steps: list[tuple[float, Event, Any]], code: int) -> None:
    assert judge(OWN, honest(steps), gone=True).code == code
