"""A proposal to pass a report on can be declined with a reason, which whoever made it reads."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.domain.notices.notice import officer_address
from chalicelib.domain.officers.model import Role
from chalicelib.store.audit.rows import of_report
from tests import cloud
from tests.client import Reply, call, new_key, report

pytestmark = pytest.mark.usefixtures("aws", "clean")

PROPOSED, WHY = "Not ours.", "The text says who wrote it."
WANG, LI, ZHAO = "wang", "li", "zhao"


@pytest.fixture(autouse=True)
def _officers(clean: None) -> None:
    for username in (WANG, LI, ZHAO):
        cloud.officer(username)


def proposed(by: str = WANG) -> dict[str, Any]:
    created: dict[str, Any] = call("POST", "/v1/reports", report(), key=new_key()).json
    assert propose(created, by).status == 201
    return created


def path(created: Mapping[str, Any], below: str = "") -> str:
    return f"/v1/officer/reports/{created['id']}{below}"


def propose(created: Mapping[str, Any], by: str = WANG, **more: Any) -> Reply:
    body = {"agency": "city_services", "reason": PROPOSED, "include": ["text"]} | more
    return call("POST", path(created, "/referral"), body, officer=by)


def decline(
    created: Mapping[str, Any], by: str = LI, number: int = 1, reason: str | None = WHY
) -> Reply:
    return call(
        "POST",
        path(created, "/referral/decline"),
        {} if reason is None else {"reason": reason},
        officer=by,
        headers={"If-Match": f'"{number}"'},
    )


def approve(created: Mapping[str, Any], number: int) -> Reply:
    headers = {"If-Match": f'"{number}"'}
    return call("POST", path(created, "/referral/approve"), officer=ZHAO, headers=headers)


def opened(created: Mapping[str, Any]) -> Any:
    return call("GET", path(created), officer=ZHAO).json


def flags(created: Mapping[str, Any]) -> Any:
    items = call("GET", "/v1/officer/reports", officer=ZHAO).json["items"]
    return next(each["flags"] for each in items if each["id"] == created["id"])


def refused(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.json["code"]


def test_what_is_declined_ends_and_says_by_whom_and_why() -> None:
    created = proposed()
    assert decline(created).status == 204
    shown = opened(created)
    declined = shown["declined_referral"]
    assert (declined["by"], declined["reason"]) == (LI, WHY)
    referral = declined["referral"]
    assert (referral["number"], referral["by"], referral["reason"]) == (1, WANG, PROPOSED)
    assert (shown["referrals"], shown["flags"]) == ([], ["referral_declined"])
    assert flags(created) == ["referral_declined"]
    assert refused(approve(created, 1)) == (409, "no_referral")
    # The step waits for nobody, so it is no task of anybody's.
    listed = call("GET", "/v1/officer/reports", officer=ZHAO).json["items"]
    assert [each["awaits"] for each in listed] == [[]]


def test_whoever_looks_at_a_new_proposal_reads_what_was_declined_before() -> None:
    created = proposed()
    assert opened(created)["declined_referral"] is None
    decline(created)
    anew = propose(created, include=["place"])
    assert (anew.status, anew.json["number"]) == (201, 2)
    shown = opened(created)
    assert shown["declined_referral"]["reason"] == WHY
    assert [each["number"] for each in shown["referrals"]] == [2]
    assert flags(created) == ["referred"]

    # The same officer may have to say it once more, of another proposal.
    decline(created, LI, 2, "Still too much.")
    assert opened(created)["declined_referral"]["referral"]["number"] == 2
    propose(created)
    assert approve(created, 3).status == 200
    assert opened(created)["declined_referral"] is None
    assert flags(created) == ["passed_on"]


def test_only_the_proposal_that_was_read_is_declined() -> None:
    created = proposed()
    call("DELETE", path(created, "/referral"), officer=WANG)
    assert refused(decline(created)) == (409, "no_referral")
    propose(created, agency="municipal_police")
    assert decline(created).status == 412
    unnamed = call("POST", path(created, "/referral/decline"), {"reason": WHY}, officer=LI)
    assert unnamed.status == 428
    assert decline(created, number=2).status == 204


def test_one_takes_ones_own_back_and_does_not_decline_it() -> None:
    created = proposed()
    assert refused(decline(created, WANG)) == (403, "not_your_step")
    assert len(opened(created)["referrals"]) == 1


@pytest.mark.parametrize("reason", [None, "", " ", "\u200b", "a" * 1001])
def test_a_reason_is_needed(reason: str | None) -> None:
    created = proposed()
    assert decline(created, reason=reason).status == 422
    assert len(opened(created)["referrals"]) == 1


def test_to_decline_again_changes_nothing(aws: Mapping[str, str]) -> None:
    created = proposed()
    decline(created)
    before = opened(created)["declined_referral"]
    assert decline(created, reason="Another one.").status == 204
    assert opened(created)["declined_referral"] == before
    assert refused(decline(created, ZHAO)) == (409, "no_referral")
    # What was declined is not declined again for a proposal that is made later.
    propose(created)
    assert decline(created).status == 204
    assert len(opened(created)["referrals"]) == 1


def test_what_was_passed_on_is_not_declined() -> None:
    created = proposed()
    approve(created, 1)
    assert refused(decline(created)) == (409, "passed_on")
    propose(created)
    assert refused(decline(created)) == (409, "passed_on")
    assert len(opened(created)["referrals"]) == 2


def test_what_the_reporter_has_withdrawn_is_not_declined() -> None:
    created = proposed()
    call("DELETE", f"/v1/reports/{created['id']}", receipt=created["receipt"])
    assert refused(decline(created)) == (409, "withdrawn")


def test_nobody_declines_what_they_cannot_see() -> None:
    created = proposed()
    cloud.officer("far", categories=("found_item",))
    cloud.officer("clerk", roles=(Role.ADMIN,))
    assert decline(created, "far").status == 404
    assert decline(created, "clerk").status == 403
    assert len(opened(created)["referrals"]) == 1


def test_whoever_proposed_it_is_notified_once_and_nobody_else(aws: Mapping[str, str]) -> None:
    created = proposed()
    cloud.stream(cloud.all_keys(aws))
    cloud.forget_sent(aws)
    for _ in range(2):
        decline(created)
    cloud.stream(cloud.all_keys(aws))
    (notice,) = cloud.sent(aws)
    assert (notice["kind"], notice["step"]) == ("declined", "referral")
    assert json.loads(notice["attributes"]["to"]) == [officer_address(WANG)]
    assert notice["url"].endswith(f"/reports/{created['id']}")
    for secret in (WHY, PROPOSED, WANG):
        assert secret not in str(notice)


def test_nobody_is_notified_of_what_is_taken_back(aws: Mapping[str, str]) -> None:
    created = proposed()
    cloud.stream(cloud.all_keys(aws))
    cloud.forget_sent(aws)
    call("DELETE", path(created, "/referral"), officer=WANG)
    cloud.stream(cloud.all_keys(aws))
    assert cloud.sent(aws) == []


def test_the_history_says_who_has_declined_what_and_why() -> None:
    created = proposed()
    decline(created)
    items = call("GET", path(created, "/history"), officer=ZHAO).json["items"]
    said = [
        (each["by"], each["detail"])
        for each in items
        if (each["detail"] or {}).get("referral") == "declined"
    ]
    step = {"referral": "declined", "number": 1, "agency": "city_services", "include": ["text"]}
    assert said == [(LI, step | {"media_ids": [], "asked_by": WANG, "reason": WHY})]


def test_the_reason_is_sealed_to_the_report() -> None:
    created = proposed()
    decline(created)
    table = wiring.reports().table
    rows, _ = table.query(keys.report(created["id"]))
    audit = list(wiring.audit().rows(of_report(created["id"])))
    assert [row["by"] for row in audit] == [WANG, LI]
    assert WHY not in f"{rows}{audit}"
    declined = next(row for row in rows if row["sk"] == keys.HEAD)["referrals"]["declined"]
    assert set(declined) == {"referral", "by", "at", "sealed_reason"}


def test_the_reporter_sees_nothing_of_it() -> None:
    created = proposed()
    before = call("GET", "/v1/reports/mine", receipt=created["receipt"])
    decline(created)
    after = call("GET", "/v1/reports/mine", receipt=created["receipt"])
    assert after.json == before.json
    assert after.headers["etag"] == before.headers["etag"]
