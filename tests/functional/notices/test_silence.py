"""No open report is forgotten: whoever held it, officers hear of it again when nobody does."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.aws.keys import TASK_FIELDS
from chalicelib.domain.officers.model import Role
from chalicelib.handlers.service import scheduled
from chalicelib.store.audit.rows import of_report
from tests import cloud
from tests.client import appoint, call, change_report, read_and_approve
from tests.faults import inject
from tests.places import head_of, place_of
from tests.steps import by_officer, by_reporter, by_second_officer, file_and_notify, head, opened

pytestmark = [
    pytest.mark.officers(
        "wang", "li", admin={"roles": (Role.ADMIN,)}, admin2={"roles": (Role.ADMIN,)}
    ),
    pytest.mark.usefixtures("fresh"),
]

type Created = Mapping[str, Any]

CRITICAL, HIGH, NORMAL = "child_abduction", "missing_elderly", "other"
ROW: dict[str, Any] = {"roles": ["officer"], "categories": ["*"], "districts": ["*"], "name": "Li"}


def heard_of(created: Created, *, hours: int = 28) -> list[str]:
    """Return the kinds of the notices of a report in the next hours, also of those that name it
    among others.
    """
    cloud.catch_up()
    for _ in range(hours // 2):
        cloud.sweep(timedelta(hours=2))
    row = head(created)
    if "attention_at" in row:
        assert (row["attention_shard"], row["attention_at"]) == place_of(row)
    return [
        each["kind"]
        for each in cloud.sent()
        if created["id"] in (each["report_id"], *(each.get("report_ids") or ()))
    ]


def change(created: Created, **step: object) -> None:
    change_report(created["id"], head(created)["version"], **step)


def link(created: Created, original: Created) -> None:
    by_officer("POST", original, "/duplicates", {"report_ids": [created["id"]]}).expect(200)


def taken(by: str) -> dict[str, Any]:
    """Return a report that was opened, and that this officer has."""
    created = file_and_notify(HIGH)
    opened(created)
    change(created, status="acknowledged", assignee=by)
    return created


def linked() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return an original that an officer works on, and a duplicate that nobody has opened."""
    original, created = taken("wang"), file_and_notify(HIGH)
    link(created, original)
    return original, created


def close(created: Created) -> None:
    opened(created)
    change(created, status="closed", disposition="resolved", reason="He is at home.")


def move(created: Created) -> None:
    cloud.oversight("ombud", "ombud2")
    by_officer("POST", created, "/oversight", {"reason": "It names an officer."}).expect(204)


def let_it_be_deleted(created: Created) -> None:
    """Let its time be over while no sweep runs: nothing is done before it is deleted."""
    close(created)
    wiring.clock.advance(timedelta(days=91))


ENDS: Mapping[str, Callable[[Created], object]] = {
    "withdrawn": lambda original: by_reporter("DELETE", original),
    "closed": close,
    "moved to oversight": move,
    "deleted": let_it_be_deleted,
    "moved, and nobody's": lambda original: change(original, assignee=None, category="other"),
}


def test_a_duplicate_is_left_to_who_works_on_its_original() -> None:
    _, created = linked()
    assert heard_of(created) == []


@pytest.mark.parametrize("end", ENDS)
def test_a_duplicate_that_nobody_has_opened_waits_again_after_its_original(end: str) -> None:
    original, created = linked()
    ENDS[end](original)
    assert "overdue" in heard_of(created)


def test_a_duplicate_that_is_unlinked_waits_again() -> None:
    _, created = linked()
    change(created, duplicate_of=None)
    assert "overdue" in heard_of(created)


def test_a_duplicate_waits_again_when_who_worked_on_its_original_is_gone() -> None:
    original, created = linked()
    deactivate("wang")
    assert "overdue" in heard_of(created)
    assert head(original)["status"] == "acknowledged"


@pytest.mark.parametrize("status", ["acknowledged", "in_progress"])
def test_what_its_assignee_leaves_waits_with_its_duplicates(status: str) -> None:
    original, created = linked()
    change(original, status=status)
    change(original, assignee=None)
    assert "overdue" in heard_of(original)
    assert created["id"] in [each["report_id"] for each in cloud.sent()]


def test_an_original_that_ends_while_it_is_linked_holds_nothing() -> None:
    original, created = file_and_notify(HIGH), file_and_notify(HIGH)
    change(original, status="acknowledged")
    opened(original)
    with inject.meanwhile(lambda: by_reporter("DELETE", original)):
        link(created, original)
    assert "overdue" in heard_of(created)


LINKED_MEANWHILE: Mapping[str, Callable[[Created], object]] = {
    **{name: ENDS[name] for name in ("withdrawn", "moved, and nobody's")},
    "closed": lambda original: change(
        original, status="closed", disposition="resolved", reason="He is at home."
    ),
    "moved to oversight": lambda original: by_officer(
        "POST", original, "/oversight", {"reason": "It names an officer."}
    ).expect(204),
}


@pytest.mark.parametrize("end", LINKED_MEANWHILE)
def test_a_report_that_is_linked_while_its_original_ends_waits(end: str) -> None:
    cloud.oversight("ombud", "ombud2")
    original, created = file_and_notify(HIGH), file_and_notify(HIGH)
    opened(original)
    change(original, status="acknowledged", assignee="wang")
    with inject.meanwhile(lambda: link(created, original)):
        LINKED_MEANWHILE[end](original)
    assert "overdue" in heard_of(created)


def test_a_report_that_is_linked_while_its_original_is_taken_back_waits() -> None:
    original, created = file_and_notify(HIGH), file_and_notify(HIGH)
    opened(original)
    change(original, status="acknowledged", assignee="li")
    appoint("li", ROW | {"active": False})
    with inject.meanwhile(lambda: link(created, original)):
        cloud.sweep()
    assert head(original).get("assignee") is None
    assert "overdue" in heard_of(created)


def test_an_original_that_is_reopened_at_once_still_holds_its_duplicates() -> None:
    original, created = linked()
    close(original)
    change(original, status="in_progress")
    assert heard_of(created) == []


LOSSES: Mapping[str, dict[str, Any]] = {
    "the scope": {"categories": ["other"]},
    "the role": {"roles": ["admin"]},
    "the account": {"active": False},
}


@pytest.mark.parametrize("step", [{}, {"status": "acknowledged"}], ids=["new", "acknowledged"])
@pytest.mark.parametrize("what", LOSSES)
def test_a_report_waits_again_when_its_assignee_loses(what: str, step: Mapping[str, str]) -> None:
    created = file_and_notify(HIGH)
    opened(created)
    change(created, assignee="li", **step)
    appoint("li", ROW | LOSSES[what])
    assert "overdue" in heard_of(created)
    assert head(created).get("assignee") is None


def test_an_assignment_alone_ends_nothing_of_what_nobody_has_opened() -> None:
    created = file_and_notify(HIGH)
    change(created, assignee="li")
    assert "overdue" in heard_of(created)


def test_what_nobody_has_opened_is_acknowledged_or_waits() -> None:
    noted, answered, less, acknowledged = (file_and_notify(HIGH) for _ in range(4))
    by_officer("POST", noted, "/notes", {"text": "I have called the ward."}).expect(201)
    by_officer("POST", answered, "/messages", {"text": "We come."}).expect(201)
    change(less, urgency="normal")
    change(acknowledged, status="acknowledged")
    heard = [bool(heard_of(each)) for each in (noted, answered, less)]
    assert (heard, heard_of(acknowledged)) == ([True, True, True], [])


def test_who_cannot_see_where_a_report_is_moved_has_it_no_more() -> None:
    cloud.officer("li", categories=(HIGH,))
    created = taken("li")
    change(created, category="traffic_violation")
    assert head(created).get("assignee") is None
    assert "overdue" in heard_of(created)


def deactivate(username: str) -> None:
    appoint(username, ROW | {"active": False})


def given_back() -> dict[str, Any]:
    """Return a report that was acknowledged, and that nobody has any more."""
    created = taken("li")
    deactivate("li")
    cloud.catch_up()
    cloud.sweep()
    assert head(created).get("assignee") is None
    return created


@pytest.mark.parametrize("is_unlinked", [True, False])
def test_what_was_given_back_waits_whatever_it_is_linked_to(is_unlinked: bool) -> None:
    created, original = given_back(), taken("wang")
    link(created, original)
    if is_unlinked:
        change(created, duplicate_of=None)
    else:
        close(original)
    assert "overdue" in heard_of(created)


@pytest.mark.parametrize("before", ["new", "acknowledged"])
def test_a_step_that_moves_a_report_too_leaves_it_with_nobody(before: str) -> None:
    cloud.officer("li", categories=(HIGH,))
    if before == "new":
        created, status = file_and_notify(HIGH), "acknowledged"
        opened(created)
    else:
        created, status = taken("li"), "in_progress"
    change(created, status=status, category="child_abduction")
    assert head(created).get("assignee") is None
    assert "escalation" in heard_of(created)


def lowered() -> dict[str, Any]:
    """Return a report that an officer has opened and lowered: it has no deadline."""
    created = file_and_notify(NORMAL)
    opened(created)
    change(created, urgency="low")
    return created


def test_what_was_raised_while_somebody_had_it_has_a_deadline() -> None:
    created = lowered()
    change(created, status="acknowledged", assignee="li")
    change(created, urgency="high")
    deactivate("li")
    assert "overdue" in heard_of(created)


def test_what_nobody_has_opened_is_not_put_off_by_another_urgency() -> None:
    unopened = file_and_notify(HIGH)
    change(unopened, urgency="low")
    assert "overdue" in heard_of(unopened)
    by_reporter("DELETE", unopened)
    cloud.forget_sent()
    toggled = file_and_notify(NORMAL)
    for _ in range(3):
        change(toggled, urgency="low")
        change(toggled, urgency="normal")
        cloud.sweep(timedelta(hours=20))
    assert {each["kind"] for each in cloud.sent()} == {"report", "overdue"}


def test_what_nobody_has_opened_keeps_its_deadline_when_it_is_lowered_and_moved() -> None:
    created = file_and_notify(HIGH)
    change(created, urgency="low", category=NORMAL)
    assert "overdue" in heard_of(created)


def test_what_was_moved_to_where_there_is_a_deadline_has_one() -> None:
    deadlines = [{"code": NORMAL, "state": "active", "deadlines": {"normal": 0}}]
    call("PATCH", "/v1/admin/catalogue", {"categories": deadlines}, officer="admin").expect(200)
    wiring.clock.advance(timedelta(minutes=3))
    created = file_and_notify(NORMAL)
    opened(created)
    change(created, status="acknowledged", assignee="li")
    change(created, category="traffic_violation")
    deactivate("li")
    assert "overdue" in heard_of(created)


@pytest.mark.parametrize("step", [{"urgency": "critical"}, {"category": CRITICAL}])
def test_what_was_acknowledged_unopened_and_becomes_critical_waits(step: dict[str, str]) -> None:
    created = file_and_notify(HIGH)
    change(created, status="acknowledged", assignee="wang")
    change(created, **step)
    assert "escalation" in heard_of(created)


def test_who_telephones_has_not_read_what_somebody_else_has() -> None:
    created = file_and_notify(CRITICAL, contact={"phone": "+351 912 555 014"})
    change(created, assignee="li")
    by_officer("POST", created, "/contact", {"reason": "To call."}).expect(200)
    assert "escalation" in heard_of(created)


@pytest.mark.parametrize("how", ["moved", "left", "of nobody"])
def test_what_nobody_has_when_it_is_reopened_waits(how: str) -> None:
    cloud.officer("li", categories=(HIGH,))
    created = file_and_notify(HIGH)
    opened(created)
    assignee = {} if how == "of nobody" else {"assignee": "li"}
    change(created, status="acknowledged", **assignee)
    close(created)
    if how == "moved":
        change(created, category=NORMAL)
    elif how == "left":
        change(created, assignee=None)
    by_reporter("POST", created, "/reopen", {"text": "He is gone again."}).expect(201)
    assert "overdue" in heard_of(created)


def test_what_was_moved_after_its_end_waits_for_who_has_it_when_it_is_reopened() -> None:
    created = file_and_notify("child_abduction")
    close(created)
    read_and_approve(f"/v1/officer/reports/{created['id']}/closing/confirm", "li")
    opened(created)
    move(created)
    cloud.catch_up()
    reopened = {"status": "acknowledged"}
    version = head(created)["version"]
    by_officer("PATCH", created, "", reopened, officer="ombud", version=version).expect(200)
    assert "escalation" in heard_of(created)


def test_what_had_no_deadline_has_one_at_oversight() -> None:
    created = lowered()
    change(created, urgency="high", status="acknowledged")
    move(created)
    row = head(created)
    assert (row["status"], row["deadline"] is not None) == ("new", True)
    assert "overdue" in heard_of(created)


def test_what_is_no_longer_critical_has_a_deadline() -> None:
    created = file_and_notify(CRITICAL)
    opened(created)
    change(created, urgency="high")
    change(created, assignee="li")
    change(created, assignee=None)
    assert "overdue" in heard_of(created)


def test_what_was_ended_unread_and_is_reopened_waits() -> None:
    original, created = linked()
    body = {"reason": "One fall.", "skip_unopened": False}
    by_officer("POST", original, "/duplicates/close", body).expect(200)
    path = f"/v1/officer/reports/{created['id']}/closing/confirm"
    read_and_approve(path, "li")
    row = head(created)
    row.pop("found_by", None)  # what came in a burst is ended so
    wiring.reports().table.put(row)
    by_reporter("POST", created, "/reopen", {"text": "He is still gone."}).expect(201)
    assert "overdue" in heard_of(created)


@pytest.mark.parametrize("by", ["reporter", "officer"])
@pytest.mark.parametrize(("category", "kind"), [(HIGH, "overdue"), (CRITICAL, "escalation")])
def test_what_is_reopened_waits_when_its_assignee_is_gone(
    category: str, kind: str, by: str
) -> None:
    created = file_and_notify(category)
    opened(created)
    change(created, status="acknowledged", assignee="li")
    close(created)
    if category == CRITICAL:
        by_second_officer(created, "/closing/confirm").expect(201)
    appoint("li", ROW | {"active": False})
    for _ in range(3):
        cloud.sweep(timedelta(minutes=5, seconds=1))
    if by == "reporter":
        by_reporter("POST", created, "/reopen", {"text": "He is still gone."}).expect(201)
    else:
        change(created, status="in_progress")
    assert kind in heard_of(created)
    assert head(created).get("assignee") is None


def test_what_is_reopened_stays_with_who_may_have_it() -> None:
    created = file_and_notify(HIGH)
    opened(created)
    change(created, status="acknowledged", assignee="li")
    close(created)
    by_reporter("POST", created, "/reopen", {"text": "He is still gone."}).expect(201)
    assert {"overdue", "escalation"}.isdisjoint(heard_of(created))
    assert head(created)["assignee"] == "li"


def test_a_report_about_the_police_that_nobody_has_opened_waits_for_oversight() -> None:
    cloud.oversight("ombud", "ombud2")
    created = file_and_notify(HIGH, concerns_police=True)
    change_it = {"assignee": "ombud2"}
    by_officer("PATCH", created, "", change_it, officer="ombud", version=1).expect(200)
    assert "overdue" in heard_of(created)


def test_a_drill_waits_for_nobody() -> None:
    created = file_and_notify(HIGH, source="drill")
    change(created, assignee="li")
    deactivate("li")
    assert heard_of(created) == []
    assert head(created)["task"] == "expire"


def many(original: Created, created: Created, count: int) -> list[str]:
    """Make so many duplicates more that are like one, and return the ids of all."""
    row = {name: each for name, each in head_of(created).items() if name not in TASK_FIELDS}
    rows, places = [], []
    for number in range(count):
        each = f"1{number:025}"
        at = keys.listed_at(wiring.reports().head(created["id"]).report.received_at, each)  # type: ignore[union-attr]
        place = row["attention_at"].partition("#")[0]
        moved = {"listed_at": at, "attention_at": f"{place}#{at}"}
        rows.append({**row, "pk": keys.report(each), "id": each, **moved})
        places.append({"pk": keys.report(original["id"]), "sk": f"{keys.DUPLICATES}{at}"})
    table = wiring.reports().table
    table.put_all([*rows, *places])
    table.put(head(original) | {"duplicates": count + 1})
    return [created["id"], *(each["id"] for each in rows)]


def test_five_hundred_duplicates_of_a_withdrawn_original_are_one_digest() -> None:
    original, created = linked()
    made = many(original, created, 499)
    cloud.catch_up()
    wiring.clock.advance(timedelta(hours=1))
    by_reporter("DELETE", original)
    for _ in range(5):
        cloud.sweep(timedelta(minutes=1))
    said = [each for each in cloud.sent() if each["kind"] == "overdue"]
    assert [each["count"] for each in said] == [500]
    rows = [head({"id": each}) for each in made]
    assert all(row["flags"] == ["overdue"] for row in rows)
    assert all((row["attention_shard"], row["attention_at"]) == place_of(row) for row in rows)


@pytest.mark.parametrize("crash", [inject.crash, inject.crash_after])
@pytest.mark.parametrize("operation", ["UpdateItem", "DeleteItem"])
def test_wherever_it_dies_each_duplicate_waits_again(crash: Any, operation: str) -> None:
    original, created = linked()
    made = many(original, created, 2)
    by_reporter("DELETE", original)
    scheduled.sweep_upkeep(cloud.SCHEDULE, None)
    # The second of three duplicates, or the end of the task.
    position = int(operation == "UpdateItem")
    with inject.dying(f"dynamodb.{operation}", position=position, how=crash):
        cloud.do_upkeep()
    wiring.reset()
    cloud.sweep()
    assert [head({"id": each}).get("task") for each in made] == ["overdue"] * 3


def test_a_deleted_original_leaves_its_duplicates_open_or_closed() -> None:
    original, created = linked()
    ended = file_and_notify(HIGH)
    link(ended, original)
    opened(ended)
    change(ended, status="closed", disposition="duplicate", reason="The same man.")
    by_reporter("DELETE", original)
    cloud.go_on(timedelta(days=31))
    cloud.sweep()
    assert "deleted_at" in head(original)
    for each in (created, ended):
        assert (opened(each)["duplicate_of"], opened(each)["original"]) == (None, None)
    # A step on what was closed as its duplicate asks for no original.
    change(ended, assignee="li")


def seen_of(created: Created) -> tuple[Any, ...]:
    """Return what an officer sees of a duplicate and its history, without times and ids."""
    shown = opened(created)
    said = {"version", "status", "flags", "duplicate_of", "original", "assignee", "attended"}
    rows = wiring.audit().history(of_report(created["id"]))
    steps = [(row.by, row.action, (row.detail or {}).get("step")) for row in rows]
    return {name: shown.get(name) for name in said}, [each for each in steps if each[2]]


def test_an_original_that_moves_to_oversight_looks_as_one_that_was_deleted() -> None:
    seen = []
    for end in (let_it_be_deleted, move):
        original, created = linked()
        cloud.catch_up()
        end(original)
        cloud.go_on(timedelta(minutes=2))
        wiring.clock.advance(timedelta(days=91) if end is move else timedelta())
        cloud.go_on(timedelta(minutes=2))
        seen.append((seen_of(created), by_officer("GET", original).status))
    assert seen[0] == seen[1]
    assert seen[0][0][0]["duplicate_of"] is None


REQUEST = {"right": "erasure", "text": "Erase it.", "contact": {"phone": "+86 138 4242 4242"}}


@pytest.mark.parametrize("end", ["moved to oversight", "deleted"])
def test_a_request_names_no_report_that_is_gone(end: str) -> None:
    original, _ = linked()
    path = "/v1/officer/requests"
    path += "/" + call("POST", path, REQUEST, officer="wang").expect(201)["number"]
    named = {"report_ids": [original["id"]]}
    call("POST", f"{path}/reports", named, officer="wang").expect(200)
    ENDS[end](original)
    for _ in range(2):
        cloud.go_on(timedelta(minutes=2))
    shown = call("GET", path, officer="wang").expect(200)
    assert (shown["report_ids"], shown["other_reports"]) == ([], 0)
    if end != "deleted":
        theirs = call("GET", path, officer="ombud").expect(200)
        assert theirs["report_ids"] == [original["id"]]
