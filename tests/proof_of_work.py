"""Proofs of work as a phone makes them, by what docs/mobile.md says alone."""

import hashlib
import itertools
from collections.abc import Mapping
from typing import Any, NamedTuple


class Proof(NamedTuple):
    """A proof, as `Tipline-Proof` has it, and how many hashes it took."""

    header: str
    hashes: int


def prove(challenge: Mapping[str, Any], key: str) -> Proof:
    """Return the proof of a challenge for the report with this Idempotency-Key."""
    counters, hashes = [], 0
    for number in range(challenge["rounds"]):
        start = hashlib.sha256(f"{challenge['challenge']}:{key}:{number}:".encode())
        for counter in itertools.count():
            hashes += 1
            tried = start.copy()
            tried.update(str(counter).encode())
            if int.from_bytes(tried.digest()) >> (256 - challenge["bits"]) == 0:
                counters.append(str(counter))
                break
    return Proof(f"{challenge['challenge']}:{','.join(counters)}", hashes)
