"""Search tokens: the plates, phone numbers and other numbers of a text, in one form.

A token has 4 to 20 letters and digits, two digits at least, and perhaps one Chinese character
before them, as plates have: `京A12345`, `AB123CD`, `13800138000`, `20261126`. A word without digits
is none, so no name is one.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from chalicelib.kernel.text import without_invisible

TOKENS_MAX = 16
"""The most tokens of one report."""

_LEAST_DIGITS, _LONGEST = 2, 20
# The patterns of numbers are strings, which `re` compiles when it first needs them: most reports
# have no number.

# What people write inside a number or a plate: a space, a dot, or a dash or middle dot of any kind.
_MARK = r"[ .\-\u00b7\u2010-\u2015\u2022\u2027\u2212\u30fb]"
# What a query may have besides: brackets, as around an area code, and the plus of a country.
_IGNORED = rf"{_MARK}|[()+\t]"
_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff]"
_FORM = rf"({_HAN}?[A-Z0-9]{{4,{_LONGEST}}}){_HAN}?"
# A mobile number of mainland China, whose country code is often left out. Others are kept as typed.
_MOBILE = r"(?:00)?86(1[3-9][0-9]{9})"

_IN_A_WORD = r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])"

AS_TYPED = (
    r"^\+?\(?[\u4e00-\u9fff]?([A-Za-z0-9][ .·()-]{0,2}){2,14}[0-9][ .·-]?[0-9]"
    r"([ .·-]?[A-Za-z0-9]){0,2}[\u4e00-\u9fff]?$"
)
"""A pattern of what people type, for the OpenAPI document. More than this is understood."""

_BEFORE, _AFTER = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
_PLATE = rf"({_HAN}{_MARK}?[A-Za-z]{_MARK}?[A-Za-z0-9]{{4,6}}){_AFTER}"
_NUMBER = rf"{_BEFORE}[0-9]+(?:(?:{_MARK}|[()]){{1,2}}[0-9]+)*{_AFTER}"
# A space joins capitals and digits only, or each number would be joined with the word before it.
_SPACED = rf"{_BEFORE}[A-Z0-9]{{1,5}}(?:{_MARK}[A-Z0-9]{{1,5}}){{1,3}}{_AFTER}"
_COMPOUND = rf"{_BEFORE}[A-Za-z0-9]+(?:(?! ){_MARK}[A-Za-z0-9]+)*{_AFTER}"

# Each text needs these.
_OTHER_DIGIT = re.compile(r"(?![0-9])\d")
_DIGIT = re.compile("[0-9]")


def token_of(text: str) -> str | None:
    """Return the token that somebody has typed, in its one form; None when it is none.

    Marks inside it and a Chinese character after it count for nothing.
    """
    form = re.fullmatch(_FORM, re.sub(_IGNORED, "", _plain(text)).upper())
    return _checked(form.group(1)) if form else None


def tokens_in(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the tokens in these texts, without repetition: at most `TOKENS_MAX`.

    When there are more, plates come before phone numbers, these before other numbers, and each in
    the order of the texts.
    """
    plain = [text for text in map(_plain, texts) if _DIGIT.search(text)]
    found: dict[str, None] = {}
    for find in (_plates, _phones, _words, _numbers):
        for text in plain:
            for each in find(text):
                token = token_of(each)
                if token:
                    found[token] = None
                if len(found) == TOKENS_MAX:
                    return tuple(found)
    return tuple(found)


def _plates(text: str) -> Iterator[str]:
    yield from re.findall(_PLATE, text)


def _phones(text: str) -> Iterator[str]:
    """Yield numbers as long as a phone number, in one group of digits or several."""
    yield from re.findall(_IN_A_WORD, text)
    for groups in _groups(text):
        for start in range(len(groups)):
            for end in range(start + 1, min(start + 5, len(groups)) + 1):
                joined = "".join(groups[start:end])
                if _is_mobile(joined):
                    yield joined
        whole = "".join(groups)
        if 9 <= len(whole) <= _LONGEST and len(groups) > 1:
            yield whole


def _words(text: str) -> Iterator[str]:
    """Yield what has letters and digits. A compound is one word, and so is each part of it."""
    for pattern in (_SPACED, _COMPOUND):
        for found in re.findall(pattern, text):
            # Most words have no digit, and every opening of a report reads its text.
            if not _DIGIT.search(found):
                continue
            parts = re.split(_MARK, found)
            for each in ("".join(parts), *parts):
                if not each.isdigit():
                    yield each


def _numbers(text: str) -> Iterator[str]:
    for groups in _groups(text):
        whole = "".join(groups)
        # The parts of a phone number are found by the number alone.
        parts = () if _is_mobile(whole) else groups
        for each in (whole, *parts):
            if len(each) >= 4:
                yield each


def _groups(text: str) -> Iterator[list[str]]:
    """Yield the groups of digits of each number, as marks part them."""
    for found in re.findall(_NUMBER, text):
        yield re.findall("[0-9]+", found)


def _is_mobile(digits: str) -> bool:
    # The length alone excludes most numbers, and a long text has many.
    is_as_long = len(digits) in (11, 13, 15)
    return is_as_long and any(re.fullmatch(_MOBILE, each) for each in (digits, f"86{digits}"))


def _checked(token: str) -> str | None:
    mobile = re.fullmatch(_MOBILE, token)
    if mobile:
        return mobile.group(1)
    return token if sum(each.isdigit() for each in token) >= _LEAST_DIGITS else None


def _plain(text: str) -> str:
    """Return a text with ASCII digits, letters of usual width, and nothing invisible in them."""
    normal = unicodedata.normalize("NFKC", without_invisible(text))
    return _OTHER_DIGIT.sub(lambda found: str(unicodedata.decimal(found[0])), normal)
