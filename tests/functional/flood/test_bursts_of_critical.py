"""Critical reports are never refused, and never equal: what nobody has paid for waits behind."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.flood.load_level import CROWD, LoadLevel
from chalicelib.domain.flood.sources import FEW, LIMITS, WINDOW, window_of
from chalicelib.domain.officers.model import Role
from chalicelib.kernel.times import up_to_minute
from examples.outbox import prove
from tests import cloud
from tests.client import Reply, call, new_key, read_and_approve, report, tag_for
from tests.faults import inject
from tests.steps import head

pytestmark = pytest.mark.usefixtures("at_the_start")

CRITICAL, HIGH = "child_abduction", "missing_elderly"
ATTACKER, HONEST = "198.51.100.7", "192.0.2.1"
LIST = "/v1/officer/reports?sort=attention&limit=50"


@pytest.fixture
def at_the_start(clean: None, limits_on: None) -> None:
    for name in ("wang", "li", "chief"):
        cloud.officer(name, roles=(Role.OFFICER, Role.SUPERVISOR))
    now = wiring.clock.now()
    wiring.clock.advance(window_of(now) + WINDOW - now)


def file(
    source: str = ATTACKER,
    category: str = CRITICAL,
    *,
    key: str | None = None,
    proof: str = "",
    **more: Any,
) -> Reply:
    headers = {"Tipline-Proof": proof} if proof else {}
    reply = call(
        "POST",
        "/v1/reports",
        report(category, media=[], **more),
        key=key or new_key(),
        headers=headers,
        source=source,
    )
    assert reply.status in (200, 201), reply.text
    return reply


def pay(source: str, key: str | None = None, category: str = CRITICAL) -> Reply:
    key = key or new_key()
    challenge = call("GET", "/v1/health").json["challenge"]
    return file(source, category, key=key, proof=prove(challenge, key))


def missing(source: str = ATTACKER, **more: Any) -> str:
    return str(file(source, HIGH, **more).json["id"])


def fill(source: str = ATTACKER) -> list[str]:
    return [file(source).json["id"] for _ in range(LIMITS.address)]


def flood(level: LoadLevel = LoadLevel.FLOOD) -> None:
    body = {"level": level.value, "minutes": 600, "reason": "attack"}
    assert call("PUT", "/v1/officer/load-level", body, officer="chief").status == 200


def by_attention(path: str = LIST, officer: str = "wang") -> list[str]:
    return [each["id"] for each in call("GET", path, officer=officer).expect(200)["items"]]


def bursts(officer: str = "wang") -> list[dict[str, Any]]:
    return list(call("GET", "/v1/officer/bursts", officer=officer).json["items"])


def publish(*replies: Reply) -> list[dict[str, Any]]:
    """Return the notices that the stream sends of these reports."""
    cloud.forget_sent()
    cloud.stream([(f"REPORT#{reply.json['id']}", "HEAD") for reply in replies])
    return cloud.sent()


# Ranks -------------------------------------------------------------------------------------------


def test_nobodys_second_report_stands_before_somebodys_first() -> None:
    many = fill()
    one = file(HONEST).json["id"]
    assert by_attention()[:2] == [many[0], one]
    assert set(by_attention()) == {*many, one}


def test_beyond_its_limit_a_source_has_one_row_and_the_rest_is_a_burst() -> None:
    fill()
    first, *rest = [file() for _ in range(4)]
    honest = file(HONEST).json["id"]
    found = by_attention()
    assert found.index(honest) == 1
    assert found[-1] == first.json["id"]
    assert not {each.json["id"] for each in rest} & set(found)
    [burst] = bursts()
    assert (burst["category"], burst["count"], burst["is_exact"]) == (CRITICAL, 3, True)
    opened = by_attention(f"/v1/officer/reports?burst={burst['id']}")
    assert opened == [each.json["id"] for each in reversed(rest)]


def test_what_came_in_a_burst_is_in_all_other_lists() -> None:
    fill()
    member = [file() for _ in range(2)][-1].json["id"]
    for path in (
        "",
        "?status=new&limit=50",
        "?needs_action=true&limit=50",
        "?assignee=none&limit=50",
    ):
        assert member in by_attention(f"/v1/officer/reports{path or '?limit=50'}"), path


def test_in_a_flood_a_few_wait_and_the_next_begins_a_burst() -> None:
    flood()
    few = [file(text=f"{number} men took a girl into a van") for number in range(FEW)]
    first, rest = file(text="Again, something else"), file(text="And once more another")
    honest = pay(HONEST)
    assert by_attention() == [
        honest.json["id"],
        first.json["id"],
        *(each.json["id"] for each in few),
    ]
    assert [burst["count"] for burst in bursts()] == [1]
    assert rest.json["id"] not in by_attention()


@pytest.mark.parametrize("level", [LoadLevel.FLOOD, LoadLevel.HEAVY_FLOOD])
@pytest.mark.parametrize("category", [CRITICAL, HIGH])
def test_in_a_flood_many_addresses_of_one_network_are_a_burst(
    category: str, level: LoadLevel
) -> None:
    flood(level)
    for number in range(LIMITS.network + 3):
        # A text's numbers distinguish it from no other.
        house = f"{number:03}".translate(str.maketrans("0123456789", "abcdefghij"))
        file(f"2001:db8:48:{number:x}::1", category, text=f"He left the {house} house at dawn")
    assert [burst["count"] for burst in bursts()] == [2]
    honest = file("2001:db8:77::1", category, text="My mother walked off, she has dementia")
    assert "in_burst" not in head(honest.json)


def test_one_text_from_many_sources_is_a_burst() -> None:
    flood()
    said = [
        file(f"203.0.{number}.1", text=f"Man with a knife near gate {number}, hurry!")
        for number in range(FEW + 4)
    ]
    assert [burst["count"] for burst in bursts()] == [len(said) - FEW - 1]


def test_whoever_pays_for_many_proofs_pushes_nobody_down() -> None:
    flood()
    paid = [pay(ATTACKER).json["id"] for _ in range(6)]
    honest = pay(HONEST).json["id"]
    assert by_attention()[:2] == [paid[0], honest]


def test_a_neighbours_other_reports_cost_no_turn() -> None:
    for _ in range(LIMITS.address):
        call("POST", "/v1/reports", report("other", media=[]), key=new_key(), source=HONEST)
    others = [file(ATTACKER).json["id"] for _ in range(2)]
    honest = file(HONEST).json["id"]
    assert by_attention()[:3] == [others[0], honest, others[1]]


def test_a_late_proof_gives_a_report_its_place_and_a_notice() -> None:
    fill()
    file()
    key = new_key()
    late = file(HONEST.replace("1", "9"), key=key)
    member = file(key=(of_burst := new_key()))
    assert late.json["challenge"] is None
    assert member.json["challenge"]
    publish(member)
    again = file(key=of_burst, proof=prove(member.json["challenge"], of_burst))
    assert (again.status, again.json["challenge"]) == (200, None)
    assert bursts() == []
    assert member.json["id"] in by_attention()
    assert [each["report_id"] for each in publish(member)] == [member.json["id"]]


def test_an_officer_lifts_a_report_out_of_a_burst() -> None:
    fill()
    file()
    member = file()
    publish(member)
    path = f"/v1/officer/reports/{member.json['id']}"
    for _ in range(2):
        assert call("POST", f"{path}/lift-out", officer="wang").status == 204
    assert bursts() == []
    assert by_attention()[1] == member.json["id"]
    assert [each["report_id"] for each in publish(member)] == [member.json["id"]]
    history = call("GET", f"{path}/history", officer="wang").json["items"]
    assert [each["detail"] for each in history if each["action"] == "change"] == [
        {"lifted_out": True}
    ]


def test_a_report_that_an_officer_has_chosen_leaves_its_burst() -> None:
    fill()
    file()
    member = file()
    path = f"/v1/officer/reports/{member.json['id']}"
    body = {"status": "acknowledged"}
    assert call("PATCH", path, body, officer="wang", version=1).status == 200
    assert bursts() == []
    assert member.json["id"] in by_attention()


@pytest.mark.parametrize("below", ["messages", "notes"])
@pytest.mark.parametrize("category", [CRITICAL, HIGH])
def test_what_an_officer_has_opened_and_written_to_leaves_its_burst(
    category: str, below: str
) -> None:
    fill()
    member = [file(category=category) for _ in range(LIMITS.address + 2)][-1]
    cloud.catch_up()
    assert member.json["id"] not in by_attention()
    path = f"/v1/officer/reports/{member.json['id']}"
    call("GET", path, officer="wang").expect(200)
    call("POST", f"{path}/{below}", {"text": "We come."}, officer="wang").expect(201)
    assert member.json["id"] in by_attention()


# Notices -----------------------------------------------------------------------------------------


def test_each_sources_first_report_is_notified_alone() -> None:
    firsts = [file(f"203.0.{number}.1") for number in range(CROWD)]
    notices = publish(*firsts)
    assert [each["report_id"] for each in notices] == [each.json["id"] for each in firsts]


def test_later_turns_leave_room_for_earlier_ones_in_each_second() -> None:
    _, *seconds = [file() for _ in range(FEW + 1)]
    lasts = [file() for _ in range(9)]
    firsts = [file(f"203.0.{number}.1") for number in range(5)]
    alone = [each.json["id"] for each in (*lasts[:3], *seconds[:2], *firsts)]
    assert [each["report_id"] for each in publish(*lasts, *seconds, *firsts)] == alone


def test_a_first_of_a_burst_that_a_digest_has_named_is_notified_alone_after_its_proof() -> None:
    fill()
    first = file(key=(key := new_key()))
    others = [file("203.0.113.9") for _ in range(15)]
    assert first.json["id"] not in {each["report_id"] for each in publish(*others, first)}
    for _ in range(2):
        file(key=key, proof=prove(first.json["challenge"], key))
    assert [each["report_id"] for each in publish(first)] == [first.json["id"]]
    assert publish(first) == []


def test_a_proof_that_comes_while_a_digest_is_written_is_notified_alone() -> None:
    fill()
    first = file(key=(key := new_key()))
    proofs: list[Reply] = []

    def before(request: Any) -> None:
        if b"DIGEST#" in request.body and not proofs:
            proofs.append(first)
            file(key=key, proof=prove(first.json["challenge"], key))

    with inject.fault(wiring.dynamodb(), "dynamodb.TransactWriteItems", before):
        publish(*(file("203.0.113.9") for _ in range(15)), first)
    assert proofs
    assert [each["report_id"] for each in publish(first)] == [first.json["id"]]


def test_one_sources_reports_use_up_no_notice_of_anothers() -> None:
    many = [file() for _ in range(LIMITS.address + 10)]
    publish(*many)
    honest = file(HONEST)
    [notice] = publish(honest)
    assert (notice["kind"], notice["report_id"]) == ("report", honest.json["id"])


def test_the_first_of_a_burst_is_notified_alone_and_the_rest_in_one_digest() -> None:
    fill()
    first, *rest = [file() for _ in range(70)]
    [notice] = publish(first, *rest)
    assert notice["report_id"] == first.json["id"]
    cloud.forget_sent()
    cloud.sweep()
    [digest] = [each for each in cloud.sent() if each["kind"] == "digest"]
    assert (digest["count"], len(digest["report_ids"])) == (len(rest), 50)


def test_a_crowd_is_asked_for_proof_before_the_level_says_so() -> None:
    before = [file(f"203.0.{number}.1").json["id"] for number in range(CROWD)]
    few = file(f"203.0.{CROWD}.1")
    key = new_key()
    honest = file(HONEST, key=key)
    assert call("GET", "/v1/health").json["load_level"] == LoadLevel.NORMAL
    file(HONEST, key=key, proof=prove(honest.json["challenge"], key))
    assert by_attention() == [*before, honest.json["id"], few.json["id"]]
    assert [each["report_id"] for each in publish(few, honest)] == [honest.json["id"]]


def test_a_crowd_is_asked_for_proof_until_a_minute_without_it_is_over() -> None:
    for minute in range(2):
        challenges = [file(f"203.0.{number}.1").json["challenge"] for number in range(CROWD + 1)]
        assert challenges[-1]
        wiring.clock.advance(timedelta(minutes=1))
        assert file(f"198.18.{minute}.1").json["challenge"]
    wiring.clock.advance(timedelta(minutes=1))
    assert file(HONEST).json["challenge"] is None


def test_one_network_is_no_crowd() -> None:
    for number in range(2 * CROWD):
        assert file(f"203.0.113.{number}").json["challenge"] is None


# Level and calls ---------------------------------------------------------------------------------


def level_after(replies: list[Reply]) -> LoadLevel:
    """Return the load level when these reports have been counted."""
    publish(*replies)
    cloud.sweep()
    return wiring.load_levels().read().automatic


def test_what_exceeds_the_limits_of_many_sources_counts() -> None:
    sources = [f"203.0.{number}.1" for number in range(21)]
    for source in sources:
        for _ in range(LIMITS.address):
            file(source)
    # They are counted by minutes.
    wiring.clock.advance(up_to_minute(wiring.clock.now()) - wiring.clock.now())
    assert level_after([file(source) for source in sources]) is LoadLevel.BUSY


def test_one_source_over_its_limit_is_no_flood() -> None:
    assert level_after([file() for _ in range(200)]) is LoadLevel.BUSY


def test_in_normal_times_even_a_flood_from_one_source_is_one_call_each() -> None:
    wiring.catalogue()
    file()
    with inject.calls_of_dynamodb() as calls:
        for _ in range(LIMITS.address + 3):
            file()
    assert calls == ["PutItem"] * (LIMITS.address + 3)


# Ends --------------------------------------------------------------------------------------------


@pytest.fixture
def burst() -> str:
    """A burst of 60 reports."""
    fill()
    for _ in range(61):
        file()
    [found] = bursts()
    assert found["count"] == 60
    return f"/v1/officer/bursts/{found['id']}"


def propose(path: str, officer: str = "wang", **more: Any) -> Reply:
    return call("POST", f"{path}/ending", {"disposition": "unfounded"} | more, officer=officer)


def test_two_officers_close_a_burst_as_one(burst: str) -> None:
    ids = by_attention(f"/v1/officer/reports?burst={burst.rpartition('/')[2]}&limit=50")
    assert propose(burst).json["ending"]["by"] == "wang"
    reply = read_and_approve(f"{burst}/ending/approve", "li")
    assert (reply.status, reply.json) == (200, {"ended": 60, "is_complete": True})
    assert bursts() == []
    closed = call("GET", f"/v1/officer/reports/{ids[0]}", officer="li").json
    assert (closed["status"], closed["disposition"]) == ("closed", "unfounded")
    history = call("GET", f"/v1/officer/reports/{ids[0]}/history", officer="li").json["items"]
    [change] = [each["detail"] for each in history if each["action"] == "change"]
    assert (change["asked_by"], change["approved_by"]) == ("wang", "li")
    # The first one of the burst stays: nobody has read it.
    assert len(by_attention()) == LIMITS.address + 1


def test_a_wider_ending_is_another_one(burst: str) -> None:
    assert propose(burst).json == propose(burst).json
    assert propose(burst, with_unread=True).json["code"] == "already_asked"


def test_what_came_after_the_proposal_stays(burst: str) -> None:
    propose(burst)
    wiring.clock.advance(timedelta(seconds=1))
    later = file().json["id"]
    assert read_and_approve(f"{burst}/ending/approve", "li").json["ended"] == 60
    assert by_attention(f"/v1/officer/reports?burst={burst.rpartition('/')[2]}") == [later]


def test_a_report_to_which_somebody_has_added_something_stays(burst: str) -> None:
    key = new_key()
    mine = file(key=key).json
    path = f"/v1/reports/{mine['id']}/messages"
    body = {"text": "Please, he is still there."}
    assert call("POST", path, body, receipt=mine["receipt"], key=new_key()).status == 201
    wiring.clock.advance(timedelta(seconds=1))
    propose(burst)
    assert read_and_approve(f"{burst}/ending/approve", "li").json["ended"] == 60
    assert by_attention(f"/v1/officer/reports?burst={burst.rpartition('/')[2]}") == [mine["id"]]


def test_consoles_see_that_an_ending_was_asked_for_and_taken_back(burst: str) -> None:
    def mark() -> str:
        return str(call("GET", "/v1/officer/pulse", officer="li").json["mark"])

    marks = [mark()]
    propose(burst)
    marks.append(mark())
    call("DELETE", f"{burst}/ending", officer="wang")
    marks.append(mark())
    assert len(set(marks)) == 3


def test_an_ending_that_is_declined_ends_nothing_and_is_told(burst: str) -> None:
    propose(burst)
    assert propose(burst, officer="li", disposition="malicious").json["code"] == "already_asked"
    cloud.forget_sent()
    for _ in range(2):
        assert call("DELETE", f"{burst}/ending", officer="li").status == 204
    cloud.sweep(timedelta(minutes=2))
    assert "declined" in [each["kind"] for each in cloud.sent()]
    assert call("GET", burst, officer="li").json["ending"] is None
    assert bursts()[0]["count"] == 60


def test_an_officer_of_another_district_sees_and_ends_nothing_of_a_burst(burst: str) -> None:
    cloud.officer("narrow", roles=(Role.OFFICER,), categories=("other",))
    assert bursts("narrow") == []
    assert call("GET", burst, officer="narrow").status == 404
    assert propose(burst, officer="narrow").status == 404
    assert call("GET", "/v1/officer/bursts/no-burst", officer="wang").status == 404


def test_a_message_that_comes_while_a_burst_is_ended_saves_its_report() -> None:
    fill()
    mine = [file().json for _ in range(4)][1]
    burst = f"/v1/officer/bursts/{bursts()[0]['id']}"
    wiring.clock.advance(timedelta(seconds=1))
    propose(burst)
    writes: list[Any] = []

    def before(request: Any) -> None:
        if mine["id"].encode() in request.body and not writes:
            writes.append(request)
            body = {"text": "The plate is A12345."}
            path = f"/v1/reports/{mine['id']}/messages"
            call("POST", path, body, receipt=mine["receipt"], key=new_key())

    tag = tag_for(f"{burst}/ending/approve", "li")
    with inject.fault(wiring.dynamodb(), "dynamodb.TransactWriteItems", before):
        assert read_and_approve(f"{burst}/ending/approve", "li", tag).json["ended"] == 2
    assert by_attention(f"/v1/officer/reports?burst={burst.rpartition('/')[2]}") == [mine["id"]]


def test_what_was_ended_as_a_burst_comes_back_into_it(burst: str) -> None:
    key = new_key()
    mine = file(key=key).json
    wiring.clock.advance(timedelta(seconds=1))
    propose(burst, with_unread=True)
    read_and_approve(f"{burst}/ending/approve", "li")
    before = by_attention()
    body = {"text": "x"}
    path = f"/v1/reports/{mine['id']}/reopen"
    assert call("POST", path, body, receipt=mine["receipt"], key=new_key()).status < 300
    assert by_attention() == before
    assert by_attention(f"/v1/officer/reports?burst={burst.rpartition('/')[2]}") == [mine["id"]]
    assert [each["count"] for each in bursts()] == [1]
    # By what was approved before its sender said why, nobody ends it again.
    assert read_and_approve(f"{burst}/ending/approve", "wang").json["ended"] == 0
    wiring.clock.advance(timedelta(seconds=1))
    assert propose(burst, with_unread=True).status == 201
    assert read_and_approve(f"{burst}/ending/approve", "li").json["ended"] == 1


def test_junk_elsewhere_hides_no_burst_from_an_officer_of_one_district() -> None:
    for _ in range(LIMITS.address + 2):
        member = file(location={"lat": 39.93, "lon": 116.45}).json["id"]
    path = f"/v1/officer/bursts/{bursts()[0]['id']}"
    cloud.officer("local", districts=("haidian",))
    assert bursts("local") == []
    assert call("GET", path, officer="local").status == 404
    head = cloud.head(member)
    # More than are counted: rows of lists, which nobody opens.
    place = head.row["attention_at"].rpartition("#")[0]
    ids = [f"1{number:025}" for number in range(1_020)]
    rows = [{"pk": f"REPORT#{each}", "id": each, "attention_at": f"{place}#{each}"} for each in ids]
    wiring.reports().table.put_all([{**head.row, **row} for row in rows])
    [hidden] = bursts("local")
    assert (hidden["count"], hidden["is_exact"]) == (0, False)
    assert call("GET", path, officer="local").status == 200


def test_an_ordinary_category_that_is_urgent_takes_turns_too() -> None:
    armed = report("suspected_offender", media=[], details={"weapon": "used"})
    several = [call("POST", "/v1/reports", armed, key=new_key(), source=ATTACKER) for _ in range(9)]
    assert {each.json["urgency"] for each in several} == {"critical"}
    honest = file(HONEST).json["id"]
    assert by_attention()[:2] == [several[0].json["id"], honest]


# High ---------------------------------------------------------------------------------------------


def test_a_missing_person_is_kept_from_junk_as_a_child_is() -> None:
    junk = [file(category=HIGH) for _ in range(LIMITS.address + 5)]
    [burst] = bursts()
    assert (burst["category"], burst["count"]) == (HIGH, 4)
    assert junk[-1].json["id"] not in by_attention()
    publish(*junk)
    honest = file(HONEST, HIGH)
    assert [each["report_id"] for each in publish(honest)] == [honest.json["id"]]
    assert by_attention()[:2] == [junk[0].json["id"], honest.json["id"]]


def test_a_flood_of_missing_persons_costs_a_child_abduction_no_turn() -> None:
    for _ in range(LIMITS.address + 2):
        missing()
    first, second = (file("203.0.113.9").json["id"] for _ in range(2))
    behind_the_flood = file(ATTACKER)
    assert by_attention()[:3] == [first, behind_the_flood.json["id"], second]
    assert behind_the_flood.json["challenge"] is None


def test_proofs_of_missing_persons_cost_a_proven_child_abduction_no_turn() -> None:
    flood(LoadLevel.BUSY)
    for _ in range(2):
        pay(ATTACKER, category=HIGH)
    first, second = (pay("203.0.113.9").json["id"] for _ in range(2))
    behind_the_flood = pay(ATTACKER).json["id"]
    assert by_attention()[:3] == [first, behind_the_flood, second]


def test_the_text_of_many_missing_persons_makes_no_burst_of_a_child_abduction() -> None:
    flood()
    said = "They took a child from the playground in the park."
    for number in range(FEW + 3):
        missing(f"203.0.{number}.1", text=said)
    child = file(HONEST, text=said).json["id"]
    assert [burst["category"] for burst in bursts()] == [HIGH]
    assert child in by_attention()


def test_high_stands_by_its_proof_and_by_turns_as_critical_does() -> None:
    flood()
    unproven_high = [missing(HONEST), missing(HONEST)]
    unproven = file(HONEST).json["id"]
    paid_high = [pay(ATTACKER, category=HIGH).json["id"] for _ in range(3)]
    other_high = pay("203.0.113.9", category=HIGH).json["id"]
    paid = pay(ATTACKER).json["id"]
    first, *rest = paid_high
    assert by_attention() == [paid, first, other_high, unproven, *rest, *unproven_high]


def test_a_flood_of_high_does_not_lead_when_it_is_overdue() -> None:
    first, *rest = [missing() for _ in range(5)]
    cloud.go_on()
    cloud.sweep(timedelta(minutes=31))
    honest = missing(HONEST)
    assert head({"id": rest[-1]})["flags"] == ["overdue"]
    assert by_attention() == [first, honest, *rest]
    # After a day each has the last turn: none says any more that its source had sent another one.
    for hours in (1, 32):
        cloud.sweep(timedelta(hours=hours))
    new = missing("203.0.113.9")
    assert by_attention() == [new, first, *rest, honest]


def test_a_flood_of_high_never_leads_days_later() -> None:
    junk = {missing(text=f"Old man number {n} lost near gate {n}") for n in range(LIMITS.address)}
    wiring.clock.advance(WINDOW)
    junk |= {missing(text=f"Old lady number {n} lost near door {n}") for n in range(LIMITS.address)}
    cloud.go_on()
    for _ in range(6):
        cloud.sweep(timedelta(hours=12))
    honest = missing(HONEST, text="My grandmother.")
    found = by_attention(f"{LIST}&fold=none")
    assert found[0] == honest
    assert junk & set(found)


def test_a_late_proof_gives_a_missing_person_the_place_below_what_is_critical() -> None:
    flood()
    junk = [missing(f"203.0.{number}.1") for number in range(FEW)]
    critical = pay(HONEST).json["id"]
    said = {"key": (key := new_key()), "text": "My father left the house at noon."}
    sent = file(HONEST, HIGH, **said)
    assert by_attention() == [critical, *junk, sent.json["id"]]
    publish(sent)
    file(HONEST, HIGH, **said, proof=prove(sent.json["challenge"], key))
    assert by_attention() == [critical, sent.json["id"], *junk]
    assert [each["report_id"] for each in publish(sent)] == [sent.json["id"]]


def test_an_ordinary_category_that_is_high_takes_turns_too() -> None:
    there = report("suspected_offender", media=[], details={"still_there": True})
    several = [call("POST", "/v1/reports", there, key=new_key(), source=ATTACKER) for _ in range(3)]
    assert {each.json["urgency"] for each in several} == {"high"}
    honest = missing(HONEST)
    assert by_attention()[:2] == [several[0].json["id"], honest]


# Further -----------------------------------------------------------------------------------------


def test_a_proof_after_an_escalation_is_notified_all_the_same() -> None:
    fill()
    file()
    key = new_key()
    member = file(key=key)
    publish(member)
    cloud.sweep(timedelta(minutes=6))
    file(key=key, proof=prove(file(key=key).json["challenge"], key))
    sent = publish(member)
    # Where this second has no room for it alone, it is in a digest.
    cloud.sweep(timedelta(minutes=1))
    named = [each.get("report_ids") or [each["report_id"]] for each in (*sent, *cloud.sent())]
    assert any(member.json["id"] in each for each in named)


def test_after_a_day_no_report_says_that_its_source_sent_another() -> None:
    filed = [file().json["id"], file().json["id"], file(HONEST).json["id"]]
    for hours in (1, 24):
        cloud.sweep(timedelta(hours=hours))
    heads = [wiring.reports().head(each) for each in filed]
    assert len({head.report.turn for head in heads if head}) == 1
    assert by_attention() == filed
    new = file("192.0.2.77").json["id"]
    assert by_attention() == [new, *filed]


def test_a_late_proof_of_what_was_filed_long_before_overtakes_nobodys_first() -> None:
    fill()
    file()
    key = new_key()
    file(key=key)
    wiring.clock.advance(timedelta(minutes=6))
    waiting = file(HONEST).json["id"]
    late = file(key=key, proof=prove(file(key=key).json["challenge"], key)).json["id"]
    listed = by_attention()
    assert listed.index(waiting) < listed.index(late)


def test_a_proof_that_is_sent_again_costs_its_neighbours_no_turn() -> None:
    flood(LoadLevel.BUSY)
    key = new_key()
    paid = [pay(ATTACKER, key).json["id"] for _ in range(6)]
    assert len(set(paid)) == 1
    neighbour, later = pay(ATTACKER).json["id"], pay(HONEST).json["id"]
    third = pay(HONEST).json["id"]
    assert by_attention() == [paid[0], later, neighbour, third]


def test_the_addresses_of_one_line_of_ipv6_take_turns_together() -> None:
    many = [file(f"2001:db8:0:{number:x}::1").json["id"] for number in range(6)]
    honest = file("2001:db8:77::1").json["id"]
    assert by_attention().index(honest) == 4
    assert by_attention()[:4] == many[:4]


def test_a_source_begins_not_anew_when_the_level_rises() -> None:
    for _ in range(FEW + 1):
        file()
    flood(LoadLevel.BUSY)
    filed = [file(source).json["id"] for source in (ATTACKER, HONEST, HONEST)]
    assert by_attention()[-3:] != filed
    assert by_attention()[-1] == filed[0]


def test_what_is_refused_for_a_receipt_in_it_counts_nothing_of_its_source() -> None:
    """Else a neighbour could probe, and leave no report, whether somebody reports just now."""
    receipt = file().json["receipt"]
    for _ in range(LIMITS.address):
        body = report("other", media=[], text=f"My receipt is {receipt}, call me.")
        reply = call("POST", "/v1/reports", body, key=new_key(), source=HONEST)
        assert reply.json["code"] == "invalid"
    body = report("other", media=[])
    assert call("POST", "/v1/reports", body, key=new_key(), source=HONEST).status == 201


def test_a_link_alone_lifts_nothing_out_of_a_burst(burst: str) -> None:
    before = by_attention()
    inside = by_attention(f"/v1/officer/reports?burst={bursts()[0]['id']}&limit=50")[-1]
    path = f"/v1/officer/reports/{before[0]}/duplicates"
    assert call("POST", path, {"report_ids": [inside]}, officer="wang").status == 200
    assert by_attention() == before


@pytest.mark.parametrize("change", [{"urgency": "low"}, {"category": "lost_and_found"}])
def test_nobody_lowers_or_moves_what_they_have_not_opened(change: dict[str, str]) -> None:
    path = f"/v1/officer/reports/{file().json['id']}"
    assert call("PATCH", path, change, officer="wang", version=1).refusal == (409, "not_read")
    match = {"If-Match": call("GET", path, officer="wang").headers["etag"]}
    assert call("PATCH", path, change, officer="wang", headers=match).status == 200


def test_about_the_police_one_source_fills_neither_the_first_rank_nor_a_burst() -> None:
    cloud.oversight("ombud", "ombud2")
    fill()
    junk = [file(concerns_police=True).json["id"] for _ in range(3)]
    olds = [missing(concerns_police=True) for _ in range(LIMITS.address + 2)]
    other = missing(HONEST, concerns_police=True)
    stand = [junk[0], olds[0], other, *olds[1:-1], *junk[1:], olds[-1]]
    assert by_attention(officer="ombud") == stand
    assert set(by_attention("/v1/officer/reports?status=new&limit=50", "ombud")) == set(stand)
    assert bursts("ombud") == []
    wiring.clock.advance(timedelta(minutes=31))
    cloud.go_on(timedelta(minutes=6))
    assert by_attention(officer="ombud") == stand
    assert [head({"id": each})["flags"] for each in (olds[-1], other)] == [["overdue"]] * 2
