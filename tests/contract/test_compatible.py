"""What would break a client of the last release is found, and what would not is let through."""

import subprocess
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from infra.release import ROOT
from tests.contract.compatible import documents_of, facts, problems

SEND = "POST /v1/reports"
STATE: Any = {"type": "string", "enum": ["new", "closed"]}
REPORT: Any = {
    "title": "Report",
    "type": "object",
    "required": ["state"],
    "properties": {
        "state": {"$ref": "#/components/schemas/State"},
        "ended_at": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
        "files": {"type": "array", "items": {"type": "string"}},
    },
}
SUBMISSION: Any = {
    "title": "Submission",
    "type": "object",
    "required": ["text"],
    "properties": {"text": {"type": "string"}, "size": {"type": "integer"}},
}
OPERATION: Any = {
    "operationId": "create_report",
    "security": [],
    "parameters": [
        {"in": "query", "name": "limit", "required": False, "schema": {"type": "integer"}}
    ],
    "requestBody": {
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Submission"}}}
    },
    "responses": {
        "201": {
            "headers": {"ETag": {}},
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Report"}}},
        },
        "409": {
            "content": {"application/problem+json": {"schema": {}, "examples": {"conflict": {}}}}
        },
    },
}
RELEASE: Any = {
    "paths": {"/v1/reports": {"post": OPERATION}},
    "components": {"schemas": {"Report": REPORT, "Submission": SUBMISSION, "State": STATE}},
}

type Change = Callable[[Any, Any], object]


def changed(change: Change) -> Any:
    """Return the document after a change of its operation or its schemas."""
    document = deepcopy(RELEASE)
    change(document["paths"]["/v1/reports"]["post"], document["components"]["schemas"])
    return document


def found(document: Any, **named: str) -> list[str]:
    return problems(facts([RELEASE]), facts([document]), named)


BREAKING: dict[str, Change] = {
    f"{SEND}: was create_report, is send": lambda o, s: o.update(operationId="send"),
    f"{SEND}: was create_report, is create_report | {{'receipt': []}}": lambda o, s: o.update(
        security=[{"receipt": []}]
    ),
    f"{SEND} query limit: is gone": lambda o, s: o["parameters"].clear(),
    f"{SEND} query limit: was integer, is string": lambda o, s: o["parameters"][0].update(
        schema={"type": "string"}
    ),
    f"{SEND} query limit: is now required": lambda o, s: o["parameters"][0].update(required=True),
    f"{SEND} query sort: is new, and required": lambda o, s: o["parameters"].append(
        {"in": "query", "name": "sort", "required": True, "schema": {"type": "string"}}
    ),
    f"{SEND} body size: is gone": lambda o, s: s["Submission"]["properties"].pop("size"),
    f"{SEND} body size: is now required": lambda o, s: s["Submission"]["required"].append("size"),
    f"{SEND} body place: is new, and required": lambda o, s: s["Submission"].update(
        properties=SUBMISSION["properties"] | {"place": {}}, required=["text", "place"]
    ),
    f"{SEND} 201 ETag: is gone": lambda o, s: o["responses"]["201"]["headers"].clear(),
    f"{SEND} 409 conflict: is gone": lambda o, s: o["responses"]["409"]["content"][
        "application/problem+json"
    ]["examples"].clear(),
    f"{SEND} 201 application/json files: is gone": lambda o, s: s["Report"]["properties"].pop(
        "files"
    ),
    f"{SEND} 201 application/json files []: was string, is integer": lambda o, s: s["Report"][
        "properties"
    ]["files"].update(items={"type": "integer"}),
    f"{SEND} 201 application/json state: may now be missing": lambda o, s: s["Report"][
        "required"
    ].clear(),
    f"{SEND} 201 application/json state: was closed | new | string, is new | string": (
        lambda o, s: s["State"].update(enum=["new"])
    ),
    f"{SEND} 201 application/json files []: was string, is a | string": lambda o, s: s["Report"][
        "properties"
    ]["files"].update(items={"type": "string", "enum": ["a"]}),
    f"{SEND} 201 application/json ended_at: was date-time | null | string, is date-time | string": (
        lambda o, s: s["Report"]["properties"]["ended_at"]["anyOf"].pop()
    ),
}


@pytest.mark.parametrize("problem", BREAKING)
def test_what_breaks_a_client_is_found(problem: str) -> None:
    assert problem in found(changed(BREAKING[problem]))


def test_an_operation_and_a_status_that_are_gone_are_found() -> None:
    assert f"{SEND}: is gone" in found({"paths": {}})
    assert f"{SEND} 409: is gone" in found(changed(lambda o, s: o["responses"].pop("409")))


HARMLESS: dict[str, Change] = {
    "as it was": lambda o, s: None,
    "null beside one type": lambda o, s: s["Report"]["properties"].update(
        ended_at={"type": ["string", "null"], "format": "date-time"}
    ),
    "a new field of a response": lambda o, s: s["Report"].update(
        properties=REPORT["properties"] | {"new": {"type": "string"}}, required=["state", "new"]
    ),
    "a new field that may be sent": lambda o, s: s["Submission"]["properties"].update(new={}),
    "a new object that may be sent": lambda o, s: s["Submission"]["properties"].update(new=REPORT),
    "a new parameter": lambda o, s: o["parameters"].append(
        {"in": "header", "name": "New", "required": False, "schema": {}}
    ),
    "no longer required": lambda o, s: s["Submission"]["required"].clear(),
    "always there": lambda o, s: s["Report"]["required"].append("files"),
    "values that become open": lambda o, s: s["State"].update(
        {"x-extensible-enum": s["State"].pop("enum")}
    ),
    "a new status": lambda o, s: o["responses"].update({"410": {}}),
}


@pytest.mark.parametrize("change", HARMLESS)
def test_what_breaks_no_client_is_let_through(change: str) -> None:
    assert found(changed(HARMLESS[change])) == []


def test_a_new_operation_is_let_through() -> None:
    more = deepcopy(RELEASE)
    more["paths"]["/v1/new"] = {"put": OPERATION}
    assert found(more) == []


def test_each_object_of_a_choice_is_compared_by_itself() -> None:
    choice = {"anyOf": [{"$ref": "#/components/schemas/Submission"}, REPORT]}
    before = changed(lambda o, s: s.update(Report={"title": "Both", **choice}))
    now = deepcopy(before)
    now["components"]["schemas"]["Submission"]["properties"].pop("size")

    assert problems(facts([before]), facts([now]), {}) == [
        f"{SEND} body size: is gone",
        f"{SEND} 201 application/json Submission size: is gone",
    ]


def test_a_change_with_a_reason_is_let_through_while_there_is_one() -> None:
    without = changed(lambda o, s: s["Report"]["properties"].pop("files"))
    named = {f"{SEND} 201 application/json files": "Nobody used it."}

    assert found(without, **named) == []
    assert found(RELEASE, **named) == [
        f"{SEND} 201 application/json files is as before: take it out of CHANGED"
    ]


def test_a_change_of_one_place_does_not_cover_one_whose_name_begins_alike() -> None:
    without = changed(lambda o, s: s["Report"]["properties"].pop("files"))
    assert len(found(without, **{f"{SEND} 201 application/json file": "Another."})) == 3


def test_the_documents_of_a_commit_are_made_by_its_own_code() -> None:
    head = subprocess.run(
        ["git", "-C", ROOT, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    )
    documents = documents_of(head.stdout.strip(), ROOT)

    assert documents is not None
    assert [len(each["paths"]) > 20 for each in documents] == [True, True]


def test_a_clone_without_the_commit_has_no_documents(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    assert documents_of("0" * 40, tmp_path) is None
