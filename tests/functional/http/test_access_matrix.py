"""Every officers' route is tried by every kind of caller, on reports of every kind.

Each refusal is in the audit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.casework.bursts import BurstEnding
from chalicelib.domain.notices.destinations import READERS
from chalicelib.domain.officers import model
from chalicelib.domain.officers.access_tokens import MACHINE
from chalicelib.domain.officers.model import Role
from chalicelib.http import index
from chalicelib.http.openapi.operations import request_examples
from chalicelib.http.requests import IF_MATCH, Header
from chalicelib.http.routes import Access, Operation
from chalicelib.store.reports.heads import update_head
from tests import cloud
from tests.approvals import NO_TAG
from tests.client import NO_IDS, Reply, call, new_key, read_and_approve, tag_for
from tests.faults import inject
from tests.kept import Kept
from tests.steps import by_reporter, file, leave_by_hand

pytestmark = pytest.mark.usefixtures("aws", "clean")

EVERYBODY, PERSONS, STAFF = frozenset(Role), frozenset(model.PEOPLE), frozenset(model.STAFF)
CASEWORKERS = frozenset({Role.OFFICER, Role.SUPERVISOR})
# All that a machine may call; others are 403 for it.
WITH_MACHINES = CASEWORKERS | {Role.SYSTEM}
_CASEWORK = (Role.OFFICER, Role.SUPERVISOR)
CASE_STATES = ("new", "closed", "malicious_proposed", "withdrawn")
PEOPLE: Mapping[str, Mapping[str, Any]] = {
    "officer": {"roles": (Role.OFFICER,)},
    "supervisor": {"roles": (Role.SUPERVISOR,)},
    "admin": {"roles": (Role.ADMIN,)},
    "auditor": {"roles": (Role.AUDITOR,)},
    "oversight": {"roles": (Role.OVERSIGHT,)},
    "system": {"roles": (Role.SYSTEM,)},
    "inactive": {"active": False},
    "other_category": {"categories": ("traffic_violation",), "roles": _CASEWORK},
    "other_district": {"districts": ("haidian",), "roles": _CASEWORK},
}
IN_PLACE = {"lat": 39.92, "lon": 116.44}  # in Chaoyang


@dataclass(frozen=True)
class Route:
    """The status of a route for an officer who may use it.

    It is given for a new report, and for others where it differs. In `body`, `ITSELF` stands for
    the report's id, `SEEN` for that with its version. `query` is what the route requires. `machine`
    is the status for a machine, where that differs.
    """

    ok: int
    roles: frozenset[Role] = CASEWORKERS
    body: Any = None
    states: Mapping[str, int] = field(default_factory=dict)
    query: str = ""
    machine: int = 0


ADMINS = frozenset({Role.ADMIN})
CHIEFS = frozenset({Role.SUPERVISOR, Role.ADMIN})
ITSELF, SEEN = ("itself",), ("itself", "by its version")
IN_A_MONTH = str((datetime.now(UTC) + timedelta(days=30)).date())
REPORT = "/v1/officer/reports/{report_id}"
BULLETIN = "/v1/officer/bulletins/{bulletin_id}"
DESTINATION = "/v1/admin/destinations/{name}"
BURST_ID = NO_IDS["burst_id"]
BURST = "/v1/officer/bursts/{burst_id}"
INCIDENT_ID = NO_IDS["incident_id"]
INCIDENT = "/v1/officer/incidents/{incident_id}"
EXPORT = "/v1/officer/exports/{export_id}"
REQUEST = "/v1/officer/requests/{request_number}"

ROUTES: Mapping[tuple[str, str], Route] = {
    ("GET", "/v1/officer/me"): Route(200, EVERYBODY),
    ("GET", "/v1/officer/me/openings"): Route(200, PERSONS),
    ("GET", "/v1/audit/openings"): Route(200, frozenset({Role.AUDITOR})),
    ("POST", "/v1/audit/openings/export"): Route(201, frozenset({Role.AUDITOR})),
    ("GET", "/v1/officer/numbers"): Route(200, frozenset({Role.SUPERVISOR})),
    ("GET", "/v1/officer/reports"): Route(200, WITH_MACHINES),
    ("POST", "/v1/officer/reports"): Route(201),
    ("POST", "/v1/officer/reports/steps"): Route(200, body={"reports": SEEN, "assignee": None}),
    ("GET", REPORT): Route(200, WITH_MACHINES),
    ("PATCH", REPORT): Route(
        200, WITH_MACHINES, body={"urgency": "high"}, states={"withdrawn": 409}, machine=403
    ),
    ("POST", REPORT + "/read"): Route(200, body={"messages_seen": 0}, states={"withdrawn": 409}),
    ("POST", REPORT + "/closing/confirm"): Route(409, states={"malicious_proposed": 201}),
    ("POST", REPORT + "/contact"): Route(200),
    ("POST", REPORT + "/media/{media_id}/original"): Route(404, states={"withdrawn": 403}),
    ("POST", REPORT + "/media/{media_id}/redaction"): Route(404),
    ("DELETE", REPORT + "/media/{media_id}/redaction"): Route(404),
    ("GET", REPORT + "/history"): Route(200),
    ("GET", REPORT + "/messages"): Route(200),
    ("GET", REPORT + "/notes"): Route(200),
    ("GET", REPORT + "/positions"): Route(200),
    ("POST", REPORT + "/media"): Route(201, states={"withdrawn": 409}),
    ("POST", REPORT + "/duplicates"): Route(200, body={"report_ids": ITSELF}),
    ("POST", REPORT + "/duplicates/close"): Route(200),
    ("POST", REPORT + "/messages"): Route(
        201, WITH_MACHINES, states={"withdrawn": 409}, machine=403
    ),
    ("POST", REPORT + "/notes"): Route(201, WITH_MACHINES),
    ("POST", REPORT + "/lift-out"): Route(204),
    ("POST", REPORT + "/mute"): Route(200),
    ("DELETE", REPORT + "/mute"): Route(204),
    ("POST", REPORT + "/review"): Route(
        200,
        frozenset({Role.SUPERVISOR}),
        body={"reason": "It goes on.", "on": IN_A_MONTH},
        states={"closed": 409, "withdrawn": 409},
    ),
    ("PUT", REPORT + "/reminder"): Route(
        200, body={"on": IN_A_MONTH}, states={"closed": 409, "withdrawn": 409}
    ),
    ("PUT", REPORT + "/gist"): Route(
        200, body={"text": "Smoke above the hall."}, states={"withdrawn": 409}
    ),
    ("POST", REPORT + "/follow"): Route(204),
    ("DELETE", REPORT + "/follow"): Route(204),
    ("POST", REPORT + "/hold"): Route(201),
    ("POST", REPORT + "/hold/approve"): Route(409),
    ("DELETE", REPORT + "/hold"): Route(204),
    ("POST", REPORT + "/hold/lift/approve"): Route(204),
    ("POST", REPORT + "/hold/lift/decline"): Route(409),
    ("POST", REPORT + "/oversight"): Route(409),
    ("POST", REPORT + "/oversight/return"): Route(404),
    ("POST", REPORT + "/oversight/return/approve"): Route(404),
    ("DELETE", REPORT + "/oversight/return"): Route(404),
    ("POST", REPORT + "/referral"): Route(201, states={"withdrawn": 409}),
    ("GET", REPORT + "/referral"): Route(409),
    ("POST", REPORT + "/referral/approve"): Route(409),
    ("POST", REPORT + "/referral/decline"): Route(409),
    ("POST", REPORT + "/referral/handed-over"): Route(409),
    ("DELETE", REPORT + "/referral"): Route(204),
    ("POST", REPORT + "/masks"): Route(201, states={"withdrawn": 409}),
    ("GET", REPORT + "/masks/{number}"): Route(409),
    ("POST", REPORT + "/masks/{number}/approve"): Route(409),
    ("POST", REPORT + "/masks/{number}/decline"): Route(409),
    ("DELETE", REPORT + "/masks/{number}"): Route(204),
    ("POST", "/v1/officer/requests"): Route(201),
    ("GET", "/v1/officer/requests"): Route(200),
    ("GET", REQUEST): Route(404),
    ("POST", REQUEST + "/reports"): Route(404),
    ("POST", REQUEST + "/decision"): Route(404),
    ("POST", REQUEST + "/decision/approve"): Route(404),
    ("POST", REQUEST + "/decision/decline"): Route(404),
    ("DELETE", REQUEST + "/decision"): Route(404),
    ("GET", "/v1/officer/agencies"): Route(200),
    ("GET", "/v1/officer/forms"): Route(200, query="?category=other"),
    ("GET", "/v1/officer/closings"): Route(
        200, frozenset({Role.SUPERVISOR}), query="?officer=li&day=2026-11-24"
    ),
    ("GET", "/v1/officer/colleagues"): Route(
        200, WITH_MACHINES, query="?category=other&district=unknown"
    ),
    ("GET", "/v1/officer/templates"): Route(200, WITH_MACHINES),
    ("GET", "/v1/officer/pulse"): Route(200),
    ("GET", "/v1/officer/stats"): Route(200),
    ("GET", "/v1/officer/search"): Route(200),
    ("GET", "/v1/officer/map"): Route(200),
    ("POST", "/v1/officer/exports"): Route(201),
    ("POST", "/v1/officer/exports/count"): Route(200),
    ("GET", "/v1/officer/exports"): Route(200),
    ("GET", "/v1/officer/bursts"): Route(200),
    ("GET", BURST): Route(404),
    ("POST", BURST + "/ending"): Route(404),
    ("POST", BURST + "/ending/approve"): Route(409),
    ("DELETE", BURST + "/ending"): Route(204),
    ("GET", "/v1/officer/incidents"): Route(200),
    ("POST", "/v1/officer/incidents"): Route(404),
    ("GET", INCIDENT): Route(404),
    ("GET", INCIDENT + "/similar"): Route(404),
    ("POST", INCIDENT + "/reports"): Route(404),
    ("POST", INCIDENT + "/split"): Route(404),
    ("POST", INCIDENT + "/steps"): Route(404),
    ("DELETE", INCIDENT + "/reports/{report_id}"): Route(204),
    ("GET", EXPORT): Route(404),
    ("POST", EXPORT + "/approve"): Route(404),
    ("POST", EXPORT + "/decline"): Route(404),
    ("POST", EXPORT + "/parts/{part}"): Route(404),
    ("PUT", "/v1/officer/load-level"): Route(200, CHIEFS),
    ("DELETE", "/v1/officer/load-level"): Route(204, CHIEFS),
    ("GET", "/v1/officer/subscriptions"): Route(200, STAFF),
    ("POST", "/v1/officer/subscriptions"): Route(
        201, STAFF, body={"protocol": "email", "categories": [], "districts": []}
    ),
    ("DELETE", "/v1/officer/subscriptions/{subscription_id}"): Route(204, STAFF),
    ("GET", "/v1/officer/shifts"): Route(200, STAFF),
    ("GET", "/v1/officer/handover"): Route(200),
    ("GET", "/v1/officer/events"): Route(404, frozenset(READERS)),
    ("PUT", "/v1/admin/shifts"): Route(200, ADMINS, body={"shifts": []}),
    ("GET", "/v1/officer/bulletins"): Route(200),
    ("POST", "/v1/officer/bulletins"): Route(201),
    ("GET", BULLETIN): Route(404),
    ("GET", BULLETIN + "/history"): Route(404),
    ("PATCH", BULLETIN): Route(404),
    ("POST", BULLETIN + "/media"): Route(404),
    ("POST", BULLETIN + "/approve"): Route(404),
    ("POST", BULLETIN + "/decline"): Route(404),
    ("POST", BULLETIN + "/resolve"): Route(404),
    ("POST", BULLETIN + "/withdraw"): Route(404),
    ("GET", "/v1/admin/officers"): Route(200, ADMINS),
    ("GET", "/v1/admin/officers/{username}"): Route(200, ADMINS),
    ("PUT", "/v1/admin/officers/{username}"): Route(202, ADMINS),
    ("POST", "/v1/admin/officers/{username}/approve"): Route(409, ADMINS),
    ("DELETE", "/v1/admin/officers/{username}/proposal"): Route(204, ADMINS),
    ("GET", "/v1/admin/destinations"): Route(200, ADMINS),
    ("GET", DESTINATION): Route(404, ADMINS),
    ("PUT", DESTINATION): Route(202, ADMINS),
    ("POST", DESTINATION + "/approve"): Route(404, ADMINS),
    ("POST", DESTINATION + "/secret"): Route(404, ADMINS),
    ("GET", DESTINATION + "/deliveries"): Route(404, ADMINS),
    ("POST", DESTINATION + "/redeliver"): Route(404, ADMINS),
    ("DELETE", DESTINATION): Route(204, ADMINS),
    ("PATCH", "/v1/admin/catalogue"): Route(200, ADMINS),
}
OPERATION = {
    (each.method, each.path): each for each in index.operations() if each.access is Access.OFFICER
}
ABOUT_REPORTS = [key for key in ROUTES if "{report_id}" in key[1]]

each_route = pytest.mark.parametrize("key", ROUTES, ids=" ".join)
each_report_route = pytest.mark.parametrize("key", ABOUT_REPORTS, ids=" ".join)


@pytest.fixture(scope="module")
def appointed(aws: Mapping[str, str]) -> Kept:
    _appoint()
    return Kept()


@pytest.fixture(autouse=True)
def people(appointed: Kept, clean: None) -> None:
    appointed.put_back()


@pytest.fixture(scope="module")
def filed(appointed: Kept) -> tuple[Mapping[str, str], Kept]:
    _appoint()
    return {state: _in_state(state) for state in CASE_STATES} | {
        "deleted": _deleted(),
        "unknown": "0" * 26,
    }, Kept()


@pytest.fixture
def cases(filed: tuple[Mapping[str, str], Kept], people: None) -> Mapping[str, str]:
    """Return ids of reports: one in each state, one that was deleted, one that never existed."""
    ids, kept = filed
    kept.put_back()
    return ids


def _appoint() -> None:
    for name, row in PEOPLE.items():
        cloud.officer(name, email=f"{name}@police.example", **row)
    cloud.officer("clerk", roles=model.STAFF)
    cloud.officer("recruit")


def _in_state(state: str) -> str:
    created = file(location=IN_PLACE, contact={"name": "Li"})
    path = f"/v1/officer/reports/{created['id']}"
    closing = {"status": "closed", "reason": "Seen to."}
    if state == "closed":
        call("PATCH", path, closing | {"disposition": "resolved"}, officer="clerk", version=1)
    elif state == "malicious_proposed":
        call("PATCH", path, closing | {"disposition": "malicious"}, officer="clerk", version=1)
    elif state == "withdrawn":
        by_reporter("DELETE", created)
    return str(created["id"])


def _deleted() -> str:
    """Create the tombstone that retention leaves."""
    report_id = _in_state("closed")
    wiring.reports().table.put(
        {
            "pk": f"REPORT#{report_id}",
            "sk": "HEAD",
            "id": report_id,
            "deleted_at": wiring.clock.now(),
        }
    )
    return report_id


def path_of(key: tuple[str, str], report_id: str) -> str:
    return key[1].format(**{**NO_IDS, "report_id": report_id})


def use(
    key: tuple[str, str], officer: str | None, report_id: str = "0" * 26, tag: str = NO_TAG
) -> Reply:
    """Send a valid request to a route, with the example in its declaration."""
    operation: Operation = OPERATION[key]
    path = path_of(key, report_id)
    path += ROUTES[key].query
    body = ROUTES[key].body or (request_examples().get(operation.name) if operation.body else None)
    if body is not None:
        own = {ITSELF: [report_id], SEEN: [{"id": report_id, "version": 1}]}
        body = {name: own[each] if each in (ITSELF, SEEN) else each for name, each in body.items()}
    needs_version = bool(operation.headers & (IF_MATCH - {Header.TAG}))
    path += "?text=13800138000" if path.endswith("/search") else ""
    head = wiring.reports().head(report_id) if needs_version else None
    version = f"{head.row.get('version', 1) if head else 1}"
    if key[1].endswith("/gist"):
        # As this officer would have opened it: it takes no version.
        shown = "0" * 8
        seen = ("report", report_id, f"{version}/{shown}")
        version = wiring.audit().opening_tag(str(officer), seen)[:12] + shown
    takes_match = needs_version or Header.TAG in operation.headers
    return call(
        key[0],
        path,
        body,
        officer=officer,
        key=new_key() if operation.headers & {Header.KEY, Header.OPTIONAL_KEY} else None,
        headers={"If-Match": f'"{version}"' if needs_version else tag} if takes_match else None,
    )


def user_of(key: tuple[str, str]) -> str:
    """Return an officer who may use a route, and has no other role than that takes."""
    return next(role.value for role in Role if role in ROUTES[key].roles)


def an_ending() -> BurstEnding:
    """Return an ending that a clerk has asked for, of a burst without reports."""
    hour = datetime(2026, 11, 24, 1, tzinfo=UTC)
    return BurstEnding(
        id=BURST_ID,
        category="child_abduction",
        hour=hour,
        disposition="unfounded",
        with_unread=False,
        by="clerk",
        at=wiring.clock.now(),
        districts=(),
    )


def denials(officer: str) -> int:
    """Return the number of denials of this officer in the whole audit."""
    rows: list[Any] = []
    for item in wiring.dynamodb().scan(TableName=wiring.settings().audit_table)["Items"]:
        rows += [item] if (item["by"]["S"], item["action"]["S"]) == (officer, "denied") else []
    return len(rows)


def test_every_officers_route_is_in_the_matrix() -> None:
    assert set(ROUTES) == set(OPERATION)


@each_route
def test_nobody_comes_in_without_a_token(key: tuple[str, str]) -> None:
    assert use(key, None).status == 401


@each_route
def test_who_has_no_row_or_an_inactive_one_is_refused_and_on_record(key: tuple[str, str]) -> None:
    for stranger in ("stranger", "inactive"):
        assert use(key, stranger).refusal == (403, "forbidden")
        assert denials(stranger) == 1


@each_route
def test_only_the_roles_of_a_route_may_use_it(key: tuple[str, str]) -> None:
    route = ROUTES[key]
    theirs = key in ABOUT_REPORTS or route.roles >= CASEWORKERS
    for role in EVERYBODY - ({Role.OVERSIGHT} if theirs else set()):
        is_machine = role is Role.SYSTEM
        reply = use(key, MACHINE * is_machine + role.value, _in_state("new"))
        if role in route.roles:
            assert reply.status == (route.machine * is_machine or route.ok), reply.text
            assert reply.status != 403 or reply.json["code"] == "not_for_machines"
            assert denials(role.value) == (1 if reply.status in (403, 404) else 0)
        else:
            assert (reply.status, denials(role.value)) == (403, 1)
            assert reply.json["code"] == "forbidden"


@each_report_route
def test_oversight_works_on_no_report_of_a_station(key: tuple[str, str]) -> None:
    assert use(key, "oversight", _in_state("new")).status == 404


@each_report_route
def test_a_route_responds_by_the_state_of_the_report(
    key: tuple[str, str], cases: Mapping[str, str]
) -> None:
    route = ROUTES[key]
    for state in CASE_STATES:
        proposed = state == "malicious_proposed" and key[1].endswith("confirm")
        tag = tag_for(path_of(key, cases[state]), "officer") if proposed else NO_TAG
        reply = use(key, user_of(key), cases[state], tag)
        assert reply.status == route.states.get(state, route.ok), state
    for state in ("deleted", "unknown"):
        before = denials(user_of(key))
        assert use(key, user_of(key), cases[state]).status == 404, state
        assert denials(user_of(key)) == before + 1


@each_report_route
@pytest.mark.parametrize("officer", ["other_category", "other_district"])
def test_a_report_out_of_scope_looks_unknown_and_the_denial_is_on_record(
    key: tuple[str, str], officer: str, cases: Mapping[str, str]
) -> None:
    replies = [use(key, officer, cases[state]) for state in (*CASE_STATES, "deleted", "unknown")]

    assert {reply.status for reply in replies} == {404}
    assert len({(reply.json["code"], reply.json["detail"]) for reply in replies}) == 1
    assert denials(officer) == len(replies)


def prepare_destination(key: tuple[str, str]) -> None:
    if "/destinations/" in key[1] and key[0] != "PUT":
        use(("PUT", DESTINATION), "clerk")
    if key == ("POST", DESTINATION + "/secret"):
        read_and_approve(path_of(("POST", DESTINATION + "/approve"), ""), "admin")


@each_route
def test_without_the_audit_nothing_is_shown_and_nothing_happens(
    key: tuple[str, str], cases: Mapping[str, str], aws: Mapping[str, str]
) -> None:
    report_id = cases["malicious_proposed" if key[1].endswith("confirm") else "new"]
    if key[1].endswith(("/approve", "lift/decline")) or key[0] == "DELETE":
        use(("POST", REPORT + "/hold"), "clerk", report_id)
        use(("PUT", "/v1/admin/officers/{username}"), "clerk")
    if "/referral" in key[1] and key != ("POST", REPORT + "/referral"):
        # One's own is taken back, and another one's approved or declined.
        proposer = "officer" if key[0] == "DELETE" else "clerk"
        use(("POST", REPORT + "/referral"), proposer, report_id)
    if key[1].endswith("/handed-over"):
        leave_by_hand(report_id)
    if "/masks/" in key[1]:
        proposer = "officer" if key[0] == "DELETE" else "clerk"
        use(("POST", REPORT + "/masks"), proposer, report_id)
    prepare_destination(key)
    if key == ("DELETE", REPORT + "/mute"):
        use(("POST", REPORT + "/mute"), "clerk", report_id)
    if key == ("DELETE", REPORT + "/follow"):
        use(("POST", REPORT + "/follow"), "officer", report_id)
    if "/lift/" in key[1]:
        read_and_approve(path_of(("POST", REPORT + "/hold/approve"), report_id), "supervisor")
        use(("DELETE", REPORT + "/hold"), "clerk", report_id)
    if "/bursts/" in key[1]:
        endings = wiring.burst_stores().endings
        endings.table.transact([endings.put_item(an_ending(), None)])
    if key[1].endswith("/lift-out"):
        wiring.reports().table.update(update_head(report_id, put={"unproven": True}))
    if key == ("DELETE", INCIDENT + "/reports/{report_id}"):
        wiring.reports().table.update(update_head(report_id, put={"incident": INCIDENT_ID}))
    officer, tag = user_of(key), NO_TAG
    if Header.TAG in OPERATION[key].headers:
        tag = tag_for(path_of(key, report_id), officer)
    before = wiring.reports().case(report_id)

    with inject.without(aws["AUDIT_TABLE"], status=400, code="AccessDeniedException"):
        reply = use(key, officer, report_id, tag)
        refused = use(key, "inactive", report_id)

    assert [(each.status, each.json["code"]) for each in (reply, refused)] == [
        (503, "unavailable")
    ] * 2, reply.text
    assert wiring.reports().case(report_id) == before
