"""Give the firewall of a packaged template the words of the gateway.

Whoever sends too much reads the same, whether the gateway or the firewall refuses it. A firewall
does not know the id of a request, so its response has none.
"""

import json
from typing import Any

from infra.packaging.bundle import Incomplete

# AWS WAF's limit for one response, in bytes.
LONGEST_BODY = 4096

_RESPONSES = "x-amazon-apigateway-gateway-responses"

Template = dict[str, Any]


def complete(template: Template) -> Template:
    """Write the firewall's response, and return the template. Raises Incomplete when it is too
    long.
    """
    resources = template["Resources"]
    throttled = resources["RestAPI"]["Properties"]["DefinitionBody"][_RESPONSES]["THROTTLED"]
    body = json.loads(throttled["responseTemplates"]["application/json"])
    del body["request_id"]
    content = json.dumps(body, ensure_ascii=False)
    if len(content.encode()) > LONGEST_BODY:
        raise Incomplete(f"the firewall's response has over {LONGEST_BODY} bytes")
    resources["WebAcl"]["Properties"]["CustomResponseBodies"] = {
        "slow-down": {"ContentType": "APPLICATION_JSON", "Content": content}
    }
    return template
