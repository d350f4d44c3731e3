"""A reporter asks for pushes, and gets one that says nothing when there is something to read."""

import json
import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest

from chalicelib import wiring
from chalicelib.handlers.service import scheduled
from chalicelib.kernel import errors
from chalicelib.services.media.orphans import OrphanKind, find_orphans
from chalicelib.store.notices.phones import MESSAGE
from tests import cloud
from tests.client import Reply, call, change_report, read_and_approve
from tests.faults import inject
from tests.faults.test_orphans import places
from tests.steps import by_officer, by_reporter, file, mine

pytestmark = [pytest.mark.officers("wang", "li"), pytest.mark.usefixtures("fresh")]

APPLE = {"platform": "apns", "token": "a1" * 32}
GOOGLE = {"platform": "fcm", "token": "dX9:APA91b_-" * 13}
CLOSE = {"status": "closed", "disposition": "resolved", "reason": "Done."}
PICTURE = {"content_type": "image/jpeg", "size": 1_000_000}
NOTHING = {"pushed": 0, "put_off": 0, "ended": 0, "erased": 0, "failed": 0}


def ask(created: Mapping[str, Any], token: Mapping[str, Any] = APPLE) -> Reply:
    return by_reporter("PUT", created, "/push", dict(token))


def end(created: Mapping[str, Any]) -> Reply:
    return by_reporter("DELETE", created, "/push")


def asked(token: Mapping[str, Any] = APPLE, **more: Any) -> dict[str, Any]:
    created = file(**more)
    assert ask(created, token).status == 204
    return created


def is_on(created: Mapping[str, Any]) -> bool:
    return bool(mine(created)["push"])


def reply(created: Mapping[str, Any], text: str = "Where is he now?") -> None:
    assert by_officer("POST", created, "/messages", {"text": text}).status == 201


def withdraw(created: Mapping[str, Any]) -> None:
    assert by_reporter("DELETE", created).status == 204


def pushed() -> dict[str, list[str]]:
    """Return what each phone got that SNS knows, by its token."""
    return {token: list(phone.messages.values()) for token, phone in cloud.phones().items()}


def tokens() -> list[dict[str, Any]]:
    """Return the rows of tokens as they are stored."""
    rows = cloud.client("dynamodb").scan(TableName=os.environ["CONTACTS_TABLE"])["Items"]
    return [row for row in rows if row["sk"]["S"] == "PUSH"]


def client_of_sns() -> Any:
    return wiring.phones()._client


def test_the_catalogue_says_which_phones_can_get_a_push() -> None:
    assert call("GET", "/v1/catalogue").json["push"] == ["apns", "fcm"]


def test_what_is_not_configured_is_neither_offered_nor_accepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    created = file()
    monkeypatch.setenv("APNS_APPLICATION", "")
    wiring.reset()
    assert call("GET", "/v1/catalogue").json["push"] == ["fcm"]
    assert ask(created).refusal == (409, "push_not_offered")
    assert ask(created, GOOGLE).status == 204
    monkeypatch.setenv("FCM_APPLICATION", "")
    wiring.reset()
    assert call("GET", "/v1/catalogue").json["push"] == []
    assert cloud.push_round() == NOTHING
    assert end(created).status == 204


def test_a_report_says_whether_a_phone_gets_pushes_until_they_are_ended() -> None:
    created = file()
    assert not is_on(created)
    assert ask(created).status == 204
    assert ask(created).status == 204
    assert is_on(created)
    assert end(created).status == 204
    assert end(created).status == 204
    assert not is_on(created)


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"platform": "apns"}, "token", "required"),
        ({"token": "a1" * 32}, "platform", "required"),
        (APPLE | {"platform": "baidu"}, "platform", "unknown_value"),
        (APPLE | {"token": "a1" * 31}, "token", "bad_push_token"),
        (GOOGLE | {"token": "x" * 63}, "token", "bad_push_token"),
        (GOOGLE | {"token": ""}, "token", "bad_push_token"),
        (GOOGLE | {"token": 7}, "token", "wrong_type"),
        (APPLE | {"token": "g1" * 32}, "token", "bad_push_token"),
        (APPLE | {"token": "a1" * 201}, "token", "bad_push_token"),
        (GOOGLE | {"token": "x" * 901}, "token", "too_long"),
        (GOOGLE | {"token": "x y" * 40}, "token", "unknown_value"),
        (GOOGLE | {"token": "x" * 99 + "\n"}, "token", "unknown_value"),
        (GOOGLE | {"name": "mine"}, "name", "unknown_field"),
    ],
)
def test_what_is_no_token_is_refused(body: dict[str, Any], field: str, code: str) -> None:
    assert ask(file(), body).wrong == [(field, code)]
    assert tokens() == []


def test_a_reply_is_one_push_and_not_at_once() -> None:
    created = asked()
    reply(created)
    wiring.clock.advance(timedelta(minutes=4))
    assert dict(scheduled.push_to_phones(cloud.SCHEDULE, None)) == NOTHING
    assert pushed() == {}
    reply(created, "And who is with him?")
    assert cloud.push_round() == NOTHING | {"pushed": 1}
    assert pushed() == {APPLE["token"]: [MESSAGE]}


def test_every_push_is_the_same_and_says_nothing() -> None:
    first, second = asked(), asked(GOOGLE, category="traffic_violation")
    reply(first)
    change_report(second["id"], 1, **CLOSE)
    cloud.push_round()
    assert pushed() == {APPLE["token"]: [MESSAGE], GOOGLE["token"]: [MESSAGE]}
    forms = {name: json.loads(form) for name, form in json.loads(MESSAGE).items() if form}
    silent = {"aps": {"alert": {"loc-key": "PUSH"}, "interruption-level": "passive"}}
    assert forms["APNS"] == forms["APNS_SANDBOX"] == silent
    assert forms["GCM"]["fcmV1Message"]["message"]["data"] == {"push": "1"}


def refer(created: Mapping[str, Any]) -> None:
    path = f"/v1/officer/reports/{created['id']}/referral"
    body = {"agency": "city_services", "reason": "Theirs.", "include": ["text"]}
    assert call("POST", path, body, officer="wang").status == 201
    assert read_and_approve(f"{path}/approve", "li").status == 200


def send_picture(created: Mapping[str, Any]) -> None:
    sent = by_officer("POST", created, "/media", {"media": [PICTURE]}).json
    media_id = sent["uploads"][0]["media_id"]
    cloud.add_medium(created["id"], media_id)


def link(created: Mapping[str, Any]) -> None:
    change_report(created["id"], 1, duplicate_of=file()["id"])


type Act = Callable[[Mapping[str, Any]], object]


@pytest.mark.parametrize(
    "act",
    [
        lambda created: reply(created),
        lambda created: change_report(created["id"], 1, **CLOSE),
        link,
        refer,
        send_picture,
    ],
    ids=("reply", "outcome", "link", "referral", "picture"),
)
def test_what_the_reporter_can_read_causes_a_push(act: Act) -> None:
    act(asked())
    assert cloud.push_round() == NOTHING | {"pushed": 1}


def note(created: Mapping[str, Any]) -> None:
    assert by_officer("POST", created, "/notes", {"text": "Called him."}).status == 201


def write(created: Mapping[str, Any]) -> None:
    assert by_reporter("POST", created, "/messages", {"text": "Hello?"}).status == 201


@pytest.mark.parametrize(
    "act",
    [
        note,
        write,
        lambda created: change_report(created["id"], 1, status="acknowledged"),
        lambda created: change_report(created["id"], 1, assignee="li"),
        lambda created: by_officer("GET", created),
    ],
    ids=("note", "own message", "acknowledged", "assigned", "opened"),
)
def test_what_the_reporter_cannot_read_causes_none(act: Act) -> None:
    act(asked())
    assert cloud.push_round() == NOTHING


def test_a_report_without_a_token_leaves_no_task() -> None:
    created = file()
    reply(created)
    assert (f"REPORT#{created['id']}", "PUSH") not in cloud.all_keys()


def test_what_happens_after_a_push_is_another_one_later() -> None:
    created = asked()
    reply(created)
    cloud.push_round()
    reply(created, "One more thing.")
    assert cloud.push_round() == NOTHING | {"put_off": 1}
    assert pushed() == {}
    assert cloud.push_round() == NOTHING | {"pushed": 1}
    assert cloud.push_round() == NOTHING | {"ended": 1}
    assert cloud.push_round() == NOTHING


def test_sns_knows_a_phone_from_one_round_to_the_next() -> None:
    reply(asked())
    assert cloud.phones() == {}
    cloud.push_round()
    assert list(cloud.phones()) == [APPLE["token"]]
    cloud.push_round()
    assert cloud.phones() == {}


def test_two_rounds_at_once_are_one() -> None:
    created = asked()
    reply(created)
    cloud.push_round()
    wiring.clock.advance(timedelta(minutes=19))
    assert dict(scheduled.push_to_phones(cloud.SCHEDULE, None)) == NOTHING
    assert list(cloud.phones()) == [APPLE["token"]]


def test_of_a_phone_that_is_gone_the_token_is_erased() -> None:
    gone, there = asked(), asked(GOOGLE)
    reply(gone)
    reply(there)
    cloud.push_round()
    cloud.phones()[APPLE["token"]].attributes["Enabled"] = False
    assert cloud.push_round() == NOTHING | {"erased": 1, "ended": 1}
    assert (is_on(gone), is_on(there)) == (False, True)
    assert [row["pk"]["S"] for row in tokens()] == [f"REPORT#{there['id']}"]
    assert cloud.phones() == {}
    reply(gone)
    assert cloud.push_round() == NOTHING


@pytest.mark.parametrize(
    ("operation", "code", "text"),
    [
        ("Publish", "EndpointDisabled", "Endpoint is disabled"),
        (
            "CreatePlatformEndpoint",
            "InvalidParameter",
            "Invalid parameter: Token Reason: iOS device tokens must be hexadecimal",
        ),
    ],
)
def test_a_phone_that_sns_refuses_is_erased(operation: str, code: str, text: str) -> None:
    created = asked()
    reply(created)
    refused = inject.query_error_response(code, text)
    with inject.fault(client_of_sns(), f"sns.{operation}", refused):
        assert cloud.push_round() == NOTHING | {"erased": 1}
    assert not is_on(created)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("InvalidParameter", "Invalid parameter: PlatformApplicationArn Reason: unknown"),
        ("InvalidParameter", "Invalid parameter: Token Reason: Endpoint x already exists"),
        ("AuthorizationError", "not authorized"),
        ("Throttled", "Rate exceeded"),
    ],
)
def test_what_is_no_fault_of_the_phone_stays_due(code: str, text: str) -> None:
    created = asked()
    reply(created)
    refused = inject.query_error_response(code, text)
    with (
        inject.fault(client_of_sns(), "sns.CreatePlatformEndpoint", refused),
        pytest.raises(errors.Unavailable),
    ):
        cloud.push_round()
    assert is_on(created)
    assert cloud.push_round() == NOTHING | {"pushed": 1}


@pytest.mark.parametrize(
    "fault", ["sns.ListEndpointsByPlatformApplication", "kms.Decrypt", "sns.Publish"]
)
def test_a_push_that_fails_goes_in_a_later_round(fault: str) -> None:
    reply(asked())
    service, _, _ = fault.partition(".")
    if service == "sns":
        client, broken = client_of_sns(), inject.query_error_response("AuthorizationError", "No.")
    else:
        client, broken = wiring._kms(), inject.error_response(400, "AccessDeniedException")
    with inject.fault(client, fault, broken), pytest.raises(errors.Unavailable):
        cloud.push_round()
    assert cloud.push_round() == NOTHING | {"pushed": 1}


def test_a_bad_row_does_not_keep_the_others(aws: Mapping[str, str]) -> None:
    bad, good = asked(), asked(GOOGLE)
    reply(bad)
    reply(good)
    key = {"pk": {"S": f"REPORT#{bad['id']}"}, "sk": {"S": "PUSH"}}
    cloud.client("dynamodb").update_item(
        TableName=aws["CONTACTS_TABLE"],
        Key=key,
        UpdateExpression="SET sealed_push = :x",
        ExpressionAttributeValues={":x": {"B": b"\x01nothing"}},
    )
    assert cloud.push_round() == NOTHING | {"pushed": 1, "failed": 1}
    assert list(cloud.phones()) == [GOOGLE["token"]]


def test_a_phone_that_cannot_be_deleted_is_deleted_a_round_later() -> None:
    reply(asked())
    cloud.push_round()
    broken = inject.query_error_response("AuthorizationError", "No.")
    with inject.fault(client_of_sns(), "sns.DeleteEndpoint", broken):
        cloud.push_round()
    assert list(cloud.phones()) == [APPLE["token"]]
    cloud.push_round()
    assert cloud.phones() == {}


def test_pushes_delay_no_notice_and_no_sweep_waits_for_them() -> None:
    created = asked()
    reply(created)
    swept = cloud.sweep(timedelta(hours=2))
    assert swept["failed"] == 0
    assert pushed() == {}
    assert [each["report_id"] for each in cloud.sent()] == [created["id"]]


def test_the_second_token_takes_the_place_of_the_first() -> None:
    created = asked()
    assert ask(created, GOOGLE).status == 204
    reply(created)
    cloud.push_round()
    assert list(cloud.phones()) == [GOOGLE["token"]]
    assert len(tokens()) == 1


def test_a_token_that_comes_while_an_old_one_is_erased_stays() -> None:
    created = asked()
    reply(created)
    dead = inject.query_error_response("EndpointDisabled", "Endpoint is disabled")

    def replaced(request: Any) -> Any:
        assert ask(created, GOOGLE).status == 204
        return dead(request)

    with inject.fault(client_of_sns(), "sns.Publish", inject.times(1, replaced)):
        assert cloud.push_round() == NOTHING | {"put_off": 1}
    assert is_on(created)
    assert cloud.push_round() == NOTHING | {"pushed": 1}
    assert list(cloud.phones()) == [GOOGLE["token"]]


def test_a_withdrawal_erases_the_token_and_ends_the_task(aws: Mapping[str, str]) -> None:
    created = asked(contact={"phone": "13800000000"})
    reply(created)
    withdraw(created)
    assert cloud.client("dynamodb").scan(TableName=aws["CONTACTS_TABLE"])["Items"] == []
    assert cloud.push_round() == NOTHING | {"ended": 1}
    assert cloud.phones() == {}
    assert ask(created).refusal == (409, "withdrawn")
    assert end(created).status == 204


def test_a_deletion_erases_the_token() -> None:
    created = asked()
    change_report(created["id"], 1, **CLOSE)
    by_officer("GET", created)
    cloud.sweep(timedelta(days=800))
    assert tokens() == []
    keys = [sk for pk, sk in cloud.all_keys() if pk == f"REPORT#{created['id']}"]
    assert keys == ["HEAD"]
    assert ask(created).status == 410
    assert end(created).status == 410
    assert cloud.push_round() == NOTHING


def test_what_is_stored_tells_neither_the_platform_nor_that_two_reports_are_of_one_phone() -> None:
    asked()
    asked()
    asked(GOOGLE)
    rows = tokens()
    assert {frozenset(row) for row in rows} == {
        frozenset(("pk", "sk", "sealed_push", "wrapped_push", "wrapping_push"))
    }
    assert len({bytes(row["sealed_push"]["B"]) for row in rows}) == 3
    assert len({bytes(row["wrapped_push"]["B"]) for row in rows}) == 3
    assert {len(row["sealed_push"]["B"]) for row in rows} == {1024 + 1 + 32 + 16}


def test_one_phone_with_two_reports_gets_a_push_of_each_and_ends_one_alone() -> None:
    first, second = asked(), asked()
    reply(first)
    reply(second)
    cloud.push_round()
    assert pushed() == {APPLE["token"]: [MESSAGE, MESSAGE]}
    withdraw(first)
    reply(second)
    cloud.push_round()
    cloud.push_round()
    assert is_on(second)
    assert pushed() == {APPLE["token"]: [MESSAGE]}


def test_a_crash_after_the_push_repeats_it_and_loses_nothing() -> None:
    created = asked()
    reply(created)
    # The second write of a round completes the task.
    with inject.dying("dynamodb.UpdateItem", position=1):
        cloud.push_round()
    assert pushed() == {APPLE["token"]: [MESSAGE]}
    assert cloud.push_round() == NOTHING | {"pushed": 1}
    assert cloud.push_round() == NOTHING | {"ended": 1}


def test_what_happens_while_a_task_ends_is_pushed_later() -> None:
    created = asked()
    reply(created)
    cloud.push_round()

    def replied(_: Any) -> None:
        reply(created, "One more thing.")

    # The second write of a round ends the task.
    with inject.fault(wiring.dynamodb(), "dynamodb.UpdateItem", inject.at(1, replied)):
        assert cloud.push_round() == NOTHING | {"ended": 1}
    assert cloud.push_round() == NOTHING | {"put_off": 1}
    assert cloud.push_round() == NOTHING | {"pushed": 1}


@pytest.mark.parametrize("act", [ask, end], ids=("asks", "ends"))
def test_without_the_database_nothing_is_promised(
    act: Callable[[Mapping[str, Any]], Reply],
) -> None:
    created = asked(GOOGLE)
    before = tokens()
    broken = inject.error_response(500, "InternalServerError")
    with inject.fault(wiring.dynamodb(), "dynamodb.TransactWriteItems", broken):
        assert act(created).status == 503
    assert tokens() == before
    assert is_on(created)
    assert act(created).status == 204


def test_without_the_public_half_of_the_key_nothing_is_kept() -> None:
    created = file()
    broken = inject.error_response(400, "AccessDeniedException")
    with inject.fault(wiring._kms(), "kms.GetPublicKey", broken):
        assert ask(created).status == 503
    assert tokens() == []
    assert ask(created).status == 204


def test_officers_see_nothing_of_it() -> None:
    created, other = asked(), file()
    shown = [by_officer("GET", each).json for each in (created, other)]
    assert shown[0].keys() == shown[1].keys()
    assert "push" not in str(shown[0])


def test_whoever_asks_while_the_report_ends_is_refused() -> None:
    created = file()

    with inject.meanwhile(lambda: withdraw(created)):
        assert ask(created).json["code"] == "withdrawn"
    assert tokens() == []


def test_an_operator_finds_a_token_that_a_restore_brought_back(aws: Mapping[str, str]) -> None:
    created = asked()
    row = tokens()[0]
    end(created)
    boto3.client("dynamodb").put_item(TableName=aws["CONTACTS_TABLE"], Item=row)
    found = [(each.kind, each.where) for each in find_orphans(places(), now=wiring.clock.now())]
    assert found == [(OrphanKind.CONTACT, (f"REPORT#{created['id']}", "PUSH"))]
