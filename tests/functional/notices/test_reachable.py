"""Nobody is left out of a notice by what was known of them when they subscribed."""

import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws.writes import Update
from chalicelib.domain.notices.bursts import sms_counter
from chalicelib.store.notices.digests import Bursts
from chalicelib.store.notices.roster import KEY
from tests import cloud
from tests.client import call, new_key
from tests.faults import inject
from tests.functional.notices.test_announcements import Inbox
from tests.functional.notices.test_duty import (
    _people,
    call_malicious,
    change,
    file_in_chaoyang,
    follow,
    on_duty,
    published,
    subscribe,
)

__all__ = ["_people"]
pytestmark = pytest.mark.usefixtures("aws", "clean")


def inbox_of(username: str, protocol: str = "email") -> Inbox:
    [policy] = [
        json.loads(str(each.policy))
        for each in wiring.subscriptions().of(username)
        if each.protocol == protocol
    ]
    return Inbox(username, policy)


def spoil(**attributes: Any) -> None:
    wiring.reports().table.update(Update(*KEY, put=attributes))


def spend_sms(category: str) -> None:
    _, hour = Bursts.keys_at(wiring.clock.now())
    spent = Update(*hour, add={sms_counter(category): 30}, upsert=True)
    wiring.reports().table.update(spent)


def leave_out_the_roster(request: Any) -> Any:
    """Do as DynamoDB does with a row that is read too often."""
    body = json.loads(request.body)
    [(table, asked)] = body["RequestItems"].items()
    roster = {"pk": {"S": KEY[0]}, "sk": {"S": KEY[1]}}
    if roster not in asked["Keys"]:
        return None
    rest = [key for key in asked["Keys"] if key != roster]
    answer: dict[str, Any] = {"Responses": {table: []}}
    if rest:
        body["RequestItems"][table] = {**asked, "Keys": rest}
        request.body = json.dumps(body).encode()
        answer = json.loads(inject.carry_out(request).content)
    answer["UnprocessedKeys"] = {table: {**asked, "Keys": [roster]}}
    return inject.aws_response(request.url, 200, answer)


def test_with_a_roster_that_cannot_be_read_nobody_misses_their_language() -> None:
    subscribe("li", language="en")
    inbox = inbox_of("li")
    spoil(members="broken")
    file_in_chaoyang(category="missing_elderly")
    published()
    assert inbox.kinds() == ["report"]


def test_with_a_roster_that_is_read_too_often_nobody_misses_their_language() -> None:
    subscribe("li", language="en")
    inbox = inbox_of("li")
    file_in_chaoyang()
    with inject.fault(wiring.dynamodb(), "dynamodb.BatchGetItem", leave_out_the_roster):
        published()
    assert inbox.kinds() == ["report"]


def test_what_only_the_roster_knows_waits_for_it() -> None:
    subscribe("li")
    inbox = inbox_of("li")
    created = file_in_chaoyang()
    follow(created, "li")
    published()
    inbox.kinds()
    change(created, "wang", status="acknowledged")
    wiring.clock.advance(timedelta(minutes=2))
    with inject.fault(wiring.dynamodb(), "dynamodb.BatchGetItem", leave_out_the_roster):
        cloud.sweep()
    assert "followed" not in inbox.kinds()
    cloud.sweep(timedelta(minutes=2))
    assert "followed" in inbox.kinds()


def test_a_language_that_the_city_no_longer_has_keeps_back_no_notice() -> None:
    subscribe("li")
    subscribe("wang", language="en")
    inbox = inbox_of("li")
    row = wiring.reports().table.get(*KEY)
    assert row
    row["members"]["wang"]["languages"] = ["fr"]
    spoil(members=row["members"])
    file_in_chaoyang()
    published()
    assert inbox.kinds() == ["report"]


@pytest.mark.parametrize("category", ["traffic_violation", "child_abduction"])
def test_who_is_on_duty_with_sms_alone_is_not_the_only_one(category: str) -> None:
    subscribe("wang")
    subscribe("li", protocol="sms")
    inbox = inbox_of("wang")
    on_duty("li")
    spend_sms(category)
    file_in_chaoyang(category=category)
    published()
    assert inbox.kinds() == ["report"]


def test_what_is_for_somebody_by_name_comes_by_sms_when_these_are_spent() -> None:
    subscribe("li", protocol="sms")
    inbox = inbox_of("li", "sms")
    spend_sms("traffic_violation")
    created = file_in_chaoyang()
    published()
    inbox.kinds()
    change(created, "wang", assignee="li")
    published()
    assert inbox.kinds() == ["assigned"]


@pytest.mark.parametrize("kind", ["assigned", "approval", "followed"])
def test_what_is_for_somebody_by_name_comes_whatever_urgency_they_asked_for(kind: str) -> None:
    subscribe("li", min_urgency="critical")
    inbox = inbox_of("li")
    created = file_in_chaoyang()
    published()
    match kind:
        case "assigned":
            change(created, "wang", assignee="li")
        case "approval":
            call_malicious(created, "wang")
        case _:
            follow(created, "li")
            change(created, "wang", status="acknowledged")
    published()
    cloud.sweep(timedelta(minutes=2))
    assert inbox.kinds() == [kind]


def test_a_shift_whose_times_are_none_keeps_back_no_notice() -> None:
    subscribe("li")
    inbox = inbox_of("li")
    on_duty("li")
    row = wiring.reports().table.get(*KEY)
    assert row
    spoil(shifts=[dict(row["shifts"][0]) | {"starts": "24:00"}])
    file_in_chaoyang()
    published()
    assert inbox.kinds() == ["report"]


def test_a_follower_of_a_trial_hears_of_messages() -> None:
    subscribe("li")
    inbox = inbox_of("li")
    created = file_in_chaoyang()
    published()
    head = f"REPORT#{created['id']}", "HEAD"
    wiring.reports().table.update(Update(*head, put={"shadow": True}))
    follow(created, "li")
    inbox.kinds()
    path, body = f"/v1/reports/{created['id']}/messages", {"text": "They are in a van."}
    call("POST", path, body, receipt=created["receipt"], key=new_key())
    published()
    assert inbox.kinds() == ["message"]
