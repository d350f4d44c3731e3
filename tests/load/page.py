"""The table of what held, as it is printed and as it stands in docs/reliability.md."""

import platform
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.load.measures import Result

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"


class Marks(NamedTuple):
    """Two lines of the document; what is between them is written by a command."""

    begin: str
    end: str


ATTACKS = Marks("<!-- make load writes from here -->", "<!-- to here -->")


def rows(result: Result) -> str:
    """Return the rows of an attack."""
    lines = []
    for number, check in enumerate(result.checks):
        attack = f"{result.attack} ({result.took_s:.0f} s)" if number == 0 else ""
        holds = "yes" if check.holds else "**no**"
        lines.append(f"| {attack} | {check.must} | {check.measured} | {holds} |")
    return "\n".join(lines)


def summary(results: Sequence[Result]) -> str:
    """Return the figures of all attacks, in a sentence."""
    stored, lost = sum(each.stored for each in results), sum(each.lost for each in results)
    twice, leaked = sum(each.twice for each in results), sum(each.leaked for each in results)
    held = sum(each.holds for each in results)
    return (
        f"Reports acknowledged: {stored:,}, lost: {lost}. Critical ones notified twice: {twice}. "
        f"Places where a source was found: {leaked}. Attacks that held: {held} of {len(results)}."
    )


def table(results: Sequence[Result], form: str) -> str:
    """Return the whole table, with the figures below it. `form` says how long the attacks were."""
    machine = f"Python {platform.python_version()} on {platform.machine()}"
    return "\n".join(
        [
            "| attack | must hold | measured | holds |",
            "|---|---|---|---|",
            *(rows(result) for result in results),
            "",
            f"{summary(results)} {form}. {machine}, {time.strftime('%Y-%m-%d')}.",
        ]
    )


def write(marks: Marks, content: str) -> None:
    """Put `content` into the document. Raises ValueError when the document does not say where."""
    document = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(replaced(document, marks, content), encoding="utf-8")


def replaced(document: str, marks: Marks, content: str) -> str:
    """Return the document with `content` between the marks. Raises ValueError without them."""
    before, begin, rest = document.partition(marks.begin)
    _, end, after = rest.partition(marks.end)
    if not (begin and end):
        raise ValueError(f"docs/reliability.md has no {marks.begin} and {marks.end}")
    return f"{before}{begin}\n{content}\n{end}{after}"
