"""An attacker who pays: proofs of work, made ahead by processes that take the time left over."""

import os
import threading
import time
import uuid
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from examples.outbox import prove
from tests.load.http import Answer

_PROCESSES = 2
# A challenge is accepted for five minutes after the minute of its issue.
_LIFE_S = 290

type Proof = tuple[str, str]
"""An Idempotency-Key, and the proof for it."""


class Payer:
    """Works on the cheapest challenge that it has been given, also when the level has risen since:
    a challenge is accepted with the difficulty that it was issued with. Makes `wanted` proofs,
    so many `ahead` of what is taken.
    """

    def __init__(self, wanted: int, pool: Executor | None = None, ahead: int = 120) -> None:
        self._wanted, self._ahead = wanted, ahead
        # Of the lowest priority: what an attacker's machines do must not slow the stack down.
        self._pool = pool or ProcessPoolExecutor(_PROCESSES, get_context("spawn"), os.nice, (19,))
        self._made: deque[tuple[float, Future[Proof]]] = deque()
        self._challenge: tuple[float, Mapping[str, Any]] | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> "Payer":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def learn(self, answer: Answer) -> bool:
        """Take the challenge of a response, if it has one that is better. Return whether there is
        one to work on.
        """
        given = answer.json.get("challenge") if answer.status in (201, 429) else None
        with self._lock:
            if given and (not self._challenge or self._is_better(given, *self._challenge)):
                self._challenge = time.monotonic(), given
            while self._challenge and self._wanted and len(self._made) < self._ahead:
                self._wanted -= 1
                key, (at, challenge) = str(uuid.uuid4()), self._challenge
                self._made.append((at, self._pool.submit(_pay, challenge, key)))
            return self._challenge is not None

    def prepare(self) -> None:
        """Wait until all proofs are made that are made ahead."""
        for _, future in list(self._made):
            future.result()

    def take(self) -> Proof | None:
        """Return a proof that is accepted now; None when none is ready."""
        with self._lock:
            while self._made and time.monotonic() - self._made[0][0] > _LIFE_S:
                self._made.popleft()[1].cancel()
            if not self._made or not self._made[0][1].done():
                return None
            return self._made.popleft()[1].result()

    def _is_better(self, given: Mapping[str, Any], at: float, known: Mapping[str, Any]) -> bool:
        old = time.monotonic() - at > _LIFE_S / 2
        return old or int(given["bits"]) < int(known["bits"])


def _pay(challenge: Mapping[str, Any], key: str) -> Proof:
    return key, prove(challenge, key)
