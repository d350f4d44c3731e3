"""The gateway answers as the app does, and remembers nobody."""

import json
import re
from typing import Any

import pytest

from chalicelib.http import index, problems
from chalicelib.kernel.languages import text
from infra.packaging import gateway
from infra.packaging.bundle import Incomplete
from infra.template import load

# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
STATUS = {
    "ACCESS_DENIED": 403, "API_CONFIGURATION_ERROR": 503, "AUTHORIZER_CONFIGURATION_ERROR": 503,
    "AUTHORIZER_FAILURE": 503, "BAD_REQUEST_BODY": 400, "BAD_REQUEST_PARAMETERS": 400,
    "DEFAULT_4XX": 400, "DEFAULT_5XX": 503, "EXPIRED_TOKEN": 404, "INTEGRATION_FAILURE": 503,
    "INTEGRATION_TIMEOUT": 503, "INVALID_API_KEY": 403, "INVALID_SIGNATURE": 404,
    "MISSING_AUTHENTICATION_TOKEN": 404, "QUOTA_EXCEEDED": 429, "REQUEST_TOO_LARGE": 413,
    "RESOURCE_NOT_FOUND": 404, "THROTTLED": 429,
    "UNAUTHORIZED": 401, "UNSUPPORTED_MEDIA_TYPE": 415, "WAF_FILTERED": 403,
}  # fmt: skip
LOGGED = {
    "requestId", "httpMethod", "resourcePath", "status", "responseLatency",
    "integrationLatency", "responseLength", "error.responseType",
}  # fmt: skip
HEADER = "gatewayresponse.header."


@pytest.fixture
def api(resources: dict[str, Any]) -> dict[str, Any]:
    return dict(resources["RestAPI"]["Properties"])


@pytest.fixture
def responses(api: dict[str, Any]) -> dict[str, Any]:
    return dict(api["DefinitionBody"]["x-amazon-apigateway-gateway-responses"])


def test_every_response_of_the_gateway_has_its_status(responses: dict[str, Any]) -> None:
    assert {kind: int(response["statusCode"]) for kind, response in responses.items()} == STATUS


@pytest.mark.parametrize("kind", sorted(STATUS))
def test_the_gateway_returns_a_problem_as_the_app_does(
    responses: dict[str, Any], kind: str
) -> None:
    body = json.loads(responses[kind]["responseTemplates"]["application/json"])
    assert set(body) == {"type", "code", "title", "status", "detail", "request_id"}
    assert body["type"] == problems.TYPE_BASE + body["code"]
    assert body["status"] == STATUS[kind]
    assert body["request_id"] == "$context.requestId"


@pytest.mark.parametrize("kind", sorted(STATUS))
def test_the_gateway_uses_the_apps_own_words_in_all_languages(
    responses: dict[str, Any], kind: str
) -> None:
    body = json.loads(responses[kind]["responseTemplates"]["application/json"])
    for part in ("title", "detail"):
        assert body[part] == " / ".join(
            text(f"error.{body['code']}.{part}", language) for language in ("zh", "en")
        )


@pytest.mark.parametrize("kind", sorted(STATUS))
def test_the_gateway_sets_the_headers_of_every_response(
    responses: dict[str, Any], kind: str
) -> None:
    headers = {
        name.removeprefix(HEADER): value
        for name, value in responses[kind]["responseParameters"].items()
    }
    retry = headers.pop("Retry-After", None)
    assert headers == {
        "Content-Type": "'application/problem+json'",
        "Cache-Control": "'no-store'",
        "X-Content-Type-Options": "'nosniff'",
        "X-Request-Id": "context.requestId",
        "Access-Control-Allow-Origin": "'*'",
        "Access-Control-Expose-Headers": f"'{','.join(index.EXPOSED_HEADERS)}'",
    }
    assert (retry is not None) == (STATUS[kind] in (429, 503))
    assert retry is None or re.fullmatch(r"'\d+'", retry)


@pytest.fixture
def catch_all(api: dict[str, Any]) -> dict[str, Any]:
    return dict(api["DefinitionBody"]["paths"]["/{proxy+}"]["x-amazon-apigateway-any-method"])


def test_the_gateway_itself_answers_for_every_path_without_a_route(
    catch_all: dict[str, Any], responses: dict[str, Any]
) -> None:
    integration = catch_all["x-amazon-apigateway-integration"]
    (response,) = integration["responses"].values()
    not_found = responses["MISSING_AUTHENTICATION_TOKEN"]
    assert integration["type"] == "mock"
    assert json.loads(integration["requestTemplates"]["application/json"]) == {"statusCode": 404}
    assert response["statusCode"] == not_found["statusCode"] == "404"
    assert response["responseTemplates"] == not_found["responseTemplates"]
    assert {
        name.removeprefix("method.response.header."): value
        for name, value in response["responseParameters"].items()
    } == {
        name.removeprefix(HEADER): value for name, value in not_found["responseParameters"].items()
    }


def test_a_token_on_an_unknown_path_is_not_taken_for_a_signature(catch_all: dict[str, Any]) -> None:
    assert "security" not in catch_all


def test_the_catch_all_declares_its_headers_and_takes_json_as_text(
    catch_all: dict[str, Any],
) -> None:
    integration = catch_all["x-amazon-apigateway-integration"]
    (response,) = integration["responses"].values()
    declared = catch_all["responses"]["404"]["headers"]
    assert {f"method.response.header.{name}" for name in declared} == set(
        response["responseParameters"]
    )
    assert integration["contentHandling"] == response["contentHandling"] == "CONVERT_TO_TEXT"
    assert integration["passthroughBehavior"] == "never"


def test_bodies_reach_the_app_as_the_bytes_that_were_sent(api: dict[str, Any]) -> None:
    assert api["DefinitionBody"]["x-amazon-apigateway-binary-media-types"] == ["application/json"]


def test_the_access_log_says_neither_who_nor_from_where(api: dict[str, Any]) -> None:
    setting = api["AccessLogSetting"]
    assert set(re.findall(r"\$context\.([\w.]+)", setting["Format"])) == LOGGED
    assert json.loads(re.sub(r"\$context[\w.]+", "1", setting["Format"]))
    assert setting["DestinationArn"] == {"Fn::GetAtt": ["AccessLog", "Arn"]}


def test_no_trace_of_a_request_is_kept(api: dict[str, Any], functions: dict[str, Any]) -> None:
    stage, *routes = api["MethodSettings"]
    assert (stage["LoggingLevel"], stage["DataTraceEnabled"], api["TracingEnabled"]) == (
        "OFF",
        False,
        False,
    )
    assert not any({"LoggingLevel", "DataTraceEnabled"} & route.keys() for route in routes)
    assert {function["Tracing"] for function in functions.values()} == {"PassThrough"}


def test_every_route_is_throttled(template: dict[str, Any], api: dict[str, Any]) -> None:
    stage = api["MethodSettings"][0]
    assert (stage["ResourcePath"], stage["HttpMethod"]) == ("/*", "*")
    defaults = {name: each.get("Default") for name, each in template["Parameters"].items()}
    for kind in ("CreateThrottle", "Throttle", "OfficerThrottle", "PulseThrottle"):
        assert 0 < defaults[f"{kind}Rate"] <= defaults[f"{kind}Burst"]
    assert limits(stage) == "OfficerThrottle"


def test_each_residents_route_and_the_pulse_have_limits_of_their_own(api: dict[str, Any]) -> None:
    _, *routes = api["MethodSettings"]
    limited = {
        (route["ResourcePath"].replace("~1", "/").removeprefix("/"), route["HttpMethod"].lower())
        for route in routes
    }
    # Preflights, and paths without a route, cost no function: they have the limits of the stage.
    of_others = ("/v1/officer", "/v1/admin", "/v1/audit", "/{proxy+}")
    assert limited == {
        (path, method)
        for path, methods in api["DefinitionBody"]["paths"].items()
        for method in methods
        if not path.startswith(of_others) and method not in ("options", gateway.ANY)
    } | {("/v1/officer/pulse", "get")}
    others = {
        ("/~1v1~1reports", "POST"): "CreateThrottle",
        ("/~1v1~1officer~1pulse", "GET"): "PulseThrottle",
    }
    for route in routes:
        place = (route["ResourcePath"], route["HttpMethod"])
        assert limits(route) == others.get(place, "Throttle")


def test_residents_at_all_their_limits_leave_a_route_of_officers_its_own(
    template: dict[str, Any], api: dict[str, Any]
) -> None:
    defaults = {name: each.get("Default") for name, each in template["Parameters"].items()}
    # The pulse takes from what officers' routes get together.
    stage, *residents = (
        defaults[each["ThrottlingRateLimit"]["Ref"]]
        for each in api["MethodSettings"]
        if limits(each) != "PulseThrottle"
    )
    # What an account gets, for all its gateways in a region.
    assert 9_500 < stage + sum(residents) <= 10_000
    bursts = (defaults[each["ThrottlingBurstLimit"]["Ref"]] for each in api["MethodSettings"])
    assert max(bursts) <= 5_000


def limits(setting: dict[str, Any]) -> str:
    """Return whose parameters limit a method."""
    rate, burst = setting["ThrottlingRateLimit"]["Ref"], setting["ThrottlingBurstLimit"]["Ref"]
    kind = str(rate).removesuffix("Rate")
    assert burst == f"{kind}Burst"
    return kind


def test_a_path_is_named_as_a_stage_names_it(api: dict[str, Any]) -> None:
    paths = [route["ResourcePath"] for route in api["MethodSettings"]]
    assert "/~1v1~1reports~1{report_id}" in paths


def test_more_limits_than_a_stage_takes_are_refused() -> None:
    paths: dict[str, Any] = {f"/v1/bulletins/{number}": {"get": {}} for number in range(41)}
    template = {
        "Resources": {
            "RestAPI": {"Properties": {"DefinitionBody": {"paths": paths}, "MethodSettings": []}}
        }
    }
    with pytest.raises(Incomplete, match="82 settings"):
        gateway.add_throttles(template)


def test_responses_are_compressed_from_a_size_on(
    template: dict[str, Any], api: dict[str, Any]
) -> None:
    assert api["MinimumCompressionSize"] == {"Ref": "MinimumCompressionSize"}
    assert template["Parameters"]["MinimumCompressionSize"]["Default"] == 1024


def test_the_gateway_keeps_the_answer_for_a_token_for_a_minute(api: dict[str, Any]) -> None:
    definition = api["DefinitionBody"]["securityDefinitions"]["authorize_officer"]
    authorizer = definition["x-amazon-apigateway-authorizer"]
    assert authorizer["authorizerResultTtlInSeconds"] == 60
    # The whole header is the key: an answer for one token is never another's.
    assert (authorizer["type"], definition["name"]) == ("token", "Authorization")


def test_the_gateway_refuses_what_is_not_shaped_like_a_token_as_it_does_locally(
    api: dict[str, Any],
) -> None:
    """That it refuses nothing else is tried with the local gateway, which reads `app.yaml`."""
    definitions = load("app.yaml")["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    for name, written in definitions["securityDefinitions"].items():
        deployed = api["DefinitionBody"]["securityDefinitions"][name]
        authorizer = "x-amazon-apigateway-authorizer"
        shape = deployed[authorizer]["identityValidationExpression"]
        assert shape == written[authorizer]["identityValidationExpression"]
        assert len(shape) < 256
    assert definitions["securityDefinitions"].keys() == {"authorize_officer"}


def test_all_officers_routes_and_no_others_ask_the_authorizer(api: dict[str, Any]) -> None:
    for path, methods in api["DefinitionBody"]["paths"].items():
        for name, method in methods.items():
            officers = path.startswith(("/v1/officer", "/v1/admin", "/v1/audit"))
            assert ("security" in method) == (officers and name not in ("options", gateway.ANY)), (
                path
            )


def test_a_wrong_method_is_refused_with_those_that_the_path_has(
    api: dict[str, Any], catch_all: dict[str, Any]
) -> None:
    paths = dict(api["DefinitionBody"]["paths"])
    del paths["/{proxy+}"]
    for path, methods in paths.items():
        method = methods[gateway.ANY]
        (response,) = method["x-amazon-apigateway-integration"]["responses"].values()
        shown = response["responseParameters"]
        assert shown["method.response.header.Allow"] == f"'{gateway.allowed(methods)}'", path
        assert response["statusCode"] == "405"
        assert set(shown) == {
            f"method.response.header.{name}" for name in method["responses"]["405"]["headers"]
        }
    assert "405" not in catch_all["responses"]
    assert gateway.allowed(paths["/v1/reports/{report_id}"]) == "DELETE, GET"
