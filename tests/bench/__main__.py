"""Measures everything, prints one table and writes docs/benchmarks.md. It asserts nothing: a
machine's day is no fault of the code.

python -m tests.bench             a few minutes
python -m tests.bench --quick     fewer rounds, no pictures, nothing written: while working on it
"""

import platform
import sys
import time
from collections.abc import Callable, Mapping

from tests.bench import bulletins, cold, events, ledger, media, operations, pages, requests, sizes
from tests.bench.rows import ROOT, Row

_DOCUMENT = ROOT / "docs" / "benchmarks.md"
_QUICK_ROUNDS = 2

_PREFACE = """# Benchmarks

`make bench` writes this file. Times and memory are ratios taken in one run, so that the speed of
the machine does not matter. Each sample is a fresh process on one core; the two sides alternate for
at least 7 rounds. The tables show the median and, in brackets, the least and the most; what is over
its budget is in bold. Calls of AWS get a prepared response, and nothing is sent. Requests and cold
starts are measured in processor time, and without awscrt, which Lambda's Python does not have. In
each process of a request, its sides take turns every few milliseconds, because a neighbour on the
same processor comes and goes.
Units of DynamoDB are counted from the sizes of what is written and read (`tests/bench/units.py`).
The budgets of calls and units are also tests (`tests/functional/aws/test_budgets.py`). Pictures
are derived in a process apart, as `decode` does. What other libraries would take was measured once:
decisions [48](adr/0048-starts.md) and [66](adr/0066-png.md).

What is over its budget, and what it would take: requests in decision
[25](adr/0025-plain-speed.md), starts in [48](adr/0048-starts.md), PNGs in
[66](adr/0066-png.md). Costs are in [cost.md](cost.md), what breaks first in
[reliability.md](reliability.md#what-breaks-first-on-aws).

"""


def main(*, quick: bool) -> None:
    rounds = {"rounds": _QUICK_ROUNDS} if quick else {}
    benches: Mapping[str, Callable[[], list[Row]]] = {
        "AWS calls and units of each operation": operations.rows,
        "Lists of any length": pages.rows,
        "Requests through the API": lambda: requests.rows(**rounds),
        "Cold start": lambda: cold.rows(**rounds),
        "Size of what is deployed": sizes.rows,
    }
    if not quick:
        benches = {
            **benches,
            "Bulletins": bulletins.rows,
            "A long hour of the ledger": ledger.rows,
            "Pictures and videos": media.rows,
            "Notices beside a dead destination": events.rows,
        }
    sections = []
    for title, rows in benches.items():
        began = time.monotonic()
        section = (_counted if rows is operations.rows else _section)(title, rows())
        print(section, flush=True)
        print(f"{title}: {time.monotonic() - began:.0f} s", file=sys.stderr)
        sections.append(section)
    if not quick:
        today = time.strftime("%Y-%m-%d")
        machine = f"Python {platform.python_version()} on {platform.machine()}, {today}.\n\n"
        _DOCUMENT.write_text(_PREFACE + machine + "\n".join(sections), encoding="utf-8")


def _section(title: str, rows: list[Row]) -> str:
    lines = [
        f"## {title}",
        "",
        "| what | against | measured | budget | within |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        spread = f" [{row['min']:g} – {row['max']:g}]" if row["min"] != row["max"] else ""
        within = {None: "", True: "yes", False: "**no**"}[row["holds"]]
        lines.append(
            f"| {row['what']} | {row['against']} | {row['ratio']:g}{spread} "
            f"| {row['budget'] or ''} | {within} |"
        )
    return "\n".join(lines) + "\n"


def _counted(title: str, rows: list[Row]) -> str:
    """Return the section with a line for each operation: its figures, and of each the most."""
    figures: dict[str, dict[str, str]] = {}
    for row in rows:
        operation, _, figure = row["what"].rpartition(": ")
        shown = f"{row['ratio']:g} {row['budget']}"
        figures.setdefault(operation, {})[figure] = shown if row["holds"] else f"**{shown}**"
    columns = list(next(iter(figures.values())))
    lines = [["what", *columns], ["---"] * (1 + len(columns))]
    lines += [[name, *(own[each] for each in columns)] for name, own in figures.items()]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return f"## {title}\n\n{table}\n"


if __name__ == "__main__":
    main(quick="--quick" in sys.argv[1:])
