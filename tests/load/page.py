"""The table of what held, as it is printed and as it stands in docs/reliability.md."""

import platform
import time
from collections.abc import Sequence
from pathlib import Path

from tests.load.measures import Result

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- make load writes from here -->", "<!-- to here -->"


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
        f"Reports acknowledged: {stored:,}, lost: {lost}. Critical reports told twice: {twice}. "
        f"Places where a source was found: {leaked}. Attacks that held: {held} of {len(results)}."
    )


def table(results: Sequence[Result]) -> str:
    """Return the whole table, with the figures below it."""
    machine = f"Python {platform.python_version()} on {platform.machine()}"
    return "\n".join(
        [
            "| attack | must hold | measured | holds |",
            "|---|---|---|---|",
            *(rows(result) for result in results),
            "",
            f"{summary(results)} {machine}, {time.strftime('%Y-%m-%d')}.",
        ]
    )


def write(results: Sequence[Result]) -> None:
    """Put the table into the document, in the place of the last one.

    Raises ValueError when the document does not say where.
    """
    DOCUMENT.write_text(replaced(DOCUMENT.read_text("utf-8"), table(results)), encoding="utf-8")


def replaced(document: str, content: str) -> str:
    """Return the document with `content` between the two marks. Raises ValueError without them."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"docs/reliability.md has no {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{content}\n{END}{after}"
