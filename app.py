"""The Chalice app. Its routes and event handlers are declared in `chalicelib/handlers/`."""

import os
import sys

from chalice.app import Chalice

from chalicelib import wiring
from chalicelib.http import index, logs
from chalicelib.kernel.config import Api, starting_function

if "chalice.cli" in sys.modules and "API" not in os.environ:
    # Chalice knows neither the tables nor the rights of `infra/`.
    sys.exit("Use `make package` or `make deploy`: they run Chalice with the templates of infra/.")


def create_app(api: Api | None = None) -> Chalice:
    """Return the app of one of the two functions behind the gateway. It imports what these routes
    need. Without `api`, it has the routes of both, and all functions that react to events.
    """
    app = Chalice(app_name="tipline", configure_logs=False)
    if api is not Api.RESIDENTS:
        from chalicelib.http import auth

        app.register_blueprint(auth.bp)
    if api is None:
        from chalicelib.handlers import watch
        from chalicelib.handlers.media import decoding, functions
        from chalicelib.handlers.service import deliveries, scheduled, upkeep

        for module in (decoding, deliveries, functions, scheduled, upkeep, watch):
            app.register_blueprint(module.bp)
    index.register(app, api)
    return app


def prepare_intake() -> None:
    """Make what the first report needs, but call no service of AWS.

    While a function starts, Lambda gives it a whole processor; for a request, only 0.58 of one.
    """
    index.prepare("POST", "/v1/reports")
    wiring.prepare_intake()


logs.install()
app = create_app(Api(wiring.settings().api) if wiring.settings().api else None)
if starting_function() and wiring.settings().api == Api.RESIDENTS:
    prepare_intake()
