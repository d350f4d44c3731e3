"""A subscription can end before its address is confirmed, and a late confirmation changes nothing.

SNS refuses to remove an unconfirmed subscription. The mocked SNS confirms every address at once, so
these tests make it refuse as AWS does.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest

from chalicelib import wiring
from chalicelib.domain.officers.model import Role
from chalicelib.handlers.service import scheduled
from chalicelib.kernel import times
from chalicelib.store.notices.roster import SYNC_SK
from tests import cloud
from tests.client import Reply, appoint, call
from tests.faults import inject
from tests.functional.aws import iam
from tests.functional.notices.test_subscriptions import policies
from tests.functional.notices.test_subscriptions import subscribe as subscribe_as

pytestmark = pytest.mark.usefixtures("aws", "clean")

ADDRESS = "wang@police.example"
REFUSAL = inject.query_error_response(
    "InvalidParameter",
    "Invalid parameter: SubscriptionArn Reason: Cannot unsubscribe a subscription that is pending "
    "confirmation",
)


@pytest.fixture(autouse=True)
def _officers(clean: None) -> None:
    cloud.officer("wang", email=ADDRESS)
    for username in ("admin", "admin2"):
        cloud.officer(username, roles=(Role.ADMIN,))


@contextmanager
def unconfirmed(*, takes_policies: bool = True) -> Iterator[None]:
    """Make SNS refuse to remove subscriptions, and without `takes_policies` to change them."""
    sns = wiring.topic_subscriptions()._client
    attributes = (
        nullcontext()
        if takes_policies
        else inject.fault(sns, "sns.SetSubscriptionAttributes", REFUSAL)
    )
    with inject.fault(sns, "sns.Unsubscribe", REFUSAL), attributes:
        yield


def subscribe(**more: object) -> Reply:
    return subscribe_as("wang", **more)


def delete(subscription: Any) -> int:
    path = f"/v1/officer/subscriptions/{subscription['id']}"
    return call("DELETE", path, officer="wang").status


def listed() -> list[Any]:
    return list(call("GET", "/v1/officer/subscriptions", officer="wang").json["items"])


def change(**more: object) -> None:
    body = {
        "name": "Wang",
        "roles": ["officer"],
        "categories": ["*"],
        "districts": ["*"],
        "email": ADDRESS,
        **more,
    }
    appoint("wang", body)


def deactivate() -> None:
    change(active=False)


def make_admin_only() -> None:
    change(roles=["admin"])


def in_sns() -> list[Any]:
    """Return the filter policy of each subscription that SNS has."""
    return list(policies().values())


def sweep_after(**time: float) -> None:
    assert cloud.sweep(timedelta(**time))["failed"] == 0


def is_pending() -> bool:
    return ("OFFICER#wang", SYNC_SK) in cloud.all_keys()


def is_due(**time: float) -> bool:
    """Return whether the task is due after some time."""
    row = wiring.reports().table.get("OFFICER#wang", SYNC_SK)
    return row is not None and times.parse(row["due_at"]) <= wiring.clock.now() + timedelta(**time)


def test_an_officer_deletes_a_subscription_before_confirming_it() -> None:
    subscription = subscribe().json
    with unconfirmed():
        assert delete(subscription) == 204
        assert listed() == []
        assert delete(subscription) == 204


@pytest.mark.parametrize("takes_policies", [True, False])
def test_a_late_confirmation_ends_within_five_minutes(*, takes_policies: bool) -> None:
    subscription = subscribe().json
    with unconfirmed(takes_policies=takes_policies):
        assert delete(subscription) == 204
        sweep_after(hours=5)
        assert len(in_sns()) == 1

    sweep_after(minutes=5, seconds=1)
    assert in_sns() == []
    assert not is_pending()
    assert wiring.subscriptions().ended("wang") == []


def test_who_works_on_reports_no_more_gets_no_notices() -> None:
    subscribe()
    change(roles=["officer", "admin"])
    assert len(in_sns()) == 1
    make_admin_only()
    assert in_sns() == []
    assert wiring.subscriptions().of("wang") == []


@pytest.mark.parametrize("end", [deactivate, make_admin_only])
@pytest.mark.parametrize("takes_policies", [True, False])
def test_who_has_lost_the_right_to_notices_gets_none_by_confirming_later(
    end: Callable[[], None], *, takes_policies: bool
) -> None:
    subscribe()
    with unconfirmed(takes_policies=takes_policies):
        end()
        sweep_after(minutes=30)
        assert wiring.subscriptions().of("wang") == []

    sweep_after(minutes=5, seconds=1)
    assert in_sns() == []
    assert not is_pending()


def test_until_sns_removes_it_its_filter_matches_no_notice() -> None:
    subscribe()
    with unconfirmed():
        deactivate()

    assert in_sns() == [{"kind": ["none"]}]


def test_what_was_never_confirmed_is_forgotten_when_sns_has_deleted_it() -> None:
    subscription = subscribe().json
    with unconfirmed():
        delete(subscription)
    not_found = inject.query_error_response("NotFound", "Subscription does not exist")
    with inject.fault(wiring.topic_subscriptions()._client, "sns.Unsubscribe", not_found):
        sweep_after(hours=48)

    assert wiring.subscriptions().ended("wang") == []
    assert not is_pending()


def test_a_subscription_that_sns_never_lets_go_is_given_up_after_three_days() -> None:
    subscription = subscribe().json
    with unconfirmed():
        delete(subscription)
        sweep_after(hours=71)
        assert is_pending()
        sweep_after(hours=2)

    assert not is_pending()


def test_subscribing_again_before_the_confirmation_takes_the_new_filter() -> None:
    def refuse_another_policy(request: Any) -> Any:
        asked = parse_qs(request.body)["Attributes.entry.1.value"][0]
        if in_sns() == [json.loads(asked)]:
            return None
        return inject.query_error_response(
            "InvalidParameter", "Subscription already exists with different attributes"
        )(request)

    subscription = subscribe(categories=["other"]).json
    sns = wiring.topic_subscriptions()._client
    with unconfirmed(), inject.fault(sns, "sns.Subscribe", refuse_another_policy):
        delete(subscription)
        again = subscribe(categories=["lost_and_found"]).expect(201)
        assert [each["id"] for each in listed()] == [again["id"]]

    sweep_after(hours=1)
    assert [policy["to"][:-1] for policy in in_sns()] == [["lost_and_found/*"]]
    assert wiring.subscriptions().ended("wang") == []


def test_a_smaller_scope_reaches_an_unconfirmed_subscription_when_it_is_confirmed() -> None:
    subscribe()
    cloud.officer("wang", email=ADDRESS, categories=("other",))
    wiring.subscriptions().request_sync("wang", wiring.clock.now())
    with unconfirmed(takes_policies=False):
        sweep_after(minutes=11)
        assert is_pending()
    sweep_after(minutes=5, seconds=1)

    assert [policy["to"][:-1] for policy in in_sns()] == [["other/*"]]
    assert not is_due(minutes=6)


def test_a_subscription_that_sns_no_longer_has_leaves_the_list() -> None:
    subscribe()
    [ended] = wiring.subscriptions().of("wang")
    boto3.client("sns").unsubscribe(SubscriptionArn=str(ended.arn))
    wiring.subscriptions().request_sync("wang", wiring.clock.now())
    sweep_after(minutes=11)

    assert listed() == []
    assert subscribe().status == 201


@pytest.mark.parametrize("by", ["officers", "do_upkeep"])
def test_deactivation_ends_the_notices_of_an_officer_with_the_rights_of_the_function(
    aws: Mapping[str, str], by: str
) -> None:
    subscribe()
    role = iam.Role(by, iam.Names(aws))
    if by == "do_upkeep":
        cloud.officer("wang", email=ADDRESS, active=False)
        wiring.subscriptions().request_sync("wang", wiring.clock.now() - timedelta(minutes=11))
        scheduled.sweep_upkeep(cloud.SCHEDULE, None)
    with role.assumed():
        if by == "officers":
            deactivate()
        else:
            assert cloud.do_upkeep() == 0

    assert role.refused == []
    assert in_sns() == []
    assert not is_pending()
