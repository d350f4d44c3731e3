"""Faults of one notice among many: the others are sent once, and the failed one is repeated."""

import json
import os
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws.keys import task_fields
from chalicelib.aws.writes import Update
from chalicelib.domain.notices.bursts import ALONE_PER_CATEGORY
from chalicelib.handlers.service import scheduled
from chalicelib.kernel import outbox
from chalicelib.store.reports.heads import update_head
from tests import cloud, events
from tests.client import call, new_key, report
from tests.faults import inject
from tests.steps import by_reporter, file

pytestmark = pytest.mark.usefixtures("aws", "clean", "full_minute")


def file_critical(count: int) -> list[str]:
    return [file("child_abduction")["id"] for _ in range(count)]


def poison(report_id: str, **fields: Any) -> None:
    table = wiring.reports().table
    table.update(update_head(report_id, put=fields or {"urgency": "poison"}))


def notified() -> list[str]:
    """Return the reports that notices are about, or that digests name."""
    return [
        report_id
        for notice in cloud.sent()
        for report_id in notice.get("report_ids") or [notice["report_id"]]
    ]


@pytest.mark.parametrize("position", [0, 57])
def test_a_poison_row_among_a_hundred_is_the_only_one_the_stream_gives_back(position: int) -> None:
    made = file_critical(100)
    poison(made[position])
    keys = [(f"REPORT#{report_id}", "HEAD") for report_id in made]

    assert cloud.stream(keys) == {"batchItemFailures": [{"itemIdentifier": str(position)}]}
    # Lambda repeats the batch from the failed record on. Later records are not published twice.
    assert cloud.stream(keys[position:]) == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    cloud.sweep()
    assert sorted(notified()) == sorted(made[:position] + made[position + 1 :])


@pytest.mark.parametrize(
    "fields",
    [{"urgency": "poison"}, {"due_at": "never"}, {"task": "unheard of"}, {"received_at": 5}],
)
def test_a_poison_row_among_many_does_not_hold_up_the_sweep_and_is_counted(
    fields: dict[str, Any],
) -> None:
    made = file_critical(12)
    poison(made[0], **fields)
    wiring.clock.advance(timedelta(minutes=2))
    counted = [cloud.sweep() for _ in range(2)]

    assert sorted(notified()) == sorted(made[1:])
    assert [done["failed"] for done in counted] == [1, 1]


@pytest.mark.parametrize("path", ["stream", "sweep"])
@pytest.mark.parametrize("gone", ["district", "category"])
def test_a_report_whose_district_or_category_is_gone_is_notified_by_its_code(
    path: str, gone: str
) -> None:
    made = file_critical(12)
    poison(made[0], **{gone: "not_there"})
    if path == "stream":
        cloud.stream(cloud.all_keys())
    else:
        wiring.clock.advance(timedelta(minutes=2))
    for _ in range(2):  # the second one sends the digest that the first one made
        assert cloud.sweep()["failed"] == 0

    assert sorted(notified()) == sorted(made)


def test_a_poison_report_is_notified_once_somebody_has_mended_it() -> None:
    made = file_critical(3)
    poison(made[1])
    cloud.stream(cloud.all_keys())
    poison(made[1], urgency="critical")
    cloud.sweep(timedelta(minutes=2))

    assert sorted(notified()) == sorted(made)


@pytest.mark.parametrize("path", ["stream", "sweep"])
@pytest.mark.parametrize("failing", [0, 4, 9])
def test_a_completion_that_fails_is_repeated_for_that_report_alone(path: str, failing: int) -> None:
    made = file_critical(10)
    wiring.clock.advance(timedelta(minutes=2))
    keys = [(f"REPORT#{report_id}", "HEAD") for report_id in made]

    def refuse(request: Any) -> Any:
        broken = made[failing].encode() in request.body and b"REMOVE" in request.body
        return inject.error_response(400, "ValidationException")(request) if broken else None

    with inject.fault(wiring.dynamodb(), "dynamodb.*", refuse):
        if path == "stream":
            assert cloud.stream(keys) == {"batchItemFailures": [{"itemIdentifier": str(failing)}]}
        else:
            assert cloud.sweep()["failed"] == 1
    cloud.sweep()

    again = [report_id for report_id in made if notified().count(report_id) == 2]
    assert again == [made[failing]]
    assert len(notified()) == 11
    assert len({notice["event_id"] for notice in cloud.sent()}) == 10


def test_a_digest_that_is_full_leaves_the_rest_pending() -> None:
    made = [
        call("POST", "/v1/reports", report("other"), key=new_key()).json["id"]
        for _ in range(ALONE_PER_CATEGORY + 3)
    ]
    with inject.fault(
        wiring.dynamodb(),
        "dynamodb.TransactWriteItems",
        gathering(inject.error_response(400, "ValidationException")),
    ):
        assert len(cloud.stream(cloud.all_keys())["batchItemFailures"]) == 3
    cloud.sweep(timedelta(minutes=2))
    cloud.sweep()

    assert sorted(notified()) == sorted(made)


def gathering(refusal: Any) -> Any:
    return lambda request: refusal(request) if b"DIGEST#" in request.body else None


def test_a_row_that_cannot_be_read_holds_up_no_other() -> None:
    """DynamoDB leaves a row that is read too often out of a batch, at every try."""
    made = file_critical(6)
    hot = {"S": f"REPORT#{made[0]}"}

    def leave_out(request: Any) -> Any:
        body = json.loads(request.body)
        table = os.environ["REPORTS_TABLE"]
        asked = body["RequestItems"][table]
        left = [key for key in asked["Keys"] if key["pk"] == hot]
        if not left:
            return None
        rest = [key for key in asked["Keys"] if key["pk"] != hot]
        answer: dict[str, Any] = {"Responses": {table: []}}
        if rest:
            smaller = {"RequestItems": {table: {**asked, "Keys": rest}}}
            request.body = json.dumps(smaller).encode()
            answer = json.loads(inject.carry_out(request).content)
        answer["UnprocessedKeys"] = {table: {**asked, "Keys": left}}
        return inject.aws_response(request.url, 200, answer)

    keys = [(f"REPORT#{report_id}", "HEAD") for report_id in made]
    with inject.fault(wiring.dynamodb(), "dynamodb.BatchGetItem", leave_out):
        records = events.reports_stream(keys, image=cloud.stored_image)
        failed = scheduled.publish_critical({"Records": records}, None)["batchItemFailures"]
        assert failed == [{"itemIdentifier": "0"}]
        assert sorted(notified()) == sorted(made[1:])
        wiring.clock.advance(timedelta(minutes=2))
        assert scheduled.sweep_critical(cloud.SCHEDULE, None)["failed"] == 1
    cloud.sweep()
    assert sorted(notified()) == sorted(made)


def test_a_row_that_cannot_be_written_holds_up_no_other_of_its_digest() -> None:
    made = sorted(file_critical(40))
    throttled = inject.error_response(400, "ThrottlingException")

    def refuse(request: Any) -> Any:
        is_hot = f"REPORT#{made[-1]}".encode() in request.body
        return throttled(request) if is_hot else None

    with inject.fault(wiring.dynamodb(), "dynamodb.TransactWriteItems", refuse):
        cloud.stream([(f"REPORT#{report_id}", "HEAD") for report_id in made])
        scheduled.sweep_critical(cloud.SCHEDULE, None)
    assert sorted(notified()) == made[:-1]


def test_intake_calls_nothing_but_the_database_whatever_sns_does() -> None:
    """So the latency of intake cannot depend on SNS."""
    called: list[str] = []
    wiring.reset()
    wiring.pause_by(lambda seconds: None)
    # Every client of a session gets the session's handlers.
    wiring.aws_events().register_first(
        "before-send.*", lambda event_name, **_: called.append(event_name)
    )
    for warm in (
        wiring.identity,
        wiring.content_keys().wrapping_key,
        wiring.contact_keys().wrapping_key,
    ):
        warm()
    called.clear()
    bodies = [
        report(),
        report(contact={"phone": "13800000000"}),
        report(
            media=[
                {"content_type": "image/jpeg", "size": 10},
                {"content_type": "video/mp4", "size": 400 << 20},
            ]
        ),
    ]
    for body in bodies:
        key = new_key()
        created = call("POST", "/v1/reports", body, key=key).expect(201)
        assert call("POST", "/v1/reports", body, key=key).status == 200
        by_reporter("POST", created, "/messages", {"text": "One more thing."})
        call("GET", "/v1/reports/mine", receipt=created["receipt"])
        by_reporter("DELETE", created)

    assert called
    assert {name.split(".")[1] for name in called} == {"dynamodb"}


def test_a_burst_costs_the_digest_no_more_with_each_report() -> None:
    """Otherwise each write would cost as much as the whole list and throttle the partition."""
    for _ in range(3):
        call("POST", "/v1/reports", report("other"), key=new_key())
    now, table = wiring.clock.now(), wiring.reports().table
    table.update(
        Update(f"BURST#{now:%Y-%m-%dT%H:%M}", "COUNT", put={"normal_other": 200}, upsert=True)
    )
    named = [f"{number:026}" for number in range(50)]
    full: dict[str, Any] = {
        "pk": "DIGEST#normal#digest#other#unknown#normal#0",
        "sk": "EVENT#digest",
        "kind": "digest",
        "category": "other",
        "district": "unknown",
        "urgency": "normal",
        "count": 50,
        "report_ids": named,
    }
    table.put(
        full | task_fields(full["pk"], full["sk"], outbox.notify(now - outbox.NOTICE_PATIENCE))
    )
    cloud.go_on()

    [digest] = cloud.sent()
    assert (digest["count"], digest["report_ids"]) == (53, named)


def test_what_another_function_has_gathered_meanwhile_holds_up_no_other() -> None:
    """The stream's reader and the sweep work on the same tasks when the reader lags."""
    made = sorted(file_critical(40))
    keys = [(f"REPORT#{report_id}", "HEAD") for report_id in made]
    cloud.stream(keys[:ALONE_PER_CATEGORY])
    gathered: list[int] = []

    def meanwhile(request: Any) -> None:
        if b"DIGEST#" in request.body:
            gathered.append(request.body.count(b'"task"'))
            if len(gathered) == 1:
                cloud.stream(keys[10:16])

    with inject.fault(wiring.dynamodb(), "dynamodb.TransactWriteItems", meanwhile):
        cloud.stream(keys[10:40])
    # All fail, because the other has taken six; the rest goes together.
    assert len(gathered) == 3
    cloud.sweep()
    assert sorted(notified()) == made


def test_a_digest_that_names_enough_costs_one_write_for_each_thirty() -> None:
    made = [
        call("POST", "/v1/reports", report("other"), key=new_key()).json["id"] for _ in range(160)
    ]
    keys = [(f"REPORT#{report_id}", "HEAD") for report_id in made]
    cloud.stream(keys[:70])
    gathered: list[bool] = []

    def count(request: Any) -> None:
        if b"DIGEST#" in request.body:
            gathered.append(True)

    with inject.fault(wiring.dynamodb(), "dynamodb.TransactWriteItems", count):
        for begin in (70, 100, 130):
            cloud.stream(keys[begin : begin + 30])
    # The first shows that it names enough.
    assert len(gathered) == 4
    cloud.sweep()
    [digest] = [notice for notice in cloud.sent() if notice["kind"] == "digest"]
    assert digest["count"] == 150
    assert len(digest["report_ids"]) == 50
