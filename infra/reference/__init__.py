"""The reference pages: what is written about the code from the code itself.

errors      docs/errors.md: every error code, from the declared routes and the texts
settings    docs/settings.md: every setting, from `Settings`, the templates and the Makefile
"""

from collections.abc import Iterable, Sequence


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table. A cell may hold any text of one line."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(map(_escaped, line))} |" for line in lines) + "\n"


def code(name: str) -> str:
    """Return a name as code, or nothing for an empty one."""
    return f"`{name}`" if name else ""


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|").replace("\n", " ")
