"""Templates of replies to reporters: data, in `templates.json`, each in every language, with placeholders that an officer fills in."""

from functools import cache
from pathlib import Path
from string import Formatter

from pydantic import BaseModel, ConfigDict, TypeAdapter


class Template(BaseModel):
    """`title` is for the officer who chooses, `text` for the reporter; both by language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    title: dict[str, str]
    text: dict[str, str]

    @property
    def placeholders(self) -> list[str]:
        """The names to be filled in, the same in every language, in the order in which they first come."""
        names = (name for wording in self.text.values() for _, name, _, _ in Formatter().parse(wording) if name)
        return list(dict.fromkeys(names))


@cache
def templates() -> tuple[Template, ...]:
    return TypeAdapter(tuple[Template, ...]).validate_json((Path(__file__).parent / "templates.json").read_bytes())
