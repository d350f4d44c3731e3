"""Only the receipt, or one recorded opening of an officer, reads a report."""

import json
import logging
import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.aws.writes import Delete, Update
from chalicelib.domain.officers.model import Role
from chalicelib.domain.reports.report import Content
from chalicelib.kernel import times
from chalicelib.kernel.sealing import PrivateKey
from chalicelib.services.audit.words import seal_words
from chalicelib.services.reports.open_cases import open_case
from chalicelib.services.reports.sealed_rows import seal_content
from chalicelib.store.audit.rows import Action, of_report
from tests import cloud
from tests.client import call, new_key, report
from tests.faults import inject
from tests.steps import by_officer, by_reporter, by_second_officer, file

pytestmark = pytest.mark.officers("li", wang={"roles": (Role.OFFICER, Role.SUPERVISOR)})

TEXT, ADDRESS, PHONE, MESSAGE, NOTE, REPLY, REASON = (
    "CANARY-TEXT", "CANARY-ADDRESS", "+86 138 4242 4242", "CANARY-MESSAGE", "CANARY-NOTE",
    "CANARY-REPLY", "CANARY-REASON",
)  # fmt: skip
WORDS = (
    TEXT, ADDRESS, PHONE, MESSAGE, NOTE, REPLY, REASON, "39.91827", "116.45619", "39.93719",
    "116.46137",
)  # fmt: skip
CLOSE = {"status": "closed", "disposition": "resolved", "reason": REASON}


def file_canaries(**more: Any) -> dict[str, Any]:
    location = {"lat": 39.91827, "lon": 116.45619, "address": ADDRESS}
    return file(text=TEXT, location=location, contact={"phone": PHONE}, **more)


def work_on(created: Mapping[str, Any]) -> None:
    """Write everything that a person can write about a report."""
    by_reporter("POST", created, "/messages", {"text": MESSAGE})
    place = {"lat": 39.93719, "lon": 116.46137, "address": ADDRESS}
    assert by_reporter("POST", created, "/positions", place).status == 201
    by_officer("POST", created, "/messages", {"text": REPLY})
    by_officer("POST", created, "/notes", {"text": NOTE})
    until = times.render(wiring.clock.now() + timedelta(days=40))
    by_officer("POST", created, "/hold", {"reason": REASON, "until": until})
    by_second_officer(created, "/hold/approve")
    by_officer("DELETE", created, "/hold", {"reason": REASON})
    said = by_officer("POST", created, "/hold/lift/decline", {"reason": REASON}, officer="li")
    assert said.status == 204
    by_officer("DELETE", created, "/hold", {"reason": REASON})
    referral = {"agency": "city_services", "reason": REASON, "include": ["text"]}
    by_officer("POST", created, "/referral", referral)
    decline = f"/v1/officer/reports/{created['id']}/referral/decline"
    said = call("POST", decline, {"reason": REASON}, officer="li", version=1)
    assert said.status == 204
    by_officer("POST", created, "/referral", referral)
    by_officer("POST", created, "/contact", {"reason": REASON})
    by_officer("PATCH", created, "", CLOSE, version=1)


def decryptions(made: list[Any]) -> Any:
    """Note each `Decrypt` in `made`: the key and the opening that its user agent names."""

    def note(request: Any) -> None:
        sent = json.loads(request.body)
        agent = request.headers["User-Agent"]
        agent = agent.decode() if isinstance(agent, bytes) else agent
        made.append((sent["KeyId"], agent.rpartition(" opening/")[2]))

    return inject.fault(wiring.content_keys()._client, "kms.Decrypt", note)


def openings(created: Mapping[str, Any]) -> list[tuple[str, Action]]:
    rows = wiring.audit().rows(of_report(created["id"]))
    return [(row["sk"].rpartition("#")[2], Action(row["action"])) for row in rows]


def test_a_reporters_calls_decrypt_nothing_with_kms() -> None:
    made: list[Any] = []
    with decryptions(made):
        created = file_canaries()
        mine: dict[str, Any] = {"receipt": created["receipt"]}
        call("GET", "/v1/reports/mine", **mine)
        call("POST", f"/v1/reports/{created['id']}/messages", {"text": MESSAGE}, **mine)
        call("DELETE", f"/v1/reports/{created['id']}", **mine)
    assert made == []


def test_an_opening_is_one_decrypt_that_names_its_audit_row() -> None:
    created = file_canaries()
    made: list[Any] = []
    with decryptions(made):
        opened = by_officer("GET", created).json

    assert (opened["text"], opened["location"]["address"]) == (TEXT, ADDRESS)
    [(opening, action)] = openings(created)
    assert action is Action.OPEN
    assert made == [(wiring.content_keys().wrapping_key().arn, f"{opening}.1")]


def test_a_repeated_try_names_itself(caplog: pytest.LogCaptureFixture) -> None:
    created = file_canaries()
    made: list[Any] = []
    refused = inject.error_response(500, "KMSInternalException")
    failing = inject.fault(wiring.content_keys()._client, "kms.Decrypt", inject.times(2, refused))
    with failing, decryptions(made):
        assert by_officer("GET", created).status == 200

    [(opening, _)] = openings(created)
    assert [named for _, named in made] == [f"{opening}.1", f"{opening}.2", f"{opening}.3"]


def test_without_its_audit_row_nothing_is_decrypted() -> None:
    created = file_canaries()
    made: list[Any] = []
    with (
        inject.fault(
            wiring.dynamodb(), "dynamodb.PutItem", inject.error_response(400, "ValidationException")
        ),
        decryptions(made),
    ):
        assert by_officer("GET", created).status == 503
        assert by_officer("GET", created, "/history").status == 503
        assert by_officer("POST", created, "/contact", {"reason": REASON}).status == 503
    assert made == []


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("NotFoundException", "content_key_unknown"),
        ("AccessDeniedException", "decryption_refused"),
        ("DisabledException", "content_key_unknown"),
        ("InvalidCiphertextException", "content_key_altered"),
        ("ThrottlingException", "aws_failed"),
    ],
)
def test_what_kms_refuses_is_not_shown_and_an_operator_hears_of_it(
    code: str, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    created = file_canaries()
    refused = inject.error_response(400, code)
    with inject.fault(wiring.content_keys()._client, "kms.Decrypt", refused):
        reply = by_officer("GET", created)

    assert reply.status == 503
    assert TEXT not in reply.text
    assert line in [record.getMessage() for record in caplog.records]


def replace_key(created: Mapping[str, Any], *left: str) -> None:
    """Put another key on a report's row, as somebody who writes to the table can: its public half,
    the wrapped private one, and a text that it opens; but what is to be left.
    """
    mallory = PrivateKey(b"m" * 32)
    wrapped = wiring.content_keys().wrapping_key().wrap(mallory)
    put = {
        "public_key": mallory.public,
        "wrapped_key": wrapped.wrapped,
        "wrapping_key": wrapped.arn,
        "sealed": seal_content(created["id"], mallory.public, Content(text="A planted text")),
    }
    put = {name: value for name, value in put.items() if name not in left}
    wiring.reports().table.update(Update(keys.report(created["id"]), keys.HEAD, put=put))


@pytest.mark.parametrize("left", [(), ("public_key",)])
def test_a_key_that_was_replaced_with_the_text_is_noticed(
    left: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    created = file_canaries()
    replace_key(created, *left)
    reply = by_officer("GET", created)
    assert (reply.status, "A planted text" in reply.text) == (503, False)
    assert "content_key_altered" in [record.getMessage() for record in caplog.records]


def test_words_that_were_planted_in_the_history_are_not_shown() -> None:
    created = file_canaries()
    by_officer("POST", created, "/contact", {"reason": REASON})
    [row] = wiring.audit().rows(of_report(created["id"]))
    head = cloud.head(created["id"])
    planted = seal_words(head.report.public_key, (row["pk"], row["sk"]), {"reason": "Planted"})
    wiring.audit().table.put(row | {"sealed": planted})
    altered = by_officer("GET", created, "/history").json["items"][0]
    assert (altered["verified"], altered["detail"]) == (False, None)


def test_words_of_the_history_whose_type_was_changed_are_not_verified() -> None:
    created = file_canaries()
    by_officer("POST", created, "/contact", {"reason": REASON})
    [row] = wiring.audit().rows(of_report(created["id"]))
    wiring.audit().table.put(row | {"sealed": str(row["sealed"])})
    reply = by_officer("GET", created, "/history")
    assert (reply.status, reply.json["items"][0]["verified"]) == (200, False)


def test_what_is_no_key_of_a_report_is_noticed(caplog: pytest.LogCaptureFixture) -> None:
    created = file_canaries()
    wrapped = wiring.content_keys().wrapping_key().wrap(PrivateKey(b"short"))
    put = {"wrapped_key": wrapped.wrapped}
    wiring.reports().table.update(Update(keys.report(created["id"]), keys.HEAD, put=put))

    assert by_officer("GET", created).status == 503
    lines = [record.getMessage() for record in caplog.records]
    assert ("content_key_altered" in lines, "fault" in lines) == (True, False)


@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [
        ("POST", "/messages", {"text": REPLY}),
        ("POST", "/notes", {"text": NOTE}),
        ("POST", "/contact", {"reason": REASON}),
        ("PATCH", "", CLOSE),
    ],
)
def test_officers_write_nothing_to_a_key_that_was_replaced(
    method: str, rest: str, body: dict[str, Any]
) -> None:
    created = file_canaries()
    read = {"If-Match": by_officer("GET", created).headers["etag"]}
    replace_key(created)
    before = wiring.reports().table.query(keys.report(created["id"])), openings(created)
    assert by_officer(method, created, rest, body, headers=read).status == 503
    after = wiring.reports().table.query(keys.report(created["id"])), openings(created)
    assert after == before


def test_a_reporter_writes_nothing_to_a_key_that_was_replaced() -> None:
    created = file_canaries()
    replace_key(created)
    where, body = f"/v1/reports/{created['id']}/messages", {"text": MESSAGE}

    assert call("POST", where, body, receipt=created["receipt"]).status == 503
    case = wiring.reports().case(created["id"])
    assert case is not None
    assert case.messages == ()


def test_a_report_with_a_key_that_was_replaced_can_be_withdrawn() -> None:
    created = file_canaries()
    replace_key(created)
    assert by_reporter("DELETE", created).status == 204


def test_a_message_cannot_be_guessed_back_with_all_secrets_though_its_key_can() -> None:
    created = file_canaries()
    weak, text = "00000000-0000-4000-8000-000000000000", "yes"
    where = f"/v1/reports/{created['id']}/messages"
    call("POST", where, {"text": text}, key=weak, receipt=created["receipt"])
    again = call("POST", where, {"text": text}, key=weak, receipt=created["receipt"])
    case = wiring.reports().case(created["id"])
    assert case is not None
    [message] = case.messages

    guessed = wiring.identity().entry(created["id"], weak, text)
    assert (guessed.id, again.json["id"]) == (message.id, message.id)
    stored = wiring.reports().table.get(f"REPORT#{created['id']}", f"ENTRY#MESSAGE#{message.id}")
    assert stored
    assert guessed.fingerprint != stored["fingerprint"]


def test_a_text_that_was_moved_to_another_report_is_not_shown() -> None:
    one, another = file_canaries(), file_canaries()
    table = wiring.reports().table
    row = table.get(keys.report(one["id"]), keys.HEAD, consistent=True)
    assert row
    copied = ("sealed", "public_key", "wrapped_key", "wrapping_key")
    put = {name: row[name] for name in copied}
    table.update(Update(keys.report(another["id"]), keys.HEAD, put=put))

    assert by_officer("GET", another).status == 503


def test_a_change_opens_nothing_unless_it_returns_an_earlier_reason() -> None:
    created = file_canaries()
    made: list[Any] = []
    read = {"If-Match": by_officer("GET", created).headers["etag"]}
    with decryptions(made):
        body: dict[str, Any] = {"status": "acknowledged"}
        taken = by_officer("PATCH", created, "", body, headers=read)
        read = {"If-Match": taken.headers["etag"]}
        closed = by_officer("PATCH", created, "", CLOSE, headers=read)
        assert (made, closed.json["reason"]) == ([], REASON)
        body = {"assignee": "li"}
        later = by_officer("PATCH", created, "", body, version=3)
    assert later.json["reason"] == REASON
    [_, opening] = [each for each, action in openings(created) if action is Action.OPEN]
    assert [named for _, named in made] == [f"{opening}.1"]


def test_the_history_shows_what_was_written_in_words() -> None:
    created = file_canaries()
    work_on(created)
    again = {"status": "closed", "disposition": "no_action", "reason": "Another."}
    by_officer("PATCH", created, "", again, version=2)
    items = by_officer("GET", created, "/history").json["items"]
    by_action = {item["action"]: item["detail"] for item in items}
    details = [item["detail"] for item in items if item["action"] == "change"]
    changes = [detail["fields"] for detail in details if "fields" in detail]
    referred = [detail for detail in details if "referral" in detail]
    assert {detail["referral"] for detail in referred} == {"proposed", "declined"}
    assert {detail["reason"] for detail in referred} == {REASON}

    assert by_action["contact"]["reason"] == REASON
    assert by_action["hold"]["reason"] == REASON
    assert [each["reason"] for each in changes] == [
        {"old": None, "new": REASON},
        {"old": REASON, "new": "Another."},
    ]


def test_a_contact_opens_with_its_own_key_alone() -> None:
    created = file_canaries()
    made: list[Any] = []
    with decryptions(made):
        body = {"reason": REASON}
        revealed = by_officer("POST", created, "/contact", body).json

    assert revealed["phone"] == PHONE
    [(opening, action)] = openings(created)
    assert action is Action.CONTACT
    assert made == [(wiring.contact_keys().wrapping_key().arn, f"{opening}.1")]
    assert made[0][0] != wiring.content_keys().wrapping_key().arn


def test_withdrawal_leaves_nothing_to_compare_a_guess_with() -> None:
    key = new_key()
    body = report(text=TEXT, contact={"phone": PHONE})
    created = call("POST", "/v1/reports", body, key=key).json
    by_reporter("DELETE", created)
    head = wiring.reports().head(created["id"])

    assert head
    assert "body_hash" not in head.row
    assert wiring.contacts().read(created["id"]) is None
    again = call("POST", "/v1/reports", body, key=key)
    assert (again.status, again.json["status"]) == (200, "withdrawn")


def test_retention_erases_the_contact_too() -> None:
    created = file_canaries(category="other")
    by_officer("PATCH", created, "", CLOSE, version=1)
    cloud.sweep(timedelta(days=91))

    assert call("GET", "/v1/reports/mine", receipt=created["receipt"]).status == 410
    assert wiring.contacts().read(created["id"]) is None


@pytest.mark.parametrize("kind", ["MESSAGE", "NOTE", "MEDIA"])
def test_one_altered_row_closes_no_other(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    created = file_canaries(media=[{"content_type": "image/jpeg", "size": 1000}])
    work_on(created)
    table = wiring.reports().table
    rows, _ = table.query(keys.report(created["id"]), begins=kind, consistent=True)
    name = "sealed_hint" if kind == "MEDIA" else "sealed"
    table.update(Update(rows[0]["pk"], rows[0]["sk"], put={name: rows[0].get(name, b"")[:-1]}))
    opened = by_officer("GET", created).json
    mine = call("GET", "/v1/reports/mine", receipt=created["receipt"]).json

    assert (opened["text"], mine["text"]) == (TEXT, TEXT)
    shown = {"MESSAGE": opened["messages"], "NOTE": opened["notes"], "MEDIA": []}[kind]
    assert [each["text"] for each in shown if each.get("altered")] == [""] * bool(shown)
    assert [each["text"] for each in mine["messages"]][1:] == [REPLY]
    assert "sealed_text_altered" in [record.getMessage() for record in caplog.records]


def test_the_key_of_a_report_opens_no_other() -> None:
    one, another = file_canaries(), file_canaries()
    case = wiring.reports().case(another["id"])
    assert case
    with pytest.raises(Exception, match="unavailable"):
        open_case(case, wiring.identity().content_key(one["receipt"]))


def test_no_log_holds_a_key_or_a_text(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="chalicelib"):
        created = file_canaries()
        work_on(created)
        by_officer("GET", created)
    logged = "\n".join(str(vars(record)) for record in caplog.records)

    assert "content_opened" in logged
    private = wiring.identity().content_key(created["receipt"])
    assert not any(word in logged for word in (*WORDS, private.raw.hex(), created["receipt"]))


def test_a_lost_secret_of_identities_leaves_reports_readable_for_officers() -> None:
    created = file_canaries()
    secrets = boto3.client("secretsmanager")
    kept = secrets.get_secret_value(SecretId=os.environ["IDENTITY_SECRET"])["SecretString"]
    secrets.put_secret_value(SecretId=os.environ["IDENTITY_SECRET"], SecretString="lost")
    wiring.identity.cache_clear()  # type: ignore[attr-defined]
    try:
        assert by_officer("GET", created).json["text"] == TEXT
        assert call("GET", "/v1/reports/mine", receipt=created["receipt"]).status == 404
    finally:
        secrets.put_secret_value(SecretId=os.environ["IDENTITY_SECRET"], SecretString=kept)
        wiring.identity.cache_clear()  # type: ignore[attr-defined]


def test_a_row_whose_contact_is_gone_shows_no_contact() -> None:
    created = file_canaries()
    wiring.contacts().table.delete(Delete(keys.report(created["id"]), keys.CONTACT))
    body = {"reason": REASON}
    revealed = by_officer("POST", created, "/contact", body)

    assert (revealed.status, revealed.json["phone"]) == (200, None)
