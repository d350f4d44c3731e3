"""Seccomp: a filter that the kernel asks about each system call of a process.

A filter is a program for BPF, the kernel's small virtual machine (seccomp(2)). It cannot be
removed, and is inherited by all that the process starts. Written out here, because the libraries
for it need libseccomp, which Lambda does not promise (docs/adr/0022-decoding-apart.md).
"""

import ctypes
import errno
import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

ALLOW = 0x7FFF0000
KILL = 0x80000000  # the whole process, by SIGSYS

X86_64, AARCH64 = "x86_64", "aarch64"
_AUDIT_ARCH = {X86_64: 0xC000003E, AARCH64: 0xC00000B7}
_X32_BIT = 0x40000000  # a second set of numbers for the calls of x86-64

# The numbers of the calls: on x86-64 and aarch64. The older ones do not exist on aarch64.
NUMBERS: dict[str, tuple[int, int | None]] = {
    "access": (21, None),
    "brk": (12, 214),
    "clock_gettime": (228, 113),
    "clone": (56, 220),
    "clone3": (435, 435),
    "close": (3, 57),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "fcntl": (72, 25),
    "fstat": (5, 80),
    "futex": (202, 98),
    "getcwd": (79, 17),
    "getdents64": (217, 61),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "getrandom": (318, 278),
    "gettid": (186, 178),
    "ioctl": (16, 29),
    "kill": (62, 129),
    "lseek": (8, 62),
    "lstat": (6, None),
    "madvise": (28, 233),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "mremap": (25, 216),
    "munmap": (11, 215),
    "newfstatat": (262, 79),
    "open": (2, None),
    "openat": (257, 56),
    "prctl": (157, 167),
    "prlimit64": (302, 261),
    "read": (0, 63),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "recvmsg": (47, 212),
    "restart_syscall": (219, 128),
    "rseq": (334, 293),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sched_getaffinity": (204, 123),
    "sched_yield": (24, 124),
    "seccomp": (317, 277),
    "set_robust_list": (273, 99),
    "setpgid": (109, 154),
    "stat": (4, None),
    "statx": (332, 291),
    "tgkill": (234, 131),
    "wait4": (61, 260),
    "write": (1, 64),
}


class Check(NamedTuple):
    """A condition: the lower 32 bits of this argument, masked, are `value`.

    The kernel reads no more of the arguments that are checked here: flags, commands, ids, signals.
    """

    argument: int
    value: int
    mask: int = 0xFFFFFFFF


class Rule(NamedTuple):
    """What happens to a call whose arguments pass all checks. If one fails, later rules count."""

    call: str
    checks: tuple[Check, ...] = ()
    action: int = ALLOW


def fail(error: int) -> int:
    """Return the action that lets a call fail with this number of errno."""
    return 0x00050000 | error


def allow(*calls: str) -> list[Rule]:
    return [Rule(call) for call in calls]


def compile_filter(rules: Iterable[Rule], machine: str, default: int = KILL) -> bytes:
    """Return the program for `machine`, as of `platform.machine()`: the first rule that fits, else
    `default`. A call in the numbers of another architecture kills the process.

    Raises ValueError for a machine whose numbers are not known.
    """
    if machine not in _AUDIT_ARCH:
        raise ValueError(f"no system call numbers for {machine}")
    program = [_load(4), _jump_if(_AUDIT_ARCH[machine], 1, 0), _return(KILL), _load(0)]
    if machine == X86_64:
        program += [_jump_if_at_least(_X32_BIT, 0, 1), _return(KILL)]
    for rule in rules:
        number = NUMBERS[rule.call][0 if machine == X86_64 else 1]
        if number is not None:
            program += _compile_rule(rule, number)
    return b"".join([*program, _return(default)])


def install(program: bytes) -> None:
    """Put this thread, and all that it starts, under the filter. `no_new_privs` must be set.

    Raises OSError where the system does not allow it.
    """
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.create_string_buffer(header, len(header)))


def prctl(option: int, *arguments: "int | ctypes.Array[ctypes.c_char]") -> None:
    """Call prctl(2). Raises OSError, also on a system that has no such call."""
    words = [
        ctypes.c_ulong(each if isinstance(each, int) else ctypes.addressof(each))
        for each in [*arguments, 0, 0, 0, 0][:4]
    ]
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "prctl"):
        raise OSError(errno.ENOSYS, "prctl")
    if library.prctl(ctypes.c_int(option), *words) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2

# struct sock_filter (linux/filter.h), and the fields of struct seccomp_data that it loads.
_INSTRUCTION = struct.Struct("HBBI")
_LOAD_WORD, _AND, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06


def _compile_rule(rule: Rule, number: int) -> Sequence[bytes]:
    """Return the instructions of one rule. The register has the call's number before and after."""
    body: list[bytes] = [_return(rule.action)]
    if rule.checks:
        body.append(_load(0))
    for check in reversed(rule.checks):
        # A check that fails goes to the last instruction, which loads the number again.
        body = [
            _load(16 + 8 * check.argument),
            _INSTRUCTION.pack(_AND, 0, 0, check.mask),
            _jump_if(check.value, 0, len(body) - 1),
            *body,
        ]
    return [_jump_if(number, 0, len(body)), *body]


def _load(offset: int) -> bytes:
    return _INSTRUCTION.pack(_LOAD_WORD, 0, 0, offset)


def _jump_if(value: int, then: int, otherwise: int) -> bytes:
    return _INSTRUCTION.pack(_JUMP_EQUAL, then, otherwise, value)


def _jump_if_at_least(value: int, then: int, otherwise: int) -> bytes:
    return _INSTRUCTION.pack(_JUMP_AT_LEAST, then, otherwise, value)


def _return(action: int) -> bytes:
    return _INSTRUCTION.pack(_RETURN, 0, 0, action)
