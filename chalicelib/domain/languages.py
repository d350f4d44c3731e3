"""Every text that a person reads: one flat JSON file for each language in `texts/`.

The file's name is the language's tag, lower case (`zh.json`, `pt-br.json`). Placeholders are
`str.format` fields.
"""

import json
import re
from functools import cache
from pathlib import Path

type LocalizedText = dict[str, str]
"""The same text in one or several languages, by language tag."""

DEFAULT = "en"
_FILES = {path.stem: path for path in sorted((Path(__file__).parent / "texts").glob("*.json"))}
LANGUAGES = tuple(_FILES)

# A header longer than this was not written by a browser or a phone.
_MAX_HEADER = 1000
_RANGE = re.compile(
    r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|\*)\s*(?:;\s*[Qq]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*)?"
)


def negotiate(accept_language: str | None) -> str:
    """Return the best language for a response (RFC 9110 qualities, RFC 4647 lookup), or DEFAULT.

    A range that cannot be read is ignored. Of equally wanted languages, the first one counts;
    `*` means DEFAULT first.
    """
    wanted: dict[str, float] = {}
    anything = 0.0
    for part in (accept_language or "")[:_MAX_HEADER].split(","):
        match = _RANGE.fullmatch(part)
        if not match:
            continue
        quality = float(match[2] or 1)
        if match[1] == "*":
            anything = max(anything, quality)
        elif language := _lookup(match[1].lower()):
            wanted[language] = max(wanted.get(language, 0.0), quality)
    for language in (DEFAULT, *LANGUAGES):
        wanted.setdefault(language, anything)
    best = max(wanted, key=lambda language: wanted[language])
    return best if wanted[best] > 0 else DEFAULT


def _lookup(tag: str) -> str | None:
    """Return the language with the longest tag that `tag` begins with: `zh-hans-cn` finds `zh`."""
    while tag not in _FILES:
        tag, dash, _ = tag.rpartition("-")
        if not dash:
            return None
    return tag


def label(kind: str, code: str, language: str) -> str:
    """Return the wording of a code, such as a category; the code itself when it has no wording.

    Old reports can have a code that the catalogue or the map no longer has.
    """
    try:
        return text(f"{kind}.{code}", language)
    except KeyError:
        return code


def text(key: str, language: str, **params: object) -> str:
    """Return the wording of `key`, its placeholders filled from `params`.

    Raises KeyError for an unknown key or a missing placeholder, which is a bug.
    """
    return texts(language)[key].format_map(params)


@cache
def texts(language: str) -> dict[str, str]:
    """Return all wordings of one of LANGUAGES, by key."""
    wordings: dict[str, str] = json.loads(_FILES[language].read_text(encoding="utf-8"))
    return wordings


def wording(words: LocalizedText, language: str) -> tuple[str, str]:
    """Return a language and the text in it: `language` if there is one, else DEFAULT, else any."""
    for each in (language, DEFAULT, *LANGUAGES):
        if each in words:
            return each, words[each]
    return next(iter(words.items()))
