"""Decoders that attack: what code could try that has taken a decoder over.

The type of a file names the attack. An attack that a system call is refused for is killed, or says
which error it got; one that succeeds says so. It says it by a fault, whose name comes out. One that
succeeds must do no harm: signals are of number 0, and paths lead nowhere.
"""

import ctypes
import errno
import gc
import mmap
import os
import platform
import re
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.connection import Connection
from threading import Lock
from typing import NoReturn

from chalicelib.domain.media import Pictures
from chalicelib.media import decoder
from chalicelib.media.zygote import Decoder, Decoders, Read

LIBRARY = ctypes.CDLL(None, use_errno=True)
ZYGOTE = os.getpid()
FUNCTION = os.getppid()
CODE = b"\xc3" if platform.machine() == "x86_64" else b"\xc0\x03\x5f\xd6"  # return
PR_GET_DUMPABLE = 3
_MAP_FAILED = ctypes.c_void_p(-1).value
_SIGPROCMASK = 14 if platform.machine() == "x86_64" else 135
IS_DUMPABLE = LIBRARY.prctl(PR_GET_DUMPABLE, 0, 0, 0, 0)

# Numbers on x86-64 and aarch64 of calls that no wrapper makes as they are meant here.
_NUMBERS = {
    "bpf": (321, 280),
    "clone3": (435, 435),
    "io_uring_setup": (425, 425),
    "keyctl": (250, 219),
    "memfd_create": (319, 279),
    "perf_event_open": (298, 241),
    "pidfd_open": (434, 434),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "seccomp": (317, 277),
    "setns": (308, 268),
    "tkill": (200, 130),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "vfork": (58, None),
}
NUMBERS = {
    name: number
    for name, (x86_64, aarch64) in _NUMBERS.items()
    if (number := x86_64 if platform.machine() == "x86_64" else aarch64) is not None
}


def say(what: str) -> NoReturn:
    """Let this word come out as the name of a fault."""
    raise type(what, (Exception,), {})


def call(number: int, *arguments: int) -> None:
    """Make a system call, and raise its error."""
    if LIBRARY.syscall(number, *(ctypes.c_long(each) for each in arguments)) == -1:
        raise OSError(ctypes.get_errno(), "call")


def allocate() -> None:
    len(bytes(8 << 30))


def execute() -> None:
    os.execv("/bin/true", ["true"])  # noqa: S606  (that it is refused is what is tested)


def clone_a_process() -> None:
    """Share the memory with a new process, as a thread would, but be none."""
    call(56 if platform.machine() == "x86_64" else 220, 0x100 | signal.SIGCHLD, 0, 0, 0, 0)


def connect() -> None:
    import _socket

    _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM).connect(("127.0.0.1", 9))


def run_what_was_written() -> None:
    _map(-1, mmap.PROT_READ | mmap.PROT_EXEC, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def make_memory_executable() -> None:
    area = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    area.write(CODE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(area))
    if LIBRARY.mprotect(ctypes.c_void_p(address), mmap.PAGESIZE, 5) != 0:
        raise OSError(ctypes.get_errno(), "mprotect")


def map_a_descriptor() -> None:
    _map(_own_pipe().fileno(), mmap.PROT_READ, mmap.MAP_PRIVATE)


def _map(descriptor: int, protection: int, flags: int) -> None:
    """Call mmap alone. Python's own looks at the descriptor first."""
    LIBRARY.mmap.restype = ctypes.c_void_p
    length = ctypes.c_size_t(mmap.PAGESIZE)
    if LIBRARY.mmap(None, length, protection, flags, descriptor, ctypes.c_long(0)) == _MAP_FAILED:
        raise OSError(ctypes.get_errno(), "mmap")


def raise_a_limit() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def receive_a_descriptor() -> None:
    import _socket

    _socket.socket(fileno=_own_pipe().fileno()).recvmsg(1, 64)


CALLS: dict[str, Callable[[], object]] = {
    "fork": os.fork,
    "clone a process": clone_a_process,
    "exec": execute,
    "open": lambda: os.open("/etc/passwd", os.O_RDONLY),
    "open own environ": lambda: os.open("/proc/self/environ", os.O_RDONLY),
    "open function's memory": lambda: os.open(f"/proc/{FUNCTION}/mem", os.O_RDONLY),
    "open zygote's memory": lambda: os.open(f"/proc/{ZYGOTE}/mem", os.O_RDWR),
    "create a file": lambda: os.open("/nowhere/x", os.O_CREAT | os.O_WRONLY),
    "stat": lambda: os.stat("/etc/passwd"),
    "list": lambda: os.listdir("/"),
    "readlink": lambda: os.readlink("/proc/self/exe"),
    "rename": lambda: os.rename("/nowhere", "/nothing"),
    "unlink": lambda: os.unlink("/nowhere"),
    "chdir": lambda: os.chdir("/"),
    "connect": connect,
    "kill function": lambda: os.kill(FUNCTION, 0),
    "kill zygote": lambda: os.kill(ZYGOTE, 0),
    "kill all": lambda: os.kill(-1, 0),
    "kill own group": lambda: os.killpg(0, 0),
    "leave its group": lambda: os.setpgid(0, ZYGOTE),
    "leave its session": os.setsid,
    "raise a limit": raise_a_limit,
    "be dumpable": lambda: LIBRARY.prctl(4, 1, 0, 0, 0),
    "outlive its parent": lambda: LIBRARY.prctl(1, 0, 0, 0, 0),
    "map code": run_what_was_written,
    "make memory executable": make_memory_executable,
    "map a descriptor": map_a_descriptor,
    "receive a descriptor": receive_a_descriptor,
    "duplicate a descriptor": lambda: os.dup(0),
    "change a descriptor": lambda: os.set_blocking(_own_pipe().fileno(), False),
    "sleep": lambda: time.sleep(600),
    "priority": lambda: os.nice(-5),
    "other user": lambda: os.setuid(65534),
    **{
        name: partial(call, number, *([FUNCTION, 0, 0, 0, 0] if name != "ptrace" else [16, ZYGOTE]))
        for name, number in NUMBERS.items()
    },
}


def _attempt(attack: Callable[[], object], _size: int, _read: Read) -> Pictures:
    try:
        attack()
    except OSError as error:
        say(f"Refused_{errno.errorcode[error.errno or 0]}")
    say("Succeeded")


def _own_pipe() -> Connection:
    [pipe] = [each for each in gc.get_objects() if isinstance(each, Connection)]
    return pipe


# What is not one system call


def abort(_size: int, _read: Read) -> Pictures:
    os.abort()


def crash(_size: int, _read: Read) -> Pictures:
    ctypes.string_at(0)
    say("Succeeded")


def exit_early(_size: int, _read: Read) -> Pictures:
    os._exit(0)


def wait_without_end(_size: int, _read: Read) -> Pictures:
    lock = Lock()
    lock.acquire()
    lock.acquire()
    say("Succeeded")


def compute_without_end(_size: int, _read: Read) -> Pictures:
    while True:
        pass


def take_memory(_size: int, _read: Read) -> Pictures:
    allocate()
    say("Succeeded")


def ask_without_end(_size: int, read: Read) -> Pictures:
    while True:
        read(0, 1)


def write_without_end(_size: int, _read: Read) -> Pictures:
    while True:
        os.write(_own_pipe().fileno(), bytes(1 << 16))


def lie(size: int, read: Read) -> Pictures:
    """Send the file's content as it is: first its number of bytes, each time."""
    data = read(0, size)
    while data:
        length, data = int.from_bytes(data[:4]), data[4:]
        _own_pipe().send_bytes(data[:length])
        data = data[length:]
    os._exit(0)


def send_raw(size: int, read: Read) -> Pictures:
    """Write the file's content to the pipe, without the length that a message begins with."""
    os.write(_own_pipe().fileno(), read(0, size))
    os._exit(0)


def scribble(_size: int, read: Read) -> Pictures:
    """Write a verdict to every descriptor but the own pipe, and say which took it."""
    own = _own_pipe().fileno()
    verdict = b"\0\0\0\x0bXunreadable"
    taken = []
    for descriptor in range(4096):
        try:
            if descriptor != own and os.write(descriptor, verdict):
                taken.append(str(descriptor))
        except OSError:
            continue
    read(0, 1)
    say("_".join(["Wrote", *taken]))


def search_memory(size: int, read: Read) -> Pictures:
    """Search all of its memory for the file's content, a pattern, and say how often it is there."""
    pattern = re.compile(read(0, size))
    found = 0
    searched = 0
    for start, end in AREAS:
        for begin, until in _readable(start, end):
            area = (ctypes.c_char * (until - begin)).from_address(begin)
            found += sum(1 for _ in pattern.finditer(memoryview(area)))
            searched += until - begin
    say(f"Found_{found}" if searched > 1 << 20 else f"Searched_{searched}")


def _readable(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the parts of an area that are still there. A call that is allowed finds out: it says
    EFAULT for memory that is not.
    """
    begin = None
    for page in range(start, end, mmap.PAGESIZE):
        LIBRARY.syscall(_SIGPROCMASK, 99, ctypes.c_void_p(page), None, ctypes.c_size_t(8))
        if ctypes.get_errno() == errno.EFAULT:
            if begin is not None:
                yield begin, page
            begin = None
        elif begin is None:
            begin = page
    if begin is not None:
        yield begin, end


def _areas() -> list[tuple[int, int]]:
    """Return the areas that can be written, and so hold what was not in a file."""
    with open("/proc/self/maps", encoding="ascii") as maps:
        lines = [line.split() for line in maps]
    return [
        (int(line[0].split("-")[0], 16), int(line[0].split("-")[1], 16))
        for line in lines
        if line[1].startswith("rw") and "[v" not in line[-1]
    ]


def tell_dumpable(_size: int, _read: Read) -> Pictures:
    say(f"Dumpable_{IS_DUMPABLE}")


def load_decoders() -> Decoders:
    """Return all attacks, and the real decoders."""
    attacks = {name: Decoder(partial(_attempt, attack)) for name, attack in CALLS.items()}
    others = (
        abort, ask_without_end, compute_without_end, crash, exit_early, lie, scribble,
        search_memory, send_raw, take_memory, tell_dumpable, wait_without_end, write_without_end,
    )  # fmt: skip
    AREAS.extend(_areas())
    threaded = {"fork with threads": Decoder(partial(_attempt, os.fork), threads=True)}
    threaded["clone with threads"] = Decoder(partial(_attempt, clone_a_process), threads=True)
    return {
        **decoder.load_decoders(),
        **attacks,
        **threaded,
        **{each.__name__: Decoder(each) for each in others},
    }


AREAS: list[tuple[int, int]] = []
