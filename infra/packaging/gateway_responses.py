"""Write the bodies of the gateway's own responses, from the texts of the app.

In `infra/app.yaml` each has the code of an error in the place of its body:

    responseTemplates: {application/json: not_found}
"""

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.http.problems import TYPE_BASE
from chalicelib.kernel.city import city
from chalicelib.kernel.languages import text
from infra.packaging.bundle import Incomplete

NAME = "x-amazon-apigateway-gateway-responses"


def write(definition: dict[str, Any]) -> None:
    """Write the bodies into a `DefinitionBody`: those of the gateway's responses by kind, and those
    of the paths that it answers by itself.
    """
    definition[NAME] = complete(definition)
    for path in definition["paths"].values():
        for method in path.values():
            responses = method["x-amazon-apigateway-integration"]["responses"]
            responses |= {name: _completed(response) for name, response in responses.items()}


def complete(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return the gateway's responses of a `DefinitionBody`, by kind, each with its body.

    Raises Incomplete for a text with `$`, which the gateway would take for a variable.
    """
    return {kind: _completed(response) for kind, response in definition[NAME].items()}


def _completed(response: Mapping[str, Any]) -> dict[str, Any]:
    (code,) = response["responseTemplates"].values()
    body = _body(response["statusCode"], code)
    return {**response, "responseTemplates": {"application/json": body}}


def _body(status: str, code: str) -> str:
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
