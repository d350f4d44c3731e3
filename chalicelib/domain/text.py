"""What a person may write: any language, line break or emoji; nothing that hides or alters text.

Text is kept in Unicode normalisation form C and is otherwise verbatim. So two spellings of the same
words, composed and decomposed, are equal: when kept, and when a phone repeats its call.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError, core_schema

TEXT_MAX = 4000
"""Characters (code points, in form C) of a report or message."""

# C0 controls but tab, line feed and carriage return; delete; lone surrogates; bidi embeddings,
# overrides and isolates, which show a text in another order than it has. The harmless marks LRM,
# RLM and ALM stay: Arabic and Hebrew need them.
_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
# Not white space in Unicode, yet invisible: combining grapheme joiner, Hangul and Khmer
# fillers, braille blank, variation selectors.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def clean(value: str) -> str:
    """Return `value` in normalisation form C.

    Raises PydanticCustomError (a ValueError) `bad_characters` for what may not be written.
    """
    if _REFUSED.search(value):
        raise PydanticCustomError(
            "bad_characters", "Control characters, lone surrogates or bidi overrides."
        )
    return unicodedata.normalize("NFC", value)


def is_blank(value: str) -> bool:
    """Return whether nothing is visible: empty, or only white space and zero-width characters."""
    return all(_shows_nothing(character) for character in value)


def _shows_nothing(character: str) -> bool:
    return (
        character.isspace()
        or unicodedata.category(character) in ("Cc", "Cf")
        or bool(_INVISIBLE.match(character))
    )


def bounded(value: str, max_length: int = TEXT_MAX) -> str:
    """Return `value` cleaned. It must have something visible, and at most `max_length` characters.

    Raises PydanticCustomError `bad_characters` or `blank`, PydanticKnownError `string_too_long`.
    All are ValueErrors.
    """
    cleaned = clean(value)
    if is_blank(cleaned):
        raise PydanticCustomError("blank", "Nothing but blanks.")
    if len(cleaned) > max_length:
        raise PydanticKnownError("string_too_long", {"max_length": max_length})
    return cleaned


@dataclass(frozen=True, slots=True)
class Bounded:
    """Annotates a field of text that a person wrote: `Annotated[str, Bounded(200)]`."""

    max_length: int

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            lambda value: bounded(value, self.max_length), handler(source)
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": self.max_length}


ReporterText = Annotated[str, Bounded(TEXT_MAX)]
