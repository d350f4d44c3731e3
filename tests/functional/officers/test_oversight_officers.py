"""Oversight is appointed by two admins, stands alone, and takes two to go below two."""

from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.administration import Appointment
from chalicelib.domain.officers.model import Officer, Role
from chalicelib.services.administration.appointments import Registry, propose_appointment
from chalicelib.store.officers.rows import Officers
from tests import cloud
from tests.client import appoint, call, read_and_approve

pytestmark = pytest.mark.usefixtures("aws", "clean")

ROW: Mapping[str, Any] = {"roles": ["oversight"], "categories": [], "districts": []}


@pytest.fixture(autouse=True)
def admins(clean: None) -> None:
    for username in ("admin", "admin2"):
        cloud.officer(username, roles=(Role.ADMIN,))


def is_offered() -> bool:
    wiring.live_catalogue.cache_clear()  # type: ignore[attr-defined]
    return bool(call("GET", "/v1/catalogue").json["oversight"]["offered"])


def deactivate(username: str) -> int:
    row = {**ROW, "active": False}
    return call("PUT", f"/v1/admin/officers/{username}", row, officer="admin").status


def test_it_is_offered_while_two_are_active() -> None:
    offered = []
    for username in ("one", "two", "three"):
        appoint(username, ROW)
        offered.append(is_offered())
    assert offered == [False, True, True]
    assert wiring.officers().get("one").approves_from  # type: ignore[union-attr]


def test_one_admin_ends_an_access_while_two_are_left_and_two_admins_below_that() -> None:
    for username in ("one", "two", "three"):
        appoint(username, ROW)
    assert deactivate("one") == 200
    assert is_offered()
    assert deactivate("two") == 202
    assert is_offered()
    assert read_and_approve("/v1/admin/officers/two/approve", "admin2").status == 200
    assert not is_offered()


def test_two_that_are_ended_at_once_do_not_leave_one() -> None:
    for username in ("one", "two", "three"):
        appoint(username, ROW)

    class Meanwhile(Officers):
        """The first look at all of them is followed by the end of another's access."""

        def all(self) -> list[Officer]:
            found = super().all()
            two = self.get("two")
            if two and two.active:
                assert deactivate("two") == 200
            return found

    now = wiring.clock.now()
    found = propose_appointment(
        "one",
        Appointment.model_validate({**ROW, "roles": (Role.OVERSIGHT,), "active": False}),
        actor=wiring.admission().admit("admin", "", (Role.ADMIN,), now=now),
        registry=Registry(
            officers=Meanwhile(wiring.officers().table),
            subscriptions=wiring.subscriptions(),
            announcements=wiring.announcements(),
            pool=None,
            catalogue=wiring.catalogue_changes(),
        ),
    )
    assert found.proposal is not None
    assert is_offered()


def test_who_is_of_oversight_has_no_other_role() -> None:
    for other in ("officer", "supervisor", "admin"):
        row = {**ROW, "roles": ["oversight", other]}
        reply = call("PUT", "/v1/admin/officers/one", row, officer="admin")
        assert reply.wrong[0][1] == "stands_alone"


def test_who_becomes_another_counts_no_longer() -> None:
    for username in ("one", "two"):
        appoint(username, ROW)
    assert is_offered()
    appoint("one", {"roles": ["officer"], "categories": ["*"], "districts": ["*"]})
    assert not is_offered()
