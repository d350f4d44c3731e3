"""A machine works on reports in its scope, within bounds, and counts as nobody's eyes."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.audit.seals import hour_of
from chalicelib.domain.officers.access_tokens import MACHINE
from chalicelib.domain.officers.model import Officer, Role
from chalicelib.domain.reports.events import Watched
from chalicelib.domain.second_person import refusal
from chalicelib.domain.watch import LIMITS
from chalicelib.kernel import errors
from chalicelib.services.administration.appointments import reset_sign_in
from chalicelib.services.administration.first_admins import FirstAdmin, UsernameTaken, row_of
from chalicelib.services.officers import OperatorActor
from chalicelib.store.watch import Counter
from tests import cloud
from tests.client import Reply, appoint, call, new_key, read_and_approve
from tests.faults import inject
from tests.steps import by_officer, file, file_and_notify, head, mine, opened, write

pytestmark = pytest.mark.officers(
    "wang", "li", admin={"roles": (Role.ADMIN,)}, admin2={"roles": (Role.ADMIN,)},
    dispatch={"roles": (Role.SYSTEM,)},
)  # fmt: skip

IT = f"{MACHINE}dispatch"
ROW = {"name": "Dispatch", "roles": ["system"], "categories": ["other"], "districts": ["*"]}
CRITICAL = "child_abduction"
END = {"status": "closed", "disposition": "resolved", "reason": "It is seen to."}
TAKEN = {"status": "acknowledged", "assignee": "wang"}


def change(created: Mapping[str, Any], body: Any, officer: str = IT, version: int = 1) -> Reply:
    return by_officer("PATCH", created, "", body, officer=officer, version=version)


def on_record() -> list[str]:
    rows = cloud.scan(wiring.settings().audit_table)
    return [row["action"]["S"] for row in rows if row["by"]["S"] == "dispatch"]


def denials() -> int:
    return on_record().count("denied")


def watched() -> list[tuple[str, int]]:
    cloud.stream(cloud.all_keys())
    found = [(each["watched"], each["count"]) for each in cloud.sent() if "watched" in each]
    cloud.forget_sent()
    return found


def test_two_admins_appoint_a_machine_which_has_no_user_and_no_address() -> None:
    for address in ({"email": "d@police.example"}, {"phone": "+8613800138000"}):
        reply = call("PUT", "/v1/admin/officers/cad", ROW | address, officer="admin")
        assert [each["code"] for each in reply.json["errors"]] == ["machine_has_none"]
    both = ROW | {"roles": ["system", "officer"]}
    reply = call("PUT", "/v1/admin/officers/cad", both, officer="admin")
    assert [each["code"] for each in reply.json["errors"]] == ["stands_alone"]
    appoint("cad", ROW)
    assert "cad" not in cloud.pool_users()
    me = call("GET", "/v1/officer/me", officer=f"{MACHINE}cad").json
    assert (me["roles"], me["scope"]["categories"]) == (["system"], ["other"])
    actor = OperatorActor.of("arn", wiring.audit(), wiring.clock.now())
    with pytest.raises(errors.NotFound):
        reset_sign_in("cad", actor=actor, officers=wiring.officers(), pool=wiring.pool())


@pytest.mark.parametrize(("who", "roles"), [("dispatch", ["officer"]), ("wang", ["system"])])
def test_no_machine_becomes_a_person_and_no_person_a_machine(who: str, roles: list[str]) -> None:
    reply = call("PUT", f"/v1/admin/officers/{who}", ROW | {"roles": roles}, officer="admin")
    assert [each["code"] for each in reply.json["errors"]] == ["stays_a_machine"]
    with pytest.raises(UsernameTaken):
        row_of(FirstAdmin("dispatch", "Shen", "shen@police.example"), wiring.officers(), None)


def test_a_person_who_was_let_in_meanwhile_becomes_no_machine() -> None:
    assert call("PUT", "/v1/admin/officers/cad", ROW, officer="admin").status == 202
    cloud.officer("cad", roles=(Role.ADMIN,))
    reply = read_and_approve("/v1/admin/officers/cad/approve", "admin2")
    assert reply.refusal == (409, "no_proposal")
    cad = wiring.officers().get("cad")
    assert cad is not None
    assert not cad.is_system


def test_a_machine_is_no_second_person() -> None:
    machine = Officer(username="dispatch", roles=(Role.SYSTEM,))
    assert refusal(machine, {"wang"}, wiring.clock.now()) == "forbidden"


@pytest.mark.parametrize("caller", ["dispatch", f"{MACHINE}wang", f"{MACHINE}nobody"])
def test_a_token_of_the_other_kind_opens_no_row(caller: str) -> None:
    assert call("GET", "/v1/officer/me", officer=caller).refusal == (403, "forbidden")


@pytest.fixture
def two_an_hour(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SYSTEM_OPENINGS", "2")
    monkeypatch.setenv("SYSTEM_STEPS", "2")
    wiring.reset()
    yield
    monkeypatch.undo()
    wiring.reset()


def test_a_machine_opens_so_many_an_hour_and_a_person_as_many_as_they_need(
    two_an_hour: None, full_minute: None
) -> None:
    created = file("other")
    assert [by_officer("GET", created, officer=IT).status for _ in range(3)] == [200, 200, 429]
    assert watched() == [("openings", 2)]
    late = by_officer("GET", created, officer=IT)
    assert 0 < int(late.headers["retry-after"]) <= 3600
    assert [by_officer("GET", created).status for _ in range(3)] == [200, 200, 200]
    wiring.clock.advance(timedelta(seconds=int(late.headers["retry-after"])))
    assert by_officer("GET", created, officer=IT).status == 200


def note(created: Mapping[str, Any], officer: str = IT, **more: Any) -> Reply:
    return by_officer("POST", created, "/notes", {"text": "Sent."}, officer=officer, **more)


def reply_with(created: Mapping[str, Any], text: str, officer: str = IT) -> Reply:
    return by_officer("POST", created, "/messages", {"text": text}, officer=officer)


def thank(created: Mapping[str, Any], officer: str = IT) -> Reply:
    text = f"Your report {created['reference']} has helped us. Thank you."
    return reply_with(created, text, officer)


def assign(created: Mapping[str, Any], officer: str = IT) -> Reply:
    wanted = {"assignee": "wang" if head(created).get("assignee") == "li" else "li"}
    return change(created, wanted, officer, head(created)["version"])


def lower(created: Mapping[str, Any]) -> Reply:
    return change(created, {"urgency": "low"}, version=head(created)["version"])


def end_unread(created: Mapping[str, Any]) -> Reply:
    match = {"If-Match": f'"{head(created)["version"]}"'}
    return by_officer("PATCH", created, "", END, officer=IT, headers=match)


def say(created: Mapping[str, Any]) -> Reply:
    return reply_with(created, "Stay where you are.")


@pytest.mark.parametrize(
    ("act", "status"),
    [(note, 201), (thank, 201), (assign, 200), (lower, 403), (say, 403), (end_unread, 409)],
)
def test_a_machine_adds_so_much_to_reports_an_hour_and_supervisors_learn_of_its_last(
    act: Callable[[Mapping[str, Any]], Reply], status: int, two_an_hour: None, full_minute: None
) -> None:
    created = file_and_notify("other")
    assert change(created, TAKEN, "wang").status == 200
    cloud.forget_sent()
    assert act(created).status == status
    assert watched() == []
    assert act(created).status == status
    assert watched() == [("steps", 2)]
    before = on_record()
    late = act(created)
    assert late.refusal == (429, "too_many_calls")
    assert (on_record(), watched()) == (before, [])
    assert by_officer("GET", created, officer=IT).status == 200
    wiring.clock.advance(timedelta(seconds=int(late.headers["retry-after"])))
    assert act(created).status == status


def test_each_machine_has_its_own_hour_and_a_person_none(
    two_an_hour: None, full_minute: None
) -> None:
    cloud.officer("cad", roles=(Role.SYSTEM,))
    created = file("other")
    for officer in (IT, f"{MACHINE}cad"):
        assert [note(created, officer).status for _ in range(3)] == [201, 201, 429]
    assert [each(created, "wang").status for each in (note, thank, assign, note)] == [
        201, 201, 200, 201
    ]  # fmt: skip


def test_a_call_that_a_machine_repeats_counts_again(two_an_hour: None, full_minute: None) -> None:
    created, key = file("other"), new_key()
    assert [note(created, key=key).status for _ in range(3)] == [201, 200, 429]


def test_of_two_that_are_the_last_at_once_one_is_taken(
    two_an_hour: None, full_minute: None
) -> None:
    first, second, third = (file("other") for _ in range(3))
    assert note(first).status == 201
    with inject.meanwhile(lambda: note(second), "dynamodb.TransactWriteItems"):
        assert note(third).status == 429
    assert len(opened(second)["notes"]) == 1


def test_what_a_machine_reads_and_writes_nobody_has_seen() -> None:
    created = file_and_notify(CRITICAL)
    write(created)
    before = head(created)
    opened(created, IT)
    for below in ("/notes", "/messages"):
        text = f"Your report {created['reference']} has helped us. Thank you."
        assert by_officer("POST", created, below, {"text": text}, officer=IT).status == 201
    assert change(created, {"assignee": "wang"}).status == 200
    after = head(created)
    same = ("task", "task_due", "unread", "found_by", "attended", "flags", "attention_at")
    assert {name: after.get(name) for name in same} == {name: before.get(name) for name in same}
    assert (after["status"], after["assignee"]) == ("new", "wang")


def test_an_acknowledgment_names_who_has_the_report() -> None:
    created = file_and_notify("other")
    assert change(created, {"status": "acknowledged"}).json["errors"][0]["field"] == "assignee"
    for nobody in ("dispatch", "admin", "nobody"):
        assert change(created, TAKEN | {"assignee": nobody}).status == 422
    assert head(created)["status"] == "new"
    assert change(created, TAKEN).status == 200
    assert (head(created)["assignee"], head(created).get("task")) == ("wang", None)


def test_an_unread_critical_report_escalates_on_although_a_machine_has_named_somebody() -> None:
    created = file_and_notify(CRITICAL)
    opened(created, IT)
    assert change(created, TAKEN).status == 200
    assert head(created)["task"] in ("notify", "escalate")
    opened(created, "wang")
    assert head(created).get("task") is None


def test_a_person_confirms_the_end_that_a_machine_proposes() -> None:
    created = file("other")
    assert change(created, END).refusal == (409, "illegal_transition")
    assert change(created, TAKEN).status == 200
    assert change(created, END, version=2).json["disposition"] is None
    seen = mine(created)
    assert (seen["status"], seen["outcome"], seen["kept_until"]) == ("in_progress", None, None)
    path = f"/v1/officer/reports/{created['id']}/closing/confirm"
    assert read_and_approve(path, "wang").status == 201
    assert mine(created)["outcome"]["reason"] == END["reason"]


def test_who_confirms_what_a_machine_proposes_ends_as_many_an_hour_as_they_may_alone() -> None:
    now, counters = wiring.clock.now(), wiring.watch_counters()
    counter = Counter("wang", Watched.CLOSINGS, hour_of(now))
    for count in range(LIMITS[Watched.CLOSINGS] - 1):
        wiring.reports().table.transact([counters.one_more(counter, count, now)])
    statuses = []
    for created in (file("other"), file("other")):
        assert change(created, TAKEN).status == 200
        assert change(created, END, version=2).status == 200
        path = f"/v1/officer/reports/{created['id']}/closing/confirm"
        statuses.append(read_and_approve(path, "wang").status)
    assert statuses == [201, 429]


@pytest.mark.parametrize(
    ("category", "body"),
    [
        ("other", END | {"disposition": "unfounded"}),
        (CRITICAL, END),
        ("other", {"urgency": "low"}),
        ("other", {"category": "missing_elderly"}),
        ("other", {"assignee": None}),
        ("other", {"duplicate_of": "0" * 26}),
        ("other", {"status": "in_progress"}),
    ],
)
def test_what_takes_persons_is_refused_to_a_machine_and_on_record(
    category: str, body: Mapping[str, Any]
) -> None:
    created = file(category)
    opened(created, "wang")
    assert change(created, TAKEN, "wang").status == 200
    assert change(created, body, version=2).refusal == (403, "not_for_machines")
    assert denials() == 1


def test_a_machine_changes_nothing_of_what_is_closed() -> None:
    created = file("other")
    assert change(created, END, "wang").status == 200
    assert change(created, TAKEN, version=2).refusal == (403, "not_for_machines")


@pytest.mark.parametrize(
    "text", ["Stay where you are.", "Your report 0000-0000 has helped us. Thank you."]
)
def test_a_machine_replies_with_a_template_and_no_words_of_its_own(text: str) -> None:
    created = file("other")
    reply = by_officer("POST", created, "/messages", {"text": text}, officer=IT)
    assert reply.refusal == (403, "not_for_machines")
    assert (mine(created)["messages"], denials()) == ([], 1)


def test_a_list_shows_a_machine_nothing_that_its_openings_are_counted_for() -> None:
    picture = {"content_type": "image/jpeg", "size": 1_000_000}
    created = file("other", media=[picture])
    cloud.add_medium(created["id"], created["uploads"][0]["media_id"])
    etag = by_officer("GET", created).headers["etag"]
    gist = {"text": "Smoke above the market hall"}
    match = {"If-Match": etag}
    assert by_officer("PUT", created, "/gist", gist, headers=match).status == 200
    [row] = call("GET", "/v1/officer/reports", officer="wang").json["items"]
    assert None not in (row["gist"], row["thumbnail_url"])
    [row] = call("GET", "/v1/officer/reports", officer=IT).json["items"]
    assert (row["gist"], row["thumbnail_url"]) == (None, None)
