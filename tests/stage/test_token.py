"""An operator signs in in a browser, and only the token of that very sign-in is accepted."""

import contextlib
import io
import os
import socket
import socketserver
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from typing import IO, Any

import boto3
import jwt
import pytest

from infra.stage import browser, token
from infra.stage.console import Refused
from infra.stage.target import Target
from tests.issuer import KEY, OTHER_KEY, FakeIssuer, serving, sign, unsigned

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture
def issuer() -> Iterator[FakeIssuer]:
    with serving() as issuer:
        yield issuer


@pytest.fixture
def port() -> int:
    # Below the ports that a connection of another test could get while this one is not used yet.
    for candidate in range(20_000 + os.getpid() % 8_000, 32_000):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", candidate)):
            return candidate
    raise AssertionError("no free port")


@pytest.fixture
def attempt(issuer: FakeIssuer, port: int) -> token.SignIn:
    issuer.redirect_uris = [f"http://localhost:{port}/callback"]
    client = token.Client(issuer.client_id, issuer.redirect_uris[0])
    return token.SignIn(token.discover(issuer.url), client)


def browse(url: str) -> str:
    """Open a page as a browser does, redirects included, and return what it shows."""
    try:
        with OPENER.open(url, timeout=10) as response:
            return str(response.read().decode())
    except urllib.error.HTTPError as error:
        return error.read().decode()


class Browser:
    """A browser that opens pages beside the command. `before` are pages that it opens first."""

    def __init__(self, *before: str) -> None:
        self.before = before
        self.shown: list[str] = []
        self._threads: list[threading.Thread] = []

    def __call__(self, url: str) -> bool:
        thread = threading.Thread(target=self._open, args=(url,))
        self._threads.append(thread)
        thread.start()
        return True

    def _open(self, url: str) -> None:
        self.shown += [browse(page) for page in (*self.before, url)]

    def closed(self) -> list[str]:
        """Return what each page showed."""
        for thread in self._threads:
            thread.join()
        return self.shown


def no_browser(url: str) -> bool:
    return False


def run(attempt: token.SignIn, port: int, **given: Any) -> str:
    arguments: dict[str, Any] = {"show": Browser(), "pasted": None, "patience_s": 20.0} | given
    return token.sign_in(attempt, port=port, **arguments)


def redirect_of(attempt: token.SignIn) -> str:
    """Sign in in a browser on another machine, and return the address it is sent to."""

    class Stop(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *arguments: Any, **more: Any) -> None:
            return None

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stop)
    try:
        opener.open(attempt.url(), timeout=10)
    except urllib.error.HTTPError as error:
        return str(error.headers["Location"])
    raise AssertionError("no redirect")


def pasting(*lines: str) -> IO[str]:
    """Return a terminal into which these lines are pasted."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as terminal:
        terminal.write("".join(f"{line}\n" for line in lines))
    # Without a buffer of its own, as a terminal hands over a line at a time.
    return os.fdopen(reading, buffering=1)


def test_the_access_token_of_who_signs_in_is_returned(attempt: token.SignIn, port: int) -> None:
    claims = jwt.decode(run(attempt, port), KEY.public_key(), ["RS256"], audience="tipline-client")
    assert claims["sub"] == "li"


def test_the_page_tells_the_person_to_go_back(attempt: token.SignIn, port: int) -> None:
    opened = Browser()
    run(attempt, port, show=opened)
    (page,) = opened.closed()
    assert "go back to the terminal" in page


def test_each_sign_in_asks_with_values_of_its_own(
    issuer: FakeIssuer, attempt: token.SignIn
) -> None:
    redirect_of(attempt)
    redirect_of(token.SignIn(attempt.issuer, attempt.client))
    first, second = issuer.asked
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 43
        assert first[name] != second[name]
    assert first["code_challenge_method"] == "S256"
    assert attempt.verifier not in str(issuer.asked)


def test_a_code_is_of_no_use_without_the_verifier(attempt: token.SignIn) -> None:
    redirect = browser.parameters_of(redirect_of(attempt))
    thief = token.SignIn(attempt.issuer, attempt.client, attempt.state, attempt.nonce)
    with pytest.raises(Refused, match="wrong code_verifier"):
        thief.access_token(redirect)


def test_nothing_secret_is_printed_beside_the_token(
    attempt: token.SignIn, port: int, capfd: pytest.CaptureFixture[str]
) -> None:
    opened = Browser()
    access_token = run(attempt, port, show=opened)
    opened.closed()
    output, said = capfd.readouterr()
    assert output == ""
    assert attempt.url() in said
    assert access_token not in said
    assert "code=" not in said
    assert attempt.verifier not in said + repr(attempt)


@pytest.mark.parametrize(
    "page",
    [
        "/callback?code=stolen&state=guessed",
        "/callback?code=stolen",
        "/callback",
        "/favicon.ico",
        "/callback?error=access_denied",
    ],
)
def test_another_page_is_turned_away_and_the_sign_in_goes_on(
    attempt: token.SignIn, port: int, page: str
) -> None:
    opened = Browser(f"http://localhost:{port}{page}")
    assert run(attempt, port, show=opened).count(".") == 2
    assert "not the sign-in" in opened.closed()[0]


def test_a_connection_that_says_nothing_holds_nothing_up(attempt: token.SignIn, port: int) -> None:
    silent: list[socket.socket] = []
    opened = Browser()

    def show(url: str) -> bool:
        silent.append(socket.create_connection(("127.0.0.1", port)))
        return opened(url)

    assert run(attempt, port, show=show)
    silent[0].close()


def test_the_address_can_be_pasted_from_another_machine(attempt: token.SignIn, port: int) -> None:
    with pasting(redirect_of(attempt)) as terminal:
        assert run(attempt, port, show=no_browser, pasted=terminal).count(".") == 2


def test_a_wrong_address_can_be_pasted_once_more(attempt: token.SignIn, port: int) -> None:
    reading, writing = socket.socketpair()
    with reading, writing, reading.makefile() as terminal:
        writing.send(b"https://id.example/?code=x&state=y\n")
        # A terminal hands over one line at a time: the second comes when the first was refused.
        with contextlib.redirect_stderr(_Pasting(writing, attempt)):
            id_token = run(attempt, port, show=no_browser, pasted=terminal)
    assert id_token.count(".") == 2


class _Pasting(io.StringIO):
    """What is said to a person who then pastes the right address."""

    def __init__(self, terminal: socket.socket, attempt: token.SignIn) -> None:
        super().__init__()
        self._terminal, self._attempt = terminal, attempt

    def write(self, text: str) -> int:
        if "not the address of this sign-in" in text:
            self._terminal.send(f"{redirect_of(self._attempt)}\n".encode())
        return super().write(text)


def test_the_end_of_input_is_not_the_end_of_the_sign_in(attempt: token.SignIn, port: int) -> None:
    with pasting() as terminal:
        assert run(attempt, port, pasted=terminal).count(".") == 2


def test_nobody_is_waited_for_without_end(attempt: token.SignIn, port: int) -> None:
    with pytest.raises(Refused, match="Nobody has signed in"):
        run(attempt, port, show=no_browser, patience_s=0)


def test_a_port_that_is_taken_says_what_to_do(attempt: token.SignIn, port: int) -> None:
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(Refused, match=f"Port {port} .* end it"),
    ):
        run(attempt, port)


DENIED = {"error": "access_denied", "error_description": "Li is\nnot \x1b[31massigned"}
ANSWERS: dict[str, tuple[str, dict[str, str], str]] = {
    "a refusal": ("returned", DENIED | {"code": ""}, r"access_denied: Li is not  \[31massigned"),
    "of another issuer": ("returned", {"iss": "https://evil.example"}, "another issuer"),
    "a token that Tipline cannot check": ("tokens", {"access_token": "opaque"}, "meter Audience"),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_that_leads_nowhere_is_explained(
    issuer: FakeIssuer, attempt: token.SignIn, port: int, answer: str
) -> None:
    name, given, said = ANSWERS[answer]
    setattr(issuer, name, given)
    with pytest.raises(Refused, match=said):
        run(attempt, port)


ID_TOKENS: dict[str, dict[str, Any]] = {
    "another sign-in's": {"nonce": "another"},
    "without a nonce": {"nonce": None},
    "another client's": {"aud": "another"},
    "another issuer's": {"iss": "https://evil.example"},
    "expired": {"exp": 1},
    "nobody's": {"sub": None},
}


@pytest.mark.parametrize("kind", ID_TOKENS)
def test_the_id_token_must_be_of_this_sign_in(
    issuer: FakeIssuer, attempt: token.SignIn, port: int, kind: str
) -> None:
    issuer.id_claims = ID_TOKENS[kind]
    with pytest.raises(Refused, match=r"nonce|is not valid"):
        run(attempt, port)


FORGED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "another key": lambda claims: sign(claims, key=OTHER_KEY),
    "an unknown key": lambda claims: sign(claims, headers={"kid": "k9"}),
    "no key": unsigned,
    "no token": lambda claims: None,
    "no JWT": lambda claims: "opaque",
}


@pytest.mark.parametrize("kind", FORGED)
def test_the_id_token_must_be_signed_by_the_issuer(
    issuer: FakeIssuer, attempt: token.SignIn, port: int, kind: str
) -> None:
    claims = {"iss": issuer.url, "aud": issuer.client_id, "sub": "li", "nonce": attempt.nonce}
    issuer.tokens = {"id_token": FORGED[kind](claims | {"exp": 9_999_999_999})}
    with pytest.raises(Refused, match="ID token"):
        run(attempt, port)


DOCUMENTS: dict[str, dict[str, Any]] = {
    "of another issuer": {"issuer": "https://evil.example"},
    "without TLS": {"authorization_endpoint": "http://id.example/authorize"},
    "without a token endpoint": {"token_endpoint": ""},
    "with a script": {"authorization_endpoint": "javascript:alert(1)"},
}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_the_discovery_document_must_be_the_issuers_and_safe(issuer: FakeIssuer, kind: str) -> None:
    issuer.discovered = DOCUMENTS[kind]
    with pytest.raises(Refused, match=r"is not of the issuer|with https"):
        token.discover(issuer.url)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("{}/nothing", "refuses with 404"),
        ("http://127.0.0.1:9", "cannot be read"),
        ("http://id.example", "does not begin with https"),
        ("file:///etc/passwd", "does not begin with https"),
        ("http://[", "does not begin with https"),
    ],
)
def test_an_issuer_that_cannot_be_asked_is_explained(
    issuer: FakeIssuer, address: str, said: str
) -> None:
    with pytest.raises(Refused, match=said):
        token.fetch(address.format(issuer.url))


@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 500 Fault\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["no HTTP", "a broken body", "a broken body of a refusal"],
)
def test_an_issuer_that_does_not_speak_http_is_explained(answer: bytes) -> None:
    class Other(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().strip():
                pass
            self.wfile.write(answer)

    with socketserver.TCPServer(("127.0.0.1", 0), Other) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with pytest.raises(Refused, match=r"cannot be read: .+\. Check the network"):
            token.fetch(f"http://127.0.0.1:{server.server_address[1]}")
        thread.join()


def test_an_issuer_cannot_send_the_command_elsewhere(
    issuer: FakeIssuer, attempt: token.SignIn
) -> None:
    issuer.redirect_uris = [f"{issuer.url}/jwks.json"]
    client = token.Client(issuer.client_id, issuer.redirect_uris[0])
    with pytest.raises(Refused, match="refuses with 302"):
        token.fetch(token.SignIn(attempt.issuer, client).url())


def test_only_this_machine_reaches_the_listener(port: int) -> None:
    """The whole of 127.0.0.0/8 is this machine, so another address of it stands for all others."""
    with (
        browser.listening(lambda parameters: True, port),
        pytest.raises(OSError, match=r"refused|assign|unreachable|timed out"),
    ):
        socket.create_connection(("127.0.0.2", port), timeout=5)


def test_no_page_with_a_code_in_its_address_is_kept_or_named_to_others(port: int) -> None:
    def open_pages() -> list[Message]:
        address = f"http://127.0.0.1:{port}/callback"
        with pytest.raises(urllib.error.HTTPError) as turned_away:
            OPENER.open(f"{address}?code=x", timeout=10)
        with OPENER.open(f"{address}?code=x&state=ours", timeout=10) as received:
            return [turned_away.value.headers, received.headers]

    with ThreadPoolExecutor(1) as pool:
        with browser.listening(lambda parameters: "state" in parameters, port) as listener:
            pages = pool.submit(open_pages)
            listener.wait(None, 20)
        for headers in pages.result():
            assert headers["Cache-Control"] == "no-store"
            assert headers["Referrer-Policy"] == "no-referrer"


def test_a_browser_is_answered_also_when_the_command_has_gone_on(port: int) -> None:
    with browser.listening(lambda parameters: "state" in parameters, port) as listener:
        pass
    assert listener.receive({"state": "ours"})


@pytest.mark.parametrize(
    ("platform", "environment", "shown"),
    [
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {}, False),
        ("darwin", {}, True),
        ("darwin", {"SSH_CONNECTION": "10.0.0.1 22"}, False),
    ],
)
def test_a_browser_is_opened_only_where_the_operator_sees_it(
    platform: str, environment: dict[str, str], shown: bool
) -> None:
    assert browser.has_screen(platform, environment) is shown


def stage(outputs: dict[str, str]) -> Target:
    return Target("dev", boto3.Session(), None, outputs, api="")


def test_a_stage_says_where_its_officers_sign_in(issuer: FakeIssuer) -> None:
    begun = token.begin(
        stage(
            {
                "Issuer": issuer.url,
                "OfficersClientId": "c",
                "SignInScope": "openid api",
                "Audience": "https://api.example",
            }
        )
    )
    assert begun.issuer.token_endpoint == f"{issuer.url}/token"
    redirect_uri = "http://localhost:8479/callback"
    assert begun.client == token.Client("c", redirect_uri, "openid api", "https://api.example")
    assert "audience=https%3A%2F%2Fapi.example" in begun.url()


def test_an_emulator_signs_in_cognitos_name(
    issuer: FakeIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", issuer.url)
    name = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_pool"
    issuer.discovered = {"issuer": name}
    outputs = {"Issuer": name, "OfficersPoolId": "us-east-1_pool", "OfficersClientId": "c"}
    begun = token.begin(stage(outputs | {"SignInScope": "openid"}))
    assert begun.issuer.issuer == name
    assert begun.issuer.authorization_endpoint == f"{issuer.url}/authorize"


def test_a_stage_of_an_older_version_says_so(issuer: FakeIssuer) -> None:
    with pytest.raises(Refused, match="Deploy this one first"):
        token.begin(stage({"Issuer": issuer.url, "OfficersClientId": "c"}))
