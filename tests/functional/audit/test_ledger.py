"""No report can vanish: whoever filed one can prove it with the receipt and public data."""

import json

import pytest

from chalicelib import wiring
from chalicelib.aws.keys import report as report_partition
from chalicelib.aws.writes import Update
from chalicelib.domain.audit.ledger import Event, Leaf, ReceiptKeys
from chalicelib.kernel import times
from chalicelib.services.audit.seals import CLOSED_WITHIN
from tests import cloud
from tests.client import call, change_report, new_key, report
from tests.ledger import Verify, close, close_hour, events_of, filed, proof_of, public_hours
from tests.steps import by_reporter, by_second_officer, file

pytestmark = pytest.mark.officers("wang", "li")


def test_a_filed_report_is_proved_with_the_receipt_alone(check: Verify) -> None:
    created = filed()
    hour = close_hour()

    found = check(receipt=created["receipt"])
    assert (found.code, found.text.splitlines()[0]) == (0, "Filed, open.")
    assert f"Filed in the hour {hour}" in found.text


def test_a_proof_needs_no_copy_of_the_ledger(check: Verify) -> None:
    created = filed()
    close_hour()
    proof = proof_of(created)

    assert check([], proof=proof).text.startswith("Filed, open.")
    assert check(proof=proof, receipt=created["receipt"]).text.startswith("Filed, open.")
    other = filed()
    assert "another report" in check(proof=proof, receipt=other["receipt"]).text
    proof["leaves"][0]["data"] = "00" * 32
    assert check([], proof=proof).code == 2


def test_before_the_first_head_nothing_can_be_proved(check: Verify) -> None:
    created = filed()
    proof = proof_of(created)

    assert [sorted(leaf) for leaf in proof["leaves"]] == [["data", "event", "leaf", "n"]] * 2
    assert proof["heads"] == []
    due = times.parse(proof["complete_by"])
    assert wiring.clock.now() < due <= wiring.clock.now() + CLOSED_WITHIN
    close_hour()
    assert "complete_by" not in proof_of(created)
    assert "before the report was in a head" in check([], proof=proof).text


def test_a_receipt_that_filed_nothing_is_not_valid(check: Verify) -> None:
    filed()
    close_hour()
    assert check(receipt="0" * 26) == (
        2,
        "Not valid, because no report of this receipt is in these heads.\n",
    )
    assert "26 letters" in check(receipt="U" * 26).text


def test_what_was_sent_can_be_proved_and_nothing_else(check: Verify) -> None:
    sent = json.dumps(report(text="He wore a blue coat.")).encode()
    created = call("POST", "/v1/reports", raw=sent, key=new_key()).json
    cloud.stream(cloud.all_keys())
    close_hour()

    assert "The body is what was filed." in check(receipt=created["receipt"], body=sent).text
    other = check(receipt=created["receipt"], body=sent.replace(b"blue", b"grey"))
    assert other == (2, "Not valid, because something else was filed than this body.\n")


def test_every_step_of_a_report_is_recorded(check: Verify) -> None:
    created = filed(media=[{"content_type": "image/jpeg", "size": 10_000}])
    media_id = created["uploads"][0]["media_id"]
    version = cloud.add_medium(created["id"], media_id)
    close(created)
    change_report(created["id"], 2, status="in_progress")
    close(created, 3, "no_action")
    by_reporter("DELETE", created)
    close_hour()

    assert events_of(created) == [
        "filed",
        "content",
        "evidence",
        "closed",
        "reopened",
        "closed",
        "withdrawn",
    ]
    evidence = proof_of(created)["leaves"][2]
    named = json.loads(bytes.fromhex(evidence["data"]))
    assert named[:3] == [media_id, version, "sha256"]
    assert check(receipt=created["receipt"]).text.startswith("Filed; withdrawn lawfully at")


def test_a_report_that_is_closed_before_officers_were_notified_is_filed_all_the_same() -> None:
    created = file()
    close(created)
    assert events_of(created) == ["filed", "content", "closed"]
    cloud.stream(cloud.all_keys())
    assert events_of(created) == ["filed", "content", "closed"]

    other = file()
    by_reporter("DELETE", other)
    assert events_of(other) == ["filed", "content", "withdrawn"]


def test_a_confirmed_malicious_report_is_recorded_as_such() -> None:
    created = filed()
    close(created, disposition="malicious")
    by_second_officer(created, "/closing/confirm")

    closings = [
        bytes.fromhex(leaf["data"]).decode()
        for leaf in proof_of(created)["leaves"]
        if leaf["event"] == Event.CLOSED
    ]
    assert closings == ["malicious"]


def test_a_report_that_is_closed_without_end_can_still_be_withdrawn() -> None:
    created = filed()
    head = cloud.head(created["id"])
    many = [Leaf(Event.REOPENED, n, bytes(4), "2026-01-01T00").as_row() for n in range(498)]
    more = [*head.row["leaves"], *many]
    wiring.reports().table.update(Update(head.row["pk"], "HEAD", put={"leaves": more}))

    close(created)
    path = f"/v1/officer/reports/{created['id']}"
    for body in ({"status": "in_progress"}, {"disposition": "no_action"}):
        refused = call("PATCH", path, body, officer="wang", version=2)
        assert refused.refusal == (409, "too_many_steps")
    assert by_reporter("DELETE", created).status == 204
    assert events_of(created)[-1] == "withdrawn"


def test_a_drill_is_in_no_ledger() -> None:
    created = filed(source="drill")
    close(created)
    by_reporter("DELETE", created)
    assert proof_of(created) | {"latest": None} == {
        "report_id": created["id"],
        "ledger_id": None,
        "latest": None,
        "leaves": [],
        "heads": [],
    }


def test_a_closed_hour_can_be_kept_for_good() -> None:
    assert call("GET", "/v1/ledger/2026-01-01T00").status == 404
    assert call("GET", "/v1/ledger/..%2Fdigests").status == 404
    hour = close_hour()

    reply = call("GET", f"/v1/ledger/{hour}")
    assert (reply.status, reply.headers["cache-control"]) == (
        200,
        "public, max-age=31536000, immutable",
    )
    again = call("GET", f"/v1/ledger/{hour}", headers={"If-None-Match": reply.headers["etag"]})
    assert again.status == 304
    close_hour()
    assert call("GET", f"/v1/ledger/{hour}").text == reply.text
    latest = call("GET", "/v1/ledger").json
    assert latest["latest"]["head"]["hour"] > hour
    assert latest["first"] <= hour


def test_the_ledger_holds_no_word_and_no_id_of_a_report() -> None:
    created = filed(text="CANARY in the courtyard")
    close(created)
    close_hour()

    published = json.dumps(public_hours())
    keys = ReceiptKeys.of(created["receipt"])
    for known in (created["id"], created["reference"], created["receipt"], "CANARY", "resolved"):
        assert known not in published
    assert keys.ledger_id.hex() not in published
    rows = [sk for pk, sk in cloud.all_keys() if pk.startswith("LEDGER#")]
    assert len(rows) == 3
    assert report_partition(created["id"]) not in str(rows)
