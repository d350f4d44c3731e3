"""SNS keeps no subscription that nobody knows of, whatever is lost and whoever comes between."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.store.notices.roster import SYNC_SK
from tests import cloud
from tests.client import call
from tests.faults import inject
from tests.functional.aws import iam
from tests.functional.notices.test_unconfirmed_subscriptions import (
    _officers,
    change,
    deactivate,
    in_sns,
    subscribe,
)

__all__ = ["_officers"]

pytestmark = pytest.mark.usefixtures("aws", "clean")


def subscribe_without_response() -> None:
    sns = wiring.topic_subscriptions()._client
    with inject.fault(sns, "sns.Subscribe", inject.lose_response):
        assert subscribe().status == 503
    assert len(in_sns()) == 1


def delete_all() -> None:
    for each in call("GET", "/v1/officer/subscriptions", officer="wang").json["items"]:
        path = f"/v1/officer/subscriptions/{each['id']}"
        assert call("DELETE", path, officer="wang").status == 204


@pytest.mark.parametrize("end", [delete_all, deactivate])
def test_what_sns_has_without_our_knowing_ends_with_its_row(
    aws: Mapping[str, str], end: Callable[[], None]
) -> None:
    subscribe_without_response()
    role = iam.Role("officers", iam.Names(aws))
    with role.assumed():
        end()

    assert role.refused == []
    assert in_sns() == []
    assert wiring.subscriptions().of("wang") == []
    assert ("OFFICER#wang", SYNC_SK) not in cloud.all_keys()


def test_a_scope_that_changes_after_a_lost_response_reaches_sns() -> None:
    def refuse_another_policy(request: Any) -> Any:
        if "traffic_violation" not in str(request.body):
            return None
        return inject.query_error_response(
            "InvalidParameter", "Subscription already exists with different attributes"
        )(request)

    subscribe_without_response()
    sns = wiring.topic_subscriptions()._client
    with inject.fault(sns, "sns.Subscribe", refuse_another_policy):
        change(categories=["traffic_violation"])

    [policy] = in_sns()
    assert "traffic_violation" in str(policy)


def test_a_lost_response_leaves_the_subscription_of_another_with_the_address() -> None:
    sns = wiring.topic_subscriptions()._client
    with inject.fault(sns, "sns.Subscribe", inject.error_response(500, "InternalError")):
        assert subscribe().status == 503
    taken = inject.query_error_response(
        "InvalidParameter", "Subscription already exists with different attributes"
    )
    with (
        inject.fault(sns, "sns.Subscribe", taken),
        inject.fault(sns, "sns.Unsubscribe", inject.crash) as unsubscribed,
    ):
        delete_all()

    assert unsubscribed == []
    assert wiring.subscriptions().of("wang") == []


@pytest.mark.parametrize("position", [0, 1])
def test_a_request_that_an_admin_overtakes_leaves_no_subscription(position: int) -> None:
    """The officer is deactivated between the admission of the request and one of its writes."""
    with during_subscribe(position, deactivate):
        subscribe()

    assert in_sns() == []
    assert wiring.subscriptions().of("wang") == []
    assert ("OFFICER#wang", SYNC_SK) not in cloud.all_keys()


@pytest.mark.parametrize("position", [0, 1])
def test_a_request_that_a_smaller_scope_overtakes_gets_that_scope(position: int) -> None:
    with during_subscribe(position, lambda: change(categories=["other"])):
        subscribe()

    [policy] = in_sns()
    assert "other" in str(policy)
    assert cloud.sweep(timedelta(minutes=11))["failed"] == 0
    assert in_sns() == [policy]


def during_subscribe(position: int, act: Callable[[], None]) -> Any:
    """Let `act` happen before the write at `position` of a subscription's row."""
    seen = [-1]

    def before(request: Any) -> None:
        if b"SUBSCRIPTION#" in request.body:
            seen[0] += 1
            if seen[0] == position:
                seen[0] += 1000
                act()

    return inject.fault(wiring.dynamodb(), "dynamodb.PutItem", before)
