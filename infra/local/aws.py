"""The process that is AWS: moto behind its gate, and the resources. `aws_process` starts it.

    python -m infra.local.aws DESCRIPTOR PORT

It speaks by the socket of that descriptor (`channel`). It ends with whoever holds the other end,
also when that is killed: it holds nothing that another process needs.

| it says | |
|---|---|
| `{"ready": {"port": …, "environment": {…}}}` | it serves, and what `create_resources` returned |
| `{"refused": "…"}` | why it cannot serve; then it ends |
| `{"changed": "table"}` | a request may have given a trigger something to do (`triggers.changes`) |
| `{"notice": "…"}` | what to show of a notice that has gone out |
| `{"advance_s": 300}` | the clock shall move; `{"now": "…"}` is the response |
"""

import gc
import os
import queue
import signal
import socket
import sys
import threading
from datetime import datetime, timedelta
from typing import Any

from infra.local.channel import Channel

# Python looks for cycles among new objects each time that so many have been made, and among all of
# them every so often. What is stored stays: a flood made it look through all of it again and again,
# which was a tenth of this process's time.
_NEW_OBJECTS = 50_000
# Moving the clock runs all schedules.
_CLOCK_PATIENCE_S = 300


def main(descriptor: int, port: int) -> None:
    """Serve until the other end is closed."""
    # Ctrl-C goes to all processes of a terminal. The stack's own process decides when it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = Channel(socket.socket(fileno=descriptor))
    moved: queue.Queue[datetime] = queue.Queue()
    # From the beginning: the stack may be killed while this starts.
    reader = threading.Thread(target=_listen, args=(channel, moved), name="stack", daemon=True)
    reader.start()
    # It shows what goes wrong, as the stack's process does.
    from infra.local.console import show_log

    show_log()
    _serve(channel, moved, port)
    reader.join()


def _listen(channel: Channel, moved: "queue.Queue[datetime]") -> None:
    for message in channel.messages():
        moved.put(datetime.fromisoformat(message["now"]))
    # At once, whatever the other threads do: nobody is left who could ask for it.
    os._exit(0)


def _serve(channel: Channel, moved: "queue.Queue[datetime]", port: int) -> None:
    from infra.local.cloud import Cloud
    from infra.local.issuer import Issuer, People
    from infra.local.notices import NoticesShown
    from infra.local.resources import create_resources
    from infra.local.triggers.changes import Change
    from infra.local.wsgi import serve

    region = os.environ["AWS_REGION"]
    cloud = Cloud(
        access_key=os.environ["AWS_ACCESS_KEY_ID"],
        secret_key=os.environ["AWS_SECRET_ACCESS_KEY"],
        region=region,
    )
    try:
        server = serve(cloud, port)
    except (OSError, SystemExit):
        channel.send({"refused": f"AWS's port {port} is taken."})
        return
    address = f"http://127.0.0.1:{server.port}"
    environment = create_resources(endpoint_url=address, region=region)
    cloud.issuer = Issuer(People(environment, address), address)
    # The roles of those who call: `moto_patches.event_history`.
    os.environ.update(environment)
    notices = NoticesShown(
        environment["NOTICES_TOPIC_ARN"],
        region,
        environment["OFFICERS_TABLE"],
        show=lambda line: channel.send({"notice": line}),
        full=os.environ.get("NOTICES") == "full",
    )

    def changed(change: Change) -> None:
        if change is Change.TOPIC:
            notices.look()
        else:
            channel.send({"changed": change.value})

    moving = threading.Lock()

    def advance(by: timedelta) -> datetime:
        with moving:
            channel.send({"advance_s": by.total_seconds()})
            return moved.get(timeout=_CLOCK_PATIENCE_S)

    cloud.changed, cloud.advance_clock = changed, advance
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, 20, 100)
    channel.send({"ready": {"port": server.port, "environment": environment}})


def _arguments() -> tuple[Any, ...]:
    return tuple(int(argument) for argument in sys.argv[1:])


if __name__ == "__main__":
    main(*_arguments())
