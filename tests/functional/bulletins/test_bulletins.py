"""One officer drafts a bulletin and another approves exactly that version.

Readers see the approved version until it ends.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.domain.media import Verdict
from chalicelib.domain.officers.model import ALL, Officer, Role
from chalicelib.domain.reports.media import Manifest, MediaState
from chalicelib.kernel import times
from chalicelib.kernel.files import derived_key, original_key
from chalicelib.kernel.ids import is_bulletin_id
from chalicelib.kernel.languages import text
from chalicelib.services.media.results import record_verdict
from chalicelib.store.audit.rows import of_bulletin
from tests import cloud
from tests.approvals import NO_TAG
from tests.client import Reply, call, new_key, read_and_approve, report, tag_for
from tests.faults import inject
from tests.steps import file, mine

pytestmark = pytest.mark.usefixtures("aws", "clean", "officers")

LI, ZHAO, WANG = "li", "zhao", "wang"


@pytest.fixture
def officers(clean: None) -> None:
    wiring.reset()
    for username, categories in ((LI, (ALL,)), (ZHAO, (ALL,)), (WANG, ("traffic_violation",))):
        wiring.officers().put(Officer(username=username, categories=categories, districts=(ALL,)))
    wiring.officers().put(
        Officer(
            username="chen", roles=(Role.OFFICER, Role.ADMIN), categories=(ALL,), districts=(ALL,)
        )
    )


def draft(**more: Any) -> dict[str, Any]:
    return {
        "channel": "key_cases",
        "title": {"zh": "征集线索", "en": "Witnesses wanted"},
        "body": {"zh": "周二晚上。", "en": "Tuesday evening."},
    } | more


def drafted(by: str = LI, **more: Any) -> dict[str, Any]:
    return dict(call("POST", "/v1/officer/bulletins", draft(**more), officer=by).expect(201))


def approve(bulletin: Mapping[str, Any], by: str = ZHAO, tag: str | None = None) -> Reply:
    """Approve what the officer reads now, or by the tag of an earlier reading."""
    return read_and_approve(f"/v1/officer/bulletins/{bulletin['id']}/approve", by, tag)


def published(**more: Any) -> dict[str, Any]:
    return dict(approve(drafted(**more)).expect(200))


def change(bulletin: Mapping[str, Any], by: str = LI, **changes: Any) -> Reply:
    path = f"/v1/officer/bulletins/{bulletin['id']}"
    return call("PATCH", path, changes, officer=by, version=bulletin["version"])


def end(bulletin: Mapping[str, Any], step: str, by: str = LI, **body: Any) -> Reply:
    """Resolve or withdraw a bulletin: with a code that may be true of any, unless one is given."""
    path = f"/v1/officer/bulletins/{bulletin['id']}/{step}"
    return call("POST", path, {"code": "no_longer_sought", **body}, officer=by)


def opened(bulletin: Mapping[str, Any], by: str = LI) -> dict[str, Any]:
    return dict(call("GET", f"/v1/officer/bulletins/{bulletin['id']}", officer=by).json)


def listed(query: str = "") -> list[str]:
    return [item["id"] for item in call("GET", f"/v1/bulletins{query}").json["items"]]


def read(bulletin: Mapping[str, Any]) -> Reply:
    return call("GET", f"/v1/bulletins/{bulletin['id']}")


def test_readers_see_nothing_before_a_second_officer_approves() -> None:
    bulletin = drafted()

    assert (bulletin["state"], bulletin["version"], bulletin["authors"]) == ("draft", 1, [LI])
    assert is_bulletin_id(bulletin["id"])
    assert listed() == []
    assert read(bulletin).status == 404
    assert approve(bulletin, by=LI).refusal == (403, "self_approval")

    assert approve(bulletin).status == 200
    assert listed() == [bulletin["id"]]
    seen = read(bulletin).json
    assert (seen["title"], seen["state"], seen["corrected_at"]) == (
        draft()["title"],
        "published",
        None,
    )


def test_who_changed_any_word_cannot_approve() -> None:
    bulletin = drafted()
    changed = change(bulletin, by=ZHAO, title={"en": "Witnesses, please"}).json

    assert changed["authors"] == [LI, ZHAO]
    assert [approve(changed, by=by).status for by in (LI, ZHAO)] == [403, 403]
    assert approve(changed, by="chen").status == 200


def test_a_correction_waits_while_readers_see_the_old_text() -> None:
    bulletin = published()
    corrected = change(bulletin, body={"en": "Wednesday evening."}).json

    assert (corrected["state"], corrected["pending"], corrected["published"]["body"]) == (
        "published",
        True,
        draft()["body"],
    )
    assert read(bulletin).json["body"] == draft()["body"]
    assert approve(corrected, by=LI).status == 403
    assert approve(corrected).status == 200
    seen = read(bulletin).json
    assert seen["body"] == {"en": "Wednesday evening."}
    assert seen["corrected_at"] >= seen["published_at"]
    assert listed() == [bulletin["id"]]


def test_a_correction_taken_back_leaves_nothing_to_approve() -> None:
    bulletin = published()
    other = change(bulletin, body={"en": "Wednesday."}).json
    back = change(other, body=draft()["body"]).json

    assert back["pending"] is False
    assert approve(back).refusal == (409, "illegal_transition")


def test_what_is_over_cannot_be_approved_again() -> None:
    bulletin = drafted(expires_at=times.render(wiring.clock.now() + timedelta(hours=1)))
    assert approve(bulletin).status == 200
    wiring.clock.advance(timedelta(hours=1))
    again = approve(bulletin)
    assert (again.status, again.json["code"], again.json["legal"]) == (
        409,
        "illegal_transition",
        ["write", "resolve", "withdraw"],
    )


def test_a_correction_that_waited_beyond_the_end_republishes_nothing() -> None:
    bulletin = published(expires_at=times.render(wiring.clock.now() + timedelta(hours=1)))
    waiting = change(bulletin, body={"en": "Wednesday evening."}).json
    wiring.clock.advance(timedelta(hours=1))
    assert opened(bulletin)["steps"] == ["write", "decline", "resolve", "withdraw"]
    refused = approve(waiting)
    assert (refused.status, refused.json["code"], listed()) == (409, "expiry_passed", [])


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"area": {"district": "atlantis"}}, ["area.district"]),
        ({"area": {"lat": 99, "lon": 116.4}}, ["area.lat"]),
        ({"area": {"lat": 39.933, "lon": 116.478, "district": "haidian"}}, ["area.district"]),
        ({"area": {"text": ""}}, ["area.text"]),
        ({"area": 5}, ["area"]),
        ({"area": " "}, ["area"]),
        ({"title": {"qq": "Title"}}, ["title.qq"]),
        ({"title": {"a b": "Title"}}, ["title.?"]),
        ({"title": {}, "expires_at": "2026-01-01T00:00:00Z"}, ["title", "expires_at"]),
        ({"title": {}, "expires_at": 5}, ["title", "expires_at"]),
    ],
)
def test_wrong_fields_are_named_as_the_sender_calls_them(
    fields: dict[str, Any], named: list[str]
) -> None:
    assert call("POST", "/v1/officer/bulletins", draft(**fields), officer=LI).wrong_fields == named


def test_an_outcome_is_corrected_by_any_officer_of_the_channel() -> None:
    bulletin = published(about="child")
    lead = file("other", bulletin_id=bulletin["id"])
    ended_at = end(bulletin, "resolve", code="found").json["ended_at"]
    assert "resolve" in opened(bulletin)["steps"]
    assert end(bulletin, "resolve", ZHAO, code="found_safe").status == 200

    seen = read(bulletin).json
    right = "Found safe. Thank you for your help."
    assert (seen["code"], seen["outcome"]["en"], seen["ended_at"]) == (
        "found_safe",
        right,
        ended_at,
    )
    assert seen["corrected_at"] >= ended_at
    assert (
        call(
            "GET", "/v1/reports/mine", receipt=lead["receipt"], headers={"Accept-Language": "en"}
        ).json["outcome"]["bulletin"]
        == right
    )


def test_the_history_shows_each_version_and_who_approved_it() -> None:
    bulletin = published()
    corrected = change(bulletin, by="chen", body={"en": "Wednesday evening."}).json
    approve(corrected)
    path = f"/v1/officer/bulletins/{bulletin['id']}"
    end(bulletin, "resolve", outcome={"en": "Over."})
    end(bulletin, "withdraw", reason={"en": "The family asks for it."})
    approve(opened(bulletin), by="chen")
    approve(opened(bulletin), by=ZHAO)
    reply = call("GET", f"{path}/history", officer=ZHAO).expect(200)
    notified = [
        (item["by"], item["detail"]["step"], item["detail"]["version"])
        for item in reply["items"]
        if item["action"] == "change"
    ]
    assert notified == [
        (LI, "draft", 1),
        (ZHAO, "approve", 1),
        ("chen", "write", 2),
        (ZHAO, "approve", 2),
        (LI, "resolve", 3),
        (LI, "withdraw", 4),
        (ZHAO, "approve", 4),
    ]
    details = [item["detail"] for item in reply["items"] if item["action"] == "change"]
    assert (details[0]["content"]["body"], details[2]["content"]["body"]) == (
        draft()["body"],
        {"en": "Wednesday evening."},
    )
    assert [
        (detail["code"], detail.get("outcome"), detail.get("reason")) for detail in details[4:6]
    ] == [
        ("no_longer_sought", {"en": "Over."}, None),
        ("no_longer_sought", None, {"en": "The family asks for it."}),
    ]
    [denied] = [item["detail"] for item in reply["items"] if item["action"] == "denied"]
    assert denied == {"step": "withdrawal", "code": "self_approval"}
    assert reply["items"][-1]["detail"] == {"part": "history"}
    assert call("GET", f"{path}/history", officer=WANG).status == 404


def test_a_row_of_a_bulletin_s_history_that_somebody_altered_is_marked() -> None:
    bulletin = published()
    *_, approval = wiring.audit().rows(of_bulletin(bulletin["id"]))
    wiring.audit().table.put(approval | {"by": "innocent"})
    path = f"/v1/officer/bulletins/{bulletin['id']}/history"
    *_, altered, look = call("GET", path, officer=LI).json["items"]

    assert (altered["by"], altered["detail"], altered["verified"]) == ("innocent", None, False)
    assert look["verified"]


def test_a_verdict_on_a_picture_is_a_version_in_the_history() -> None:
    bulletin = drafted()
    reply = call(
        "POST", f"/v1/officer/bulletins/{bulletin['id']}/media", {"media": [PICTURE]}, officer=LI
    )
    settle(bulletin["id"], reply.json["uploads"][0]["media_id"])
    items = call("GET", f"/v1/officer/bulletins/{bulletin['id']}/history", officer=LI).json["items"]

    versions = [
        (item["by"], item["detail"]["version"])
        for item in items
        if "content" in (item["detail"] or {})
    ]
    assert versions == [(LI, 1), (LI, 2), ("(verdict)", 3)]


def test_after_the_end_officers_see_the_words_that_were_published() -> None:
    bulletin = published()
    change(bulletin, body={"en": "Never published."})
    end(bulletin, "resolve")
    seen = opened(bulletin)

    assert (seen["body"], seen["pending"]) == (draft()["body"], False)


def test_a_change_that_changes_nothing_keeps_nobody_from_approving() -> None:
    reply = change(drafted(), by=ZHAO, body=draft()["body"])
    assert (reply.json["version"], reply.json["authors"]) == (2, [LI])
    assert approve(reply.json, by=ZHAO).status == 200


def test_the_problem_names_no_step_where_none_is_legal() -> None:
    bulletin = drafted()
    end(bulletin, "withdraw")
    path = f"/v1/officer/bulletins/{bulletin['id']}/resolve"
    body = {"code": "found"}
    replies = [
        call("POST", path, body, officer=LI, headers={"Accept-Language": each}).json
        for each in ("en", "zh")
    ]

    assert [reply["legal"] for reply in replies] == [[], []]
    assert [
        reply["detail"].rpartition(" " if n == 0 else "：")[2] for n, reply in enumerate(replies)
    ] == ["none.", "无。"]
    other = published()
    path = f"/v1/officer/bulletins/{other['id']}/approve"
    chinese = {"If-Match": tag_for(path, "chen"), "Accept-Language": "zh"}
    legal = call("POST", path, officer="chen", headers=chinese).json
    assert legal["legal"] == ["write", "resolve", "withdraw"]
    assert legal["detail"].endswith("修改、公布结果、撤回。")


def test_a_lead_of_a_withdrawn_bulletin_shows_that_and_no_unapproved_word() -> None:
    bulletin = published()
    lead = file("other", bulletin_id=bulletin["id"])
    end(bulletin, "resolve", outcome={"en": "A name."})
    end(bulletin, "withdraw", code="published_in_error", reason={"en": "A secret."})

    assert [seen_by_reporter(lead, each) for each in ("zh", "en")] == [
        "本通报系误发，现已撤回，请删除所有留存的内容。",
        text("bulletin.withdrawn.published_in_error", "en"),
    ]
    assert approve(opened(bulletin), by=ZHAO).status == 200
    assert seen_by_reporter(lead, "en").endswith("copies of it.\nA secret.")


def seen_by_reporter(lead: Mapping[str, Any], language: str) -> str:
    """Return how the bulletin of a lead ended, as its reporter sees it."""
    reply = call(
        "GET", "/v1/reports/mine", receipt=lead["receipt"], headers={"Accept-Language": language}
    )
    return str(reply.json["outcome"]["bulletin"])


def test_a_closed_channel_takes_no_draft_until_an_admin_opens_it() -> None:
    closed = call("POST", "/v1/officer/bulletins", draft(channel="lost_and_found"), officer=LI)
    assert closed.refusal == (409, "channel_not_active")
    change = {"channels": [{"code": "lost_and_found", "state": "active"}]}
    assert call("PATCH", "/v1/admin/catalogue", change, officer=LI).status == 403
    assert call("PATCH", "/v1/admin/catalogue", change, officer="chen").status == 200

    assert drafted(channel="lost_and_found")["channel"] == "lost_and_found"


def test_a_missing_persons_bulletin_needs_the_guardians_consent() -> None:
    refused = call("POST", "/v1/officer/bulletins", draft(channel="missing_persons"), officer=LI)
    assert refused.wrong == [("guardian_consent", "consent_required")]
    bulletin = drafted(channel="missing_persons", guardian_consent=True)

    assert bulletin["consent"]["by"] == LI
    assert change(bulletin, guardian_consent=False).status == 422


@pytest.mark.parametrize(
    ("about", "life"),
    [("child", timedelta(hours=72)), ("elderly", timedelta(days=7)), (None, timedelta(days=30))],
)
def test_a_bulletin_lives_as_long_as_its_kind_and_no_longer(
    about: str | None, life: timedelta
) -> None:
    more = {"about": about} if about else {}
    bulletin = published(**more)
    assert times.parse(bulletin["expires_at"]) - times.parse(bulletin["published_at"]) == life

    too_late = times.render(wiring.clock.now() + life + timedelta(minutes=1))
    reply = call("POST", "/v1/officer/bulletins", draft(expires_at=too_late, **more), officer=LI)
    assert reply.wrong == [("expires_at", "lives_too_long")]


def test_a_bulletin_expires_by_the_clock_before_the_sweep_and_can_be_renewed() -> None:
    bulletin = published(expires_at=times.render(wiring.clock.now() + timedelta(hours=1)))
    wiring.clock.advance(timedelta(hours=1))
    assert read(bulletin).status == 404
    assert listed() == []
    assert call("GET", "/v1/bulletins/feed.json").json["items"] == []
    assert bulletin["id"] not in call("GET", "/v1/bulletins/feed.atom").text
    assert call("GET", f"/v1/bulletins/{bulletin['id']}/cap").status == 404
    assert opened(bulletin)["state"] == "expired"
    assert [
        item["id"]
        for item in call("GET", "/v1/officer/bulletins?state=expired", officer=LI).json["items"]
    ] == [bulletin["id"]]
    assert call("GET", "/v1/officer/bulletins?state=published", officer=LI).json["items"] == []

    assert sweep()["failed"] == 0
    assert public_rows() == []
    renewed = change(bulletin, expires_at=times.render(wiring.clock.now() + timedelta(days=1))).json
    assert listed() == []
    assert approve(renewed).status == 200
    assert listed() == [bulletin["id"]]


def test_readers_of_a_resolved_bulletin_see_its_outcome_and_nothing_else() -> None:
    bulletin = published()
    reply = end(bulletin, "resolve", "chen", code="arrested")

    assert (reply.status, reply.json["state"], reply.json["code"]) == (200, "resolved", "arrested")
    assert listed() == []
    seen = read(bulletin).json
    assert (seen["state"], seen["outcome"], seen["title"], seen["body"]) == (
        "resolved",
        {"zh": "警方已抓获有关人员。", "en": "The police have made an arrest."},
        None,
        None,
    )
    assert change(bulletin, body={"en": "More."}).status == 412
    assert change(reply.json, body={"en": "More."}).status == 409


def test_withdrawn_at_once_it_is_gone_everywhere() -> None:
    bulletin = published()
    reply = end(bulletin, "withdraw", code="published_in_error")

    assert (reply.status, reply.json["state"], reply.json["code"], reply.json["reason"]) == (
        200,
        "withdrawn",
        "published_in_error",
        None,
    )
    assert (listed(), read(bulletin).status, public_rows()) == ([], 404, [])
    again = end(bulletin, "withdraw", code="published_in_error")
    assert (again.status, again.json) == (200, reply.json)
    assert end(bulletin, "resolve").refusal == (409, "illegal_transition")


def test_another_channels_bulletin_looks_like_none() -> None:
    bulletin = drafted()
    path = f"/v1/officer/bulletins/{bulletin['id']}"
    replies = [
        call("GET", path, officer=WANG),
        call("PATCH", path, {"body": {"en": "x"}}, officer=WANG, version=1),
        approve(bulletin, WANG, NO_TAG),
        end(bulletin, "withdraw", WANG),
        call("GET", "/v1/officer/bulletins/B-0000000000000000", officer=WANG),
    ]

    assert [(reply.status, reply.json["code"]) for reply in replies] == [(404, "not_found")] * 5
    assert call("GET", "/v1/officer/bulletins", officer=WANG).json["items"] == []
    rows, _ = wiring.audit().table.query(keys.bulletin(bulletin["id"]))
    assert [row["action"] for row in rows] == ["change", *["denied"] * 4]


def test_a_lead_names_a_published_bulletin_and_its_reporter_sees_the_outcome() -> None:
    unpublished = drafted()
    bulletin = published()
    refused = call(
        "POST", "/v1/reports", report("other", bulletin_id=unpublished["id"]), key=new_key()
    )
    assert refused.wrong_fields == ["bulletin_id"]
    lead = file("other", bulletin_id=bulletin["id"])
    assert mine(lead)["outcome"] is None
    assert opened(bulletin)["leads"] == 1

    words = {"zh": "已结案。", "en": "The case is closed."}
    end(bulletin, "resolve", code="arrested", outcome=words)
    assert [seen_by_reporter(lead, each) for each in ("zh-CN", "en")] == [
        "警方已抓获有关人员。",
        "The police have made an arrest.",
    ]
    assert approve(opened(bulletin)).status == 200
    assert [seen_by_reporter(lead, each) for each in ("zh-CN", "en")] == [
        "警方已抓获有关人员。\n已结案。",
        "The police have made an arrest.\nThe case is closed.",
    ]


def test_pages_hold_every_bulletin_once_newest_first() -> None:
    ids = [published()["id"] for _ in range(5)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = call("GET", f"/v1/bulletins?limit=2&channel=key_cases{cursor}").json
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert seen == ids[::-1]
    assert listed("?channel=missing_persons") == []


@pytest.mark.parametrize(
    ("path", "calls"),
    [
        ("?limit=2", ["Query"]),
        ("?limit=2&channel=key_cases", ["Query"]),
        ("/feed.json", ["Query", "Query"]),
        ("/feed.atom", ["Query", "Query"]),
        ("/{id}", ["GetItem"]),
        ("/{id}/cap", ["GetItem"]),
    ],
)
def test_what_readers_ask_for_is_one_or_two_reads_and_never_a_scan(
    path: str, calls: list[str]
) -> None:
    ids = [published()["id"] for _ in range(5)]
    path = "/v1/bulletins" + path.replace("{id}", ids[0])
    call("GET", path)
    with inject.fault(wiring.dynamodb(), "dynamodb.*", lambda _: None) as called:
        assert call("GET", path).status == 200

    assert called == calls


def test_a_reader_asks_for_what_has_changed_since_and_for_what_ended() -> None:
    kept, gone = published(), published()
    wiring.clock.advance(timedelta(hours=2))
    since = f"/v1/bulletins?since={times.render(wiring.clock.now())}"
    wiring.clock.advance(timedelta(hours=1))
    new = published()
    end(gone, "withdraw")

    page = call("GET", since).json
    assert [each["id"] for each in page["items"]] == [new["id"]]
    assert [(each["id"], each["state"]) for each in page["ended"]] == [(gone["id"], "withdrawn")]
    whole = call("GET", "/v1/bulletins").json
    assert {each["id"] for each in whole["items"]} == {kept["id"], new["id"]}
    assert "ended" not in whole
    wiring.clock.advance(timedelta(days=31))
    assert call("GET", since).json["errors"][0]["code"] == "period_too_long"


def test_the_same_draft_again_is_one_draft() -> None:
    key = new_key()
    first, second = (
        call("POST", "/v1/officer/bulletins", draft(), officer=LI, key=key) for _ in range(2)
    )
    other = call("POST", "/v1/officer/bulletins", draft(body={"en": "Other."}), officer=LI, key=key)

    assert first.json["id"] == second.json["id"]
    assert other.refusal == (422, "key_reused")


def test_a_picture_is_shown_once_it_is_ready_and_its_version_approved() -> None:
    bulletin = drafted()
    reply = call(
        "POST", f"/v1/officer/bulletins/{bulletin['id']}/media", {"media": [PICTURE]}, officer=LI
    )
    assert (reply.status, reply.json["version"], reply.headers["etag"]) == (201, 2, '"2"')
    upload = reply.json["uploads"][0]
    assert upload["fields"]["key"] == original_key(bulletin["id"], upload["media_id"])
    assert approve(opened(bulletin)).refusal == (409, "media_pending")
    stable = f"/v1/bulletins/{bulletin['id']}/media/{upload['media_id']}"

    settle(bulletin["id"], upload["media_id"])
    ready = opened(bulletin)
    assert (ready["version"], ready["media"][0]["state"], ready["media"][0]["shown"]) == (
        3,
        "ready",
        True,
    )
    assert call("GET", stable).status == 404
    assert approve(ready).status == 200
    shown = call("GET", stable)
    assert (shown.status, shown.headers["cache-control"]) == (
        302,
        "public, max-age=60, s-maxage=30",
    )
    signed = parse_qs(urlsplit(shown.headers["location"]).query)
    assert (signed["X-Amz-Expires"], signed["response-cache-control"]) == (["60"], ["max-age=60"])
    assert (
        derived_key(bulletin["id"], upload["media_id"], "preview.jpg") in shown.headers["location"]
    )
    assert read(bulletin).json["media"][0]["url"].endswith(stable)
    end(bulletin, "withdraw")
    assert call("GET", stable).status == 404


def test_a_resident_cannot_bring_a_picture_into_a_bulletin() -> None:
    created = file(media=[PICTURE])
    bulletin = drafted()

    reply = change(bulletin, media=[created["uploads"][0]["media_id"]])
    assert reply.wrong == [("media.0", "unknown_value")]


def test_a_picture_that_never_comes_is_rejected_and_no_longer_shown() -> None:
    bulletin = drafted()
    call("POST", f"/v1/officer/bulletins/{bulletin['id']}/media", {"media": [PICTURE]}, officer=LI)
    cloud.stream(cloud.all_keys())  # publish the notice that the draft awaits an approval
    wiring.clock.advance(timedelta(minutes=11))
    assert sweep() == {"due": 1, "failed": 0}
    assert opened(bulletin)["media"][0]["state"] == "awaiting"
    wiring.clock.advance(timedelta(hours=24))
    assert sweep() == {"due": 1, "failed": 0}
    after = opened(bulletin)
    assert [(each["state"], each["reason"], each["shown"]) for each in after["media"]] == [
        ("rejected", "not_received", False)
    ]
    assert sweep() == {"due": 0, "failed": 0}
    assert approve(after).status == 200


PICTURE = {"content_type": "image/jpeg", "size": 1000}


def settle(bulletin_id: str, media_id: str) -> None:
    """Record the verdict that the picture is ready."""
    boto3.client("s3").put_object(
        Bucket=wiring.bucket().name, Key=original_key(bulletin_id, media_id), Body=b"x"
    )
    manifest = Manifest(
        state=MediaState.READY,
        content_type="image/jpeg",
        size=1000,
        version_id="1",
        thumb_version="t1",
        preview_version="p1",
        width=3,
        height=4,
    )
    recorded = [
        record_verdict(
            bulletin_id,
            media_id,
            Verdict.of(manifest),
            owners=wiring.media_owners(),
            bucket=wiring.bucket(),
            now=wiring.clock.now(),
        )
        for _ in range(2)
    ]
    assert recorded == [True, False]


def sweep() -> dict[str, int]:
    done = cloud.sweep()
    return {name: done[name] for name in ("due", "failed")}


def public_rows() -> list[dict[str, Any]]:
    rows, _ = wiring.bulletins().table.query("PUBLIC#*")
    return [row for row in rows if row["sk"] != "CHANGED"]
