"""What waits for an approval can be declined with a reason, and nothing is published by it."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.domain.notices.notice import officer_address
from tests import cloud
from tests.client import Reply, call
from tests.functional.bulletins.test_bulletins import (
    LI,
    WANG,
    ZHAO,
    approve,
    change,
    draft,
    drafted,
    end,
    opened,
    published,
    read,
    settle,
)

pytestmark = pytest.mark.usefixtures("aws", "clean", "two_officers")

WHY = "Leave out the name of the street."


def decline(bulletin: Mapping[str, Any], by: str = ZHAO, reason: str = WHY) -> Reply:
    path = f"/v1/officer/bulletins/{bulletin['id']}/decline"
    tag = {"If-Match": f'"{bulletin["version"]}"'}
    return call("POST", path, {"reason": reason}, officer=by, headers=tag)


def test_a_declined_draft_waits_again_once_it_is_written_anew() -> None:
    bulletin = drafted()
    said = decline(bulletin).expect(200)
    declined = said["declined"]
    assert (declined["by"], declined["version"], declined["reason"]) == (ZHAO, 1, WHY)
    assert (said["state"], said["pending"]) == ("draft", False)
    assert said["steps"] == ["write", "withdraw"]
    assert approve(bulletin).refusal == (409, "illegal_transition")

    anew = change(bulletin, body={"en": "Tuesday."}).json
    assert (anew["declined"], anew["pending"]) == (None, True)
    assert approve(anew).status == 200


def test_whoever_reads_what_waits_is_told_what_was_declined_before() -> None:
    bulletin = drafted()
    assert decline(bulletin).json["declined_before"] is None
    anew = change(bulletin, body={"en": "Tuesday."}).json
    before = anew["declined_before"]
    assert (before["by"], before["version"], before["reason"]) == (ZHAO, 1, WHY)
    # Also after a second change, and no longer once it is approved.
    again = change(anew, body={"en": "Tuesday evening."}).json
    assert again["declined_before"] == before
    assert approve(again).json["declined_before"] is None
    assert change(again, body={"en": "Sunday."}).json["declined_before"] is None


def test_readers_keep_what_is_published_while_a_correction_is_declined() -> None:
    bulletin = published()
    other = change(bulletin, body={"en": "Wednesday."}).json
    said = decline(other).json

    assert (said["state"], said["pending"]) == ("published", False)
    assert read(bulletin).json["body"] == draft()["body"]
    # Officers still see both.
    assert (said["body"], said["published"]["body"]) == ({"en": "Wednesday."}, draft()["body"])
    assert approve(other).refusal == (409, "illegal_transition")


@pytest.mark.parametrize(("step", "name"), [("resolve", "outcome"), ("withdraw", "reason")])
def test_declined_words_are_not_shown_and_new_ones_wait(step: str, name: str) -> None:
    bulletin = published()
    words: dict[str, Any] = {name: {"en": "Words."}}
    ended = end(bulletin, step, **words).json
    assert decline(ended).status == 200
    assert approve(ended).refusal == (409, "illegal_transition")

    words = {name: {"en": "Other words."}}
    again = end(bulletin, step, **words).json
    assert (again["declined"], again["declined_before"]["reason"]) == (None, WHY)
    done = approve(again).json
    assert (done[name], done["declined_before"]) == (words[name], None)


def test_what_was_declined_of_the_content_is_not_said_of_the_words_of_its_end() -> None:
    bulletin = published()
    decline(change(bulletin, body={"en": "Wednesday."}).json)
    ended = end(bulletin, "resolve", outcome={"en": "Words."}).json
    assert (ended["declined"], ended["declined_before"]) == (None, None)


def test_only_the_version_that_was_read_is_declined() -> None:
    bulletin = drafted()
    path = f"/v1/officer/bulletins/{bulletin['id']}/decline"
    assert call("POST", path, {"reason": WHY}, officer=ZHAO).status == 428
    newer = change(bulletin, title={"en": "Witnesses, please"}).json
    assert decline(bulletin).status == 412
    assert opened(newer)["pending"] is True


def test_a_reason_is_needed_and_nothing_is_declined_twice() -> None:
    bulletin = drafted()
    for reason in ("", " ", "x" * 501):
        assert decline(bulletin, reason=reason).status == 422
    first = decline(bulletin)
    # The same officer again: a repeated call.
    assert decline(bulletin, reason="Another one.").json == first.json
    assert decline(bulletin, by=LI).refusal == (409, "illegal_transition")
    assert decline(published()).refusal == (409, "illegal_transition")


def test_nobody_declines_what_they_cannot_see() -> None:
    cloud.officer(WANG, categories=("traffic_violation",))
    assert decline(drafted(), by=WANG).status == 404


def test_a_picture_that_becomes_ready_does_not_let_a_declined_bulletin_wait() -> None:
    bulletin = drafted()
    path = f"/v1/officer/bulletins/{bulletin['id']}/media"
    picture = {"content_type": "image/jpeg", "size": 1000}
    added = call("POST", path, {"media": [picture]}, officer=LI).json
    assert decline({"id": bulletin["id"], "version": added["version"]}).status == 200
    settle(bulletin["id"], added["uploads"][0]["media_id"])
    now = opened(bulletin)
    assert now["version"] > added["version"]
    assert (now["pending"], now["declined"]["version"]) == (False, added["version"])
    assert approve(now).refusal == (409, "illegal_transition")


def test_its_authors_are_notified_and_nobody_else() -> None:
    bulletin = drafted()
    cloud.catch_up()
    decline(bulletin)
    cloud.stream(cloud.all_keys())
    (notice,) = cloud.sent()
    assert (notice["kind"], notice["step"]) == ("declined", "bulletin")
    assert json.loads(notice["attributes"]["to"]) == [officer_address(LI)]
    assert notice["url"].endswith(f"/bulletins/{bulletin['id']}")
    assert WHY not in str(notice)


def test_whoever_declines_their_own_is_not_notified() -> None:
    bulletin = drafted()
    cloud.catch_up()
    assert decline(bulletin, by=LI).status == 200
    cloud.stream(cloud.all_keys())
    assert cloud.sent() == []


def test_the_record_says_that_it_was_declined_and_the_audit_not_why() -> None:
    bulletin = drafted()
    decline(bulletin)
    path = f"/v1/officer/bulletins/{bulletin['id']}/history"
    events = call("GET", path, officer=ZHAO).json["items"]
    said = [each["detail"] for each in events if (each["detail"] or {}).get("step") == "decline"]
    assert said == [{"step": "decline", "version": 1, "state": "draft"}]
    assert WHY not in str(wiring.audit().table.query(keys.bulletin(bulletin["id"])))
