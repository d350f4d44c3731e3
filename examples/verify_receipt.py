"""Check, without any server, that a report was filed and what became of it.

    python verify_receipt.py --ledger hours/ --receipt 7H2K-9QXW-…   with the receipt alone
    python verify_receipt.py --ledger hours/ --proof proof.json      with a proof that an app kept

`--ledger` is a copy of the ledger: the responses of `GET /v1/ledger/{hour}` in a folder, or in a
file as a list or one in each line. It may come from anybody who has kept it. A proof can be checked
without one, too: then only what the proof itself says.

Options:

    --key FILE    the public keys (PEM) that sign the heads, from a source that you trust
    --body FILE   exactly what was sent as the report: shows that this is what was filed
    --gone        the service says that there is no such report: then a deletion must be on record

Prints one of these, and why:

    Filed, open.                                                    exits with 0
    Filed; closed | withdrawn | expired lawfully at …               exits with 0
    Filed, and no lawful end is on record.                          exits with 1
    Not valid, because …                                            exits with 2
    Signed by somebody; give --key.                                 exits with 3

The last one stands for the first two when no key was given: anybody can sign such heads.

It needs Python 3.12 or later and the package `cryptography`. docs/accountability.md explains the
ledger; this program uses nothing else of the project, so that it can be read and checked alone.
"""

import argparse
import base64
import hashlib
import hmac
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

LEAST_SIZE = 64
HOUR = timedelta(hours=1)
# A leaf may be in the head of an hour that is so much later than that of its event.
LATE = 3 * HOUR
# How long a report is kept after it was closed so; after any other disposition, and a withdrawal.
KEPT_SHORT, KEPT = timedelta(days=30), timedelta(days=90)
SHORT = ("unfounded", "malicious")
# An empty one: `malicious` was proposed, and no second officer has confirmed it.
DISPOSITIONS = ("resolved", "no_action", "duplicate", "not_police", "", *SHORT)
MOST_EVENTS = 10_000
BLANKS = b" \t\r\n"


class Event(IntEnum):
    FILED = 1
    CONTENT = 2
    EVIDENCE = 3
    CLOSED = 4
    REOPENED = 5
    WITHDRAWN = 6
    EXPIRED = 7
    MASKED = 8


class NotValid(Exception):
    """What was given is not a ledger, a receipt or a proof, or they do not belong together."""


# The ledger -------------------------------------------------------------------------------------


@dataclass
class Ledger:
    """A checked copy: its heads by hour, and the hour of each leaf."""

    heads: dict[str, dict[str, Any]] = field(default_factory=dict)
    hour_of: dict[bytes, str] = field(default_factory=dict)
    has_all_leaves: bool = True

    @property
    def last(self) -> str:
        return max(self.heads)


def read_ledger(documents: Iterable[Mapping[str, Any]], keys: Sequence[bytes] | None) -> Ledger:
    """Return the ledger of these hours. Raises NotValid for whatever does not fit together."""
    ledger, previous, whole = Ledger(), None, set[str]()
    for document in sorted(documents, key=lambda each: str(each["head"]["hour"])):
        head = document["head"]
        hour = str(head["hour"])
        if hour in ledger.heads and ledger.heads[hour] != head:
            raise NotValid(f"there are two different heads of {hour}")
        check_signature(document, keys)
        if previous and hour not in ledger.heads:
            expected = hour_text(start_of(str(previous["hour"])) + HOUR)
            if hour != expected:
                raise NotValid(f"the copy lacks the head of {expected}")
            if head["previous"] != hashlib.sha256(canonical(previous)).hexdigest():
                raise NotValid(f"the head of {hour} does not follow the one before it")
        if "leaves" in document:
            whole.add(hour)
            for leaf in checked_leaves(document):
                ledger.hour_of.setdefault(leaf, hour)
        ledger.heads[hour] = previous = dict(head)
    if not ledger.heads:
        raise NotValid("the copy of the ledger is empty")
    ledger.has_all_leaves = whole == ledger.heads.keys()
    return ledger


def check_signature(document: Mapping[str, Any], keys: Sequence[bytes] | None) -> None:
    """Raise NotValid unless the head is signed, by one of these keys if they are given."""
    head, public = document["head"], base64.b64decode(document["key"])
    hour = head["hour"]
    if keys is not None and public not in keys:
        raise NotValid(f"the head of {hour} is signed with another key")
    loaded = serialization.load_der_public_key(public)
    if not isinstance(loaded, ec.EllipticCurvePublicKey):
        raise NotValid(f"the head of {hour} has a key of another kind")
    try:
        loaded.verify(
            base64.b64decode(document["signature"]),
            b"tipline/ledger/1\n" + canonical(head),
            ec.ECDSA(hashes.SHA256()),
        )
    except InvalidSignature:
        raise NotValid(f"the signature of the head of {hour} is wrong") from None


def checked_leaves(document: Mapping[str, Any]) -> list[bytes]:
    """Return the leaves of an hour. Raises NotValid unless they are those of its head."""
    head, joined = document["head"], base64.b64decode(document["leaves"])
    leaves = [joined[start : start + 32] for start in range(0, len(joined), 32)]
    size = head["size"]
    if len(leaves) != size or size < LEAST_SIZE or size & (size - 1):
        raise NotValid(f"the leaves of {head['hour']} are not {size}")
    if root_of(leaves).hex() != head["root"]:
        raise NotValid(f"the leaves of {head['hour']} are not those of its head")
    return leaves


def root_of(level: Sequence[bytes]) -> bytes:
    while len(level) > 1:
        level = [node(level[at], level[at + 1]) for at in range(0, len(level), 2)]
    return level[0]


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def canonical(head: Mapping[str, Any]) -> bytes:
    return json.dumps(head, sort_keys=True, separators=(",", ":")).encode()


def start_of(hour: str) -> datetime:
    return datetime.strptime(hour, "%Y-%m-%dT%H").replace(tzinfo=UTC)


def hour_text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H}"


# The report -------------------------------------------------------------------------------------


@dataclass
class Report:
    """What identifies the leaves of one report.

    `filed` is the data of its first leaf, `secret` what a withdrawal reveals; each is None while it
    is not known.
    """

    ledger_id: bytes
    filed: bytes | None = None
    secret: bytes | None = None

    def leaf(self, event: Event, n: int, data: bytes = b"") -> bytes:
        number = bytes((event,)) + n.to_bytes(4, "big")
        return hashlib.sha256(b"\x00" + self.ledger_id + number + data).digest()


def of_receipt(typed: str) -> Report:
    """Return the report of a receipt, as a person may type it."""
    receipt = canonical_receipt(typed)
    secret = keyed(receipt, b"withdraw/1")
    return Report(keyed(receipt, b"ledger/1"), hashlib.sha256(secret).digest(), secret)


def content_of(typed: str, body: bytes) -> bytes:
    """Return the commitment to what was sent."""
    return keyed(canonical_receipt(typed), b"content/1" + body)


def canonical_receipt(typed: str) -> str:
    receipt = typed.upper().translate(str.maketrans("ILO", "110", " -"))
    if len(receipt) != 26 or not receipt.isascii() or not receipt.isalnum() or "U" in receipt:
        raise NotValid("a receipt has 26 letters and digits")
    return receipt


def keyed(receipt: str, message: bytes) -> bytes:
    return hmac.digest(receipt.encode(), message, "sha256")


def of_proof(proof: Mapping[str, Any], ledger: Ledger) -> Report:
    """Return the report of a proof. Raises NotValid unless its leaves are in these heads."""
    if not proof.get("ledger_id"):
        raise NotValid("the proof is that of a drill, which is in no ledger")
    report = Report(bytes.fromhex(proof["ledger_id"]))
    for each in proof["leaves"]:
        event, data = Event(each["event"]), bytes.fromhex(each["data"])
        leaf = report.leaf(event, each["n"], data)
        if leaf.hex() != each["leaf"]:
            raise NotValid(f"the proof has another leaf for {event.name.lower()} {each['n']}")
        if "path" not in each:
            continue  # Its hour was not closed yet.
        head = ledger.heads.get(each["hour"])
        if head is None:
            raise NotValid(f"the head of {each['hour']} is not in the copy of the ledger")
        # A longer path would lead through a leaf of the list to what the list has not.
        is_leaf = 1 << len(each["path"]) == head["size"] and 0 <= each["position"] < head["size"]
        if not is_leaf or climbed(leaf, each["position"], each["path"]) != head["root"]:
            raise NotValid(f"the head of {each['hour']} has no such leaf")
        ledger.hour_of.setdefault(leaf, each["hour"])
        if event is Event.FILED:
            report.filed = data
        if event is Event.WITHDRAWN:
            report.secret = data
    if report.filed is None:
        raise NotValid("the proof was made before the report was in a head: get another one")
    return report


def climbed(leaf: bytes, position: int, path: Sequence[str]) -> str:
    """Return the root to which an audit path leads."""
    for neighbour in path:
        other = bytes.fromhex(neighbour)
        leaf = node(other, leaf) if position & 1 else node(leaf, other)
        position //= 2
    return leaf.hex()


# What became of it ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """`sentence` is the result, `reasons` say why, `code` is that of the exit."""

    sentence: str
    reasons: tuple[str, ...]
    code: int


@dataclass(frozen=True)
class End:
    """An end that is on record: in which hour, and how long the report is kept from then on."""

    what: str
    hour: str
    kept: timedelta


def judge(report: Report, ledger: Ledger, *, gone: bool) -> Answer:
    """Return what the ledger says of a report. Raises NotValid when it was never filed."""
    filed = ledger.hour_of.get(report.leaf(Event.FILED, 0, report.filed or b""))
    if filed is None:
        raise NotValid("no report of this receipt is in these heads")
    reasons = [f"Filed in the hour {filed} (UTC).", f"The copy ends with {ledger.last}."]
    if not ledger.has_all_leaves:
        reasons.append("The copy has heads without leaves: an end may be missing here.")
    end, expired = last_end(report, ledger), ledger.hour_of.get(report.leaf(Event.EXPIRED, 0))
    no_end = "Filed, and no lawful end is on record."
    if expired:
        fault = why_unlawful(end, expired)
        if fault:
            return Answer(no_end, (*reasons, fault), 1)
        return Answer(f"Filed; expired lawfully at {expired}.", (*reasons, described(end)), 0)
    if gone:
        missing = (
            "The report is gone, and its deletion is not on record.",
            f"If it went after {ledger.last}, look again with a copy that goes on for three hours.",
        )
        return Answer(no_end, (*reasons, *([described(end)] if end else []), *missing), 1)
    if end:
        return Answer(f"Filed; {end.what} lawfully at {end.hour}.", tuple(reasons), 0)
    return Answer("Filed, open.", tuple(reasons), 0)


def last_end(report: Report, ledger: Ledger) -> End | None:
    """Return the end that counts: the withdrawal, or the last closing without a reopening."""
    if report.secret and hashlib.sha256(report.secret).digest() == report.filed:
        withdrawn = ledger.hour_of.get(report.leaf(Event.WITHDRAWN, 0, report.secret))
        if withdrawn:
            return End("withdrawn", withdrawn, KEPT_SHORT)
    closings = list(found(report, ledger, Event.CLOSED, [each.encode() for each in DISPOSITIONS]))
    reopenings = list(found_reopenings(report, ledger, len(closings)))
    if len(closings) <= max((count for count, _ in reopenings), default=0):
        return None
    disposition = closings[-1][0].decode()
    kept = KEPT_SHORT if disposition in SHORT else KEPT
    # It counts from when somebody with the receipt could find it: not before the reopening that it
    # follows, and not before all closings with lower numbers, which are searched one by one.
    hour = max(each for _, each in (*closings, *reopenings))
    return End(f"closed ({disposition or 'no disposition yet'})", hour, kept)


def found(
    report: Report, ledger: Ledger, event: Event, values: Sequence[bytes]
) -> Iterator[tuple[bytes, str]]:
    """Yield the data and the hour of each leaf of an event, in the order of their numbers."""
    for n in range(MOST_EVENTS):
        tried = ((data, ledger.hour_of.get(report.leaf(event, n, data))) for data in values)
        known = next(((data, hour) for data, hour in tried if hour), None)
        if known is None:
            return
        yield known


def found_reopenings(report: Report, ledger: Ledger, closings: int) -> Iterator[tuple[int, str]]:
    """Yield the count and the hour of each reopening, in the order of their numbers.

    Each follows a closing, so its count is above the one before: each count is tried once.
    """
    n = 0
    for count in range(closings + 1):
        hour = ledger.hour_of.get(report.leaf(Event.REOPENED, n, count.to_bytes(4, "big")))
        if hour:
            yield count, hour
            n += 1


def why_unlawful(end: End | None, expired: str) -> str | None:
    """Return what breaks a rule in a deletion; None when it is lawful."""
    if end is None:
        return f"Deleted in the hour {expired} without a closing or a withdrawal."
    if end.hour >= expired:
        return f"Deleted in the hour {expired}, not after it was {end.what} in {end.hour}."
    if start_of(expired) - start_of(end.hour) < end.kept - LATE:
        return (
            f"Deleted in the hour {expired}, less than {end.kept.days} days after it was "
            f"{end.what} in {end.hour}."
        )
    return None


def described(end: End | None) -> str:
    return f"It was {end.what} in the hour {end.hour}." if end else ""


# The command ------------------------------------------------------------------------------------


def documents_of(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the documents of a folder, of a JSON file, or of a file with one in each line."""
    for file in sorted(path.glob("*.json*")) if path.is_dir() else [path]:
        text = file.read_text(encoding="utf-8")
        try:
            read = json.loads(text)
        except ValueError:
            read = [json.loads(line) for line in text.splitlines() if line.strip()]
        yield from read if isinstance(read, list) else [read]


def keys_of(path: Path) -> list[bytes]:
    """Return the public keys (DER) of a file: after a rotation, earlier heads have another one."""
    end = b"-----END PUBLIC KEY-----"
    blocks = [each + end for each in path.read_bytes().split(end)[:-1]]
    if not blocks:
        raise NotValid(f"{path} has no public key")
    return [
        serialization.load_pem_public_key(block).public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        for block in blocks
    ]


def verify(wanted: argparse.Namespace) -> Answer:
    keys = keys_of(wanted.key) if wanted.key else None
    proof = json.loads(wanted.proof.read_text(encoding="utf-8")) if wanted.proof else None
    if wanted.ledger:
        ledger = read_ledger(documents_of(wanted.ledger), keys)
    elif proof:
        ledger = heads_of(proof, keys)
    else:
        raise NotValid("a receipt needs a copy of the ledger: give --ledger")
    report = of_proof(proof, ledger) if proof else of_receipt(wanted.receipt)
    if wanted.receipt:
        own = of_receipt(wanted.receipt)
        if own.ledger_id != report.ledger_id:
            raise NotValid("the receipt is that of another report")
        report = own
    answer = judge(report, ledger, gone=wanted.gone)
    if wanted.body and wanted.receipt:
        # White space after a body hides its length. Until 0.2.0rc1 it counted.
        sent = wanted.body.read_bytes()
        contents = (content_of(wanted.receipt, each) for each in (sent.rstrip(BLANKS), sent))
        if not any(report.leaf(Event.CONTENT, 0, each) in ledger.hour_of for each in contents):
            raise NotValid("something else was filed than this body")
        reasons = (*answer.reasons, "The body is what was filed.")
        answer = Answer(answer.sentence, reasons, answer.code)
    if keys is None and answer.code == 0:
        return Answer("Signed by somebody; give --key.", (answer.sentence, *answer.reasons), 3)
    return answer


def heads_of(proof: Mapping[str, Any], keys: Sequence[bytes] | None) -> Ledger:
    """Return the heads that a proof brings along. They need not follow each other."""
    ledger = Ledger(has_all_leaves=False)
    for document in proof["heads"]:
        check_signature(document, keys)
        ledger.heads[document["head"]["hour"]] = document["head"]
    if not ledger.heads:
        raise NotValid("the proof was made before the report was in a head: get another one")
    return ledger


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Check what the ledger says of a report.")
    parser.add_argument("--ledger", type=Path, help="a folder or a file: a copy of the ledger")
    parser.add_argument("--receipt", help="the receipt of the report")
    parser.add_argument("--proof", type=Path, help="a proof that was kept")
    parser.add_argument("--key", type=Path, help="the public keys that sign heads (PEM)")
    parser.add_argument("--body", type=Path, help="what was sent as the report")
    parser.add_argument("--gone", action="store_true", help="the service knows no such report")
    wanted = parser.parse_args(arguments)
    if not wanted.receipt and not wanted.proof:
        parser.error("give --receipt or --proof")
    if wanted.body and not wanted.receipt:
        parser.error("a body is checked with --receipt")
    try:
        answer = verify(wanted)
    except NotValid as wrong:
        print(f"Not valid, because {wrong}.")
        return 2
    except Exception as wrong:
        # Whatever it is: Python itself would exit with 1, which says that no lawful end is found.
        print(f"Not valid, because it cannot be read: {wrong}.")
        return 2
    print(answer.sentence)
    for reason in answer.reasons:
        print(f"  {reason}")
    return answer.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
