"""Receivers of events, and servers of agencies, on this machine: what is sent to `*.localhost` goes
there, without TLS.

No cloud build has this: there such a name leads to an address that may not be called.
"""

import http.client
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from chalicelib.store.notices.receivers import Answer, Receivers

_SIGNED = "webhook-id"


class LocalReceivers(Receivers):
    """Sends what is for a name below `localhost` to this machine, and all else as in the cloud.
    `say` gets a line for each request that went out.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__()
        self._say = say

    def ask(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], **more: Any
    ) -> Answer:
        answer = super().ask(method, url, body, headers, **more)
        if body and _SIGNED in headers:
            what = f"event → {json.loads(body)['data']['kind']}"
        else:
            what = f"agency → {method}"
        self._say(f"{what} · {urlsplit(url).netloc} · {answer.status or answer.problem}")
        return answer

    def connection(self, host: str, port: int) -> http.client.HTTPConnection:
        if host.endswith(".localhost"):
            return http.client.HTTPConnection("127.0.0.1", port, timeout=self.timeout_s)
        return super().connection(host, port)
