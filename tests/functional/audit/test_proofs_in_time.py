"""A proof says what it is worth: complete, complete by a time that is kept, or late."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.kernel import times
from tests import cloud
from tests.faults import inject
from tests.ledger import Verify, close_hour, filed, leaves_of, proof_of, public_hours
from tests.steps import file

pytestmark = pytest.mark.usefixtures("aws")


def deliver() -> Any:
    """Deliver what the stream has, as Lambda does within seconds."""
    return cloud.stream(cloud.all_keys())


def is_whole(proof: Mapping[str, Any]) -> bool:
    return len(proof["leaves"]) == 2 and all("path" in leaf for leaf in proof["leaves"])


def test_right_after_the_response_a_proof_says_when_it_will_be_complete() -> None:
    created = file()
    proof = proof_of(created)
    assert [leaf["event"] for leaf in proof["leaves"]] == [1, 2]
    assert not is_whole(proof)
    assert "late" not in proof
    due = times.parse(proof["complete_by"])

    deliver()
    assert proof_of(created)["complete_by"] == proof["complete_by"]
    close_hour()
    assert wiring.clock.now() < due
    assert is_whole(proof_of(created))


def test_while_sns_is_down_every_report_is_in_the_ledger_in_time(check: Verify) -> None:
    with inject.sns_down():
        created = [filed() for _ in range(5)]
        close_hour()
        proofs = [proof_of(each) for each in created]
    assert all(is_whole(proof) and "complete_by" not in proof for proof in proofs)
    assert all(check(receipt=each["receipt"]).text.startswith("Filed, open.") for each in created)


@pytest.mark.parametrize("hours", [1, 3, 6])
def test_when_its_notice_goes_out_later_a_proof_stays_whole(hours: int) -> None:
    with inject.sns_down():
        created = filed()
        for _ in range(hours):
            close_hour()
    before = proof_of(created)["leaves"]
    assert is_whole({"leaves": before})
    cloud.sweep()
    assert proof_of(created)["leaves"] == before
    for _ in range(3):
        close_hour()
    assert proof_of(created)["leaves"] == before
    wanted = {bytes.fromhex(leaf["leaf"]) for leaf in before}
    closed = [each["head"]["hour"] for each in public_hours()]
    assert [hour for hour in closed if wanted & leaves_of(hour)] == [before[0]["hour"]]


def test_what_the_stream_has_lost_is_filed_with_a_late_notice() -> None:
    created = file()
    for _ in range(6):
        close_hour()
    assert not is_whole(proof_of(created))
    cloud.sweep()
    for _ in range(3):
        close_hour()
    assert is_whole(proof_of(created))


def test_in_a_burst_no_leaf_waits_for_its_digest() -> None:
    created = [file(category="child_abduction") for _ in range(40)]
    deliver()
    close_hour()
    assert all(is_whole(proof_of(each)) for each in created)


def test_a_report_whose_files_are_still_coming_is_in_the_ledger_in_time() -> None:
    created = filed(media=[{"content_type": "image/jpeg", "size": 9}])
    close_hour()
    assert is_whole(proof_of(created))


def test_what_is_not_in_the_ledger_when_it_should_be_is_late(
    caplog: pytest.LogCaptureFixture,
) -> None:
    created = file()  # The stream never delivers it.
    due = times.parse(proof_of(created)["complete_by"])
    minute = timedelta(minutes=1)
    wiring.clock.advance(due - wiring.clock.now() - minute)
    assert "late" not in proof_of(created)
    assert not caplog.messages.count("proof_late")
    wiring.clock.advance(minute)
    proof = proof_of(created)
    assert (proof["late"], times.parse(proof["complete_by"])) == (True, due)
    assert caplog.messages.count("proof_late") == 1

    cloud.sweep()
    assert proof_of(created)["late"]
    close_hour()
    assert "late" not in proof_of(created)
    assert is_whole(proof_of(created))


def test_a_batch_whose_leaves_cannot_be_written_comes_again() -> None:
    created = file()
    with inject.without("LEDGER#", "dynamodb.BatchWriteItem"):
        assert deliver()["batchItemFailures"]
    # Its officers were notified all the same, and that records it, too.
    close_hour()
    assert is_whole(proof_of(created))


def test_leaves_that_are_written_twice_are_one() -> None:
    created = filed()
    deliver()
    deliver()
    close_hour()
    assert is_whole(proof_of(created))
    head = public_hours()[-1]["head"]
    assert len(leaves_of(head["hour"])) == head["size"]
