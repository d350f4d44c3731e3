"""`make run`: the whole system, until Ctrl-C. docs/local.md lists its settings."""

import contextlib
import os
import resource
import signal
import socket
import time
from pathlib import Path

from chalicelib.kernel.city import FOLDER
from infra.local import stack_file
from infra.local.console import say, show_log
from infra.local.gateway.api_server import port_is_free
from infra.web.build import NotBuilt, build

MOST_OPEN_FILES = 65536
# No signal has this number.
_LOST = bytes([255])


def main() -> None:
    """Start the stack, and wait until it is interrupted. Exits with the reason when it cannot."""
    interrupts = _Interrupts()
    show_log()
    _allow_open_files()
    port, aws_port = _free_ports()
    web = _web_clients()
    began = time.monotonic()
    say("Starting: AWS's services, resources, officers, the API ...")
    # It sets what moto and the app read when they are imported.
    from infra.local.stack import LocalStack

    without = [name for name in os.environ.get("WITHOUT", "").split(",") if name]
    stack = LocalStack(port, aws_port, without=without, lost=interrupts.lose, web=web)
    try:
        stack.announce(time.monotonic() - began)
        if not interrupts.wait():
            raise SystemExit(f"{stack.why_lost()} All that was stored is gone: start again.")
    finally:
        stack.close()
    say("Stopped.")


def _web_clients() -> Path | str | None:
    """Return the folder of the web clients, which are built if they have changed; why they could
    not be built; or None when none are wanted. WEB may be a folder with others, which are built.
    """
    wanted = os.environ.get("WEB", "on")
    if wanted != "on":
        return None if wanted == "off" else Path(wanted)
    try:
        return build(city=FOLDER, say=say)
    except NotBuilt as error:
        say(f"The web clients could not be built, the API runs without them. {error}")
        return str(error)


class _Interrupts:
    """Ctrl-C and termination, also those that come while the stack starts; or the loss of AWS's
    process.

    The kernel may hand a signal to any thread; a main thread that waits for a lock would then sleep
    on. So signals arrive as bytes.
    """

    def __init__(self) -> None:
        self._arrived, self._sent = socket.socketpair()
        self._sent.setblocking(False)
        signal.set_wakeup_fd(self._sent.fileno())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)

    def lose(self) -> None:
        """Say that AWS's process is lost."""
        self._sent.send(_LOST)

    def wait(self) -> bool:
        """Return at the first of them: whether somebody wants the stack to end."""
        wanted = {bytes([number]) for number in (signal.SIGINT, signal.SIGTERM)}
        while (arrived := self._arrived.recv(1)) not in wanted | {_LOST}:
            pass
        return arrived in wanted


def _allow_open_files() -> None:
    """Allow as many as the system lets us: every stored original is one, and many systems begin
    with 256 or 1024.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_OPEN_FILES if most == resource.RLIM_INFINITY else min(most, MOST_OPEN_FILES)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _free_ports() -> tuple[int, int]:
    """Return PORT and AWS_PORT. Exits when one is taken."""
    port = stack_file.port_asked(lowest=0)
    aws_port = stack_file.port_asked("AWS_PORT", 5555, lowest=0)
    for name, wanted in (("PORT", port), ("AWS_PORT", aws_port)):
        if not port_is_free(wanted) or (wanted and port == aws_port):
            other = f"PORT={port + 10} AWS_PORT={aws_port + 11}"
            raise SystemExit(
                f"Port {wanted} is taken ({name}). Choose others, for instance: make run {other}"
            )
    return port, aws_port


if __name__ == "__main__":
    main()
