"""The gateway and the HTTP in front of it, with an app of three routes: what AWS would return, in
our own form.
"""

import gzip
import http.client
import json
import logging
import queue
import re
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from logging.handlers import QueueHandler
from typing import Any, NamedTuple

import jwt
import pytest
from chalice.app import AuthResponse, Chalice, Response
from chalice.local import LocalChalice
from cryptography.hazmat.primitives.asymmetric import rsa

from app import create_app
from infra import template
from infra.events import Headers
from infra.events import Response as Sent
from infra.local.console import ACCESS
from infra.local.gateway.api_server import ApiServer, compress, minimum_size, port_is_free
from infra.local.gateway.gateway import (
    Gateway,
    Limit,
    Throttles,
    both_functions,
    deployed_throttles,
)


class Served(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        assert self.headers["content-type"] == "application/problem+json"
        assert self.headers["cache-control"] == "no-store"
        assert self.headers["x-content-type-options"] == "nosniff"
        problem: dict[str, Any] = json.loads(self.body)
        assert problem["status"] == self.status
        assert problem["request_id"] == self.headers["x-request-id"] != ""
        return problem


def _app() -> Chalice:
    app: Any = Chalice("echo", configure_logs=False)
    met = threading.Barrier(20, timeout=60)

    @app.authorizer()  # type: ignore[untyped-decorator]
    def decide(request: Any) -> AuthResponse:
        if request.token == "broken":
            raise RuntimeError("the key set is out of reach")
        if request.token == "unknown":
            raise Exception("Unauthorized")
        return AuthResponse(
            routes=[] if request.token == "denied" else ["*"], principal_id=request.token
        )

    @app.route("/echo", methods=["POST"], content_types=["*/*"])  # type: ignore[untyped-decorator]
    def echo() -> Response:
        return Response(
            json.dumps(
                {
                    "hex": app.current_request.raw_body.hex(),
                    "id": app.current_request.context["requestId"],
                }
            )
        )

    @app.route("/things/{name}")  # type: ignore[untyped-decorator]
    def thing(name: str) -> dict[str, Any]:
        return {
            "name": name,
            "query": app.current_request.to_original_event()["multiValueQueryStringParameters"],
        }

    @app.route("/things/mine")  # type: ignore[untyped-decorator]
    def mine() -> dict[str, str]:
        return {"name": "literal"}

    @app.route("/nothing", methods=["DELETE"])  # type: ignore[untyped-decorator]
    def nothing() -> Response:
        return Response("", status_code=204)

    @app.route("/together/{name}")  # type: ignore[untyped-decorator]
    def together(name: str) -> dict[str, str]:
        met.wait()
        return {
            "name": app.current_request.uri_params["name"],
            "header": app.current_request.headers["x-who"],
        }

    @app.route("/shared", methods=["GET"], cors=True)  # type: ignore[untyped-decorator]
    def shared() -> dict[str, str]:
        return {}

    @app.route("/shared", methods=["DELETE"], cors=True)  # type: ignore[untyped-decorator]
    def remove_shared() -> dict[str, str]:
        return {}

    @app.route("/officer", authorizer=decide, cors=True)  # type: ignore[untyped-decorator]
    def officer() -> dict[str, str]:
        return {"who": app.current_request.context["authorizer"]["principalId"]}

    echo_app: Chalice = app
    return echo_app


@pytest.fixture(scope="module")
def log() -> list[str]:
    return []


@pytest.fixture(scope="module")
def port(log: list[str]) -> Iterator[int]:
    server = ApiServer(_app(), 0, log.append)
    server.start()
    yield server.port
    server.shutdown()
    server.server_close()


@pytest.fixture
def access() -> Iterator[queue.SimpleQueue[logging.LogRecord]]:
    records: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    logger, handler = logging.getLogger(ACCESS), QueueHandler(records)
    before = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    yield records
    logger.removeHandler(handler)
    logger.setLevel(before)


Ask = Callable[..., Served]


@pytest.fixture
def ask(port: int) -> Ask:
    def ask(method: str, path: str, body: bytes | None = None, **headers: str) -> Served:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request(
            method, path, body, {name.replace("_", "-"): value for name, value in headers.items()}
        )
        response = connection.getresponse()
        served = Served(
            response.status,
            {name.lower(): value for name, value in response.getheaders()},
            response.read(),
        )
        connection.close()
        return served

    return ask


def _raw(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        response = b""
        while piece := connection.recv(65536):
            response += piece
    return response


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/nowhere",
        "/things/a/",
        "//things/a",
        "/things/a/b",
        "/things/",
        "/%2e%2e%2fecho",
        "/echo%00",
        "/echo.",
    ],
)
def test_an_unknown_path_is_404(ask: Ask, path: str) -> None:
    assert ask("GET", path).problem["code"] == "not_found"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("credential", ["Bearer a.b.c", "Receipt AB12", "AWS4-HMAC-SHA256 x"])
def test_an_unknown_path_is_404_with_any_credential(ask: Ask, method: str, credential: str) -> None:
    response = ask(method, "/v1/nowhere", Authorization=credential)
    assert (response.status, response.problem["code"]) == (404, "not_found")


@pytest.mark.parametrize("method", ["PUT", "TRACE", "HEAD", "OPTIONS", "CONNECT", "BREW"])
def test_a_method_without_a_route_is_405_if_the_gateway_knows_it(ask: Ask, method: str) -> None:
    response = ask(method, "/echo")
    known = method in ("PUT", "HEAD", "OPTIONS")
    assert response.status == (405 if known else 404)
    assert response.headers.get("allow") == ("POST" if known else None)
    assert "access-control-allow-methods" not in response.headers
    assert response.body == b"" if method == "HEAD" else response.problem


def test_json_arrives_byte_for_byte_whatever_it_is(ask: Ask) -> None:
    body = b'\xef\xbb\xbf{"\xff\xfe": "\x00"}'
    response = ask("POST", "/echo", body, Content_Type="Application/JSON; charset=utf-8")
    assert bytes.fromhex(json.loads(response.body)["hex"]) == body


def test_what_is_not_json_arrives_as_text(ask: Ask) -> None:
    response = ask("POST", "/echo", b"\xff", Content_Type="text/plain")
    assert bytes.fromhex(json.loads(response.body)["hex"]) == "\ufffd".encode()


def test_a_chunked_body_arrives_whole(ask: Ask, port: int) -> None:
    head = (
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    assert b'"hex": "6162636465"' in _raw(port, head + b"2\r\nab\r\n3;x=y\r\ncde\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    "framing",
    [
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: gzip\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: +1\r\n\r\na",
        b"Content-Length: 9\r\n\r\nshort",
        b"X-Long: " + b"x" * 16_000 + b"\r\n\r\n",
    ],
)
def test_a_request_that_can_be_read_in_two_ways_is_refused(port: int, framing: bytes) -> None:
    response = _raw(port, b"POST /echo HTTP/1.1\r\nHost: x\r\n" + framing)
    assert response.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in response
    assert response.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    "request_line", [b"GET", b"GET / HTTP/9.9", b"GET / a b HTTP/1.1", b"G\xffT / x/1.1"]
)
def test_a_request_line_that_cannot_be_read_is_refused_without_repeating_it(
    port: int, request_line: bytes
) -> None:
    response = _raw(port, request_line + b"\r\n\r\n")
    assert b" 400 " in response.splitlines()[0]
    assert b'"bad_request"' in response


def test_a_body_over_ten_mebibytes_is_413_and_the_sender_reads_it(ask: Ask) -> None:
    response = ask("POST", "/echo", b"x" * (10 * 1024 * 1024 + 1), Content_Type="application/json")
    assert response.status == 413
    assert response.problem["code"] == "body_too_large"


def test_json_that_lambda_would_not_take_is_413_as_aws_says_it(ask: Ask) -> None:
    response = ask("POST", "/echo", b"x" * 4_800_000, Content_Type="application/json")
    assert response.status == 413
    assert json.loads(response.body) == {"message": "Request Too Long"}


def test_a_body_just_small_enough_for_lambda_reaches_the_app(ask: Ask) -> None:
    sent = b"x" * 4_700_000
    assert ask("POST", "/echo", sent, Content_Type="application/json").status == 200
    assert ask("POST", "/echo", sent, Content_Type="text/plain").status == 200


def test_a_body_that_would_be_refused_is_not_asked_for(port: int) -> None:
    response = _raw(
        port,
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n"
        b"Expect: 100-continue\r\n\r\n",
    )
    assert response.startswith(b"HTTP/1.1 413 ")


def test_a_body_that_is_welcome_is_asked_for(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(
            b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"
        )
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"a")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_path_parameters_stay_encoded_and_queries_are_decoded(ask: Ask) -> None:
    assert json.loads(ask("GET", "/things/a%2Fb%E4%BA%BA?x=1&x=%E4%BA%BA&y=").body) == {
        "name": "a%2Fb%E4%BA%BA",
        "query": {"x": ["1", "人"], "y": [""]},
    }
    assert json.loads(ask("GET", "/things/a").body)["query"] is None


def test_an_officer_is_let_in_under_the_name_the_authorizer_gave(ask: Ask) -> None:
    assert json.loads(ask("GET", "/officer", Authorization="li").body) == {"who": "li"}


@pytest.mark.parametrize(
    ("token", "status", "code"),
    [
        ("unknown", 401, "unauthenticated"),
        ("denied", 403, "forbidden"),
        (" ", 401, "unauthenticated"),
    ],
)
def test_a_refusal_of_the_authorizer_is_a_problem(
    ask: Ask, token: str, status: int, code: str
) -> None:
    response = ask("GET", "/officer", Authorization=token)
    assert (response.status, response.problem["code"]) == (status, code)


def test_two_credentials_are_as_good_as_none(port: int) -> None:
    head = (
        b"GET /officer HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"Authorization: unknown\r\nAuthorization: li\r\n\r\n"
    )
    assert b'"who": "li"' not in _raw(port, head).replace(b'"who":"li"', b'"who": "li"')


def test_an_authorizer_that_fails_is_503_to_be_tried_again(
    ask: Ask, capfd: pytest.CaptureFixture[str]
) -> None:
    response = ask("GET", "/officer", Authorization="broken")
    assert (response.status, response.problem["code"]) == (503, "unavailable")
    assert response.headers["retry-after"] == "2"


def test_twenty_requests_at_once_are_not_mixed(port: int) -> None:
    def one(number: int) -> dict[str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", f"/together/{number}", headers={"X-Who": str(number)})
        response: dict[str, str] = json.load(connection.getresponse())
        connection.close()
        return response

    with ThreadPoolExecutor(20) as pool:
        responses = list(pool.map(one, range(20)))
    assert responses == [{"name": str(number), "header": str(number)} for number in range(20)]


def test_every_request_has_an_id_of_its_own_and_never_the_clients(ask: Ask) -> None:
    ids = {
        json.loads(ask("POST", "/echo", b"{}", X_Request_Id="mine").body)["id"] for _ in range(3)
    }
    assert len(ids) == 3
    assert "mine" not in ids


def test_a_preflight_gets_what_the_routes_declare(ask: Ask) -> None:
    response = ask("OPTIONS", "/shared", Origin="https://page.example")
    assert (response.status, response.body) == (200, b"")
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["access-control-allow-methods"] == "GET,DELETE,OPTIONS"
    assert "Authorization" in response.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in response.headers


def test_a_preflight_asks_no_authorizer(ask: Ask) -> None:
    assert ask("OPTIONS", "/officer").status == 200


def test_a_taken_port_is_known_beforehand(port: int) -> None:
    assert not port_is_free(port)


def deployed_access_fields() -> set[str]:
    setting = template.load("app.yaml")["Resources"]["RestAPI"]["Properties"]["AccessLogSetting"]
    return set(re.findall(r'"(\w+)":', setting["Format"]))


@pytest.mark.parametrize(
    ("method", "path", "route", "status", "error"),
    [
        ("GET", "/things/secret", "/things/{name}", "200", "-"),
        ("POST", "/nowhere/secret", "-", "404", "MISSING_AUTHENTICATION_TOKEN"),
    ],
)
def test_the_access_log_has_the_deployed_fields_and_no_id_but_the_requests(
    ask: Ask,
    access: queue.SimpleQueue[logging.LogRecord],
    method: str,
    path: str,
    route: str,
    status: str,
    error: str,
) -> None:
    response = ask(method, path)
    logged = vars(access.get(timeout=10))

    fields = {name: logged[name] for name in deployed_access_fields()}
    assert (fields["method"], fields["route"], fields["status"], fields["error"]) == (
        method,
        route,
        status,
        error,
    )
    assert fields["request_id"] == response.headers.get("x-request-id", "-")
    assert fields["bytes"] == str(len(response.body))
    assert isinstance(fields["latency_ms"], int)
    assert "secret" not in str(fields)
    assert "127.0.0.1" not in str(fields)


def test_a_request_that_cannot_be_read_is_in_the_access_log(
    port: int, access: queue.SimpleQueue[logging.LogRecord]
) -> None:
    assert b" 400 " in _raw(port, b"GET /echo HTTP/1.1 x\r\n\r\n")

    logged = vars(access.get(timeout=10))
    assert (logged["status"], logged["error"], logged["route"]) == ("400", "DEFAULT_4XX", "-")


# Compression ----------------------------------------------------------------------------------

LARGE = b'{"items": []}' * 100


def compressed(accepted: str, body: bytes = LARGE, headers: Headers = ()) -> Sent:
    return compress(Sent(200, list(headers), body), accepted, minimum_size())


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "*", "deflate , GZIP", "gzip;q=1"])
def test_a_large_response_is_compressed_for_whom_takes_it(accepted: str) -> None:
    response = compressed(accepted)
    assert ("Content-Encoding", "gzip") in response.headers
    assert gzip.decompress(response.body) == LARGE
    assert len(response.body) < len(LARGE)


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "gzipped"])
def test_it_is_sent_as_it_is_to_all_others(accepted: str) -> None:
    assert compressed(accepted) == Sent(200, [], LARGE)


def test_a_small_response_and_one_that_is_encoded_stay_as_they_are() -> None:
    small = b"a" * (minimum_size() - 1)
    assert compressed("gzip", small).body == small
    encoded = [("content-encoding", "gzip")]
    assert compressed("gzip", headers=encoded).body == LARGE
    part = [("Content-Range", f"bytes 0-{len(LARGE) - 1}/{2 * len(LARGE)}")]
    assert compressed("gzip", headers=part).body == LARGE


# Throttles ------------------------------------------------------------------------------------


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_and_then_the_rate() -> None:
    clock = Clock()
    throttles = Throttles(lambda method, path: Limit(rate=2, burst=5), clock)
    assert [throttles.take("GET", "/") for _ in range(7)] == [True] * 5 + [False] * 2
    clock.now += 1
    assert [throttles.take("GET", "/") for _ in range(3)] == [True] * 2 + [False]
    clock.now += 60
    assert [throttles.take("GET", "/") for _ in range(6)] == [True] * 5 + [False]


def test_each_route_has_a_bucket_of_its_own() -> None:
    throttles = Throttles(lambda method, path: Limit(rate=1, burst=1), Clock())
    assert throttles.take("GET", "/a")
    assert not throttles.take("GET", "/a")
    assert throttles.take("POST", "/a")
    assert throttles.take("GET", "/b")


def _gateway() -> Gateway:
    app: Chalice = create_app()
    app.__class__ = LocalChalice
    return Gateway(app, both_functions(), deployed_throttles())


def test_beyond_its_limit_a_route_says_when_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROTTLE_BURST", "3")
    gateway = _gateway()
    replies = [gateway.response("GET", "/docs", [], b"", "127.0.0.1") for _ in range(20)]
    refused = [reply for reply in replies if reply.status == 429]
    assert refused
    assert dict(refused[0].headers)["Retry-After"] == "5"


# Shaped like a signed token, but signed by nobody.
BAD_TOKEN = ".".join(["e" * 60, "e" * 300, "e" * 342])


def _asks_authorizer(credential: str, caplog: pytest.LogCaptureFixture) -> bool:
    """Return whether the authorizer of officers is asked, which logs its refusals."""
    caplog.clear()
    with caplog.at_level(logging.INFO, "chalicelib.http.auth"):
        headers = [("authorization", credential)]
        reply = _gateway().response("GET", "/v1/officer/me", headers, b"", "127.0.0.1")
    asked = bool({"token_refused", "authorizer_failed"} & set(caplog.messages))
    assert asked or (reply.status, reply.refusal) == (401, "UNAUTHORIZED")
    return asked


@pytest.mark.parametrize(
    "token",
    ["x", "a.b.c", BAD_TOKEN[:-1], BAD_TOKEN + ".e", BAD_TOKEN + "e" * 400, f"{BAD_TOKEN} x"],
)
def test_what_is_not_shaped_like_a_token_asks_no_authorizer(
    caplog: pytest.LogCaptureFixture, token: str
) -> None:
    assert not _asks_authorizer(f"Bearer {token}", caplog)
    assert not _asks_authorizer(f"Basic {BAD_TOKEN}", caplog)
    assert _asks_authorizer(f"Bearer {BAD_TOKEN}", caplog)


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_a_token_of_any_issuer_is_shaped_like_one(
    caplog: pytest.LogCaptureFixture, bits: int
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    for groups in ([], ["police"] * 200):
        claims = {"iss": "https://id.example", "exp": 1, "groups": groups}
        token = jwt.encode(claims, key, algorithm="RS256", headers={"kid": "k"})
        assert _asks_authorizer(f"Bearer {token}", caplog)
        assert _asks_authorizer(f"bearer  {token} ", caplog)


@pytest.mark.parametrize(("order", "status"), [("before", 429), ("after", 200)])
def test_bad_tokens_use_up_a_route_in_one_order_and_not_in_the_other(
    monkeypatch: pytest.MonkeyPatch, order: str, status: int
) -> None:
    monkeypatch.setenv("OFFICER_THROTTLE_BURST", "20")
    monkeypatch.setenv("OFFICER_THROTTLE_RATE", "1")
    monkeypatch.setenv("THROTTLE_ORDER", order)
    gateway = Gateway(_officers_app(), throttles=deployed_throttles())
    ask = partial(gateway.response, "GET", "/v1/officer/me", body=b"", source_ip="127.0.0.1")
    for _ in range(40):
        ask(headers=[("authorization", "unknown")])
    assert ask(headers=[("authorization", "wang")]).status == status


@pytest.mark.parametrize("order", ["before", "after"])
def test_officers_are_served_beside_two_hundred_bad_tokens_a_second(
    monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    """As it is deployed, whichever order AWS has."""
    monkeypatch.setenv("THROTTLE_ORDER", order)
    clock = Clock()
    gateway = Gateway(_officers_app(), throttles=deployed_throttles(clock))
    ask = partial(gateway.response, "GET", "/v1/officer/me", body=b"", source_ip="127.0.0.1")
    for _ in range(60):
        bad = {ask(headers=[("authorization", "unknown")]).status for _ in range(200)}
        good = {ask(headers=[("authorization", "wang")]).status for _ in range(10)}
        assert (bad, good) == ({401}, {200})
        clock.now += 1


def _officers_app() -> Chalice:
    """Return an app with one route of officers, and an authorizer that knows whom it lets in."""
    app: Any = Chalice("officers", configure_logs=False)

    @app.authorizer()  # type: ignore[untyped-decorator]
    def decide(request: Any) -> AuthResponse:
        if request.token == "unknown":
            raise Exception("Unauthorized")
        return AuthResponse(routes=["*"], principal_id=request.token)

    @app.route("/v1/officer/me", authorizer=decide)  # type: ignore[untyped-decorator]
    def me() -> dict[str, str]:
        return {}

    app.__class__ = LocalChalice
    officers: Chalice = app
    return officers
