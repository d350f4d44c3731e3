"""Who is notified again of a report that nobody has acknowledged, and what alarms count of it."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.domain.officers.model import Role
from chalicelib.handlers.service import scheduled
from chalicelib.kernel import times
from chalicelib.kernel.outbox import Lane
from chalicelib.services.notices.escalations import count_unacknowledged
from tests import cloud
from tests.client import call, change_report
from tests.faults import inject
from tests.steps import by_officer, file, file_and_notify, head

pytestmark = pytest.mark.officers("wang", "li")

HIGH, NORMAL, CRITICAL = "missing_elderly", "other", "child_abduction"


def notices(*, minutes: int, every: int = 1) -> list[int]:
    """Let so many minutes pass. Return when a report was notified again, in minutes. A test
    that expects no notice can sweep rarely: what was due before would be sent then.
    """
    return notices_at(*range(every, minutes + 1, every))


def notices_at(*minutes: int) -> list[int]:
    """Sweep after so many minutes. Return after which of them a report was notified again."""
    seen, before, passed = [], waiting(), 0
    for minute in minutes:
        wiring.clock.advance(timedelta(minutes=minute - passed))
        passed = minute
        cloud.sweep()
        if waiting() > before:
            seen.append(minute)
            before = waiting()
    return seen


def waiting() -> int:
    """Return how many notices there were of reports that wait for an officer."""
    return sum(notice["kind"] in ("escalation", "overdue") for notice in cloud.sent())


def act(created: Mapping[str, Any], path: str = "", body: Any = None, method: str = "POST") -> None:
    version = 1 if path == "/read" else None
    reply = by_officer(method, created, path, body, version=version)
    assert reply.status in (200, 201), reply.text


def test_a_missing_old_person_is_notified_again_after_half_an_hour_and_as_its_age_doubles() -> None:
    created = file_and_notify(HIGH)
    sweeps = (29, 31, 59, 61, 90, 119, 121, 180, 239, 241, 360, 479, 481, 600, 780)
    assert notices_at(*sweeps) == [31, 61, 121, 241, 481]
    second = cloud.sent()[1]
    assert (second["kind"], second["report_id"]) == ("overdue", created["id"])
    assert second["attributes"]["kind"] == "overdue"


def test_a_first_notice_that_comes_late_leaves_officers_five_minutes() -> None:
    file(HIGH)
    wiring.clock.advance(timedelta(hours=2))
    cloud.stream(cloud.all_keys())
    assert notices(minutes=7) == [5]


def test_a_normal_report_is_overdue_after_a_day() -> None:
    file_and_notify(NORMAL)
    assert notices_at(720, 1439, 1441, 2160, 2879, 2881, 3600, 4320) == [1441, 2881]


def test_a_report_of_low_urgency_has_no_deadline() -> None:
    created = file_and_notify(NORMAL)
    act(created, method="GET")
    change_report(created["id"], 1, urgency="low", assignee="li")
    change_report(created["id"], 2, assignee=None)
    assert notices(minutes=5 * 1440, every=720) == []


def test_what_is_overdue_is_flagged_until_an_officer_attends_to_it() -> None:
    created = file_and_notify(HIGH)
    notices_at(29, 31)
    assert head(created)["flags"] == ["overdue"]
    act(created, "/notes", {"text": "I have called the ward."})
    assert (head(created)["flags"], head(created)["task"]) == (["overdue"], "overdue")
    act(created, method="GET")
    act(created, "/notes", {"text": "I have called the ward again."})
    assert head(created).get("flags", []) == []
    assert "task" not in head(created)


ENDS = {
    "a reading": lambda created: act(created, "/read", {}),
    "an assignment": lambda created: change_report(created["id"], 1, assignee="li"),
    "an acknowledgement": lambda created: change_report(created["id"], 1, status="acknowledged"),
    "a reply": lambda created: act(created, "/messages", {"text": "We are on our way."}),
    "a note": lambda created: act(created, "/notes", {"text": "I have called the ward."}),
}


@pytest.mark.parametrize("category", [HIGH, CRITICAL])
@pytest.mark.parametrize("what", ENDS)
def test_it_ends_when_an_officer_attends_to_the_report(category: str, what: str) -> None:
    created = file_and_notify(category)
    act(created, method="GET")
    ENDS[what](created)
    assert notices(minutes=90, every=30) == []
    acknowledged = what == "an acknowledgement"
    assert head(created)["status"] == ("acknowledged" if acknowledged else "new")


@pytest.mark.parametrize("what", ENDS)
def test_no_step_ends_the_escalation_of_what_nobody_has_opened(what: str) -> None:
    created = file_and_notify(CRITICAL)
    ENDS[what](created)
    assert notices(minutes=20) == [5, 15]


@pytest.mark.parametrize("is_notified", [True, False])
@pytest.mark.parametrize("what", ["an assignment", "an acknowledgement"])
def test_who_takes_a_report_and_then_opens_it_ends_its_escalation(
    what: str, is_notified: bool
) -> None:
    created = file_and_notify(CRITICAL) if is_notified else file(CRITICAL)
    ENDS[what](created)
    act(created, method="GET")
    cloud.stream(cloud.all_keys())
    assert notices(minutes=40, every=20) == []
    assert head(created)["attended"]


@pytest.mark.parametrize(("category", "again"), [(CRITICAL, [5, 15, 30, 45]), (HIGH, [30])])
def test_a_report_that_is_given_back_before_it_is_acknowledged_waits_again(
    category: str, again: list[int]
) -> None:
    created = file_and_notify(category)
    change_report(created["id"], 1, assignee="li")
    change_report(created["id"], 2, assignee=None)
    assert notices_at(4, 5, 6, 14, 15, 29, 30, 31, 44, 45) == again


def test_an_acknowledged_report_that_is_given_back_waits_again() -> None:
    created = file_and_notify(CRITICAL)
    act(created, method="GET")
    change_report(created["id"], 1, status="acknowledged", assignee="li")
    assert notices(minutes=45, every=15) == []
    change_report(created["id"], 2, assignee=None)
    assert notices(minutes=45, every=15) == [15, 30, 45]


def test_to_open_a_report_is_enough_unless_it_is_critical() -> None:
    created = file_and_notify(HIGH)
    act(created, method="GET")
    assert notices(minutes=90, every=30) == []
    assert head(created)["status"] == "new"


def test_to_open_a_critical_report_puts_its_escalation_off_for_ten_minutes_and_once() -> None:
    created = file_and_notify(CRITICAL)
    assert notices(minutes=3) == []
    act(created, method="GET")
    assert notices(minutes=4) == []
    act(created, method="GET")  # at 7 minutes: it does not put it off again
    assert notices(minutes=10) == [6, 8]
    act(created, method="GET")  # at 17, due at 30


CONTACT = {"phone": "+8613800138000"}


def reveal(created: Mapping[str, Any]) -> None:
    act(created, "/contact", {"reason": "I call the mother."})


def test_a_revealed_contact_puts_the_escalation_off_once_more_than_an_opening() -> None:
    created = file_and_notify(CRITICAL, contact=CONTACT)
    wiring.clock.advance(timedelta(minutes=3))
    act(created, method="GET")  # due at 13 minutes now
    wiring.clock.advance(timedelta(minutes=6))
    reveal(created)  # at 9: due at 19
    wiring.clock.advance(timedelta(minutes=6))
    reveal(created)  # at 15, and
    act(created, method="GET")  # this: neither puts it off again
    assert notices(minutes=10) == [4]


def test_a_contact_that_is_revealed_first_puts_the_escalation_off() -> None:
    created = file_and_notify(CRITICAL, contact=CONTACT)
    wiring.clock.advance(timedelta(minutes=3))
    reveal(created)
    act(created, method="GET")
    assert notices(minutes=11) == [10]


def test_where_no_contact_is_nobody_telephones() -> None:
    created = file_and_notify(CRITICAL)
    wiring.clock.advance(timedelta(minutes=3))
    reveal(created)
    assert notices(minutes=4) == [2]


def test_an_opening_does_not_fail_when_the_escalation_cannot_be_put_off() -> None:
    created = file_and_notify(CRITICAL)
    wiring.clock.advance(timedelta(minutes=3))
    refused = inject.error_response(400, "AccessDeniedException")
    with inject.fault(wiring.dynamodb(), "dynamodb.UpdateItem", refused):
        act(created, method="GET")
    assert notices(minutes=3) == [2]


def test_another_category_or_a_higher_urgency_begins_the_time_anew() -> None:
    created = file_and_notify(NORMAL)
    wiring.clock.advance(timedelta(hours=2))
    change_report(created["id"], 1, urgency="high")
    cloud.stream(cloud.all_keys())
    assert notices_at(5, 15, 29, 30, 31, 40) == [30]
    change_report(created["id"], 2, urgency="critical")
    cloud.stream(cloud.all_keys())
    assert notices(minutes=6) == [5]
    change_report(created["id"], 3, category="missing_elderly")
    cloud.stream(cloud.all_keys())
    assert notices(minutes=6) == [5]


def test_a_mute_and_a_drill_change_nothing_of_it_and_have_none() -> None:
    muted = file_and_notify(HIGH)
    file_and_notify(HIGH, source="drill")
    act(muted, "/mute", {"reason": "Too many messages."})
    assert notices_at(5, 15, 29, 30, 31, 40) == [30]


def test_many_that_are_overdue_are_ten_notices_and_one_that_names_the_rest() -> None:
    made = [file_and_notify(HIGH)["id"] for _ in range(14)]
    cloud.sweep()
    wiring.clock.advance(timedelta(minutes=31))
    cloud.forget_sent()
    cloud.sweep()
    cloud.sweep()
    assert [each["kind"] for each in cloud.sent()] == ["overdue"] * 11
    many = cloud.sent()[-1]
    assert many["count"] == 4
    assert {each["report_id"] for each in cloud.sent()[:-1]} | set(many["report_ids"]) == set(made)
    rows = [head({"id": each}) for each in made]
    assert all(row["flags"] == ["overdue"] for row in rows)
    assert all(row["attention_at"].startswith("03#") for row in rows)


def test_a_message_at_the_moment_of_the_deadline_loses_neither() -> None:
    created = file_and_notify(HIGH)

    def meanwhile() -> None:
        path = f"/v1/reports/{created['id']}/messages"
        sent = {"text": "He is still gone."}
        assert call("POST", path, sent, receipt=created["receipt"]).status == 201

    wiring.clock.advance(timedelta(minutes=31))
    with inject.meanwhile(meanwhile, "sns.PublishBatch"):
        cloud.sweep()
    row = head(created)
    assert (row["unread"], row["flags"], row["attention_at"][:3]) == (1, ["overdue"], "03#")


def test_an_acknowledgement_at_the_moment_of_the_deadline_wins() -> None:
    created = file_and_notify(HIGH)

    wiring.clock.advance(timedelta(minutes=31))
    with inject.meanwhile(
        lambda: change_report(created["id"], 1, status="acknowledged"), "sns.PublishBatch"
    ):
        cloud.sweep()
    row = head(created)
    assert (row.get("flags", []), row["attention_at"][:3], row.get("task")) == ([], "17#", None)


def test_an_admin_sets_the_deadlines_of_a_category() -> None:
    cloud.officer("admin", roles=(Role.ADMIN,))
    body = {"categories": [{"code": HIGH, "state": "active", "deadlines": {"high": 10}}]}
    reply = call("PATCH", "/v1/admin/catalogue", body, officer="admin").expect(200)
    found = {each["code"]: each["deadlines"] for each in reply["categories"]}
    assert found[HIGH] == {"high": 10, "normal": 1440}
    file_and_notify(HIGH)
    assert notices(minutes=15) == [10]
    none = {"categories": [{"code": HIGH, "state": "active", "deadlines": {"high": 0}}]}
    call("PATCH", "/v1/admin/catalogue", none, officer="admin")
    cloud.forget_sent()
    cloud.sweep(timedelta(days=9))
    cloud.forget_sent()
    last = file_and_notify(HIGH)
    assert "task" not in head(last)


@pytest.mark.parametrize(
    ("deadlines", "field"),
    [
        ({"critical": 5}, "categories.0.deadlines.critical"),
        ({"high": -1}, "categories.0.deadlines.high"),
        ({"high": 1.5}, "categories.0.deadlines.high"),
    ],
)
def test_a_wrong_deadline_is_named(deadlines: dict[str, float], field: str) -> None:
    cloud.officer("admin", roles=(Role.ADMIN,))
    body = {"categories": [{"code": HIGH, "state": "active", "deadlines": deadlines}]}
    reply = call("PATCH", "/v1/admin/catalogue", body, officer="admin")
    assert reply.status == 422
    assert reply.json["errors"][0]["field"].startswith(field.rpartition(".")[0])


def test_what_turns_out_to_be_an_abduction_is_as_urgent_as_one() -> None:
    created = file_and_notify(NORMAL)
    change_report(created["id"], 1, category=CRITICAL)
    assert head(created)["urgency"] == "critical"
    assert notices_at(1, 6) == [6]
    change_report(created["id"], 2, category=HIGH)
    assert head(created)["urgency"] == "critical"


def test_an_officer_may_say_that_a_moved_report_is_less_urgent() -> None:
    created = file_and_notify(NORMAL)
    change_report(created["id"], 1, category=CRITICAL, urgency="low")
    assert head(created)["urgency"] == "low"


def counts(minutes: int, caplog: pytest.LogCaptureFixture) -> list[int]:
    """Return the numbers that the sweeps of the next minutes log."""
    caplog.clear()
    caplog.set_level(logging.INFO)
    for _ in range(minutes):
        cloud.sweep(timedelta(minutes=1))
    return [record.unacknowledged for record in caplog.records if hasattr(record, "unacknowledged")]


def test_a_critical_report_is_counted_from_ten_minutes_on(caplog: pytest.LogCaptureFixture) -> None:
    file_and_notify(CRITICAL)
    file_and_notify(CRITICAL)
    assert counts(40, caplog) == [0] * 9 + [2] * 31
    # In a flood only so many are read each minute.
    assert count_unacknowledged(wiring.outbox(), now=wiring.clock.now(), most=1) == 1


def test_a_row_without_a_kind_of_task_does_not_end_the_count(
    caplog: pytest.LogCaptureFixture,
) -> None:
    file_and_notify(CRITICAL)
    row = {"pk": "REPORT#X", "sk": "HEAD", "task_shard": "TASK#0", "task_at": "2026", "due_at": "x"}
    wiring.reports().table.put(row)
    assert counts(12, caplog) == [0] * 9 + [1] * 3


def test_the_critical_sweep_reads_nothing_of_what_is_late_in_the_lane_of_others() -> None:
    file_and_notify(CRITICAL)
    with inject.calls_of_dynamodb() as before:
        scheduled.sweep_critical(cloud.SCHEDULE, None)
    shard, due_at = keys.task_partition(Lane.NORMAL, 0), times.render(wiring.clock.now())
    for number in range(101):
        row = {"pk": f"REPORT#{number}", "sk": "HEAD", "task": "notify", "due_at": due_at}
        row |= {"task_shard": shard, "task_at": f"{due_at}#{number}"}
        wiring.reports().table.put(row)
    wiring.clock.advance(timedelta(seconds=1))
    with inject.calls_of_dynamodb() as after:
        scheduled.sweep_critical(cloud.SCHEDULE, None)
    assert after == before


def test_an_acknowledged_report_is_not_counted(caplog: pytest.LogCaptureFixture) -> None:
    cloud.officer("wang")
    created = file_and_notify(CRITICAL)
    assert counts(12, caplog)[-1] == 1
    change_report(created["id"], 1, status="acknowledged")
    assert counts(1, caplog) == [1]  # nobody has opened it
    act(created, method="GET")
    assert counts(2, caplog) == [0, 0]


def test_a_report_that_is_not_critical_is_not_counted(caplog: pytest.LogCaptureFixture) -> None:
    file_and_notify("other")
    assert set(counts(20, caplog)) == {0}


def test_an_old_report_that_becomes_critical_is_counted_after_its_first_escalation(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cloud.officer("wang")
    created = file_and_notify("other")
    wiring.clock.advance(timedelta(hours=3))
    change_report(created["id"], 1, urgency="critical")
    seen = counts(8, caplog)
    assert (seen[0], seen[-1]) == (0, 1)


def test_the_sweep_says_how_long_the_oldest_task_has_been_overdue() -> None:
    file()  # its notice is overdue after a minute
    wiring.clock.advance(timedelta(minutes=5))
    assert 239 <= cloud.sweep()["oldest_task_s"] <= 245
    assert cloud.sweep()["oldest_task_s"] == 0
