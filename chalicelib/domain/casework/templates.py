"""Templates of replies to reporters.

Codes and placeholders are data, in `templates.json`; the wording is in `texts/`.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chalicelib.kernel.languages import LANGUAGES, LocalizedText, texts


@dataclass(frozen=True, slots=True)
class Template:
    """`placeholders` are the names that an officer fills in, the same in every language."""

    code: str
    placeholders: list[str]

    @property
    def title(self) -> LocalizedText:
        """For the officer who chooses."""
        return self._in_every_language("title")

    @property
    def text(self) -> LocalizedText:
        """For the reporter, with its placeholders."""
        return self._in_every_language("text")

    def _in_every_language(self, form: str) -> LocalizedText:
        return {language: texts(language)[f"template.{self.code}.{form}"] for language in LANGUAGES}


def placeholder_in(text: str) -> str | None:
    """Return the first placeholder of a template that is left in a text, with its braces."""
    known = dict.fromkeys(name for each in templates() for name in each.placeholders)
    return next((shown for name in known if (shown := f"{{{name}}}") in text), None)


def is_template(text: str, reference: str) -> bool:
    """Return whether a text is a template, in any language, filled in with this reference alone."""
    known = (each.text for each in templates() if each.placeholders == ["reference"])
    shown = (text for texts_of in known for text in texts_of.values())
    return text in {each.replace("{reference}", reference) for each in shown}


@cache
def templates() -> tuple[Template, ...]:
    """Return all templates, in the order in which officers see them."""
    content = (Path(__file__).parent / "templates.json").read_text(encoding="utf-8")
    return tuple(Template(**each) for each in json.loads(content))
