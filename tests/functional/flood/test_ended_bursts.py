"""What those read whose reports two officers have ended as a burst, unopened."""

import os
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.flood.sources import LIMITS
from chalicelib.domain.officers.model import Role
from chalicelib.kernel.languages import LANGUAGES, text
from tests import cloud
from tests.client import call, new_key, read_and_approve
from tests.functional.flood.test_bursts_of_critical import bursts, by_attention, file, propose
from tests.steps import by_officer

pytestmark = pytest.mark.usefixtures("at_the_start")


@pytest.fixture
def at_the_start(clean: None, limits_on: None) -> None:
    for name in ("wang", "li"):
        cloud.officer(name, roles=(Role.OFFICER, Role.SUPERVISOR))


def filed() -> tuple[dict[str, Any], ...]:
    """File a burst of three, and return these."""
    for _ in range(LIMITS.address + 1):
        file()
    first, second, third = (dict(file().json) for _ in range(3))
    wiring.clock.advance(timedelta(seconds=1))
    return first, second, third


def end(disposition: str = "unfounded") -> None:
    path = f"/v1/officer/bursts/{bursts()[0]['id']}"
    assert propose(path, disposition=disposition, with_unread=True).status == 201
    assert read_and_approve(f"{path}/ending/approve", "li").json["is_complete"]


def outcome(created: dict[str, Any], language: str = "en") -> str:
    headers = {"Accept-Language": language}
    path = f"/v1/reports/{created['id']}"
    reply = call("GET", path, receipt=created["receipt"], headers=headers).expect(200)
    return str(reply["outcome"]["text"])


@pytest.mark.parametrize("disposition", ["unfounded", "malicious"])
def test_nobody_reads_that_somebody_looked_into_what_nobody_has_opened(disposition: str) -> None:
    mine, opened, _ = filed()
    call("GET", f"/v1/officer/reports/{opened['id']}", officer="wang").expect(200)
    end(disposition)
    for language in LANGUAGES:
        assert outcome(mine, language) == text("outcome.burst", language)
        assert outcome(opened, language) == text(f"outcome.{disposition}", language)
    assert "could not confirm" not in outcome(mine)


def test_who_opens_it_after_all_answers_for_its_end() -> None:
    mine, *_ = filed()
    end()
    call("GET", f"/v1/officer/reports/{mine['id']}", officer="li").expect(200)
    assert outcome(mine) == text("outcome.unfounded", "en")


def test_what_was_in_no_burst_never_reads_so() -> None:
    """Also after a mask, when its HEAD no longer says that it was opened."""
    mine = dict(file().json)
    body = {"status": "closed", "disposition": "unfounded", "reason": "Nobody was there."}
    by_officer("PATCH", mine, "", body, version=1).expect(200)
    path = f"/v1/officer/reports/{mine['id']}/closing/confirm"
    assert read_and_approve(path, "li").status == 201
    place = {"pk": {"S": f"REPORT#{mine['id']}"}, "sk": {"S": "HEAD"}}
    cloud.client("dynamodb").update_item(
        TableName=os.environ["REPORTS_TABLE"], Key=place, UpdateExpression="REMOVE found_by"
    )
    assert outcome(mine) == text("outcome.unfounded", "en")


def test_who_reopens_it_is_back_and_can_be_ended_so_again() -> None:
    mine, *_ = filed()
    end()
    path = f"/v1/reports/{mine['id']}/reopen"
    said = {"text": "He is still there."}
    assert call("POST", path, said, receipt=mine["receipt"], key=new_key()).status < 300
    assert mine["id"] in by_attention(f"/v1/officer/reports?burst={bursts()[0]['id']}&limit=50")
    wiring.clock.advance(timedelta(seconds=1))
    end()
    # It cannot be reopened twice: what it reads then must be true, too.
    assert outcome(mine) == text("outcome.burst", "en")
    assert "report it again" in outcome(mine)
