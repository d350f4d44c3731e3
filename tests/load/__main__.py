"""Play the attacks on a local stack, print what held, and exit with 1 if something did not.

python -m tests.load                  all, some minutes
python -m tests.load --short          all, with a tenth of the load
python -m tests.load flood hoaxes     these
python -m tests.load --write          all, and write the table into docs/reliability.md
"""

import argparse
import sys
import time
from collections.abc import Callable, Mapping

from tests.limits import __main__ as aws_limits
from tests.load import page
from tests.load.attacks import (
    flood,
    hoaxes,
    honest_phone,
    junk_photos,
    messages,
    one_source,
    routes_apart,
    source_search,
    unsent_media,
)
from tests.load.measures import Result

# Each with the number that makes it an attack.
ATTACKS: Mapping[str, tuple[Callable[[int], Result], int]] = {
    "flood": (flood.play, 20_000),
    "unsent_media": (unsent_media.play, 10_000),
    "messages": (messages.play, 2_000),
    "junk_photos": (junk_photos.play, 2_000),
    "hoaxes": (hoaxes.play, 500),
    "one_source": (one_source.play, 40),
    "honest_phone": (honest_phone.play, 10),
    "routes_apart": (routes_apart.play, 10),
    "source_search": (source_search.play, 40),
}
# With `--short` the load alone is smaller: what is no flood stays as it is.
SHORTENED, FLOODS = 10, ("flood", "unsent_media", "messages", "junk_photos", "hoaxes")


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.load")
    parser.add_argument("attacks", nargs="*", choices=[[], *ATTACKS], metavar="attack")
    parser.add_argument("--short", action="store_true", help="a tenth of the load")
    parser.add_argument("--write", action="store_true", help="write docs/reliability.md")
    asked = parser.parse_args()
    results = []
    for name in asked.attacks or ATTACKS:
        play, count = ATTACKS[name]
        began = time.monotonic()
        print(f"{name} ...", file=sys.stderr, flush=True)
        result = play(count // SHORTENED if asked.short and name in FLOODS else count)
        result.took_s = time.monotonic() - began
        results.append(result)
        print(page.rows(result), flush=True)
    print(page.summary(results))
    if asked.write:
        page.write(page.ATTACKS, page.table(results))
        page.write(aws_limits.MARKS, aws_limits.table(aws_limits.measured()))
    return 0 if all(result.holds for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
