"""The real decoders, in a zygote whose system has no seccomp."""

import errno
import platform

from chalicelib.media import decoder
from chalicelib.media.seccomp import ALLOW, Check, Rule, compile_filter, fail, install, prctl
from chalicelib.media.zygote import Decoders

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 38, 22


def load_decoders() -> Decoders:
    """Let the kernel refuse any further filter, and return the decoders."""
    decoders = decoder.load_decoders()
    refuse = Rule("prctl", (Check(0, PR_SET_SECCOMP),), fail(errno.EPERM))
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    install(compile_filter([refuse], platform.machine(), default=ALLOW))
    return decoders
