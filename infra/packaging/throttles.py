"""Give residents' routes their own limits in a packaged template.

The stage's limits hold for each route on its own, and are those of officers' routes: officers are
few, and each of their requests also runs the authorizer, whatever token it has. A setting of a
stage cannot name several routes, so each route of residents gets one, but those that are called
seldom; so do the preflights of reporters' routes, which a browser sends before it
reports. The creation of reports has higher limits than the routes that read. All limits together
stay below what an account gets (10,000 a second), so that no flood of one kind takes the room of
another.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.packaging.bundle import Incomplete

# API Gateway changes at most this many settings of a stage at once.
MOST_CHANGES = 80
CREATE = ("/v1/reports", "post")
# Preflights of these routes come before each report of a web page.
_OF_REPORTERS = "/v1/reports"
# Called once for a report at most, when a token of a phone changes, by makers of clients for
# officers, or once by a browser that keeps it: the limits of the stage are enough.
_SELDOM = frozenset(
    [f"/v1/reports/{{report_id}}/{name}" for name in ("reopen", "feedback", "push")]
    + ["/openapi-officers.json", "/docs-officers", "/docs/rapidoc.js"]
)
_METHODS = frozenset({"get", "put", "post", "patch", "delete"})
OFFICERS, RESIDENTS, CREATION = "OfficerThrottle", "Throttle", "CreateThrottle"

Template = dict[str, Any]


def complete(template: Template) -> Template:
    """Add the settings of residents' methods, and return the template. Raises Incomplete when there
    are more than a stage can take.
    """
    api = template["Resources"]["RestAPI"]["Properties"]
    officers = {
        path
        for path, methods in api["DefinitionBody"]["paths"].items()
        if any("security" in methods[method] for method in methods)
    }
    for path, methods in api["DefinitionBody"]["paths"].items():
        for method in methods:
            kind = limits_of(path, method, of_officers=path in officers)
            if kind != OFFICERS:
                api["MethodSettings"].append(_limits(path, method, kind))
    changes = sum(len(each) - 2 for each in api["MethodSettings"])
    if changes > MOST_CHANGES:
        raise Incomplete(
            f"the stage has {changes} settings of methods, over {MOST_CHANGES}: "
            "limit fewer of residents' routes in infra/packaging/throttles.py"
        )
    return template


def limits_of(path: str, method: str, *, of_officers: bool) -> str:
    """Return the first part of the names of the two parameters that limit a method of a path."""
    if (path, method) == CREATE:
        return CREATION
    is_preflight = method == "options" and path.startswith(_OF_REPORTERS)
    if of_officers or path in _SELDOM or not (method in _METHODS or is_preflight):
        return OFFICERS
    return RESIDENTS


def all_limits(template: Template) -> Iterator[Mapping[str, Any]]:
    """Yield the limits of each method of each path of a completed template."""
    api = template["Resources"]["RestAPI"]["Properties"]
    stage, *own = api["MethodSettings"]
    named = {(each["ResourcePath"], each["HttpMethod"]): each for each in own}
    for path, methods in api["DefinitionBody"]["paths"].items():
        for method in methods:
            yield named.get((_resource(path), method.upper()), stage)


def _limits(path: str, method: str, kind: str) -> dict[str, Any]:
    return {
        "ResourcePath": _resource(path),
        "HttpMethod": method.upper(),
        "ThrottlingRateLimit": {"Ref": f"{kind}Rate"},
        "ThrottlingBurstLimit": {"Ref": f"{kind}Burst"},
    }


def _resource(path: str) -> str:
    return "/" + path.replace("~", "~0").replace("/", "~1")
