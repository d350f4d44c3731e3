"""How much of the processor a process has used, as Linux shows it."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
# In /proc/PID/stat, counted from what follows the name: the parent, the time of its own code, and
# that of the system.
_PARENT, _OWN, _SYSTEM = 1, 11, 12


def used_s(pid: int) -> float:
    """Return the seconds of the processor that a process and those that it started have used, as
    far as they still live. 0 where it cannot be known (no Linux).
    """
    facts = dict(_processes())
    ours = {pid}
    # A process may have a smaller id than its parent.
    while more := {each for each, (parent, _) in facts.items() if parent in ours} - ours:
        ours |= more
    return sum(facts[each][1] for each in ours if each in facts) / _TICKS


def _processes() -> list[tuple[int, tuple[int, int]]]:
    """Return of each process its id, its parent's and the ticks that it has used."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name may have anything in it, also spaces and brackets.
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # It has ended meanwhile.
        ticks = int(fields[_OWN]) + int(fields[_SYSTEM])
        found.append((int(stat.parent.name), (int(fields[_PARENT]), ticks)))
    return found
