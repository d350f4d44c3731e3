"""Check the texts of every language: the city's files over those of the code."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from string import Formatter
from typing import Any

from infra.city.facts import Problem, Unreadable, read

GENERAL = Path(__file__).parents[2] / "chalicelib" / "kernel" / "texts"
# It has every text, so it says which there are and which values each shows.
_REFERENCE = "en.json"
HINT = "names of the city, and labels of its catalogue and areas; docs/city.md lists them"
# In every city's own file: no wording would be right everywhere.
OWN = (
    "name.city",
    "name.police",
    "name.service",
    "police.reach",
    "police.after",
    "outcome.not_police",
)
# As `FACTS` in `chalicelib/kernel/languages.py`, which reads a city when it is imported.
FACTS = frozenset({"city", "police", "service", "emergency_number", "always_open", "elsewhere"})
_FACT = re.compile(f"{{({'|'.join(FACTS)})}}")
# Other texts show these.
_NAMES = ("name.", "category.", "channel.", "district.", "station.")
_NUMBER = "emergency_number"
# As in `chalicelib/domain/notices/notice.py`: SNS's own limit of a subject, and what one SMS holds.
_SUBJECT_MAX = 99
_SMS_MAX = 70
_REFERENCE_LENGTH = len("XXXX-XXXX")
_COUNT_LENGTH = 6
# What the subject of an approval or a watch names.
_MATTERS = ("two_persons", "watched")


def problems(folder: Path, languages: Iterable[str], labels: Iterable[str] | None) -> list[Problem]:
    """Return what is wrong with the texts.

    `labels` are the keys that the catalogue and the areas need. None if that is not known, because
    one of them is wrong: then no text is one too many.
    """
    reference = read(GENERAL, _REFERENCE, HINT)
    found = list(_unlisted(folder, languages))
    for position, language in enumerate(languages):
        try:
            own = _own(folder, language)
        except Unreadable as error:
            found.append(error.problem)
            continue
        checked = _Language(language, own, reference, labels)
        found += checked.problems()
        if not found:
            found += checked.notice_problems(is_first=position == 0)
    return found


def _own(folder: Path, language: str) -> dict[str, Any]:
    name = f"texts/{language}.json"
    own = read(folder, name, HINT)
    if not isinstance(own, dict):
        raise Unreadable(Problem(name, "", f"is not an object. It has {HINT}."))
    return own


def _unlisted(folder: Path, languages: Iterable[str]) -> Iterator[Problem]:
    for path in sorted((folder / "texts").glob("*.json")):
        if path.stem not in languages:
            wrong = f"is of no language of the city. Add {path.stem!r} to languages in city.json."
            yield Problem(f"texts/{path.name}", "", wrong)


class _Language:
    """The texts of one language, with what they must be."""

    def __init__(
        self,
        language: str,
        own: Mapping[str, Any],
        reference: Mapping[str, str],
        labels: Iterable[str] | None,
    ) -> None:
        self.file = f"texts/{language}.json"
        general = GENERAL / f"{language}.json"
        self.has_general = general.is_file()
        self.own = own
        self.said = (read(GENERAL, general.name, HINT) if self.has_general else {}) | dict(own)
        self.reference = reference
        self.local_keys = (*OWN, *(labels or ()))
        self.knows_labels = labels is not None

    def problems(self) -> list[Problem]:
        found = [
            *self._missing(),
            *(
                Problem(self.file, key, wrong)
                for key, wording in self.own.items()
                for wrong in self._wrong(key, wording)
            ),
        ]
        return found or [*self._wrong_with_facts(), *self._not_rendered()]

    def _missing(self) -> Iterator[Problem]:
        for key in (*self.reference, *self.local_keys):
            if key not in self.said:
                yield Problem(self.file, key, "is missing. Write its text.")

    def _wrong(self, key: str, wording: Any) -> Iterator[str]:
        if self.knows_labels and key not in self.reference and key not in self.local_keys:
            yield "is a text of nothing. Remove it, or correct its key."
            return
        if wrong := _not_a_wording(wording):
            yield wrong
            return
        try:
            parts = list(Formatter().parse(wording))
        except ValueError as error:
            yield f"has a brace without its pair ({error}). Write {{{{ and }}}} for braces."
            return
        shown = {name for _, name, _, _ in parts if name is not None}
        for _, name, form, conversion in parts:
            if form or conversion:
                yield f"has more than a name in the braces of {{{name}}}. Write {{{name}}}."
        yield from self._wrong_placeholders(key, shown)

    def _wrong_placeholders(self, key: str, shown: set[str]) -> Iterator[str]:
        expected = _placeholders(self.reference.get(key, ""))
        for name in sorted(shown - expected - FACTS):
            yield f"shows {{{name}}}, which nothing fills in. {_may_show(expected)}"
        for name in sorted(expected - shown - FACTS):
            yield f"does not show {{{name}}}. Add it."
        urgent = _NUMBER in expected or key.startswith("bulletin.instruction.")
        if urgent and _NUMBER not in shown:
            yield f"does not say the emergency number. Write {{{_NUMBER}}} where it belongs."
        if key.startswith(_NAMES) and shown:
            yield "is a name, and shows no values. Write it out."

    def _wrong_with_facts(self) -> Iterator[Problem]:
        """Yield what the gateway would take for a variable."""
        names = {name: self.said[f"name.{name}"] for name in ("city", "police", "service")}
        for key, wording in self.said.items():
            if key.startswith("error."):
                shown = _placeholders(wording)
                if "$" in wording or any("$" in names[name] for name in names.keys() & shown):
                    wrong = "has a $, which the gateway takes for a variable. Leave it out."
                    yield Problem(self.file, key, wrong)

    def _not_rendered(self) -> Iterator[Problem]:
        """Render all texts as `chalicelib/kernel/languages.py` does. Yield those that fail."""
        facts = {fact: self.said.get(f"name.{fact}", "0") for fact in FACTS}
        for key, wording in self.said.items():
            filled = _FACT.sub(lambda fact: facts[fact[1]], wording)
            try:
                filled.format_map(dict.fromkeys(_placeholders(self.reference.get(key, "")), "0"))
            except (LookupError, ValueError, AttributeError) as error:
                wrong = f"cannot be filled in ({error}). Write each value as {{name}}, in one pair."
                yield Problem(self.file, key, wrong)

    def notice_problems(self, *, is_first: bool) -> Iterator[Problem]:
        """Yield the subjects of notices that SNS would refuse or cut, and, of the first language,
        the SMS that would be cut.
        """
        longest = {
            kind: max(
                (said for key, said in self.said.items() if key.startswith(f"{kind}.")), key=len
            )
            for kind in ("category", "district", "urgency", *_MATTERS)
        }
        matter = max((longest.pop(kind) for kind in _MATTERS), key=len)
        reference = "X" * _REFERENCE_LENGTH
        of_report = self.said["notice.of_report"]
        longest["what"] = of_report.format_map({"what": matter, "reference": reference})
        longest |= {"reference": reference, "count": "9" * _COUNT_LENGTH, "url": ""}
        for key, wording in self.said.items():
            if not key.startswith("notice."):
                continue
            filled = wording.format_map(longest | {"said": ""})
            if key.endswith(".subject"):
                yield from self._too_long(key, len(filled), _SUBJECT_MAX)
                if not filled.isprintable():
                    yield Problem(self.file, key, "is the subject of an e-mail: one line.")
            elif key.endswith(".sms") and is_first:
                yield from self._too_long(key, len(filled.encode("utf-16-le")) // 2, _SMS_MAX)

    def _too_long(self, key: str, length: int, most: int) -> Iterator[Problem]:
        if length > most:
            wrong = (
                f"has {length} characters with the longest labels, over {most}. Shorten it, or the"
                " labels."
            )
            yield Problem(self.file, key, wrong)


def _not_a_wording(wording: Any) -> str | None:
    if not isinstance(wording, str):
        return "is not a text. Write one, in quotes."
    if not wording.strip():
        return "is empty. Write its text."
    if wording != wording.strip():
        return "begins or ends with a blank. Remove it."
    return None


def _placeholders(wording: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(wording) if name is not None}


def _may_show(expected: set[str]) -> str:
    names = ", ".join(f"{{{name}}}" for name in sorted(expected | FACTS))
    return f"It may show: {names}."
