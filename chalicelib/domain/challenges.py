"""Challenges: a proof of work that a phone makes, so that a report is accepted in a flood.

No state: a challenge is a text that only this stage can make, the same for everybody in one
minute. A proof is bound to the Idempotency-Key, so every report needs its own.

    challenge   1.<bits>.<rounds>.<expires, in Unix seconds>.<mac, 32 hexadecimal digits>
    proof       <challenge>:<counter>,<counter>,…     one counter for each round, in decimal

Round `i` (from 0) is right when SHA-256 of this ASCII text begins with `bits` zero bits:

    <challenge>:<Idempotency-Key in lower case>:<i>:<counter>

The MAC cannot be guessed, so nobody works in advance: it is the nonce as well. Many small rounds
in place of one large one take nearly the same time on each try: of 8 rounds the slowest in a
hundred takes twice the mean, of one round 4.6 times the mean.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from chalicelib.domain import times
from chalicelib.domain.load_level import LoadLevel

ROUNDS = 8
# Zero bits of each round. A phone of 2018 makes 0.3 to 1 million hashes a second in JavaScript. So
# level 2 (8 x 2^16 hashes on average) takes it 0.5 to 1.7 s, and level 3 1 to 3.5 s. An app that
# uses the processor's own SHA-256 is ten times as fast.
BITS: Mapping[LoadLevel, int] = {
    LoadLevel.NORMAL: 14,
    LoadLevel.BUSY: 14,
    LoadLevel.FLOOD: 16,
    LoadLevel.HEAVY_FLOOD: 17,
}
# A challenge is the same for all in a minute, and is accepted for this long after it.
_ISSUED_EVERY = timedelta(minutes=1)
LIFE = timedelta(minutes=5)

_MAC_DIGITS = 32
_MOST_DIGITS = 16
_CHALLENGE = (
    rf"1\.(?P<bits>[0-9]{{1,2}})\.(?P<rounds>[0-9]{{1,2}})\.(?P<expires>[0-9]{{1,12}})"
    rf"\.(?P<mac>[0-9a-f]{{{_MAC_DIGITS}}})"
)
_COUNTER = rf"[0-9]{{1,{_MOST_DIGITS}}}"
_PROOF = re.compile(
    rf"(?P<challenge>{_CHALLENGE}):(?P<counters>{_COUNTER}(?:,{_COUNTER}){{{ROUNDS - 1}}})",
    re.ASCII,
)
LONGEST_PROOF = 64 + ROUNDS * (_MOST_DIGITS + 1)

Mac = Callable[[str], bytes]


class Challenge(NamedTuple):
    """A challenge. `text` goes into the proof as it is."""

    text: str
    bits: int
    rounds: int
    expires_at: datetime

    def as_json(self) -> dict[str, object]:
        """Return the members of the JSON object that clients get."""
        return {
            "challenge": self.text,
            "bits": self.bits,
            "rounds": self.rounds,
            "expires_at": times.render(self.expires_at),
        }


class Verdict(StrEnum):
    """What a proof is worth. Each but `valid` counts as no proof; the problem names it."""

    VALID = "valid"
    ABSENT = "absent"
    MALFORMED = "malformed"
    FOREIGN = "foreign"
    EXPIRED = "expired"
    WRONG = "wrong"


class Challenges:
    """Makes and checks the challenges of one stage. `mac` returns 32 bytes that depend on a secret
    of the stage.
    """

    def __init__(self, mac: Mac) -> None:
        self._mac = mac

    def at(self, level: LoadLevel, now: datetime) -> Challenge:
        """Return the challenge of the minute of `now` for a level."""
        minute = int(_ISSUED_EVERY.total_seconds())
        issued = int(now.timestamp()) // minute * minute
        expires = issued + minute + int(LIFE.total_seconds())
        unsigned = f"1.{BITS[level]}.{ROUNDS}.{expires}"
        return Challenge(
            f"{unsigned}.{self._digits(unsigned)}",
            BITS[level],
            ROUNDS,
            datetime.fromtimestamp(expires, UTC),
        )

    def check(self, proof: str | None, idempotency_key: str, now: datetime) -> Verdict:
        """Return what a proof is worth for the report with this key.

        A challenge is accepted with the difficulty that it was issued with, until it expires: a
        phone must not work again because the level rose meanwhile.
        """
        if not proof:
            return Verdict.ABSENT
        match = _PROOF.fullmatch(proof) if len(proof) <= LONGEST_PROOF else None
        if match is None:
            return Verdict.MALFORMED
        unsigned = match["challenge"].rpartition(".")[0]
        if not hmac.compare_digest(self._digits(unsigned), match["mac"]):
            return Verdict.FOREIGN
        if now.timestamp() >= int(match["expires"]):
            return Verdict.EXPIRED
        counters = match["counters"].split(",")
        right = len(counters) == int(match["rounds"]) and all(
            zero_bits(digest_of(match["challenge"], idempotency_key, number, counter))
            >= int(match["bits"])
            for number, counter in enumerate(counters)
        )
        return Verdict.VALID if right else Verdict.WRONG

    def _digits(self, unsigned: str) -> str:
        return self._mac(unsigned)[: _MAC_DIGITS // 2].hex()


def digest_of(challenge: str, idempotency_key: str, number: int, counter: str) -> bytes:
    """Return the digest of one try of the round with this number."""
    return hashlib.sha256(f"{challenge}:{idempotency_key}:{number}:{counter}".encode()).digest()


def zero_bits(digest: bytes) -> int:
    """Return the number of zero bits at the beginning of a digest."""
    return len(digest) * 8 - int.from_bytes(digest).bit_length()
