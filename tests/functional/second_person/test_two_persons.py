"""No step that takes two persons is completed by one, whichever route and account they use."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest

from chalicelib import wiring
from chalicelib.domain.officers.model import WAIT, Role
from chalicelib.domain.second_person import TwoPersonStep
from chalicelib.http import index
from chalicelib.http.openapi.operations import request_examples
from chalicelib.http.requests import IF_MATCH, Header
from chalicelib.http.routes import Access, Operation
from chalicelib.kernel import times
from chalicelib.kernel.times import Clock
from chalicelib.services.administration.appointments import reset_sign_in
from chalicelib.services.officers import OperatorActor
from tests import cloud
from tests.approvals import NO_TAG
from tests.client import NO_IDS, Reply, appoint, call, new_key, read_and_approve, tag_for
from tests.functional.http.test_access_matrix import denials
from tests.functional.second_person.two_person_steps import STEPS, Step
from tests.kept import Kept

pytestmark = pytest.mark.usefixtures("aws", "clean")

FIRST, SECOND, THIRD, SELF_MADE = "zhao", "qian", "sun", "zhao2"
EVERYTHING = {
    "name": "Zhao",
    "roles": ["officer", "supervisor", "admin"],
    "categories": ["*"],
    "districts": ["*"],
}
OPERATIONS = {
    f"{each.method} {each.path}": each
    for each in index.operations()
    if each.access is Access.OFFICER
}
# What reads changes nothing: all of it is tried one after the other.
READING = [route for route in OPERATIONS if route.startswith("GET ")]
CHANGING = [route for route in OPERATIONS if route not in READING]
each_step = pytest.mark.parametrize("step", STEPS)


@pytest.fixture(scope="module")
def appointed(aws: Mapping[str, str]) -> Kept:
    _appoint()
    return Kept()


@pytest.fixture(autouse=True)
def officers(appointed: Kept, clean: None) -> Iterator[None]:
    appointed.put_back()
    yield
    cloud.empty_pool()
    wiring.clock = Clock()


@pytest.fixture(scope="module")
def beginnings(aws: Mapping[str, str]) -> Mapping[TwoPersonStep, tuple[Step, Kept]]:
    """Return each step as FIRST has begun it. There are more routes to try than time to begin."""

    def begin(step: TwoPersonStep) -> tuple[Step, Kept]:
        _appoint()
        return begun(step), Kept()

    return {step: begin(step) for step in STEPS}


def _appoint() -> None:
    for username in (FIRST, SECOND, THIRD):
        cloud.officer(username, roles=tuple(Role), email=f"{username}@police.example")


def begun(step: TwoPersonStep, by: str = FIRST) -> Step:
    made = STEPS[step]()
    made.begin(by)
    assert not made.has_happened()
    return made


def assert_refused(made: Step, officer: str, code: str) -> None:
    """Check that an officer cannot complete a step, and that the attempt is on record."""
    tag = tag_for(made.approval, officer)
    before = denials(officer)
    assert read_and_approve(made.approval, officer, tag).refusal == (403, code)
    assert denials(officer) == before + 1
    assert not made.has_happened()


def use(operation: Operation, made: Step, officer: str) -> Reply:
    """Send a valid request to a route, about what the step is about."""
    ids = {**NO_IDS, "username": SECOND, **made.path}
    if "{incident_id}" in operation.path:
        taken_in = call(
            "POST", "/v1/officer/incidents", {"like": ids["report_id"]}, officer=officer
        )
        ids["incident_id"] = taken_in.json["id"] if taken_in.status == 201 else "0" * 26
    path, match = operation.path.format(**ids), None
    if operation.headers & (IF_MATCH - {Header.TAG}):
        match = {"If-Match": made.version()}
    if Header.TAG in operation.headers:
        match = {"If-Match": tag_for(path, officer)}
    return call(
        operation.method,
        path,
        request_examples().get(operation.name) if operation.body else None,
        officer=officer,
        key=new_key() if operation.headers & {Header.KEY, Header.OPTIONAL_KEY} else None,
        headers=match,
    )


def test_every_step_is_in_the_matrix() -> None:
    # Who is of oversight has no other role: casework/test_oversight_moves.py has their step.
    assert set(STEPS) == set(TwoPersonStep) - {TwoPersonStep.OVERSIGHT_RETURN}


@each_step
def test_another_person_completes_it(step: TwoPersonStep) -> None:
    made = begun(step)
    reply = read_and_approve(made.approval, SECOND)
    assert reply.status < 300, reply.text
    assert made.has_happened()


@each_step
def test_what_was_swapped_after_it_was_read_is_not_approved(step: TwoPersonStep) -> None:
    made = begun(step)
    tag = tag_for(made.approval, SECOND)
    assert tag != NO_TAG
    made.swap(THIRD)

    assert read_and_approve(made.approval, SECOND, tag).refusal == (412, "stale_version")
    assert not made.has_happened()


@each_step
def test_who_has_not_read_it_does_not_approve_it(step: TwoPersonStep) -> None:
    made = begun(step)
    unread = call("POST", made.approval, officer=SECOND, headers={})
    assert unread.refusal == (428, "version_required")
    for wrong in (made.version(), tag_for(made.approval, SECOND).strip('"'), "*"):
        unread = call("POST", made.approval, officer=SECOND, headers={"If-Match": wrong})
        assert unread.refusal == (400, "bad_if_match")
    for guess in (NO_TAG, tag_for(made.approval, THIRD)):
        assert read_and_approve(made.approval, SECOND, guess).refusal == (412, "stale_version")
    assert not made.has_happened()


@each_step
def test_whoever_began_it_does_not_complete_it(step: TwoPersonStep) -> None:
    assert_refused(begun(step), FIRST, "self_approval")


@each_step
@pytest.mark.parametrize(
    "routes", [READING, *([each] for each in CHANGING)], ids=["reading", *CHANGING]
)
def test_no_route_lets_one_person_complete_it(
    beginnings: Mapping[TwoPersonStep, tuple[Step, Kept]], step: TwoPersonStep, routes: list[str]
) -> None:
    made, kept = beginnings[step]
    kept.put_back()
    for route in routes:
        use(OPERATIONS[route], made, FIRST)
        assert not made.has_happened()
    read_and_approve(made.approval, FIRST)
    assert not made.has_happened()


@each_step
def test_an_account_that_nobody_else_has_approved_does_not_exist(step: TwoPersonStep) -> None:
    made = begun(step)
    path = f"/v1/admin/officers/{SELF_MADE}"
    assert call("PUT", path, EVERYTHING, officer=FIRST).status == 202
    assert read_and_approve(f"{path}/approve", FIRST).refusal == (403, "self_approval")
    assert_refused(made, SELF_MADE, "forbidden")


@each_step
def test_an_account_that_is_new_waits_a_day(step: TwoPersonStep) -> None:
    made = begun(step)
    appoint(SELF_MADE, EVERYTHING, proposer=FIRST, approver=SECOND)
    assert_refused(made, SELF_MADE, "approves_later")
    wiring.clock.advance(WAIT - timedelta(minutes=1))
    assert_refused(made, SELF_MADE, "approves_later")


@each_step
def test_an_account_that_comes_back_waits_a_day(step: TwoPersonStep) -> None:
    cloud.officer(SELF_MADE, active=False)
    made = begun(step)
    appoint(SELF_MADE, EVERYTHING, proposer=FIRST, approver=SECOND)
    assert_refused(made, SELF_MADE, "approves_later")


@each_step
def test_whoever_has_a_new_password_waits_a_day(step: TwoPersonStep) -> None:
    made = begun(step)
    operator = OperatorActor.of("arn:aws:iam::1:user/o", wiring.audit(), wiring.clock.now())
    reset_sign_in(SECOND, actor=operator, officers=wiring.officers(), pool=wiring.pool())

    assert_refused(made, SECOND, "approves_later")
    wiring.clock.advance(WAIT)
    assert read_and_approve(made.approval, SECOND).status < 300
    assert made.has_happened()


def test_officers_see_from_when_they_approve() -> None:
    from_then = wiring.clock.now() + WAIT
    cloud.officer(SECOND, approves_from=from_then)
    me = call("GET", "/v1/officer/me", officer=SECOND).json
    assert times.parse(me["approves_from"]) == from_then
    wiring.clock.advance(WAIT)
    assert call("GET", "/v1/officer/me", officer=SECOND).json["approves_from"] is None


@each_step
def test_no_change_of_the_row_ends_a_wait(step: TwoPersonStep) -> None:
    cloud.officer(SECOND, roles=tuple(Role), approves_from=wiring.clock.now() + WAIT)
    made = begun(step)
    appoint(SECOND, EVERYTHING | {"name": "Qian Li"}, proposer=FIRST, approver=THIRD)
    assert_refused(made, SECOND, "approves_later")
