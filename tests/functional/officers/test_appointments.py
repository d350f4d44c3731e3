"""One admin proposes an officer's row, and another approves exactly that."""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.notices.notice import officer_address
from chalicelib.domain.officers.model import WAIT, Role
from tests import cloud
from tests.client import Reply, appoint, call, read_and_approve, tag_for
from tests.faults import inject

pytestmark = pytest.mark.usefixtures("aws", "clean")

ROW = {
    "name": "Wang",
    "active": True,
    "roles": ["officer"],
    "categories": ["traffic_violation"],
    "districts": ["*"],
    "email": "wang@police.example",
}
WIDER = ROW | {"categories": ["*"]}
WANG = "/v1/admin/officers/wang"


@pytest.fixture(autouse=True)
def admins(clean: None) -> Iterator[None]:
    for username in ("zhao", "qian", "sun"):
        cloud.officer(username, roles=(Role.ADMIN,))
    yield
    cloud.empty_pool()


def propose(by: str = "zhao", row: Mapping[str, Any] = ROW, username: str = "wang") -> Reply:
    return call("PUT", f"/v1/admin/officers/{username}", dict(row), officer=by)


def approve(by: str, tag: str | None = None, username: str = "wang") -> Reply:
    """Approve what the admin reads now, or by the tag of an earlier reading."""
    return read_and_approve(f"/v1/admin/officers/{username}/approve", by, tag)


def read_tag(by: str = "qian") -> str:
    return tag_for(f"{WANG}/approve", by)


def read(by: str = "qian", username: str = "wang") -> Reply:
    return call("GET", f"/v1/admin/officers/{username}", officer=by)


def withdraw(by: str, username: str = "wang") -> Reply:
    return call("DELETE", f"/v1/admin/officers/{username}/proposal", officer=by)


def appointed(row: Mapping[str, Any] = ROW) -> None:
    appoint("wang", row, proposer="zhao", approver="qian")


def denials(username: str) -> list[dict[str, Any]]:
    """Return what an officer was refused today, as the audit has it."""
    rows, _ = wiring.audit().table.query(
        f"OFFICER#{username}#{wiring.clock.now():%Y-%m-%d}", consistent=True
    )
    return [json.loads(row["detail"]) for row in rows if row["action"] == "denied"]


def test_a_proposal_changes_nothing() -> None:
    reply = propose()

    assert (reply.status, reply.json["proposal"]["version"]) == (202, 1)
    assert (reply.json["active"], reply.json["roles"]) == (False, [])
    assert reply.json["proposal"]["by"] == "zhao"
    assert reply.json["proposal"]["row"] == ROW | {"phone": None}
    assert wiring.officers().get("wang") is None
    assert call("GET", "/v1/officer/me", officer="wang").status == 403
    assert cloud.pool_users() == []


def test_a_change_shows_the_row_beside_the_proposal() -> None:
    appointed()
    reply = propose("qian", WIDER).expect(202)
    assert reply["categories"] == ["traffic_violation"]
    assert reply["proposal"]["row"]["categories"] == ["*"]
    assert call("GET", "/v1/officer/me", officer="wang").json["scope"]["categories"] == [
        "traffic_violation"
    ]


def test_another_admin_reads_and_approves_it() -> None:
    propose()
    listed = call("GET", "/v1/admin/officers", officer="qian").json["items"]
    assert [each["username"] for each in listed if each["proposal"]] == ["wang"]
    reply = approve("qian")

    assert (reply.status, reply.json["proposal"]) == (200, None)
    assert reply.json["roles"] == ["officer"]
    assert call("GET", "/v1/officer/me", officer="wang").status == 200
    assert cloud.pool_users() == ["wang"]


def test_a_proposal_that_is_replaced_during_the_approval_is_not_approved() -> None:
    propose()
    tag = read_tag()

    with inject.meanwhile(lambda: propose("sun", WIDER)):
        reply = approve("qian", tag)

    assert reply.refusal == (412, "stale_version")
    assert wiring.officers().get("wang") is None
    assert read().json["proposal"]["row"]["categories"] == ["*"]


def test_of_two_who_propose_at_once_each_has_a_version_of_their_own() -> None:
    versions, tags = [], []

    def overtake() -> None:
        versions.append(propose("sun", WIDER).json["proposal"]["version"])
        tags.append(read_tag())

    with inject.meanwhile(overtake):
        versions.append(propose().json["proposal"]["version"])

    assert versions == [1, 2]
    assert approve("qian", tags[0]).refusal == (412, "stale_version")


def test_who_replaces_a_proposal_cannot_approve_it_and_the_first_author_can() -> None:
    propose()
    propose("sun", WIDER)

    assert approve("sun").refusal == (403, "self_approval")
    assert approve("zhao").status == 200


def test_the_same_proposal_again_keeps_its_first_author() -> None:
    """Otherwise a colleague who repeats it would wash the author out, who could then approve."""
    first = propose().json["proposal"]
    again = propose("sun", ROW | {"roles": ["officer"]})

    assert (again.status, again.json["proposal"]) == (202, first)
    assert approve("zhao").refusal == (403, "self_approval")


def test_a_version_is_never_given_twice() -> None:
    propose()
    tag = read_tag()
    assert withdraw("zhao").status == 204
    propose(row=WIDER | {"roles": ["admin"]})

    assert approve("qian", tag).refusal == (412, "stale_version")


@pytest.mark.parametrize("by", ["zhao", "qian"])
def test_any_admin_withdraws_a_proposal(by: str) -> None:
    propose()
    tag = read_tag("sun")
    assert [withdraw(by).status for _ in range(2)] == [204, 204]

    assert read().status == 404
    assert approve("sun", tag).status == 412
    assert wiring.officers().proposals() == []


def test_a_proposal_ends_after_seven_days() -> None:
    propose()
    tag = read_tag()
    wiring.clock.advance(timedelta(days=7))

    assert read().status == 404
    assert approve("qian", tag).refusal == (409, "no_proposal")
    assert wiring.officers().get("wang") is None


def test_a_proposal_counts_until_its_last_minute() -> None:
    propose()
    wiring.clock.advance(timedelta(days=7) - timedelta(minutes=1))
    assert approve("qian").status == 200


def test_what_the_row_says_already_is_no_proposal() -> None:
    appointed(ROW | {"roles": ["officer", "supervisor"]})
    reply = propose("qian", ROW | {"roles": ["supervisor", "officer"]})

    assert (reply.status, reply.json["proposal"]) == (200, None)


@pytest.mark.parametrize("row", [ROW | {"roles": ["admin"]}, ROW | {"active": False}])
def test_nobody_proposes_for_their_own_row(row: dict[str, Any]) -> None:
    assert propose("zhao", row, "zhao").refusal == (409, "own_access")
    assert denials("zhao") == [{"officer": "zhao", "step": "appointment", "code": "own_access"}]
    assert wiring.officers().proposal("zhao") is None


def test_nobody_approves_their_own_row() -> None:
    propose("zhao", ROW | {"roles": ["admin", "supervisor"]}, "qian")

    assert approve("qian", username="qian").refusal == (403, "self_approval")
    assert len(denials("qian")) == 1
    assert approve("sun", username="qian").status == 200


def test_nobody_withdraws_what_is_proposed_for_them() -> None:
    propose("zhao", ROW, "qian")
    assert withdraw("qian", "qian").refusal == (409, "own_access")
    assert len(denials("qian")) == 1
    assert read("sun", "qian").json["proposal"]


@pytest.mark.parametrize(
    "variant",
    ["ZHAO", "Zhao", "zhao%20", "%20zhao", "zhao%0A", "zhao%00", "zh%C3%A0o", "z%EF%BD%88ao"],
)
def test_a_variant_of_a_username_is_nobody(variant: str) -> None:
    assert propose("zhao", ROW, variant).refusal == (422, "invalid")
    assert approve("zhao", username=variant).refusal == (422, "invalid")
    assert withdraw("zhao", variant).status == 422


def test_a_name_in_other_characters_of_an_address_is_still_ones_own() -> None:
    assert propose("zhao", ROW, "%7Ahao").refusal == (409, "own_access")


def test_one_admin_ends_an_access_at_once_and_whatever_is_proposed() -> None:
    appointed()
    propose("zhao", WIDER)
    tag = read_tag("sun")
    reply = propose("qian", ROW | {"active": False})

    assert (reply.status, reply.json["active"], reply.json["proposal"]) == (200, False, None)
    assert call("GET", "/v1/officer/me", officer="wang").status == 403
    # Its approval would give the access back.
    assert approve("sun", tag).refusal == (412, "stale_version")


def test_an_approval_that_was_read_before_a_deactivation_gives_nothing_back() -> None:
    appointed()
    propose("zhao", WIDER)
    tag = read_tag()

    with inject.meanwhile(lambda: propose("sun", ROW | {"active": False})):
        reply = approve("qian", tag)

    assert reply.refusal == (412, "stale_version")
    assert call("GET", "/v1/officer/me", officer="wang").status == 403


def test_a_proposal_that_comes_during_a_deactivation_is_ended_too() -> None:
    appointed()

    with inject.meanwhile(lambda: propose("zhao", WIDER)):
        reply = propose("qian", ROW | {"active": False})

    assert (reply.status, reply.json["active"]) == (200, False)
    assert read().json["proposal"] is None


def test_a_deactivation_with_another_change_is_a_proposal() -> None:
    appointed()
    reply = propose("zhao", ROW | {"active": False, "name": "Wang Fang"})
    assert (reply.status, reply.json["active"]) == (202, True)


@pytest.mark.parametrize(
    "change",
    [
        {"active": True, "name": "Wang Fang"},
        {"roles": ["supervisor"]},
        {"districts": []},
        {"email": "other@police.example"},
        {"email": None},
        {"phone": "+8613800000000"},
    ],
)
def test_every_other_change_is_a_proposal(change: dict[str, Any]) -> None:
    appointed()
    row = {name: value for name, value in (ROW | change).items() if value is not None}
    before = wiring.officers().get("wang")

    assert propose("zhao", row).status == 202
    assert wiring.officers().get("wang") == before


def test_a_reactivation_is_a_proposal() -> None:
    appointed()
    propose("zhao", ROW | {"active": False})
    reply = propose("zhao", ROW)

    assert (reply.status, reply.json["active"]) == (202, False)
    assert approve("zhao").refusal == (403, "self_approval")
    assert approve("qian").json["active"] is True


def wait_of(username: str) -> Any:
    officer = wiring.officers().get(username)
    assert officer
    return officer.approves_from


def test_who_is_new_waits_and_the_row_says_until_when() -> None:
    now = wiring.clock.now()
    appointed()
    assert now + WAIT <= wait_of("wang") <= wiring.clock.now() + WAIT
    assert read().json["approves_from"]
    wiring.clock.advance(WAIT)
    assert read().json["approves_from"] is None


def test_a_second_appointment_neither_shortens_nor_extends_a_wait() -> None:
    appointed()
    before = wait_of("wang")
    wiring.clock.advance(timedelta(hours=1))
    appointed(WIDER)
    assert wait_of("wang") == before


def test_a_wait_cannot_be_sent() -> None:
    reply = propose("zhao", ROW | {"approves_from": "2020-01-01T00:00:00Z"})
    assert reply.refusal == (422, "invalid")


@pytest.mark.parametrize(
    ("first", "then", "waits"),
    [
        (ROW, ROW | {"roles": ["officer", "admin"]}, True),
        (ROW | {"roles": ["admin"]}, ROW | {"roles": ["admin", "officer"]}, False),
        (ROW, ROW | {"roles": ["supervisor"]}, False),
    ],
)
def test_who_becomes_an_admin_waits(
    first: dict[str, Any], then: dict[str, Any], *, waits: bool
) -> None:
    appointed(first)
    wiring.clock.advance(WAIT)
    appointed(then)
    assert (wait_of("wang") > wiring.clock.now()) is waits


def test_what_somebody_who_waits_has_proposed_waits_as_long() -> None:
    """Whoever has just got a second account would propose with it, and approve with the first."""
    appoint("li", ROW | {"roles": ["admin"]}, proposer="zhao", approver="qian")
    propose("li")

    assert approve("zhao").refusal == (403, "proposer_waits")
    assert denials("zhao")[-1]["code"] == "proposer_waits"
    assert wiring.officers().get("wang") is None
    wiring.clock.advance(WAIT)
    assert approve("zhao").status == 200


@pytest.mark.parametrize("change", [{"active": False}, {"roles": (Role.OFFICER,)}])
def test_what_somebody_has_proposed_who_is_no_admin_now_is_not_approved(
    change: dict[str, Any],
) -> None:
    propose("zhao")
    cloud.officer("zhao", **({"roles": (Role.ADMIN,)} | change))
    assert approve("qian").refusal == (409, "no_proposal")


def test_of_two_admins_who_approve_at_once_one_is_recorded() -> None:
    propose("zhao")
    tags = {by: read_tag(by) for by in ("qian", "sun")}
    with ThreadPoolExecutor(2) as pool:
        replies = list(pool.map(approve, tags, tags.values()))

    assert [reply.status for reply in replies] == [200, 200]
    records = [
        json.loads(row["detail"])
        for by in ("qian", "sun")
        for row in wiring.audit().table.query(
            f"OFFICER#{by}#{wiring.clock.now():%Y-%m-%d}", consistent=True
        )[0]
        if row["action"] == "change"
    ]
    assert [record["approved"] for record in records] == [1]


def test_a_reset_during_an_approval_keeps_its_wait() -> None:
    appointed()
    wiring.clock.advance(timedelta(days=2))
    propose("zhao", WIDER)

    def reset() -> None:
        officer = wiring.officers().get("wang")
        assert officer
        wiring.officers().put(officer.waiting_until(wiring.clock.now() + WAIT))

    with inject.meanwhile(reset):
        assert approve("qian").status == 200

    assert wait_of("wang") > wiring.clock.now()


def published() -> list[dict[str, Any]]:
    cloud.forget_sent()
    cloud.sweep()
    return cloud.sent()


def test_the_other_admins_are_notified_of_a_proposal() -> None:
    cloud.officer("li", roles=(Role.OFFICER,))
    cloud.officer("gone", roles=(Role.ADMIN,), active=False)
    propose("zhao", ROW, "qian")
    wiring.clock.advance(timedelta(minutes=2))

    [notice] = published()
    assert (notice["kind"], notice["step"]) == ("approval", "appointment")
    assert notice["attributes"]["to"] == json.dumps([officer_address("sun")])
    assert not [name for name in ("zhao", "qian", "wang") if name in json.dumps(notice)]


def test_what_is_not_proposed_notifies_nobody() -> None:
    appointed()
    wiring.clock.advance(timedelta(minutes=2))
    published()
    propose("zhao", ROW)
    propose("zhao", ROW | {"active": False})
    wiring.clock.advance(timedelta(minutes=2))
    assert published() == []


def test_an_admin_subscribes_to_what_is_for_them_by_name() -> None:
    cloud.officer("sun", roles=(Role.ADMIN,), categories=(), districts=(), email="s@police.example")
    call("POST", "/v1/officer/subscriptions", {"protocol": "email"}, officer="sun").expect(201)

    [existing] = wiring.subscriptions().of("sun")
    assert json.loads(existing.policy or "") == {
        "to": [officer_address("sun")],
        "language": [{"exists": False}],
    }
    appoint(
        "sun",
        ROW | {"roles": ["admin"], "email": "s@police.example"},
        proposer="zhao",
        approver="qian",
    )
    assert wiring.subscriptions().of("sun") == [existing]
