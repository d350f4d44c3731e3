"""Events go to public addresses alone, whatever a name leads to."""

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chalicelib.domain.notices.addresses import is_public
from chalicelib.store.notices.receivers import Answer, Receivers

FORBIDDEN = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1
127.255.255.254 168.63.129.16 169.254.0.1 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255
192.0.0.1 192.0.0.9 192.0.0.170 192.0.2.1 192.88.99.1 192.168.0.1 192.168.255.255 198.18.0.1
198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 224.0.1.1 239.255.255.255 240.0.0.1
255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:169.254.169.254
::ffff:0:8.8.8.8 64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::a00:1 100::1 2001::1 2001:db8::1
2001:20::1 2002:7f00:1::1 2002:808:808::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fd12:3456::1
fe80::1 fe80::1%eth0 fec0::1 ff02::1 ff0e::1
""".split()  # noqa: SIM905  a list of so many is easier to read
BODY = b"{}"
PUBLIC = ("8.8.8.8", "1.1.1.1", "114.114.114.114", "2606:4700:4700::1111", "2400:3200::1")


@pytest.mark.parametrize("address", FORBIDDEN)
def test_an_address_that_is_not_public_is_never_called(address: str) -> None:
    assert len(FORBIDDEN) > 40
    assert not is_public(address)
    answer = Receivers(resolve=lambda *_: ["8.8.8.8", address]).post("https://a.example/", b"", {})
    assert answer == Answer(None, "forbidden_address")


def test_public_addresses_are_called() -> None:
    assert all(map(is_public, PUBLIC))


class Served:
    """What a receiver was sent, and how often its name was resolved."""

    def __init__(self, port: int, tls: ssl.SSLContext) -> None:
        self.port, self.tls = port, tls
        self.requests: list[bytes] = []
        self.resolved = 0

    def post(self, host: str = "events.example", timeout_s: float = 30) -> Answer:
        def resolve(name: str, port: int) -> list[str]:
            self.resolved += 1
            return ["127.0.0.1"]

        receivers = Receivers(
            resolve=resolve,
            may_call=lambda address: address == "127.0.0.1",
            tls=self.tls,
            timeout_s=timeout_s,
        )
        return receivers.post(f"https://{host}:{self.port}/in?a=b", BODY, {"webhook-id": "1"})


@contextmanager
def serving(
    folder: Path, answer: Callable[[socket.socket], None], *, handshake_after_s: float = 0
) -> Iterator[Served]:
    """Serve HTTPS for `events.example`, with `answer` for each request."""
    certificate = _certificate(folder)
    ours, theirs = ssl.create_default_context(cafile=certificate), _context(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        served = Served(listening.getsockname()[1], ours)

        def serve() -> None:
            while True:
                try:
                    plain, _ = listening.accept()
                except OSError:
                    return
                time.sleep(handshake_after_s)
                try:
                    with theirs.wrap_socket(plain, server_side=True) as one:
                        served.requests.append(_whole(one))
                        answer(one)
                except OSError:
                    plain.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield served
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def _whole(one: ssl.SSLSocket) -> bytes:
    """Return a request with its body: what is closed before it is read is reset."""
    request = b""
    while not request.endswith(BODY) and (more := one.recv(65_536)):
        request += more
    return request


def _context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def _certificate(folder: Path) -> Path:
    key, name = ec.generate_private_key(ec.SECP256R1()), "events.example"
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "receiver.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def test_a_name_is_resolved_once_and_its_certificate_checked(tmp_path: Path) -> None:
    with serving(tmp_path, lambda one: one.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")) as served:
        assert served.post() == Answer(204)
        assert served.resolved == 1
        assert b"POST /in?a=b HTTP/1.1" in served.requests[0]
        assert b"Host: events.example" in served.requests[0]
        assert served.post(host="another.example") == Answer(None, "tls")


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: https://events.example/\r\nContent-Length: 0\r\n\r\n"
    with serving(tmp_path, lambda one: one.sendall(answer)) as served:
        found = served.post()
        assert (found, found.accepts) == (Answer(302), False)
        assert len(served.requests) == 1


def test_an_answer_that_never_ends_is_left(tmp_path: Path) -> None:
    def drip(one: socket.socket) -> None:
        one.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:  # until the other side has gone
            one.sendall(b"X-More: 1\r\n")

    def flood(one: socket.socket) -> None:
        one.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n")
        while True:
            one.sendall(b"x" * 65_536)

    with serving(tmp_path, _hold) as served:
        assert served.post(timeout_s=0.5) == Answer(None, "timeout", arrived=True)
    with serving(tmp_path, flood) as served:
        answer = served.post()
        assert (answer.status, len(answer.body)) == (200, 64 * 1024)
    with serving(tmp_path, drip) as served:
        assert served.post().accepts is False


def _hold(one: socket.socket) -> None:
    """Send nothing until the other side has gone."""
    while one.recv(1):
        pass


def test_a_name_that_takes_too_long_is_left() -> None:
    ends = threading.Event()

    def hang(*_: object) -> list[str]:
        ends.wait(10)
        return []

    try:
        receivers = Receivers(resolve=hang, timeout_s=0.05)
        assert receivers.post("https://a.example/", BODY, {}) == Answer(None, "timeout")
    finally:
        ends.set()


def test_nobody_there_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    receivers = Receivers(resolve=lambda *_: ["127.0.0.1"], may_call=lambda _: True)
    assert receivers.post(f"https://a.example:{port}/", b"", {}).problem == "no_answer"


def test_a_slow_handshake_does_not_end_the_watch_over_what_follows(tmp_path: Path) -> None:
    dripped = list[int]()

    def drip(one: socket.socket) -> None:
        one.sendall(b"HTTP/1.1 200 OK\r\n")
        for line in range(40):
            time.sleep(0.1)
            one.sendall(b"X-More: 1\r\n")
            dripped.append(line)

    with serving(tmp_path, drip, handshake_after_s=0.8) as served:
        assert served.post(timeout_s=0.5).problem == "timeout"
    assert len(dripped) < 40
