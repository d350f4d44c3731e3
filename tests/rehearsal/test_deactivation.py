"""An officer leaves: access, sign-in and notices end at once."""

import pytest

from chalicelib.domain.administration import Appointment
from tests.rehearsal.people import Person, SignInRefused, appoint, take_effect
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
    take_effect(admin, leaving.username, row_of(admin, leaving, categories=["traffic_violation"]))
    policy = stage.client("sns").get_subscription_attributes(
        SubscriptionArn=subscriptions(stage)["+8613800000001"]
    )["Attributes"]["FilterPolicy"]
    assert "traffic_violation" in policy
    assert "missing_elderly" not in policy


def test_deactivation_ends_access_sign_in_and_notices(
    leaving: Person, admin: Person, stage: Stage
) -> None:
    assert leaving.call("GET", "/v1/officer/me").status == 200
    ended = admin.call("PUT", path_of(leaving), row_of(admin, leaving, active=False))
    assert ended.status == 200, ended.text
    assert leaving.call("GET", "/v1/officer/me").status == 403
    assert "+8613800000001" not in subscriptions(stage)
    with pytest.raises(SignInRefused, match="disabled"):
        leaving.sign_in()


def path_of(officer: Person) -> str:
    return f"/v1/admin/officers/{officer.username}"


def row_of(admin: Person, officer: Person, **more: object) -> dict[str, object]:
    """Return an officer's row as it is, with `more` changed."""
    row = admin.get(path_of(officer))
    return {name: row[name] for name in Appointment.model_fields} | more
