"""What awaits an approval of a bulletin is notified to those who may approve it, and once."""

from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.notices.notice import officer_address
from chalicelib.domain.officers.model import ALL, WAIT, Officer, Role
from tests import cloud
from tests.faults import inject
from tests.functional.bulletins.test_bulletins import (
    LI,
    WANG,
    ZHAO,
    approve,
    change,
    drafted,
    end,
    opened,
    published,
)

pytestmark = pytest.mark.usefixtures("aws", "clean", "officers")

CHEN = "chen"


@pytest.fixture
def officers(clean: None, fresh: None) -> None:
    later = wiring.clock.now() + WAIT
    rows: dict[str, dict[str, Any]] = {
        LI: {},
        ZHAO: {},
        CHEN: {"roles": (Role.SUPERVISOR,)},
        WANG: {"categories": ("traffic_violation",)},
        "admin": {"roles": (Role.ADMIN,)},
        "gone": {"active": False},
        "new": {"approves_from": later},
    }
    for username, more in rows.items():
        fields = {"categories": (ALL,), "districts": (ALL,), **more}
        wiring.officers().put(Officer(username=username, **fields))
    cloud.forget_sent()


def notices() -> list[tuple[str, set[str]]]:
    """Publish what is pending. Return the step and the addressees of each notice of an approval."""
    cloud.forget_sent()
    cloud.stream(cloud.all_keys())
    names = {officer_address(each.username): each.username for each in wiring.officers().all()}
    return [
        (notice["step"], {name for to, name in names.items() if to in notice["attributes"]["to"]})
        for notice in cloud.sent()
        if notice["kind"] == "approval"
    ]


def test_a_draft_is_notified_to_the_others_who_may_approve_it() -> None:
    bulletin = drafted()
    cloud.stream(cloud.all_keys())
    [notice] = cloud.sent()

    assert notice["url"].endswith(f"/v1/officer/bulletins/{bulletin['id']}")
    assert bulletin["title"]["en"] not in str(notice)
    assert notice["attributes"]["to"].count('"') == 4
    for username in (ZHAO, CHEN):
        assert officer_address(username) in notice["attributes"]["to"]


def test_a_correction_and_words_of_an_end_are_notified_once() -> None:
    bulletin = published()
    assert notices() == [("bulletin", {ZHAO, CHEN})]
    change(bulletin, body={"en": "Wednesday."})
    corrected = change(opened(bulletin), body={"en": "Thursday."}).json
    assert notices() == [("bulletin", {ZHAO, CHEN})]
    approve(corrected)
    assert notices() == []
    end(bulletin, "resolve", ZHAO, outcome={"en": "Over."})
    assert notices() == [("outcome", {CHEN})]
    end(bulletin, "withdraw", reason={"en": "No."})
    assert notices() == [("withdrawal", {CHEN})]


def test_words_are_notified_while_a_correction_waits_too() -> None:
    bulletin = published()
    change(bulletin, body={"en": "Wednesday."})
    notices()
    end(bulletin, "resolve", outcome={"en": "Over."})
    assert notices() == [("outcome", {ZHAO, CHEN})]


def test_a_code_alone_is_notified_to_nobody() -> None:
    bulletin = published()
    notices()
    end(bulletin, "resolve")
    end(bulletin, "withdraw")
    assert notices() == []


def test_where_nobody_may_approve_there_is_no_notice() -> None:
    for username in (ZHAO, CHEN):
        row = wiring.officers().get(username)
        assert row
        wiring.officers().put(row.model_copy(update={"active": False}))
    assert drafted()["pending"] is True
    assert notices() == []


@pytest.mark.parametrize("moment", [inject.crash, inject.crash_after], ids=["before", "after"])
def test_what_waits_is_notified_and_nothing_else_wherever_a_call_breaks(moment: Any) -> None:
    first = published()
    with inject.fault(wiring.dynamodb(), "dynamodb.*", lambda _: None) as calls:
        end(first, "resolve", outcome={"en": "Over."})
    for position in range(len(calls)):
        bulletin = published()
        notices()
        with inject.dying("dynamodb.*", position=position, how=moment):
            end(bulletin, "resolve", outcome={"en": "Over."})
        waits = opened(bulletin)["pending"]
        assert notices() == ([("outcome", {ZHAO, CHEN})] if waits else [])

        assert end(bulletin, "resolve", outcome={"en": "Over."}).status == 200
        assert len(notices()) == (0 if waits else 1)
