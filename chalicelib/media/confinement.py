"""Confinement of the processes that decode: what they may ask of the system.

The zygote may fork, and little else; the child of a file may compute, and talk through its pipe.
Both are under `no_new_privs`, cannot be traced or dumped, and end with their parent.
"""

import ctypes
import errno
import mmap
import os
import platform
import resource
import signal
from contextlib import suppress

from chalicelib.media.seccomp import Check, Rule, allow, compile_filter, fail, install, prctl

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 4, 36, 38
_PR_SET_SECCOMP = 22
_PROT_EXEC, _MAP_ANONYMOUS = 4, 0x20
# What fork() of the C library passes: CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD.
_FORK = 0x01200011
# What pthread_create() passes: CLONE_VM, _FS, _FILES, _SIGHAND, _THREAD, _SYSVSEM, _SETTLS,
# _PARENT_SETTID, _CHILD_CLEARTID.
_THREAD = 0x003D0F00
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_MOST_MMAP_THRESHOLD = 32 << 20  # that mallopt accepts
_NEVER = 1 << 30  # bytes, as much as a child may have at all
# A child that lacks this much memory at its start has a limit that is too low for any file.
_LEAST_MEMORY = 1 << 20


class NotConfined(Exception):
    """The system does not let a process be confined. The message says what failed."""


def child_rules(pid: int, *, threads: bool = False) -> list[Rule]:
    """Return what the child `pid` may call. Found with strace on all formats, whole and damaged.

    What is not here kills it. The libraries try some calls and can do without: these fail.
    """
    return [
        *(_THREAD_RULES if threads else []),
        *allow("futex", "read", "write", "brk", "munmap", "mremap", "madvise"),
        Rule("mmap", (Check(2, 0, _PROT_EXEC), Check(3, _MAP_ANONYMOUS, _MAP_ANONYMOUS))),
        Rule("mprotect", (Check(2, 0, _PROT_EXEC),)),
        *allow("clock_gettime", "getrandom", "sched_yield", "getpid", "gettid"),
        Rule("sched_getaffinity", (Check(0, 0),)),
        *allow("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "restart_syscall"),
        Rule("tgkill", (Check(0, pid), Check(2, signal.SIGABRT))),  # abort()
        *allow("close", "exit", "exit_group"),
        # The C library tries clone3 first, whose flags a filter cannot read, then clone.
        Rule("clone3", action=fail(errno.ENOSYS)),
        Rule("clone", action=fail(errno.EPERM)),
        *(
            Rule(call, action=fail(errno.EACCES))
            for call in (
                *("open", "openat", "stat", "lstat", "fstat", "newfstatat", "statx", "lseek"),
                *("access", "faccessat", "faccessat2", "readlink", "readlinkat"),
                *("getcwd", "getdents64"),
            )
        ),
    ]


_THREAD_RULES = [Rule("clone", (Check(0, _THREAD),)), *allow("set_robust_list", "rseq")]


def zygote_rules(pid: int) -> list[Rule]:
    """Return what the zygote `pid` may call: all that a child may, and to fork, to limit the child
    between its start and its own filter, to kill and to wait.
    """
    return [
        Rule("clone", (Check(0, _FORK),)),
        *allow("recvmsg", "wait4", "setpgid", "getppid", "set_robust_list"),
        Rule("kill", (Check(1, signal.SIGKILL),)),
        Rule("prlimit64", (Check(0, 0),)),
        Rule("prctl", (Check(0, _PR_SET_PDEATHSIG),)),
        Rule("prctl", (Check(0, _PR_SET_SECCOMP),)),
        *(rule for rule in child_rules(pid, threads=True) if rule.call != "tgkill"),
        Rule("tgkill", (Check(2, signal.SIGABRT),)),  # also of a child, before its own filter
    ]


def end_with(parent: int) -> None:
    """Let this process be killed when its parent dies. Exit at once if it has died already."""
    with suppress(OSError):  # `confine_zygote` finds out that there is no prctl
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def hide() -> None:
    """Let no other process read this one's memory, environment or files, and write no core."""
    with suppress(OSError):
        prctl(_PR_SET_DUMPABLE, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def set_up_memory() -> None:
    """Let threads have no memory pool of their own: each takes 64 MB of the address space.

    Let memory that was freed be used again, and not be given back to the system. A child lives for
    one file only, and the system takes longer for a new page than a decoder does to fill it.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(_M_ARENA_MAX, 1)
        library.mallopt(_M_MMAP_THRESHOLD, _MOST_MMAP_THRESHOLD)
        library.mallopt(_M_TRIM_THRESHOLD, _NEVER)


def confine_zygote() -> None:
    """Confine this process and all its children, so that it can do nothing but fork them.

    Raises NotConfined when the system refuses it, or accepts a filter and does not enforce it.
    """
    try:
        prctl(_PR_SET_DUMPABLE, 0)
        prctl(_PR_SET_CHILD_SUBREAPER, 1)  # so that it can wait for what a child leaves behind
        prctl(_PR_SET_NO_NEW_PRIVS, 1)
        install(_compile(zygote_rules(os.getpid())))
    except (OSError, ValueError) as error:
        raise NotConfined(f"no filter: {error}") from None
    pid = os.fork()
    if pid == 0:
        _try_a_forbidden_call()
    _, status = os.waitpid(pid, 0)
    if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSYS):
        raise NotConfined("a child made a forbidden call")


def _try_a_forbidden_call() -> None:
    try:
        filter_child()
        ctypes.CDLL(None).getuid()
    finally:
        os._exit(0)


def limit_child(memory: int, seconds: int, *, threads: bool = False) -> None:
    """Limit this process to `memory` bytes of address space, `seconds` of the processor, no file,
    and no further process. Without `threads`, also to its one thread.

    Raises OSError when it has too little memory for anything.
    """
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    mmap.mmap(-1, _LEAST_MEMORY).close()
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if not threads:  # the system counts them as processes
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def filter_child(*, threads: bool = False) -> None:
    """Leave this process nothing but memory and the descriptors that it has. Raises OSError."""
    install(_compile(child_rules(os.getpid(), threads=threads)))


def _compile(rules: list[Rule]) -> bytes:
    return compile_filter(rules, platform.machine())
