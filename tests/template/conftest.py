"""The template as it is deployed, but for the dependencies: synthesised by Chalice, then expanded
as SAM does.
"""

from typing import Any

import pytest

from infra.packaging import bundle, package, policies, templates

FUNCTIONS = "AWS::Serverless::Function"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    build = tmp_path_factory.mktemp("build")
    project = package.stage_project(package.ROOT, build, bundle.ARM64)
    merge = templates.merge_template(package.ROOT, bundle.ARM64)
    synthesised = package.run_chalice(project, build, merge)
    completed = templates.complete(synthesised, project / ".chalice")
    return templates.locate_code(completed, "functions-f.zip", "media-m.zip")


@pytest.fixture(scope="session")
def resources(template: dict[str, Any]) -> dict[str, Any]:
    """By logical id."""
    return dict(template["Resources"])


@pytest.fixture(scope="session")
def expanded(template: dict[str, Any]) -> dict[str, Any]:
    """The resources that SAM makes of it, by logical id."""
    return dict(templates.translate(template)["Resources"])


@pytest.fixture(scope="session")
def functions(resources: dict[str, Any]) -> dict[str, Any]:
    """The properties of each function, by logical id."""
    return of_type(resources, FUNCTIONS)


@pytest.fixture(scope="session")
def statements() -> dict[str, list[dict[str, Any]]]:
    """What each function may do, by its name."""
    return dict(policies.statements())


def of_type(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    """The properties of all resources of a type, by logical id."""
    return {
        name: resource["Properties"]
        for name, resource in resources.items()
        if resource["Type"] == kind
    }
