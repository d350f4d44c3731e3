"""Files opened as on one machine, by processes of their own; and what hostile ones do there."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from chalicelib import wiring
from chalicelib.kernel.derived import Pictures
from chalicelib.media_decoding.decoders import Order
from chalicelib.store.media.decoding import Decoding, File
from chalicelib.store.media.environments import ENVIRONMENTS, Environments

DECODING = Decoding(ENVIRONMENTS)


def file_of(data: bytes, read: Callable[[int, int], bytes] | None = None) -> File:
    """Return a file with this content."""
    return File("owner", len(data), read or (lambda at, length: data[at : at + length]))


def derive(content_type: str, data: bytes, by: Decoding = DECODING) -> Pictures:
    return by.derive(content_type, file_of(data))


@contextmanager
def environments(module: str, **given: Any) -> Iterator[Decoding]:
    """Yield what opens files with the decoders of `module`, and end it."""
    made = Environments(module, **given)
    try:
        yield Decoding(made)
    finally:
        made.close()


def processes_below(root: int) -> list[int]:
    """Return all processes that this one has started, and those that these have."""
    found = []
    for task in Path(f"/proc/{root}/task").iterdir():
        try:
            children = [int(pid) for pid in (task / "children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue
        for pid in children:
            found += [pid, *processes_below(pid)]
    return found


class Lambda:
    """Lambda's Invoke of `decode`, in the place of AWS at botocore's seam.

    `calls` has the tenant's id and the event of each; `answer` gives its own answer, None to open
    the file.
    """

    def __init__(self, answer: Callable[[], AWSResponse | None] = lambda: None) -> None:
        self.calls: list[tuple[str | None, dict[str, Any]]] = []
        self._answer = answer

    @contextmanager
    def running(self) -> "Iterator[Lambda]":
        """Answer the calls of all clients that are made from now on."""
        wiring.aws_events().register_first("before-send.lambda.Invoke", self._invoked)
        yield self

    def _invoked(self, request: Any, **_: Any) -> AWSResponse:
        event = json.loads(request.body)
        tenant = request.headers.get("X-Amz-Tenant-Id")
        self.calls.append((tenant.decode() if isinstance(tenant, bytes) else tenant, event))
        if answer := self._answer():
            return answer
        boxes, clip = tuple(map(tuple, event["boxes"])), event.get("clip", False)
        order = Order(event["content_type"], event["size"], boxes, clip)
        data = base64.b64decode(event["data"]) if "data" in event else _read(event["address"])
        return returned(ENVIRONMENTS(order, file_of(data)))


def returned(
    value: Any, status: int = 200, headers: Mapping[str, str] = MappingProxyType({})
) -> AWSResponse:
    """Return the response of Lambda for what a function has returned."""
    raw: Any = BytesIO(json.dumps(value).encode())
    raw.stream = lambda *_, **__: iter([raw.read()])
    return AWSResponse("https://lambda.test", status, HTTPHeaders.from_dict(headers), raw)


def _read(address: str) -> bytes:
    parts = urlsplit(address)
    [version] = parse_qs(parts.query)["versionId"]
    return wiring.bucket().read(unquote(parts.path[1:]), version)
