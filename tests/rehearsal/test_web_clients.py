"""The web clients behind CloudFront, with the API at the same address.

They have a cloud of their own: the other chapters have none, as a stage has by default.
"""

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib.domain.flood.load_level import LoadLevel
from chalicelib.domain.flood.sources import window_of
from infra.rehearsal import cloud as emulated
from infra.rehearsal import environments
from infra.web.headers import cache_control
from tests.rehearsal.people import Person, authorization, chief_of
from tests.rehearsal.stage import Reply, Stage


@pytest.fixture(scope="module")
def stage(boto3_version: str, build: Path) -> Iterator[Stage]:
    """A stage with the web clients, deployed a first time: nobody knew its address before."""
    with emulated.running(environments.function(boto3_version)) as cloud:
        stage = Stage(cloud)
        printed = stage.deploy(build, WEB_CLIENTS="on")
        assert f"PUBLIC_URL={stage.outputs['PublicUrl']}" in printed
        yield stage


@pytest.fixture(scope="module")
def admin(stage: Stage) -> Person:
    return chief_of(stage)


def get(stage: Stage, path: str) -> Reply:
    return stage.call("GET", path)


def config_of(stage: Stage) -> Any:
    return get(stage, "/console/config.json").json


@pytest.mark.parametrize("path", ["/", "/console/"])
def test_a_page_comes_with_the_headers_that_protect_it(stage: Stage, path: str) -> None:
    page = get(stage, path)
    assert page.status == 200, page.text
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["strict-transport-security"]
    assert page.headers["cache-control"] == cache_control("index.html")


def test_what_a_page_loads_is_there_and_is_kept(stage: Stage) -> None:
    for page in ("/", "/console/"):
        named = re.findall(r'(?:src|href)="([^"]+\.(?:js|css))"', get(stage, page).text)
        assert named
        for address in named:
            found = get(stage, address)
            assert found.status == 200, address
            assert "immutable" in found.headers["cache-control"]


def test_every_path_of_the_console_is_its_page(stage: Stage) -> None:
    page = get(stage, "/console/")
    assert get(stage, "/console/reports/01J0000000000000000000000A").content == page.content
    moved = get(stage, "/console")
    assert (moved.status, moved.headers["location"]) == (302, "/console/")


def test_nobody_reads_the_bucket_but_cloudfront(stage: Stage) -> None:
    region = stage.cloud.region
    bucket = f"https://{stage.outputs['WebBucketName']}.s3.{region}.amazonaws.com"
    assert stage.internet.send("GET", f"{bucket}/index.html").status == 403


def test_a_report_is_filed_and_read_at_the_address_of_the_page(stage: Stage) -> None:
    assert ".cloudfront.net" in stage.outputs["PublicUrl"]
    report = stage.report()
    read = stage.call("GET", f"/v1/reports/{report['id']}", receipt=report["receipt"])
    assert read.status == 200, read.text
    assert read.json["status"] == "received"


def test_an_error_of_the_api_is_the_apis_own(stage: Stage) -> None:
    refused = stage.call("GET", "/v1/reports/01J0000000000000000000000A", receipt="wrong")
    assert refused.status in (401, 404)
    assert refused.headers["content-type"] == "application/problem+json"


def test_bulletins_come_from_the_api(stage: Stage) -> None:
    assert get(stage, "/v1/bulletins").json["items"] == []


def test_officers_sign_in_to_the_console_once_its_address_is_known(
    stage: Stage, build: Path, admin: Person
) -> None:
    address = stage.outputs["PublicUrl"]
    assert visit_from_the_console(stage, admin).status == 400
    stage.set_level(LoadLevel.BUSY)
    stage.deploy(build, PUBLIC_URL=address)
    assert config_of(stage)["api"] == address
    page = visit_from_the_console(stage, admin)
    assert page.status == 200, page.text


def visit_from_the_console(stage: Stage, admin: Person) -> Reply:
    """Open the sign-in page as the console does: by its configuration, to come back to it."""
    config = config_of(stage)
    back_to = f"{stage.outputs['PublicUrl']}/console/"
    asked = authorization(config["client_id"], config["scope"], back_to, "v" * 43)
    return stage.internet.send("GET", f"{config['authorization_endpoint']}?{urlencode(asked)}")


def test_a_caller_cannot_say_that_it_is_somebody_else(stage: Stage) -> None:
    """From level 1 the sources of reports are counted in a table, as tokens. The deployment above
    has begun functions anew: they keep the level for a minute.
    """
    body = {"category": "missing_elderly", "text": "An old man in a blue coat, alone."}
    for _ in range(2):
        began = window_of(datetime.now(UTC))
        for forged in ("203.0.113.1", "198.51.100.1"):
            sent = stage.call(
                "POST",
                "/v1/reports",
                body,
                key=str(uuid.uuid4()),
                headers={"Tipline-Viewer": forged, "CloudFront-Viewer-Address": f"{forged}:443"},
            )
            assert sent.status == 201, sent.text
        # Each window counts for itself.
        if window_of(datetime.now(UTC)) == began:
            break
    rows = stage.client("dynamodb").scan(TableName=stage.resources["SourcesTable"])["Items"]
    assert max(int(row["total"]["N"]) for row in rows if row["pk"]["S"].startswith("SOURCE#")) >= 2


def test_turned_off_the_stage_has_its_own_address_again(stage: Stage, build: Path) -> None:
    stage.deploy(build, WEB_CLIENTS="off", PUBLIC_URL="")
    del stage.outputs
    assert ".execute-api." in stage.outputs["PublicUrl"]
    assert stage.call("GET", "/v1/health").status == 200
    distributions = stage.client("cloudfront").list_distributions()["DistributionList"]
    assert not distributions.get("Items")
