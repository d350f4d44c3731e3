"""Open files in this process as the function `decode` does, and print the answers as JSON: by type,
and by the attack of `tests.hostile`.

    python -m tests.under_filter        tests run it where Lambda's calls are refused
"""

import ctypes
import errno
import json
from typing import Any

from chalicelib.domain.media import sniff
from chalicelib.media_decoding.decoders import Order
from chalicelib.media_decoding.supervisor import Limits, supervise
from tests import hostile
from tests import media_samples as samples
from tests.mutated import KINDS

ATTACKS = ("crash", "abort", "work_for_ever", "take_memory", "ask_for_ever", "ignore_the_pipe")
_PR_SET_PDEATHSIG = 1


def main() -> None:
    files = {kind: make() for kind, make in KINDS.items()}
    print(
        json.dumps(
            {
                "refused": _refused(),
                "files": {kind: _open(sniff(data) or "", data) for kind, data in files.items()},
                "m4a": _open("audio/mp4", samples.recording()),
                "truncated": _open("image/jpeg", samples.jpeg()[:900]),
                "bomb": _open("image/png", samples.png(60000, 60000, b"")),
                "attacks": {name: _open(name, b"x") for name in ATTACKS},
                "next": _open("image/jpeg", samples.jpeg()),
            }
        )
    )


def _refused() -> str:
    library = ctypes.CDLL(None, use_errno=True)
    return errno.errorcode[ctypes.get_errno()] if library.prctl(_PR_SET_PDEATHSIG, 9) else ""


def _open(content_type: str, data: bytes) -> Any:
    order, limits = Order(content_type, len(data)), Limits(seconds=2, wall=300)
    answer = json.loads(
        supervise(order, lambda at, length: data[at : at + length], limits, hostile.load)
    )
    return sorted(answer["files"]) if "files" in answer else answer


if __name__ == "__main__":
    main()
