"""The load level, from 0 to 3, and the proof of work that it asks for.

| level | a report without a proof of work |
|---|---|
| 0, normal | is accepted |
| 1, busy | is accepted, up to the limit of its source |
| 2, flood | is refused with a challenge |
| 3, heavy flood | is refused with a harder challenge |

Categories that are never limited are accepted at every level. The level rises at once, and falls
one step at a time, after the number has been low for a while: otherwise the refusals of a level
would end it. An officer can set another level until a certain time.

A challenge is a text that only this stage can make, the same for everybody in one minute, so no
state is stored. A proof is bound to the Idempotency-Key, so every report needs its own.

    challenge   1.<bits>.<rounds>.<expires, in Unix seconds>.<mac, 32 hexadecimal digits>
    proof       <challenge>:<counter>,<counter>,…     one counter for each round, in decimal

Round `i` (from 0) is right when SHA-256 of this ASCII text begins with `bits` zero bits:

    <challenge>:<Idempotency-Key in lower case>:<i>:<counter>

The MAC cannot be guessed, so nobody works in advance: it is the nonce as well. Many small rounds
take nearly the same time on each try: of 8 rounds the slowest in a hundred takes twice the mean, of
one large round 4.6 times the mean.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import NamedTuple

from chalicelib.kernel import times


class LoadLevel(IntEnum):
    NORMAL = 0
    BUSY = 1
    FLOOD = 2
    HEAVY_FLOOD = 3


class LevelReason(StrEnum):
    """Why an officer sets the level. A code, because the record of it holds no words."""

    ATTACK = "attack"
    FALSE_ALARM = "false_alarm"
    EVENT = "event"
    EXERCISE = "exercise"


class Override(NamedTuple):
    """The level that an officer has set, until a certain time."""

    level: LoadLevel
    until: datetime


class LoadState(NamedTuple):
    """The stored level: that of the counters, and an officer's, if there is one."""

    automatic: LoadLevel = LoadLevel.NORMAL
    override: Override | None = None

    def level_at(self, now: datetime) -> LoadLevel:
        """Return the level that counts at `now`."""
        override = self.override_at(now)
        return override.level if override else self.automatic

    def override_at(self, now: datetime) -> Override | None:
        """Return the level that an officer has set, if it has not ended at `now`."""
        return self.override if self.override and now < self.override.until else None


# How often the usual number of a minute makes each level.
_TIMES: Mapping[LoadLevel, int] = {
    LoadLevel.BUSY: 4,
    LoadLevel.FLOOD: 12,
    LoadLevel.HEAVY_FLOOD: 40,
}
# The least that counts as usual in a minute. So 20 reports of a quiet category in a minute make
# level 1, which a fire that many people see can reach: they notice nothing of it.
USUAL_OF_CATEGORY = 5.0
USUAL_OF_ALL = 15.0
# Sources in a minute that make a crowd, where an instance cannot wait for the level: as many
# reports of a quiet category make level 1.
CROWD = int(USUAL_OF_CATEGORY * _TIMES[LoadLevel.BUSY])
ALL = "*"
# A level falls when all of these minutes had less than half of what makes it.
FALLS_AFTER = timedelta(minutes=10)
_FALLS_BELOW = 0.5
# Counters of this time are read: the present minute, and those that decide whether a level falls.
WINDOW = FALLS_AFTER
# From the counters of so many days follows what is usual. The median: a flood of three days
# changes nothing.
USUAL_DAYS = 7
_MINUTES_OF_A_DAY = 24 * 60

type Counts = Mapping[str, int]
"""Reports in one minute, by category."""


def next_level(
    present: LoadLevel, minutes: Iterable[Counts], usual: Mapping[str, float]
) -> LoadLevel:
    """Return the level after `present`.

    `minutes` are the counts of each minute in `WINDOW` that has any. `usual` is from `usual_of`.
    """
    peak = max((_excess(counts, usual) for counts in minutes), default=0.0)
    reached = _level_of(peak)
    if reached >= present:
        return reached
    stays = peak >= _TIMES[present] * _FALLS_BELOW
    return present if stays else LoadLevel(present - 1)


def usual_of(days: Iterable[Counts]) -> dict[str, float]:
    """Return the usual number of reports in a minute, by category, from whole days.

    `ALL` stands for all categories together. A day without reports must be among `days`, empty.
    """
    # Imported here: only a sweep needs it, and every start would load it.
    from statistics import median

    totals = [{**day, ALL: sum(day.values())} for day in days]
    names = {name for day in totals for name in day}
    return {name: median(day.get(name, 0) for day in totals) / _MINUTES_OF_A_DAY for name in names}


def _excess(counts: Counts, usual: Mapping[str, float]) -> float:
    """Return how many times the usual this minute has, at most: in a category, or in all."""
    in_one = (
        count / max(USUAL_OF_CATEGORY, usual.get(category, 0.0))
        for category, count in counts.items()
    )
    in_all = sum(counts.values()) / max(USUAL_OF_ALL, usual.get(ALL, 0.0))
    return max(in_all, *in_one, 0.0)


def _level_of(excess: float) -> LoadLevel:
    return max(
        (level for level, times in _TIMES.items() if excess >= times), default=LoadLevel.NORMAL
    )


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
    """The verdict on a proof. Each but `valid` counts as no proof; the problem names it."""

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
        """Return the verdict on a proof for the report with this key.

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
