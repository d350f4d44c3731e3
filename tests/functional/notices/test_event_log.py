"""Events without an address: a reader fetches them in order, or they go to the stack's bus."""

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import table
from chalicelib.domain.notices.destinations import KEPT, SETTLED_AFTER
from chalicelib.domain.officers.access_tokens import MACHINE
from chalicelib.domain.officers.model import Role
from tests import cloud
from tests.client import Reply, call
from tests.faults import inject
from tests.functional.casework.test_oversight_beside import moved
from tests.receivers import PATH, TERMS, Taken, agree_on, receive
from tests.steps import file, file_and_notify

pytestmark = [pytest.mark.usefixtures("aws", "clean", "standing_clock"), pytest.mark.officers("li")]

EVENTS = "/v1/officer/events"
FETCHED: Any = {"url": None, "reader": "li"}
ON_THE_BUS: Any = {"url": None, "bus": True}
OTHER = "/v1/admin/destinations/other"


@pytest.fixture(autouse=True)
def taken() -> Iterator[Taken]:
    yield receive()
    wiring.reset()


def fetch(after: str | None = None, *, limit: int = 20, officer: str = "li") -> Reply:
    query = f"?limit={limit}" + (f"&after={after}" if after else "")
    return call("GET", EVENTS + query, officer=officer)


def settle() -> None:
    wiring.clock.advance(SETTLED_AFTER + timedelta(milliseconds=1))


def reports(page: Reply) -> list[str]:
    return [each["data"]["report_id"] for each in page.json["items"]]


def test_a_reader_fetches_what_another_is_sent(taken: Taken) -> None:
    agree_on(**FETCHED, shows=["category", "district"])
    agree_on(OTHER, shows=["category", "district"])
    for category in ("other", "child_abduction", "missing_elderly"):
        file_and_notify(category, text="canary-text")
        wiring.clock.advance(timedelta(seconds=1))
    settle()
    page = fetch()

    assert cloud.deliver_events() == {"delivered": 3}
    by_id = {each["id"]: each for each in taken.events}
    assert page.json["items"] == [by_id[each["id"]] for each in page.json["items"]]
    assert len(by_id) == 3
    assert "canary" not in page.text
    kept = call("GET", f"{PATH}/deliveries", officer="admin").json["items"]
    assert {(each["state"], each["attempts"]) for each in kept} == {("kept", 0)}


def test_a_cursor_leads_on_as_often_as_it_is_sent_also_from_an_empty_page() -> None:
    agree_on(**FETCHED)
    empty = fetch().json
    assert (empty["items"], empty["more"]) == ([], False)
    filed = []
    for _ in range(5):
        filed.append(file_and_notify()["id"])
        wiring.clock.advance(timedelta(seconds=1))
    settle()

    found, cursor, more = [], empty["next_cursor"], True
    while more:
        page = fetch(cursor, limit=2)
        assert reports(fetch(cursor, limit=2)) == reports(page)
        found += reports(page)
        cursor, more = page.json["next_cursor"], page.json["more"]
    assert found == filed
    assert reports(fetch(cursor)) == []
    filed.append(file_and_notify()["id"])
    settle()
    assert reports(fetch(cursor)) == filed[-1:]
    wiring.clock.advance(KEPT - timedelta(hours=1))
    assert reports(fetch(cursor)) == filed[-1:]
    wiring.clock.advance(timedelta(hours=1))
    assert fetch(cursor).json["code"] == "bad_cursor"
    assert reports(fetch()) == []


def test_an_event_that_is_written_late_comes_before_those_that_were_not_yet_read() -> None:
    agree_on(**FETCHED)
    slow, quick = file("child_abduction"), file("child_abduction")
    pages: list[Reply] = []

    def others_go_on(request: Any) -> None:
        if b"DESTINATION#dispatch" in request.body and not pages:
            pages.append(fetch())
            wiring.clock.advance(timedelta(seconds=5))
            cloud.stream([(f"REPORT#{quick['id']}", "HEAD")])
            wiring.clock.advance(SETTLED_AFTER - timedelta(seconds=6))
            pages.append(fetch(pages[0].json["next_cursor"]))

    with inject.fault(wiring.dynamodb(), "dynamodb.TransactWriteItems", others_go_on):
        cloud.stream([(f"REPORT#{slow['id']}", "HEAD")])
    assert [reports(each) for each in pages] == [[], []]
    settle()
    assert reports(fetch(pages[1].json["next_cursor"])) == [slow["id"], quick["id"]]


def test_no_write_takes_longer_than_its_event_is_held_back() -> None:
    asked = wiring.dynamodb().meta.config
    each = asked.connect_timeout + asked.read_timeout
    longest = (len(table._PAUSES_S) + 1) * each + sum(table._PAUSES_S)
    assert timedelta(seconds=longest + 2) < SETTLED_AFTER


def test_the_time_before_the_write_does_not_count() -> None:
    agree_on(**FETCHED)
    key = (f"REPORT#{file()['id']}", "HEAD")
    with inject.meanwhile(lambda: wiring.clock.advance(timedelta(minutes=1)), "sns.PublishBatch"):
        cloud.stream([key])
    assert reports(fetch()) == []
    settle()
    assert len(reports(fetch())) == 1


def test_the_time_of_a_write_to_a_digest_that_failed_does_not_count() -> None:
    agree_on(**FETCHED)
    for _ in range(14):
        file("other")
    failed = {"CancellationReasons": [{"Code": "ConditionalCheckFailed"}]}
    refuse = inject.error_response(400, "TransactionCanceledException", **failed)

    def fail_late(request: Any) -> Any:
        if b"DIGEST#" not in request.body or not failed:
            return None
        failed.clear()
        wiring.clock.advance(timedelta(minutes=1))
        return refuse(request)

    with inject.fault(wiring.dynamodb(), "dynamodb.TransactWriteItems", fail_late):
        cloud.stream(cloud.all_keys())
    alone = len(reports(fetch(limit=50)))
    settle()
    assert alone < len(reports(fetch(limit=50))) == 14


def test_who_is_no_reader_or_no_more_reads_nothing() -> None:
    agree_on(**FETCHED)
    file_and_notify()
    settle()
    cloud.officer("wang")
    refused = fetch(officer="wang")
    assert (refused.status, refused.json["code"]) == (404, "no_events_for_you")
    cursor = fetch().json["next_cursor"]
    for change, status in (({"roles": (Role.AUDITOR,)}, 403), ({"active": False}, 403)):
        cloud.officer("li", **change)
        assert fetch(cursor).status == status
    cloud.officer("li", categories=("other",))
    assert reports(fetch()) == []
    cloud.officer("li")
    assert len(reports(fetch())) == 1
    agree_on(**FETCHED | {"reader": "wang"})
    assert [fetch(officer=each).status for each in ("li", "wang")] == [404, 200]
    assert fetch(cursor, officer="wang").json["code"] == "bad_cursor"


def test_a_machine_reads_events_and_oversight_none() -> None:
    cloud.officer("machine", roles=(Role.SYSTEM,))
    agree_on(**FETCHED | {"reader": "machine"})
    assert fetch(officer=f"{MACHINE}machine").status == 200
    cloud.oversight("ombud")
    assert fetch(officer="ombud").status == 403


def test_what_is_moved_to_oversight_is_in_no_log_and_shortens_no_page() -> None:
    cloud.oversight("ombud", "ombud2")
    cloud.officer("wang")
    agree_on(**FETCHED)
    filed = []
    for _ in range(4):
        filed.append(file_and_notify())
        wiring.clock.advance(timedelta(seconds=1))
    settle()
    first, _, third, _ = (each["id"] for each in filed)
    cursor = fetch(limit=1).json["next_cursor"]
    for each in filed[1::2]:
        moved(each)
    assert reports(fetch(limit=2)) == [first, third]
    assert (reports(fetch(cursor)), fetch(cursor).json["more"]) == ([third], False)
    kept = call("GET", f"{PATH}/deliveries", officer="admin").json["items"]
    assert [each["event"]["data"]["report_id"] for each in kept] == [third, first]


def test_a_destination_that_begins_anew_has_nothing_of_before(taken: Taken) -> None:
    agree_on()
    file_and_notify()
    assert cloud.deliver_events() == {"delivered": 1}
    file_and_notify()
    assert call("DELETE", PATH, officer="admin").status == 204
    wiring.clock.advance(timedelta(minutes=1))
    agree_on(**FETCHED)
    file_and_notify("other")
    settle()
    assert cloud.deliver_events() == {}
    assert len(reports(fetch())) == 1
    assert len(taken.sent) == 1


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"url": None}, "one_way"),
        ({"reader": "li"}, "one_way"),
        ({"bus": True}, "one_way"),
        (FETCHED | {"bus": True}, "one_way"),
        (FETCHED | {"reader": ""}, "blank"),
        (FETCHED | {"reader": "nobody"}, "cannot_read_events"),
        (FETCHED | {"reader": "admin"}, "cannot_read_events"),
        (FETCHED, "cannot_read_events"),
        (ON_THE_BUS, "no_event_bus"),
    ],
)
def test_a_destination_with_no_way_is_refused(terms: dict[str, Any], code: str) -> None:
    agree_on(OTHER, **FETCHED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVENT_BUS", "")
        wiring.settings.cache_clear()  # type: ignore[attr-defined]
        reply = call("PUT", PATH, {**TERMS, **terms}, officer="admin")
    wiring.settings.cache_clear()  # type: ignore[attr-defined]
    assert (reply.status, [each["code"] for each in reply.json["errors"]]) == (422, [code])


def test_a_destination_keeps_its_way_and_only_an_address_has_a_secret() -> None:
    assert agree_on(**FETCHED) == "None"
    reply = call("PUT", PATH, dict(TERMS), officer="admin")
    assert (reply.status, reply.json["errors"][0]["code"]) == (422, "keeps_its_way")
    assert call("POST", f"{PATH}/secret", officer="admin").status == 404


def test_what_goes_to_the_bus_is_the_event_and_what_fails_there_comes_again(taken: Taken) -> None:
    sqs, bus = cloud.client("sqs"), os.environ["EVENT_BUS"]
    queue = sqs.create_queue(QueueName="operators")["QueueUrl"]
    pattern = json.dumps({"detail": {"data": {"urgency": ["critical"]}}})
    rule = {"Name": "operators", "EventBusName": bus}
    cloud.client("events").put_rule(**rule, EventPattern=pattern)
    target = {"Id": "1", "Arn": "arn:aws:sqs:us-east-1:123456789012:operators"}
    cloud.client("events").put_targets(Rule="operators", EventBusName=bus, Targets=[target])
    agree_on(**ON_THE_BUS)
    agree_on(OTHER)
    file_and_notify("child_abduction", text="canary-text")
    file_and_notify()

    partly: Any = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}
    throttled = inject.error_response(400, "ThrottlingException")
    for refuse in (throttled, inject.error_response(200, "", **partly)):
        with inject.fault(wiring.event_bus()._client, "events.PutEvents", refuse):
            assert cloud.deliver_events()["waiting"] == 2
        wiring.clock.advance(timedelta(minutes=5))
    answers = {
        each["answer"] for each in call("GET", f"{PATH}/deliveries", officer="admin").json["items"]
    }
    assert answers == {"InternalFailure"}
    assert cloud.deliver_events() == {"delivered": 2}
    [message] = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    event = json.loads(message["Body"])
    assert "canary" not in message["Body"]
    assert event["detail"] in taken.events
    assert (event["source"], event["detail-type"]) == ("urn:tipline:test", "tipline.report")


def test_a_reader_fetches_nothing_beyond_the_terms_of_now() -> None:
    agree_on(**FETCHED)
    hidden, shown = file_and_notify("child_abduction"), file_and_notify("other")
    settle()
    assert set(reports(fetch())) == {hidden["id"], shown["id"]}
    agree_on(**FETCHED, categories=["other"])
    assert reports(fetch()) == [shown["id"]]
