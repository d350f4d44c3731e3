"""No word of one officer alone is published, whatever they try.

A code takes effect at once; what is written in own words waits for a second officer.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.officers.model import WAIT
from chalicelib.kernel import times
from tests import cloud
from tests.client import Reply, call, new_key, report, tag_for
from tests.functional.bulletins.test_bulletins import (
    LI,
    ZHAO,
    approve,
    change,
    drafted,
    end,
    opened,
    published,
    read,
    seen_by_reporter,
)

pytestmark = pytest.mark.usefixtures("aws", "clean", "officers")

CHEN, SECOND_ACCOUNT = "chen", "li2"
SECRET = "A SECRET"
WORDS = {"en": SECRET, "zh": SECRET}


@pytest.fixture
def officers(two_officers: None) -> None:
    cloud.officer(CHEN)
    cloud.officer(SECOND_ACCOUNT, approves_from=wiring.clock.now() + WAIT)


def lead_on(bulletin: Mapping[str, Any]) -> dict[str, Any]:
    body = report("other", bulletin_id=bulletin["id"])
    return dict(call("POST", "/v1/reports", body, key=new_key()).json)


def all_that_readers_see(bulletin: Mapping[str, Any], lead: Mapping[str, Any] | None) -> str:
    own = f"/bulletins/{bulletin['id']}"
    paths = ["", "/feed.json", "/feed.atom"]
    seen = [
        call("GET", path, headers={"Accept-Language": language}).text
        for path in (own, f"/v1{own}", f"/v1{own}/cap", *(f"/v1/bulletins{each}" for each in paths))
        for language in ("zh", "en")
    ]
    if lead:
        seen.append(call("GET", "/v1/reports/mine", receipt=lead["receipt"]).text)
    return "\n".join(seen)


def approve_alone(bulletin: Mapping[str, Any]) -> list[Reply]:
    """Try to approve what is there now, also with a second account, and with a colleague's tag."""
    path = f"/v1/officer/bulletins/{bulletin['id']}/approve"
    return [
        approve(bulletin, by, tag)
        for by in (LI, SECOND_ACCOUNT)
        for tag in (None, tag_for(path, ZHAO))
    ]


def resolve_twice(bulletin: Mapping[str, Any]) -> None:
    end(bulletin, "resolve", outcome=WORDS)
    approve_alone(bulletin)
    end(bulletin, "resolve")
    end(bulletin, "resolve", outcome=WORDS)


def replace_approved_words(bulletin: Mapping[str, Any]) -> None:
    end(bulletin, "resolve", outcome={"en": "Fine."})
    assert approve(opened(bulletin)).status == 200
    end(bulletin, "resolve", outcome=WORDS)


def replace_words_of_another(bulletin: Mapping[str, Any]) -> None:
    end(bulletin, "resolve", CHEN, outcome={"en": "Fine."})
    tag = tag_for(f"/v1/officer/bulletins/{bulletin['id']}/approve", ZHAO)
    end(bulletin, "resolve", outcome=WORDS)
    assert approve(bulletin, tag=tag).status == 412


def keep_words_under_another_code(bulletin: Mapping[str, Any]) -> None:
    end(bulletin, "withdraw", reason=WORDS)
    end(bulletin, "withdraw", reason=WORDS, code="published_in_error")


def resolve_then_withdraw(bulletin: Mapping[str, Any]) -> None:
    end(bulletin, "resolve", outcome=WORDS)
    end(bulletin, "withdraw")
    end(bulletin, "withdraw", reason=WORDS)


def renew_what_has_expired(bulletin: Mapping[str, Any]) -> None:
    wiring.clock.advance(timedelta(days=30))
    cloud.officer(SECOND_ACCOUNT, approves_from=wiring.clock.now() + WAIT)
    date = times.render(wiring.clock.now() + timedelta(days=1))
    change(bulletin, body=WORDS, expires_at=date)


TRIES: dict[str, Callable[[Mapping[str, Any]], object]] = {
    "correct": lambda bulletin: change(bulletin, body=WORDS),
    "resolve": lambda bulletin: end(bulletin, "resolve", outcome=WORDS),
    "resolve twice": resolve_twice,
    "replace approved words": replace_approved_words,
    "replace words of another": replace_words_of_another,
    "withdraw": lambda bulletin: end(bulletin, "withdraw", reason=WORDS),
    "withdraw with one text": lambda bulletin: end(bulletin, "withdraw", reason=SECRET),
    "keep words under another code": keep_words_under_another_code,
    "resolve, then withdraw": resolve_then_withdraw,
    "renew what has expired": renew_what_has_expired,
}


@pytest.mark.parametrize("what", TRIES)
def test_one_officer_alone_publishes_no_word(what: str) -> None:
    bulletin = published()
    lead = lead_on(bulletin)
    TRIES[what](bulletin)
    replies = approve_alone(bulletin)

    refused = [(reply.status, reply.json["code"]) for reply in replies]
    assert (403, "self_approval") in refused
    assert not any(status == 200 for status, _ in refused)
    assert SECRET not in all_that_readers_see(bulletin, lead)
    # The same words are shown once somebody else has approved them. So this could have failed.
    assert approve(opened(bulletin), by=ZHAO).status == 200
    assert SECRET in all_that_readers_see(bulletin, lead)


def test_one_officer_alone_publishes_no_draft() -> None:
    bulletin = drafted(title=WORDS, body=WORDS)
    replies = approve_alone(bulletin)
    end(bulletin, "withdraw", reason=WORDS)

    assert not any(reply.status == 200 for reply in replies)
    assert SECRET not in all_that_readers_see(bulletin, None)


def test_a_correction_that_was_not_approved_is_not_what_an_end_shows() -> None:
    bulletin = published()
    lead = lead_on(bulletin)
    change(bulletin, body=WORDS, title=WORDS, area={"text": SECRET})
    approve_alone(bulletin)
    end(bulletin, "resolve")

    assert SECRET not in all_that_readers_see(bulletin, lead)
    assert approve(opened(bulletin), by=ZHAO).status == 409
    assert SECRET not in all_that_readers_see(bulletin, lead)


@pytest.mark.parametrize(("step", "name"), [("resolve", "outcome"), ("withdraw", "reason")])
def test_words_are_added_to_the_code_once_they_are_approved(step: str, name: str) -> None:
    bulletin = published()
    waiting = end(bulletin, step, CHEN, **{name: {"en": "Thank you all."}}).json
    assert (waiting["pending"], waiting[name], waiting["pending_words"]) == (
        True,
        None,
        {"en": "Thank you all."},
    )
    assert waiting["steps"][0] == "approve"
    lead = lead_on(bulletin)
    alone = seen_by_reporter(lead, "en")

    shown = approve(waiting).json
    assert (shown["pending"], shown[name], shown["words_approved_by"], shown["version"]) == (
        False,
        {"en": "Thank you all."},
        ZHAO,
        waiting["version"],
    )
    assert seen_by_reporter(lead, "en") == f"{alone}\nThank you all."
    assert "Thank you all." not in seen_by_reporter(lead, "zh")
    assert approve(waiting).json == shown


@pytest.mark.parametrize(("step", "name"), [("resolve", "outcome"), ("withdraw", "reason")])
def test_the_same_call_again_changes_nothing(step: str, name: str) -> None:
    bulletin = published()
    body: dict[str, Any] = {name: {"en": "Over."}}
    first, second = (end(bulletin, step, **body).json for _ in range(2))
    assert first == second
    shown = approve(first).json
    assert end(bulletin, step, **body).json == shown


def test_a_code_alone_takes_approved_words_away_at_once() -> None:
    bulletin = published()
    end(bulletin, "resolve", outcome={"en": "A name."})
    approve(opened(bulletin))
    assert read(bulletin).json["outcome"]["en"].endswith("A name.")
    end(bulletin, "resolve")

    seen = read(bulletin).json
    assert not seen["outcome"]["en"].endswith("A name.")
    assert seen["corrected_at"] is not None
    assert opened(bulletin)["pending"] is False


def test_whoever_wrote_any_of_the_words_approves_none() -> None:
    bulletin = published()
    end(bulletin, "resolve", ZHAO, outcome={"en": "Over."})
    waiting = end(bulletin, "resolve", CHEN, outcome={"en": "All over."}).json

    assert waiting["authors"] == [LI, ZHAO, CHEN]
    assert [approve(waiting, by=by).status for by in (LI, ZHAO, CHEN)] == [403] * 3


def test_whoever_sent_only_the_code_may_approve_the_words() -> None:
    bulletin = published()
    end(bulletin, "resolve", ZHAO)
    waiting = end(bulletin, "resolve", CHEN, outcome={"en": "All over."}).json
    assert approve(waiting, by=ZHAO).status == 200


def test_each_refusal_is_on_record() -> None:
    bulletin = published()
    change(bulletin, body={"en": "Wednesday."})
    approve(opened(bulletin), by=LI)
    end(bulletin, "resolve", outcome={"en": "Over."})
    approve(opened(bulletin), by=LI)
    approve(opened(bulletin), by=SECOND_ACCOUNT)
    path = f"/v1/officer/bulletins/{bulletin['id']}/history"
    items = call("GET", path, officer=ZHAO).json["items"]

    assert [
        (item["by"], item["detail"]["step"], item["detail"]["code"])
        for item in items
        if item["action"] == "denied"
    ] == [
        (LI, "bulletin", "self_approval"),
        (LI, "outcome", "self_approval"),
        (SECOND_ACCOUNT, "outcome", "approves_later"),
    ]


def etag_of(bulletin: Mapping[str, Any], by: str) -> str:
    return str(call("GET", f"/v1/officer/bulletins/{bulletin['id']}", officer=by).headers["etag"])


def test_one_etag_changes_declines_and_approves_a_bulletin() -> None:
    path = f"/v1/officer/bulletins/{drafted()['id']}"
    bulletin = {"id": path.rpartition("/")[2]}
    assert "tag" not in opened(bulletin)

    def step(method: str, below: str, by: str, etag: str, body: Any = None) -> Reply:
        return call(method, path + below, body, officer=by, headers={"If-Match": etag})

    title = {"title": {"en": "Seen?"}}
    assert step("PATCH", "", LI, etag_of(bulletin, ZHAO), title).refusal == (412, "stale_version")
    changed = step("PATCH", "", LI, before := etag_of(bulletin, LI), title)
    assert (changed.status, changed.headers["etag"]) == (200, etag_of(bulletin, LI))
    assert step("PATCH", "", LI, before, title).refusal == (412, "stale_version")

    reason = {"reason": "Leave the street out."}
    assert step("POST", "/decline", ZHAO, etag_of(bulletin, LI), reason).status == 412
    assert step("POST", "/decline", ZHAO, etag_of(bulletin, ZHAO), reason).status == 200
    again = step("PATCH", "", LI, f'"{opened(bulletin)["version"]}"', {"title": {"en": "Heard?"}})
    assert again.status == 200  # a version, as of release 0.2.0rc1
    assert step("POST", "/approve", ZHAO, '"3"').refusal == (400, "bad_if_match")
    assert step("POST", "/approve", ZHAO, etag_of(bulletin, ZHAO)).json["state"] == "published"


@pytest.mark.parametrize(
    ("step", "allowed"),
    [
        ("resolve", ["found_safe", "found", "arrested", "no_longer_sought"]),
        ("withdraw", ["published_in_error", "no_longer_sought"]),
    ],
)
@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({}, "required"),
        ({"code": None}, "required"),
        ({"code": "found_dead"}, "unknown_value"),
        ({"code": ["found"]}, "unknown_value"),
    ],
)
def test_a_code_that_is_not_one_is_refused_with_those_there_are(
    step: str, allowed: list[str], sent: dict[str, Any], code: str
) -> None:
    path = f"/v1/officer/bulletins/{published()['id']}/{step}"
    [error] = call("POST", path, sent, officer=LI).expect(422)["errors"]
    assert (error["field"], error["code"], error["allowed"]) == ("code", code, allowed)


@pytest.mark.parametrize(
    ("step", "code"), [("resolve", "published_in_error"), ("withdraw", "found_safe")]
)
def test_a_code_of_the_other_step_is_refused(step: str, code: str) -> None:
    assert end(published(), step, code=code).wrong[0][1] == "unknown_value"


@pytest.mark.parametrize(
    ("step", "sent", "field"),
    [
        ("resolve", {"outcome": {}}, "outcome"),
        ("resolve", {"outcome": None}, "outcome"),
        ("resolve", {"outcome": {"xx": "Over."}}, "outcome.xx"),
        ("resolve", {"outcome": "Over."}, "outcome"),
        ("resolve", {"reason": {"en": "Over."}}, "reason"),
        ("withdraw", {"reason": " "}, "reason"),
        ("withdraw", {"reason": None}, "reason"),
        ("withdraw", {"reason": {"en": "x" * 501}}, "reason.en"),
        ("withdraw", {"reason": {"xx": "No."}}, "reason.xx"),
    ],
)
def test_wrong_words_are_named_as_the_sender_calls_them(
    step: str, sent: dict[str, Any], field: str
) -> None:
    assert end(published(), step, **sent).wrong_fields == [field]
