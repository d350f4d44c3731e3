"""The processes that decode, seen from outside: this one's zygotes, and their children."""

from pathlib import Path
from time import clock_gettime


def zygotes() -> list[int]:
    """Return the processes that this one has started, whichever thread did."""
    return sorted(pid for thread in Path("/proc/self/task").iterdir() for pid in _children(thread))


def decoders() -> list[int]:
    """Return the processes that the zygotes have forked, those that have ended included."""
    return sorted(
        pid for zygote in zygotes() for pid in _children(Path(f"/proc/{zygote}/task/{zygote}"))
    )


def processor_seconds(pid: int) -> float:
    """Return a process's processor time. For the id of its clock, see clock_getcpuclockid(3)."""
    return clock_gettime(~pid << 3 | 2)


def group_of(pid: int) -> int:
    """Return the process group of a process."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[2])


def processes_of_group(group: int) -> list[int]:
    """Return the processes of a group."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and group_of(int(folder.name)) == group:
                found.append(int(folder.name))
        except (FileNotFoundError, ProcessLookupError):
            continue  # It has ended in the meantime.
    return found


def _children(thread: Path) -> list[int]:
    try:
        return [int(pid) for pid in (thread / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
