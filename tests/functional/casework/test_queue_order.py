"""The order of the list by attention: high stands directly below critical, whatever else comes."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from tests import cloud
from tests.client import call, change_report
from tests.steps import by_officer, file, write

pytestmark = pytest.mark.officers("wang", "li")

HIGH, CRITICAL = "missing_elderly", "child_abduction"
OFFICERS = "/v1/officer/reports"


def file_next(category: str = HIGH, **more: Any) -> dict[str, Any]:
    """File a report, each a second after the one before."""
    wiring.clock.advance(timedelta(seconds=1))
    return file(category, **more)


def listed(query: str = "limit=50", sort: str = "attention") -> list[str]:
    path = f"{OFFICERS}?sort={sort}&fold=none&{query}"
    return [each["id"] for each in call("GET", path, officer="wang").expect(200)["items"]]


def ids(*created: Mapping[str, Any]) -> list[str]:
    return [each["id"] for each in created]


def acknowledged(category: str, *, unread: bool = False) -> dict[str, Any]:
    created = file_next(category)
    change_report(created["id"], 1, status="acknowledged")
    if unread:
        write(created)
    return created


def closed(*, held: bool = False) -> dict[str, Any]:
    created = file_next("other")
    if held:
        until = (wiring.clock.now() + timedelta(days=9)).isoformat()
        body = {"reason": "A court asks.", "until": until}
        by_officer("POST", created, "/hold", body).expect(201)
    words = {"status": "closed", "disposition": "resolved", "reason": "It is done."}
    change_report(created["id"], 1, **words)
    return created


def test_missing_old_people_stand_directly_below_what_is_critical() -> None:
    for number in range(60):
        file_next("other" if number % 2 else "traffic_violation")
    missing = [file_next()["id"] for _ in range(2)]
    critical = file_next(CRITICAL)["id"]
    for number in range(65):
        file_next("other" if number % 2 else "lost_and_found")
    missing += [file_next()["id"] for _ in range(3)]

    for query in ("limit=50", "limit=50&needs_action=true", "limit=50&assignee=none"):
        assert listed(query)[:6] == [critical, *missing], query


def test_the_list_has_the_order_that_officers_read_of() -> None:
    late = file_next("lost_and_found")
    cloud.go_on()
    cloud.sweep(timedelta(hours=25))
    late_high = file_next()
    cloud.go_on()
    cloud.sweep(timedelta(minutes=31))
    low = file_next("other")
    change_report(low["id"], 1, urgency="low")
    drill = file_next(CRITICAL, source="drill")
    normal, written, high = file_next("other"), file_next("other"), file_next()
    write(written)
    of_high = [acknowledged(HIGH, unread=unread) for unread in (False, True)]
    of_critical = [acknowledged(CRITICAL, unread=unread) for unread in (False, True)]
    ended, awaiting = closed(), closed(held=True)
    write(ended)
    critical = file_next(CRITICAL)

    order = [critical, late_high, high, *reversed(of_critical), *reversed(of_high)]
    order += [late, written, ended, normal, low, drill, awaiting]
    assert listed() == ids(*order)


def test_what_is_overdue_leads_the_rank_of_high_also_before_what_is_older() -> None:
    older = file_next("other")
    wiring.clock.advance(timedelta(minutes=20))
    late, later = file_next(), file_next()
    cloud.go_on(timedelta(minutes=20))
    change_report(older["id"], 1, urgency="high")
    cloud.go_on(timedelta(minutes=12))
    new, critical = file_next(), file_next(CRITICAL)
    assert listed() == ids(critical, late, later, older, new)


def test_an_overdue_report_that_an_officer_takes_gives_its_place_to_what_waits() -> None:
    late = file_next()
    cloud.go_on()
    cloud.sweep(timedelta(minutes=31))
    new, junk = file_next(), file_next("other")
    assert listed() == ids(late, new, junk)
    by_officer("PATCH", late, "", {"status": "acknowledged"}, version=1).expect(200)
    assert listed() == ids(new, late, junk)


def test_more_urgent_or_less_moves_a_report_at_once() -> None:
    first, second, third = file_next("other"), file_next("other"), file_next("other")
    change_report(third["id"], 1, urgency="high")
    assert listed() == ids(third, first, second)
    change_report(first["id"], 1, urgency="low")
    assert listed() == ids(third, second, first)
    change_report(third["id"], 2, urgency="normal")
    assert listed() == ids(second, third, first)
