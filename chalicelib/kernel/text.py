"""Text that a person may write: any language and emoji, nothing that hides or alters text.

Text is stored in Unicode normalisation form C and is otherwise verbatim, but for line and paragraph
separators, which become line feeds. So two spellings of the same words, composed and decomposed,
are equal: when stored, and when a phone repeats its call.

A long text may have lines and tabs. A line, such as a name or an address, may not.

Refused everywhere, because nobody sees them or they alter what is seen:

- controls (C0, delete, C1), but tab, line feed and carriage return in a long text;
- bidi embeddings, overrides and isolates, deprecated format controls, interlinear annotations;
- tags (U+E0000 to U+E007F), but in a flag, such as that of Wales;
- lone surrogates and noncharacters.

Accepted, because languages and emoji need them: LRM, RLM, ALM; zero-width joiner, non-joiner and
space, soft hyphen; variation selectors; private use, for rare Chinese characters; unassigned, for
Unicode to come.

E-mail addresses and phone numbers differ on purpose. A person reads a resident's contact, so it is
stored as written: national numbers, spaces, addresses in any script. Machines read an officer's:
SNS sends notices there, and takes only E.164 numbers and ASCII addresses.
"""

import re
import unicodedata
from typing import Annotated, Any, LiteralString, NamedTuple

from pydantic import AfterValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError, core_schema

TEXT_MAX = 4000
"""Characters (code points, in form C) of a report or message."""
LINE_MAX = 200
"""Characters of an address. A field of a category that may be longer than this is a long text."""

_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17)
)
# Patterns of what is beyond ASCII are compiled at the first text that has any, not at the start.
_REFUSED = (
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u206f\ufff9-\ufffb"
    f"{_NONCHARACTERS}]"
)
_REFUSED_IN_ASCII = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_FLAG_OF_TAGS = "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f"
_TAG = "[\U000e0000-\U000e007f]"
_LINE_BREAKS = re.compile("[\t\n\r]")
_SEPARATORS = "[\u2028\u2029]"
# Not white space in Unicode, yet invisible: combining grapheme joiner, Hangul and Khmer
# fillers, braille blank, variation selectors.
_INVISIBLE = (
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)


def clean(value: str) -> str:
    """Return a long text as it is stored: in form C, with line feeds for line separators.

    Raises PydanticCustomError (a ValueError) `bad_characters` for what may not be written.
    """
    refused = (
        _REFUSED_IN_ASCII.search(value)
        if value.isascii()
        else re.search(_REFUSED, value) or re.search(_TAG, re.sub(_FLAG_OF_TAGS, "", value))
    )
    if refused:
        raise PydanticCustomError(
            "bad_characters", "Control characters, lone surrogates or bidi overrides."
        )
    if value.isascii():
        return value  # in form C, and without separators
    return re.sub(_SEPARATORS, "\n", unicodedata.normalize("NFC", value))


def clean_line(value: str) -> str:
    """Return a text of one line as it is stored: in form C, without blanks around it.

    Raises PydanticCustomError (a ValueError) `not_one_line` or `bad_characters`.
    """
    line = clean(value).strip()
    if _LINE_BREAKS.search(line):
        raise PydanticCustomError("not_one_line", "Line breaks or tabs.")
    return line


def is_blank(value: str) -> bool:
    """Return whether nothing is visible: empty, or only white space and zero-width characters."""
    return all(shows_nothing(character) for character in value)


def shows_nothing(character: str) -> bool:
    """Return whether this character is white space, a control or invisible."""
    return (
        character.isspace()
        or unicodedata.category(character) in ("Cc", "Cf")
        or (not character.isascii() and bool(re.match(_INVISIBLE, character)))
    )


def bounded(value: str, max_length: int = TEXT_MAX, *, one_line: bool = False) -> str:
    """Return `value` cleaned. It must have something visible, and at most `max_length` characters.

    Raises PydanticCustomError `bad_characters`, `not_one_line` or `blank`, PydanticKnownError
    `string_too_long`. All are ValueErrors.
    """
    cleaned = clean_line(value) if one_line else clean(value)
    if is_blank(cleaned):
        raise PydanticCustomError("blank", "Nothing but blanks.")
    if len(cleaned) > max_length:
        raise PydanticKnownError("string_too_long", {"max_length": max_length})
    return cleaned


class Bounded(NamedTuple):
    """Annotates a field of text that a person wrote: `Annotated[str, Bounded(200)]`."""

    max_length: int
    one_line: bool = False

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            lambda value: bounded(value, self.max_length, one_line=self.one_line), handler(source)
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": self.max_length}


ReporterText = Annotated[str, Bounded(TEXT_MAX)]
Line = Annotated[str, Bounded(LINE_MAX, one_line=True)]

_DOMAIN = r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"


class _Pattern(NamedTuple):
    """Annotates a string that a pattern matches as a whole; `code` is the error of any other."""

    pattern: str
    code: LiteralString

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        compiled = re.compile(self.pattern)

        def check(value: str) -> str:
            if not compiled.fullmatch(value):
                raise PydanticCustomError(self.code, "Not of the form that is asked for.")
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "pattern": f"^{self.pattern}$"}


def _check_shows(value: str) -> str:
    """Return an address in form C. Raises `bad_characters` for what is invisible in it."""
    if any(shows_nothing(character) for character in value.replace(" ", "")):
        raise PydanticCustomError("bad_characters", "Controls or invisible characters.")
    return clean(value)


_Email = Annotated[str, Field(max_length=254)]
ContactEmail = Annotated[
    _Email, AfterValidator(_check_shows), _Pattern(rf"[^@\s]{{1,64}}@{_DOMAIN}", "bad_email")
]
NoticeEmail = Annotated[
    _Email, _Pattern(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_DOMAIN}", "bad_email")
]
ContactPhone = Annotated[
    str, Field(max_length=25), _Pattern(r"[+0-9][0-9 ()\-]{3,24}", "bad_phone")
]
NoticePhone = Annotated[str, _Pattern(r"\+[1-9][0-9]{6,14}", "bad_phone")]
