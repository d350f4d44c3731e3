"""A number is found however it was written, and a name never."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.casework.search_tokens import AS_TYPED, TOKENS_MAX, token_of, tokens_in

MARKS = st.sampled_from(["", " ", "-", "·", "•", "‧", ".", "–", "・", "\u200b", "\u2060 ", "\xad"])
AROUND = st.sampled_from(["", "车牌", "，", "号码:", "\n", "（", " seen ", "\u200e"])
FULL_WIDTH = {ord(each): ord(each) + 0xFEE0 for each in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


@pytest.mark.parametrize(
    ("typed", "token"),
    [
        ("京A·12345", "京A12345"),
        ("京Ａ１２３４５", "京A12345"),
        ("京a 12345", "京A12345"),
        ("京A1234警", "京A1234"),
        ("粤B·D12345", "粤BD12345"),
        ("AB-123-CD", "AB123CD"),
        ("ab 123 cd", "AB123CD"),
        ("+86 138-0013-8000", "13800138000"),
        ("0086 138 0013 8000", "13800138000"),
        ("138 0013 8000", "13800138000"),
        ("(010) 8888-9999", "01088889999"),
        ("+44 20 7946 0018", "442079460018"),
        ("٠١٢٣", "0123"),
        ("20261126", "20261126"),
    ],
)
def test_what_is_typed_in_any_way_has_one_form(typed: str, token: str) -> None:
    assert token_of(typed) == token


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "王小明",
        "Wang Xiaoming",
        "123",
        "A1",
        "A1BCD",
        "京A12345 和 13800138000",
        "1" * 21,
        "👍 1234",
    ],
)
def test_a_name_a_word_and_what_is_no_single_number_is_none(typed: str) -> None:
    assert token_of(typed) is None


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("一辆车牌京A·12345的白车", "京A12345"),
        ("一辆车牌京A·12345的白车", "A12345"),
        ("一辆车牌京A·12345的白车", "12345"),
        ("请打13800138000或者13900139000。", "13900139000"),
        ("room 42, 138 0013 8000 after nine", "13800138000"),
        ("phones 13800138000 13900139000", "13800138000"),
        ("wx13800138000x", "13800138000"),
        ("a van, AB 123 CD, turned left", "AB123CD"),
        ("the order 2026-11-26/7788", "7788"),
    ],
)
def test_it_is_found_among_other_words(text: str, token: str) -> None:
    assert token in tokens_in([text])


def test_the_parts_of_a_phone_number_are_not_found_by_themselves() -> None:
    assert tokens_in(["+86 138 0013 8000"]) == ("13800138000",)


def test_words_without_digits_leave_nothing() -> None:
    assert tokens_in(["王小明住在建国路，Zhang San saw A BIG DOG at 9"]) == ()


def test_a_flood_of_numbers_leaves_plates_and_phones_first() -> None:
    numbers = " , ".join(f"{number}" for number in range(10_000, 10_100))
    found = tokens_in([f"{numbers}, 13800138000, 京A12345"])
    assert len(found) == TOKENS_MAX
    assert found[:2] == ("京A12345", "13800138000")


@st.composite
def numbers(draw: st.DrawFn) -> tuple[str, str]:
    """Return a plate or a mobile number in one of its ways to be written, and its token."""
    if draw(st.booleans()):
        token = draw(st.sampled_from("京津沪粤苏")) + draw(st.sampled_from(LETTERS))
        token += draw(st.text("0123456789", min_size=5, max_size=6))
        written = f"{token[0]}{draw(MARKS)}{token[1]}{draw(MARKS)}{token[2:]}"
    else:
        token = (
            "1"
            + draw(st.sampled_from("3456789"))
            + draw(st.text("0123456789", min_size=9, max_size=9))
        )
        written = draw(MARKS).join((token[:3], token[3:7], token[7:]))
        written = draw(st.sampled_from(["", "+86 ", "0086-", "86 "])) + written
    if draw(st.booleans()):
        written = written.translate(FULL_WIDTH)
    return written, token


@given(number=numbers(), before=AROUND, after=AROUND)
def test_what_a_report_says_is_found_by_what_an_officer_types(
    number: tuple[str, str], before: str, after: str
) -> None:
    written, token = number
    assert token_of(written) == token
    assert token in tokens_in([f"{before}{written}{after}"])


@pytest.mark.parametrize(
    "typed", ["京A·12345", "粤BD12345", "AB 123 CD", "+86 138-0013-8000", "(010) 8888-9999", "4711"]
)
def test_the_documented_pattern_has_the_usual_ways_to_type(typed: str) -> None:
    assert re.search(AS_TYPED, typed)


@given(st.from_regex(AS_TYPED, fullmatch=True))
def test_all_that_the_documented_pattern_has_is_understood(typed: str) -> None:
    assert len(typed) <= 60
    assert token_of(typed)


@given(st.lists(st.text(max_size=200), max_size=5))
def test_each_token_of_a_text_finds_itself(texts: list[str]) -> None:
    found = tokens_in(texts)
    assert len(found) <= TOKENS_MAX
    assert [token_of(each) for each in found] == list(found)
