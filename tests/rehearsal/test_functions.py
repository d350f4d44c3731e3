"""A function runs with what Lambda has, the zip and the layer, and with nothing else."""

import io
import json
import zipfile

import pytest

from chalicelib.http import index
from infra.packaging.aliases import ALIAS, LOGICAL_IDS
from tests.rehearsal.conftest import FUNCTIONS, log_group
from tests.rehearsal.stage import Stage

# boto3 and what it needs.
PROVIDED = {"boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"}
PROBE = """
import importlib, os, pkgutil, sys

def handler(event, context):
    try:
        importlib.import_module("chalicelib")
        found = True
    except ImportError:
        found = False
    return {
        "modules": [
            module.name
            for module in pkgutil.iter_modules()
            if module.module_finder.path.endswith("site-packages")
        ],
        "chalicelib": found,
        "environment": sorted(os.environ),
    }
"""


@pytest.fixture(scope="module")
def seen(stage: Stage) -> dict[str, list[str]]:
    """What a function of nothing but a few lines finds."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("probe.py", PROBE)
    functions = stage.client("lambda")
    api = functions.get_function_configuration(FunctionName=stage.function("APIHandler"))
    functions.create_function(
        FunctionName="probe",
        Runtime=api["Runtime"],
        Architectures=api["Architectures"],
        Role=api["Role"],
        Handler="probe.handler",
        Code={"ZipFile": archive.getvalue()},
    )
    response = functions.invoke(FunctionName="probe")
    result: dict[str, list[str]] = json.loads(response["Payload"].read())
    return result


def test_a_function_finds_boto3_and_no_other_package(seen: dict[str, list[str]]) -> None:
    assert set(seen["modules"]) == PROVIDED
    assert not seen["chalicelib"]


def test_a_function_finds_no_setting_of_the_rehearsal(seen: dict[str, list[str]]) -> None:
    # The two that name a certificate stand for the trust that AWS's own have.
    allowed = ("AWS_", "LAMBDA_", "_", "LC_", "PATH", "TMPDIR", "SSL_CERT_FILE", "LANG")
    assert [name for name in seen["environment"] if not name.startswith(allowed)] == []
    assert "AWS_ENDPOINT_URL" not in seen["environment"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_starts_under_the_boto3_of_this_run(
    stage: Stage, boto3_version: str, name: str
) -> None:
    stage.client("lambda").invoke(FunctionName=stage.function(name), Payload=b"{}")
    started = [
        json.loads(line)
        for line in stage.own_lines(log_group(name))
        if '"function started"' in line
    ]
    assert {(line["boto3"], line["python"][:4]) for line in started} == {(boto3_version, "3.13")}


@pytest.fixture(scope="module")
def called_for(stage: Stage) -> dict[tuple[str, str], str]:
    """The function that the gateway calls for each method of a path, by its logical id."""
    gateway = stage.client("apigateway")
    api = stage.resources["RestAPI"]
    names = {
        f"{stage.function(logical_id)}:{ALIAS}": logical_id for logical_id in LOGICAL_IDS.values()
    }
    found = {}
    pages = gateway.get_paginator("get_resources")
    for page in pages.paginate(restApiId=api, embed=["methods"]):
        for resource in page["items"]:
            for method in resource.get("resourceMethods", {}):
                integration = gateway.get_integration(
                    restApiId=api, resourceId=resource["id"], httpMethod=method
                )
                name = integration.get("uri", "").partition(":function:")[2].split("/")[0]
                if name in names:
                    found[method, resource["path"]] = names[name]
    return found


@pytest.mark.parametrize("route", index.routes(), ids=lambda route: f"{route.method} {route.path}")
def test_the_gateway_calls_the_function_of_each_route(
    called_for: dict[tuple[str, str], str], route: index.Route
) -> None:
    assert called_for[route.method, route.path] == LOGICAL_IDS[route.api]
