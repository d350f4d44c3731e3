"""Check all files of a city's folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.city import areas, catalogue, facts, streets, texts
from infra.city.facts import Problem, Unreadable, read

_FILES = {facts.FILE, areas.FILE, catalogue.FILE, "texts"}


def problems(folder: Path) -> list[Problem]:
    """Return everything that is wrong with a city's folder; nothing if it can be run."""
    if not folder.is_dir():
        return [Problem("", "", f"{folder} is not a folder. Give the path of a city's folder.")]
    found = [
        Problem(path.name, "", "is no file of a city. Remove it.")
        for path in sorted(folder.iterdir())
        # Systems leave files such as .DS_Store behind. They are not packaged.
        if path.name not in _FILES and not path.name.startswith(".")
    ]

    def content(file: str, hint: str, wrong: Callable[[Any], list[Problem]]) -> Any:
        try:
            said = read(folder, file, hint)
        except Unreadable as error:
            found.append(error.problem)
            return None
        found.extend(wrong(said))
        return said

    said = content(facts.FILE, facts.HINT, facts.problems)
    knows_languages = said is not None and not found
    before = len(found)
    collection = content(
        areas.FILE,
        areas.HINT,
        lambda said: areas.problems(said, (folder / areas.FILE).stat().st_size),
    )
    seed = content(catalogue.FILE, catalogue.HINT, catalogue.problems)
    labels = [*catalogue.keys(seed), *areas.keys(collection)] if len(found) == before else None
    if labels is not None:
        found += streets.problems(folder, collection)
        labels += facts.keys(said) if knows_languages else []
    if knows_languages:
        found += texts.problems(folder, said["languages"], labels)
    return found
