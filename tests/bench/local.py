"""What the local stack costs whoever waits for it, against that of the first version: both run side
by side, and one works while the other has nothing to do.

    python -m tests.bench.local     prints the rows
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from tests.bench import rows as table
from tests.bench.cold import FIRST_VERSION
from tests.bench.media import files
from tests.load import reports
from tests.load.attacks.flood import junk_categories
from tests.load.http import Connection
from tests.load.processes import used_s
from tests.load.stack import Stack
from tests.local.s3.running import form

CONNECTIONS = 32
# In the lists. They are sent in as many parts as there are rounds.
REPORTS = 2_000
_LISTS = 3
_PATIENCE_S = 120
# Of the processor, in a second: what the triggers take that look for something to do.
_IDLE_S = 0.12
_LOOK_EVERY_S = 0.01

# Says what a stack takes for something, in seconds.
type _Sample = Callable[[Stack], float]


def rows(rounds: int = table.ROUNDS) -> list[table.Row]:
    """Return the rows; none when the first version is not in the history."""
    with _first_version() as tree:
        if tree is None:
            print(f"The local stack: {FIRST_VERSION} is not in the history", file=sys.stderr)
            return []
        with Stack() as ours, Stack(tree) as theirs:
            sides = ours, theirs
            photo = files.photo(*files.TWELVE)
            _compare(sides, 1, lambda stack: _photo_ready_s(stack, photo))
            photos = _compare(sides, rounds, lambda stack: _photo_ready_s(stack, photo))
            _compare(sides, 1, lambda stack: _report_s(stack, CONNECTIONS))
            taken = _compare(sides, rounds, lambda stack: _report_s(stack, REPORTS // rounds))
            lists = _compare(sides, rounds, _list_s)
    first = f"the first version ({FIRST_VERSION}) in the same run"
    return [
        table.row(
            f"local stack, {CONNECTIONS} connections: reports a second",
            first,
            [1 / ratio for ratio in taken],
            at_least=1.5,
        ),
        table.row(
            "local stack, 12 MP photo from upload to ready: time", first, photos, at_most=0.8
        ),
        table.row(
            f"local stack, an officer's unfiltered list of {REPORTS:,} reports: time",
            first,
            lists,
            at_most=0.3,
        ),
    ]


@contextmanager
def _first_version() -> Iterator[Path | None]:
    """Unpack the first version; None if the history lacks it. It needs no other libraries."""
    archived = subprocess.run(
        ["git", "archive", FIRST_VERSION], cwd=table.ROOT, capture_output=True, check=False
    )
    if archived.returncode:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="tipline-first-") as folder:
        subprocess.run(["tar", "-x"], cwd=folder, input=archived.stdout, check=True)
        yield Path(folder)


def _compare(sides: tuple[Stack, Stack], rounds: int, sample: _Sample) -> list[float]:
    """Return the ratios of time, one a round."""
    ratios = []
    for _ in range(rounds):
        taken = []
        for stack in sides:
            taken.append(sample(stack))
            _wait_until_idle(stack)
        ratios.append(taken[0] / taken[1])
    return ratios


def _report_s(stack: Stack, count: int) -> float:
    """Send so many reports, and return the time for each."""
    began = time.monotonic()
    sent = reports.flood(
        stack, junk_categories(), count, limit_s=_PATIENCE_S, connections=CONNECTIONS
    )
    took = time.monotonic() - began
    assert sum(each.is_stored for each in sent) == count, "some were refused"
    return took / count


def _photo_ready_s(stack: Stack, photo: bytes) -> float:
    """Report with a photo, and return the time from its upload until its reporter sees it."""
    with stack.connect() as connection:
        medium = {"content_type": "image/jpeg", "size": len(photo)}
        sent = reports.send_report(connection, "other", "With a photo.", media=[medium])
        (upload,) = sent.answer.json["uploads"]
        content, kind = form(upload["fields"], photo)
        receipt = {"Authorization": f"Receipt {sent.receipt}"}
        where = urlsplit(upload["url"])
        assert where.port
        with Connection(where.port) as storage:
            began = time.monotonic()
            answer = storage.send("POST", where.path, content, {"Content-Type": kind})
            assert answer.status == 204, answer
            while time.monotonic() < began + _PATIENCE_S:
                shown = connection.send("GET", "/v1/reports/mine", headers=receipt)
                if shown.json["media"][0]["state"] == "ready":
                    return time.monotonic() - began
                time.sleep(_LOOK_EVERY_S)
    raise TimeoutError("the photo never was ready")


def _list_s(stack: Stack) -> float:
    """Return the time for the first 50 of all reports, as an officer with all scopes sees them."""
    officer, taken = stack.token("officer"), []
    with stack.connect() as connection:
        for _ in range(1 + _LISTS):
            began = time.monotonic()
            answer = connection.send("GET", "/v1/officer/reports?limit=50", headers=officer)
            taken.append(time.monotonic() - began)
            assert len(answer.json["items"]) == 50, answer.status
    # The first of them may be the first of this connection's thread.
    return median(taken[1:])


def _wait_until_idle(stack: Stack) -> None:
    """Wait until a stack has sent its notices: the other one needs the machine."""
    until = time.monotonic() + _PATIENCE_S
    used = used_s(stack.process.pid)
    while time.monotonic() < until:
        time.sleep(1)
        before, used = used, used_s(stack.process.pid)
        if used - before < _IDLE_S:
            return
    raise TimeoutError(f"the stack on port {stack.port} was never idle")


if __name__ == "__main__":
    for row in rows():
        print(row)
