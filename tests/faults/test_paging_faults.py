"""Pages have no gap and no duplicate while lists grow, shards are added, or a key is rotated."""

import json
import os
from datetime import timedelta
from typing import Any

import boto3
import pytest

from chalicelib import wiring
from chalicelib.aws import clients
from chalicelib.domain.catalogue.overrides import Overrides
from chalicelib.domain.officers.model import Role
from chalicelib.domain.reports.report import Submission
from chalicelib.services.reports import intake
from chalicelib.services.reports.intake import Reporter
from chalicelib.store.catalogue import Kept
from chalicelib.store.reports.reports import Reports
from tests import cloud
from tests.client import Reply, call, new_key, report
from tests.faults import inject
from tests.steps import file

pytestmark = pytest.mark.usefixtures("aws", "clean")


@pytest.fixture(autouse=True)
def _officers(clean: None) -> None:
    wiring.live_catalogue.cache_clear()  # type: ignore[attr-defined]
    cloud.officer("wang", roles=(Role.OFFICER, Role.ADMIN))


def file_many(count: int = 1) -> list[str]:
    made = [file()["id"] for _ in range(count)]
    wiring.clock.advance(timedelta(seconds=1))
    return made


def page(cursor: str | None = None, of: str = "category=missing_elderly&") -> Reply:
    path = f"/v1/officer/reports?{of}limit=3" + (f"&cursor={cursor}" if cursor else "")
    return call("GET", path, officer="wang")


def all_pages(between: Any = lambda: None) -> list[str]:
    seen: list[str] = []
    cursor: str | None = None
    while True:
        reply = page(cursor).expect(200)
        seen += [item["id"] for item in reply["items"]]
        cursor = reply["next_cursor"]
        if cursor is None:
            return seen
        between()


def test_more_shards_while_somebody_pages_leave_no_gap_and_no_duplicate() -> None:
    made = [each for _ in range(10) for each in file_many()]

    def widen() -> None:
        wider = {"code": "missing_elderly", "state": "active", "shards": 16}
        overrides = Overrides.model_validate_json(json.dumps({"categories": [wider]}))
        wiring.live_catalogue().learn(Kept(overrides, 1), wiring.clock.now())
        file_over(16, 12)

    assert all_pages(between=widen) == made[::-1]
    heads = [wiring.reports().head(report_id) for report_id in all_pages()]
    assert len({head.row["category_shard"] for head in heads if head}) > 4


def file_over(shards: int, count: int) -> None:
    """Create `count` reports as a function does that writes to this number of shards already."""
    for _ in range(count):
        intake.create_report(
            Submission.model_validate(report()),
            wiring.report_ids(new_key(), b"{}"),
            actor=Reporter(wiring.clock.now()),
            intake=wiring.intake()._replace(
                reports=Reports(wiring.reports().table, lambda category: shards)
            ),
        )
    wiring.clock.advance(timedelta(seconds=1))


def test_warm_functions_read_each_others_cursors_after_a_rotation() -> None:
    made = [each for _ in range(9) for each in file_many()]
    first = page().json
    warm = wiring.cursors()
    boto3.client("secretsmanager").put_secret_value(
        SecretId=os.environ["CURSOR_SECRET"], SecretString=new_key()
    )
    wiring.cursors.cache_clear()  # type: ignore[attr-defined]
    second = page(first["next_cursor"]).json
    position = wiring.cursors().read(
        second["next_cursor"],
        reader="wang",
        filters={"category": "missing_elderly"},
        now=wiring.clock.now(),
    )

    assert (
        warm.read(
            second["next_cursor"],
            reader="wang",
            filters={"category": "missing_elderly"},
            now=wiring.clock.now(),
        )
        == position
    )
    third = page(second["next_cursor"]).json
    assert [item["id"] for each in (first, second, third) for item in each["items"]] == made[::-1]


def test_cursors_that_are_made_up_do_not_read_the_secret_each_time() -> None:
    file_many()
    page()
    with inject.fault(clients.secrets(), "secrets-manager.*", lambda request: None) as called:
        assert [page("A" * 60).status for _ in range(5)] == [400] * 5

    assert len(called) == 2  # the current key and the previous one
