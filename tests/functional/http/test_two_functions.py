"""Each of the two functions behind the gateway serves its own routes, and loads no others."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping

import pytest
from chalice.app import Chalice

from app import create_app
from chalicelib.http import index
from chalicelib.kernel.config import NEEDED, Api
from infra.local.gateway.gateway import Function, Gateway, both_functions
from tests import events
from tests.client import new_key

APPS = {api: create_app(api) for api in Api}
EVERY_ROUTE = [pytest.param(route, id=f"{route.method} {route.path}") for route in index.routes()]


def other(api: Api) -> Api:
    (found,) = set(Api) - {api}
    return found


def send(app: Chalice, route: index.Route, **more: object) -> Mapping[str, object]:
    event = events.api_request(
        route.method,
        route.path,
        route.path,
        headers={"accept-language": "en"},
        query={},
        parameters={},
        content=None,
        request_id=new_key(),
        officer="wang",
    )
    return app(event, None)


@pytest.mark.parametrize("route", EVERY_ROUTE)
def test_a_function_has_not_found_what_the_other_one_serves(route: index.Route) -> None:
    response = send(APPS[other(route.api)], route)
    assert response["statusCode"] == 404
    assert '"code": "not_found"' in str(response["body"])


@pytest.mark.parametrize("route", EVERY_ROUTE)
def test_the_local_gateway_sends_a_request_to_the_function_of_its_route(route: index.Route) -> None:
    name, app = both_functions()(route.method, route.path)
    assert name == route.api
    assert route.method in app.routes[route.path]
    below = ("/v1/officer/", "/v1/admin/", "/v1/audit/")
    assert route.path.startswith(below) == (name == Api.OFFICERS)


def test_a_route_that_the_local_gateway_sends_to_the_wrong_function_is_not_found(
    aws: Mapping[str, str],
) -> None:
    whole, right = create_app(), both_functions()

    def swapped(method: str, path: str) -> Function:
        name = right(method, path).name
        return Function(name, APPS[other(Api(name))])

    ask = ("GET", "/v1/catalogue", [("accept", "*/*")], b"", "127.0.0.1")
    assert Gateway(whole, right).response(*ask).status == 200
    assert Gateway(whole, swapped).response(*ask).status == 404


def _started(api: Api, program: str) -> str:
    """Run a program in a fresh process, as Lambda starts this function, and return what it prints.
    There is no AWS.
    """
    settings = {name.upper(): "x" for name in NEEDED[api]}
    lambdas = {"_HANDLER": "app.app", "API": api, "AWS_REGION": "us-east-1"}
    return subprocess.run(
        [sys.executable, "-c", program],
        env={"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "us-east-1", **lambdas, **settings},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.mark.parametrize("api", Api)
def test_a_function_imports_no_views_and_no_events_of_another(api: Api) -> None:
    foreign = {route.module for route in index.routes() if route.api != api} - {
        route.module for route in index.routes() if route.api == api
    }
    foreign |= {"handlers.media.functions", "handlers.service.scheduled", "handlers.watch"}
    if api is Api.RESIDENTS:
        foreign.add("http.auth")
    loaded = _started(api, "import app, sys; print(*sys.modules)").split()
    assert "chalicelib.http.index" in loaded
    assert not {f"chalicelib.{module}" for module in foreign} & set(loaded)


def test_the_residents_function_starts_with_all_that_a_first_report_needs() -> None:
    program = (
        "import app, sys\n"
        "reports = sys.modules['chalicelib.handlers.reports.reports']\n"
        "models = reports.Submission, reports.CreatedReport\n"
        "print(*(model.__pydantic_complete__ for model in models))\n"
        "from chalicelib import wiring; from chalicelib.aws import clients\n"
        "clients.client = None\n"
        "print(wiring.reports(), wiring.content_keys(), clients.secrets())"
    )
    models, clients = _started(Api.RESIDENTS, program).splitlines()
    assert models == "True True"
    assert re.findall(r"botocore.client.(\w+)", clients) == ["SecretsManager"]


def test_the_officers_function_starts_without_a_client_of_aws_and_without_workbooks() -> None:
    program = "import app, chalicelib.handlers.statistics.exports, sys; print(*sys.modules)"
    loaded = _started(Api.OFFICERS, program).split()
    assert not {"botocore.session", "xlsxwriter"} & set(loaded)
