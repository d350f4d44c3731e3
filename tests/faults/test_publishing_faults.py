"""Faults while a bulletin is published or ended.

Readers see the whole step or nothing of it, and every step is in the audit.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.kernel import times
from tests.client import Reply, call, new_key, report, tag_for
from tests.faults import inject
from tests.functional.bulletins.test_bulletins import (
    ZHAO,
    approve,
    change,
    draft,
    drafted,
    listed,
    opened,
    published,
    sweep,
)
from tests.kept import Kept

pytestmark = pytest.mark.usefixtures("aws", "clean", "officers")

MOMENTS = [inject.crash, inject.crash_after]
Moment = Callable[[Any], Any]


@pytest.fixture
def officers(two_officers: None) -> None:
    wiring.catalogue()


def steps(bulletin_id: str) -> list[str]:
    """Return the steps in the audit of a bulletin."""
    rows, _ = wiring.audit().table.query(keys.bulletin(bulletin_id))
    return [
        row["detail"].partition('"step": "')[2].partition('"')[0]
        for row in rows
        if row["action"] == "change"
    ]


def end(bulletin: Mapping[str, Any], step: str) -> Reply:
    words = {"resolve": "outcome", "withdraw": "reason"}
    body = {"code": "no_longer_sought", words[step]: {"en": "Over."}}
    return call("POST", f"/v1/officer/bulletins/{bulletin['id']}/{step}", body, officer=ZHAO)


def titles() -> dict[str, str]:
    """Return the title of each entry of the feed, in English, by the bulletin's id."""
    feed = call("GET", "/v1/bulletins/feed.json", headers={"Accept-Language": "en"}).json
    return {item["id"].rpartition("/")[2]: item["title"] for item in feed["items"]}


def calls_of(take: Callable[[Mapping[str, Any]], Reply], bulletin: Mapping[str, Any]) -> int:
    with inject.fault(wiring.dynamodb(), "dynamodb.*", lambda _: None) as called:
        assert take(bulletin).status == 200
    return len(called)


@pytest.mark.parametrize("moment", MOMENTS, ids=["before", "after"])
def test_a_crash_around_any_call_of_an_approval_publishes_all_or_nothing(moment: Moment) -> None:
    for position in range(calls_of(approve, drafted())):
        bulletin = drafted()
        before = listed()
        with inject.dying("dynamodb.*", position=position, how=moment):
            approve(bulletin)
        seen = call("GET", f"/v1/bulletins/{bulletin['id']}").status == 200
        assert (bulletin["id"] in listed()) is seen
        assert ("approve" in steps(bulletin["id"])) is seen

        assert approve(bulletin).status == 200
        assert listed() == [bulletin["id"], *before]
        assert steps(bulletin["id"]).count("approve") == 1


@pytest.mark.parametrize("step", ["resolve", "withdraw"])
@pytest.mark.parametrize("moment", MOMENTS, ids=["before", "after"])
def test_a_crash_around_any_call_that_ends_a_bulletin_leaves_no_half_of_it(
    step: str, moment: Moment
) -> None:
    for position in range(calls_of(lambda each: end(each, step), published())):
        bulletin = published()
        with inject.dying("dynamodb.*", position=position, how=moment):
            end(bulletin, step)
        still = opened(bulletin)["state"] == "published"
        assert (bulletin["id"] in listed()) is still
        assert (titles()[bulletin["id"]] == draft()["title"]["en"]) is still
        assert (step in steps(bulletin["id"])) is not still

        assert end(bulletin, step).status == 200
        assert listed() == []


@pytest.mark.parametrize("position", [0, 1])
def test_what_ends_while_a_feed_is_read_is_in_it_once(position: int) -> None:
    bulletin = published()
    listed()  # the secrets are read, so that the feed needs two queries only

    def meanwhile(_: Any) -> None:
        with inject.fault(wiring.dynamodb(), "dynamodb.Query", lambda _: None):
            assert end(bulletin, "withdraw").status == 200

    once = inject.at(position, inject.times(1, meanwhile))
    with inject.fault(wiring.dynamodb(), "dynamodb.Query", once):
        feed = call("GET", "/v1/bulletins/feed.json").json

    assert [item["id"].rpartition("/")[2] for item in feed["items"]] == [bulletin["id"]]
    assert "url" not in feed["items"][0]


def test_a_response_lost_on_the_way_is_an_approval_all_the_same() -> None:
    bulletin = drafted()
    with inject.fault(
        wiring.dynamodb(), "dynamodb.TransactWriteItems", inject.times(1, inject.lose_response)
    ) as called:
        reply = approve(bulletin)

    assert (len(called), reply.status, reply.json["state"]) == (2, 200, "published")
    assert steps(bulletin["id"]) == ["draft", "approve"]


def test_of_two_officers_who_change_one_version_one_gets_412() -> None:
    bulletin = drafted()
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda n: change(bulletin, body={"en": f"Text {n}."}), range(4)))

    assert sorted(reply.status for reply in replies) == [200, 412, 412, 412]
    assert opened(bulletin)["version"] == 2


def test_of_an_approval_and_a_change_at_once_readers_see_only_what_was_read() -> None:
    for n in range(6):
        bulletin = drafted()
        tag = tag_for(f"/v1/officer/bulletins/{bulletin['id']}/approve", ZHAO)
        with ThreadPoolExecutor(2) as pool:
            approval = pool.submit(approve, bulletin, ZHAO, tag)
            changed = pool.submit(change, bulletin, body={"en": f"Unread {n}."})
        assert changed.result().status in (200, 412)
        assert approval.result().status in (200, 412)
        seen = call("GET", f"/v1/bulletins/{bulletin['id']}")
        assert (seen.status == 200) is (approval.result().status == 200)
        assert seen.status == 404 or seen.json["body"] == draft()["body"]


def expiring() -> dict[str, Any]:
    """Create a bulletin that has just expired."""
    bulletin = published(expires_at=times.render(wiring.clock.now() + timedelta(hours=1)))
    wiring.clock.advance(timedelta(hours=1))
    return bulletin


def test_the_sweep_killed_anywhere_ends_a_bulletin_later_all_the_same() -> None:
    bulletin = expiring()
    kept = Kept()
    kept.put_back()
    with inject.fault(wiring.dynamodb(), "dynamodb.*", lambda _: None) as calls:
        sweep()
    for moment in MOMENTS:
        for position in range(len(calls)):
            kept.put_back()
            with inject.fault(
                wiring.dynamodb(), "dynamodb.*", inject.at(position, moment)
            ) as called:
                try:
                    sweep()
                except inject.Crash:
                    assert len(called) == position + 1
            assert listed() == []
            assert sweep()["failed"] == 0
            assert opened(bulletin)["state"] == "expired"
            assert steps(bulletin["id"]).count("expire") == 1
            rows, _ = wiring.bulletins().table.query("PUBLIC#*")
            assert ([row["sk"] for row in rows], sweep()["due"]) == (["CHANGED"], 0)


MEANWHILE: Mapping[str, Callable[[Mapping[str, Any]], object]] = {
    "another sweep": lambda _: sweep(),
    "a resolution": lambda bulletin: end(bulletin, "resolve"),
    "a withdrawal": lambda bulletin: end(bulletin, "withdraw"),
}
STATES = {"expire": "expired", "resolve": "resolved", "withdraw": "withdrawn"}


@pytest.mark.parametrize("what", MEANWHILE)
def test_a_bulletin_ends_once_whatever_comes_between_two_steps_of_the_sweep(what: str) -> None:
    bulletin = expiring()
    kept = Kept()
    position, interrupted = 0, True
    while interrupted:
        kept.put_back()
        interrupted = False

        def interrupt(_: Any) -> None:
            nonlocal interrupted
            if not interrupted:
                interrupted = True
                MEANWHILE[what](bulletin)

        with inject.fault(wiring.dynamodb(), "dynamodb.*", inject.at(position, interrupt)):
            assert sweep()["failed"] == 0
        assert sweep()["due"] == 0
        ends = [step for step in steps(bulletin["id"]) if step in STATES]
        # An officer can still resolve or withdraw what has expired, but nothing expires afterwards.
        assert len(ends) == len(set(ends))
        assert "expire" not in ends[1:]
        assert opened(bulletin)["state"] == STATES[ends[-1]]
        rows, _ = wiring.bulletins().table.query("PUBLIC#*")
        assert bulletin["id"] not in str([row["sk"] for row in rows if "outcome" not in row])
        position += 1
    assert position > 5


def test_intake_goes_on_while_the_bulletins_table_cannot_be_reached(aws: Mapping[str, str]) -> None:
    wiring.reset()
    with inject.without(aws["BULLETINS_TABLE"]):
        reply = call("POST", "/v1/reports", report(), key=new_key())
        lead = call("POST", "/v1/reports", report(bulletin_id="B-0000000000000000"), key=new_key())

    assert reply.status == 201
    assert lead.refusal == (503, "unavailable")
