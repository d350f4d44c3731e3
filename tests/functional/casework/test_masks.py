"""Two officers replace a passage by a mark. Then nobody reads it any more, and the reporter reads
where and why.
"""

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.aws.writes import Update
from chalicelib.domain.audit.ledger import Event
from chalicelib.domain.reports.masks import MARK, MOST_PENDING
from chalicelib.kernel import times
from chalicelib.kernel.outbox import FORGET_AFTER
from chalicelib.store.reports.search_entries import FoundBy
from tests import cloud
from tests.client import Reply, call, new_key, report
from tests.steps import by_officer, by_reporter, by_second_officer, file, head, mine, opened

pytestmark = pytest.mark.officers("wang", "li", "zhao")

NAME, PLATE = "Chen Wei", "京N8C4K2"
TEXT = f"{NAME} of 京 flat 4 drives {PLATE}, and {NAME} shouts."


def propose(
    created: Mapping[str, Any],
    passage: str = NAME,
    *,
    start: int = 0,
    officer: str = "wang",
    **more: Any,
) -> Reply:
    body = {"part": "text", "start": start, "passage": passage, "reason": "third_person"}
    return by_officer("POST", created, "/masks", body | more, officer=officer)


def approve_mask(created: Mapping[str, Any], number: int = 1, officer: str = "li") -> Reply:
    return by_second_officer(created, f"/masks/{number}/approve", officer)


def mask(created: Mapping[str, Any], passage: str = NAME, **more: Any) -> dict[str, Any]:
    """Let two officers mask a passage. Fails unless it is done."""
    proposed = propose(created, passage, **more).expect(201)
    return dict(approve_mask(created, proposed["number"]).expect(200))


def hold(created: Mapping[str, Any], days: int = 40) -> None:
    until = times.render(wiring.clock.now() + timedelta(days=days))
    by_officer("POST", created, "/hold", {"reason": "Evidence.", "until": until})
    assert by_second_officer(created, "/hold/approve").status == 200


def held(created: Mapping[str, Any]) -> list[str]:
    rows, _ = wiring.reports().table.query(
        keys.report(created["id"]), begins="BEFORE#", consistent=True
    )
    return [row["sk"] for row in rows if "sealed" in row]


def test_the_mark_takes_the_place_of_a_passage_for_officers_and_for_the_reporter() -> None:
    created = file(text=TEXT)
    mask(created, start=TEXT.rindex(NAME))

    wanted = f"{NAME} of 京 flat 4 drives {PLATE}, and {MARK} shouts."
    assert (opened(created)["text"], mine(created)["text"]) == (wanted, wanted)


@pytest.mark.parametrize("part", ["message", "note"])
def test_a_message_and_a_note_are_masked(part: str) -> None:
    created = file()
    written = by_officer("POST", created, f"/{part}s", {"text": f"Ask {NAME}."}, key=new_key())
    mask(created, start=4, part=part, name=written.json["id"])

    assert opened(created)[f"{part}s"][0]["text"] == f"Ask {MARK}."
    shown = mine(created)
    assert [each["text"] for each in shown["messages"]] == [f"Ask {MARK}."] * (part == "message")
    # A reporter knows of no note.
    assert [each["part"] for each in shown["masks"]] == ["message"] * (part == "message")


def test_an_address_and_a_detail_are_masked() -> None:
    place = {"lat": 39.92, "lon": 116.46, "address": f"Beside {NAME}"}
    created = file(location=place, details={"clothing": f"with {NAME}"})
    mask(created, start=7, part="address")
    mask(created, start=5, part="detail", name="clothing")

    shown = opened(created)
    assert shown["location"]["address"] == f"Beside {MARK}"
    assert shown["details"]["clothing"] == f"with {MARK}"
    assert [each["name"] for each in mine(created)["masks"]] == [None, "clothing"]


def test_an_old_message_of_a_long_conversation_is_masked() -> None:
    created = file()
    first = by_officer("POST", created, "/messages", {"text": NAME})
    for number in range(60):
        by_officer("POST", created, "/messages", {"text": f"Message {number}."})
    mask(created, part="message", name=first.json["id"])

    cursor = opened(created)["messages_cursor"]
    earlier = by_officer("GET", created, f"/messages?cursor={cursor}").json["items"]
    assert earlier[0]["text"] == MARK


def test_the_reporter_reads_where_and_why_in_their_language() -> None:
    created = file(text=TEXT)
    mask(created, reason="court")

    [chinese], [english] = mine(created, "zh")["masks"], mine(created)["masks"]
    assert (english["part"], english["reason"]) == ("text", "court")
    assert "court" in english["text"]
    assert "法院" in chinese["text"]


def test_the_second_officer_reads_the_passage_and_that_is_on_record() -> None:
    created = file(text=TEXT)
    propose(created, PLATE, start=TEXT.index(PLATE))
    read = by_officer("GET", created, "/masks/1", officer="li").json

    around = read["before"], read["passage"], read["after"]
    assert around == (TEXT.partition(PLATE)[0], PLATE, TEXT.partition(PLATE)[2])
    [opening, _] = by_officer("GET", created, "/history").json["items"][-2:]
    assert (opening["by"], opening["detail"]) == ("li", {"part": "mask"})


def test_nothing_of_a_proposal_has_the_words_of_the_passage() -> None:
    created = file(text=TEXT)
    shown = propose(created).text + str(head(created)["masks"])
    assert NAME not in shown


def test_the_history_says_who_masked_what_and_why() -> None:
    created = file(text=TEXT)
    mask(created)
    history = by_officer("GET", created, "/history").json["items"]
    steps = [each for each in history if "mask" in (each["detail"] or {})]

    assert [(each["by"], each["detail"]["mask"]) for each in steps] == [
        ("wang", "proposed"),
        ("li", "approved"),
    ]
    assert {(each["detail"]["part"], each["detail"]["code"]) for each in steps} == {
        ("text", "third_person")
    }


def test_the_mask_is_in_the_ledger_without_a_word() -> None:
    created = file(text=TEXT)
    mask(created)
    found = cloud.head(created["id"])
    [leaf] = [each for each in found.recorded.leaves if each.event is Event.MASKED]

    assert (leaf.n, leaf.data) == (0, b"text/third_person")
    proof = by_reporter("GET", created, "/proof").json
    assert [each["event"] for each in proof["leaves"]] == [1, 2, 8]


def test_a_repeated_filing_still_returns_its_report() -> None:
    body, key = report(text=TEXT), new_key()
    created = call("POST", "/v1/reports", body, key=key).json
    mask(created)

    again = call("POST", "/v1/reports", body, key=key)
    assert (again.status, again.json["id"]) == (200, created["id"])
    assert NAME not in again.text


@pytest.mark.parametrize(
    ("start", "passage"), [(1, NAME), (0, "Somebody"), (len(TEXT) - 2, "s. And more")]
)
def test_a_passage_that_does_not_stand_there_is_refused(start: int, passage: str) -> None:
    created = file(text=TEXT)
    assert propose(created, passage, start=start).refusal == (409, "text_changed")


@pytest.mark.parametrize(
    "more",
    [
        {"part": "address"},
        {"part": "detail"},
        {"part": "detail", "name": "no_such"},
        {"part": "message", "name": "no_such"},
        {"part": "note"},
        {"name": "of a text"},
    ],
)
def test_a_text_that_does_not_exist_is_refused(more: dict[str, Any]) -> None:
    created = file(text=TEXT)
    assert propose(created, **more).wrong_fields[0] == "name"


def test_the_same_proposal_is_made_once_and_what_overlaps_is_refused() -> None:
    created = file(text=TEXT)
    first, again = propose(created), propose(created)
    overlapping = propose(created, NAME + " of", officer="zhao")

    assert (first.json["number"], again.json["number"]) == (1, 1)
    assert overlapping.refusal == (409, "mask_overlaps")


def test_what_waits_moves_with_its_text() -> None:
    created = file(text=TEXT)
    propose(created)
    propose(created, NAME, start=TEXT.rindex(NAME))
    propose(created, PLATE, start=TEXT.index(PLATE))
    for number in (3, 1, 2):
        assert approve_mask(created, number).status == 200

    assert opened(created)["text"] == f"{MARK} of 京 flat 4 drives {MARK}, and {MARK} shouts."


def test_only_so_many_wait() -> None:
    created = file(text="x" * 100)
    for start in range(MOST_PENDING):
        assert propose(created, "x", start=start).status == 201
    assert propose(created, "x", start=50).refusal == (409, "too_many_masks")


def test_a_mask_that_waits_stands_in_the_queue_for_others() -> None:
    created = file(text=TEXT)
    propose(created)
    listed = call("GET", "/v1/officer/reports", officer="li").json["items"]
    assert [each["awaits"] for each in listed if each["id"] == created["id"]] == [["mask"]]


def test_a_declined_mask_changes_nothing_and_its_reason_is_in_the_history() -> None:
    created = file(text=TEXT)
    propose(created)
    own = by_officer("POST", created, "/masks/1/decline", {"reason": "No."})
    for _ in range(2):
        said = by_officer("POST", created, "/masks/1/decline", {"reason": "Needed."}, officer="li")
        assert said.status == 204

    assert own.refusal == (403, "not_your_step")
    assert (opened(created)["text"], opened(created)["masks"]) == (TEXT, [])
    details = [each["detail"] for each in by_officer("GET", created, "/history").json["items"]]
    assert [each["reason"] for each in details if each and each.get("mask") == "declined"] == [
        "Needed."
    ]


def test_a_mask_is_taken_back_by_its_own_officer_alone() -> None:
    created = file(text=TEXT)
    propose(created)
    other = by_officer("DELETE", created, "/masks/1", officer="li")
    own = [by_officer("DELETE", created, "/masks/1").status for _ in range(2)]

    assert (other.status, own) == (403, [204, 204])
    assert by_officer("GET", created, "/masks/1", officer="li").status == 409


def test_a_repeated_approval_changes_nothing() -> None:
    created = file(text=TEXT)
    propose(created)
    tag = {"If-Match": by_officer("GET", created, "/masks/1", officer="li").json["tag"]}
    path = f"/v1/officer/reports/{created['id']}/masks/1/approve"
    replies = [call("POST", path, officer="li", headers=tag) for _ in range(2)]
    other = call("POST", path, officer="zhao", headers=tag)

    assert [reply.status for reply in replies] == [200, 200]
    assert replies[0].json == replies[1].json
    assert other.refusal == (409, "no_mask")


def test_a_withdrawn_report_is_masked_no_more() -> None:
    created = file(text=TEXT)
    propose(created)
    by_reporter("DELETE", created)

    replies = (
        propose(created),
        by_officer("GET", created, "/masks/1", officer="li"),
        approve_mask(created),
    )
    assert [(each.status, each.json["code"]) for each in replies] == [(409, "withdrawn")] * 3
    assert "awaits" not in head(created)


def test_officers_find_a_report_no_more_by_a_number_that_is_masked() -> None:
    created = file(text=TEXT)
    opened(created)
    assert found_by(PLATE) == [created["id"]]
    mask(created, PLATE, start=TEXT.index(PLATE))
    assert found_by(PLATE) == []
    opened(created)
    assert found_by(PLATE) == []


def test_the_other_numbers_are_found_again_from_the_next_opening_on() -> None:
    created = file(text=f"{PLATE}, and 13842424242.")
    opened(created)
    mask(created, PLATE)
    opened(created)
    assert (found_by("13842424242"), found_by(PLATE)) == ([created["id"]], [])


def test_an_opening_from_before_a_mask_enters_no_number_after_it() -> None:
    created = file(text=TEXT)
    before = cloud.head(created["id"])
    mask(created, PLATE, start=TEXT.index(PLATE))
    entries = wiring.search_entries()
    assert not entries.add(before, FoundBy(("a-name",)), ["a-name"])


def found_by(plate: str) -> list[str]:
    reply = call("GET", f"/v1/officer/search?text={quote(plate)}", officer="zhao")
    return [each["id"] for each in reply.json["items"]]


def test_the_sketch_of_a_text_goes_with_its_passage() -> None:
    created = file(text=TEXT)
    where = keys.report(created["id"]), keys.HEAD
    sketch = {"sealed_sketch": b"sketch", "sketch_shard": "SKETCH#0"}
    wiring.reports().table.update(Update(*where, put=sketch))
    mask(created)
    assert not sketch.keys() & head(created).keys()


def test_files_of_exports_from_before_a_mask_are_deleted() -> None:
    created = file(text=TEXT)
    body = {"report_id": created["id"], "reason": "For the court."}
    assert call("POST", "/v1/officer/exports", body, officer="wang").status == 201
    mask(created)
    assert exports()
    cloud.sweep(FORGET_AFTER + timedelta(minutes=1))
    assert exports() == []


def exports() -> list[str]:
    found = cloud.client("s3").list_object_versions(
        Bucket=os.environ["MEDIA_BUCKET"], Prefix="exports/"
    )
    return [each["Key"] for each in found.get("Versions", ())]


def test_under_a_hold_the_passage_is_kept_where_nobody_reads_it_until_the_hold_ends() -> None:
    created = file(text=TEXT)
    hold(created)
    assert mask(created)["is_held"]
    assert held(created) == ["BEFORE#1"]
    everything = opened(created), mine(created)["text"], by_officer("GET", created, "/history").text
    assert str(everything).count(NAME) == 2  # the other one, for each reader

    by_officer("DELETE", created, "/hold", {"reason": "The trial is over."})
    assert by_second_officer(created, "/hold/lift/approve").status == 204
    assert held(created) == []


def test_what_a_hold_keeps_goes_with_its_own_end() -> None:
    created = file(text=TEXT)
    hold(created, days=40)
    mask(created)
    row = wiring.reports().table.get(keys.report(created["id"]), "BEFORE#1", consistent=True)
    assert row
    assert row["expires_ttl"] == int(times.parse(head(created)["hold"]["until"]).timestamp())


def test_a_hold_that_nobody_has_approved_keeps_nothing() -> None:
    created = file(text=TEXT)
    until = times.render(wiring.clock.now() + timedelta(days=40))
    by_officer("POST", created, "/hold", {"reason": "Evidence.", "until": until})
    assert not mask(created)["is_held"]
    assert held(created) == []


def test_what_an_agency_gets_has_the_mark() -> None:
    created = file(text=TEXT)
    referral = {"agency": "city_services", "reason": "Theirs.", "include": ["text"]}
    assert by_officer("POST", created, "/referral", referral).status == 201
    mask(created)
    document = by_officer("GET", created, "/referral", officer="li").json
    assert document["document"]["text"].startswith(MARK)
