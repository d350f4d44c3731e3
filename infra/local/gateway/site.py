"""What the port serves: the files of the web clients, and the API behind them, as CloudFront does.

The API's own routes go first, but for `/`: that is the residents' page once it is built.

`POST /_tipline/clock` with `{"advance_s": 300}` moves the stack's clock of sweeps and lifecycles,
runs them at once, and returns `{"now": …, "done": …}`: whether they have ended.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from html import escape
from http import HTTPStatus
from pathlib import Path

from chalicelib.kernel import times
from infra.events import Headers, Response, split_target
from infra.local import clock
from infra.local.gateway.gateway import Gateway
from infra.local.requests import S3Error
from infra.local.s3.gate import range_of
from infra.web.files import WebFile
from infra.web.headers import Origins, cache_control, security_headers

ROUTE = "(web)"
_CONSOLE = "/console/"
# All files but the first page have an ending: this is an address that somebody has mistyped.
_WITHOUT_ENDING = re.compile(r"/[^./]+/?$")
_NOTICE = """\
<section>
<p lang="zh">网页没有构建成功，接口照常运行。原因：</p>
<p lang="en">The web clients could not be built. The API runs as usual. The reason:</p>
<pre>{reason}</pre>
</section>
"""
_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tipline</title>
{notice}</html>
"""


class Site:
    """Thread-safe, as the gateway is. Once `advance_clock` is set, a request may move the clock."""

    def __init__(self, gateway: Gateway, web: "Web | None" = None) -> None:
        self._gateway, self._web = gateway, web
        self._documents: dict[str, Response] = {}
        self.advance_clock: Callable[[timedelta], tuple[datetime, bool]] | None = None

    def response(
        self, method: str, target: str, headers: Headers, body: bytes, source_ip: str
    ) -> Response:
        """Return what a client gets (`Gateway.response`)."""
        path, _ = split_target(target)
        if self.advance_clock and (method, path) == ("POST", clock.PATH):
            return _move_clock(self.advance_clock, body)
        if method in ("GET", "HEAD") and path in self._documents:
            return self._documents[path]
        if self._web and (path == "/" or not self._gateway.serves(path)):
            sent = {name.lower(): value for name, value in headers}
            found = self._web.response(method, path, sent)
            if found is not None:
                return found
        response = self._gateway.response(method, target, headers, body, source_ip)
        if isinstance(self._web, MissingWeb) and path == "/" and response.status == HTTPStatus.OK:
            return self._web.explained(response)
        return response

    def publish(self, path: str, content: bytes, content_type: str) -> None:
        """Serve a document at a path from now on, as the bucket of the web clients does."""
        headers = [("Content-Type", content_type), ("Cache-Control", cache_control(path[1:]))]
        self._documents[path] = Response(200, headers, content, ROUTE)

    def refuse(self, kind: str) -> Response:
        """Return the gateway's own response of that kind."""
        return self._gateway.refuse(kind)


def _move_clock(
    advance_clock: Callable[[timedelta], tuple[datetime, bool]], body: bytes
) -> Response:
    try:
        advance = timedelta(seconds=float(json.loads(body)["advance_s"]))
    except (ValueError, KeyError, TypeError, OverflowError):
        advance = timedelta(-1)
    if advance < timedelta(0):
        wrong = {"error": 'POST {"advance_s": seconds, 0 or more}'}
        return Response(400, (), json.dumps(wrong).encode(), ROUTE)
    now, done = advance_clock(advance)
    content = {"now": times.render(now), "done": done}
    return Response(200, (), json.dumps(content).encode(), ROUTE)


class BuiltWeb:
    """The files of a build, read anew for each request: who works on them builds again."""

    def __init__(self, folder: Path, origins: Origins) -> None:
        self._folder = folder
        self._headers = security_headers(origins, https=False)

    def response(self, method: str, path: str, headers: Mapping[str, str]) -> Response | None:
        """Return the file at `path`, or where a mistyped one leads; None when the API is to say it.
        The names of `headers` are in lower case.
        """
        if method not in ("GET", "HEAD"):
            return None
        if path == _CONSOLE.rstrip("/"):
            return Response(308, [*self._headers.items(), ("Location", _CONSOLE)], b"", ROUTE)
        file = self._file(path)
        if file is not None:
            return self._sent(file, headers.get("if-none-match", ""), headers.get("range", ""))
        # `PagePaths` in infra/web.yaml.
        is_person = "text/html" in headers.get("accept", "") and not path.startswith("/v1/")
        if is_person and _WITHOUT_ENDING.search(path):
            return Response(302, [*self._headers.items(), ("Location", "/")], b"", ROUTE)
        return None

    def _file(self, path: str) -> WebFile | None:
        """Return the file that a path means. Every path of the console is the console's page."""
        name = path.removeprefix("/") or "index.html"
        if path.startswith(_CONSOLE):
            name = "console/index.html"
        parts = name.split("/")
        if any(part.startswith(".") or not part or "\\" in part or "\0" in part for part in parts):
            return None
        found = self._folder.joinpath(*parts)
        return WebFile(name, found) if found.is_file() else None

    def _sent(self, file: WebFile, known: str, asked: str) -> Response:
        content = file.path.read_bytes()
        tag = f'"{sha256(content).hexdigest()[:32]}"'
        headers = [
            *self._headers.items(),
            ("Content-Type", file.content_type),
            ("Cache-Control", file.cache_control),
            # The port compresses it for whoever takes that.
            ("Vary", "Accept-Encoding"),
            ("ETag", tag),
        ]
        unchanged = tag in known
        # Of a map's tiles a page reads some, as CloudFront serves them.
        try:
            part = range_of(asked, len(content))
        except S3Error:
            return Response(
                416, [*headers, ("Content-Range", f"bytes */{len(content)}")], b"", ROUTE
            )
        if part and not unchanged:
            begin, end = part
            said = f"bytes {begin}-{end - 1}/{len(content)}"
            headers += [("Content-Range", said), ("Accept-Ranges", "bytes")]
            return Response(206, headers, content[begin:end], ROUTE)
        return Response(304 if unchanged else 200, headers, b"" if unchanged else content, ROUTE)


class MissingWeb:
    """The clients that could not be built: their pages say why, the API's start page too."""

    def __init__(self, reason: str) -> None:
        self._notice = _NOTICE.format(reason=escape(reason))

    def response(self, method: str, path: str, headers: Mapping[str, str]) -> Response | None:
        if not path.startswith(_CONSOLE) or method not in ("GET", "HEAD"):
            return None
        page = _PAGE.format(notice=self._notice).encode()
        headers_sent = [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Cache-Control", "no-store"),
            ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        ]
        return Response(503, headers_sent, page, ROUTE)

    def explained(self, response: Response) -> Response:
        page = response.body.decode().replace("</body>", f"{self._notice}</body>")
        return replace(response, body=page.encode())


type Web = BuiltWeb | MissingWeb
