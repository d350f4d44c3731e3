"""How a bulletin ended: a code, which takes effect at once, and perhaps words, which wait.

The text of a code is fixed, so one officer may publish it. Words of their own are shown after that
text, once a second officer has approved them.
"""

from enum import StrEnum
from typing import NamedTuple

from chalicelib.domain.languages import LANGUAGES, LocalizedText, text


class EndCode(StrEnum):
    FOUND_SAFE = "found_safe"
    FOUND = "found"
    ARRESTED = "arrested"
    NO_LONGER_SOUGHT = "no_longer_sought"
    PUBLISHED_IN_ERROR = "published_in_error"


RESOLUTION_CODES = (
    EndCode.FOUND_SAFE,
    EndCode.FOUND,
    EndCode.ARRESTED,
    EndCode.NO_LONGER_SOUGHT,
)
# What was found or led to an arrest is an outcome, which readers may know. A withdrawal says
# nothing about anybody.
WITHDRAWAL_CODES = (EndCode.PUBLISHED_IN_ERROR, EndCode.NO_LONGER_SOUGHT)


class Ending(NamedTuple):
    """What an officer sends to end a bulletin. The clock withdraws an old draft without a code."""

    code: EndCode | None = None
    words: LocalizedText | None = None


def end_text(state: str, code: EndCode | None, words: LocalizedText | None = None) -> LocalizedText:
    """Return what readers see of a bulletin that ended so, in every language of the city.

    `words` must be approved. A language without words has the text of the code alone.
    """
    key = f"bulletin.{state}.{code}" if code else f"bulletin.{state}"
    own = words or {}
    return {
        language: "\n".join(filter(None, (text(key, language), own.get(language))))
        for language in LANGUAGES
    }
