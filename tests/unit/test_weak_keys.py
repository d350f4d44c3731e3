import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from math import comb, log2
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import errors
from chalicelib.domain import weak_keys
from chalicelib.domain.ids import read_secret_key

NOW = datetime(2026, 11, 25, 9, 30, 12, 345678, tzinfo=UTC).timestamp()
PLACES = len(weak_keys.FREE)


def labelled(value: int | bytes | str) -> uuid.UUID:
    """Return 128 bits as a UUID of version 4: its version and variant are written over."""
    if isinstance(value, str):
        value = bytes.fromhex(value)
    raw = value.to_bytes(16) if isinstance(value, int) else value
    return uuid.UUID(bytes=raw, version=4)


def inserted(digits: str, variant: str = "8") -> uuid.UUID:
    """Return a UUID of 30 digits, between which version and variant are inserted."""
    return uuid.UUID(f"{digits[:12]}4{digits[12:15]}{variant}{digits[15:]}")


HANDMADE = [
    "00000000-0000-4000-8000-000000000000",
    "ffffffff-ffff-4fff-bfff-ffffffffffff",
    "11111111-1111-4111-8111-111111111111",
    "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
    "11111111-2222-4333-8444-555555555555",
    "12345678-1234-4234-8234-123456789012",
    "12345678-9abc-4def-8123-456789abcdef",
    "abcdef12-3456-4789-abcd-ef1234567890",
    "deadbeef-dead-4eef-8ead-beefdeadbeef",
    "deadbeef-0000-4000-8000-000000000001",
    "fedcba98-7654-4210-bedc-ba9876543210",
    "0a0a0a0a-0a0a-4a0a-8a0a-0a0a0a0a0a0a",
    "a1b2a1b2-a1b2-41b2-a1b2-a1b2a1b2a1b2",
    "00010203-0405-4607-8809-0a0b0c0d0e0f",
    "00112233-4455-4677-8899-aabbccddeeff",
    "01234567-89ab-4def-8123-456789abcdef",
    "98765432-1098-4654-b210-987654321098",
    "00000001-0000-4002-8000-000300000004",
    "12121212-3434-4121-a343-121212123434",
]


@pytest.mark.parametrize("key", HANDMADE)
def test_a_key_that_somebody_typed_is_weak(key: str) -> None:
    assert weak_keys.is_weak(uuid.UUID(key))


BYTE_ORDERS: tuple[Literal["big", "little"], ...] = ("big", "little")
UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "100ns": 10**7, "ns": 10**9}


def times() -> Iterator[tuple[str, bytes | str]]:
    """Yield 16 bytes, or 30 digits, that hold a time in each unit, form and place."""
    for unit, per_second in UNITS.items():
        time = int(NOW * per_second)
        for order in BYTE_ORDERS:
            raw = time.to_bytes(8, order)
            for place in range(9):
                for filler in (b"\x00", b"\xff", b"\xa5"):
                    filled = filler * place + raw + filler * (8 - place)
                    yield f"{unit} {order} {place} {filler.hex()}", filled
        for place in (0, 5, 30 - len(str(time))):
            for zero in "0f":
                yield (
                    f"{unit} decimal {place} {zero}",
                    str(time).rjust(len(str(time)) + place, zero).ljust(30, zero),
                )
    calendar = datetime.fromtimestamp(NOW, UTC).strftime("%Y%m%d%H%M%S%f")
    yield "calendar first", calendar.ljust(30, "0")
    yield "calendar last", calendar.rjust(30, "0")
    yield "text", str(int(NOW * 10**6)).encode()
    yield "twice", int(NOW * 1000).to_bytes(8) * 2


TIMES = dict(times())


@pytest.mark.parametrize("value", TIMES.values(), ids=TIMES.keys())
def test_a_time_and_nothing_else_is_weak(value: bytes | str) -> None:
    if isinstance(value, bytes):
        keys = [labelled(value)]
    else:
        keys = [inserted(value), labelled(value.ljust(32, value[-1]))]
    assert all(weak_keys.is_weak(key) for key in keys)


@given(st.integers(0, 2**64 - 1), st.integers(0, 64), st.sampled_from([0, 2**128 - 1]))
def test_a_counter_in_any_place_is_weak(count: int, shift: int, filler: int) -> None:
    assert weak_keys.is_weak(labelled(count << shift ^ filler))


@given(st.integers(0, 2**128 - 1))
def test_half_a_key_is_weak(bits: int) -> None:
    assert weak_keys.is_weak(labelled(bits >> 64))
    assert weak_keys.is_weak(labelled(bits >> 64 << 64))


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**16 - 1))
def test_a_time_before_a_counter_is_weak_with_zeros_between(seconds: int, count: int) -> None:
    assert weak_keys.is_weak(labelled(seconds << 96 | count))


@pytest.mark.parametrize("per_second", UNITS.values(), ids=UNITS)
@given(st.integers(0, 2**30), st.integers(0, 2**16 - 1))
def test_a_time_in_one_half_and_a_counter_in_the_other_is_weak(
    per_second: int, later: int, count: int
) -> None:
    time = int(NOW * per_second) + later
    assert weak_keys.is_weak(labelled(time << 64 | count))
    assert weak_keys.is_weak(labelled((count >> 4) << 64 | time))


@given(st.integers(0, 2**60), st.integers(0, 2**12))
def test_a_time_that_is_read_twice_is_weak(later: int, pause: int) -> None:
    time = int(NOW * 10**9) + later >> 16 << 16
    assert weak_keys.is_weak(labelled(time << 64 | time + pause))


@given(st.text("0123456789abcdef", min_size=1, max_size=8))
def test_a_short_text_repeated_is_weak(text: str) -> None:
    assert weak_keys.is_weak(labelled((text * 32)[:32]))
    assert weak_keys.is_weak(inserted((text * 32)[:30]))


@given(st.integers(0, 255), st.integers(0, 255))
def test_bytes_that_count_are_weak(first: int, step: int) -> None:
    assert weak_keys.is_weak(labelled(bytes((first + step * each) % 256 for each in range(16))))


EIGHT_DIGITS = st.lists(st.integers(0, 15), min_size=8, max_size=8)


@given(EIGHT_DIGITS, EIGHT_DIGITS)
def test_columns_of_digits_that_count_are_weak(first: list[int], steps: list[int]) -> None:
    digits = "".join(
        f"{(first[place % 8] + place // 8 * steps[place % 8]) % 16:x}" for place in range(32)
    )
    assert weak_keys.is_weak(labelled(digits))
    assert weak_keys.is_weak(inserted(digits[:30]))
    assert weak_keys.is_weak(uuid.UUID(f"{digits[:12]}4{digits[12:15]}8{digits[16:31]}"))


@pytest.mark.parametrize("node", [0, 2**48 - 1, 0x020202020202])
def test_a_relabelled_time_uuid_without_a_node_is_weak(node: int) -> None:
    version_1 = uuid.uuid1(node=node, clock_seq=0x1234)
    assert weak_keys.is_weak(labelled(version_1.bytes))
    time = version_1.time
    version_6 = (time >> 12) << 80 | (time & 0xFFF) << 64 | 0x9234 << 48 | node
    assert weak_keys.is_weak(labelled(version_6))


def test_a_relabelled_version_7_is_weak_unless_its_rest_is_random() -> None:
    time = int(NOW * 1000)
    assert weak_keys.is_weak(labelled(time << 80))
    assert weak_keys.is_weak(labelled(time << 80 | 0x123 << 64))
    assert not weak_keys.is_weak(labelled(time << 80 | random.Random(7).getrandbits(74)))


def test_no_random_key_is_weak() -> None:
    chance = random.Random(1)
    keys = (labelled(chance.getrandbits(128)) for _ in range(20_000))
    assert not any(weak_keys.is_weak(key) for key in keys)


@pytest.mark.parametrize("variant", "89ab")
@pytest.mark.parametrize("key", HANDMADE)
def test_the_digits_of_version_and_variant_make_no_key_strong(key: str, variant: str) -> None:
    assert weak_keys.is_weak(uuid.UUID(key[:19] + variant + key[20:]))


def exceptions(places: int, most: int) -> int:
    """Return in how many ways at most `most` of the digits can differ from a rule."""
    return sum(comb(places, number) * 15**number for number in range(most + 1))


def test_fewer_than_one_random_key_in_a_million_millions_is_weak() -> None:
    """Count the keys of each form, never too few: the two free bits of the variant are anything."""
    # A digit that was written over interrupts a sequence: it starts again, at most twice.
    sequences = 3 * 16**2
    forms = {
        "few values": comb(16, weak_keys.FEW_VALUES) * weak_keys.FEW_VALUES**PLACES,
        "mostly one digit": 16 * exceptions(PLACES, weak_keys.OTHERS),
        "one window": PLACES * 256 * 16**weak_keys.WINDOW,
        "one decimal window": PLACES
        * 16
        * sum(10**length for length in range(weak_keys.DECIMAL_WINDOW + 1)),
        "counting": sequences
        * sum(
            16**distance * 16**distance * exceptions(PLACES - 1, most)
            for distance, most in weak_keys.COUNTING.items()
        ),
        "repeating": sequences * sum(16**period for period in weak_keys.REPEATING),
        "time": 2 * (weak_keys.LAST_TIME - weak_keys.FIRST_TIME) * 2**12 * 256,
        "half and counter": 16 ** (15 + weak_keys.COUNTER) + 16 ** (15 + 3),
        "one time twice": 16 ** (PLACES - 11),
        "text": len(weak_keys.HEXADECIMAL) ** 14 * 16 * 16,
    }
    for form, number in forms.items():
        assert number * 4 < 2**80, f"{form}: 2^{log2(number * 4):.1f} keys"
    assert sum(forms.values()) * 4 / 2**122 < 1e-12


def test_a_weak_secret_is_refused_and_a_random_one_is_not() -> None:
    with pytest.raises(errors.Malformed) as refused:
        read_secret_key(HANDMADE[0])
    assert refused.value.code == "weak_idempotency_key"
    key = str(labelled(random.Random(2).getrandbits(128)))
    assert read_secret_key(key.upper()) == key
