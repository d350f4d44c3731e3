"""The processes that decode, seen from outside: this one's zygotes, and their children."""

from collections.abc import Callable
from pathlib import Path
from threading import Event
from time import clock_gettime, monotonic


def zygotes() -> list[int]:
    """Return the processes that this one has started, whichever thread did."""
    return sorted(pid for thread in Path("/proc/self/task").iterdir() for pid in _children(thread))


def decoders() -> list[int]:
    """Return the processes that the zygotes have forked, those that have ended included."""
    return sorted(
        pid for zygote in zygotes() for pid in _children(Path(f"/proc/{zygote}/task/{zygote}"))
    )


def await_that(condition: Callable[[], bool]) -> None:
    """Wait until it is so. Fail when it is not in a minute, which is long on any machine."""
    deadline = monotonic() + 60
    while not condition():
        assert monotonic() < deadline
        Event().wait(0.01)


def processor_seconds(pid: int) -> float:
    """Return a process's processor time. For the id of its clock, see clock_getcpuclockid(3)."""
    return clock_gettime(~pid << 3 | 2)


def parent_of(pid: int) -> int:
    """Return the parent of a process."""
    return int(_state(pid)[1])


def _state(pid: int) -> list[str]:
    """Return what follows the name in /proc/<pid>/stat: state, parent, process group, session."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def processes_of(*, group: int = 0, session: int = 0) -> list[int]:
    """Return the processes of a group, or of a session, without those that have ended."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit():
                state, _, of_group, of_session, *_ = _state(int(folder.name))
                if (
                    state not in "ZX"
                    and group in (0, int(of_group))
                    and session in (0, int(of_session))
                ):
                    found.append(int(folder.name))
        except (FileNotFoundError, ProcessLookupError):
            continue  # It has ended in the meantime.
    return found


def _children(thread: Path) -> list[int]:
    try:
        return [int(pid) for pid in (thread / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
