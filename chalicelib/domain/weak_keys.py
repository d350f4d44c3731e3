"""Keys that somebody could guess: UUIDs (version 4) that do not look random.

Whoever knows all secrets of the service could try such keys one by one, and get each one's receipt.
So a key that is a secret must have about 122 random bits. A key is weak when it has a form of which
there are fewer than 2^80 keys. All forms together have fewer than 2^82 of the 2^122 keys, so of
10^12 random keys fewer than one is refused; `tests/unit/test_weak_keys.py` counts them. What looks
random and is not (the hash of a counter, a bad generator) cannot be recognised here: docs/mobile.md
names the generators to use.

A key has 32 hexadecimal digits. All are free but the version (always 4) and the variant (8 to b).
"""

import string
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

_VERSION, _VARIANT = 12, 16
FREE = tuple(place for place in range(32) if place not in (_VERSION, _VARIANT))

FEW_VALUES = 4
"""So many different digits are too few."""
OTHERS = 12
"""So many free digits may differ from the most frequent one in a weak key."""
WINDOW = 16
"""So many neighbouring digits may be anything in a key that otherwise repeats one byte."""
DECIMAL_WINDOW = 20
"""At most so many neighbouring digits may be any of 0 to 9 in a key that otherwise repeats one."""
COUNTER = 4
"""The digits of a counter beside half of a key."""
COUNTING = {1: 8, 2: 7, 4: 4, 8: 0}
"""The distance of two digits that count up or down, and the number of places where they may not."""
REPEATING = range(3, 17)
"""The periods of a key that only repeats its first digits."""
FIRST_TIME, LAST_TIME = (
    (datetime(year, 1, 1, tzinfo=UTC) - datetime(1582, 10, 15, tzinfo=UTC))
    // timedelta(microseconds=1)
    * 10
    for year in (2000, 2100)
)
"""Times of UUIDs (versions 1 and 6), in 100 ns since the Gregorian calendar began."""
HEXADECIMAL = frozenset(string.hexdigits.encode())
"""The ASCII codes of hexadecimal digits: a key that was written as text, digit for digit."""

_DIGITS = bytes.maketrans(b"0123456789abcdef", bytes(range(16)))
_SIXTEENS, _FIFTEENS = int("10" * 32, 16), int("0f" * 32, 16)


def _known(length: int, *unknown: int) -> tuple[tuple[int, int], ...]:
    """Return, for each period in bits, where both a digit and the one before it are known."""
    known = (1 << 4 * length) - 1
    for place in unknown:
        known ^= 0xF << 4 * (length - 1 - place)
    return tuple((4 * period, known & known >> 4 * period) for period in REPEATING)


_WRITTEN_OVER = _known(32, _VERSION, _VARIANT)
_VERSION_INSERTED = _known(31, _VARIANT - 1)
_BOTH_INSERTED = _known(30)
_TWICE = FREE + FREE
_OUTSIDE = tuple(_TWICE[start + WINDOW : start + len(FREE)] for start in range(len(FREE)))


def is_weak(key: UUID) -> bool:
    """Return whether `key` has one of the forms that could be tried one by one."""
    digits, raw = key.hex.encode().translate(_DIGITS), key.bytes
    return (
        _has_few_values(digits)
        or _repeats(key.int)
        or (_may_count(digits) and any(map(_counts, _sequences(digits))))
        or _is_half_and_counter(digits)
        or _is_one_time_twice(digits)
        or _is_time_without_node(key)
        or HEXADECIMAL.issuperset(raw[:6] + raw[7:8] + raw[9:])
    )


def _has_few_values(digits: bytes) -> bool:
    """Return whether most digits are one of very few."""
    free = digits[:_VERSION] + digits[_VERSION + 1 : _VARIANT] + digits[_VARIANT + 1 :]
    most = max(map(free.count, set(free)))
    # In all of these forms one digit is there this often. So nearly no random key is looked at.
    return most >= len(free) // FEW_VALUES and (
        len(set(free)) <= FEW_VALUES
        or len(free) - most <= OTHERS
        or _is_one_window(digits)
        or _is_one_decimal_window(free)
    )


def _is_one_window(digits: Sequence[int]) -> bool:
    """Return whether all but `WINDOW` neighbouring free digits are one byte, again and again.

    Such are a time in any unit and byte order, a counter, or half of a key, beside zeros. The end
    and the beginning are neighbours.
    """
    for outside in _OUTSIDE:
        first: dict[int, int] = {}
        if all(digits[place] == first.setdefault(place % 2, digits[place]) for place in outside):
            return True
    return False


def _is_one_decimal_window(free: Sequence[int]) -> bool:
    """Return whether all but at most `DECIMAL_WINDOW` neighbours, all decimal, are one digit."""
    for start in range(len(free)):
        window = [*free[start:], *free[:start]]
        filler = window[-1]
        while window and window[-1] == filler:
            window.pop()
        if len(window) <= DECIMAL_WINDOW and max(window, default=0) <= 9:
            return True
    return False


def _repeats(key: int) -> bool:
    """Return whether the digits only repeat, as they were before version and variant."""
    before, between, after = key >> 80, key >> 64 & 0xFFF, key & 0xFFFF_FFFF_FFFF_FFFF
    version_inserted = before << 76 | between << 64 | after
    both_inserted = before << 72 | between << 60 | after & 0xFFF_FFFF_FFFF_FFFF
    return (
        _repeats_where(_WRITTEN_OVER, key)
        or _repeats_where(_VERSION_INSERTED, version_inserted)
        or _repeats_where(_BOTH_INSERTED, both_inserted)
    )


def _repeats_where(known: Sequence[tuple[int, int]], digits: int) -> bool:
    return any(not (digits ^ digits >> shift) & places for shift, places in known)


def _may_count(digits: bytes) -> bool:
    """Return True for all keys that `_counts`, and False for nearly all others, quickly.

    The digits before the version, and those after the variant, have the same neighbours in all
    sequences. Of digits that count, `n` different steps need `n - 1` exceptions.
    """
    number = int.from_bytes(digits)
    for distance, exceptions in COUNTING.items():
        # Each digit less the one `distance` before it, modulo 16, all at once.
        steps = ((number | _SIXTEENS) - (number >> 8 * distance) & _FIFTEENS).to_bytes(32)
        before, after = steps[distance:_VERSION], steps[_VARIANT + 1 + distance :]
        if distance == 8:
            # Three columns go on after the variant, in each sequence one digit further.
            return before[1:] in after[:5]
        different = sum(
            len(set(part[first::distance])) - 1
            for part in (before, after)
            for first in range(distance)
        )
        if different <= exceptions:
            return True
    return False


def _sequences(digits: Sequence[int]) -> tuple[list[int | None], ...]:
    """Return the digits as they were before version and variant were written.

    None stands for a digit that was written over; a digit that was inserted is left out.
    """
    written_over: list[int | None] = [*digits]
    written_over[_VERSION] = written_over[_VARIANT] = None
    version_inserted = written_over[:_VERSION] + written_over[_VERSION + 1 :]
    both_inserted = [each for each in written_over if each is not None]
    return written_over, version_inserted, [*both_inserted]


def _counts(sequence: Sequence[int | None]) -> bool:
    """Return whether the digits go up or down by equal steps, as counters of 4 to 32 bits do."""
    for distance, exceptions in COUNTING.items():
        irregular = 0
        for first in range(distance):
            column = sequence[first::distance]
            steps = bytes(
                (other - one) % 16
                for one, other in pairwise(column)
                if one is not None and other is not None
            )
            irregular += len(steps) - max(map(steps.count, set(steps)), default=0)
            if irregular > exceptions:
                break
        else:
            return True
    return False


def _is_half_and_counter(digits: bytes) -> bool:
    """Return whether one half of the key is a counter of 16 bits, or of 12 before the variant.

    The other half is then mostly a time, as in Java's `new UUID(System.nanoTime(), counter)`.
    """
    return not any(digits[_VARIANT + 1 : -COUNTER]) or not any(digits[:_VERSION])


def _is_one_time_twice(digits: bytes) -> bool:
    """Return whether both halves begin alike: they are readings of one clock."""
    return digits[1:_VERSION] == digits[_VARIANT + 1 : _VARIANT + _VERSION]


def _is_time_without_node(key: UUID) -> bool:
    """Return whether this is a UUID of version 1 or 6, relabelled, whose node is one byte."""
    if len(set(key.bytes[10:])) > 1:
        return False
    version_1 = key.time  # It leaves out the version.
    version_6 = (key.int >> 80) << 12 | (key.int >> 64) & 0xFFF
    return any(FIRST_TIME <= time < LAST_TIME for time in (version_1, version_6))
