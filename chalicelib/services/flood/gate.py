"""The flood gate: which reports are accepted from whom, by the load level.

Nothing is refused for good: a proof of work is always accepted, and so are categories that are
never limited. Intake recognises a repeated call, whatever is decided here.
"""

import logging
import secrets
import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from chalicelib.domain.flood.load_level import CROWD, Challenge, Challenges, LoadLevel, Verdict
from chalicelib.domain.flood.sources import (
    ADDRESSES_OF_NETWORK,
    COUNTED_OF_NETWORK,
    FEW,
    LAST_TURN,
    SALT_BYTES,
    Counts,
    Kind,
    Memory,
    Source,
    Tokens,
    salt_hour,
    text_token,
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
# A crowd is one in its minute and the next: else it could begin anew in each.
_CROWD_LASTS = timedelta(minutes=2)
# When a flood is on, a report without a proof may be tried again after this time.
_FLOOD_RETRY_S = 60


class Limited(Protocol):
    """A category, as far as the gate knows it."""

    @property
    def code(self) -> str: ...
    @property
    def never_limited(self) -> bool: ...


class Sender(NamedTuple):
    """The sender of a report, as the gate sees it. Neither `source` nor `said`, the text of the
    report, may be stored or logged.
    """

    source: Source
    proof: str | None
    idempotency_key: str
    said: str | None = None


class Admitted(NamedTuple):
    """How a report is accepted. `proven`: with a valid proof. `unproven`: although it should have
    one. `in_burst`: it is one of many such. `turn`: that of a report which comes before all that is
    unproven; the first one of a burst has one, too. `counts`: whether it counts towards the load
    level.
    """

    proven: bool = False
    unproven: bool = False
    in_burst: bool = False
    turn: int | None = None
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
        self._crowd: defaultdict[str, set[Tokens]] = defaultdict(set)
        self._crowd_in: datetime | None = None
        self._crowd_until: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def admit(
        self, category: Limited, urgency: str, sender: Sender, now: datetime, *, drill: bool = False
    ) -> Admitted:
        """Return how a report of this urgency is accepted: *unproven* only in a category that is
        never limited.

        A drill is limited in any category, and to fewer: no life depends on it. Raises
        ProofRequired, with a challenge.
        """
        level = self._level(now)
        verdict = Verdict.ABSENT
        if sender.proof:
            verdict = self._challenges().check(sender.proof, sender.idempotency_key, now)
        never_limited = category.never_limited and not drill
        is_proven = verdict is Verdict.VALID
        kind = Kind.DRILL if drill else Kind(urgency) if never_limited else Kind.OTHER
        own = tokens_of(sender.source, kind, self._own_salt(now), now, proven=is_proven)
        counts = self._count(sender.source, own, kind, level, now, is_proven=is_proven)
        if is_proven:
            return Admitted(proven=True, turn=counts.turn)
        in_flood = level >= LoadLevel.FLOOD
        if in_flood:
            # Whether it is refused or accepted. Each network once in a window: one source alone
            # must not hold the level up.
            self._count_without_proof(category.code, int(counts.network == 1), now)
        elif counts.over(kind) <= 0:
            counted = counts.network <= COUNTED_OF_NETWORK
            if not (never_limited and self._is_crowd(category.code, own, now)):
                return Admitted(counts=counted, turn=counts.turn)
            unproven = self._unproven(counts, kind, sender.said, now, is_crowd=True)
            return unproven._replace(counts=counted)
        if never_limited:
            return self._unproven(counts, kind, sender.said, now, is_crowd=in_flood)
        raise errors.ProofRequired(
            _FLOOD_RETRY_S if in_flood else _until_next_window(now),
            challenge=self._challenges().at(level, now).as_json(),
            proof=verdict.value,
        )

    def _unproven(
        self, counts: Counts, kind: Kind, said: str | None, now: datetime, *, is_crowd: bool
    ) -> Admitted:
        """Return how a report is accepted that is never refused and should have a proof.

        The first one of a burst stands with those that are proven, since forty witnesses behind one
        address look like a burst. Below a flood it is also what counts of the source's excess.
        """
        nth = counts.over(kind)
        if is_crowd:
            token = text_token(said, kind, self._own_salt(now), now)
            alike = self._memory.count_one(token, now) if token else 0
            # A network within its limit is no burst by that: many may be witnesses behind it.
            nth = max(nth, max(counts.address, alike) - FEW)
        first = nth == 1
        return Admitted(
            unproven=True,
            in_burst=nth >= 1,
            turn=LAST_TURN if first else None,
            counts=first and not is_crowd,
        )

    def _is_crowd(self, category: str, own: Tokens, now: datetime) -> bool:
        """Return whether more sources than usual have sent such a report in this minute or the one
        before, to this instance; of a network, a few count. The load level says so a minute later.
        """
        minute = times.to_minute(now)
        with self._lock:
            if self._crowd_in != minute:
                self._crowd_in = minute
                self._crowd.clear()
            seen = self._crowd[category]
            of_network = sum(each.network == own.network for each in seen)
            if len(seen) <= CROWD and of_network < ADDRESSES_OF_NETWORK:
                seen.add(own)
            if len(seen) > CROWD:
                self._crowd_until[category] = minute + _CROWD_LASTS
            return now < self._crowd_until.get(category, now)

    def challenge(self, now: datetime, *, of_unproven: bool = False) -> Challenge | None:
        """Return the challenge of now; None when no report needs a proof, but for the one that was
        accepted as unproven.
        """
        level = self._level(now)
        asked = of_unproven or level >= LoadLevel.BUSY
        return self._challenges().at(level, now) if asked else None

    def _count(
        self,
        source: Source,
        own: Tokens,
        kind: Kind,
        level: LoadLevel,
        now: datetime,
        *,
        is_proven: bool,
    ) -> Counts:
        """Count a report in the memory of this instance, by its `own` tokens; where the load level
        asks for it, also in the table that all instances share.

        In a flood only proven reports are counted there: what nobody has paid for writes nothing.
        """
        counts = self._memory.count(own, now)
        if level is LoadLevel.NORMAL or (level >= LoadLevel.FLOOD and not is_proven):
            return counts
        is_over = counts.over(kind) > 0 and not is_proven
        if is_over or (self._count_from and now < self._count_from):
            return counts
        try:
            sources = self._sources()
            tokens = tokens_of(source, kind, sources.salt(now), now, proven=is_proven)
            shared = sources.count(tokens, now)
        except errors.Unavailable:
            # Intake goes on with what this instance knows.
            log.warning("sources_not_counted")
            self._count_from = now + _TRY_AGAIN_AFTER
            return counts
        # The table knows nothing of what came before the level rose.
        counts = Counts(*map(max, counts, shared))
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
