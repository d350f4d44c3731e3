"""Nobody ends a report that they have not read, and what is soon forgotten takes two."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws.attributes import pack
from chalicelib.domain.officers.model import Role
from chalicelib.domain.reports.events import Watched
from chalicelib.domain.watch import LIMITS
from chalicelib.kernel import times
from chalicelib.store.audit.rows import Action, Entry, Subject, about, of_day, of_report
from tests import cloud
from tests.client import Reply, call
from tests.functional.audit.test_watch import audit_rows, published, seal
from tests.functional.casework.test_folded_lists import with_photo
from tests.steps import by_officer, by_reporter, by_second_officer, file, head, opened

pytestmark = [
    pytest.mark.officers("wang", "li", zhao={"roles": (Role.OFFICER, Role.SUPERVISOR)}),
    pytest.mark.usefixtures("fresh"),
]

CLOSE = {"status": "closed", "disposition": "resolved", "reason": "He is at home again."}
NOT_READ = (409, "not_read")
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def early(fresh: None) -> None:
    """Begin early in a day and an hour, so that none ends during a test."""
    now = wiring.clock.now()
    wiring.clock.advance(times.up_to_minute(now.replace(hour=0, minute=0)) + DAY - now)


def patch(created: Mapping[str, Any], etag: str, officer: str = "wang", **body: Any) -> Reply:
    headers = {"If-Match": etag}
    return by_officer("PATCH", created, "", body or CLOSE, officer=officer, headers=headers)


def close(created: Mapping[str, Any], **more: Any) -> Reply:
    """Close a report as it is opened now."""
    return patch(created, etag_of(created), **CLOSE | more)


def etag_of(created: Mapping[str, Any], officer: str = "wang") -> str:
    return by_officer("GET", created, officer=officer).headers["etag"]


def stored(subject: Subject) -> list[dict[str, Any]]:
    """Return audit rows, as the stream carries them."""
    return [pack(row) for row in wiring.audit().rows(subject)]


def refusal(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.json["code"]


def test_a_loop_over_numbers_closes_nothing_and_is_notified_after_ten_tries(
    aws: Mapping[str, str],
) -> None:
    tips = [file("child_abduction") for _ in range(40)]
    cloud.stream(cloud.all_keys(aws))
    cloud.forget_sent(aws)
    for disposition in ("unfounded", "resolved"):
        for tip in tips[:20] if disposition == "unfounded" else tips[20:]:
            loop = {"status": "closed", "disposition": disposition, "reason": "x"}
            assert refusal(patch(tip, '"1"', **loop)) == NOT_READ
            assert head(tip)["status"] == "new"
    rows = [row for tip in tips for row in stored(of_report(tip["id"]))]
    seal(rows[:10])
    assert published(aws) == []
    seal(rows[10:11])
    assert published(aws) == [("unread_closings", 11)]
    seal(rows)
    assert published(aws) == [("unread_closings", 40)]


def test_a_step_by_a_number_of_a_list_is_as_easy_as_before_and_proves_no_reading() -> None:
    tip = file()
    taken = patch(tip, '"1"', status="acknowledged", assignee="wang")
    assert (taken.status, taken.headers["etag"]) == (200, '"2"')
    assert refusal(patch(tip, taken.headers["etag"])) == NOT_READ
    assert by_officer("POST", tip, "/messages", {"text": "Thank you."}).status == 201
    read = by_officer("POST", tip, "/read", {}, headers={"If-Match": '"2"'})
    assert (read.status, read.headers["etag"]) == (200, '"3"')


def test_who_has_opened_a_report_changes_and_then_closes_it() -> None:
    tip = file()
    taken = patch(tip, etag_of(tip), status="acknowledged", assignee="wang")
    by_officer("POST", tip, "/messages", {"text": "Is he still there?"})
    read = by_officer("POST", tip, "/read", {}, headers={"If-Match": taken.headers["etag"]})
    closed = patch(tip, read.headers["etag"])
    assert (closed.status, closed.json["disposition"]) == (200, "resolved")
    other = patch(tip, closed.headers["etag"], disposition="no_action")
    assert other.json["disposition"] == "no_action"
    assert refusal(patch(tip, f'"{other.json["version"]}"', disposition="resolved")) == NOT_READ


def test_what_was_opened_by_another_or_before_another_changed_it_closes_nothing() -> None:
    tip, other = file(), file()
    etag = etag_of(tip)
    for not_mine in (etag_of(tip, "li"), etag_of(other), '"' + "0" * 20 + '"'):
        assert refusal(patch(tip, not_mine)) == (412, "stale_version")
    patch(tip, '"1"', "li", urgency="low")
    assert refusal(patch(tip, etag)) == (412, "stale_version")
    assert head(tip)["status"] == "new"
    assert close(tip).status == 200


@pytest.mark.parametrize(
    ("category", "disposition", "days"),
    [("other", "unfounded", 30), ("child_abduction", "resolved", 90)],
)
def test_an_end_that_takes_two_deletes_nothing_before_the_second_has_confirmed_it(
    aws: Mapping[str, str], category: str, disposition: str, days: int
) -> None:
    tip = file(category)
    closed = close(tip, disposition=disposition).json
    assert (closed["disposition"], closed["proposal"]["disposition"]) == (None, disposition)
    # It reads like any other end: no word of it says that it waits.
    before = by_reporter("GET", tip).json
    assert (before["status"], before["outcome"]["reason"]) == ("closed", CLOSE["reason"])
    cloud.stream(cloud.all_keys(aws))
    for _ in range(15):
        wiring.clock.advance(timedelta(days=30))
        cloud.forget_sent(aws)
        cloud.sweep()
        cloud.stream(cloud.all_keys(aws))
        steps = [each["step"] for each in cloud.sent(aws) if each["kind"] == "approval"]
    assert steps == ["closing"]
    assert opened(tip)["text"]
    assert by_second_officer(tip, "/closing/confirm").json["disposition"] == disposition
    assert by_reporter("GET", tip).json["outcome"] == before["outcome"]
    end = times.parse(head(tip)["decided_at"]) + timedelta(days=days)
    wiring.clock.advance(max(end, times.parse(head(tip)["put_off_until"])) - wiring.clock.now())
    for _ in range(3):
        cloud.sweep()
    assert by_officer("GET", tip).status == 404


def test_who_made_a_report_less_urgent_does_not_end_it_alone() -> None:
    tip = file("child_abduction")
    lowered = patch(tip, etag_of(tip), urgency="low", category="other")
    assert patch(tip, lowered.headers["etag"]).json["proposal"]["by"] == "wang"


def test_after_fifty_ends_in_an_hour_a_second_officer_confirms(aws: Mapping[str, str]) -> None:
    hour, most = wiring.clock.now(), LIMITS[Watched.CLOSINGS]
    seal(audit_rows(most - 1, Action.CLOSE, at=hour))
    assert close(last := file()).json["disposition"] == "resolved"
    seal(stored(of_day("wang", hour)))
    assert close(one_more := file()).json["proposal"]["by"] == "wang"
    assert by_second_officer(one_more, "/closing/confirm").json["disposition"] == "resolved"
    assert patch(last, etag_of(last, "li"), "li", disposition="no_action").json["proposal"] is None
    wiring.clock.advance(timedelta(hours=1))
    assert close(file()).json["disposition"] == "resolved"


def test_many_at_once_leave_what_is_critical_or_was_never_opened() -> None:
    original, read, partly, unread, critical = (
        *(file() for _ in range(4)),
        file("child_abduction"),
    )
    others = [read, partly, unread, critical]
    body = {"report_ids": [each["id"] for each in others]}
    by_officer("POST", original, "/duplicates", body)
    for each in (read, critical):
        opened(each)
    by_officer("GET", partly, "/history")
    by_officer("GET", unread, officer="li")

    def close_all(**more: bool) -> dict[str, str | None]:
        body = {"reason": "One fire.", **more}
        reply = by_officer("POST", original, "/duplicates/close", body)
        return {each["id"]: each.get("why") for each in reply.json["results"]}

    skipped = {partly["id"]: "not_read", unread["id"]: "not_read", critical["id"]: "takes_two"}
    assert close_all() == {read["id"]: None, **skipped}
    assert close_all(skip_unopened=False) == {
        partly["id"]: None,
        unread["id"]: None,
        critical["id"]: "takes_two",
    }
    assert head(critical)["status"] == "new"


def test_supervisors_list_what_one_officer_has_closed_oldest_first() -> None:
    cloud.officer("sun", roles=(Role.SUPERVISOR,), categories=("other",))
    first, second = file(), file("other")
    wiring.audit().write(Entry.of_officer("wang", Action.LIST, wiring.clock.now(), {}))
    close(first)
    wiring.clock.advance(timedelta(seconds=1))
    close(second, disposition="unfounded")
    path = f"/v1/officer/closings?officer=wang&day={wiring.clock.now():%Y-%m-%d}"
    page = call("GET", path, officer="zhao").json
    assert page["next_cursor"] is None
    ids = [(each["id"], each["disposition"], each["awaits"]) for each in page["items"]]
    assert ids == [(first["id"], "resolved", False), (second["id"], "unfounded", True)]
    assert [each["id"] for each in call("GET", path, officer="sun").json["items"]] == [second["id"]]
    assert call("GET", path.replace("wang", "li"), officer="zhao").json["items"] == []
    assert call("GET", path, officer="wang").status == 403


def test_a_long_day_of_closings_is_read_in_pages() -> None:
    now, closed = wiring.clock.now(), file()
    close(closed)
    for _ in range(200):
        later = Entry.of_officer("wang", Action.LIST, now + timedelta(minutes=1), {})
        wiring.audit().write(later)
    path = f"/v1/officer/closings?officer=wang&day={now:%Y-%m-%d}"
    page = call("GET", path, officer="zhao").json
    assert [each["id"] for each in page["items"]] == [closed["id"]]
    rest = call("GET", f"{path}&cursor={page['next_cursor']}", officer="zhao").json
    assert (rest["items"], rest["next_cursor"]) == ([], None)
    elsewhere = path.replace("wang", "li")
    stolen = call("GET", f"{elsewhere}&cursor={page['next_cursor']}", officer="zhao")
    assert refusal(stolen) == (400, "bad_cursor")


def test_the_history_says_which_lists_showed_a_picture(aws: Mapping[str, str]) -> None:
    tip, plain = with_photo(aws), file()
    day = f"{wiring.clock.now():%Y-%m-%d}"
    listed = call("GET", "/v1/officer/reports", officer="li").json["items"]
    assert [each["id"] for each in listed if each["thumbnail_url"]] == [tip["id"]]

    def shown(created: Mapping[str, Any], on: str) -> list[tuple[str, str, Any]]:
        found = by_officer("GET", created, f"/history?pictures_on={on}").json["items"]
        return [(each["by"], each["action"], each["detail"]["part"]) for each in found]

    assert shown(tip, day) == [("li", "list", "pictures")]
    assert shown(plain, day) == shown(tip, "2026-01-01") == []
    found = wiring.reports().head(tip["id"])
    assert found
    own = wiring.audit().history(about(found.report))
    assert ("wang", Action.LIST) in [(each.by, each.action) for each in own]
