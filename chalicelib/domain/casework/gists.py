"""What a gist may say: one line of a report, which its row in lists shows.

All who may list the report read it there, many at once. So it names nobody: what can be found of
numbers and names is refused. A name without a title before or after it is not found.
"""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from chalicelib.domain.casework.search_tokens import tokens_in
from chalicelib.kernel.models import Input
from chalicelib.kernel.text import bounded, is_blank

GIST_MAX = 80
"""Characters of a gist."""

# Of a telephone, an identity card, a bank card, a case: no count or house number is so long.
_LONG = 7
# As plates abroad, and those of the city without the character of the province.
_PLATE_LENGTHS, _PLATE_DIGITS = range(6, 9), 3
_SPOKEN = str.maketrans("〇零一二三四五六七八九幺", "001234567891")
_ADDRESS = r"[^\s@]+@[^\s@]+"
_NAMED = (
    # In small letters "miss" and "ms" are other words.
    r"\b(?:(?i:Mrs?|Dr|Sra?)|Ms|MS|Miss|MISS|Dona|DONA)\b ?[^\W\d_]"
    # "A gentleman" and "an old lady" name nobody.
    r"|[\u4e00-\u9fff](?<![老位名个的]) ?(?:先生|女士|小姐|太太)"
)
# Of the armed police: its letters come before the province.
_ARMED_POLICE = r"(?i)\bWJ ?[\u4e00-\u9fff]? ?[0-9]{4}"
_TIME = r"(?<![\d:])(?:[01]?\d|2[0-3]):[0-5]\d(?![\d:])"
# What nobody sees: format characters, and marks on the letter before.
_HIDDEN = {"Cf", "Mn", "Me"}


def _squeezed(plain: str) -> str:
    """Return a text with one space for all marks between two words, and none between single
    characters.
    """
    words = re.sub(r"[\W_]+", " ", re.sub(_TIME, "time", plain))
    return re.sub(r"(?<=\b\w) (?=\w\b)", "", words)


def _require_nobody_named(text: str) -> str:
    normal = unicodedata.normalize("NFKC", text)
    plain = "".join(each for each in normal if unicodedata.category(each) not in _HIDDEN)
    words = _squeezed(plain)
    forms = (plain, words, words.translate(_SPOKEN))
    tokens = [token for form in forms for token in tokens_in([form])]
    if any(map(_is_plate, tokens)) or re.search(_ARMED_POLICE, words):
        raise PydanticCustomError("holds_plate", "It has what looks like a plate.")
    if any(sum(map(str.isdigit, each)) >= _LONG for each in tokens):
        raise PydanticCustomError("holds_number", "It has a long number.")
    if re.search(_ADDRESS, plain):
        raise PydanticCustomError("holds_address", "It has an e-mail address.")
    if re.search(_NAMED, words):
        raise PydanticCustomError("holds_name", "It has what looks like a name.")
    return text


def _is_plate(token: str) -> bool:
    """Return whether a search token is like a plate: letters and digits of its length."""
    digits = sum(map(str.isdigit, token))
    if not token[0].isascii():
        return True
    return len(token) in _PLATE_LENGTHS and _PLATE_DIGITS <= digits < len(token)


def _read(text: str) -> str:
    if is_blank(text):
        return ""
    return _require_nobody_named(bounded(text, GIST_MAX, one_line=True))


class NewGist(Input):
    """The gist of a report: one line, of which nothing names a person. An empty one removes it."""

    text: Annotated[
        str, AfterValidator(_read), WithJsonSchema({"type": "string", "maxLength": GIST_MAX})
    ]
