"""What becomes of the field that test_new_field.py adds to its copy of the tree, from the report of
a resident to its withdrawal. Run there.
"""

import csv
import io
import os
import zipfile
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests import cloud
from tests.client import call
from tests.steps import by_reporter, file, head, opened

pytestmark = pytest.mark.officers("wang")

REPORTS = "/v1/officer/reports"


def listed(query: str = "") -> dict[str, Any]:
    items = call("GET", REPORTS + query, officer="wang").json["items"]
    return {each["id"]: each["witness_count"] for each in items}


def exported() -> dict[str, str]:
    body = {"filters": {}, "reason": "For the court."}
    parts = urlsplit(call("POST", "/v1/officer/exports", body, officer="wang").json["url"])
    key = unquote(parts.path).lstrip("/").removeprefix(f"{os.environ['MEDIA_BUCKET']}/")
    [version] = parse_qs(parts.query)["versionId"]
    found = cloud.client("s3").get_object(
        Bucket=os.environ["MEDIA_BUCKET"], Key=key, VersionId=version
    )
    with zipfile.ZipFile(io.BytesIO(found["Body"].read())) as archive:
        text = archive.read("reports.csv").decode("utf-8-sig")
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return {row["id"]: row["witness_count"] for row in rows}


def test_it_is_listed_a_filter_and_exported() -> None:
    seen, other = file(witness_count=3), file()
    assert listed() == {seen["id"]: 3, other["id"]: None}
    assert listed("?witness_count=3") == {seen["id"]: 3}
    assert opened(seen)["witness_count"] == 3
    assert exported() == {seen["id"]: "3", other["id"]: ""}


def test_it_is_gone_after_a_withdrawal_although_it_does_not_say_so() -> None:
    created = file(witness_count=3)
    assert (head(created)["witness_count"], head(created)["listed"]["wc"]) == (3, 3)
    by_reporter("DELETE", created)
    after = head(created)
    assert "witness_count" not in after
    assert "wc" not in after["listed"]
    assert listed() == {created["id"]: None}
    assert listed("?witness_count=3") == {}
    assert opened(created)["witness_count"] is None
    assert exported() == {}
