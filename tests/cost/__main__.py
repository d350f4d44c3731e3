"""Print what a stage costs, as tables for docs/cost.md.

python -m tests.cost             prints them
python -m tests.cost --write     writes them there, too
"""

import sys

from tests.cost import counted, page

if __name__ == "__main__":
    content = page.tables(counted.count())
    print(content)
    if "--write" in sys.argv[1:]:
        page.write(content)
