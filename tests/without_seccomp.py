"""Open a picture on a system without seccomp, and print the outcome; or run the local stack there.

    python -m tests.without_seccomp HOW [unconfined | stack]

HOW is `refused` (setting a filter fails), `prctl` (every prctl fails), or `pretended` (setting a
filter succeeds, and nothing is filtered).
"""

import errno
import logging
import platform
import sys

from chalicelib.media.sandbox import SANDBOX
from chalicelib.media.seccomp import ALLOW, Check, Rule, compile_filter, fail, install, prctl
from tests import media_samples as samples

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 38, 22
SYSTEMS = {
    "refused": [Rule("prctl", (Check(0, PR_SET_SECCOMP),), fail(errno.EPERM))],
    "prctl": [Rule("prctl", action=fail(errno.EPERM))],
    "pretended": [Rule("prctl", (Check(0, PR_SET_SECCOMP),), fail(0))],
}


def main(how: str, *options: str) -> None:
    logging.basicConfig(format="%(message)s %(decoding_refused)s", stream=sys.stdout)
    data = samples.jpeg()
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    install(compile_filter(SYSTEMS[how], platform.machine(), default=ALLOW))
    if "stack" in options:
        from infra.local import server

        server.main()
        return
    if "unconfined" in options:
        SANDBOX.allow_unconfined()
    try:
        pictures = SANDBOX.derive(
            "image/jpeg", len(data), lambda at, length: data[at : at + length]
        )
        print(pictures.looked.width)
    except RuntimeError as refused:
        print(type(refused).__name__)
    SANDBOX.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
