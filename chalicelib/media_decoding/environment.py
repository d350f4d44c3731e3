"""A process that opens one file after the other: Lambda for `decode`, on one machine.

It has one thread, no credential and an empty environment, and talks through one pipe, whose
descriptor is its first argument:

    caller → process   an Order and Limits as JSON
    process → caller   a range, two numbers of 8 bytes: the caller sends these bytes of the file
                       an answer: of any other length

The second argument is the module with `load`: tests have hostile decoders.
"""

import importlib
import json
import sys
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection

from chalicelib.media_decoding.decoders import Order
from chalicelib.media_decoding.supervisor import Limits, ask, supervise


def main(descriptor: str, module: str) -> None:
    """Serve until the caller closes the pipe."""
    load = importlib.import_module(module).load
    with Connection(int(descriptor)) as pipe, suppress(EOFError):
        while True:
            order, limits = json.loads(pipe.recv_bytes())
            arguments = Order(**order), partial(ask, pipe), Limits(**limits)
            pipe.send_bytes(supervise(*arguments, load).encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
