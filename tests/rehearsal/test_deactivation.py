"""An officer leaves: access, sign-in and notices end at once."""

import pytest

from tests.rehearsal.people import Person, appoint
from tests.rehearsal.stage import Stage


@pytest.fixture(scope="module")
def leaving(admin: Person) -> Person:
    """An officer with notices by text message."""
    officer = appoint(admin, "sun", phone="+8613800000001")
    subscribed = officer.call(
        "POST",
        "/v1/officer/subscriptions",
        {
            "protocol": "sms",
            "categories": ["missing_elderly", "traffic_violation"],
            "districts": ["chaoyang"],
            "min_urgency": "normal",
        },
    )
    assert subscribed.status == 201, subscribed.text
    return officer


def subscriptions(stage: Stage) -> dict[str, str]:
    """Return the ARN of each subscription of the topic, by its address."""
    pages = stage.client("sns").get_paginator("list_subscriptions_by_topic")
    return {
        each["Endpoint"]: each["SubscriptionArn"]
        for page in pages.paginate(TopicArn=stage.outputs["NoticesTopicArn"])
        for each in page["Subscriptions"]
    }


def test_a_change_of_scope_rewrites_the_subscription(
    leaving: Person, admin: Person, stage: Stage
) -> None:
    put(admin, leaving, categories=["traffic_violation"])
    policy = stage.client("sns").get_subscription_attributes(
        SubscriptionArn=subscriptions(stage)["+8613800000001"]
    )["Attributes"]["FilterPolicy"]
    assert "traffic_violation" in policy
    assert "missing_elderly" not in policy


def test_deactivation_ends_access_sign_in_and_notices(
    leaving: Person, admin: Person, stage: Stage
) -> None:
    assert leaving.call("GET", "/v1/officer/me").status == 200
    put(admin, leaving, active=False)
    assert leaving.call("GET", "/v1/officer/me").status == 403
    assert "+8613800000001" not in subscriptions(stage)
    with pytest.raises(PermissionError):
        leaving.sign_in()


def put(admin: Person, officer: Person, **more: object) -> None:
    path = f"/v1/admin/officers/{officer.username}"
    row = admin.get(path)
    reply = admin.call("PUT", path, {key: row[key] for key in row if key != "username"} | more)
    assert reply.status == 200, reply.text
