"""Proofs of work as a phone makes them, by what docs/mobile.md says alone."""

import hashlib
import itertools
from collections.abc import Mapping
from typing import Any


def prove(challenge: Mapping[str, Any], key: str) -> str:
    """Return `Tipline-Proof` of a challenge for the report with this Idempotency-Key."""
    counters = []
    for number in range(challenge["rounds"]):
        start = hashlib.sha256(f"{challenge['challenge']}:{key}:{number}:".encode())
        for counter in itertools.count():
            tried = start.copy()
            tried.update(str(counter).encode())
            if int.from_bytes(tried.digest()) >> (256 - challenge["bits"]) == 0:
                counters.append(str(counter))
                break
    return f"{challenge['challenge']}:{','.join(counters)}"
