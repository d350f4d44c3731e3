"""Nobody ends a report that they have not read, and what is soon forgotten takes two."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws.attributes import pack
from chalicelib.domain.audit.seals import hour_of
from chalicelib.domain.officers.model import Role
from chalicelib.domain.reports.entries import MAX_POSITIONS_PER_REPORT
from chalicelib.domain.reports.events import Watched
from chalicelib.domain.watch import LIMITS
from chalicelib.kernel import times
from chalicelib.store.audit.rows import Action, Entry, Subject, about, of_report
from chalicelib.store.watch import Counter
from tests import cloud
from tests.client import Reply, call, read_and_approve, tag_for
from tests.faults import inject
from tests.functional.audit.test_watch import published, seal
from tests.functional.casework.test_folded_lists import with_photo
from tests.functional.reports.test_positions import moved_before
from tests.steps import by_officer, by_reporter, by_second_officer, file, head, opened, write

pytestmark = [
    pytest.mark.officers("wang", "li", zhao={"roles": (Role.OFFICER, Role.SUPERVISOR)}),
    pytest.mark.usefixtures("fresh"),
]

CLOSE = {"status": "closed", "disposition": "resolved", "reason": "He is at home again."}
NOT_READ, NEW_MESSAGE = (409, "not_read"), (409, "new_message")
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def early(fresh: None) -> None:
    """Begin early in a day and an hour, so that none ends during a test."""
    now = wiring.clock.now()
    wiring.clock.advance(times.up_to_minute(now.replace(hour=0, minute=0)) + DAY - now)


def patch(created: Mapping[str, Any], etag: str, officer: str = "wang", **body: Any) -> Reply:
    headers = {"If-Match": etag}
    return by_officer("PATCH", created, "", body or CLOSE, officer=officer, headers=headers)


def read(created: Mapping[str, Any], etag: str, **body: Any) -> Reply:
    return by_officer("POST", created, "/read", body, headers={"If-Match": etag})


def close(created: Mapping[str, Any], **more: Any) -> Reply:
    """Close a report as it is opened now."""
    return patch(created, etag_of(created), **CLOSE | more)


def etag_of(created: Mapping[str, Any], officer: str = "wang") -> str:
    return by_officer("GET", created, officer=officer).headers["etag"]


def stored(subject: Subject) -> list[dict[str, Any]]:
    """Return audit rows, as the stream carries them."""
    return [pack(row) for row in wiring.audit().rows(subject)]


def refused_unread(created: Mapping[str, Any]) -> int:
    """Return how many steps the report's audit has that were refused as of somebody who has not
    read it.
    """
    actions = [row["action"] for row in wiring.audit().rows(of_report(created["id"]))]
    return actions.count("close_unread")


def test_a_loop_over_numbers_closes_nothing_and_is_notified_after_ten_tries() -> None:
    tips = [file("child_abduction") for _ in range(40)]
    cloud.catch_up()
    for disposition in ("unfounded", "resolved"):
        for tip in tips[:20] if disposition == "unfounded" else tips[20:]:
            loop = {"status": "closed", "disposition": disposition, "reason": "x"}
            assert patch(tip, '"1"', **loop).refusal == NOT_READ
            assert head(tip)["status"] == "new"
    rows = [row for tip in tips for row in stored(of_report(tip["id"]))]
    seal(rows[:10])
    assert published() == []
    seal(rows[10:11])
    assert published() == [("unread_closings", 11)]
    seal(rows)
    assert published() == [("unread_closings", 40)]


def test_a_step_by_a_number_of_a_list_is_as_easy_as_before_and_proves_no_reading() -> None:
    tip = file()
    taken = patch(tip, '"1"', status="acknowledged", assignee="wang")
    assert (taken.status, taken.headers["etag"]) == (200, '"2"')
    assert patch(tip, taken.headers["etag"]).refusal == NOT_READ
    assert by_officer("POST", tip, "/messages", {"text": "Thank you."}).status == 201
    read = by_officer("POST", tip, "/read", {}, headers={"If-Match": '"2"'})
    assert (read.status, read.headers["etag"]) == (200, '"3"')


def test_what_nobody_has_read_stays_unread_and_is_not_ended_among_many() -> None:
    tip = file()
    etag = etag_of(tip)
    opened(tip, below="/messages")
    wiring.clock.advance(timedelta(seconds=1))
    write(tip)
    assert read(tip, '"1"', messages_seen=1).refusal == NOT_READ
    assert read(tip, etag).refusal == NEW_MESSAGE
    assert read(tip, etag, messages_seen=1).refusal == NEW_MESSAGE
    for match, change in ((etag, {"status": "acknowledged"}), ('"2"', {"assignee": "wang"})):
        taken = patch(tip, match, **change, messages_seen=1)
        assert (taken.status, taken.json["read"], taken.json["unread"]) == (200, 0, 1)
    many = {"reports": [{"id": tip["id"], "version": 3}], **CLOSE, "skip_unread": False}
    reply = call("POST", "/v1/officer/reports/steps", many, officer="wang")
    assert [each["code"] for each in reply.json["left"]] == ["new_message"]


def test_what_is_read_in_the_conversation_of_an_opened_report_counts_as_read() -> None:
    tip = file()
    etag = etag_of(tip)
    write(tip)
    opened(tip, below="/messages")
    assert read(tip, etag).refusal == NEW_MESSAGE
    assert read(tip, etag, messages_seen=1).json["unread"] == 0


def test_who_has_opened_a_report_changes_and_then_closes_it() -> None:
    tip = file()
    taken = patch(tip, etag_of(tip), status="acknowledged", assignee="wang")
    by_officer("POST", tip, "/messages", {"text": "Is he still there?"})
    read = by_officer("POST", tip, "/read", {}, headers={"If-Match": taken.headers["etag"]})
    closed = patch(tip, read.headers["etag"])
    assert (closed.status, closed.json["disposition"]) == (200, "resolved")
    other = patch(tip, closed.headers["etag"], disposition="no_action")
    assert other.json["disposition"] == "no_action"
    assert patch(tip, f'"{other.json["version"]}"', disposition="resolved").refusal == NOT_READ


def test_what_was_opened_by_another_or_before_another_changed_it_closes_nothing() -> None:
    tip, other = file(), file()
    etag = etag_of(tip)
    for not_mine in (etag_of(tip, "li"), etag_of(other), '"' + "0" * 20 + '"'):
        assert patch(tip, not_mine).refusal == (412, "stale_version")
    for no_tag in ("*", 'W/"1"'):
        assert patch(tip, no_tag).refusal == (400, "bad_if_match")
    assert refused_unread(tip) == 3
    patch(tip, '"1"', "li", urgency="low")
    assert patch(tip, etag).refusal == (412, "stale_version")
    assert head(tip)["status"] == "new"
    assert close(tip).status == 200


def test_a_console_of_the_last_release_ends_by_its_version_what_its_officer_has_opened() -> None:
    tip, critical = file(), file("child_abduction")
    for each in (tip, critical):
        opened(each)
    for two, more in ((critical, {}), (tip, {"disposition": "unfounded"})):
        assert patch(two, '"1"', **CLOSE | more, messages_seen=0).refusal == NOT_READ
    assert patch(tip, '"1"', "li", **CLOSE, messages_seen=0).refusal == NOT_READ
    wiring.clock.advance(timedelta(seconds=1))
    write(tip)
    assert patch(tip, '"1"', **CLOSE, messages_seen=0).refusal == NEW_MESSAGE
    assert patch(tip, '"1"', **CLOSE, messages_seen=1).refusal == NOT_READ
    opened(tip, below="/messages")
    assert patch(tip, '"2"', **CLOSE, messages_seen=1).refusal == (412, "stale_version")
    closed = patch(tip, '"1"', **CLOSE, messages_seen=1)
    assert (closed.status, closed.json["unread"], closed.headers["etag"]) == (200, 0, '"2"')


@pytest.mark.parametrize(
    ("category", "disposition", "days"),
    [("other", "unfounded", 30), ("child_abduction", "resolved", 90)],
)
def test_an_end_that_takes_two_deletes_nothing_before_the_second_has_confirmed_it(
    category: str, disposition: str, days: int
) -> None:
    tip = file(category)
    closed = close(tip, disposition=disposition).json
    assert (closed["disposition"], closed["proposal"]["disposition"]) == (None, disposition)
    before = by_reporter("GET", tip).json
    assert (before["status"], before["outcome"]) == ("received", None)
    wiring.clock.advance(timedelta(days=450))
    cloud.sweep()
    assert opened(tip)["text"]
    assert by_second_officer(tip, "/closing/confirm").json["disposition"] == disposition
    assert by_reporter("GET", tip).json["outcome"]["reason"] == CLOSE["reason"]
    wiring.clock.advance(timedelta(days=days))
    for _ in range(3):
        cloud.sweep()
    assert by_officer("GET", tip).status == 404


def test_who_made_a_report_less_urgent_does_not_end_it_alone() -> None:
    tip = file("child_abduction")
    lowered = patch(tip, etag_of(tip), urgency="low", category="other")
    assert patch(tip, lowered.headers["etag"]).json["proposal"]["by"] == "wang"


def test_a_place_that_has_come_since_stops_an_end_and_no_other_step() -> None:
    created = file()
    before = etag_of(created)
    assert by_reporter("POST", created, "/positions", {"lat": 39.9, "lon": 116.4}).status == 201
    assert patch(created, before, **CLOSE, messages_seen=0).status == 412
    acknowledged = patch(created, before, status="acknowledged", messages_seen=0)
    assert acknowledged.status == 200, acknowledged.text
    # What the officer's own step has not shown them, its tag does not say that they have seen.
    assert patch(created, acknowledged.headers["etag"], **CLOSE, messages_seen=0).status == 412
    assert close(created, messages_seen=0).status == 200


def test_however_much_has_come_since_it_stops_no_step_but_an_end() -> None:
    created = file()
    before = etag_of(created)
    moved_before(created, MAX_POSITIONS_PER_REPORT)
    for number in range(12):
        write(created, f"We are at gate {number}.")
    seen = opened(created)["message_count"]
    assert patch(created, before, **CLOSE, messages_seen=seen).status == 412
    acknowledged = patch(created, before, status="acknowledged")
    assert acknowledged.status == 200, acknowledged.text
    assert patch(created, acknowledged.headers["etag"], status="in_progress").status == 200


def test_a_tag_that_says_to_have_shown_more_than_it_has_is_none() -> None:
    created = file()
    before, created_other = etag_of(created), file()
    assert by_reporter("POST", created, "/positions", {"lat": 39.9, "lon": 116.4}).status == 201
    after = etag_of(created)
    for forged in (before[:13] + after[13:], before[:-2] + 'U"', etag_of(created_other)):
        assert patch(created, forged, status="acknowledged").status == 412


def test_a_place_that_has_come_since_stops_a_confirmation() -> None:
    created = file("child_abduction")
    assert close(created, messages_seen=0).status == 200
    path = f"/v1/officer/reports/{created['id']}/closing/confirm"
    tag = tag_for(path, "li")
    assert by_reporter("POST", created, "/positions", {"lat": 39.9, "lon": 116.4}).status == 201
    assert read_and_approve(path, "li", tag).status == 412
    assert by_second_officer(created, "/closing/confirm").status in (200, 201)


def test_after_fifty_ends_in_an_hour_a_second_officer_confirms() -> None:
    assert close(file()).json["disposition"] == "resolved"
    now, counters = wiring.clock.now(), wiring.watch_counters()
    counter = Counter("wang", Watched.CLOSINGS, hour_of(now))
    for count in range(1, LIMITS[Watched.CLOSINGS] - 1):
        wiring.reports().table.transact([counters.one_more(counter, count, now)])
    last, other = file(), file()
    # Two at once: the counter has room for one.
    with inject.meanwhile(lambda: close(other)):
        assert close(last).json["proposal"]["by"] == "wang"
    last = other
    assert close(one_more := file()).json["proposal"]["by"] == "wang"
    assert by_second_officer(one_more, "/closing/confirm").json["disposition"] == "resolved"
    assert patch(last, etag_of(last, "li"), "li", disposition="no_action").json["proposal"] is None
    wiring.clock.advance(timedelta(hours=1))
    assert close(file()).json["disposition"] == "resolved"


def test_many_at_once_leave_what_is_critical_or_was_never_opened() -> None:
    original, read, partly, unread, exported = *(file() for _ in range(4)), file("other")
    critical = file("child_abduction")
    others = [read, partly, unread, exported, critical]
    body = {"report_ids": [each["id"] for each in others]}
    by_officer("POST", original, "/duplicates", body)
    for each in (read, critical):
        opened(each)
    by_officer("GET", partly, "/history")
    by_officer("GET", unread, officer="li")
    export = {"reason": "For the prosecutor.", "filters": {"category": "other"}}
    assert call("POST", "/v1/officer/exports", export, officer="wang").status == 201

    def close_all(**more: bool) -> dict[str, str | None]:
        body = {"reason": "One fire.", **more}
        reply = by_officer("POST", original, "/duplicates/close", body)
        return {each["id"]: each.get("why") for each in reply.json["results"]}

    unopened = (partly, unread, exported)
    skipped = {each["id"]: "not_read" for each in unopened} | {critical["id"]: "takes_two"}
    assert close_all() == {read["id"]: None, **skipped}
    assert [refused_unread(each) for each in others] == [0, 1, 1, 1, 0]
    assert close_all(skip_unopened=False) == {
        **{each["id"]: None for each in unopened},
        critical["id"]: "takes_two",
    }
    assert head(critical)["status"] == "new"
    for each in unopened:
        assert head(each)["proposal"]["by"] == "wang"
        assert by_second_officer(each, "/closing/confirm").json["disposition"] == "duplicate"


def test_an_old_tag_ends_nothing_that_was_written_since() -> None:
    tip, asked = file(), file()
    etag = etag_of(tip)
    write(tip)
    assert patch(tip, etag).refusal == NEW_MESSAGE
    unseen = patch(tip, etag, status="acknowledged")
    assert patch(tip, unseen.headers["etag"]).refusal == NOT_READ
    closed = close(tip, messages_seen=1)
    by_reporter("POST", tip, "/reopen", {"text": "He is gone again."})
    assert patch(tip, closed.headers["etag"]).refusal == NEW_MESSAGE
    assert patch(tip, etag_of(tip), **CLOSE, messages_seen=2).status == 200

    close(asked, disposition="unfounded")
    path = f"/v1/officer/reports/{asked['id']}/closing/confirm"
    tag = tag_for(path, "li")
    write(asked)
    assert read_and_approve(path, "li", tag).refusal == (412, "stale_version")


def test_a_confirmed_end_is_rewritten_by_who_has_opened_it_and_confirmed_again() -> None:
    tip, original = file(), file()
    close(tip, disposition="unfounded")
    by_second_officer(tip, "/closing/confirm")
    version = f'"{head(tip)["version"]}"'
    for change in ({"reason": "Made up."}, {"duplicate_of": original["id"]}):
        assert patch(tip, version, "li", **change).refusal == NOT_READ
    body = {"report_ids": [tip["id"]]}
    [linked] = by_officer("POST", original, "/duplicates", body, officer="zhao").json["results"]
    assert linked["why"] == "not_read"
    again = patch(tip, etag_of(tip, "li"), "li", reason="Made up.").json
    assert (again["disposition"], again["proposal"]["by"]) == ("unfounded", "li")
    assert by_reporter("GET", tip).json["outcome"]["reason"] == CLOSE["reason"]
    confirmed = by_second_officer(tip, "/closing/confirm", "wang")
    assert confirmed.json["disposition"] == "unfounded", confirmed.text


def test_what_waits_as_a_duplicate_keeps_its_original() -> None:
    tip = file("child_abduction")
    link = {"disposition": "duplicate", "duplicate_of": file()["id"]}
    assert close(tip, **link).json["proposal"]["disposition"] == "duplicate"
    assert patch(tip, etag_of(tip), duplicate_of=None).wrong[0][1] == "required"


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
    assert stolen.refusal == (400, "bad_cursor")


def test_the_history_says_which_lists_showed_a_picture() -> None:
    tip, plain = with_photo(), file()
    day = f"{wiring.clock.now():%Y-%m-%d}"
    listed = call("GET", "/v1/officer/reports", officer="li").json["items"]
    assert [each["id"] for each in listed if each["thumbnail_url"]] == [tip["id"]]

    def shown(created: Mapping[str, Any], on: str) -> list[tuple[str, str, Any]]:
        found = by_officer("GET", created, f"/history?pictures_on={on}").json["items"]
        return [(each["by"], each["action"], each["detail"]["part"]) for each in found]

    assert shown(tip, day) == [("li", "list", "pictures")]
    assert shown(plain, day) == shown(tip, "2026-01-01") == []
    found = cloud.head(tip["id"])
    own = wiring.audit().history(about(found.report))
    assert ("wang", Action.LIST) in [(each.by, each.action) for each in own]


def two_media() -> tuple[dict[str, Any], list[str]]:
    """File a report with two pictures that are still to come. Return it, and their ids."""
    created = file(media=[{"content_type": "image/jpeg", "size": 10_000}] * 2)
    return created, [each["media_id"] for each in created["uploads"]]


def test_no_end_by_an_opening_from_before_a_picture() -> None:
    created, pictures = two_media()
    tag = etag_of(created)
    cloud.add_medium(created["id"], pictures[0])
    taken = patch(created, tag, assignee="wang")
    assert taken.status == 200  # no other step needs it
    assert patch(created, taken.headers["etag"]).status == 412
    assert close(created).status == 200


def test_no_end_is_confirmed_by_a_reading_from_before_a_picture() -> None:
    created, pictures = two_media()
    assert close(created, disposition="unfounded").status == 200
    confirm = f"/v1/officer/reports/{created['id']}/closing/confirm"
    tag = tag_for(confirm, "li")
    cloud.add_medium(created["id"], pictures[0])
    assert read_and_approve(confirm, "li", tag).status == 412
    assert read_and_approve(confirm, "li").status == 201


def test_who_claims_to_have_seen_a_message_has_opened_the_report_since() -> None:
    created = file()
    tag = etag_of(created)
    write(created)
    assert patch(created, tag, **CLOSE, messages_seen=1).status == 412
    assert close(created, messages_seen=1).status == 200


def test_a_version_ends_nothing_whose_last_message_only_another_has_read() -> None:
    created = file()
    opened(created)
    write(created)
    opened(created, "li")
    answer = {"text": "We are coming.", "messages_seen": 1}
    by_officer("POST", created, "/messages", answer, officer="li").expect(201)
    version = f'"{head(created)["version"]}"'
    assert patch(created, version, **CLOSE, messages_seen=2).refusal == NOT_READ
    opened(created)
    assert patch(created, version, **CLOSE, messages_seen=2).status == 200


def test_an_end_after_an_own_reply_takes_no_other_opening() -> None:
    created = file()
    write(created)
    tag = etag_of(created)
    by_officer("POST", created, "/messages", {"text": "We are coming.", "messages_seen": 1})
    assert patch(created, tag).status == 200
