"""Only who has a confirmed subscription counts as on duty: SNS is asked again and again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest

from chalicelib import wiring
from chalicelib.aws.writes import Delete
from chalicelib.kernel import times
from chalicelib.store.notices.roster import KEY, SYNC_SK
from tests import cloud
from tests.client import call
from tests.faults import inject
from tests.functional.notices.test_announcements import Inbox
from tests.functional.notices.test_duty import (
    EVERYBODY,
    _people,
    addressees,
    call_malicious,
    file_in_chaoyang,
    names,
    on_duty,
    published,
    subscribe,
)

__all__ = ["_people"]
pytestmark = pytest.mark.usefixtures("aws", "clean")


@contextmanager
def unconfirmed(*usernames: str) -> Iterator[None]:
    """Let SNS say that the addresses of these officers are not confirmed."""
    arns = {str(each.arn) for name in usernames for each in wiring.subscriptions().of(name)}

    def answer(request: Any) -> Any:
        if arns and parse_qs(request.body)["SubscriptionArn"][0] not in arns:
            return None
        reply = inject.carry_out(request)
        pending = reply.content.replace(b"<value>false</value>", b"<value>true</value>")
        return inject._response(request.url, 200, "text/xml", pending)

    sns = wiring.topic_subscriptions()._client
    with inject.fault(sns, "sns.GetSubscriptionAttributes", answer):
        yield


def pass_time(**time: float) -> None:
    assert cloud.sweep(timedelta(**time))["failed"] == 0


def unreachable() -> list[str]:
    return list(call("GET", "/v1/officer/shifts", officer="wang").json["unreachable"])


def looked_at_in(username: str) -> int:
    """Return in how many minutes SNS is asked again."""
    row = wiring.reports().table.get(f"OFFICER#{username}", SYNC_SK)
    assert row
    return round((times.parse(row["due_at"]) - wiring.clock.now()) / timedelta(minutes=1))


def end_in_sns(username: str) -> None:
    """Do as the link in an e-mail does."""
    for each in wiring.subscriptions().of(username):
        boto3.client("sns").unsubscribe(SubscriptionArn=str(each.arn))


def inbox_of(username: str) -> Inbox:
    [policy] = [json.loads(str(each.policy)) for each in wiring.subscriptions().of(username)]
    return Inbox(username, policy)


def test_whoever_has_not_confirmed_is_not_on_duty_until_they_have() -> None:
    subscribe("wang")
    with unconfirmed():
        subscribe("li", language="en")
        on_duty("li")
        pass_time(minutes=6)
        assert unreachable() == ["li"]
        file_in_chaoyang()
        # Also in their language: they may confirm at any moment.
        assert addressees() == [EVERYBODY, EVERYBODY]

    pass_time(minutes=6)
    assert unreachable() == []
    file_in_chaoyang()
    assert {*addressees()} == {names("li")}


def test_a_subscription_is_looked_at_in_minutes_and_once_it_is_confirmed_in_a_day() -> None:
    with unconfirmed():
        subscribe("li")
        assert looked_at_in("li") == 5
    pass_time(minutes=5)
    assert looked_at_in("li") == 24 * 60


def test_one_that_its_owner_has_ended_by_the_link_is_gone_within_a_day() -> None:
    for username in ("wang", "li"):
        subscribe(username)
    inbox = inbox_of("wang")
    on_duty("li")
    end_in_sns("li")
    pass_time(days=1)

    assert wiring.subscriptions().of("li") == []
    assert unreachable() == ["li"]
    file_in_chaoyang()
    published()
    assert inbox.kinds() == ["report"]


def test_one_that_sns_has_suspended_is_unreachable_within_a_day_and_back_in_minutes() -> None:
    subscribe("li")
    on_duty("li")
    with unconfirmed("li"):
        pass_time(days=1)
        assert unreachable() == ["li"]
    pass_time(minutes=5)
    assert unreachable() == []


def test_an_approval_waits_for_nobody_who_has_not_confirmed() -> None:
    subscribe("wang")
    with unconfirmed():
        subscribe("li")
        created = file_in_chaoyang()
        published()
        call_malicious(created, "wang")
        assert addressees("approval") == [EVERYBODY]


def test_an_approval_finds_whom_a_restored_roster_lacks() -> None:
    subscribe("li")
    inbox = inbox_of("li")
    wiring.reports().table.delete(Delete(*KEY))
    subscribe("wang")
    created = file_in_chaoyang()
    published()
    inbox.kinds()
    call_malicious(created, "wang")
    published()
    assert inbox.kinds() == ["approval"]


def test_a_plan_mends_a_roster_that_lacks_officers_and_their_tasks() -> None:
    subscribe("li")
    for key in (KEY, ("OFFICER#li", SYNC_SK)):
        wiring.reports().table.delete(Delete(*key))
    on_duty("li")
    assert unreachable() == ["li"]
    pass_time(minutes=1)
    assert unreachable() == []
    assert looked_at_in("li") == 24 * 60
    # Who has no subscription has no task left.
    assert ("OFFICER#zhao", SYNC_SK) not in cloud.all_keys()


def test_a_plan_mends_a_roster_that_has_somebody_who_is_not_active() -> None:
    subscribe("li")
    cloud.officer("li", email="li@police.example", active=False)
    on_duty("wang")
    pass_time(minutes=1)
    assert wiring.subscriptions().roster.read().members == {}
    assert ("OFFICER#li", SYNC_SK) not in cloud.all_keys()
