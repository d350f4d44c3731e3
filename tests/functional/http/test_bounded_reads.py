"""What anybody can make long is read a bounded part at a time."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.services.bulletins.queries import count_leads
from chalicelib.store.audit import rows as audit
from chalicelib.store.audit.rows import Action, Entry, of_report
from tests import cloud
from tests.client import call, change_report, new_key, report

pytestmark = pytest.mark.usefixtures("aws", "clean")


def fill(created: Mapping[str, Any], count: int) -> None:
    """Add so many entries to the history of a report."""
    subject, now = of_report(created["id"]), wiring.clock.now()
    for number in range(count):
        wiring.audit().write(Entry(subject, "li", Action.OPEN, now, {"step": f"{number}"}))


def file(**more: Any) -> dict[str, Any]:
    cloud.officer("wang")
    made: dict[str, Any] = call("POST", "/v1/reports", report(**more), key=new_key()).json
    return made


def pages(created: Mapping[str, Any], officer: str = "wang") -> Iterator[list[dict[str, Any]]]:
    path = cursor = f"/v1/officer/reports/{created['id']}/history"
    while cursor:
        reply = call("GET", path, officer=officer)
        assert reply.status == 200, reply.text
        yield reply.json["items"]
        cursor = reply.json["next_cursor"]
        path = f"/v1/officer/reports/{created['id']}/history?cursor={cursor}"


def test_a_long_history_comes_in_pages_with_each_entry_once() -> None:
    created = file()
    fill(created, 2 * audit.PAGE)

    found = list(pages(created))
    assert [len(page) for page in found[:2]] == [audit.PAGE] * 2
    assert {each["detail"].get("step") for page in found[:2] for each in page} == {
        f"{number}" for number in range(2 * audit.PAGE)
    }
    # The reads themselves: each is on record when its page is read.
    assert [each["by"] for each in found[2]] == ["wang"] * 3


def test_the_old_reason_is_known_across_pages() -> None:
    created = file()
    change_report(created["id"], 1, status="closed", disposition="resolved", reason="First.")
    fill(created, audit.PAGE)
    change_report(created["id"], 2, reason="Second.", disposition="no_action")

    steps = [each["detail"] for page in pages(created) for each in page]
    reasons = [
        detail["fields"]["reason"] for detail in steps if "reason" in detail.get("fields", {})
    ]
    assert reasons == [{"old": None, "new": "First."}, {"old": "First.", "new": "Second."}]


def test_a_cursor_of_a_history_is_for_its_report_and_officer() -> None:
    created, other = file(), file()
    cloud.officer("li")
    fill(created, audit.PAGE)
    path = f"/v1/officer/reports/{created['id']}/history"
    cursor = call("GET", path, officer="wang").json["next_cursor"]

    assert call("GET", f"{path}?cursor={cursor}", officer="wang").status == 200
    assert call("GET", f"{path}?cursor={cursor}", officer="li").status == 400
    elsewhere = f"/v1/officer/reports/{other['id']}/history"
    assert call("GET", f"{elsewhere}?cursor={cursor}", officer="wang").status == 400


def test_the_leads_of_a_bulletin_are_counted_to_a_limit() -> None:
    cloud.officer("wang")
    cloud.officer("li")
    draft = {"channel": "key_cases", "title": {"zh": "寻人"}, "body": {"zh": "寻人"}}
    made = call("POST", "/v1/officer/bulletins", draft, officer="wang").json
    path = f"/v1/officer/bulletins/{made['id']}"
    tag = {"If-Match": f'"{made["version"]}"'}
    assert call("POST", f"{path}/approve", officer="li", headers=tag).status == 200
    for _ in range(4):
        file(bulletin_id=made["id"])

    def counted(most: int) -> int:
        return count_leads(
            made["id"], reports=wiring.reports(), catalogue=wiring.catalogue(), most=most
        )

    assert [counted(most) for most in (1, 3, 4, 9)] == [1, 3, 4, 4]
    assert call("GET", path, officer="wang").json["leads"] == 4
