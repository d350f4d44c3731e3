"""Officers' steps on a report: each one is legal, in the audit, and never lost."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.aws.writes import Update
from chalicelib.domain.reports.report import Disposition
from chalicelib.kernel import times
from chalicelib.store.audit.rows import of_report
from tests import cloud
from tests.approvals import NO_TAG
from tests.client import Reply, call, new_key, read_and_approve, report
from tests.faults import inject
from tests.steps import by_officer, by_reporter, by_second_officer, file, head, mine

pytestmark = pytest.mark.officers(
    "wang", "li", "zhao", narrow={"categories": ("traffic_violation",)}
)

CLOSE = {"status": "closed", "disposition": "resolved", "reason": "He is at home again."}


def patch(created: Mapping[str, Any], body: Any, version: int, officer: str = "wang") -> Reply:
    return by_officer("PATCH", created, "", body, officer=officer, version=version)


def history(created: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(row["by"], row["action"]) for row in wiring.audit().rows(of_report(created["id"]))]


def test_a_conversation_by_receipt_ends_with_a_reason_the_reporter_reads() -> None:
    created = file()
    mine = {"receipt": created["receipt"]}

    assert (
        patch(created, {"status": "acknowledged", "assignee": "wang"}, 1).json["assignee"] == "wang"
    )
    assert by_officer("POST", created, "/messages", {"text": "Is he still there?"}).status == 201
    view = call("GET", "/v1/reports/mine", **mine).json
    assert (view["status"], [(each["from"], each["text"]) for each in view["messages"]]) == (
        "in_progress",
        [("officer", "Is he still there?")],
    )
    assert "wang" not in str(view)
    call("POST", f"/v1/reports/{created['id']}/messages", {"text": "Yes, on the bench."}, **mine)
    assert by_officer("GET", created, officer="li").json["unread"] == 1
    assert (
        patch(created, {"status": "in_progress", "assignee": "li"}, 2, officer="li").json["version"]
        == 3
    )
    closed = patch(created, CLOSE | {"messages_seen": 2}, 3, officer="li")
    assert (closed.status, closed.json["version"]) == (200, 4)

    view = call("GET", "/v1/reports/mine", **mine).json
    assert view["status"] == "closed"
    assert view["outcome"]["reason"] == "He is at home again."
    assert view["outcome"]["text"]


def test_a_step_returns_all_that_an_opening_after_it_would_show_as_changed() -> None:
    created = file()
    opened = by_officer("GET", created)
    for change in (
        {"status": "acknowledged", "assignee": "wang"},
        {"status": "in_progress", "urgency": "high"},
        CLOSE | {"messages_seen": 0},
        {"reason": "He is well.", "messages_seen": 0},
        {"status": "acknowledged"},
        CLOSE | {"disposition": "unfounded", "messages_seen": 0},
        {"category": "other"},
    ):
        before = opened
        headers = {"If-Match": before.headers["etag"]}
        step = by_officer("PATCH", created, "", change, headers=headers)
        opened = by_officer("GET", created)
        assert step.headers["etag"] == opened.headers["etag"]
        changed, shown = step.json, opened.json
        # Only an opening gives what a second officer approves by.
        assert "tag" not in (changed["proposal"] or {})
        (shown["proposal"] or {}).pop("tag", None)
        own = {"read": 0, "open_duplicates": changed["open_duplicates"]}
        assert changed == {name: shown.get(name) for name in changed} | own
        assert {name for name in shown if shown[name] != before.json[name]} <= changed.keys()


def test_a_step_says_how_much_it_has_read() -> None:
    created = file()
    for text in ("He has gone.", "He is back."):
        by_reporter("POST", created, "/messages", {"text": text})
    original = file()
    linked = patch(created, {"duplicate_of": original["id"]}, 1).json
    assert (linked["read"], linked["unread"]) == (0, 2)
    match = {"If-Match": by_officer("GET", created).headers["etag"]}
    changed = by_officer("PATCH", created, "", {"urgency": "high"}, headers=match).json
    assert (changed["read"], changed["unread"]) == (2, 0)


def test_closing_needs_a_disposition_and_a_reason() -> None:
    created = file()
    reply = patch(created, {"status": "closed"}, 1)

    assert dict(reply.wrong) == {"disposition": "required", "reason": "required"}
    assert head(created)["version"] == 1


def test_an_illegal_step_names_the_legal_ones() -> None:
    created = file()
    patch(created, {"status": "acknowledged"}, 1)
    reply = patch(created, {"status": "new"}, 2)

    assert reply.refusal == (409, "illegal_transition")
    assert "in progress, closed" in reply.json["detail"]
    assert reply.json["legal"] == ["in_progress", "closed"]


def test_the_version_grows_by_one_with_each_patch_and_with_nothing_else() -> None:
    created = file()
    assert patch(created, {"urgency": "high"}, 1).json["version"] == 2
    assert patch(created, {"status": "new"}, 2).json["version"] == 3
    by_officer("POST", created, "/messages", {"text": "Hello."})
    by_officer("POST", created, "/notes", {"text": "Known here."})
    by_reporter("POST", created, "/messages", {"text": "Hello."})
    by_officer("GET", created)

    assert head(created)["version"] == 3
    assert [action for _, action in history(created)].count("change") == 2


def test_reading_is_a_step_of_its_own_and_an_empty_change_says_so() -> None:
    created = file()
    message = {"text": "Are you coming?"}
    call("POST", f"/v1/reports/{created['id']}/messages", message, receipt=created["receipt"])
    for empty in ({}, {"messages_seen": 1}):
        refused = patch(created, empty, 1)
        assert refused.wrong == [("status", "nothing_to_change")]
        assert "POST …/read" in refused.json["errors"][0]["detail"]

    match = {"If-Match": by_officer("GET", created).headers["etag"]}

    def read(seen: int) -> Reply:
        return by_officer("POST", created, "/read", {"messages_seen": seen}, headers=match)

    assert (read(0).json["code"], head(created)["unread"]) == ("new_message", 1)
    done = read(1)
    assert (done.status, done.json["version"]) == (200, 2)
    assert (head(created)["unread"], read(1).status) == (0, 412)


def test_a_change_names_its_fields_with_old_and_new_values() -> None:
    created = file()
    patch(created, {"status": "acknowledged", "urgency": "low"}, 1)
    items = by_officer("GET", created, "/history", officer="li").json["items"]

    assert [(item["by"], item["action"]) for item in items] == [("wang", "change"), ("li", "open")]
    assert items[0]["detail"] == {
        "version": 2,
        "fields": {
            "status": {"old": "new", "new": "acknowledged"},
            "urgency": {"old": "high", "new": "low"},
        },
    }


def test_a_new_category_keeps_the_first_and_moves_the_report_in_the_lists() -> None:
    created = file()
    assert (
        patch(created, {"category": "traffic_violation"}, 1).json["first_category"]
        == "missing_elderly"
    )
    assert patch(created, {"category": "other"}, 2).json["first_category"] == "missing_elderly"
    patch(created, {"category": "traffic_violation"}, 3)

    assert [
        row["id"] for row in call("GET", "/v1/officer/reports", officer="narrow").json["items"]
    ] == [created["id"]]
    assert (
        call("GET", "/v1/officer/reports?category=missing_elderly", officer="wang").json["items"]
        == []
    )
    assert (
        len(
            call(
                "GET", "/v1/officer/reports?category=traffic_violation&status=new", officer="wang"
            ).json["items"]
        )
        == 1
    )


def test_reopening_takes_the_outcome_away() -> None:
    created = file()
    patch(created, CLOSE, 1)
    assert (head(created)["task"], "acknowledged_at" in head(created)) == ("expire", True)
    reply = patch(created, {"status": "in_progress"}, 2)

    assert (reply.json["disposition"], reply.json["reason"]) == (None, None)
    assert not {"closed_at", "task"} & set(head(created))
    assert call("GET", "/v1/reports/mine", receipt=created["receipt"]).json["outcome"] is None


def test_a_disposition_belongs_to_a_closed_report() -> None:
    created = file()
    assert (
        patch(created, {"disposition": "resolved"}, 1).json["errors"][0]["code"]
        == "only_when_closed"
    )
    patch(created, CLOSE, 1)
    assert patch(created, {"disposition": "no_action"}, 2).json["disposition"] == "no_action"


def test_an_assignee_who_cannot_see_the_report_is_an_unknown_one() -> None:
    created = file()
    cloud.officer("gone", active=False)
    cloud.officer("clerk", roles=("admin",))
    for name in ("narrow", "gone", "nobody", "clerk"):
        reply = patch(created, {"assignee": name}, 1)
        assert (reply.status, reply.json["errors"][0]) == (
            422,
            {
                "field": "assignee",
                "code": "unknown_value",
                "detail": reply.json["errors"][0]["detail"],
            },
        )
    assert patch(created, {"assignee": "li"}, 1).json["assignee"] == "li"
    assert patch(created, {"assignee": None}, 2).json["assignee"] is None
    assert call("GET", "/v1/officer/reports?assignee=li", officer="wang").json["items"] == []


def test_a_duplicate_points_at_the_original_and_its_reporter_sees_it() -> None:
    first, second, third = file(), file(), file()
    assert patch(second, {"duplicate_of": first["id"]}, 1).json["duplicate_of"] == first["id"]
    assert patch(third, {"duplicate_of": second["id"]}, 1).json["duplicate_of"] == first["id"]

    assert patch(first, {"duplicate_of": third["id"]}, 1).json["errors"][0]["code"] == "circular"
    assert patch(first, {"duplicate_of": first["id"]}, 1).json["errors"][0]["code"] == "circular"
    assert patch(first, {"duplicate_of": "0" * 26}, 1).json["errors"][0]["code"] == "unknown_value"
    assert call("GET", "/v1/reports/mine", receipt=third["receipt"]).json["outcome"]["text"]
    assert call("GET", "/v1/reports/mine", receipt=first["receipt"]).json["outcome"] is None
    assert patch(third, {"duplicate_of": None}, 2).json["duplicate_of"] is None


def test_a_link_to_a_report_out_of_scope_is_unknown_and_on_record() -> None:
    hidden, mine = file(), file(category="traffic_violation")
    replies = [
        patch(mine, {"duplicate_of": each}, 1, officer="narrow")
        for each in (hidden["id"], "0" * 26)
    ]

    assert {(reply.status, reply.json["errors"][0]["code"]) for reply in replies} == {
        (422, "unknown_value")
    }
    assert history(hidden) == [("narrow", "denied")]


def test_malicious_takes_effect_once_a_second_officer_confirms() -> None:
    created = file()
    proposed = patch(created, CLOSE | {"disposition": "malicious"}, 1)
    assert (proposed.status, proposed.json["disposition"], proposed.json["proposal"]["by"]) == (
        200,
        None,
        "wang",
    )
    confirm = f"/v1/officer/reports/{created['id']}/closing/confirm"

    assert read_and_approve(confirm, "wang").refusal == (403, "self_approval")
    confirmed = read_and_approve(confirm, "li")
    assert (confirmed.status, confirmed.json["disposition"], confirmed.json["proposal"]) == (
        201,
        "malicious",
        None,
    )
    again = read_and_approve(confirm, "li", NO_TAG)
    assert again.json["code"] == "nothing_to_confirm"
    # The response shows the reason of the closing, so it is an opening too.
    *earlier, one, other = history(created)
    assert earlier == [
        *(("wang", "open"), ("wang", "change"), ("wang", "open"), ("wang", "denied")),
        ("li", "open"),
    ]
    # Both rows have the time of the call, and so no order.
    assert {one, other} == {("li", "confirm"), ("li", "open")}
    view = call("GET", "/v1/reports/mine", receipt=created["receipt"])
    assert "malicious" not in view.text


def test_neither_who_proposes_an_end_nor_who_changes_it_confirms_it() -> None:
    created = file()
    patch(created, CLOSE | {"disposition": "malicious"}, 1)
    path = f"/v1/officer/reports/{created['id']}"
    etag = call("GET", path, officer="li").headers["etag"]
    body, match = {"reason": "Made up by me."}, {"If-Match": etag}
    changed = call("PATCH", path, body, officer="li", headers=match)
    assert (changed.status, changed.json["proposal"]["by"]) == (200, "wang")
    assert call("POST", f"{path}/read", {}, officer="zhao", version=3).status == 200

    for author in ("wang", "li"):
        assert read_and_approve(f"{path}/closing/confirm", author).refusal == (403, "self_approval")
    assert read_and_approve(f"{path}/closing/confirm", "zhao").status == 201


def test_who_has_duplicates_becomes_none_until_they_are_linked_elsewhere() -> None:
    first, second, third = file(), file(), file()
    patch(second, {"duplicate_of": first["id"]}, 1)
    assert patch(first, {"duplicate_of": third["id"]}, 1).wrong[0][1] == "has_duplicates"

    assert patch(second, {"duplicate_of": third["id"]}, 2).status == 200
    assert patch(first, {"duplicate_of": third["id"]}, 1).status == 200
    assert head(third)["duplicates"] == 2
    for version in (2, 3):
        patch(first, {"duplicate_of": None}, version)
    assert head(third)["duplicates"] == 1


def test_a_link_that_is_made_meanwhile_keeps_the_original_one() -> None:
    first, second, third = file(), file(), file()

    with inject.meanwhile(lambda: patch(second, {"duplicate_of": first["id"]}, 1)):
        reply = patch(first, {"duplicate_of": third["id"]}, 1)

    assert reply.wrong[0][1] == "has_duplicates"
    assert head(third).get("duplicates", 0) == 0


def test_a_report_closed_as_a_duplicate_has_an_original_until_it_is_reopened() -> None:
    first, second = file(), file()
    closing = CLOSE | {"disposition": "duplicate"}
    assert patch(second, closing, 1).json["errors"][0] | {"detail": ""} == {
        "field": "duplicate_of",
        "code": "required",
        "detail": "",
    }
    assert patch(second, closing | {"duplicate_of": first["id"]}, 1).status == 200
    unlinked = CLOSE | {"disposition": "duplicate", "duplicate_of": None}
    assert patch(second, unlinked, 2).status == 422

    assert patch(second, {"status": "in_progress"}, 2).json["duplicate_of"] is None
    assert head(first)["duplicates"] == 0
    assert patch(first, {"duplicate_of": second["id"]}, 1).status == 200


def test_a_row_of_the_history_that_somebody_altered_is_marked() -> None:
    created = file()
    patch(created, {"urgency": "low"}, 1)
    [row] = wiring.audit().rows(of_report(created["id"]))
    wiring.audit().table.put(row | {"by": "li", "detail": "no JSON"})
    altered, look = by_officer("GET", created, "/history").json["items"]

    assert (altered["verified"], altered["detail"], look["verified"]) == (False, None, True)


def test_an_officer_enters_a_callers_report_and_hands_over_the_receipt() -> None:
    key = new_key()
    body = report(source="phone", contact={"phone": "+86 138 0000 0000"})
    entered = call("POST", "/v1/officer/reports", body, key=key, officer="narrow")
    again = call("POST", "/v1/officer/reports", body, key=key, officer="narrow")

    assert (entered.status, again.status) == (201, 200)
    assert entered.json["receipt"] == again.json["receipt"]
    assert (
        call("GET", "/v1/reports/mine", receipt=entered.json["receipt"]).json["text"]
        == body["text"]
    )
    assert by_officer("GET", entered.json).json["source"] == "phone"
    assert history(entered.json)[0] == ("narrow", "open")
    assert (
        call("POST", "/v1/officer/reports", report(), key=new_key(), officer="wang").status == 422
    )


def test_a_contact_is_revealed_for_a_reason_and_never_without_one() -> None:
    created = file(contact={"phone": "+86 138 0000 0000"})
    contact = f"/v1/officer/reports/{created['id']}/contact"

    assert call("POST", contact, {}, officer="wang").wrong_fields[0] == "reason"
    assert call("POST", contact, {"reason": "The ambulance asks."}, officer="narrow").status == 404
    shown = call("POST", contact, {"reason": "The ambulance asks."}, officer="wang")
    assert (shown.status, shown.json["phone"]) == (200, "+86 138 0000 0000")
    assert history(created) == [("wang", "denied"), ("narrow", "denied"), ("wang", "contact")]
    assert "138 0000" not in by_officer("GET", created).text


@pytest.mark.parametrize(
    "body",
    [
        {"reason": ""},
        {"reason": "  "},
        {"reason": "\u200b"},
        {"reason": None},
        {"reason": 7},
        {"reason": "Because.", "x": 1},
        [],
        None,
        7,
    ],
)
def test_a_reveal_that_is_refused_for_its_reason_is_on_record(body: Any) -> None:
    created = file(contact={"phone": "+86 138 0000 0000"})
    refused = by_officer("POST", created, "/contact", raw=json.dumps(body).encode())

    assert refused.status == 422, refused.text
    assert history(created) == [("wang", "denied")]


def test_a_withdrawn_report_opens_wholly_only_for_a_supervisor_with_a_reason() -> None:
    created = file()
    cloud.officer("boss", roles=("officer", "supervisor"))
    by_reporter("DELETE", created)

    for officer in ("wang", "boss"):
        opened = by_officer("GET", created, officer=officer).json
        assert (opened["status"], opened["restricted"], opened["text"]) == ("withdrawn", True, None)
    assert by_officer("GET", created, "?reason=An+appeal").status == 403
    assert (
        by_officer("GET", created, "?reason=An+appeal", officer="boss").json["text"]
        == report()["text"]
    )
    assert patch(created, {"status": "in_progress"}, 1).json["code"] == "illegal_transition"
    assert history(created)[-2:] == [("wang", "denied"), ("boss", "open")]


def test_a_step_keeps_a_notice_that_is_still_pending() -> None:
    created = file()
    patch(created, CLOSE, 1)
    pending, _ = wiring.reports().table.query(
        keys.report(created["id"]), begins="EVENT#", consistent=True
    )

    assert [(row["kind"], row["task"]) for row in pending] == [("report", "notify")]
    assert head(created)["task"] == "expire"


def test_templates_stand_in_both_languages_with_their_placeholders() -> None:
    items = call("GET", "/v1/officer/templates", officer="wang").json["items"]

    assert len(items) > 3
    for item in items:
        assert set(item["title"]) == set(item["text"]) == {"zh", "en"}
        assert all(
            "{" + name + "}" in wording
            for name in item["placeholders"]
            for wording in item["text"].values()
        )


def test_officers_know_what_the_reporter_reads_before_their_reason() -> None:
    outcomes = call("GET", "/v1/officer/templates", officer="wang").json["outcomes"]
    created = file()
    patch(created, {**CLOSE, "disposition": "not_police"}, 1)

    shown = {each["disposition"]: each["text"]["en"] for each in outcomes}
    read = call("GET", "/v1/reports/mine", receipt=created["receipt"]).json
    assert read["outcome"]["text"] == shown["not_police"]
    assert set(shown) == set(Disposition)


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("have looked into this and closed",)), ("zh", ("已经核查", "现已办结"))],
)
def test_the_fixed_words_leave_to_the_officer_what_can_be_done(
    language: str, words: tuple[str, ...]
) -> None:
    created = file()
    patch(created, {**CLOSE, "disposition": "no_action", "reason": "The music ends at ten."}, 1)
    read = mine(created, language)["outcome"]
    assert read["reason"] == "The music ends at ten."
    assert all(each in read["text"] for each in words), read["text"]
    assert not any(each in read["text"] for each in ("cannot", "无法"))


def test_a_reply_is_not_sent_while_a_placeholder_is_left_in_it() -> None:
    created = file()
    left = by_officer("POST", created, "/messages", {"text": "Your report {reference}."})
    [error] = left.json["errors"]
    assert (left.status, error["field"], error["code"]) == (422, "text", "placeholder_left")
    assert "{reference}" in error["detail"]
    other = {"text": "Write {x} or {place of work}."}
    assert by_officer("POST", created, "/messages", other).status == 201
    note = {"text": "Use {reference}."}
    assert by_officer("POST", created, "/notes", note).status == 201


def test_nothing_is_written_to_a_report_whose_deletion_has_begun() -> None:
    created = file()
    until = times.render(wiring.clock.now() + timedelta(days=30))
    by_officer("POST", created, "/hold", {"reason": "A trial.", "until": until})
    patch(created, CLOSE | {"disposition": "malicious"}, 1)
    wiring.reports().table.update(
        Update(keys.report(created["id"]), keys.HEAD, put={"expiring": True})
    )

    replies = [
        patch(created, {"urgency": "low"}, 2),
        by_second_officer(created, "/closing/confirm"),
        by_officer("POST", created, "/messages", {"text": "Hello."}),
        by_officer("POST", created, "/notes", {"text": "Hello."}),
        by_second_officer(created, "/hold/approve"),
        by_officer("DELETE", created, "/hold", {"reason": "It is over."}),
    ]
    assert {(reply.status, reply.json["code"]) for reply in replies} == {(409, "expiring")}


def test_an_urgency_raised_to_critical_escalates_until_somebody_attends_to_it() -> None:
    created = file()
    wiring.reports().table.update(
        Update(
            keys.report(created["id"]),
            keys.HEAD,
            remove=("task", "due_at", "not_before", "task_shard", "task_at"),
        )
    )
    patch(created, {"urgency": "critical"}, 1)
    assert head(created)["task"] == "escalate"
    by_officer("GET", created, "")
    patch(created, {"assignee": "li"}, 2)
    assert "task" not in head(created)
    assert "task_shard" not in head(created)


def test_an_empty_key_is_none_so_two_equal_notes_are_two() -> None:
    created = file()
    notes = [
        by_officer("POST", created, "/notes", {"text": "Seen."}, headers={"Idempotency-Key": ""})
        for _ in range(2)
    ]
    assert [note.status for note in notes] == [201, 201]
    assert notes[0].json["id"] != notes[1].json["id"]
