"""The flood gate: which reports are accepted from whom, by the load level.

Nothing is refused for good: a proof of work is always accepted, and so are categories that are
never limited. Intake recognises a repeated call, whatever is decided here.
"""

import logging
import secrets
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from chalicelib.domain.flood.load_level import Challenge, Challenges, LoadLevel, Verdict
from chalicelib.domain.flood.sources import (
    COUNTED_OF_NETWORK,
    LIMITS,
    SALT_BYTES,
    Counts,
    Memory,
    Source,
    Tokens,
    salt_hour,
    tokens_of,
    window_of,
)
from chalicelib.domain.flood.sources import WINDOW as SOURCE_WINDOW
from chalicelib.kernel import errors, times
from chalicelib.store.flood.load_level import LoadCounters
from chalicelib.store.flood.sources import Sources

log = logging.getLogger(__name__)

# The time until the next try after the table of sources could not be used.
_TRY_AGAIN_AFTER = timedelta(seconds=20)
# When a flood is on, a report without a proof may be tried again after this time.
_FLOOD_RETRY_S = 60


class Limited(Protocol):
    """A category, as far as the gate knows it."""

    @property
    def code(self) -> str: ...
    @property
    def never_limited(self) -> bool: ...


class Sender(NamedTuple):
    """The sender of a request, as the gate sees it. `source` must not be stored or logged."""

    source: Source
    proof: str | None
    idempotency_key: str


class Admitted(NamedTuple):
    """How a report is accepted. `proven`: with a valid proof. `unproven`: although it should have
    one. `counts`: whether it counts towards the load level.
    """

    proven: bool = False
    unproven: bool = False
    counts: bool = True


class FloodGate:
    """Admits reports. One for each instance: it keeps counters of sources in memory, as tokens."""

    def __init__(
        self,
        level: Callable[[datetime], LoadLevel],
        challenges: Callable[[], Challenges],
        sources: Callable[[], Sources],
        arrivals: Callable[[], LoadCounters],
    ) -> None:
        self._level = level
        self._challenges = challenges
        self._sources = sources
        self._arrivals = arrivals
        self._memory = Memory()
        self._salt: tuple[datetime, bytes] | None = None
        self._count_from: datetime | None = None
        self._without_proof: Counter[str] = Counter()
        self._counted_in: datetime | None = None
        self._lock = threading.Lock()

    def admit(
        self, category: Limited, sender: Sender, now: datetime, *, drill: bool = False
    ) -> Admitted:
        """Return how a report is accepted: *unproven* only in a category that is never limited.

        A drill is limited in any category: no life depends on it. Raises ProofRequired, with a
        challenge.
        """
        level = self._level(now)
        verdict = Verdict.ABSENT
        if sender.proof:
            verdict = self._challenges().check(sender.proof, sender.idempotency_key, now)
        if verdict is Verdict.VALID:
            return Admitted(proven=True)
        own = tokens_of(sender.source, self._own_salt(now), now)
        counts = self._memory.count(own, now)
        in_flood = level >= LoadLevel.FLOOD
        if in_flood:
            # Whether it is refused or accepted. Each network once in a window: one source alone
            # must not hold the level up.
            self._count_without_proof(category.code, int(counts.network == 1), now)
        elif not counts.exceed(LIMITS):
            if level >= LoadLevel.BUSY:
                counts = self._count_everywhere(sender.source, own, now) or counts
            if not counts.exceed(LIMITS):
                return Admitted(counts=counts.network <= COUNTED_OF_NETWORK)
        if category.never_limited and not drill:
            # At level 0 nobody is asked for a proof beforehand: a neighbour's junk must not decide
            # how soon officers learn of a report.
            return Admitted(unproven=level >= LoadLevel.BUSY, counts=False)
        raise errors.ProofRequired(
            _FLOOD_RETRY_S if in_flood else _until_next_window(now),
            challenge=self._challenges().at(level, now).as_json(),
            proof=verdict.value,
        )

    def challenge(self, now: datetime) -> Challenge | None:
        """Return the challenge of now; None when no report needs a proof."""
        level = self._level(now)
        return self._challenges().at(level, now) if level >= LoadLevel.BUSY else None

    def _count_everywhere(self, source: Source, own: Tokens, now: datetime) -> Counts | None:
        """Count a report in the table that all instances share. Return None when that cannot be.

        `own` are the tokens of its source in the memory of this instance.
        """
        if self._count_from and now < self._count_from:
            return None
        try:
            sources = self._sources()
            counts = sources.count(tokens_of(source, sources.salt(now), now), now)
        except errors.Unavailable:
            # Intake goes on with what this instance knows.
            log.warning("sources_not_counted")
            self._count_from = now + _TRY_AGAIN_AFTER
            return None
        self._memory.learn(own, counts, now)
        return counts

    def _own_salt(self, now: datetime) -> bytes:
        """Return the salt of this instance's memory. It is nowhere else, and lasts an hour."""
        hour = salt_hour(now)
        with self._lock:
            if self._salt is None or self._salt[0] != hour:
                self._salt = hour, secrets.token_bytes(SALT_BYTES)
            return self._salt[1]

    def _count_without_proof(self, category: str, number: int, now: datetime) -> None:
        """Count reports that have no proof in a flood towards the load level.

        This makes one call of AWS a minute at most.
        """
        minute = times.to_minute(now)
        with self._lock:
            self._without_proof[category] += number
            if self._counted_in == minute or not self._without_proof.total():
                return
            counted, self._without_proof, self._counted_in = self._without_proof, Counter(), minute
        try:
            self._arrivals().add(counted, minute)
        except errors.Unavailable:
            log.warning("refusals_not_counted")


def _until_next_window(now: datetime) -> int:
    return int((window_of(now) + SOURCE_WINDOW - now).total_seconds()) + 1
