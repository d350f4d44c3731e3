"""Templates of replies to reporters: codes and what an officer fills in are data, in
`templates.json`; the words are in `texts/`.
"""

from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from chalicelib.domain.languages import LANGUAGES, texts


class Template(BaseModel):
    """`placeholders` are the names to be filled in, the same in every language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    placeholders: list[str]

    @property
    def title(self) -> dict[str, str]:
        """For the officer who chooses, by language."""
        return self._in_every_language("title")

    @property
    def text(self) -> dict[str, str]:
        """For the reporter, by language, its placeholders not filled in."""
        return self._in_every_language("text")

    def _in_every_language(self, form: str) -> dict[str, str]:
        return {language: texts(language)[f"template.{self.code}.{form}"] for language in LANGUAGES}


@cache
def templates() -> tuple[Template, ...]:
    return TypeAdapter(tuple[Template, ...]).validate_json(
        (Path(__file__).parent / "templates.json").read_bytes()
    )
