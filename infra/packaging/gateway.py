"""What Chalice has no words for at the gateway, and in front of it: its own responses, preflights,
throttles, the firewall's response, the headers of the web clients.

In `infra/app.yaml` each response of the gateway has the code of an error in the place of its body:

    responseTemplates: {application/json: not_found}
"""

import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from chalicelib.http.problems import TYPE_BASE
from chalicelib.kernel.city import city
from chalicelib.kernel.errors import WrongMethod
from chalicelib.kernel.languages import text
from infra.packaging.bundle import Incomplete
from infra.web.headers import Origins, security_headers

RESPONSES = "x-amazon-apigateway-gateway-responses"
INTEGRATION = "x-amazon-apigateway-integration"
ANY = "x-amazon-apigateway-any-method"
_ELSEWHERE = "/{proxy+}"
CONSOLE = "https://console.invalid"
"""What Chalice is given in the place of the console's origin, which is known at deployment."""

# AWS WAF's limit for one response, in bytes.
LONGEST_BODY = 4096

# API Gateway changes at most this many settings of a stage at once.
MOST_CHANGES = 80
OFFICERS, RESIDENTS, CREATION = "OfficerThrottle", "Throttle", "CreateThrottle"
# Routes with a limit that no other route has.
_OWN_LIMITS = {("/v1/reports", "post"): CREATION, ("/v1/officer/pulse", "get"): "PulseThrottle"}
# Of each response that the gateway makes itself.
_HEADERS = {
    "Content-Type": "'application/problem+json'",
    "Cache-Control": "'no-store'",
    "X-Content-Type-Options": "'nosniff'",
    "X-Request-Id": "context.requestId",
    "Access-Control-Allow-Origin": "'*'",
    "Access-Control-Expose-Headers": "'Allow,Deprecation,ETag,Idempotency-Replayed,Location,"
    "RateLimit,RateLimit-Policy,Retry-After,Sunset,X-Request-Id'",
}
_METHODS = frozenset({"get", "put", "post", "patch", "delete"})

_ORIGIN = "method.response.header.Access-Control-Allow-Origin"
# Headers of the web clients that CloudFront has a setting for; any other is a custom one.
_CSP, _HSTS = "Content-Security-Policy", "Strict-Transport-Security"
_REFERRER, _SNIFF = "Referrer-Policy", "X-Content-Type-Options"
_STORAGE, _ISSUER, _SIGN_IN = "${Storage}", "${IssuerOrigin}", "${SignInOrigin}"

Template = dict[str, Any]


def complete(template: Template) -> Template:
    """Complete a packaged template, and return it. Raises Incomplete."""
    for step in (
        complete_preflights,
        refuse_wrong_methods,
        add_throttles,
        complete_firewall,
        write_web_headers,
    ):
        step(template)
    return template


def write_responses(definition: dict[str, Any]) -> None:
    """Write the bodies into a `DefinitionBody`: those of the gateway's responses by kind, and those
    of the paths that it answers by itself.
    """
    definition[RESPONSES] = complete_responses(definition)
    for path in definition["paths"].values():
        for method in path.values():
            for declared in method["responses"].values():
                declared["headers"] = {name: {"type": "string"} for name in _HEADERS}
            responses = method[INTEGRATION]["responses"]
            for name, response in responses.items():
                responses[name] = _written(response, "method.response.header")


def complete_responses(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return the gateway's responses of a `DefinitionBody`, by kind, each with headers and body.

    Raises Incomplete for a text with `$`, which the gateway would take for a variable.
    """
    return {
        kind: _written(response, "gatewayresponse.header")
        for kind, response in definition[RESPONSES].items()
    }


def _written(response: Mapping[str, Any], header: str) -> dict[str, Any]:
    (code,) = response["responseTemplates"].values()
    body = body_of(response["statusCode"], code)
    headers = {f"{header}.{name}": value for name, value in _HEADERS.items()}
    return {
        **response,
        "responseParameters": headers | response.get("responseParameters", {}),
        "responseTemplates": {"application/json": body},
    }


def body_of(status: str, code: str) -> str:
    """Return the problem of `http/problems.py`, in all languages of the city."""
    title, detail = (_in_all_languages(f"error.{code}.{form}") for form in ("title", "detail"))
    problem = {
        "type": TYPE_BASE + code,
        "code": code,
        "title": title,
        "status": int(status),
        "detail": detail,
        "request_id": "$context.requestId",
    }
    return json.dumps(problem, ensure_ascii=False, separators=(",", ":"))


def _in_all_languages(key: str) -> str:
    said = " / ".join(text(key, language) for language in city().languages)
    if "$" in said:
        raise Incomplete(f"the text {key} has a $, which the gateway would take for a variable")
    return said


def complete_preflights(template: Template) -> None:
    """Complete the OPTIONS method that Chalice writes for each path from the routes' `cors`
    (`chalicelib/http/index.py`). Raises Incomplete when `CONSOLE` is anywhere else.
    """
    paths = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    for methods in paths.values():
        if "options" in methods:
            methods["options"] = _preflight(methods["options"])
    if CONSOLE in json.dumps(template):
        raise Incomplete(f"{CONSOLE} is left in the template")


def _preflight(preflight: dict[str, Any]) -> dict[str, Any]:
    """Return a preflight to which the gateway itself responds: without a console, to no officers'
    path.
    """
    integration = preflight[INTEGRATION]
    # A body of another type would be passed on, and fail with 500. It is refused with 415.
    integration["passthroughBehavior"] = "never"
    (response,) = integration["responses"].values()
    # `application/json` is binary to this gateway, and a mock integration fails with 500 unless its
    # empty response is said to be text (https://github.com/aws/chalice/issues/1310).
    response["contentHandling"] = "CONVERT_TO_TEXT"
    headers = response["responseParameters"]
    if headers[_ORIGIN] != f"'{CONSOLE}'":
        return preflight
    headers[_ORIGIN] = {"Fn::Sub": "'${ConsoleOrigin}'"}
    return {"Fn::If": ["HasConsoleOrigin", preflight, {"Ref": "AWS::NoValue"}]}


def refuse_wrong_methods(template: Template) -> None:
    """Let the gateway refuse what a path has no method for: 405, with those that it has in `Allow`.

    It takes the methods of a path first, and then this one; without it, a wrong method is the same
    to it as an unknown path. All but status, code and `Allow` is as for that.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-any-method.html
    """
    paths = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    body = {"application/json": body_of("405", WrongMethod.code)}
    for path, methods in paths.items():
        if path == _ELSEWHERE:
            continue
        method = deepcopy(paths[_ELSEWHERE][ANY])
        declared, integration = method["responses"], method[INTEGRATION]
        declared["405"] = {**declared.pop("404"), "description": "Wrong method"}
        declared["405"]["headers"]["Allow"] = {"type": "string"}
        integration["requestTemplates"] = {"application/json": '{"statusCode": 405}'}
        (response,) = integration["responses"].values()
        response |= {"statusCode": "405", "responseTemplates": body}
        response["responseParameters"]["method.response.header.Allow"] = f"'{allowed(methods)}'"
        methods[ANY] = method


def allowed(methods: Iterable[str]) -> str:
    """Return the value of `Allow` for the methods of a path."""
    return ", ".join(sorted(each.upper() for each in methods if each.lower() in _METHODS))


def add_throttles(template: Template) -> None:
    """Give residents' routes and the pulse their own limits.

    Raises Incomplete for more than a stage can take.

    The stage's limits are those of officers' routes, and of what the gateway answers by itself.
    They hold for each route on its own, whatever token a request has: so each is given all that
    residents' routes leave of an account (10,000 a second), and what officers' routes get together
    is limited by the firewall (`officers-together` in `infra/edge.yaml`). Residents' routes at
    their limits, all at once, take nothing of that; the creation of reports has higher limits than
    those that read. Why: docs/adr/0059-officers-budget.md. The pulse, which consoles ask for by
    themselves, has less than what a person asks for: docs/adr/0064-pulse.md.
    """
    api = template["Resources"]["RestAPI"]["Properties"]
    for path, methods in api["DefinitionBody"]["paths"].items():
        of_officers = any("security" in definition for definition in methods.values())
        for method in methods:
            kind = limits_of(path, method, of_officers=of_officers)
            if kind != OFFICERS:
                api["MethodSettings"].append(_limits(path, method, kind))
    changes = sum(len(each) - 2 for each in api["MethodSettings"])
    if changes > MOST_CHANGES:
        raise Incomplete(
            f"the stage has {changes} settings of methods, over {MOST_CHANGES}: "
            "limit fewer of residents' routes in infra/packaging/gateway.py"
        )


def limits_of(path: str, method: str, *, of_officers: bool) -> str:
    """Return the first part of the names of the two parameters that limit a method of a path."""
    general = RESIDENTS if method in _METHODS and not of_officers else OFFICERS
    return _OWN_LIMITS.get((path, method), general)


def _limits(path: str, method: str, kind: str) -> dict[str, Any]:
    return {
        "ResourcePath": _resource(path),
        "HttpMethod": method.upper(),
        "ThrottlingRateLimit": {"Ref": f"{kind}Rate"},
        "ThrottlingBurstLimit": {"Ref": f"{kind}Burst"},
    }


def _resource(path: str) -> str:
    return "/" + path.replace("~", "~0").replace("/", "~1")


def complete_firewall(template: Template) -> None:
    """Give the firewall the words of the gateway: whoever sends too much reads the same from both.
    A firewall does not know the id of a request. Raises Incomplete when they are too long.
    """
    resources = template["Resources"]
    throttled = resources["RestAPI"]["Properties"]["DefinitionBody"][RESPONSES]["THROTTLED"]
    body = json.loads(throttled["responseTemplates"]["application/json"])
    del body["request_id"]
    content = json.dumps(body, ensure_ascii=False)
    if len(content.encode()) > LONGEST_BODY:
        raise Incomplete(f"the firewall's response has over {LONGEST_BODY} bytes")
    resources["WebAcl"]["Properties"]["CustomResponseBodies"] = {
        "slow-down": {"ContentType": "APPLICATION_JSON", "Content": content}
    }


def write_web_headers(template: Template) -> None:
    """Give CloudFront the headers of the web clients. The origins in them are known at deployment:
    the media bucket, the issuer and its sign-in pages.

    Raises Incomplete for a header with a value that CloudFront cannot send.
    """
    policy = template["Resources"]["WebHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    headers = security_headers(Origins(storage=[_STORAGE], sign_in=[_SIGN_IN, _ISSUER]), https=True)
    if headers.pop(_SNIFF) != "nosniff":
        raise Incomplete(f"CloudFront sends {_SNIFF}: nosniff, and nothing else")
    policy["SecurityHeadersConfig"] = {
        "ContentSecurityPolicy": {
            "Override": True,
            "ContentSecurityPolicy": {"Fn::Sub": [headers.pop(_CSP), _origins(template)]},
        },
        "StrictTransportSecurity": {"Override": True, **_transport(headers.pop(_HSTS))},
        "ReferrerPolicy": {"Override": True, "ReferrerPolicy": headers.pop(_REFERRER)},
        "ContentTypeOptions": {"Override": True},
    }
    policy["CustomHeadersConfig"] = {
        "Items": [
            {"Header": name, "Value": value, "Override": True} for name, value in headers.items()
        ]
    }


def _origins(template: Template) -> dict[str, Any]:
    """Return what the origins are called by: of another issuer, its pages are at the issuer."""
    address = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "Issuer"}]}]}
    other = {"Fn::Sub": ["https://${Host}", {"Host": address}]}
    pool = {"Fn::Sub": "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}"}
    pages = template["Outputs"]["SignInUrl"]["Value"]["Fn::If"][1]
    return {
        "Storage": {"Fn::Sub": "https://${MediaBucket.RegionalDomainName}"},
        "SignInOrigin": {"Fn::If": ["SignsInByPool", pages, other]},
        "IssuerOrigin": {"Fn::If": ["SignsInByPool", pool, other]},
    }


def _transport(value: str) -> dict[str, Any]:
    age, *more = [part.strip() for part in value.split(";")]
    if not age.startswith("max-age=") or not set(more) <= {"includeSubDomains", "preload"}:
        raise Incomplete(f"{_HSTS} is not understood: {value}")
    return {
        "AccessControlMaxAgeSec": int(age.removeprefix("max-age=")),
        "IncludeSubdomains": "includeSubDomains" in more,
        "Preload": "preload" in more,
    }
