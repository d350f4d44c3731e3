"""Events leave to other systems: signed, thin, and again until they arrive."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from jsonschema import Draft202012Validator
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from chalicelib import wiring
from chalicelib.aws.keys import task_fields
from chalicelib.aws.writes import Delete
from chalicelib.domain.notices.destinations import MOST_DESTINATIONS
from chalicelib.handlers.service import scheduled
from chalicelib.http import index
from chalicelib.http.openapi import document
from chalicelib.kernel import times
from chalicelib.kernel.outbox import Lane, OutboxTask, TaskKind
from chalicelib.services.notices.sweep import EVENTS_AT_ONCE
from chalicelib.store.notices import destinations
from chalicelib.store.notices.receivers import Answer
from tests import cloud
from tests.client import call, read_and_approve
from tests.faults import inject
from tests.functional.casework.test_oversight_beside import moved
from tests.receivers import PATH, TERMS, Taken, agree_on, propose, receive
from tests.steps import file, write

pytestmark = pytest.mark.usefixtures("aws", "clean")

NOBODY = Answer(None, "timeout")


@pytest.fixture
def taken() -> Iterator[Taken]:
    wiring.clock.advance(wiring.clock.wall_clock() - wiring.clock.now())
    yield receive()
    wiring.reset()


def happen(category: str = "missing_elderly", **more: Any) -> dict[str, Any]:
    created = file(category, **more)
    assert cloud.stream(cloud.all_keys()) == cloud.NOTHING_FAILED
    return created


def deliveries() -> list[dict[str, Any]]:
    return list(call("GET", f"{PATH}/deliveries", officer="admin").json["items"])


def test_a_new_report_arrives_signed_and_says_where_to_look(taken: Taken) -> None:
    secret = agree_on()
    created = happen()

    assert cloud.deliver_events() == {"delivered": 1}
    [(url, body, headers)] = taken.sent
    assert url == TERMS["url"]
    event = Webhook(secret).verify(body, dict(headers))
    assert event["id"] == headers["webhook-id"]
    assert event["type"] == "tipline.report"
    assert event["data"] == {"kind": "report", "report_id": created["id"], "urgency": "high"}
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body.replace(b"high", b"higg"), dict(headers))
    assert cloud.deliver_events() == {}
    assert [each["state"] for each in deliveries()] == ["delivered"]


def test_what_an_event_says_is_documented_granted_and_in_quarter_hours(taken: Taken) -> None:
    agree_on(shows=["category", "district"])
    place = {"lat": 39.92, "lon": 116.46, "address": "canary-address"}
    created = happen(text="canary-text", contact={"name": "canary-name"}, location=place)
    write(created, "canary-message")
    happen("child_abduction", text="canary-text")
    cloud.deliver_events()

    assert "canary" not in str(taken.sent)
    parts = document(index.operations())["components"]
    schema = {**parts["schemas"]["CloudEvent"], "components": parts}
    for event in taken.events:
        Draft202012Validator(schema).validate(event)
    critical, report, message = sorted(taken.events, key=lambda each: each["data"]["urgency"])
    assert (report["data"]["category"], report["data"]["district"]) == (
        "missing_elderly",
        "chaoyang",
    )
    assert {report["type"], message["type"]} == {"tipline.report", "tipline.message"}
    assert datetime.fromisoformat(report["time"]).minute % 15 == 0
    assert critical["data"]["urgency"] == "critical"
    assert datetime.fromisoformat(critical["time"]).second == 0


def test_only_what_two_admins_chose_leaves_and_nothing_of_oversight(taken: Taken) -> None:
    cloud.oversight("ombud", "ombud2")
    agree_on(categories=["missing_elderly"], kinds=["message"])
    agree_on("/v1/admin/destinations/severe", url="https://b.example/", min_urgency="critical")
    agree_on("/v1/admin/destinations/all", url="https://c.example/")
    police = happen("traffic_violation", concerns_police=True)
    happen("other")
    created = happen()
    happen("child_abduction")
    write(created)
    cloud.stream(cloud.all_keys())
    cloud.deliver_events()

    both = zip(taken.sent, taken.events, strict=True)
    sent = [(url, event["data"]["kind"]) for (url, *_), event in both]
    chosen = [each for each in sent if each[0] != "https://c.example/"]
    assert sorted(chosen) == [("https://b.example/", "report"), (TERMS["url"], "message")]
    assert len(sent) - len(chosen) == 4
    assert police["id"] not in {event["data"]["report_id"] for event in taken.events}


def test_what_is_gathered_in_a_digest_leaves_one_by_one(taken: Taken) -> None:
    agree_on()
    created = {file("other")["id"] for _ in range(14)}
    cloud.stream(cloud.all_keys())
    wiring.clock.advance(timedelta(minutes=2))
    cloud.sweep()

    assert len(cloud.sent()) < len(created)
    cloud.deliver_events()
    assert {each["data"]["report_id"] for each in taken.events} == created
    assert len(taken.events) == len(created)


class LosesAnswers(Taken):
    """Takes an event, and its answer is lost: now and then, of those that are not critical."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        taken = super().post(url, body, headers)
        return NOBODY if len(self.sent) % 50 == 49 and b"critical" not in body else taken


def multiply(count: int) -> set[str]:
    """Let so many events wait in place of those that do, and return their ids."""
    table, ids = wiring.reports().table, set[str]()
    found = [(row, row["event"]) for row in table.query("DESTINATION#dispatch")[0]]
    for (row, event), more in zip(found, (count // 12, count - count // 12), strict=True):
        at, lane = row["sk"].partition("#")[0], Lane(row["lane"])
        copies = []
        for number in range(more):
            one = event["id"][:-5] + f"{number:05}"
            key = row["pk"], f"{at}#{one}"
            task = task_fields(*key, OutboxTask(TaskKind.DELIVER, times.parse(at), lane=lane))
            copies.append({**row, "sk": key[1], **task, "event": {**event, "id": one}})
            ids.add(one)
        table.delete(Delete(row["pk"], row["sk"]))
        table.put_all(copies)
    return ids


@pytest.mark.parametrize("count", [120, pytest.param(10_000, marks=pytest.mark.thorough)])
def test_after_six_hours_without_a_receiver_all_arrive_and_critical_ones_first(
    taken: Taken, count: int
) -> None:
    agree_on()
    for category in ("child_abduction", "other"):
        happen(category)
        wiring.clock.advance(timedelta(seconds=1))
    ids, critical = multiply(count), count // 12
    taken.always = NOBODY
    for _ in range(3):
        assert "delivered" not in cloud.deliver_events()
        wiring.clock.advance(timedelta(hours=2))

    wiring.send_events_by(taken := LosesAnswers())
    done = Counter[str]()
    for _ in range(24):
        for _ in range(1 + count // EVENTS_AT_ONCE):
            done.update(cloud.deliver_events())
            wiring.clock.advance(timedelta(minutes=1))
        wiring.clock.advance(timedelta(hours=1))
        if done["delivered"] == count:
            break
    arrived = [str(headers["webhook-id"]) for *_, headers in taken.sent]
    assert (set(arrived), done["delivered"]) == (ids, count)
    assert len(arrived) > count  # who has noted the id does nothing for the others
    assert {each["data"]["urgency"] for each in taken.events[:critical]} == {"critical"}
    assert len(set(arrived[:critical])) == critical


def test_a_notice_waits_for_no_destination_dead_or_alive(taken: Taken) -> None:
    calls = []
    for dead in (False, True):
        agree_on() if not dead else multiply(120)
        taken.always = NOBODY if dead else taken.always
        cloud.deliver_events()
        asked = len(taken.sent)
        created = file("child_abduction")
        with (
            inject.calls_of_dynamodb() as made,
            inject.fault(wiring.topic()._client, "sns.*", lambda request: None) as published,
        ):
            cloud.stream([(f"REPORT#{created['id']}", "HEAD")])
        assert len(taken.sent) == asked
        calls.append((made, published))
        happen("other")
    assert calls[0] == calls[1]


def test_a_receiver_that_does_not_answer_is_asked_once_for_all_that_waits(taken: Taken) -> None:
    agree_on()
    agree_on("/v1/admin/destinations/other", url="https://b.example/")
    for _ in range(3):
        happen()
    taken.answers[TERMS["url"]] = NOBODY

    assert cloud.deliver_events() == {"waiting": 3, "delivered": 3}
    asked = [url for url, *_ in taken.sent]
    assert (asked.count(TERMS["url"]), asked.count("https://b.example/")) == (1, 3)
    assert sorted(each["answer"] for each in deliveries()) == ["timeout", "untried", "untried"]

    taken.answers[TERMS["url"]] = Answer(422)  # it is there, and wants none of them
    wiring.clock.advance(timedelta(minutes=1))
    cloud.deliver_events()
    assert [each["answer"] for each in deliveries()] == ["422"] * 3


def test_one_message_at_a_time_is_out_for_a_destination_and_lane(taken: Taken) -> None:
    agree_on()
    agree_on("/v1/admin/destinations/other", url="https://b.example/")
    for minute in range(2):
        happen()
        happen("child_abduction")
        wiring.clock.advance(timedelta(seconds=61 * minute))
        scheduled.sweep_upkeep(cloud.SCHEDULE, None)
    sqs, url = boto3.client("sqs"), wiring.settings().events_queue_url

    out: list[str] = []
    asked: Any = {"QueueUrl": url, "MessageSystemAttributeNames": ["MessageGroupId"]}
    while found := sqs.receive_message(**asked, MaxNumberOfMessages=1).get("Messages"):
        out += [each["Attributes"]["MessageGroupId"] for each in found]
    assert sorted(out) == [
        f"DESTINATION#{name}/{lane}"
        for name in ("dispatch", "other")
        for lane in ("critical_events", "events")
    ]


def test_after_a_day_an_event_is_given_up_and_can_be_sent_again(taken: Taken) -> None:
    agree_on()
    taken.always = Answer(503)
    happen()
    ends: list[dict[str, int]] = []
    for _ in range(26):
        ends.append(cloud.deliver_events())
        wiring.clock.advance(timedelta(hours=1))
    assert ends[:24] == [{"waiting": 1}] * 24
    assert ends[24:] == [{"dead": 1}, {}]
    [dead] = deliveries()
    assert (dead["state"], dead["answer"]) == ("dead", "503")

    taken.always = Answer(200)
    again = {"ids": [dead["event"]["id"]]}
    for count in (1, 0):
        reply = call("POST", f"{PATH}/redeliver", again, officer="admin")
        assert (reply.status, reply.json) == (200, {"count": count, "more": False})
    assert cloud.deliver_events() == {"delivered": 1}


def test_what_was_typed_in_place_of_an_events_id_is_not_on_record(taken: Taken) -> None:
    agree_on()
    receipt = file()["receipt"].replace("-", "")
    asked = [
        call("POST", f"{PATH}/redeliver", {"ids": [typed]}, officer="admin")
        for typed in ("Zhang San, 13842424242", receipt)
    ]
    assert [each.status for each in asked] == [422, 200]
    assert asked[0].json["errors"][0]["code"] == "unknown_value"
    record = str(cloud.scan(os.environ["AUDIT_TABLE"]))
    assert "sent_again" in record
    assert "Zhang" not in record
    assert receipt not in record


def test_what_is_moved_to_oversight_neither_leaves_nor_is_sent_again(taken: Taken) -> None:
    cloud.oversight("ombud", "ombud2")
    cloud.officer("wang")
    agree_on()
    taken.always = NOBODY
    waiting, given_up = happen(), happen()
    assert cloud.deliver_events() == {"waiting": 2}
    moved(waiting)
    wiring.clock.advance(timedelta(days=1))
    taken.sent = []
    assert cloud.deliver_events() == {"dead": 1}
    assert [each["data"]["report_id"] for each in taken.events] == [given_up["id"]]
    assert len(wiring.reports().table.query("DESTINATION#dispatch")[0]) == 1

    moved(given_up)
    assert deliveries() == []
    assert call("POST", f"{PATH}/redeliver", {}, officer="admin").json["count"] == 0
    assert cloud.deliver_events() == {}


def test_while_a_secret_is_replaced_both_sign(taken: Taken) -> None:
    first = agree_on()
    second = call("POST", f"{PATH}/secret", officer="admin").json["secret"]
    assert "secret" not in call("GET", PATH, officer="admin").json
    happen()
    cloud.deliver_events()
    _, body, headers = taken.sent[-1]
    for secret in (first, second):
        Webhook(secret).verify(body, dict(headers))

    wiring.clock.advance(timedelta(hours=24))
    happen()
    cloud.deliver_events()
    _, body, headers = taken.sent[-1]
    Webhook(second).verify(body, dict(headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(first).verify(body, dict(headers))


def test_what_waits_for_an_ended_destination_does_not_leave(taken: Taken) -> None:
    agree_on()
    happen()
    for _ in range(2):
        assert call("DELETE", PATH, officer="admin").status == 204
    assert cloud.deliver_events() == {}
    assert taken.sent == []
    assert wiring.destinations().secrets("dispatch") == []
    assert call("GET", f"{PATH}/deliveries", officer="admin").status == 404


def test_what_waited_for_an_ended_destination_goes_to_no_other_of_its_name(taken: Taken) -> None:
    agree_on()
    taken.always = NOBODY
    happen()
    assert cloud.deliver_events() == {"waiting": 1}
    assert call("DELETE", PATH, officer="admin").status == 204
    taken.always, taken.sent = Answer(204), []
    wiring.clock.advance(timedelta(seconds=1))
    agree_on(url="https://another.example/in", categories=["other"])
    wiring.clock.advance(timedelta(minutes=5))
    assert cloud.deliver_events() == {}
    assert taken.sent == []


def test_what_waits_leaves_by_the_terms_of_then(taken: Taken) -> None:
    agree_on()
    taken.always = NOBODY
    happen()
    assert cloud.deliver_events() == {"waiting": 1}
    taken.always, taken.sent = Answer(204), []
    agree_on(categories=["other"])
    wiring.clock.advance(timedelta(minutes=5))
    assert cloud.deliver_events() == {}
    assert taken.sent == []


def test_what_is_proposed_changes_nothing_until_another_admin_agrees(taken: Taken) -> None:
    agree_on()
    propose(url="https://elsewhere.example/")
    assert read_and_approve(f"{PATH}/approve", "admin").json["code"] == "self_approval"
    happen()
    cloud.deliver_events()
    assert [url for url, *_ in taken.sent] == [TERMS["url"]]
    approved = read_and_approve(f"{PATH}/approve", "admin2").json
    assert (approved["terms"]["url"], "secret" in approved) == ("https://elsewhere.example/", False)
    wiring.clock.advance(timedelta(days=1))
    propose(kinds=["report"])
    wiring.clock.advance(timedelta(days=7))
    assert call("GET", PATH, officer="admin2").json["proposal"] is None


def test_there_are_so_many_destinations_and_no_more(taken: Taken) -> None:
    for number in range(MOST_DESTINATIONS):
        propose(f"/v1/admin/destinations/d{number}")
    reply = call("PUT", PATH, dict(TERMS), officer="admin")
    assert (reply.status, reply.json["code"]) == (409, "no_more_destinations")


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/v1/admin/destinations/Dispatch", TERMS["url"]),
        (PATH, "http://events.example/"),
        (PATH, "https://user@events.example/"),
        (PATH, "https://events.example:22/"),
        (PATH, "https://127.0.0.1/"),
        (PATH, "https://2130706433/"),
        (PATH, "https://0x7f.1/"),
        (PATH, "https://[::ffff:10.0.0.1]/"),
        (PATH, "https://localhost/"),
    ],
)
def test_a_wrong_name_or_address_is_refused(taken: Taken, path: str, url: str) -> None:
    assert call("PUT", path, {**TERMS, "url": url}, officer="admin").status == 422


def test_a_row_of_destinations_that_nobody_can_read_keeps_back_no_notice(taken: Taken) -> None:
    pk, sk = destinations.KEY
    wiring.reports().table.put({"pk": pk, "sk": sk, "destinations": {"dispatch": {}}})
    file()
    assert cloud.stream(cloud.all_keys()) != cloud.NOTHING_FAILED
    assert [each["kind"] for each in cloud.sent()] == ["report"]
