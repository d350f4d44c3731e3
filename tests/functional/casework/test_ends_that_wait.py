"""An end that waits for its second officer is not an end: until then nothing of the report ends."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.audit.seals import hour_of
from chalicelib.domain.officers.access_tokens import MACHINE
from chalicelib.domain.officers.model import Role
from chalicelib.domain.reports.events import Watched
from chalicelib.domain.watch import PROPOSED_AT_MOST
from chalicelib.kernel import times
from chalicelib.store.audit.rows import Action, Entry
from chalicelib.store.watch import Counter
from tests import cloud
from tests.client import Reply, call, read_and_approve, tag_for
from tests.faults import inject
from tests.steps import by_officer, by_reporter, by_second_officer, file, head, mine, opened, write

pytestmark = [
    pytest.mark.officers(
        "wang",
        "li",
        zhao={"roles": (Role.OFFICER, Role.SUPERVISOR)},
        dispatch={"roles": (Role.SYSTEM,)},
    ),
    pytest.mark.usefixtures("fresh"),
]

END = {"status": "closed", "disposition": "unfounded", "reason": "The aunt had fetched her."}
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def early(fresh: None) -> None:
    """Begin early in a day and an hour, so that none ends during a test."""
    now = wiring.clock.now()
    wiring.clock.advance(
        times.up_to_minute(now.replace(hour=0, minute=0)) + timedelta(days=1) - now
    )


def change(created: Mapping[str, Any], officer: str = "wang", **body: Any) -> Reply:
    """Change a report as this officer opens it now."""
    etag = by_officer("GET", created, officer=officer).headers["etag"]
    return by_officer("PATCH", created, "", body, officer=officer, headers={"If-Match": etag})


def propose(created: Mapping[str, Any], officer: str = "wang", **more: Any) -> Any:
    return change(created, officer, **END | more).expect(200)


def confirm(created: Mapping[str, Any], officer: str = "li") -> Reply:
    return by_second_officer(created, "/closing/confirm", officer)


def row_of(created: Mapping[str, Any], officer: str = "wang") -> dict[str, Any]:
    """Return the row of a report in the list by attention."""
    page = call("GET", "/v1/officer/reports?sort=attention", officer=officer).json["items"]
    return next(each for each in page if each["id"] == created["id"])


def notices(kind: str) -> list[dict[str, Any]]:
    return [each for each in cloud.sent() if each["kind"] == kind]


def pass_minutes(count: int, step: int = 1) -> None:
    for _ in range(0, count, step):
        wiring.clock.advance(step * MINUTE)
        cloud.sweep()
        cloud.stream(cloud.all_keys())


def test_one_officer_ends_no_child_abduction() -> None:
    tip, later = file("child_abduction"), file("child_abduction")
    cloud.catch_up()
    before, read = head(tip), mine(tip)
    counts = call("GET", "/v1/officer/stats", officer="zhao").expect(200)
    waits = propose(tip)
    assert (waits["status"], waits["disposition"], waits["closed_at"]) == ("new", None, None)
    assert waits["proposal"]["disposition"] == "unfounded"
    # All but the proposal is as it was: rank, flags, task, leaves.
    after = head(tip)
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    assert changed <= {"proposal", "version", "awaits", "listed", "found_by"} | {
        name for name in changed if name.startswith("task") or name in ("due_at", "not_before")
    }
    assert after["attention_at"] == before["attention_at"]
    assert {**mine(tip), "media": []} == {**read, "media": []}
    cloud.catch_up()
    assert call("GET", "/v1/officer/stats", officer="zhao").expect(200) == counts
    page = call("GET", "/v1/officer/reports?sort=attention", officer="li").json["items"]
    assert [each["id"] for each in page] == [tip["id"], later["id"]]
    assert (page[0]["awaits"], page[0]["end_proposed_by"]) == (["closing"], "wang")


def test_what_nobody_has_taken_is_escalated_though_its_end_waits() -> None:
    tip = file("child_abduction")
    cloud.catch_up()
    propose(tip)
    cloud.forget_sent()
    pass_minutes(60, 5)
    assert len(notices("escalation")) >= 3


def test_a_second_officer_ends_it_and_the_reporter_reads_what_they_have_read() -> None:
    tip = file("child_abduction")
    propose(tip)
    shown = opened(tip, "li")
    assert (shown["proposal"]["reason"], shown["reason"]) == (END["reason"],) * 2
    closed = confirm(tip).expect(201)
    assert (closed["status"], closed["disposition"], closed["proposal"]) == (
        "closed",
        "unfounded",
        None,
    )
    assert closed["closed_at"]
    read = mine(tip)
    assert (read["status"], read["outcome"]["reason"]) == ("closed", END["reason"])


@pytest.mark.parametrize(("officer", "kinds"), [("li", ["declined"]), ("wang", [])])
def test_an_end_that_is_declined_or_taken_back_leaves_the_report_as_it_was(
    officer: str, kinds: list[str]
) -> None:
    tip = file("child_abduction")
    cloud.catch_up()
    before = head(tip)
    propose(tip)
    cloud.catch_up()
    cloud.forget_sent()
    body: dict[str, Any] = {"disposition": None, "reason": "Her mother does not know that aunt."}
    assert change(tip, officer, **body).expect(200)["proposal"] is None
    cloud.stream(cloud.all_keys())
    assert [each["kind"] for each in cloud.sent()] == kinds
    after = head(tip)
    same = ("status", "attention_at", "flags", "attended", "unread", "task", "sealed_reason")
    assert {name: after.get(name) for name in same} == {name: before.get(name) for name in same}
    entry = by_officer("GET", tip, "/history").json["items"][-2]
    assert entry["detail"]["declined"] is True
    assert "mother does not know" in str(entry)
    # Nothing is left that would be approved, or notified of.
    assert confirm(tip).refusal[0] in (409, 412)
    pass_minutes(120, 15)
    assert notices("approval") == []


def test_declining_takes_a_reason_and_an_end_that_waits() -> None:
    tip = file("child_abduction")
    assert change(tip, disposition=None).refusal == (409, "nothing_to_confirm")
    propose(tip)
    assert change(tip, "li", disposition=None).wrong == [("reason", "required")]
    assert change(tip, disposition=None).status == 200


def test_an_end_that_nobody_confirms_is_notified_again_and_again() -> None:
    tip = file("child_abduction")
    cloud.catch_up()
    change(tip, status="acknowledged").expect(200)
    propose(tip)
    cloud.catch_up()
    cloud.forget_sent()
    pass_minutes(300, 5)
    # At 15, 30, 60, 120 and 240 minutes.
    assert [each["step"] for each in notices("approval")] == ["closing"] * 5


@pytest.mark.parametrize("moved", [{"urgency": "low"}, {"category": "other"}])
def test_another_urgency_or_category_voids_an_end_that_waits(moved: dict[str, str]) -> None:
    tip = file("child_abduction")
    propose(tip)
    cloud.catch_up()
    cloud.forget_sent()
    assert change(tip, "li", **moved).expect(200)["proposal"] is None
    cloud.stream(cloud.all_keys())
    assert len(notices("declined")) == 1
    # And one officer does not end what they have lowered.
    again = change(tip, "li", **END | {"disposition": "resolved"}).expect(200)
    assert (again["closed_at"], again["proposal"]["by"]) == (None, "li")


def test_a_call_that_raises_a_report_and_ends_it_takes_two() -> None:
    tip = file("other")
    raised = change(tip, **END | {"disposition": "resolved", "urgency": "critical"}).expect(200)
    assert (raised["urgency"], raised["disposition"]) == ("critical", None)
    assert raised["proposal"]["disposition"] == "resolved"


def test_only_who_changes_the_end_is_an_author_of_it() -> None:
    tip = file("child_abduction")
    propose(tip)
    change(tip, "li", assignee="li").expect(200)
    by_officer("POST", tip, "/notes", {"text": "I have called the school."}, officer="li")
    assert opened(tip)["proposal"]["by"] == "wang"
    change(tip, "li", reason="An aunt had fetched her from school.").expect(200)
    assert confirm(tip).refusal == (403, "self_approval")
    assert confirm(tip, "zhao").expect(201)["status"] == "closed"
    assert mine(tip)["outcome"]["reason"] == "An aunt had fetched her from school."


def test_nobody_confirms_an_end_over_a_message_they_have_not_seen() -> None:
    tip = file("child_abduction")
    propose(tip)
    path = f"/v1/officer/reports/{tip['id']}/closing/confirm"
    tag = tag_for(path, "li")
    for words in ("One", "Two", "There is a man with a knife at my door"):
        wiring.clock.advance(timedelta(seconds=31))
        write(tip, words)
        late = read_and_approve(path, "li", tag)
        assert late.refusal == (412, "stale_version")
        assert "or something new has come, since you read it" in late.json["detail"]
        tag = tag_for(path, "li")
    closed = read_and_approve(path, "li", tag).expect(201)
    assert (closed["status"], closed["unread"]) == ("closed", 0)


def test_nobody_confirms_an_end_over_a_file_they_have_not_seen() -> None:
    picture = [{"content_type": "image/jpeg", "size": 1000}]
    tip = file("child_abduction", media=picture)
    propose(tip)
    path = f"/v1/officer/reports/{tip['id']}/closing/confirm"
    tag = tag_for(path, "li")
    cloud.add_medium(tip["id"], tip["uploads"][0]["media_id"])
    assert read_and_approve(path, "li", tag).refusal == (412, "stale_version")
    assert confirm(tip).expect(201)["status"] == "closed"


def send_place(created: Mapping[str, Any]) -> None:
    wiring.clock.advance(timedelta(seconds=5))
    place = {"lat": 39.91, "lon": 116.44}
    by_reporter("POST", created, "/positions", place).expect(201)


def test_an_app_that_sends_places_all_the_time_holds_no_report_open() -> None:
    tip = file("child_abduction")
    propose(tip)
    path = f"/v1/officer/reports/{tip['id']}/closing/confirm"
    first = tag_for(path, "li")
    send_place(tip)
    assert read_and_approve(path, "li", first).refusal == (412, "stale_version")
    again = tag_for(path, "li")
    send_place(tip)
    send_place(tip)
    closed = read_and_approve(path, "li", again).expect(201)
    # What they have not read, they have not read.
    assert (closed["status"], closed["unread"]) == ("closed", 3)


def test_who_has_read_it_twice_before_a_place_came_reads_it_anew() -> None:
    tip = file("child_abduction")
    propose(tip)
    path = f"/v1/officer/reports/{tip['id']}/closing/confirm"
    tag_for(path, "li")
    change(tip, "zhao", reason="Her aunt had fetched her.").expect(200)
    tag_for(path, "li")
    tag = tag_for(path, "li")
    send_place(tip)
    assert read_and_approve(path, "li", tag).refusal == (412, "stale_version")


def test_who_reread_it_long_ago_reads_it_anew() -> None:
    tip = file("child_abduction")
    propose(tip)
    path = f"/v1/officer/reports/{tip['id']}/closing/confirm"
    tag_for(path, "li")
    send_place(tip)
    tag = tag_for(path, "li")
    send_place(tip)
    wiring.clock.advance(11 * MINUTE)
    assert read_and_approve(path, "li", tag).refusal == (412, "stale_version")


def test_why_an_end_is_declined_is_not_told_as_the_words_to_the_reporter() -> None:
    tip = file("child_abduction")
    propose(tip)
    declined = change(tip, "li", disposition=None, reason="Only for us: he is known.").expect(200)
    assert declined["reason"] is None
    other = file("other")
    change(other, status="closed", disposition="resolved", reason="The lamp burns.").expect(200)
    change(other, disposition="malicious", reason="It was he who broke it.").expect(200)
    declined = change(other, "li", disposition=None, reason="It was not he.").expect(200)
    assert declined["reason"] == "The lamp burns."


def test_an_end_as_a_duplicate_is_linked_when_it_is_confirmed() -> None:
    tip, original, other = (file("child_abduction") for _ in range(3))
    propose(tip, disposition="duplicate", duplicate_of=original["id"])
    assert opened(original)["duplicate_count"] == 0
    assert mine(tip)["outcome"] is None
    assert change(tip, duplicate_of=None).wrong == [("duplicate_of", "required")]
    change(tip, duplicate_of=other["id"]).expect(200)
    assert opened(tip)["proposal"]["duplicate_of"] == other["id"]
    assert confirm(tip).expect(201)["duplicate_of"] == other["id"]
    assert opened(other)["duplicate_count"] == 1


def count_ends(before: int) -> None:
    """Count ends of wang in this hour, until one more is the last."""
    now, counters = wiring.clock.now(), wiring.watch_counters()
    counter = Counter("wang", Watched.CLOSINGS, hour_of(now))
    for count in range(before, PROPOSED_AT_MOST - 1):
        wiring.reports().table.transact([counters.one_more(counter, count, now)])


def test_an_officer_proposes_no_more_than_two_hundred_ends_an_hour() -> None:
    count_ends(0)
    propose(file("child_abduction"))
    assert change(file("child_abduction"), **END).status == 429
    assert change(file("child_abduction"), "li", **END).status == 200
    wiring.clock.advance(timedelta(hours=1))
    propose(file("child_abduction"))


def test_who_rewrites_an_end_again_and_again_proposes_each_time() -> None:
    created = file("child_abduction")
    propose(created)
    count_ends(1)
    change(created, reason="The aunt has her.").expect(200)
    assert change(created, reason="The uncle has her.").status == 429


def test_an_end_that_a_machine_proposed_takes_two_when_nobody_has_reviewed_it() -> None:
    created = file("other")
    change(created, status="acknowledged", assignee="wang").expect(200)
    it = f"{MACHINE}dispatch"
    change(created, it, **END | {"disposition": "resolved"}).expect(200)
    for days in (365, 1, 31, 1, 31):
        cloud.sweep(timedelta(days=days))
        cloud.sweep()
    assert head(created)["review_escalated"]
    assert confirm(created, "wang").wrong == [("disposition", "takes_two")]
    propose(created, disposition="resolved")
    assert confirm(created, "li").status == 201


def test_a_withdrawal_ends_what_waits() -> None:
    tip = file("child_abduction")
    propose(tip)
    by_reporter("DELETE", tip).expect(204)
    assert "proposal" not in head(tip)
    assert confirm(tip).refusal[0] in (409, 412)


def test_a_closed_report_keeps_its_end_while_another_waits() -> None:
    tip = file("other")
    change(tip, status="closed", disposition="resolved", reason="The lamp burns again.").expect(200)
    waits = change(tip, disposition="malicious", reason="It was he who broke it.").expect(200)
    assert (waits["disposition"], waits["proposal"]["disposition"]) == ("resolved", "malicious")
    assert mine(tip)["outcome"]["reason"] == "The lamp burns again."
    assert confirm(tip).expect(201)["disposition"] == "malicious"
    assert mine(tip)["outcome"]["reason"] == "It was he who broke it."


@pytest.mark.parametrize("more", [{}, {"reason": "It burns, says the city."}])
def test_who_sets_the_end_again_that_a_report_has_voids_another_that_waits(
    more: dict[str, str],
) -> None:
    tip = file("other")
    change(tip, status="closed", disposition="resolved", reason="The lamp burns again.").expect(200)
    change(tip, disposition="malicious", reason="It was he who broke it.").expect(200)
    again = change(tip, "li", disposition="resolved", **more).expect(200)
    assert (again["disposition"], again["proposal"]) == ("resolved", None)
    assert confirm(tip).refusal[0] in (409, 412)
    assert mine(tip)["outcome"]["reason"] == more.get("reason", "The lamp burns again.")


def closings(reader: str = "zhao", ago: int = 0) -> list[tuple[str, str, bool]]:
    """Return what a supervisor reads of what wang has closed today, or days ago."""
    day = wiring.clock.now() - timedelta(days=ago)
    path = f"/v1/officer/closings?officer=wang&day={day:%Y-%m-%d}"
    items = call("GET", path, officer=reader).expect(200)["items"]
    return [(each["id"], each["disposition"], each["awaits"]) for each in items]


def take_back(created: Mapping[str, Any], officer: str = "wang") -> None:
    change(created, officer, disposition=None, reason="It is not so.").expect(200)


def test_what_one_officer_closed_is_what_came_of_it() -> None:
    waits, confirmed, undone, voided = (file("child_abduction") for _ in range(4))
    drill = file("child_abduction", source="drill")
    for tip in (waits, confirmed, undone, voided, drill):
        propose(tip)
        wiring.clock.advance(timedelta(seconds=1))
    assert [awaits for _, _, awaits in closings()] == [True] * 5
    for tip in (confirmed, undone, drill):
        confirm(tip).expect(201)
    change(undone, "li", status="in_progress").expect(200)
    change(voided, "li", urgency="low").expect(200)
    propose(waits, reason="An aunt had fetched her.")
    ended = [(tip["id"], "unfounded", False) for tip in (confirmed, undone, drill)]
    assert closings() == [*ended, (waits["id"], "unfounded", True)]


def test_an_end_that_never_came_to_be_is_no_closing() -> None:
    tip, gone = file("child_abduction"), file("child_abduction")
    propose(gone)
    by_reporter("DELETE", gone).expect(204)
    for officer in ("wang", "li"):
        propose(tip)
        take_back(tip, officer)
        wiring.clock.advance(MINUTE)
        assert closings() == []
    propose(tip, "li")  # which is not wang's
    assert closings() == []
    take_back(tip, "li")
    propose(tip, disposition="resolved")
    assert closings() == [(tip["id"], "resolved", True)]


def test_a_closing_that_another_end_was_to_replace_is_one() -> None:
    tip = file("other")
    propose(tip, disposition="resolved")
    wiring.clock.advance(MINUTE)
    propose(tip, disposition="malicious")
    assert closings() == [(tip["id"], "malicious", True)]
    take_back(tip)
    assert closings() == [(tip["id"], "resolved", False)]


def test_closings_do_not_tell_where_a_report_went_that_one_does_not_see_any_more() -> None:
    cloud.oversight("ombud", "ombud2")
    cloud.officer("sun", roles=(Role.SUPERVISOR,), categories=("child_abduction",))
    moved, deleted, elsewhere = (file("child_abduction") for _ in range(3))
    for tip in (moved, deleted, elsewhere):
        propose(tip)
        wiring.clock.advance(timedelta(seconds=1))
    before = closings("sun")
    change(moved, "li", status="acknowledged").expect(200)
    by_officer("POST", moved, "/oversight", {"reason": "Him."}, officer="li").expect(204)
    change(moved, "ombud", **END | {"disposition": "resolved"}).expect(200)
    change(elsewhere, "li", category="other").expect(200)
    by_reporter("DELETE", deleted).expect(204)
    for days in (40, 1):
        cloud.sweep(timedelta(days=days))
    assert "deleted_at" in head(deleted)
    assert closings("sun", ago=41) == before


def test_a_page_of_closings_takes_one_read_of_their_reports() -> None:
    tip, now = file(), wiring.clock.now()
    change(tip, **END | {"disposition": "resolved"}).expect(200)
    wiring.clock.advance(timedelta(hours=1))
    of_tip = {"reference": "R", "category": "other", "district": "unknown", "awaits": False}
    for number in range(101):
        detail = of_tip | {"id": f"{number:026}", "disposition": "resolved"}
        wiring.audit().write(Entry.of_officer("wang", Action.CLOSE, wiring.clock.now(), detail))
    path = f"/v1/officer/closings?officer=wang&day={now:%Y-%m-%d}"
    with inject.fault(wiring.dynamodb(), "dynamodb.*", lambda request: None) as calls:
        page = call("GET", path, officer="zhao").expect(200)
    assert calls.count("BatchGetItem") == 1
    assert len(page["items"]) == 100
    rest = call("GET", f"{path}&cursor={page['next_cursor']}", officer="zhao").expect(200)
    assert len(rest["items"]) == 2
    assert rest["next_cursor"] is None
