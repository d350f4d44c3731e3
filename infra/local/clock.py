"""`make clock ADVANCE=5m`: move the running stack's clock of sweeps and lifecycles, run the sweeps,
and print the new time. What is due after a long time may still run then.
"""

import json
import re
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta

from chalicelib.kernel import times
from infra.local import stack_file

PATH = "/_tipline/clock"

PATIENCE_S = 60
"""How long the answer waits for what is due."""

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def main(text: str) -> None:
    """Move the clock by a duration. Exits with the reason when it cannot."""
    advance = read_duration(text)
    if advance is None:
        raise SystemExit("Choose how far: make clock ADVANCE=30s, 5m, 2h or 1d.")
    _say("Moving the clock, and running what is due ...")
    print(times.render(move(advance)))


def move(advance: timedelta) -> datetime:
    """Move the clock of the running stack, and return its time. Exits when it cannot."""
    stack = stack_file.read()
    request = urllib.request.Request(  # noqa: S310  our own, on 127.0.0.1
        stack["clock"],
        data=json.dumps({"advance_s": advance.total_seconds()}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=300) as response:  # noqa: S310
            moved = json.load(response)
    except (urllib.error.URLError, TimeoutError) as error:
        raise SystemExit(
            f"The local stack at {stack['api']} could not move its clock: {error}"
        ) from None
    if not moved["done"]:
        _say("The clock is moved. What is due still runs; the terminal of make run shows it.")
    return times.parse(moved["now"])


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def is_done(work: Callable[[], object], patience_s: float = PATIENCE_S) -> bool:
    """Begin some work, and return whether it ends within that time. Otherwise it goes on."""
    working = threading.Thread(target=work, daemon=True)
    working.start()
    working.join(patience_s)
    return not working.is_alive()


def read_duration(text: str) -> timedelta | None:
    """Read `90s`, `5m`, `2h`, `1d`, or several together (`1d12h`); return None for the rest."""
    if not re.fullmatch(r"(?:[0-9]{1,6}[smhd])+", text):
        return None
    parts = re.findall(r"([0-9]+)([smhd])", text)
    return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
