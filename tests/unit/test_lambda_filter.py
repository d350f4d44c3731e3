"""A program under the filter is refused what Lambda refuses a function."""

import subprocess
import sys
from pathlib import Path

import pytest

from infra.rehearsal import lambda_filter

CALLS = """
import ctypes, errno, os

LIBC = ctypes.CDLL(None, use_errno=True)
CALLS = {
    "prctl(PR_SET_PDEATHSIG)": lambda: LIBC.prctl(1, 9, 0, 0, 0),
    "prctl(PR_SET_NAME)": lambda: LIBC.prctl(15, b"probe", 0, 0, 0),
    "prctl(PR_SET_SECCOMP)": lambda: LIBC.prctl(22, 2, None, 0, 0),
    "ptrace(PTRACE_TRACEME)": lambda: LIBC.ptrace(0, 0, None, None),
    "unshare(CLONE_NEWNS)": lambda: LIBC.unshare(0x20000),
    "seccomp(SECCOMP_GET_ACTION_AVAIL)": lambda: LIBC.syscall(
        {"x86_64": 317, "aarch64": 277}[os.uname().machine], 2, 0, ctypes.byref(ctypes.c_uint(0))
    ),
}

def error(call):
    ctypes.set_errno(0)
    return errno.errorcode.get(ctypes.get_errno(), "") if call() < 0 else ""

print(sorted(set(error(call) for call in CALLS.values())))
"""


def run(code: str, *writable: Path) -> str:
    command = lambda_filter.command(sys.executable, "-I", "-c", code, writable=writable)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_the_calls_that_lambda_refuses_fail_with_eperm() -> None:
    assert run(CALLS) == "['EPERM']"


def test_they_fail_in_its_children_too() -> None:
    child = f"import os\nif os.fork():\n    os.wait()\nelse:\n{indented(CALLS)}"
    assert run(child) == "['EPERM']"
    assert run(f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {CALLS!r}])") == (
        "['EPERM']"
    )


def test_what_lambda_allows_still_works() -> None:
    code = """
import os, resource, socket, subprocess, threading
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
one, other = socket.socketpair()
socket.send_fds(one, [b"x"], [0])
thread = threading.Thread(target=os.getpid)
thread.start(); thread.join()
subprocess.run(["true"], check=True, start_new_session=True)
print("done")
"""
    assert run(code) == "done"


@pytest.mark.skipif(not lambda_filter.landlock_version(), reason="this kernel has no Landlock")
def test_a_program_writes_to_its_own_folders_only(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir()
    other.mkdir()
    code = f"""
import multiprocessing, os, pathlib
def tried(change):
    try:
        change()
        return True
    except OSError:
        return False
own, other = pathlib.Path({str(own)!r}), pathlib.Path({str(other)!r})
(own / "a").mkdir()
print([tried(change) for change in (
    lambda: (own / "file").write_bytes(b"x"),
    lambda: (own / "file").rename(own / "a" / "file"),
    lambda: open(os.devnull, "w").close(),
    lambda: (other / "file").write_bytes(b"x"),
    lambda: (own / "a" / "file").rename(other / "file"),
    lambda: other.rmdir(),
    multiprocessing.Lock,
)])
"""
    assert run(code, own) == str([True, True, True, False, False, False, False])


def indented(code: str) -> str:
    return "\n".join(f"    {line}" for line in code.splitlines())
