"""A step on the reports that an officer has chosen in a list is as safe as on one."""

from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.store.audit.rows import Action
from tests import cloud
from tests.client import Reply, call, new_key
from tests.faults import inject
from tests.functional.casework.test_incident_steps import (
    ACKNOWLEDGE,
    CLOSE,
    changes,
    left,
    read_all,
)
from tests.functional.reports.test_ends import MEDIA, settled
from tests.steps import by_officer, by_reporter, file, head, mine, opened, write

pytestmark = pytest.mark.officers("wang", "li", zhao={"categories": ("other",)})


def on(
    *reports: Mapping[str, Any],
    officer: str = "wang",
    version: int = 1,
    key: str | None = None,
    **body: Any,
) -> Reply:
    body["reports"] = [{"id": each["id"], "version": version} for each in reports]
    return call("POST", "/v1/officer/reports/steps", body, officer=officer, key=key)


ASSIGN: dict[str, Any] = {"assignee": "li", "skip_unread": False}


def test_each_is_changed_by_the_version_that_was_seen_and_on_record() -> None:
    first, second, third = file(), file(), file()
    by_officer("PATCH", second, "", {"urgency": "high"}, version=1)
    reply = on(first, second, third, **ASSIGN)
    assert (reply.json["done"], left(reply)) == (2, {second["id"]: "stale_version"})
    assert [head(each).get("assignee") for each in (first, second, third)] == ["li", None, "li"]
    assert [changes(each)[-1] for each in (first, third)] == ["change", "change"]


def test_what_was_assigned_is_given_back_unless_a_colleague_was_faster() -> None:
    first, second = file(), file()
    before = head(first)
    on(first, second, **ASSIGN)
    by_officer("PATCH", second, "", ACKNOWLEDGE, officer="li", version=2)
    reply = on(first, second, version=2, assignee=None, skip_unread=False)
    assert left(reply) == {second["id"]: "stale_version"}
    same = before.keys() - {"version", "listed", "updated_at"}
    assert {name: head(first).get(name) for name in same} == {name: before[name] for name in same}


def test_no_end_is_set_without_reading() -> None:
    read, unread, written, critical = file(), file(), file(), file("child_abduction")
    read_all(read, written)
    write(written)
    reply = on(read, unread, written, critical, **CLOSE)
    assert left(reply) == {
        unread["id"]: "not_read",
        written["id"]: "new_message",
        critical["id"]: "not_read",
    }
    assert opened(read)["disposition"] == "resolved"
    anew = on(read, version=2, **CLOSE | {"disposition": "no_action"})
    assert left(anew) == {read["id"]: "illegal_transition"}
    assert opened(read)["disposition"] == "resolved"


@pytest.mark.parametrize("step", [CLOSE, {"category": "other"}, {"urgency": "low"}])
def test_many_of_a_category_that_is_never_limited_take_reading(step: dict[str, Any]) -> None:
    unread = file()
    assert left(on(unread, **step, skip_unread=False)) == {unread["id"]: "not_read"}
    assert left(on(unread, **ASSIGN)) == {}


def test_a_picture_that_came_after_the_closing_stays_unread() -> None:
    created = file("other", **MEDIA)
    opened(created)
    on(created, **CLOSE)
    cloud.add_medium(created["id"], created["uploads"][0]["media_id"])
    settled()
    assert left(on(created, version=2, **ASSIGN)) == {created["id"]: "new_message"}
    assert head(created)["unread_media"] == 1


def test_what_is_out_of_scope_is_left_and_on_record() -> None:
    created = file()
    reply = on(created, {"id": "0" * 26}, officer="zhao", **ASSIGN)
    assert set(left(reply).values()) == {"not_found"}
    assert head(created).get("assignee") is None
    assert changes(created)[-1] == Action.DENIED


def test_at_most_500_are_named_and_something_is_to_change() -> None:
    created = file()
    assert on(created).status == 422
    assert on(*[created] * 501, **ASSIGN).status == 422


def test_a_message_alone_is_for_the_version_that_was_seen_too() -> None:
    created = file()
    opened(created)
    by_officer("PATCH", created, "", {"urgency": "normal"}, version=1)
    assert left(on(created, message="A patrol is coming.")) == {created["id"]: "stale_version"}
    assert mine(created)["messages"] == []


def test_a_message_that_is_not_filled_in_stops_the_step_of_all() -> None:
    created = file()
    opened(created)
    reply = on(created, **ACKNOWLEDGE, message="We come to {place}.")
    assert reply.wrong[0][1] == "placeholder_left"
    assert head(created)["status"] == "new"


def test_a_key_of_another_message_stops_the_step_before_it_is_taken() -> None:
    created, key = file(), new_key()
    opened(created)
    on(created, message="A patrol is on its way.", key=key)
    again = {**ACKNOWLEDGE, "message": "A patrol is there.", "version": head(created)["version"]}
    assert left(on(created, **again, key=key)) == {created["id"]: "key_reused"}
    assert head(created)["status"] == "new"
    on(created, **again, key=new_key())
    assert head(created)["status"] == "acknowledged"


def test_a_place_that_comes_while_a_message_is_sent_stays_unread() -> None:
    created = file()
    opened(created)
    place = {"lat": 39.9, "lon": 116.4}
    with inject.meanwhile(lambda: by_reporter("POST", created, "/positions", place)):
        reply = on(created, message="A patrol is on its way.")
    assert left(reply) == {created["id"]: "new_message"}
    assert head(created)["unread"] == 1
    assert not head(created).get("messages")


def test_no_message_is_written_to_a_report_that_is_withdrawn_in_between() -> None:
    created = file()
    opened(created)
    with inject.meanwhile(lambda: by_reporter("DELETE", created)):
        reply = on(created, message="A patrol is on its way.")
    assert left(reply) == {created["id"]: "withdrawn"}
    assert not head(created).get("messages")
