import json
import re
import unicodedata
from collections.abc import Iterable
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError

from chalicelib.kernel.text import (
    TEXT_MAX,
    Bounded,
    ReporterText,
    clean,
    clean_address,
    clean_line,
    clean_number,
    is_blank,
)

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
DEPRECATED = "\u206a\u206b\u206c\u206d\u206e\u206f"
ANNOTATIONS = "\ufff9\ufffa\ufffb"
CONTROLS = "".join(
    chr(code) for code in [*range(0x20), *range(0x7F, 0xA0)] if chr(code) not in "\t\n\v\f\r"
)
TAGS = "\U000e0001\U000e0020\U000e0041\U000e007f"
NONCHARACTERS = "".join(map(chr, range(0xFDD0, 0xFDF0))) + "".join(
    chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF)
)
REMOVED = BIDI + DEPRECATED + ANNOTATIONS + CONTROLS + TAGS + NONCHARACTERS
# Signs of Arabic, Syriac, Kaithi and Egyptian that are seen, whatever their category says.
SEEN_FORMATS = set(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
) | {chr(code) for code in range(0x13430, 0x13440)}
# Letters, marks and signs that are not: fillers, joiners, variation selectors.
UNSEEN = set("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0") | {
    chr(code) for code in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
}
WALES = "🏴" + "".join(chr(0xE0000 + ord(letter)) for letter in "gbwls") + "\U000e007f"


class Note(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    text: ReporterText
    name: Annotated[str, Bounded(20, one_line=True)] | None = None


def refusal(text: object) -> str:
    with pytest.raises(ValidationError) as invalid:
        Note.model_validate_json(json.dumps({"text": text}))
    (error,) = invalid.value.errors()
    return error["type"]


ALL = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]


def stored(character: str) -> str:
    """Return what is stored of a character that stands alone in a long text."""
    if character in REMOVED or 0xE0000 <= ord(character) < 0xE0080:
        return ""
    if character in "\v\f\u2028\u2029":
        return "\n"
    return unicodedata.normalize("NFC", character)


def between(characters: Iterable[str]) -> str:
    """Return a text of these, none beside another one."""
    return f".{'.'.join(characters)}."


def test_of_all_unicode_only_what_hides_or_alters_text_is_removed() -> None:
    kept = [stored(each) for each in ALL]
    assert clean(between(ALL)) == between(kept)
    assert clean_line(between(ALL)) == between(
        " " if each in "\n\r\t" and each else each for each in kept
    )


def test_of_all_unicode_whatever_is_seen_is_accepted() -> None:
    seen = [each for each in ALL if unicodedata.category(each)[0] in "LMNPS"]
    assert {each for each in seen if is_blank(stored(each))} == UNSEEN


def test_of_all_unicode_nothing_invisible_is_in_an_address_or_a_number() -> None:
    formats = {each for each in ALL if unicodedata.category(each) == "Cf"}
    hidden = {each for each in formats if not clean_address(f".{each}.")[1:-1]}
    assert formats - hidden == SEEN_FORMATS
    assert all(clean_number(f".{each}.") == ".." for each in {*hidden, *UNSEEN})


@pytest.mark.parametrize("half", ["\ud800", "\udfff"])  # noqa: PT014 (ruff considers the two surrogates equal)
def test_half_of_a_pair_is_refused(half: str) -> None:
    with pytest.raises(ValueError):
        clean(f"before{half}after")


@pytest.mark.parametrize(
    "text",
    [
        "第一行\r\n第二行\n\t第三行",
        "<script>alert(1)</script>",
        "=HYPERLINK(1)",
        "${jndi:ldap://x} {{7*7}} %s%n",
        "👨‍👩‍👧‍👦 ❤️ 🏳️‍🌈",
        "שלום\u200f עולם",
        "می‌خواهم",  # has a zero-width non-joiner, as in Persian
        "  leading and trailing  ",
        f"{WALES} and {WALES}",
        "葛\U000e0100城 \ue000",
        "ภาษา\u200bไทย",
    ],
)
def test_what_people_write_is_kept_verbatim(text: str) -> None:
    assert Note(text=text).text == text


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\t", "\v", "\f", "\u2028", "\u2029"])
def test_a_break_in_a_line_is_a_space(separator: str) -> None:
    assert Note(text="x", name=f"one{separator}two").name == "one two"


def test_blanks_around_a_line_are_removed() -> None:
    assert Note(text="x", name=" \u3000王\n").name == "王"


@pytest.mark.parametrize(
    "tags", ["\U000e0067", WALES[1:], WALES[:-1], WALES.replace("🏴", "🏳"), "🏴\U000e007f"]
)
def test_tags_outside_a_flag_are_removed(tags: str) -> None:
    assert clean(f"before{tags}after") == f"before{re.sub('[^🏴🏳]', '', tags)}after"


def test_composed_and_decomposed_spellings_are_one_text() -> None:
    composed, decomposed = "Café Trần 각", unicodedata.normalize("NFD", "Café Trần 각")
    assert composed != decomposed
    assert clean(decomposed) == clean(composed) == composed


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\t\r\n",
        "\u3000\u00a0\u2003",
        "\u200b\u200c\u200d\ufeff\u2060",
        "\u00ad",
        "\u200e\u200f",
        "ㅤ\u115f\u1160\uffa0",
        "⠀",
        "\ufe0f",
    ],
)
def test_what_shows_nothing_is_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["x", " 好 ", "\u200b.\u200b", "❤️", "0"])
def test_what_shows_something_is_not_blank(text: str) -> None:
    assert not is_blank(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "blank"),
        (" \u200b\n", "blank"),
        ("x" * (TEXT_MAX + 1), "string_too_long"),
        ("\u202a\u0000\v", "blank"),
        (f"{'x' * TEXT_MAX}\u202ax", "string_too_long"),
        (5, "string_type"),
        (True, "string_type"),
        (None, "string_type"),
    ],
)
def test_a_field_names_what_is_wrong_with_a_text(text: object, code: str) -> None:
    assert refusal(text) == code


@pytest.mark.parametrize(
    "text", ["x", "😀" * TEXT_MAX, "e\u0301" * TEXT_MAX, "\u202ax\u202c" * TEXT_MAX]
)
def test_the_length_is_counted_in_characters_of_the_stored_form(text: str) -> None:
    assert len(Note(text=text).text) <= TEXT_MAX


def test_the_schema_has_the_bounds() -> None:
    assert Note.model_json_schema()["properties"]["text"] == {
        "type": "string",
        "minLength": 1,
        "maxLength": TEXT_MAX,
        "title": "Text",
    }


# Marks and tags more often than chance would: what is removed must make nothing of the rest.
ANYTHING = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(REMOVED + WALES))


@given(ANYTHING)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not set(cleaned) & set(BIDI + DEPRECATED + ANNOTATIONS + CONTROLS + NONCHARACTERS)
    assert not {unicodedata.category(each) for each in cleaned} & {"Zl", "Zp"}
    assert is_blank(text) == is_blank(cleaned)
    if not is_blank(cleaned):
        assert Note(text=text, name=f"王{text}"[:20])
    for cleaner in (clean_line, clean_address, clean_number):
        line = cleaner(text)
        assert cleaner(line) == line
        assert not {unicodedata.category(each) for each in line} & {"Cc", "Zl", "Zp"}


LETTERS = st.characters(categories=["L", "M", "N", "P", "S", "Zs", "Co"])


@given(st.text(LETTERS))
def test_letters_marks_signs_and_spaces_of_any_language_are_kept(text: str) -> None:
    assert clean(text) == unicodedata.normalize("NFC", text)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_normalising_neither_hides_nor_shows_anything(text: str) -> None:
    assert is_blank(text) == is_blank(unicodedata.normalize("NFC", text))
