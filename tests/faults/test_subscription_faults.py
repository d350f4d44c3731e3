"""SNS keeps no subscription that nobody knows of, whatever is lost and whoever comes between."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest

from chalicelib import wiring
from chalicelib.domain.officers.model import Role
from chalicelib.store.notices.roster import SYNC_SK
from tests import cloud
from tests.client import Reply, appoint, call
from tests.faults import inject
from tests.functional.aws import iam

pytestmark = pytest.mark.usefixtures("aws", "clean")

ADDRESS = "wang@police.example"


@pytest.fixture(autouse=True)
def _officers(aws: Mapping[str, str]) -> None:
    for arn in in_sns(aws):
        boto3.client("sns").unsubscribe(SubscriptionArn=arn)
    cloud.officer("wang", email=ADDRESS)
    for username in ("admin", "admin2"):
        cloud.officer(username, roles=(Role.ADMIN,))


def in_sns(aws: Mapping[str, str]) -> list[str]:
    found = boto3.client("sns").list_subscriptions_by_topic(TopicArn=aws["NOTICES_TOPIC_ARN"])
    return [each["SubscriptionArn"] for each in found["Subscriptions"]]


def policies_in_sns(aws: Mapping[str, str]) -> list[str]:
    sns = boto3.client("sns")
    return [
        sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["FilterPolicy"]
        for arn in in_sns(aws)
    ]


def subscribe() -> Reply:
    body = {"protocol": "email"}
    return call("POST", "/v1/officer/subscriptions", body, officer="wang")


def subscribe_without_response(aws: Mapping[str, str]) -> None:
    sns = wiring.topic_subscriptions()._client
    with inject.fault(sns, "sns.Subscribe", inject.lose_response):
        assert subscribe().status == 503
    assert len(in_sns(aws)) == 1


def delete_all() -> None:
    for each in call("GET", "/v1/officer/subscriptions", officer="wang").json["items"]:
        path = f"/v1/officer/subscriptions/{each['id']}"
        assert call("DELETE", path, officer="wang").status == 204


def change_officer(**fields: object) -> None:
    body = {
        "name": "Wang",
        "roles": ["officer"],
        "categories": ["*"],
        "districts": ["*"],
        "email": ADDRESS,
        **fields,
    }
    appoint("wang", body)


def deactivate() -> None:
    change_officer(active=False)


@pytest.mark.parametrize("end", [delete_all, deactivate])
def test_what_sns_has_without_our_knowing_ends_with_its_row(
    aws: Mapping[str, str], end: Callable[[], None]
) -> None:
    subscribe_without_response(aws)
    role = iam.Role("officers", iam.Names(aws))
    with role.assumed():
        end()

    assert role.refused == []
    assert in_sns(aws) == []
    assert wiring.subscriptions().of("wang") == []
    assert ("OFFICER#wang", SYNC_SK) not in cloud.all_keys(aws)


def test_a_scope_that_changes_after_a_lost_response_reaches_sns(aws: Mapping[str, str]) -> None:
    def refuse_another_policy(request: Any) -> Any:
        if "traffic_violation" not in str(request.body):
            return None
        return inject.query_error_response(
            "InvalidParameter", "Subscription already exists with different attributes"
        )(request)

    subscribe_without_response(aws)
    sns = wiring.topic_subscriptions()._client
    with inject.fault(sns, "sns.Subscribe", refuse_another_policy):
        change_officer(categories=["traffic_violation"])

    [policy] = policies_in_sns(aws)
    assert "traffic_violation" in policy


def test_a_lost_response_leaves_the_subscription_of_another_with_the_address(
    aws: Mapping[str, str],
) -> None:
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
def test_a_request_that_an_admin_overtakes_leaves_no_subscription(
    aws: Mapping[str, str], position: int
) -> None:
    """The officer is deactivated between the admission of the request and one of its writes."""
    with during_subscribe(position, deactivate):
        subscribe()

    assert in_sns(aws) == []
    assert wiring.subscriptions().of("wang") == []
    assert ("OFFICER#wang", SYNC_SK) not in cloud.all_keys(aws)


@pytest.mark.parametrize("position", [0, 1])
def test_a_request_that_a_smaller_scope_overtakes_gets_that_scope(
    aws: Mapping[str, str], position: int
) -> None:
    with during_subscribe(position, lambda: change_officer(categories=["other"])):
        subscribe()

    [policy] = policies_in_sns(aws)
    assert "other" in policy
    wiring.clock.advance(timedelta(minutes=11))
    assert cloud.sweep()["failed"] == 0
    assert policies_in_sns(aws) == [policy]


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
