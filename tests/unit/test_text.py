import json
import unicodedata
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError

from chalicelib.kernel.text import TEXT_MAX, Bounded, ReporterText, clean, clean_line, is_blank

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
DEPRECATED = "\u206a\u206b\u206c\u206d\u206e\u206f"
ANNOTATIONS = "\ufff9\ufffa\ufffb"
CONTROLS = "".join(
    chr(code) for code in [*range(0x20), *range(0x7F, 0xA0)] if chr(code) not in "\t\n\r"
)
TAGS = "\U000e0001\U000e0020\U000e0041\U000e007f"
NONCHARACTERS = "\ufdd0\ufdef" + "".join(
    chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF)
)
REFUSED = BIDI + DEPRECATED + ANNOTATIONS + CONTROLS + TAGS + NONCHARACTERS
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


@pytest.mark.parametrize("character", [*REFUSED, "\ud800", "\udfff"])  # noqa: PT014 (ruff considers the two surrogates equal)
def test_what_hides_or_breaks_text_is_refused(character: str) -> None:
    with pytest.raises(ValueError):
        clean(f"before{character}after")
    with pytest.raises(ValueError):
        clean_line(f"before{character}after")


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


@pytest.mark.parametrize("separator", ["\u2028", "\u2029"])
def test_a_separator_of_lines_becomes_a_line_feed(separator: str) -> None:
    assert Note(text=f"one{separator}two").text == "one\ntwo"


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\t", "\u2028", "\u2029"])
def test_a_line_has_no_breaks(separator: str) -> None:
    with pytest.raises(ValidationError) as invalid:
        Note(text="x", name=f"one{separator}two")
    (error,) = invalid.value.errors()
    assert (error["loc"], error["type"]) == (("name",), "not_one_line")


def test_blanks_around_a_line_are_removed() -> None:
    assert Note(text="x", name=" \u3000王\n").name == "王"


@pytest.mark.parametrize(
    "tags", ["\U000e0067", WALES[1:], WALES[:-1], WALES.replace("🏴", "🏳"), "🏴\U000e007f"]
)
def test_tags_outside_a_flag_are_refused(tags: str) -> None:
    assert refusal(f"before{tags}after") == "bad_characters"


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
        ("a\u0000b", "bad_characters"),
        ("a\u202eb", "bad_characters"),
        (5, "string_type"),
        (True, "string_type"),
        (None, "string_type"),
    ],
)
def test_a_field_names_what_is_wrong_with_a_text(text: object, code: str) -> None:
    assert refusal(text) == code


@pytest.mark.parametrize("text", ["x", "😀" * TEXT_MAX, "e\u0301" * TEXT_MAX])
def test_the_length_is_counted_in_characters_of_the_composed_form(text: str) -> None:
    assert len(Note(text=text).text) <= TEXT_MAX


def test_the_schema_has_the_bounds() -> None:
    assert Note.model_json_schema()["properties"]["text"] == {
        "type": "string",
        "minLength": 1,
        "maxLength": TEXT_MAX,
        "title": "Text",
    }


@given(st.text(st.characters(codec=None, categories=None)))
def test_clean_text_stays_clean_and_can_be_written_as_utf_8(text: str) -> None:
    try:
        cleaned = clean(text)
    except ValueError:
        return
    assert clean(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert cleaned.encode().decode() == cleaned
    assert not set(cleaned) & set(BIDI + DEPRECATED + ANNOTATIONS + CONTROLS + NONCHARACTERS)
    assert not {unicodedata.category(each) for each in cleaned} & {"Cs", "Zl", "Zp"}


@given(st.text(st.characters(codec=None, categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1))
def test_a_line_has_no_control_and_no_separator(text: str) -> None:
    with pytest.raises(ValueError):
        clean_line(f"王{text}李")


LETTERS = st.characters(categories=["L", "M", "N", "P", "S", "Zs", "Co"])


@given(st.text(LETTERS))
def test_letters_marks_signs_and_spaces_of_any_language_are_kept(text: str) -> None:
    assert clean(text) == unicodedata.normalize("NFC", text)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_normalising_neither_hides_nor_shows_anything(text: str) -> None:
    assert is_blank(text) == is_blank(unicodedata.normalize("NFC", text))
