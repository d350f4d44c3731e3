"""Search the memory of a process of our own, as Linux shows it."""

from pathlib import Path

_PROC = Path("/proc")
_PIECE = 16 << 20
_LISTENING = "0A"


def listening_on(port: int) -> int | None:
    """Return the id of the process that listens on 127.0.0.1:`port`; None where it cannot be known
    (no Linux, or another user's).
    """
    try:
        inodes = {
            fields[9]
            for line in (_PROC / "net/tcp").read_text().splitlines()[1:]
            if (fields := line.split())[3] == _LISTENING and int(fields[1][-4:], 16) == port
        }
    except OSError:
        return None
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for process in _PROC.glob("[0-9]*"):
        try:
            if any(str(link.readlink()) in wanted for link in (process / "fd").iterdir()):
                return int(process.name)
        except OSError:
            continue
    return None


def count_in_memory(pid: int, texts: list[bytes]) -> dict[bytes, int]:
    """Return how often each text is in what a process may write.

    Raises OSError when its memory cannot be read.
    """
    found = dict.fromkeys(texts, 0)
    longest = max(map(len, texts))
    with (_PROC / str(pid) / "mem").open("rb", 0) as memory:
        for line in (_PROC / str(pid) / "maps").read_text().splitlines():
            addresses, rights, *rest = line.split()
            if not rights.startswith("rw") or rest[-1] in ("[vvar]", "[vsyscall]"):
                continue
            start, end = (int(each, 16) for each in addresses.split("-"))
            tail = b""
            for at in range(start, end, _PIECE):
                try:
                    memory.seek(at)
                    piece = tail + memory.read(min(_PIECE, end - at))
                except OSError:
                    break  # it was given back meanwhile
                for text in texts:
                    # What ends in the tail was counted with the piece before.
                    found[text] += piece.count(text) - tail.count(text)
                tail = piece[-(longest - 1) :]
    return found
