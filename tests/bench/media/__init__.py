"""What deriving pictures costs, as production runs it and by the library alone, beside naive
Pillow.

| module | |
|---|---|
| `table` | which ratios are taken, and their budgets |
| `files` | the files that are measured |
| `sample` | one file in one fresh process |
| `quality` | how far a picture is from the best one |

    python -m tests.bench.media     prints the table
"""

from tests.bench.media.table import rows

__all__ = ["rows"]
