"""Give each officers' route its own limits in a packaged template.

The stage's limits hold for every route on its own. Officers are few, and each of their requests
also runs the authorizer, whatever token it has: so their routes have lower limits. A setting of a
stage cannot name several routes, so each method that asks the authorizer gets one.
"""

from typing import Any

from infra.packaging.bundle import Incomplete

# API Gateway changes at most this many settings of a stage at once.
MOST_CHANGES = 80

Template = dict[str, Any]


def complete(template: Template) -> Template:
    """Add the settings of officers' methods, and return the template. Raises Incomplete when there
    are more than a stage can take.
    """
    api = template["Resources"]["RestAPI"]["Properties"]
    for path, methods in api["DefinitionBody"]["paths"].items():
        for method in methods:
            if "security" in methods[method]:
                api["MethodSettings"].append(_officers_limits(path, method))
    changes = sum(len(each) - 2 for each in api["MethodSettings"])
    if changes > MOST_CHANGES:
        raise Incomplete(
            f"the stage has {changes} settings of methods, over {MOST_CHANGES}: "
            "limit fewer of officers' routes in infra/packaging/throttles.py"
        )
    return template


def _officers_limits(path: str, method: str) -> dict[str, Any]:
    return {
        "ResourcePath": "/" + path.replace("~", "~0").replace("/", "~1"),
        "HttpMethod": method.upper(),
        "ThrottlingRateLimit": {"Ref": "OfficerThrottleRate"},
        "ThrottlingBurstLimit": {"Ref": "OfficerThrottleBurst"},
    }
