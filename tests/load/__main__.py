"""Play the attacks on a local stack, print what held, and exit with 1 if something did not.

python -m tests.load                        all in their short form, twelve minutes together
python -m tests.load --for 3m               all with their full numbers, and so long where they last
python -m tests.load --for 30m 'critical_200_*'      these
python -m tests.load --write                write the table into docs/reliability.md, too
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from functools import partial
from typing import NamedTuple

from infra.local.clock import read_duration
from tests.limits import __main__ as aws_limits
from tests.load import page
from tests.load.attacks import (
    bad_tokens,
    critical_flood,
    flood,
    high_flood,
    hoaxes,
    honest_phone,
    junk_photos,
    leads,
    messages,
    one_source,
    routes_apart,
    source_search,
    trickle,
    unread_endings,
    unsent_media,
    unused_grants,
)
from tests.load.measures import Result


class Attack(NamedTuple):
    """`short` and `full` are the numbers that make it one; without `full` they are seconds."""

    play: Callable[[int], Result]
    short: int
    full: int | None = None


ATTACKS = {
    "flood": Attack(flood.play, 2_000, 20_000),
    "unsent_media": Attack(unsent_media.play, 1_000, 10_000),
    "messages": Attack(messages.play, 200, 2_000),
    "junk_photos": Attack(junk_photos.play, 200, 2_000),
    "hoaxes": Attack(hoaxes.play, 50, 500),
    "one_source": Attack(one_source.play, 40, 40),
    "honest_phone": Attack(honest_phone.play, 10, 10),
    "routes_apart": Attack(routes_apart.play, 10, 10),
    "source_search": Attack(source_search.play, 40, 40),
    **{
        variant.name: Attack(partial(critical_flood.play, variant), 12)
        for variant in critical_flood.ALL
    },
    **{variant.name: Attack(partial(high_flood.play, variant), 12) for variant in high_flood.ALL},
    "trickle": Attack(trickle.play, 120),
    **{
        f"bad_tokens_{order}": Attack(partial(bad_tokens.play, order), 8)
        for order in bad_tokens.ORDERS
    },
    "leads": Attack(leads.play, 12),
    "unused_grants": Attack(unused_grants.play, 16),
    "unread_endings": Attack(unread_endings.play, 40, 40),
}
# All variants of a flood take an hour and a half: those that are not chosen are played by name.
CHOSEN = {each.name for each in (*critical_flood.SHORT, *high_flood.SHORT)}
USUAL = [name for name in ATTACKS if not name.startswith(("critical_", "high_")) or name in CHOSEN]
# These wait more than they work, and none of them compares times: two run side by side.
SIDE_BY_SIDE = ("messages", "hoaxes", "one_source", "source_search", "unread_endings")


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.load")
    parser.add_argument("attacks", nargs="*", type=named, metavar="attack")
    parser.add_argument("--for", dest="lasts", type=_seconds, help="how long: 3m, 30m")
    parser.add_argument("--write", action="store_true", help="write docs/reliability.md")
    asked = parser.parse_args()
    names = [name for some in asked.attacks for name in some] or USUAL
    began = time.monotonic()
    results = play(names, asked.lasts)
    form = f"For {asked.lasts} s each" if asked.lasts else "The short form"
    form += f", {time.monotonic() - began:.0f} s in all"
    print(page.summary(results), f"{form}.")
    if asked.write:
        page.write(page.ATTACKS, page.table(results, form))
        page.write(aws_limits.MARKS, aws_limits.table(aws_limits.measured()))
    return 0 if all(result.holds for result in results) else 1


def play(names: Sequence[str], lasts: int | None) -> list[Result]:
    """Play attacks in their short form, or for so many seconds; return the results in order."""
    with ThreadPoolExecutor(2) as pool:
        aside = {name: pool.submit(_play, name, lasts) for name in names if name in SIDE_BY_SIDE}
    alone = {name: _play(name, lasts) for name in names if name not in aside}
    return [aside[name].result() if name in aside else alone[name] for name in names]


def _play(name: str, lasts: int | None) -> Result:
    attack, began = ATTACKS[name], time.monotonic()
    print(f"{name} ...", file=sys.stderr, flush=True)
    result = attack.play(attack.short if lasts is None else attack.full or lasts)
    result.took_s = time.monotonic() - began
    print(page.rows(result), flush=True)
    return result


def named(pattern: str) -> list[str]:
    """Return the attacks with a name, or of a pattern such as `critical_*`."""
    if found := [name for name in ATTACKS if fnmatchcase(name, pattern)]:
        return found
    raise argparse.ArgumentTypeError(f"{pattern}: choose from {', '.join(ATTACKS)}")


def _seconds(text: str) -> int:
    duration = read_duration(text)
    if duration is None:
        raise argparse.ArgumentTypeError(f"{text}: 90s, 3m or 1h")
    return int(duration.total_seconds())


if __name__ == "__main__":
    sys.exit(main())
