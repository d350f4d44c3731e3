"""The filters of system calls, run as the kernel runs them, on both processors."""

import os
import signal
import struct

import pytest

from chalicelib.media.confinement import child_rules, zygote_rules
from chalicelib.media.seccomp import (
    AARCH64,
    ALLOW,
    KILL,
    NUMBERS,
    X86_64,
    Check,
    Rule,
    allow,
    compile_filter,
    fail,
)

ARCHITECTURES = {X86_64: 0xC000003E, AARCH64: 0xC00000B7}
I386 = 0x40000003
PID = 4242
CHILD, THREADED, ZYGOTE = child_rules(PID), child_rules(PID, threads=True), zygote_rules(PID)
EACCES, EPERM, ENOSYS = 13, 1, 38


def run(program: bytes, architecture: int, number: int, arguments: tuple[int, ...]) -> int:
    """Return what the kernel would do with this call: BPF, with the instructions used here."""
    data = struct.pack("<IIQ6Q", number, architecture, 0, *(*arguments, *[0] * 6)[:6])
    register = at = 0
    while True:
        code, then, otherwise, value = struct.unpack_from("HBBI", program, 8 * at)
        at += 1
        match code:
            case 0x20:
                [register] = struct.unpack_from("<I", data, value)
            case 0x54:
                register &= value
            case 0x15:
                at += then if register == value else otherwise
            case 0x35:
                at += then if register >= value else otherwise
            case 0x06:
                return int(value)
            case _:
                raise AssertionError(code)


def decide(rules: list[Rule], machine: str, call: str, *arguments: int) -> int:
    number = NUMBERS[call][0 if machine == X86_64 else 1]
    assert number is not None
    return run(compile_filter(rules, machine), ARCHITECTURES[machine], number, arguments)


both = pytest.mark.parametrize("machine", [X86_64, AARCH64])


@both
@pytest.mark.parametrize(
    ("call", "arguments", "expected"),
    [
        ("read", (), ALLOW),
        ("exit_group", (), ALLOW),
        ("mmap", (0, 4096, 3, 0x22), ALLOW),
        ("mmap", (0, 4096, 7, 0x22), KILL),  # can be executed
        ("mmap", (0, 4096, 3, 0x02), KILL),  # of a descriptor
        ("mprotect", (0, 4096, 3), ALLOW),
        ("mprotect", (0, 4096, 5), KILL),
        ("tgkill", (PID, PID, signal.SIGABRT), ALLOW),
        ("tgkill", (PID, PID, signal.SIGKILL), KILL),
        ("tgkill", (PID + 1, PID, signal.SIGABRT), KILL),
        ("sched_getaffinity", (0,), ALLOW),
        ("sched_getaffinity", (1,), KILL),
        ("openat", (), fail(EACCES)),
        ("newfstatat", (), fail(EACCES)),
        ("clone3", (), fail(ENOSYS)),
        ("clone", (0x01200011,), fail(EPERM)),
        ("clone", (0x003D0F00,), fail(EPERM)),
        *((call, (), KILL) for call in ("kill", "prctl", "seccomp", "ioctl", "fcntl", "recvmsg")),
        *((call, (), KILL) for call in ("setpgid", "prlimit64", "wait4", "set_robust_list")),
    ],
)
def test_a_child_may_compute_and_no_more(
    machine: str, call: str, arguments: tuple[int, ...], expected: int
) -> None:
    assert decide(CHILD, machine, call, *arguments) == expected


@both
def test_a_child_with_threads_may_start_threads_and_no_processes(machine: str) -> None:
    assert decide(THREADED, machine, "clone", 0x003D0F00) == ALLOW
    assert decide(THREADED, machine, "clone", 0x01200011) == fail(EPERM)
    assert decide(THREADED, machine, "clone", 0x003D0F00 & ~0x10000) == fail(EPERM)
    assert decide(THREADED, machine, "clone3") == fail(ENOSYS)


@both
@pytest.mark.parametrize(
    ("call", "arguments", "expected"),
    [
        ("clone", (0x01200011,), ALLOW),
        ("clone", (0x01200011 | 0x10000000,), fail(EPERM)),  # a namespace of its own
        ("clone3", (), fail(ENOSYS)),
        ("kill", (-5 & 0xFFFFFFFF, signal.SIGKILL), ALLOW),
        ("kill", (5, signal.SIGSTOP), KILL),
        ("prctl", (1,), ALLOW),  # PR_SET_PDEATHSIG
        ("prctl", (22,), ALLOW),  # PR_SET_SECCOMP
        ("prctl", (4, 1), KILL),  # PR_SET_DUMPABLE
        ("prlimit64", (0,), ALLOW),
        ("prlimit64", (1,), KILL),
        ("mmap", (0, 4096, 7, 0x22), KILL),
        ("openat", (), fail(EACCES)),
        ("ioctl", (), KILL),
    ],
)
def test_the_zygote_may_fork_limit_kill_and_wait(
    machine: str, call: str, arguments: tuple[int, ...], expected: int
) -> None:
    assert decide(ZYGOTE, machine, call, *arguments) == expected


@both
def test_whatever_a_child_may_do_its_zygote_may_too(machine: str) -> None:
    """Both filters are asked about a call of the child, and the stricter one counts."""
    for rule in THREADED:
        if NUMBERS[rule.call][machine == AARCH64] is not None and rule.action == ALLOW:
            arguments = [0] * 6
            for check in rule.checks:
                arguments[check.argument] = check.value
            assert decide(ZYGOTE, machine, rule.call, *arguments) == ALLOW, rule.call


@both
def test_a_call_that_is_not_listed_ends_the_process(machine: str) -> None:
    listed = {numbers[machine == AARCH64] for numbers in NUMBERS.values()}
    program = compile_filter(CHILD, machine)
    unlisted = [number for number in range(600) if number not in listed]
    assert {run(program, ARCHITECTURES[machine], each, ()) for each in unlisted} == {KILL}


@both
def test_the_numbers_of_another_architecture_end_the_process(machine: str) -> None:
    program = compile_filter([*CHILD], machine)
    for other in {I386, *ARCHITECTURES.values()} - {ARCHITECTURES[machine]}:
        assert {run(program, other, number, ()) for number in range(600)} == {KILL}


def test_x32_ends_the_process() -> None:
    program = compile_filter(CHILD, X86_64, default=ALLOW)
    assert run(program, ARCHITECTURES[X86_64], 0x40000000, ()) == KILL
    assert run(program, ARCHITECTURES[X86_64], 0x40000000 - 1, ()) == ALLOW


def test_the_first_rule_that_fits_counts() -> None:
    rules = [Rule("read", (Check(0, 1),), fail(5)), Rule("read", (Check(0, 2),)), *allow("write")]
    assert decide(rules, X86_64, "read", 1) == fail(5)
    assert decide(rules, X86_64, "read", 2) == ALLOW
    assert decide(rules, X86_64, "read", 3) == KILL
    assert decide(rules, X86_64, "write", 3) == ALLOW


def test_a_check_reads_the_bits_of_its_mask() -> None:
    rules = [Rule("read", (Check(1, 0, 4), Check(2, 6, 6)))]
    assert decide(rules, X86_64, "read", 0, 3, 7) == ALLOW
    assert decide(rules, X86_64, "read", 0, 4, 7) == KILL
    assert decide(rules, X86_64, "read", 0, 3, 2) == KILL


def test_a_machine_whose_numbers_are_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="riscv64"):
        compile_filter(CHILD, "riscv64")


def test_this_machine_is_one_of_the_two() -> None:
    assert os.uname().machine in ARCHITECTURES
