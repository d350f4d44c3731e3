"""Print what a stage costs, as tables for docs/cost.md.

python -m tests.cost                           prints them
python -m tests.cost --write                   writes them there, too
python -m tests.cost reports=500 consoles=2    prints a month of that district
"""

import sys

from tests.cost import counted, page
from tests.cost.district import District

if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--write"]
    try:
        given = District.read(words)
    except ValueError as error:
        sys.exit(str(error))
    found = counted.count()
    content = page.of_district(found, given) if words else page.tables(found)
    print(content)
    if "--write" in sys.argv[1:]:
        page.write(page.tables(found))
