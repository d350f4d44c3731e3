"""Receivers of events on this machine: what is sent to `*.localhost` goes there, without TLS.

No cloud build has this: there such a name leads to an address that may not be called.
"""

import http.client

from chalicelib.store.notices.receivers import Receivers


class LocalReceivers(Receivers):
    """Sends what is for a name below `localhost` to this machine, and all else as in the cloud."""

    def connection(self, host: str, port: int) -> http.client.HTTPConnection:
        if host.endswith(".localhost"):
            return http.client.HTTPConnection("127.0.0.1", port, timeout=self.timeout_s)
        return super().connection(host, port)
