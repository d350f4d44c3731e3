"""A check of every response in the tests against the OpenAPI document: status, type and body."""

import json
import threading
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from chalicelib.http import index, problems
from chalicelib.http.openapi import document

_making = threading.Lock()


def assert_documented(method: str, route: str, status: int, content_type: str, text: str) -> None:
    operation = _document()["paths"][route][method.lower()]
    response = operation["responses"].get(str(status))
    assert response, f"{method} {route} is not said to answer {status}: {text[:300]}"
    if "$ref" in response:
        response = _document()["components"]["responses"][response["$ref"].rpartition("/")[2]]
    content = response.get("content", {})
    if not content:
        assert not text, f"{method} {route} {status} is said to have no body"
        return
    kind = content_type.partition(";")[0]
    assert kind in content, (
        f"{method} {route} {status} is said to be {', '.join(content)}, not {kind}"
    )
    if kind.endswith("json"):
        errors = [
            f"{error.json_path}: {error.message}"
            for error in _validator(method, route, status, kind).iter_errors(json.loads(text))
        ]
        assert not errors, f"{method} {route} {status}: {errors}"
    if kind == problems.CONTENT_TYPE:
        code = json.loads(text)["code"]
        assert code in content[kind]["examples"], f"{method} {route} {status}: {code} is not named"


def _document() -> Any:
    # Made once, also when many threads of one test ask for it first.
    with _making:
        return _made_document()


@cache
def _made_document() -> Any:
    # Closed, so that a value that is not declared is found.
    return document(index.operations(), open_values=False)


@cache
def _validator(method: str, route: str, status: int, kind: str) -> Draft202012Validator:
    response = _document()["paths"][route][method.lower()]["responses"][str(status)]
    if "$ref" in response:
        response = _document()["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return Draft202012Validator(
        {**response["content"][kind]["schema"], "components": _document()["components"]}
    )
