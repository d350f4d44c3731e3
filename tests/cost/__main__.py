"""Print what a stage costs, as tables for docs/cost.md.

python -m tests.cost                           prints them
python -m tests.cost --write                   writes them there, too
python -m tests.cost --district 'reports=500 consoles=2'    prints a month of that district
"""

import argparse
import sys

from tests.cost import counted, page
from tests.cost.district import District

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.cost")
    parser.add_argument("--district")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    try:
        given = None if asked.district is None else District.read(asked.district.split())
    except ValueError as error:
        sys.exit(str(error))
    found = counted.count()
    print(page.tables(found) if given is None else page.of_district(found, given))
    if asked.write:
        page.write(page.tables(found))
