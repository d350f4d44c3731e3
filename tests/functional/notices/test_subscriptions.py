"""Officers subscribe to notices inside their scope, at their own address, until they leave."""

import json
import os
from datetime import timedelta
from typing import Any

import boto3
import pytest

from chalicelib import wiring
from chalicelib.domain.notices.notice import officer_address
from chalicelib.domain.officers.model import Role
from chalicelib.services.notices.subscriptions import sync_subscriptions
from chalicelib.store.notices.roster import SYNC_SK
from tests import cloud
from tests.client import Reply, call
from tests.faults import inject
from tests.functional.notices.test_announcements import Inbox
from tests.steps import file

pytestmark = pytest.mark.usefixtures("aws", "clean")

CHAOYANG = {"lat": 39.92, "lon": 116.46}


def policies() -> dict[str, dict[str, list[Any]]]:
    """Return the filter policies that SNS has, by their addresses."""
    sns = boto3.client("sns")
    found = sns.list_subscriptions_by_topic(TopicArn=os.environ["NOTICES_TOPIC_ARN"])[
        "Subscriptions"
    ]
    return {
        each["Endpoint"]: json.loads(
            sns.get_subscription_attributes(SubscriptionArn=each["SubscriptionArn"])["Attributes"][
                "FilterPolicy"
            ]
        )
        for each in found
    }


def subscribe(username: str, **more: object) -> Reply:
    return call(
        "POST", "/v1/officer/subscriptions", {"protocol": "email", **more}, officer=username
    )


def test_a_subscription_is_a_filter_at_the_officers_own_address() -> None:
    cloud.officer("wang", email="wang@police.example")
    one = {"categories": ["traffic_violation"], "districts": ["chaoyang"]}
    reply = subscribe("wang", **one, min_urgency="normal").expect(201)
    assert policies()["wang@police.example"] == {
        "to": ["traffic_violation/chaoyang", officer_address("wang")],
        "urgency_rank": [{"numeric": [">=", 1]}, {"exists": False}],
        "kind": [{"anything-but": ["escalation", "watch"]}],
        "language": [{"exists": False}],
    }
    [listed] = call("GET", "/v1/officer/subscriptions", officer="wang").json["items"]
    assert listed == reply


def test_one_category_in_one_district_gets_those_notices_and_no_other() -> None:
    cloud.officer("wang", email="wang@police.example")
    subscribe("wang", categories=["traffic_violation"], districts=["chaoyang"])
    inbox = Inbox("notified", policies()["wang@police.example"])
    wanted = file("traffic_violation", location=CHAOYANG)
    file("traffic_violation", location={"lat": 40.22, "lon": 116.23})
    file("lost_and_found", location=CHAOYANG)
    cloud.stream(cloud.all_keys())

    assert [notice["report_id"] for notice in inbox.take()] == [wanted["id"]]


def test_supervisors_get_escalations_and_a_full_scope_is_one_group() -> None:
    cloud.officer("zhao", email="zhao@police.example", roles=(Role.SUPERVISOR,))
    subscribe("zhao")

    assert policies()["zhao@police.example"] == {
        "to": ["*/*", officer_address("zhao"), "role:supervisor"],
        "language": [{"exists": False}],
    }


@pytest.mark.parametrize(
    ("scope", "groups"),
    [
        ({"categories": ("other",)}, ["other/*"]),
        ({"districts": ("haidian",)}, ["*/haidian", "*/outside", "*/unknown"]),
        (
            {"categories": ("other",), "districts": ("haidian",)},
            ["other/haidian", "other/outside", "other/unknown"],
        ),
    ],
)
def test_a_whole_scope_with_its_reports_without_a_district_is_its_groups(
    scope: dict[str, tuple[str, ...]], groups: list[str]
) -> None:
    cloud.officer("wang", email="wang@police.example", **scope)
    subscribe("wang")

    assert policies()["wang@police.example"]["to"] == [*groups, officer_address("wang")]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"categories": ["child_abduction"]}, "categories.0"),
        ({"categories": ["nonsense"]}, "categories.0"),
        ({"districts": ["haidian"]}, "districts.0"),
        ({"protocol": "sms"}, "protocol"),
        ({"protocol": "http"}, "protocol"),
        ({"address": "other@police.example"}, "address"),
    ],
)
def test_what_is_out_of_scope_or_has_no_address_is_refused(
    body: dict[str, object], field: str
) -> None:
    cloud.officer(
        "narrow",
        email="n@police.example",
        categories=("traffic_violation",),
        districts=("chaoyang",),
    )
    assert subscribe("narrow", **body).wrong_fields == [field]
    assert policies() == {}


def test_one_subscription_for_each_protocol_and_deleting_it_can_be_repeated() -> None:
    cloud.officer("wang", email="wang@police.example", phone="+8613800000000")
    first = subscribe("wang").json
    assert subscribe("wang").refusal == (409, "already_subscribed")
    assert subscribe("wang", protocol="sms").status == 201

    path = f"/v1/officer/subscriptions/{first['id']}"
    assert [call("DELETE", path, officer="wang").status for _ in range(2)] == [204, 204]
    assert list(policies()) == ["+8613800000000"]


def test_when_sns_takes_no_more_policies_nothing_is_left_and_the_officer_is_told() -> None:
    cloud.officer("wang", email="wang@police.example")
    full = inject.query_error_response("FilterPolicyLimitExceeded", "FilterPolicies limit exceeded")
    with inject.fault(wiring.topic_subscriptions()._client, "sns.Subscribe", full):
        refused = subscribe("wang")
    assert refused.refusal == (409, "no_more_subscriptions")
    assert wiring.subscriptions().of("wang") == []
    assert ("OFFICER#wang", SYNC_SK) not in cloud.all_keys()
    assert subscribe("wang").status == 201


def test_the_sweep_alone_rewrites_for_a_new_scope_and_removes_at_deactivation() -> None:
    cloud.officer("wang", email="wang@police.example")
    subscribe("wang")
    cloud.officer("wang", email="wang@police.example", categories=("other",))
    sync_subscriptions(
        "wang",
        officers=wiring.officers(),
        subscriptions=wiring.subscriptions(),
        topic=wiring.topic_subscriptions(),
        now=wiring.clock.now(),
    )
    assert policies()["wang@police.example"]["to"] == ["other/*", officer_address("wang")]

    wiring.subscriptions().request_sync("wang", wiring.clock.now())
    cloud.officer("wang", email="wang@police.example", active=False)
    cloud.sweep(timedelta(minutes=11))
    assert policies() == {}
    assert wiring.subscriptions().of("wang") == []
    assert ("OFFICER#wang", SYNC_SK) not in cloud.all_keys()
