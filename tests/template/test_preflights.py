"""The gateway itself responds to preflights, for the origins that may call."""

from typing import Any

import pytest

from app import app
from chalicelib.http import index
from chalicelib.http.routes import Access
from infra.local.gateway.gateway import preflight_headers
from infra.packaging import bundle, gateway

HEADER = "method.response.header."
OFFICERS = {route.path for route in index.routes() if route.access == Access.OFFICER}
PUBLIC = {route.path for route in index.routes()} - OFFICERS


@pytest.fixture
def paths(resources: dict[str, Any]) -> dict[str, Any]:
    body = resources["RestAPI"]["Properties"]["DefinitionBody"]
    return dict(body["paths"])


@pytest.fixture
def options(paths: dict[str, Any]) -> dict[str, Any]:
    """Give each path's OPTIONS, as it is where there is a console."""
    found = {path: methods["options"] for path, methods in paths.items() if path != "/{proxy+}"}
    return {path: each["Fn::If"][1] if "Fn::If" in each else each for path, each in found.items()}


def headers(method: dict[str, Any]) -> dict[str, Any]:
    response = method["x-amazon-apigateway-integration"]["responses"]["default"]
    return {
        name.removeprefix(HEADER): value.strip("'") if isinstance(value, str) else value
        for name, value in response["responseParameters"].items()
    }


def test_every_path_has_a_preflight_that_no_function_sees(options: dict[str, Any]) -> None:
    assert set(options) == PUBLIC | OFFICERS
    for method in options.values():
        assert method["x-amazon-apigateway-integration"]["type"] == "mock"
        assert "uri" not in method["x-amazon-apigateway-integration"]


def test_no_preflight_asks_the_authorizer(options: dict[str, Any]) -> None:
    assert not [path for path, method in options.items() if "security" in method]


def test_a_public_path_is_open_to_any_origin(options: dict[str, Any]) -> None:
    for path in PUBLIC:
        assert headers(options[path])["Access-Control-Allow-Origin"] == "*", path


def test_an_officers_path_is_open_to_the_consoles_origin_alone(options: dict[str, Any]) -> None:
    for path in OFFICERS:
        allowed = headers(options[path])["Access-Control-Allow-Origin"]
        assert allowed == {"Fn::Sub": "'${ConsoleOrigin}'"}, path


def test_an_officers_path_has_no_preflight_without_a_console(paths: dict[str, Any]) -> None:
    for path in OFFICERS:
        condition, _, otherwise = paths[path]["options"]["Fn::If"]
        assert (condition, otherwise) == ("HasConsoleOrigin", {"Ref": "AWS::NoValue"}), path


def test_no_origin_is_empty_or_may_send_credentials(options: dict[str, Any]) -> None:
    for method in options.values():
        assert "Access-Control-Allow-Credentials" not in headers(method)
        assert headers(method)["Access-Control-Allow-Origin"]


def test_a_preflight_allows_the_methods_that_the_path_has(
    paths: dict[str, Any], options: dict[str, Any]
) -> None:
    for path, method in options.items():
        allowed = headers(method)["Access-Control-Allow-Methods"].split(",")
        assert sorted(allowed) == sorted(
            name.upper() for name in paths[path] if name != gateway.ANY
        ), path


def test_every_header_is_declared_or_the_gateway_would_refuse_it(options: dict[str, Any]) -> None:
    for method in options.values():
        assert set(headers(method)) == set(method["responses"]["200"]["headers"])


def test_a_preflight_never_fails_in_the_gateway(options: dict[str, Any]) -> None:
    for method in options.values():
        integration = method["x-amazon-apigateway-integration"]
        assert integration["passthroughBehavior"] == "never"
        assert integration["contentHandling"] == "CONVERT_TO_TEXT"
        assert integration["responses"]["default"]["contentHandling"] == "CONVERT_TO_TEXT"


def test_the_local_gateway_responds_as_the_deployed_one(options: dict[str, Any]) -> None:
    for path in PUBLIC:
        local = dict(preflight_headers(app.routes[path]))
        assert local.pop("Content-Type") == "application/json"
        assert local == headers(options[path]), path


def test_the_function_of_officers_knows_the_consoles_origin(functions: dict[str, Any]) -> None:
    informed = [name for name, one in functions.items() if "CONSOLE_ORIGIN" in variables(one)]
    assert informed == ["Officers"]
    assert variables(functions["Officers"])["CONSOLE_ORIGIN"] == {"Ref": "ConsoleOrigin"}


def variables(function: dict[str, Any]) -> dict[str, Any]:
    return dict(function.get("Environment", {}).get("Variables", {}))


def test_an_origin_that_is_not_replaced_is_not_deployed() -> None:
    body = {"paths": {}, "info": {"title": gateway.CONSOLE}}
    template = {"Resources": {"RestAPI": {"Properties": {"DefinitionBody": body}}}}
    with pytest.raises(bundle.Incomplete, match="left in the template"):
        gateway.complete_preflights(template)


def test_uploads_from_a_page_can_be_completed(resources: dict[str, Any]) -> None:
    """Parts are sent by PUT to the bucket, and `complete` takes the ETag of each."""
    rules = resources["MediaBucket"]["Properties"]["CorsConfiguration"]["CorsRules"]
    (rule,) = rules
    assert rule["AllowedOrigins"] == rule["AllowedHeaders"] == ["*"]
    assert {"GET", "POST", "PUT"} == set(rule["AllowedMethods"])
    assert rule["ExposedHeaders"] == ["ETag"]


def test_what_a_page_needs_is_allowed_and_exposed() -> None:
    assert {"Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match"} < set(
        index.ALLOWED_HEADERS
    )
    assert {"ETag", "Idempotency-Replayed", "Location", "Retry-After", "X-Request-Id"} < set(
        index.EXPOSED_HEADERS
    )
