"""Run a program as Lambda runs a function: some calls of the system are refused.

    python -I lambda_filter.py [FOLDER …] -- PROGRAM [ARGUMENT …]

Lambda answers EPERM to prctl, seccomp, ptrace and new namespaces, whatever they are called with.
Here a filter does so (seccomp(2)), which all that the program starts inherits. A function may also
write below /tmp only, and has no /dev/shm: with folders, Landlock (landlock(7)) refuses with EACCES
to write anywhere else than below them, where the kernel has it.

The interpreters of functions run this file by its path, so it imports nothing of the project. It
needs Linux on x86-64 or aarch64.
"""

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

# The numbers of the calls: on x86-64 and on aarch64.
REFUSED = {"prctl": (157, 167), "seccomp": (317, 277), "ptrace": (101, 117), "unshare": (272, 97)}
_PR_SET_NO_NEW_PRIVS = 38
_MACHINES = ("x86_64", "aarch64")
_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
# The rights of Landlock that write: those to a file, then those that make or remove a name. With
# its second version, also to move something to another folder.
_WRITE_FILE, _CHANGE_NAMES, _MOVE = 1 << 1, 0x1FF0, 1 << 13
# What a program may write to that is no file.
_DEVICES = ("/dev/null", "/dev/full", "/dev/zero", "/dev/tty")
_libc = ctypes.CDLL(None, use_errno=True)


def command(*program: str, writable: Sequence[Path] = ()) -> list[str]:
    """Return the command that runs a program under the filter."""
    return [sys.executable, "-I", "-B", __file__, *map(str, writable), "--", *program]


def landlock_version() -> int:
    """Return the version of Landlock that this kernel has; 0 when it has none."""
    version: int = _libc.syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    return max(0, version)


def allow_writing(folders: Sequence[str]) -> None:
    """Let this process write below these folders only. Raises OSError."""
    version = landlock_version()
    everything = _WRITE_FILE | _CHANGE_NAMES | (_MOVE if version > 1 else 0)
    wanted = ctypes.create_string_buffer(struct.pack("=Q", everything), 8)
    rules = _call(_LANDLOCK_CREATE_RULESET, wanted, ctypes.c_size_t(8), 0)
    for path in (*folders, *filter(os.path.exists, _DEVICES)):
        rights = everything if os.path.isdir(path) else _WRITE_FILE
        file = os.open(path, os.O_PATH | os.O_CLOEXEC)
        _call(_LANDLOCK_ADD_RULE, rules, 1, struct.pack("=Qi", rights, file), 0)
        os.close(file)
    _call(_LANDLOCK_RESTRICT_SELF, rules, 0)
    os.close(rules)


def refuse_calls() -> None:
    """Let EPERM be the answer to the calls of `REFUSED`, for good. Raises OSError."""
    machine = _MACHINES.index(platform.machine())
    numbers = [each[machine] for each in REFUSED.values()]
    # A program for BPF: load the number; if it is one of these, jump to the last line.
    lines = [struct.pack("=HBBI", 0x20, 0, 0, 0)]
    for index, number in enumerate(numbers):
        lines.append(struct.pack("=HBBI", 0x15, len(numbers) - index, 0, number))
    lines.append(struct.pack("=HBBI", 0x06, 0, 0, 0x7FFF0000))  # allow
    lines.append(struct.pack("=HBBI", 0x06, 0, 0, 0x00050000 | errno.EPERM))
    program = ctypes.create_string_buffer(b"".join(lines))
    described = struct.pack("@HP", len(lines), ctypes.addressof(program))
    _call(REFUSED["seccomp"][machine], 1, 0, described)


def _call(number: int, *arguments: object) -> int:
    result: int = _libc.syscall(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), f"call {number}")
    return result


def main(arguments: list[str]) -> None:
    end = arguments.index("--")
    folders, program = arguments[:end], arguments[end + 1 :]
    # Without this only root may install a filter.
    _call(REFUSED["prctl"][_MACHINES.index(platform.machine())], _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if folders and landlock_version():
        allow_writing(folders)
    refuse_calls()
    os.execvp(program[0], program)  # noqa: S606  (it is what was asked for)


if __name__ == "__main__":
    main(sys.argv[1:])
