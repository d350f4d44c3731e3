"""Text that a person writes: any language and emoji, nothing that hides or alters text.

Text is stored in Unicode normalisation form C and is otherwise verbatim, but for line and paragraph
separators, vertical tabs and form feeds, which become line feeds. So two spellings of the same
words, composed and decomposed, are equal: when stored, and when a phone repeats its call.

A long text may have lines and tabs. In a line, such as a name or an address, they become spaces.

Removed everywhere, because nobody sees them or they alter what is seen, and contact apps paste them
around a number:

- controls (C0, delete, C1), but tab, line feed and carriage return;
- bidi embeddings, overrides and isolates, deprecated format controls, interlinear annotations;
- tags (U+E0000 to U+E007F), but in a flag, such as that of Wales;
- noncharacters.

Kept, because languages and emoji need them: LRM, RLM, ALM; zero-width joiner, non-joiner and
space, soft hyphen; variation selectors; private use, for rare Chinese characters; unassigned, for
Unicode to come. In an e-mail address or a number they are removed, too.

Nothing is refused for a character, but half of a pair of surrogates: in JSON it is 400. The clients
remove the same (sdk/text.ts). What is accepted stays as it is: a repeated call is known by it.

E-mail addresses and phone numbers differ on purpose. A person reads a resident's contact, so it may
be a national number with spaces, or an address in any script. Machines read an officer's: SNS sends
notices there, and takes only E.164 numbers and ASCII addresses.
"""

import re
import unicodedata
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, LiteralString, NamedTuple

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError, core_schema

TEXT_MAX = 4000
"""Characters (code points, in form C) of a report or message."""
LINE_MAX = 200
"""Characters of an address. A field of a category that may be longer than this is a long text."""

_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17)
)
# Patterns of what is beyond ASCII are compiled at the first text that has any, not at the start.
_REMOVED = f"[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u206f\ufff9-\ufffb{_NONCHARACTERS}]"
_REMOVED_IN_ASCII = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_TAGS = (
    "(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f)"
    "|[\U000e0000-\U000e007f]"
)
_HALVES = "[\ud800-\udfff]"
_FEEDS = re.compile("[\x0b\x0c]")
_SEPARATORS = "[\u2028\u2029]"
_LINE_BREAKS = re.compile("\r\n|[\t\n\r]")
_DASHES = "[\u2010-\u2015\u2212]"
# What nobody sees and is no white space. The rest of category Cf is seen, in Arabic and Egyptian.
INVISIBLE = (
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0001\U000e0020-\U000e007f\U000e0100-\U000e01ef]"
)
_UNSEEN = f"{INVISIBLE}|[{_NONCHARACTERS}]"


def clean(value: str) -> str:
    """Return a long text as it is stored: in form C, without what is removed everywhere.

    Raises PydanticCustomError (a ValueError) `bad_characters` for half of a pair of surrogates.
    """
    if value.isascii():  # in form C, and without separators
        return _REMOVED_IN_ASCII.sub("", _FEEDS.sub("\n", value))
    if re.search(_HALVES, value):
        raise PydanticCustomError("bad_characters", "Half of a pair of surrogates.")
    seen = re.sub(_TAGS, r"\1", re.sub(_REMOVED, "", _FEEDS.sub("\n", value)))
    return re.sub(_SEPARATORS, "\n", unicodedata.normalize("NFC", seen))


def clean_line(value: str) -> str:
    """Return a text of one line as it is stored: clean, with spaces for breaks, without blanks
    around it. Raises as `clean`.
    """
    return _LINE_BREAKS.sub(" ", clean(value)).strip()


def clean_address(value: str) -> str:
    """Return an address: a line without what nobody sees. Raises as `clean`."""
    return clean_line(_FEEDS.sub("", without_invisible(value)))


def clean_number(value: str) -> str:
    """Return a number without what nobody sees, with digits, dashes and spaces of usual width.

    Blanks after it stay: those of a phone always did, and a repeated call is known by them. Raises
    as `clean`.
    """
    plain = unicodedata.normalize("NFKC", clean(without_invisible(value)))
    return re.sub(r"\s", " ", re.sub(_DASHES, "-", plain)).lstrip()


def without_invisible(value: str) -> str:
    """Return a text to compare: without what nobody sees, but white space."""
    return value if value.isascii() else re.sub(INVISIBLE, "", value)


def is_blank(value: str) -> bool:
    """Return whether nothing is visible: empty, or only white space and what nobody sees. It is the
    same when the text is clean.
    """
    return all(_shows_nothing(character) for character in value)


def _shows_nothing(character: str) -> bool:
    return (
        character.isspace()
        or unicodedata.category(character) in ("Cc", "Cf")
        or (not character.isascii() and bool(re.match(_UNSEEN, character)))
    )


def bounded(value: str, max_length: int = TEXT_MAX, *, one_line: bool = False) -> str:
    """Return `value` cleaned. It must have something visible, and at most `max_length` characters.

    Raises PydanticCustomError `bad_characters` or `blank`, PydanticKnownError `string_too_long`.
    All are ValueErrors.
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


class _Address(NamedTuple):
    """Annotates an address or a number. It is cleaned first. Then it has at most `max_length`
    characters, and the pattern matches all of it; `code` is the error of any other.
    """

    clean: Callable[[str], str]
    pattern: str
    code: LiteralString
    max_length: int | None = None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        compiled = re.compile(self.pattern)

        def check(value: str) -> str:
            cleaned = self.clean(value)
            if self.max_length is not None and len(cleaned) > self.max_length:
                raise PydanticKnownError("string_too_long", {"max_length": self.max_length})
            if not compiled.fullmatch(cleaned):
                raise PydanticCustomError(self.code, "Not of the form that is asked for.")
            return cleaned

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        bound = {} if self.max_length is None else {"maxLength": self.max_length}
        return {**handler(schema), **bound, "pattern": f"^{self.pattern}$"}


_CONTACT_EMAIL = rf"[^@\s]{{1,64}}@{_DOMAIN}"
_NOTICE_EMAIL = rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_DOMAIN}"
ContactEmail = Annotated[str, _Address(clean_address, _CONTACT_EMAIL, "bad_email", 254)]
NoticeEmail = Annotated[str, _Address(clean_address, _NOTICE_EMAIL, "bad_email", 254)]
ContactPhone = Annotated[str, _Address(clean_number, r"[+0-9][0-9 ()\-]{3,24}", "bad_phone", 25)]
NoticePhone = Annotated[
    str, _Address(lambda value: clean_number(value).rstrip(), r"\+[1-9][0-9]{6,14}", "bad_phone")
]


class Clear(Enum):
    """Marks a `str` that no person has written, so that it may be stored in clear."""

    CODE = "one of a list, in the code or in the city's files"
    DAY = "a day, as YYYY-MM-DD"
    ID = "made by the service: an id, a hash, the name of a key or of a file"
    LABEL = "of the catalogue, which everybody reads"
    USERNAME = "of an officer"


Code = Annotated[str, Clear.CODE]
Day = Annotated[str, Clear.DAY]
Id = Annotated[str, Clear.ID]
Label = Annotated[str, Clear.LABEL]
Username = Annotated[str, Clear.USERNAME]
