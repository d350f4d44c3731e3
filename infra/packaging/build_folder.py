"""The folder that packaging writes to and a deployment reads, one at a time."""

import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BUILD = Path(__file__).parents[2] / "build"
WAITING = "{folder} is in use by another `make package` or `make deploy`. Waiting until it ends ..."


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep the folder for this process. Wait, with a word, while another one has it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(WAITING.format(folder=folder), file=sys.stderr, flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
