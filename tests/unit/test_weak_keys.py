import random
import uuid
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.kernel import errors
from chalicelib.kernel.ids import is_weak, read_secret_key

HANDMADE = [
    "00000000-0000-4000-8000-000000000000",
    "ffffffff-ffff-4fff-bfff-ffffffffffff",
    "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
    "11111111-2222-4333-8444-555555555555",
    "12345678-1234-4234-8234-123456789012",
    "12345678-9abc-4def-8123-456789abcdef",
    "deadbeef-dead-4eef-8ead-beefdeadbeef",
    "deadbeef-0000-4000-8000-000000000001",
    "fedcba98-7654-4210-bedc-ba9876543210",
    "a1b2a1b2-a1b2-41b2-a1b2-a1b2a1b2a1b2",
    "00010203-0405-4607-8809-0a0b0c0d0e0f",
    "00112233-4455-4677-8899-aabbccddeeff",
    "98765432-1098-4654-b210-987654321098",
    "12121212-3434-4121-a343-121212123434",
]


@pytest.mark.parametrize("variant", "89ab")
@pytest.mark.parametrize("key", HANDMADE)
def test_a_key_that_somebody_typed_is_weak(key: str, variant: str) -> None:
    assert is_weak(uuid.UUID(key[:19] + variant + key[20:]))


@given(st.integers(0, 2**45 - 1), st.integers(0, 80), st.sampled_from([0, 2**128 - 1]))
def test_a_counter_beside_zeros_or_ones_is_weak(count: int, shift: int, filler: int) -> None:
    assert is_weak(uuid.UUID(int=count << shift ^ filler, version=4))


@given(st.text("0123456789abcdef", min_size=1, max_size=8))
def test_a_repeated_text_is_weak(text: str) -> None:
    assert is_weak(uuid.UUID((text * 32)[:32], version=4))
    digits = (text * 30)[:30]
    assert is_weak(uuid.UUID(f"{digits[:12]}4{digits[12:15]}8{digits[15:]}"))


@given(st.integers(0, 255), st.integers(0, 255))
def test_bytes_that_count_up_or_down_are_weak(first: int, step: int) -> None:
    counting = bytes((first + step * each) % 256 for each in range(16))
    assert is_weak(uuid.UUID(bytes=counting, version=4))


def test_fewer_than_one_random_key_in_a_million_millions_is_weak() -> None:
    chance = random.Random(1)
    keys = (uuid.UUID(int=chance.getrandbits(128), version=4) for _ in range(20_000))
    assert not any(map(is_weak, keys))
    forms = {
        "few digits": comb(16, 4) * 4**30,
        "mostly one digit": 16 * sum(comb(30, others) * 15**others for others in range(13)),
        "repeated": 16**3 * sum(16 ** (2 * period) for period in range(2, 9)),
        "counting": 16**6 * sum(comb(25, breaks) * 15**breaks for breaks in range(7)),
        "counting bytes": 256**3 * 16**4,
    }
    assert sum(forms.values()) / 16**30 < 1e-12


def test_a_weak_secret_is_refused_and_a_random_one_is_not() -> None:
    with pytest.raises(errors.Malformed) as refused:
        read_secret_key(HANDMADE[0])
    assert refused.value.code == "weak_idempotency_key"
    key = str(uuid.UUID(int=random.Random(2).getrandbits(128), version=4))
    assert read_secret_key(key.upper()) == key
