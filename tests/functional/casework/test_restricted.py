"""A withdrawn report stays closed. When a supervisor opens it in full, the others learn of it."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.aws.writes import Update
from chalicelib.domain.officers.model import Role
from chalicelib.http import index
from chalicelib.http.openapi.operations import request_examples
from chalicelib.http.requests import Header
from chalicelib.http.routes import Access
from chalicelib.kernel import times
from chalicelib.store.audit.rows import of_report
from tests import cloud
from tests.client import NO_IDS, Reply, call, new_key, some_version
from tests.faults import inject
from tests.fields import canaries, saying
from tests.kept import Kept
from tests.steps import by_officer, file

pytestmark = pytest.mark.usefixtures("aws", "clean")

IN_REPORT = canaries("missing_elderly", "canary")
OF_THE_REPORTER = (*IN_REPORT.values(), "canary-message", "116.46")
PLACE = {"lat": 39.92, "lon": 116.46}
PHOTO = {"content_type": "image/jpeg", "size": 100_000}
WHY = {"reason": "A court asks."}
OPERATIONS = {
    f"{each.method} {each.path}": each
    for each in index.operations()
    if each.access is Access.OFFICER
}


class Withdrawn:
    """A report with everything that a reporter can send, withdrawn."""

    def __init__(self) -> None:
        cloud.officer("wang")
        cloud.officer("li")
        for username in ("chief", "deputy"):
            cloud.officer(username, roles=(Role.SUPERVISOR,))
        created = file(**saying(IN_REPORT, "missing_elderly", PLACE), media=[PHOTO])
        self.id = str(created["id"])
        self.media_id = str(created["uploads"][0]["media_id"])
        cloud.add_medium(self.id, self.media_id)
        mine = {"receipt": created["receipt"]}
        call("POST", f"/v1/reports/{self.id}/messages", {"text": "canary-message"}, **mine)
        until = times.render(wiring.clock.now() + timedelta(days=40))
        call("POST", self.path("/hold"), WHY | {"until": until}, officer="wang")
        assert call("DELETE", f"/v1/reports/{self.id}", **mine).status == 204
        cloud.catch_up()

    def path(self, below: str = "") -> str:
        return f"/v1/officer/reports/{self.id}{below}"

    def open_in_full(self, officer: str = "chief") -> Reply:
        return call("GET", self.path("?reason=A+court+asks."), officer=officer)

    def open_original(self, officer: str = "chief") -> Reply:
        return call("POST", self.path(f"/media/{self.media_id}/original"), WHY, officer=officer)


@pytest.fixture(scope="module")
def beginning(aws: Mapping[str, str]) -> tuple[Withdrawn, Kept]:
    return Withdrawn(), Kept()


@pytest.fixture
def withdrawn(beginning: tuple[Withdrawn, Kept], clean: None) -> Withdrawn:
    withdrawn, kept = beginning
    kept.put_back()
    cloud.forget_sent()
    return withdrawn


def watches() -> list[dict[str, Any]]:
    cloud.stream(cloud.all_keys())
    return [each for each in cloud.sent() if each["kind"] == "watch"]


both_ways = pytest.mark.parametrize("how", [Withdrawn.open_in_full, Withdrawn.open_original])


@both_ways
def test_supervisors_learn_of_each_time(withdrawn: Withdrawn, how: Any) -> None:
    for count in (1, 2):
        assert how(withdrawn).status == 200
        assert len(watches()) == count
    notice = watches()[0]
    assert (notice["watched"], notice["report_id"]) == ("restricted", withdrawn.id)
    assert "chief" not in json.dumps(notice)


@both_ways
def test_a_refusal_is_no_watch(withdrawn: Withdrawn, how: Any) -> None:
    assert how(withdrawn, "wang").status == 403
    assert call("GET", withdrawn.path(), officer="chief").json["restricted"]
    assert watches() == []


def test_nobody_is_notified_of_a_report_that_is_not_withdrawn() -> None:
    cloud.officer("chief", roles=(Role.SUPERVISOR,))
    cloud.forget_sent()
    created = file()
    assert by_officer("GET", created, "?reason=A+court+asks.", officer="chief").status == 200
    assert watches() == []


@pytest.mark.parametrize("route", OPERATIONS)
@pytest.mark.parametrize("officer", ["wang", "chief"])
def test_no_other_route_shows_what_the_reporter_sent(
    withdrawn: Withdrawn, route: str, officer: str
) -> None:
    operation = OPERATIONS[route]
    theirs = {"report_id": withdrawn.id, "media_id": withdrawn.media_id, "username": "li"}
    ids = {**NO_IDS, **theirs}
    reply = call(
        operation.method,
        operation.path.format(**ids),
        request_examples().get(operation.name) if operation.body else None,
        officer=officer,
        key=new_key() if operation.headers & {Header.KEY, Header.OPTIONAL_KEY} else None,
        headers=some_version(operation),
    )
    if operation.name == "open_original" and officer == "chief":
        assert len(watches()) == 1
        return
    assert [canary for canary in OF_THE_REPORTER if canary in reply.text] == []
    assert withdrawn.media_id not in reply.text
    assert watches() == []


def test_the_canaries_are_there_for_whoever_may_see_them(withdrawn: Withdrawn) -> None:
    text = withdrawn.open_in_full().text
    # The contact was deleted when the report was withdrawn.
    missing = [path for path, canary in IN_REPORT.items() if canary not in text]
    assert missing == [path for path in IN_REPORT if path.startswith("contact.")]


@both_ways
@pytest.mark.parametrize("table", ["AUDIT_TABLE", "REPORTS_TABLE"])
def test_without_the_record_or_the_notice_nothing_opens(
    aws: Mapping[str, str], withdrawn: Withdrawn, how: Any, table: str
) -> None:
    decrypt = inject.fault(wiring.content_keys()._client, "kms.Decrypt", lambda request: None)
    write = "dynamodb.TransactWriteItems"
    with inject.without(aws[table], write), decrypt as decrypted:
        reply = how(withdrawn)
    assert (reply.status, decrypted) == (503, [])
    assert not [row for row in wiring.audit().rows(of_report(withdrawn.id)) if row["by"] == "chief"]
    assert watches() == []


@both_ways
def test_whoever_dies_after_the_record_leaves_the_notice_to_the_outbox(
    withdrawn: Withdrawn, how: Any
) -> None:
    with inject.dying(how=inject.crash_after):
        how(withdrawn)
    assert [row["by"] for row in wiring.audit().rows(of_report(withdrawn.id))][-1] == "chief"
    cloud.sweep(timedelta(minutes=2))
    assert [each["watched"] for each in watches()] == ["restricted"]


@both_ways
def test_nothing_opens_in_full_while_it_is_being_deleted(withdrawn: Withdrawn, how: Any) -> None:
    wiring.reports().table.update(
        Update(keys.report(withdrawn.id), keys.HEAD, put={"expiring": True})
    )
    assert how(withdrawn).refusal == (409, "expiring")
    assert watches() == []
