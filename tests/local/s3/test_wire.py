"""HTTP of AWS's port: bodies are asked for at once, connections are kept."""

import http.client
import socket
from typing import Any

from chalicelib.aws import grants
from tests.local.s3.running import BUCKET, MIB, SDK, Gate, form


def test_a_client_that_waits_to_be_asked_for_the_body_is_asked_at_once(
    gate: Gate, key: str
) -> None:
    head = (
        f"PUT /{BUCKET}/{key} HTTP/1.1\r\nHost: x\r\nAuthorization: {SDK}\r\n"
        "Content-Length: 1\r\nExpect: 100-continue\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", gate.port), timeout=5) as client:
        client.sendall(head.encode())
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"x")
        assert client.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_connection_is_kept_alive_even_past_a_refused_upload(
    gate: Gate, s3: Any, key: str, grant: grants.PostGrant
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", gate.port, timeout=20)
    content, kind = form({**grant.fields, "acl": "public-read"}, bytes(MIB))
    statuses = []
    for _ in range(3):
        connection.request("POST", f"/{BUCKET}", body=content, headers={"Content-Type": kind})
        kept = connection.sock
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
        assert connection.sock is kept
    connection.close()
    assert statuses == [403, 403, 403]
