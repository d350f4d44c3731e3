"""Steps that many tests take: what reporters and officers do, through the public doors."""

from collections.abc import Mapping
from typing import Any

from chalicelib import wiring
from chalicelib.domain.reports.measures import Sent, SentState
from chalicelib.store.reports.heads import update_head
from tests import cloud
from tests.client import Reply, call, new_key, read_and_approve, report


def file(category: str = "missing_elderly", **more: Any) -> dict[str, Any]:
    """File a report, and return the response. Fails unless it is created."""
    return dict(call("POST", "/v1/reports", report(category, **more), key=new_key()).expect(201))


def file_and_notify(category: str = "missing_elderly", **more: Any) -> dict[str, Any]:
    """File a report, and let officers be notified of it."""
    created = file(category, **more)
    cloud.stream(cloud.all_keys())
    return created


def by_reporter(
    method: str, created: Mapping[str, Any], below: str = "", body: Any = None, **more: Any
) -> Reply:
    """Send a reporter's request about their report, with its receipt."""
    path = f"/v1/reports/{created['id']}{below}"
    return call(method, path, body, receipt=created["receipt"], **more)


def by_officer(
    method: str,
    created: Mapping[str, Any],
    below: str = "",
    body: Any = None,
    *,
    officer: str = "wang",
    **more: Any,
) -> Reply:
    """Send an officer's request about a report."""
    path = f"/v1/officer/reports/{created['id']}{below}"
    return call(method, path, body, officer=officer, **more)


def by_second_officer(created: Mapping[str, Any], below: str, officer: str = "li") -> Reply:
    """Let an officer read what waits of a report, and approve it."""
    return read_and_approve(f"/v1/officer/reports/{created['id']}{below}", officer)


def mine(created: Mapping[str, Any], language: str = "en") -> Any:
    """Return the report as its reporter reads it."""
    headers = {"Accept-Language": language}
    return call("GET", "/v1/reports/mine", receipt=created["receipt"], headers=headers).json


def opened(created: Mapping[str, Any], officer: str = "wang", below: str = "") -> Any:
    """Return the report, or what is below it, as an officer opens it. Fails unless they may."""
    return by_officer("GET", created, below, officer=officer).expect(200)


def write(created: Mapping[str, Any], text: str = "It is still there.") -> None:
    """Let the reporter write a message. Fails unless it is accepted."""
    by_reporter("POST", created, "/messages", {"text": text}).expect(201)


def head(created: Mapping[str, Any]) -> dict[str, Any]:
    """Return the HEAD of a report, as it is stored."""
    found = wiring.reports().head(created["id"])
    assert found is not None
    return found.row


def leave_by_hand(report_id: str) -> None:
    """Let an agency have taken nothing of what waits for approval."""
    case = wiring.reports().case(report_id)
    assert case
    referrals = case.head.referrals
    assert referrals.pending
    sent = Sent(reference="R", at=wiring.clock.now(), state=SentState.BY_HAND)
    passed_on = referrals.approved(referrals.pending).with_sent(referrals.last, sent)
    put = {"referrals": passed_on.model_dump(exclude_none=True)}
    wiring.reports().table.update(update_head(report_id, put=put))
