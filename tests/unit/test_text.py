import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError

from chalicelib.domain.text import TEXT_MAX, ReporterText, clean, is_blank

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
CONTROLS = "".join(map(chr, [*range(0x20), 0x7F])).translate(str.maketrans("", "", "\t\n\r"))


class Note(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    text: ReporterText


def refusal(text: object) -> str:
    with pytest.raises(ValidationError) as invalid:
        Note.model_validate_json(json.dumps({"text": text}))
    (error,) = invalid.value.errors()
    return error["type"]


@pytest.mark.parametrize("character", [*BIDI, *CONTROLS, "\ud800", "\udfff"])  # noqa: PT014 (ruff considers the two surrogates equal)
def test_what_hides_or_breaks_text_is_refused(character: str) -> None:
    with pytest.raises(ValueError):
        clean(f"before{character}after")


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
    ],
)
def test_what_people_write_is_kept_verbatim(text: str) -> None:
    assert Note(text=text).text == text


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
    assert not set(cleaned) & set(BIDI + CONTROLS)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_normalising_neither_hides_nor_shows_anything(text: str) -> None:
    assert is_blank(text) == is_blank(unicodedata.normalize("NFC", text))
