"""The OpenAPI documents are made from the routes, complete, valid, and the same that are served."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from app import app
from chalicelib.domain.catalogue.model import catalogue
from chalicelib.http import index
from chalicelib.http.docs import DOCUMENTS
from chalicelib.http.openapi.document import document_of
from chalicelib.kernel.config import Api
from chalicelib.kernel.languages import text
from infra import openapi
from tests.client import call
from tests.contract.tomorrow import (
    WHOLE,
    examples,
    of_tomorrow,
    problems_of,
    resolved,
    resolved_responses,
)
from tests.documented import assert_documented

type Document = dict[str, Any]


def operations_of(whole: Document) -> list[tuple[str, Any]]:
    """Return the operations, by method and path, with all their parameters in their place."""
    shared = whole["components"]["parameters"]
    return [
        (
            f"{method.upper()} {path}",
            operation
            | {
                "parameters": [
                    shared[each["$ref"].rpartition("/")[2]] if "$ref" in each else each
                    for each in operation["parameters"]
                ]
            },
        )
        for path, methods in whole["paths"].items()
        for method, operation in methods.items()
    ]


BOTH = {api: document_of(index.operations(), api) for api in Api}
OPERATIONS = operations_of(WHOLE)
each_document = pytest.mark.parametrize("api", Api)
each_operation = pytest.mark.parametrize(
    "operation", [operation for _, operation in OPERATIONS], ids=[name for name, _ in OPERATIONS]
)


@each_document
def test_it_is_valid_openapi_3_1(api: Api) -> None:
    assert BOTH[api]["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(BOTH[api]).iter_errors()] == []


def test_the_file_is_what_the_routes_declare() -> None:
    for path, fresh in openapi.rendered().items():
        assert path.read_text(encoding="utf-8") == fresh, "run `make openapi`"


def test_a_stale_file_fails_the_check_and_says_what_to_run(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = tmp_path / "openapi.json"
    stale.write_text("{}")
    monkeypatch.setattr(openapi, "rendered", lambda: {stale: "fresh"})
    monkeypatch.setattr("sys.argv", ["openapi", "--check"])

    with pytest.raises(SystemExit, match="make openapi"):
        openapi.main()
    assert stale.read_text() == "{}"


def test_every_module_of_routes_is_in_the_index() -> None:
    package = Path(index.__file__).parents[1]
    declaring = {
        ".".join(path.relative_to(package).with_suffix("").parts)
        for path in package.rglob("*.py")
        if re.search(r"^routes = Routes\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert declaring == set(openapi.MODULES), "add it to MODULES in infra/openapi.py"


def test_every_route_is_in_one_document_as_in_the_whole() -> None:
    routes = {f"{method} {path}" for path, methods in app.routes.items() for method in methods}
    described = [each for api in Api for each in operations_of(BOTH[api])]

    assert routes == {name for name, _ in described}
    assert len(routes) == len(described)
    assert dict(described) == dict(OPERATIONS)


@each_document
def test_a_parameter_of_all_operations_is_described_once(api: Api) -> None:
    operations = [each for path in BOTH[api]["paths"].values() for each in path.values()]
    own = {each.get("name") for operation in operations for each in operation["parameters"]}
    assert "Accept-Language" not in own


def test_the_residents_document_has_what_an_app_needs_and_nothing_of_officers() -> None:
    residents = dict(operations_of(BOTH[Api.RESIDENTS]))

    assert {"POST /v1/reports", "GET /v1/catalogue", "GET /v1/bulletins"} <= residents.keys()
    assert not [name for name in residents if re.search("/officer|/admin|/docs|/openapi", name)]
    assert not [each for each in residents.values() if {"officer": []} in each["security"]]
    assert BOTH[Api.RESIDENTS]["components"]["securitySchemes"].keys() == {"receipt"}


@each_operation
def test_an_operation_is_described_and_says_how_it_may_fail(operation: Any) -> None:
    assert operation["summary"]
    assert operation["description"]
    assert {"429", "503"} <= operation["responses"].keys()
    assert any(status < "400" for status in operation["responses"])
    if operation["security"]:
        assert "401" in operation["responses"]
    if "requestBody" in operation:
        assert {"400", "413", "415", "422"} <= operation["responses"].keys()


@each_operation
def test_an_operation_has_an_example_of_its_body_and_each_response(operation: Any) -> None:
    contents = [
        answer["content"] for answer in resolved_responses(operation) if "content" in answer
    ]
    if "requestBody" in operation:
        contents.append(operation["requestBody"]["content"])
    unshown = [
        medium["schema"]
        for content in contents
        for kind, medium in content.items()
        if kind.endswith("json") and "example" not in medium and not medium.get("examples")
    ]
    assert unshown == [], "give it one in `http/examples/`"


@each_operation
def test_an_example_is_what_its_schema_says(operation: Any) -> None:
    contents = [answer.get("content", {}) for answer in resolved_responses(operation)]
    contents.append(operation.get("requestBody", {}).get("content", {}))
    for medium in (medium for content in contents for medium in content.values()):
        for example in examples(medium):
            assert problems_of(example, medium["schema"]) == []


@each_operation
def test_a_refusal_has_the_one_shape_and_names_its_codes(operation: Any) -> None:
    for status, reference in operation["responses"].items():
        # A page for people says itself what is not there.
        if status >= "400" and "text/html" not in resolved(reference)["content"]:
            content = resolved(reference)["content"]["application/problem+json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
            for code, example in zip(content["examples"], examples(content), strict=True):
                assert (example["code"], example["status"]) == (code, int(status))


@each_document
def test_null_beside_one_type_is_a_type_and_no_choice(api: Api) -> None:
    """Generators of Kotlin and Swift make a class of each `anyOf`."""
    choices = [each for each in schemas_in(BOTH[api]["components"]) if "anyOf" in each]

    for each in choices:
        rest = [option for option in each["anyOf"] if option != {"type": "null"}]
        assert len(rest) > 1 or not isinstance(rest[0].get("type"), str), each
    assert {"type": ["string", "null"]}.items() <= BOTH[api]["components"]["schemas"]["Upload"][
        "properties"
    ]["url"].items()


@pytest.mark.parametrize("form", ["Submission", "OfficerSubmission"])
def test_a_report_has_a_text_or_media(form: str) -> None:
    schema = {"$ref": f"#/components/schemas/{form}"}
    report = {"category": "other"} | ({"source": "phone"} if form == "OfficerSubmission" else {})
    media = [{"content_type": "image/jpeg", "size": 1}]

    assert problems_of(report | {"text": "…", "details": {"danger": True}}, schema) == []
    assert problems_of(report | {"media": media, "text": ""}, schema) == []
    assert problems_of(report | {"text": ""}, schema) != []
    assert problems_of(report | {"media": []}, schema) != []
    assert problems_of(report | {"text": "…", "details": {"danger": None}}, schema) != []
    assert problems_of(report, schema) != []


def test_no_body_has_a_default_that_a_client_would_send() -> None:
    assert '"default"' not in json.dumps(WHOLE["components"]["schemas"])


def test_a_change_is_null_only_where_null_is_accepted() -> None:
    components = WHOLE["components"]["schemas"]
    nullable = {
        name: {
            field for field, schema in each["properties"].items() if '"null"' in json.dumps(schema)
        }
        for name, each in components.items()
        if name in ("ReportChange", "BulletinChange")
    }
    assert nullable == {
        "ReportChange": {"assignee", "disposition", "duplicate_of"},
        "BulletinChange": {"area", "expires_at"},
    }


def test_codes_that_may_be_added_are_no_closed_set() -> None:
    created = WHOLE["components"]["schemas"]["CreatedReport"]["properties"]
    assert created["category"]["x-extensible-enum"] == [
        each.code for each in catalogue().categories
    ]
    assert problems_of("a_new_one", created["category"]) == []


def test_a_strict_client_of_today_takes_the_values_of_tomorrow() -> None:
    opened: set[str] = set()
    for _, operation in OPERATIONS:
        for answer in resolved_responses(operation):
            for medium in answer.get("content", {}).values():
                for example in examples(medium):
                    later = of_tomorrow(example, medium["schema"], opened)
                    assert problems_of(later, medium["schema"]) == []
    fields = (each.get("properties", {}).items() for each in schemas_in(WHOLE["components"]))
    assert {
        name for each in fields for name, field in each if "x-extensible-enum" in field
    } <= opened


def test_no_response_has_a_closed_set_and_a_body_has() -> None:
    def is_closed(value: Any) -> bool:
        return any(
            "enum" in each or ("$ref" in each and is_closed(resolved(each)))
            for each in schemas_in(value)
        )

    for name, operation in OPERATIONS:
        assert not is_closed(resolved_responses(operation)), name
    (send,) = (each for _, each in OPERATIONS if each["operationId"] == "create_report")
    assert is_closed(send["requestBody"])


def test_a_report_needs_its_key_and_a_change_its_version() -> None:
    create = dict(OPERATIONS)["POST /v1/reports"]
    headers = {
        parameter["name"]: parameter["required"]
        for parameter in create["parameters"]
        if parameter["in"] == "header"
    }
    assert headers["Idempotency-Key"] is True


@pytest.mark.parametrize(
    ("status", "kind", "text"),
    [
        (418, "application/json", "{}"),
        (200, "text/html", "{}"),
        (200, "application/json", "{}"),
        (200, "application/json", '{"status":"no"}'),
    ],
)
def test_an_undocumented_response_fails_the_test_that_meets_it(
    status: int, kind: str, text: str
) -> None:
    health = '{"status":"ok","version":"1","commit":null,"load_level":0,"challenge":null}'
    assert_documented("GET", "/v1/health", 200, "application/json", health)
    with pytest.raises(AssertionError):
        assert_documented("GET", "/v1/health", status, kind, text)


@each_document
def test_it_is_served_with_a_tag_and_not_sent_twice(api: Api) -> None:
    first = call("GET", f"/{DOCUMENTS[api]}")
    again = call("GET", f"/{DOCUMENTS[api]}", headers={"If-None-Match": first.headers["etag"]})

    assert first.status == 200
    assert first.json == BOTH[api]
    assert first.headers["content-type"] == "application/json"
    assert (again.status, again.text) == (304, "")


@each_operation
def test_the_emergency_text_of_an_example_is_what_the_service_says(operation: Any) -> None:
    content = [medium for each in resolved_responses(operation) for medium in media_of(each)]
    shown = [found for medium in content for each in examples(medium) for found in texts_of(each)]

    assert shown == [text("emergency.text", "en")] * len(shown)


def test_some_examples_show_the_emergency_text() -> None:
    said = text("emergency.text", "en")
    assert json.dumps(WHOLE["paths"], ensure_ascii=False).count(said) > 3


def schemas_in(value: Any) -> Iterator[Any]:
    """Yield each object of a document, however deep."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from schemas_in(inner)


def media_of(response: Any) -> Iterator[Any]:
    yield from response.get("content", {}).values()


def texts_of(example: Any) -> Iterator[str]:
    """Yield each emergency text in an example, however deep."""
    if isinstance(example, dict):
        if isinstance(emergency := example.get("emergency"), dict):
            yield emergency["text"]
        for inner in example.values():
            yield from texts_of(inner)
    elif isinstance(example, list):
        for inner in example:
            yield from texts_of(inner)
