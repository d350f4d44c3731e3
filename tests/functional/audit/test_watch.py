"""What officers do unusually often is counted from the stream, and supervisors learn of it."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain import watch
from chalicelib.domain.officers.model import Role
from chalicelib.domain.reports.events import Watched
from chalicelib.handlers import watch as audit_events
from chalicelib.kernel import errors, times
from chalicelib.store.audit.rows import Action, Entry, Subject, of_report
from chalicelib.store.watch import KNOWN_MAX
from tests import cloud, events
from tests.client import call, new_key
from tests.faults import inject
from tests.functional.notices.test_announcements import inbox
from tests.steps import file

pytestmark = pytest.mark.usefixtures("aws", "clean")

HOUR = datetime(2026, 11, 24, 8, tzinfo=UTC)
A_REPORT, A_DAY = of_report("01ABC"), Subject("OFFICER#wang#2026-11-24")


def audit_rows(
    count: int,
    action: Action = Action.OPEN,
    *,
    subject: Subject = A_REPORT,
    by: str = "wang",
    at: datetime = HOUR,
) -> list[dict[str, Any]]:
    """Return new audit rows, as the stream carries them."""
    audit = wiring.audit()
    return [
        dict(audit.item(Entry(subject, by, action, at)).arguments["Item"]) for _ in range(count)
    ]


def seal(images: Iterable[Mapping[str, Any]]) -> None:
    records = events.audit_stream(images)
    assert audit_events.seal_audit({"Records": records}, None) == {"batchItemFailures": []}


def published() -> list[tuple[str, int]]:
    """Return what was watched and how often, of the notices since the last time."""
    cloud.stream(cloud.all_keys())
    found = [(each["watched"], each["count"]) for each in cloud.sent()]
    cloud.forget_sent()
    return found


def subject_of(action: Action) -> Subject:
    return A_DAY if action in (Action.DENIED, Action.SEARCH) else A_REPORT


UNUSUAL = ("open", "contact", "denied", "search", "close", "close_unread", "move")
each_kind = pytest.mark.parametrize(
    ("action", "what"),
    [
        (Action.OPEN, Watched.OPENINGS),
        (Action.CONTACT, Watched.CONTACTS),
        (Action.DENIED, Watched.DENIALS),
        (Action.SEARCH, Watched.SEARCHES),
        (Action.CLOSE, Watched.CLOSINGS),
        (Action.CLOSE_UNREAD, Watched.UNREAD_CLOSINGS),
        (Action.MOVE, Watched.MOVES),
    ],
)


@pytest.mark.parametrize(
    ("row", "to"),
    [
        ({"roles": (Role.OVERSIGHT,)}, "role:oversight"),
        ({"oversight_until": HOUR + timedelta(minutes=5)}, "role:oversight"),
        ({"oversight_until": HOUR - timedelta(minutes=5)}, "role:supervisor"),
    ],
)
def test_what_oversight_does_unusually_often_oversight_alone_hears(
    row: Mapping[str, Any], to: str
) -> None:
    cloud.officer("ombud", **row)
    seal(audit_rows(101, by="ombud"))
    cloud.stream(cloud.all_keys())
    assert [json.loads(each["attributes"]["to"]) for each in cloud.sent()] == [[to]]


@each_kind
def test_what_is_allowed_is_no_notice_and_one_more_is_one(action: Action, what: Watched) -> None:
    limit, subject = watch.LIMITS[what], subject_of(action)
    seal(audit_rows(limit, action, subject=subject))
    assert published() == []
    seal(audit_rows(1, action, subject=subject))
    assert published() == [(what, limit + 1)]
    seal(audit_rows(1, action, subject=subject))
    assert published() == []


@each_kind
def test_there_is_another_notice_above_each_doubling(action: Action, what: Watched) -> None:
    limit, subject, found = watch.LIMITS[what], subject_of(action), []
    for _ in range(limit):
        seal(audit_rows(5, action, subject=subject))
        found += [count for _, count in published()]
    assert found[:3] == [_next(limit), _next(2 * limit), _next(4 * limit)]
    assert len(found) == 3


def _next(limit: int) -> int:
    """Return the first multiple of five above a limit."""
    return limit // 5 * 5 + 5


def test_a_leap_over_several_doublings_is_one_notice() -> None:
    seal(audit_rows(900))
    assert published() == [("openings", 900)]


def test_the_limits_are_those_that_were_decided() -> None:
    assert {what.value: limit for what, limit in watch.LIMITS.items()} == {
        "openings": 100, "contacts": 10, "denials": 20, "searches": 40, "closings": 50,
        "unread_closings": 10, "moves": 10,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("action", "subject"),
    [(action, A_REPORT) for action in Action if action not in UNUSUAL]
    + [(Action.LIST, A_DAY), (Action.OPEN, A_DAY), (Action.OPEN, Subject("BULLETIN#1"))],
)
def test_lists_and_all_else_do_not_count(action: Action, subject: Subject) -> None:
    seal(audit_rows(300, action, subject=subject))
    assert published() == []
    assert not [key for key in cloud.all_keys() if not key[0].startswith("ACTS#")]


def test_another_hour_and_another_officer_start_anew() -> None:
    last = HOUR + timedelta(hours=1) - timedelta(milliseconds=1)
    for more in (
        audit_rows(60, at=HOUR)
        + audit_rows(40, at=last)
        + audit_rows(60, at=HOUR + timedelta(hours=1)),
        audit_rows(100, by="li"),
        audit_rows(10, Action.CONTACT),
    ):
        seal(more)
    assert published() == []
    seal(audit_rows(1, at=last))
    assert published() == [("openings", 101)]


def test_a_batch_of_several_hours_counts_each() -> None:
    seal(
        audit_rows(101, at=HOUR)
        + audit_rows(150, at=HOUR + timedelta(hours=2))
        + audit_rows(21, Action.DENIED)
    )
    assert sorted(published()) == [("denials", 21), ("openings", 101), ("openings", 150)]


def test_a_batch_that_comes_again_counts_once() -> None:
    first, more = audit_rows(60), audit_rows(40)
    for images in (first, first, more, first + more, first):
        seal(images)
    assert published() == []
    seal([*first, *more, *audit_rows(1)])
    assert published() == [("openings", 101)]
    seal(first)
    assert published() == []


def test_a_row_that_was_written_over_counts_once() -> None:
    images = audit_rows(60)
    seal(images)
    seal([image | {"mac": {"S": "altered"}} for image in images])
    assert published() == []


def test_whoever_does_more_than_can_be_known_by_id_is_counted_all_the_same() -> None:
    for _ in range(1 + KNOWN_MAX // 500):
        seal(audit_rows(500))
    seal(audit_rows(200))
    assert [count for _, count in published()][-1] == 1_700


@pytest.mark.parametrize("sk", ["", "#", "x", "no time#1", "2026-11-24T08:30:00.000Z"])
def test_a_row_that_is_none_of_ours_is_sealed_and_not_counted(sk: str) -> None:
    image = {"pk": "REPORT#1", "sk": sk, "by": "wang", "action": "open", "mac": "m"}
    seal([{name: {"S": text} for name, text in image.items()}])
    assert cloud.all_keys() == []


def test_supervisors_get_it_and_nobody_else_whatever_they_asked_for() -> None:
    asks = {"categories": ["other"], "min_urgency": "critical"}
    chiefs = [
        inbox("chief", roles=(Role.SUPERVISOR,)),
        inbox("deputy", roles=(Role.OFFICER, Role.SUPERVISOR), asks=asks),
    ]
    others = [inbox("wang"), inbox("admin", roles=(Role.ADMIN,))]
    seal(audit_rows(21, Action.DENIED))
    cloud.stream(cloud.all_keys())
    assert [each.kinds() for each in (*chiefs, *others)] == [["watch"], ["watch"], [], []]


def test_a_notice_and_the_log_name_nobody(caplog: pytest.LogCaptureFixture) -> None:
    seal(audit_rows(101, by="canary-name"))
    cloud.stream(cloud.all_keys())
    [notice] = cloud.sent()
    assert "canary" not in json.dumps(notice)
    lines = [str(record.__dict__) for record in caplog.records]
    assert [line for line in lines if "watch_exceeded" in line]
    assert not [line for line in lines if "canary" in line]


def test_the_row_that_the_log_names_says_who(caplog: pytest.LogCaptureFixture) -> None:
    seal(audit_rows(101))
    [line] = [record for record in caplog.records if record.getMessage() == "watch_exceeded"]
    row = wiring.reports().table.get(f"WATCH#{line.__dict__['counter']}", "COUNT")
    assert row is not None
    assert row["by"] == "wang"
    kept = timedelta(seconds=row["expires_ttl"] - wiring.clock.now().timestamp())
    assert timedelta(days=29) < kept < timedelta(days=31)


def test_what_officers_do_through_the_api_is_counted(aws: Mapping[str, str]) -> None:
    cloud.officer("wang")
    created = file()
    path = f"/v1/officer/reports/{created['id']}"
    for _ in range(11):
        call("POST", f"{path}/contact", {"reason": "Who is it?"}, officer="wang")
        call("GET", path, officer="wang")
        call("GET", "/v1/officer/reports", officer="wang")
    for _ in range(11):
        call("GET", f"/v1/officer/reports/{new_key()}", officer="wang")
        call("GET", "/v1/admin/officers", officer="wang")
    for number in range(41):
        call("GET", f"/v1/officer/search?text=13800138{number:03}", officer="wang")
    cloud.catch_up()
    items = cloud.client("dynamodb").scan(TableName=aws["AUDIT_TABLE"])["Items"]
    seal(items)
    by_hour = {item["sk"]["S"][:13] for item in items}
    if len(by_hour) == 1:  # the calls may be on both sides of an hour's end
        assert sorted(published()) == [("contacts", 11), ("denials", 22), ("searches", 41)]


def test_rows_are_sealed_though_they_cannot_be_counted(caplog: pytest.LogCaptureFixture) -> None:
    down = inject.error_response(500, "InternalServerError")
    images, before = audit_rows(101), _sealed()
    # Lambda repeats it, for the lists of acts.
    with inject.fault(wiring.dynamodb(), "dynamodb.*", down), pytest.raises(errors.Unavailable):
        seal(images)
    assert _sealed() == before + 1
    assert "watch_failed" in [record.getMessage() for record in caplog.records]


def test_rows_are_counted_though_they_cannot_be_sealed() -> None:
    images = audit_rows(101)
    records = events.audit_stream(images)
    down = inject.times(9, inject.s3_error(500, "InternalError"))
    with inject.fault(wiring.s3(), "s3.PutObject", down), pytest.raises(errors.Unavailable):
        audit_events.seal_audit({"Records": records}, None)
    assert published() == [("openings", 101)]
    seal(images)
    assert published() == []


def _sealed() -> int:
    seals, now = wiring.seals(), wiring.clock.now()
    hours = {times.render(now + timedelta(hours=hours))[:13] for hours in (-1, 0)}
    return sum(len(seals.batches(hour)) for hour in hours)


def test_one_counter_that_fails_stops_no_other() -> None:
    with inject.without("openings", "dynamodb.UpdateItem"):
        seal(audit_rows(101) + audit_rows(11, Action.CONTACT))
    assert published() == [("contacts", 11)]
