"""Texts that people read: flat JSON files, one for each language.

    chalicelib/kernel/texts/<language>.json   what is said in every city
    <city>/texts/<language>.json              what is said in this one: names, the wordings of its
                                              catalogue and areas, and any text that it replaces

The file's name is the language's tag, lower case (`zh.json`, `pt-br.json`). A language without a
file in the first folder has all its texts in the second. Placeholders are `str.format` fields;
those in `FACTS` are filled when the file is read.
"""

import json
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

from chalicelib.kernel.city import FOLDER, city, read

type LocalizedText = dict[str, str]
"""The same text in one or several languages, by language tag."""

DEFAULT = city().default_language
LANGUAGES = (DEFAULT, *(each for each in city().languages if each != DEFAULT))
"""The languages of the city, the default first."""

TAG_PATTERN = "^[a-z]{2,8}(-[a-z0-9]{1,8})*$"
"""What a language's tag looks like here: that of BCP 47, in lower case."""

GENERAL = Path(__file__).parent / "texts"

# A header longer than this was not written by a browser or a phone.
_MAX_HEADER = 1000
_RANGE = re.compile(
    r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|\*)\s*(?:;\s*[Qq]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*)?"
)


@lru_cache(maxsize=256)
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
    while tag not in LANGUAGES:
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

    Raises KeyError for an unknown key or a missing placeholder, which is a bug. A wording that an
    admin wrote has no placeholders.
    """
    learnt = _learnt.get(language, {}).get(key)
    if learnt is not None:
        return learnt
    return texts(language)[key].format_map(params)


_learnt: dict[str, Mapping[str, str]] = {}


def learn(wordings: Mapping[str, Mapping[str, str]]) -> None:
    """Use these wordings of admins from now on, by language and key, and no earlier ones."""
    _learnt.clear()
    _learnt.update(wordings)


@cache
def texts(language: str) -> dict[str, str]:
    """Return all wordings of one of LANGUAGES, by key. Raises KeyError for any other language."""
    if language not in LANGUAGES:
        raise KeyError(language)
    wordings: dict[str, str] = {}
    for folder in (GENERAL, FOLDER / "texts"):
        path = folder / f"{language}.json"
        if path.is_file():
            wordings |= json.loads(path.read_text(encoding="utf-8"))
    facts = _facts(wordings)
    return {key: _FACT.sub(lambda fact: facts[fact[1]], said) for key, said in wordings.items()}


FACTS = ("city", "police", "service", "emergency_number", "always_open", "elsewhere")
"""Placeholders for facts of the city, in any text."""
_FACT = re.compile(f"{{({'|'.join(FACTS)})}}")


def _facts(wordings: Mapping[str, str]) -> dict[str, str]:
    """Return the facts of the city, as they read in the language of `wordings`."""
    open_categories = (
        each["code"] for each in read("catalogue.json")["categories"] if each["always_open"]
    )
    return {
        **{name: wordings[f"name.{name}"] for name in ("city", "police", "service")},
        "emergency_number": city().emergency_number,
        "always_open": wordings[f"category.{next(open_categories)}"],
        "elsewhere": wordings["oversight.elsewhere"],
    }


def wording(words: LocalizedText, language: str) -> tuple[str, str]:
    """Return a language and the text in it: `language` if there is one, else DEFAULT, else any."""
    for each in (language, DEFAULT, *LANGUAGES):
        if each in words:
            return each, words[each]
    return next(iter(words.items()))
