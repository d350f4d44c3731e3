"""All steps of case work: which are legal, what each changes, and which task follows."""

import json
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.reports.report import OPEN_STATUSES, Disposition, Report, Status
from chalicelib.domain.reports.workflow import (
    TRANSITIONS,
    Change,
    change,
    confirm,
    differences,
    task_after,
)
from chalicelib.kernel import errors
from chalicelib.kernel.outbox import ACKNOWLEDGE_WITHIN, OutboxTask, TaskKind, escalate, notify
from tests.stored import stored_report

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
ENDING: dict[str, Any] = {"disposition": "resolved", "reason": "Seen to."}


def report(status: Status = Status.NEW, **more: Any) -> Report:
    closed = (
        {"closed_at": NOW, "disposition": "resolved", "sealed_reason": b"Done."}
        if status is Status.CLOSED
        else {}
    )
    return stored_report(NOW, **{"body_hash": "h", "status": status, **closed, **more})


def wanted(**fields: Any) -> Change:
    return Change.model_validate_json(json.dumps(fields))


@pytest.mark.parametrize(("before", "target"), list(product(Status, Status)))
def test_every_step_is_legal_or_refused_with_those_that_are(before: Status, target: Status) -> None:
    step = wanted(status=target.value, **(ENDING if target is Status.CLOSED else {}))
    if target in TRANSITIONS[before] or (target is before and before is not Status.WITHDRAWN):
        assert change(report(before), step, by="wang", now=NOW).status is target
        return
    with pytest.raises(errors.Conflict) as refused:
        change(report(before), step, by="wang", now=NOW)
    assert refused.value.code == "illegal_transition"
    assert refused.value.params["legal"] == ", ".join(TRANSITIONS[before])


def test_nothing_leads_back_to_new_nor_out_of_withdrawn() -> None:
    assert not any(
        Status.NEW in targets or Status.WITHDRAWN in targets for targets in TRANSITIONS.values()
    )
    assert TRANSITIONS[Status.WITHDRAWN] == ()


@pytest.mark.parametrize("field", ["status", "reason", "category", "urgency"])
def test_only_an_assignee_a_link_and_what_waits_can_be_taken_away(field: str) -> None:
    with pytest.raises(ValidationError):
        wanted(**{field: None})
    assert change(report(assignee="li"), wanted(assignee=None), by="wang", now=NOW).assignee is None
    assert (
        change(report(duplicate_of="B"), wanted(duplicate_of=None), by="wang", now=NOW).duplicate_of
        is None
    )


steps = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from([status.value for status in Status]),
        "disposition": st.sampled_from([*(each.value for each in Disposition), None]),
        "reason": st.just("Because."),
        "assignee": st.sampled_from(["wang", "li", None]),
        "category": st.sampled_from(["other", "traffic_violation", "lost_and_found"]),
        "urgency": st.sampled_from([urgency.value for urgency in Urgency]),
    },
)


@given(
    taken=st.lists(st.tuples(steps, st.sampled_from(["wang", "li"]), st.booleans()), max_size=15)
)
def test_whatever_officers_do_a_report_stays_in_order(
    taken: list[tuple[dict[str, Any], str, bool]],
) -> None:
    """`taken` are steps, each with its officer, and whether the officer then tries to confirm."""
    existing, now, accepted = report(), NOW, 0
    task: OutboxTask | None = notify(NOW)
    for fields, by, confirms in taken:
        now += timedelta(minutes=1)
        before = existing
        try:
            existing = change(existing, wanted(**fields), by=by, now=now)
            accepted += 1
            assert set(differences(before, existing)) <= {
                *fields,
                *({"urgency"} if "category" in fields else ()),  # raised, where its kind demands it
                "status",
                "disposition",
                "reason",
                "proposal",
            }
            if existing.proposal == before.proposal:
                assert (existing.unread, existing.unread_media) == (0, 0)
        except errors.Refused:
            assert existing is before
        if confirms:
            try:
                proposal, existing = existing.proposal, confirm(existing, now=now)
                assert proposal is not None
                assert existing.proposal is None
                accepted += 1
            except errors.Refused:
                pass
        task = task_after(existing, task, now)

        closed = existing.status is Status.CLOSED
        assert existing.version == 1 + accepted
        assert (existing.closed_at is not None) is closed
        assert (existing.decided_at is not None) is closed
        assert (existing.disposition is not None) is closed
        assert (existing.status is Status.NEW) is (existing.acknowledged_at is None)
        assert before.acknowledged_at in (None, existing.acknowledged_at)
        assert existing.first_category in (None, "other")
        assert (task is not None and task.kind is TaskKind.EXPIRE) is closed
        assert (
            task is None
            or task.kind is not TaskKind.ESCALATE
            or (existing.status, existing.urgency) == (Status.NEW, Urgency.CRITICAL)
        )


@pytest.mark.parametrize(
    ("disposition", "fields", "all_take_two"),
    [
        ("malicious", {}, False),
        ("unfounded", {}, False),
        *((each.value, {"urgency": Urgency.CRITICAL}, False) for each in Disposition),
        ("resolved", {"was_critical": True}, False),
        ("resolved", {}, True),
    ],
)
def test_some_ends_are_never_one_officers_word(
    disposition: str, fields: dict[str, Any], all_take_two: bool
) -> None:
    link = {"duplicate_of": "R"} if disposition == "duplicate" else {}
    closing = wanted(status="closed", disposition=disposition, reason="Because.", **link)
    proposed = change(report(**fields), closing, by="wang", now=NOW, all_take_two=all_take_two)
    waits = {"version", "proposal"}
    assert proposed.model_dump(exclude=waits) == report(**fields).model_dump(exclude=waits)
    closed = confirm(proposed, now=NOW)
    assert (closed.disposition, closed.status) == (disposition, Status.CLOSED)


def test_another_disposition_or_a_refusal_ends_a_proposal() -> None:
    closing = wanted(status="closed", disposition="malicious", reason="Because.")
    proposed = change(report(), closing, by="wang", now=NOW)
    other = wanted(status="closed", disposition="no_action", reason="Because.")
    refused = wanted(disposition=None, reason="He is gone.")
    for step in (other, refused):
        with pytest.raises(errors.Conflict):
            confirm(change(proposed, step, by="li", now=NOW), now=NOW)
    assert change(proposed, wanted(status="in_progress"), by="li", now=NOW).proposal


def test_the_pending_task_follows_the_step() -> None:
    critical = report(urgency=Urgency.CRITICAL)
    escalating = escalate(NOW + ACKNOWLEDGE_WITHIN)

    assert task_after(critical, None, NOW) == escalating
    assert task_after(critical, escalating, NOW + timedelta(minutes=1)) == escalating
    assert task_after(report(), escalating, NOW) is None
    taken = report(Status.ACKNOWLEDGED, urgency=Urgency.CRITICAL)
    assert task_after(taken, escalating, NOW) == escalating  # by who has not opened it
    assert task_after(taken.model_copy(update={"attended": True}), escalating, NOW) is None
    assert task_after(report(Status.ACKNOWLEDGED), notify(NOW), NOW) == notify(NOW)
    assert task_after(report(Status.CLOSED), notify(NOW), NOW) == OutboxTask(
        TaskKind.EXPIRE, NOW + timedelta(days=90)
    )


def test_open_statuses_are_those_that_can_still_be_closed() -> None:
    assert {
        status for status, targets in TRANSITIONS.items() if Status.CLOSED in targets
    } == OPEN_STATUSES
