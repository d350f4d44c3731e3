"""What a person may write: any language, any line break, any emoji; nothing that hides or breaks
what is read.

Text is kept in Unicode normalisation form C and is otherwise verbatim. So the composed and the
decomposed spelling of the same words are the same text: equal when kept, and equal when a phone
repeats its call under the same key.
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
# overrides and isolates, which make a text read otherwise than it is. The harmless marks LRM, RLM
# and ALM stay: Arabic and Hebrew need them.
_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
# Not white space to Unicode, yet nothing is seen: combining grapheme joiner, Hangul and Khmer
# fillers, braille blank, variation selectors.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def clean(value: str) -> str:
    """`value` in normalisation form C. PydanticCustomError (a ValueError) `bad_characters` when it
    holds what may not be written.
    """
    if _REFUSED.search(value):
        raise PydanticCustomError(
            "bad_characters", "Control characters, lone surrogates or bidi overrides."
        )
    return unicodedata.normalize("NFC", value)


def is_blank(value: str) -> bool:
    """Is there nothing to see: empty, white space, zero-width characters only?"""
    return all(_shows_nothing(character) for character in value)


def _shows_nothing(character: str) -> bool:
    return (
        character.isspace()
        or unicodedata.category(character) in ("Cc", "Cf")
        or bool(_INVISIBLE.match(character))
    )


def bounded(value: str, max_length: int = TEXT_MAX) -> str:
    """`value` clean, with something to see in it, and at most `max_length` characters long.

    PydanticCustomError `bad_characters` or `blank`, PydanticKnownError `string_too_long`: all three
    are ValueErrors.
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
