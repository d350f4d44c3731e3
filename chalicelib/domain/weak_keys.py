"""Keys that somebody could guess: UUIDs (version 4) that do not look random.

Somebody who knows all secrets of the service could try such keys one by one, and get each one's
receipt. These are cheap tests for what a hand or a bad generator writes: few digits, one digit
again and again, a pattern that repeats, digits or bytes that count. Of 10^12 random keys fewer than
one is refused. What looks random and is not cannot be recognised: docs/mobile.md names the
generators to use.
"""

from itertools import pairwise
from uuid import UUID

_FEW = 4  # So many different digits are too few.
_OTHERS = 12  # So many of the 30 free digits may differ from the most frequent one.
_BREAKS = 6  # So often may digits that count jump, as from 9 to 0.


def is_weak(key: UUID) -> bool:
    """Return whether `key` has one of the forms that could be tried one by one."""
    # The free digits before the version, between it and the variant, and after that.
    head, middle, tail = key.hex[:12], key.hex[13:16], key.hex[17:]
    free = head + middle + tail
    different = set(free)
    return (
        len(different) <= _FEW
        or len(free) - max(map(free.count, different)) <= _OTHERS
        or any(head.startswith(head[n:]) and tail.startswith(tail[n:]) for n in range(2, 9))
        or _digits_count(head, tail)
        or _bytes_count(key.bytes[:6], key.bytes[9:])
    )


def _digits_count(*parts: str) -> bool:
    steps = [
        (int(after, 16) - int(before, 16)) % 16
        for part in parts
        for before, after in pairwise(part)
    ]
    return len(steps) - max(map(steps.count, set(steps))) <= _BREAKS


def _bytes_count(*parts: bytes) -> bool:
    return len({(after - before) % 256 for part in parts for before, after in pairwise(part)}) == 1
