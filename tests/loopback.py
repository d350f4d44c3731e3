"""A web server on a free port of this machine, which answers by a function."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug import Request, Response

from infra.local import wsgi


@contextmanager
def serving(respond: Callable[[Request], Response]) -> Iterator[str]:
    """Serve what `respond` returns, for as long as the context lasts, and give the address."""
    server = wsgi.serve(Request.application(respond), 0)
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        server.server_close()


def as_json(content: Any, status: int = 200) -> Response:
    return Response(json.dumps(content), status, content_type="application/json")
