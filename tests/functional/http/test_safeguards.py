"""The safeguards for residents that no other test checks. The others are checked here:

1 anonymous: tests/faults/test_canaries.py, test_intake.py · 2 contact: test_casework.py,
test_canaries.py · 3 limits: test_limits.py · 4 media of bulletins: test_bulletins.py; routes of a
report: test_hostile_inputs.py · 6 clean and
sealed: test_processing.py, tests/faults/test_event_faults.py and tests/template/test_resources.py ·
7 retention: test_retention.py · 8 record first: test_access_matrix.py and
tests/faults/test_casework_faults.py · 9 `malicious`: test_casework.py
"""

from collections.abc import Mapping
from typing import Any

import pytest

from app import app
from chalicelib import wiring
from chalicelib.domain.catalogue.model import catalogue
from chalicelib.http import index
from chalicelib.http.routes import Access
from tests import cloud
from tests.client import call, new_key, report
from tests.faults import inject
from tests.steps import file, mine

pytestmark = pytest.mark.usefixtures("aws", "clean")

CATEGORIES = [category.code for category in catalogue().categories]


@pytest.fixture(autouse=True)
def _fresh_catalogue(aws: Mapping[str, str]) -> None:
    wiring.live_catalogue.cache_clear()  # type: ignore[attr-defined]


@pytest.mark.parametrize("category", CATEGORIES)
def test_1_a_category_and_a_word_are_enough_and_nothing_may_identify_the_sender(
    category: str,
) -> None:
    assert (
        call("POST", "/v1/reports", {"category": category, "text": "There."}, key=new_key()).status
        == 201
    )
    for name in ("device_id", "phone", "user", "account", "ip"):
        reply = call(
            "POST",
            "/v1/reports",
            {"category": category, "text": "There.", name: "1"},
            key=new_key(),
        )
        assert reply.wrong[0][1] == "unknown_field"


@pytest.mark.parametrize("category", CATEGORIES)
def test_3_the_emergency_number_is_in_every_response_that_may_be_urgent(category: str) -> None:
    created = file(category)
    assert (created["emergency"]["number"], bool(created["emergency"]["text"])) == ("110", True)
    assert mine(created)["emergency"]["number"] == "110"
    assert call("GET", "/v1/catalogue").json["emergency"]["number"] == "110"


def test_4_nothing_a_resident_sends_is_in_any_public_response() -> None:
    created = file(text="CANARY", location={"lat": 39.92, "lon": 116.46})
    public = [
        each.path
        for each in index.operations()
        if each.access is Access.PUBLIC and each.method == "GET"
    ]
    assert len(public) > 5
    for path in public:
        target = "/".join(
            created["id"] if part.startswith("{") else part for part in path.split("/")
        )
        reply = call("GET", target)
        assert not [
            word for word in ("CANARY", created["reference"], "116.46") if word in reply.text
        ], path
        assert reply.status == 404 or created["id"] not in reply.text, path


@pytest.mark.parametrize(
    "name", ["q", "text", "name", "suspect", "plate", "face", "phone", "contact"]
)
def test_5_nobody_can_be_searched_for(name: str) -> None:
    cloud.officer("wang")
    reply = call("GET", f"/v1/officer/reports?{name}=Li+Si", officer="wang")
    assert reply.wrong[0][1] == "unknown_field"


def test_5_a_report_is_new_until_an_officer_has_looked_at_it() -> None:
    cloud.officer("wang")
    created = file()
    path = f"/v1/officer/reports/{created['id']}"
    opened = call("GET", path, officer="wang").json
    assert (opened["status"], opened["disposition"]) == ("new", None)
    assert call("GET", path, officer="wang").json["status"] == "new"


def test_9_a_label_is_the_reports_and_there_is_no_score_of_anybody() -> None:
    shown = [
        field
        for each in index.operations()
        for content in each.returns.values()
        if content.schema
        for field in content.schema.model_fields
    ]
    assert shown
    assert not {"score", "points", "rank", "reputation", "reporter", "leaderboard"} & set(shown)
    assert not [path for path in app.routes if "leader" in path or "reporters" in path]


def test_11_a_report_is_accepted_when_only_its_own_row_can_be_written() -> None:
    def all_but_puts(request: Any) -> Any:
        puts = request.headers["X-Amz-Target"] == b"DynamoDB_20120810.PutItem"
        return None if puts else inject.error_response(500, "InternalServerError")(request)

    with inject.fault(wiring.dynamodb(), "dynamodb.*", all_but_puts):
        reply = call("POST", "/v1/reports", report(), key=new_key())

    assert reply.status == 201, reply.text
    assert call("GET", "/v1/reports/mine", receipt=reply.json["receipt"]).status == 200
