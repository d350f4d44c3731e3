"""The ends of reports in the ledger: the lawful ones, and those that an owner would like."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.audit.seals import HOUR, hour_of, start_of
from examples.verify_receipt import DISPOSITIONS, Event, Ledger, judge, of_receipt
from tests import cloud
from tests.client import call
from tests.conftest import empty, examples
from tests.ledger import Verify, close, close_hour, events_of, filed, pass_days, public_hours
from tests.steps import by_second_officer

pytestmark = pytest.mark.officers("wang", "li")

RECEIPT = "7H2K9QXW3M5R8T1V4Y6Z0ABCDE"
START = start_of("2026-03-01T08")


def test_the_tombstone_keeps_no_evidence() -> None:
    created = filed(media=[{"content_type": "image/jpeg", "size": 10_000}])
    media_id = created["uploads"][0]["media_id"]
    cloud.add_medium(created["id"], media_id)
    assert "evidence" in events_of(created)
    close(created)
    cloud.sweep(timedelta(days=91))

    assert events_of(created) == ["filed", "content", "closed", "expired"]
    head = cloud.head(created["id"])
    assert media_id not in str(head.row)


def _under_the_hour_of(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {**other, "head": other["head"] | {"hour": one["head"]["hour"]}}


# What an owner may try ---------------------------------------------------------------------------


@st.composite
def forgeries(draw: st.DrawFn) -> Ledger:
    """Draw a ledger to which an owner, who knows all but the receipt, has added what breaks a rule.

    The report was filed in the first hour. Each entry is a leaf and the hour of its head.
    """
    own = of_receipt(RECEIPT)
    day = st.integers(0, 200)
    days = sorted(draw(st.lists(day, max_size=3)))
    closings = [(at, draw(st.sampled_from(DISPOSITIONS))) for at in days]
    kept = [30 if disposition in ("unfounded", "malicious") else 90 for _, disposition in closings]
    leaves = {own.leaf(Event.FILED, 0, own.filed or b""): hour_of(START)}

    def add(leaf: bytes, days: float) -> None:
        leaves.setdefault(leaf, hour_of(START + timedelta(days=days)))

    for n, (at, disposition) in enumerate(closings):
        add(own.leaf(Event.CLOSED, n, disposition.encode()), at)
    if draw(st.booleans()):
        # A withdrawal needs what only the receipt gives.
        add(own.leaf(Event.WITHDRAWN, 0, draw(st.binary(min_size=32, max_size=32))), draw(day))
    last, keep = (closings[-1][0], kept[-1]) if closings else (0, 200)
    if draw(st.booleans()) and closings:
        # A reopening after which nothing was closed, or only on paper.
        reopened = draw(st.integers(last, 200))
        add(own.leaf(Event.REOPENED, 0, len(closings).to_bytes(4, "big")), reopened)
        expired: float = draw(st.integers(0, 400))
    else:
        # Too early, at the same time, or before.
        expired = draw(st.integers(0, last + keep - 1))
    add(own.leaf(Event.EXPIRED, 0), expired)
    return Ledger({hour_of(START + timedelta(days=600)): {}}, leaves)


@settings(max_examples=examples(100))
@given(forgeries())
def test_no_forged_end_is_lawful(ledger: Ledger) -> None:
    for gone in (True, False):
        answer = judge(of_receipt(RECEIPT), ledger, gone=gone)
        assert (answer.code, answer.sentence) == (1, "Filed, and no lawful end is on record.")


def test_a_closing_that_was_recorded_ahead_counts_from_the_reopening() -> None:
    own = of_receipt(RECEIPT)
    leaves = {
        own.leaf(Event.FILED, 0, own.filed or b""): hour_of(START),
        own.leaf(Event.CLOSED, 0, b"unfounded"): hour_of(START),
        own.leaf(Event.CLOSED, 1, b"unfounded"): hour_of(START),
        own.leaf(Event.REOPENED, 0, (1).to_bytes(4, "big")): hour_of(START + timedelta(days=40)),
    }
    for days, lawful in ((41, False), (69, False), (71, True)):
        expired = {own.leaf(Event.EXPIRED, 0): hour_of(START + timedelta(days=days))}
        ledger = Ledger({hour_of(START + timedelta(days=600)): {}}, leaves | expired)
        assert (judge(own, ledger, gone=True).code == 0) is lawful


@pytest.mark.parametrize(
    ("end", "days", "lawful"),
    [
        ((Event.CLOSED, b"resolved"), 90, True),
        ((Event.CLOSED, b"resolved"), 89, False),
        ((Event.CLOSED, b""), 89, False),
        ((Event.CLOSED, b"unfounded"), 30, True),
        ((Event.CLOSED, b"unfounded"), 29, False),
        ((Event.WITHDRAWN, None), 30, True),
        ((Event.WITHDRAWN, None), 29, False),
    ],
)
def test_a_deletion_is_lawful_when_the_retention_is_over(
    end: tuple[Event, bytes | None], days: int, lawful: bool
) -> None:
    own = of_receipt(RECEIPT)
    event, data = end
    leaves = {
        own.leaf(Event.FILED, 0, own.filed or b""): hour_of(START),
        own.leaf(event, 0, own.secret or b"" if data is None else data): hour_of(START + HOUR),
        own.leaf(Event.EXPIRED, 0): hour_of(START + HOUR + timedelta(days=days)),
    }
    ledger = Ledger({hour_of(START + timedelta(days=600)): {}}, leaves)
    assert (judge(own, ledger, gone=True).code == 0) is lawful


def test_an_owner_who_deletes_everything_cannot_hide_that_it_was_filed(check: Verify) -> None:
    receipts = [filed()["receipt"] for _ in range(3)]
    close_hour()
    empty()
    close_hour()

    for receipt in receipts:
        assert call("GET", "/v1/reports/mine", receipt=receipt).status == 404
        assert check(receipt=receipt, gone=True).text.startswith(
            "Filed, and no lawful end is on record."
        )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda hours: hours.pop(1), "the copy lacks the head of"),
        (lambda hours: hours[1]["head"].update(root="00" * 32), "signature of the head of"),
        (lambda hours: hours[1].update(leaves=hours[2]["leaves"]), "not those of its head"),
        (lambda hours: hours[1].update(leaves=hours[1]["leaves"][:-44]), "are not 64"),
        (lambda hours: hours.append(_under_the_hour_of(hours[1], hours[2])), "two different heads"),
    ],
    ids=["left out", "root", "leaves", "fewer leaves", "two heads"],
)  # fmt: skip
def test_an_altered_copy_is_not_valid(
    check: Verify, change: Callable[[Any], object], said: str
) -> None:
    created = filed()
    for _ in range(3):
        close_hour()
    hours = public_hours()[-3:]
    assert check(hours, receipt=created["receipt"]).code == 0

    change(hours)
    found = check(hours, receipt=created["receipt"])
    assert found.code == 2
    assert said in found.text


@pytest.mark.thorough  # a month of hours is closed, one by one
def test_a_report_that_was_deleted_in_time_ended_lawfully(check: Verify) -> None:
    created = filed()
    close(created, disposition="unfounded")
    by_second_officer(created, "/closing/confirm")
    close_hour()
    pass_days(30)
    cloud.sweep()
    close_hour()

    assert call("GET", "/v1/reports/mine", receipt=created["receipt"]).status == 410
    for gone in ({}, {"gone": True}):
        found = check(receipt=created["receipt"], **gone)
        assert (found.code, found.text[:22]) == (0, "Filed; expired lawfull")
    assert events_of(created) == ["filed", "content", "closed", "expired"]
