"""`make clock ADVANCE=5m`: move the running stack's clock of sweeps and lifecycles, run the sweeps,
and print the new time.
"""

import json
import re
import sys
import urllib.error
import urllib.request
from datetime import datetime, timedelta

from chalicelib.kernel import times
from infra.local import stack_file

PATH = "/_tipline/clock"

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def main(text: str) -> None:
    """Move the clock by a duration. Exits with the reason when it cannot."""
    advance = read_duration(text)
    if advance is None:
        raise SystemExit("Choose how far: make clock ADVANCE=30s, 5m, 2h or 1d.")
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
            return times.parse(json.load(response)["now"])
    except (urllib.error.URLError, TimeoutError) as error:
        raise SystemExit(
            f"The local stack at {stack['api']} could not move its clock: {error}"
        ) from None


def read_duration(text: str) -> timedelta | None:
    """Read `90s`, `5m`, `2h`, `1d`, or several together (`1d12h`); return None for the rest."""
    if not re.fullmatch(r"(?:[0-9]{1,6}[smhd])+", text):
        return None
    parts = re.findall(r"([0-9]+)([smhd])", text)
    return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
