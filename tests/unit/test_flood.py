"""Load levels and challenges: a level rises at once and falls slowly; a proof counts once."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.flood import load_level
from chalicelib.domain.flood.load_level import (
    ALL,
    BITS,
    LIFE,
    LONGEST_PROOF,
    ROUNDS,
    Challenges,
    LoadLevel,
    LoadState,
    Verdict,
    next_level,
    usual_of,
    zero_bits,
)
from chalicelib.kernel.ids import Identity
from chalicelib.store.flood.load_level import read_state
from examples.outbox import prove

COUNTS = st.dictionaries(st.sampled_from(["other", "noise", "fire"]), st.integers(0, 10_000))


@pytest.mark.parametrize(
    ("count", "level"), [(0, 0), (19, 0), (20, 1), (59, 1), (60, 2), (199, 2), (200, 3), (9_999, 3)]
)
def test_the_number_in_a_minute_makes_the_level(count: int, level: int) -> None:
    assert next_level(LoadLevel.NORMAL, [{"other": count}], {}) == level


def test_a_flood_over_many_categories_is_one() -> None:
    spread = {f"category {n}": 15 for n in range(4)}
    assert next_level(LoadLevel.NORMAL, [spread], {}) is LoadLevel.BUSY


def test_what_is_usual_here_is_no_flood() -> None:
    assert next_level(LoadLevel.NORMAL, [{"other": 60}], {"other": 30, ALL: 30}) == 0
    assert next_level(LoadLevel.NORMAL, [{"other": 120}], {"other": 30, ALL: 30}) == 1


def test_it_falls_one_step_when_all_minutes_were_low() -> None:
    present = LoadLevel.HEAVY_FLOOD
    assert next_level(present, [{"other": 100}, {"other": 1}], {}) is present
    assert next_level(present, [{"other": 99}, {"other": 1}], {}) is LoadLevel.FLOOD
    assert next_level(LoadLevel.FLOOD, [], {}) is LoadLevel.BUSY
    assert next_level(LoadLevel.BUSY, [], {}) is LoadLevel.NORMAL


@given(st.sampled_from(LoadLevel), st.lists(COUNTS, max_size=11))
def test_the_same_minutes_never_let_it_rise_and_fall(
    present: LoadLevel, minutes: list[dict[str, int]]
) -> None:
    first = next_level(present, minutes, {})
    second = next_level(first, minutes, {})
    assert (first >= present) or (second <= first)
    if first > present:
        assert second == first


def test_three_days_of_flood_do_not_become_usual() -> None:
    quiet, flood = {"other": 1_440}, {"other": 1_440_000}
    assert usual_of([quiet] * 4 + [flood] * 3) == {"other": 1.0, ALL: 1.0}
    assert usual_of([{}] * 7) == {ALL: 0.0}


@pytest.mark.parametrize(
    "row",
    [
        None,
        {},
        {"automatic": 9},
        {"automatic": "high"},
        {"override_until": "soon", "override_level": 1},
        {"override_until": "2026-11-24T08:30:00.000Z"},
    ],
)
def test_a_row_that_cannot_be_read_is_level_0(row: dict[str, object] | None) -> None:
    assert read_state(row) == LoadState()


MADE_AT = datetime(2026, 11, 24, 8, 30, 12, tzinfo=UTC)
KEY = "0d1f6c1e-6a39-4c0e-9a53-7d0f7f1c2b44"
OURS = Challenges(Identity(b"a test master key").challenge_mac)
CHALLENGE = OURS.at(LoadLevel.BUSY, MADE_AT)
PROOF = prove(CHALLENGE.as_json(), KEY)


def test_the_example_of_the_documentation_is_right() -> None:
    assert CHALLENGE.text == "1.14.8.1795509360.12bbe14a485994725027dff448290437"
    assert f"{CHALLENGE.text}:12387,318,7439,11981,13826,4642,665,24651" == PROOF
    assert OURS.check(PROOF, KEY, MADE_AT) is Verdict.VALID


def test_a_challenge_is_the_same_for_a_minute() -> None:
    later = OURS.at(LoadLevel.BUSY, MADE_AT + timedelta(seconds=47))
    assert later == CHALLENGE
    assert OURS.at(LoadLevel.BUSY, MADE_AT + timedelta(seconds=48)) != CHALLENGE
    assert timedelta(0) < CHALLENGE.expires_at - MADE_AT - LIFE <= timedelta(minutes=1)


def test_a_higher_level_is_harder() -> None:
    bits = [OURS.at(level, MADE_AT).bits for level in LoadLevel]
    assert bits == sorted(bits)
    # On average, at half a million hashes a second: 1 to 3 s at level 2, below 5 s at level 3.
    seconds = {level: ROUNDS * 2 ** BITS[level] / 500_000 for level in LoadLevel}
    assert 1 <= seconds[LoadLevel.FLOOD] <= 3
    assert seconds[LoadLevel.HEAVY_FLOOD] <= 2.5


def test_no_round_may_be_left_out_or_change_places() -> None:
    challenge, _, counters = PROOF.rpartition(":")
    each = counters.split(",")
    for wrong in (each[1:], [*each, each[0]]):
        assert OURS.check(f"{challenge}:{','.join(wrong)}", KEY, MADE_AT) is Verdict.MALFORMED
    assert OURS.check(f"{challenge}:{','.join(each[1:] + each[:1])}", KEY, MADE_AT) is Verdict.WRONG
    assert OURS.check(f"{challenge}:{','.join([each[0]] * ROUNDS)}", KEY, MADE_AT) is Verdict.WRONG


@given(st.integers(0, len(CHALLENGE.text) - 1), st.characters(codec="ascii"))
def test_no_character_of_a_challenge_can_be_changed(at: int, character: str) -> None:
    text = CHALLENGE.text
    altered = text[:at] + character + text[at + 1 :]
    verdict = OURS.check(PROOF.replace(text, altered), KEY, MADE_AT)
    assert (verdict is Verdict.VALID) == (altered == text)


@given(st.text(max_size=300))
def test_any_text_is_judged(text: str) -> None:
    assert OURS.check(text, KEY, MADE_AT) in (Verdict.ABSENT, Verdict.MALFORMED)


@given(st.text("0123456789.,:abcdef", max_size=300))
def test_any_text_of_its_letters_is_judged(text: str) -> None:
    assert OURS.check(f"{CHALLENGE.text}:{text}", KEY, MADE_AT) is not Verdict.VALID


def test_a_long_text_is_not_even_searched() -> None:
    assert OURS.check("1" * (LONGEST_PROOF + 1), KEY, MADE_AT) is Verdict.MALFORMED
    longest = f"1.99.99.{'9' * 12}.{'f' * 32}:{','.join(['9' * 16] * ROUNDS)}"
    assert len(longest) <= LONGEST_PROOF
    assert OURS.check(longest, KEY, MADE_AT) is Verdict.FOREIGN


@given(st.binary(min_size=32, max_size=32))
def test_zero_bits_are_counted_from_the_left(digest: bytes) -> None:
    written = f"{int.from_bytes(digest):0256b}"
    assert zero_bits(digest) == len(written) - len(written.lstrip("0"))


def test_its_mac_follows_from_a_key_of_its_own() -> None:
    key = hmac.digest(b"a test master key", b"challenge/1", "sha256")
    unsigned, _, mac = CHALLENGE.text.rpartition(".")
    assert mac == hmac.new(key, unsigned.encode(), hashlib.sha256).hexdigest()[:32]
    assert load_level.digest_of("c", "k", 0, "1") == hashlib.sha256(b"c:k:0:1").digest()
