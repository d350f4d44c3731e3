"""What deriving pictures costs, as production runs it and by the library alone, beside naive Pillow
and other libraries.

| module | |
|---|---|
| `table` | which ratios are taken, and their budgets |
| `files` | the files that are measured |
| `sample` | one file in one fresh process |
| `quality` | how far a picture is from the best one |
| `programs` | what derives them: ours, naive Pillow, and with `--peers` pyvips |

    python -m tests.bench.media [--peers]     prints the table
"""

from tests.bench.media.table import rows

__all__ = ["rows"]
