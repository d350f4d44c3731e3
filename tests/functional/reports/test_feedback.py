"""A reporter says once whether a closed report has helped, and only numbers remain of it."""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import boto3
import pytest

from chalicelib import wiring
from tests import cloud
from tests.client import Reply, call, change_report
from tests.faults import inject
from tests.steps import by_officer, by_reporter, by_second_officer, file

pytestmark = pytest.mark.officers("wang", "li")

CLOSE = {"status": "closed", "disposition": "resolved", "reason": "Done."}


def closed(disposition: str = "resolved", **more: Any) -> dict[str, Any]:
    created = file(**more)
    change_report(created["id"], 1, **CLOSE | {"disposition": disposition})
    return dict(created)


def answer(created: Mapping[str, Any], helped: Any = True, language: str = "en") -> Reply:
    path = f"/v1/reports/{created['id']}/feedback"
    headers = {"Accept-Language": language}
    return call("POST", path, {"helped": helped}, receipt=created["receipt"], headers=headers)


def question(created: Mapping[str, Any], language: str = "en") -> Any:
    headers = {"Accept-Language": language}
    mine = call("GET", "/v1/reports/mine", receipt=created["receipt"], headers=headers)
    return mine.json["question"]


def next_month() -> tuple[date, date]:
    """Go to noon of the second day of the next month. Return the first and last day of this one."""
    now = wiring.clock.now()
    then = (now.replace(day=1) + timedelta(days=32)).replace(day=2, hour=12)
    wiring.clock.advance(then - now)
    last = then.date() - timedelta(days=2)
    return last.replace(day=1), last


def counted(since: date, until: date, by: str = "wang") -> Any:
    query = f"?since={since}&until={until}"
    return call("GET", f"/v1/officer/stats{query}", officer=by).json["helped"]


def test_the_question_is_asked_while_the_report_is_closed_and_not_answered() -> None:
    created = file()
    assert question(created) is None
    assert answer(created).json["code"] == "not_closed"
    change_report(created["id"], 1, **CLOSE)
    assert question(created) == "Did this help you?"
    assert "帮助" in question(created, "zh")
    thanks = answer(created, language="zh")
    assert (thanks.status, "谢谢" in thanks.json["text"]) == (201, True)
    assert question(created) is None


def test_an_answer_is_given_once_also_after_another_closing() -> None:
    created = closed()
    assert answer(created).status == 201
    assert answer(created, helped=False).refusal == (409, "already_answered")
    change_report(created["id"], 2, status="in_progress")
    change_report(created["id"], 3, **CLOSE)
    assert question(created) is None
    assert answer(created).json["code"] == "already_answered"


def test_answers_of_a_month_are_counted_by_category_from_five_on() -> None:
    next_month()
    for helped in (True, True, True, False, False):
        assert answer(closed(category="other"), helped).status == 201
    for _ in range(4):
        answer(closed(category="lost_and_found"))
    month = next_month()
    assert counted(*month) == {"other": {"yes": 3, "no": 2}}
    cloud.officer("narrow", categories=("lost_and_found",))
    assert counted(*month, by="narrow") == {}


def test_no_two_calls_differ_by_one_answer() -> None:
    next_month()
    first = wiring.clock.now().date()
    for _ in range(5):
        answer(closed())
    wiring.clock.advance(timedelta(days=1))
    second = wiring.clock.now().date()
    last = closed()
    periods = ((first.replace(day=1), second), (first, first), (second, second))
    before = [counted(*each) for each in periods]
    answer(last, helped=False)
    assert [counted(*each) for each in periods] == before == [{}, {}, {}]

    since, until = next_month()
    assert counted(since, until) == {last["category"]: {"yes": 5, "no": 1}}
    assert counted(since, until + timedelta(days=1)) == counted(since, until)
    day = timedelta(days=1)
    assert counted(since + day, until) == counted(since, until - day) == {}


def test_a_month_with_few_answers_adds_nothing_to_another() -> None:
    next_month()
    for _ in range(5):
        answer(closed())
    since, _ = next_month()
    created = closed()
    answer(created, helped=False)
    _, until = next_month()
    assert counted(since, until) == {created["category"]: {"yes": 5, "no": 0}}


def test_the_month_counts_when_its_last_day_has_passed() -> None:
    next_month()
    for _ in range(5):
        answer(closed())
    now = wiring.clock.now()
    last = (now.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    wiring.clock.advance(last - now)
    month = last.date().replace(day=1), last.date()
    assert counted(*month) == {}
    wiring.clock.advance(timedelta(days=1))
    assert list(counted(*month).values()) == [{"yes": 5, "no": 0}]


def test_nothing_stored_says_what_a_report_was_answered(aws: Mapping[str, str]) -> None:
    rows = []
    for helped in (True, False):
        created = closed()
        answer(created, helped)
        scanned = boto3.client("dynamodb").scan(TableName=aws["REPORTS_TABLE"])["Items"]
        rows.append([each for each in scanned if each["pk"]["S"] == f"REPORT#{created['id']}"])
    for those in rows:
        assert "helped" not in json.dumps(those, default=str)
    yes, no = ({name for row in those for name in row} for those in rows)
    assert yes == no
    shown = by_officer("GET", created).json
    assert "answered" not in json.dumps(shown)


def test_the_answer_changes_nothing_that_officers_see() -> None:
    created = closed()
    path = f"/v1/officer/reports/{created['id']}"
    before = call("GET", path, officer="wang").json
    answer(created)
    after = call("GET", path, officer="wang").json
    assert after == before


def test_a_report_that_may_be_called_malicious_is_asked_like_any_other() -> None:
    created = closed("malicious")
    assert question(created) is None  # nothing has ended yet
    by_second_officer(created, "/closing/confirm")
    assert question(created) == "Did this help you?"
    assert answer(created, helped=False).status == 201


def test_a_withdrawn_report_is_not_asked() -> None:
    created = closed()
    by_reporter("DELETE", created)
    assert question(created) is None
    assert answer(created).json["code"] == "withdrawn"


def test_two_answers_at_once_count_once() -> None:
    next_month()
    for _ in range(4):
        answer(closed())
    created = closed()

    with inject.meanwhile(lambda: answer(created, helped=False)):
        assert answer(created, helped=True).json["code"] == "already_answered"
    assert counted(*next_month()) == {created["category"]: {"yes": 4, "no": 1}}


def test_a_drill_is_asked_and_counts_nowhere() -> None:
    next_month()
    for _ in range(6):
        created = closed(source="drill")
        assert answer(created).status == 201
    assert answer(created).json["code"] == "already_answered"
    assert counted(*next_month()) == {}


def test_an_answer_that_meets_the_deletion_finds_it_gone() -> None:
    created = closed()
    wiring.clock.advance(timedelta(days=91))

    with inject.meanwhile(cloud.sweep):
        assert answer(created).status == 410


@pytest.mark.parametrize("wrong", ["yes", 1, None])
def test_an_answer_is_yes_or_no(wrong: Any) -> None:
    assert answer(closed(), wrong).status == 422
