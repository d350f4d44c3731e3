"""Print what breaks first on AWS, and at which rate, as a table for docs/reliability.md.

python -m tests.limits             prints it
python -m tests.limits --write     writes it there, too
"""

import sys
from collections.abc import Sequence

from tests import cloud, conftest
from tests.limits import scenarios
from tests.limits.model import Limit
from tests.limits.scenarios import Scenario
from tests.load import page

MARKS = page.Marks("<!-- tests.limits writes from here -->", "<!-- to this line -->")
# What breaks at much more than the first is of no interest.
_SHOWN = 6


def measured() -> list[Scenario]:
    """Return all scenarios, measured on a mocked cloud of their own."""
    assert conftest  # it sets credentials that open nothing
    with cloud.mocked() as environment:
        return scenarios.all_of(environment)


def table(found: Sequence[Scenario]) -> str:
    """Return a table of what breaks in each scenario, the weakest first."""
    lines = ["| what comes | what breaks | at | then |", "|---|---|---|---|"]
    for each in found:
        for number, limit in enumerate(each.limits[:_SHOWN]):
            lines.append(f"| {each if number == 0 else ''} | {_row(limit)} |")
    return "\n".join(lines)


def _row(limit: Limit) -> str:
    return f"{limit.name} | {limit.breaks_at:,.0f} {limit.unit} | {limit.then}"


if __name__ == "__main__":
    found = table(measured())
    print(found)
    if "--write" in sys.argv[1:]:
        page.write(MARKS, found)
