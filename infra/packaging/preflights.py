"""Complete the preflights in a packaged template.

From the routes' `cors` (`chalicelib/http/index.py`) Chalice writes an OPTIONS method for each
path, with a mock integration: the gateway itself responds. What Chalice has no words for:

- The console's origin is known at deployment. Chalice is given `CONSOLE` in its place, and the
  parameter replaces it; where it is empty, these paths have no OPTIONS.
- `application/json` is binary to this gateway, and a mock integration fails with 500 unless it is
  said that its empty response is text (https://github.com/aws/chalice/issues/1310).
- A body of another type would be passed on, and fail with 500 too. It is refused with 415.
"""

import json
from typing import Any

from infra.packaging.bundle import Incomplete

CONSOLE = "https://console.invalid"

_ORIGIN = "method.response.header.Access-Control-Allow-Origin"

Template = dict[str, Any]


def complete(template: Template) -> Template:
    """Complete each OPTIONS method, and return the template. Raises Incomplete when `CONSOLE` is
    anywhere else in it.
    """
    paths = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    for methods in paths.values():
        if "options" in methods:
            methods["options"] = _completed(methods["options"])
    if CONSOLE in json.dumps(template):
        raise Incomplete(f"{CONSOLE} is left in the template")
    return template


def _completed(preflight: dict[str, Any]) -> dict[str, Any]:
    integration = preflight["x-amazon-apigateway-integration"]
    integration["passthroughBehavior"] = "never"
    (response,) = integration["responses"].values()
    response["contentHandling"] = "CONVERT_TO_TEXT"
    headers = response["responseParameters"]
    if headers[_ORIGIN] != f"'{CONSOLE}'":
        return preflight
    headers[_ORIGIN] = {"Fn::Sub": "'${ConsoleOrigin}'"}
    return {"Fn::If": ["HasConsoleOrigin", preflight, {"Ref": "AWS::NoValue"}]}
