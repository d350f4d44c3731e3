"""moto's server, called with a request that the gate lets through."""

from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from infra.local.s3.requests import Environ, Response


class Backend:
    """Call it with a request: it returns moto's response."""

    def __init__(self) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: Environ) -> Response:
        started: list[Any] = []
        pieces = self._moto(
            environ, lambda status, headers, exc_info=None: started.extend((status, headers))
        )
        return started[0], started[1], pieces
