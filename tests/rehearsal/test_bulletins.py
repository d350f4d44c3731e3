"""The police ask for help with a bulletin, and a resident replies with a lead."""

from typing import Any

import pytest

from tests import media_samples
from tests.rehearsal import cases, uploads
from tests.rehearsal.notices import Notices
from tests.rehearsal.people import Person
from tests.rehearsal.stage import Stage

PICTURE = media_samples.jpeg(480, 640, orientation=6)


@pytest.fixture(scope="module")
def bulletin(stage: Stage, officer: Person, colleague: Person) -> Any:
    """A published bulletin with a picture: one officer wrote it, another approved it."""
    drafted = colleague.call(
        "POST",
        "/v1/officer/bulletins",
        {
            "channel": "key_cases",
            "title": {"zh": "征集线索", "en": "Witnesses wanted"},
            "body": {"zh": "周二晚上。", "en": "Tuesday evening."},
        },
    )
    assert drafted.status == 201, drafted.text
    path = f"/v1/officer/bulletins/{drafted.json['id']}"
    granted = colleague.call(
        "POST", f"{path}/media", {"media": [{"content_type": "image/jpeg", "size": len(PICTURE)}]}
    )
    assert granted.status == 201, granted.text
    (grant,) = granted.json["uploads"]
    uploads.post(stage, grant, PICTURE)
    cases.ready_at(colleague, path)
    own = colleague.approve(f"{path}/approve")
    assert (own.status, own.json["code"]) == (403, "self_approval")
    approved = officer.approve(f"{path}/approve")
    assert approved.status == 200, approved.text
    return approved.json


def test_readers_see_it_with_its_picture(bulletin: Any, stage: Stage) -> None:
    listed = stage.call("GET", "/v1/bulletins").json["items"]
    assert bulletin["id"] in [item["id"] for item in listed]
    seen = stage.call("GET", f"/v1/bulletins/{bulletin['id']}").json
    redirect = stage.internet.send("GET", seen["media"][0]["url"])
    assert redirect.status == 302, redirect.text
    picture = stage.internet.send("GET", redirect.headers["location"])
    assert picture.status == 200, picture.text
    assert media_samples.is_upright(picture.content)


@pytest.mark.parametrize("feed", ["feed.json", "feed.atom"])
def test_the_feeds_have_it(bulletin: Any, stage: Stage, feed: str) -> None:
    reply = stage.call("GET", f"/v1/bulletins/{feed}")
    assert reply.status == 200
    assert bulletin["id"] in reply.text


def test_a_lead_notifies_officers_and_learns_how_it_ended(
    bulletin: Any, stage: Stage, officer: Person, colleague: Person, notices: Notices
) -> None:
    lead = stage.report("suspected_offender", bulletin_id=bulletin["id"], text="I saw a van.")
    notices.of(lead["id"], "bulletin_lead")
    leads = officer.get(f"/v1/officer/reports?bulletin_id={bulletin['id']}")["items"]
    assert [row["id"] for row in leads] == [lead["id"]]
    path = f"/v1/officer/bulletins/{bulletin['id']}"
    resolved = officer.call(
        "POST",
        f"{path}/resolve",
        {"code": "arrested", "outcome": {"zh": "已破案。", "en": "The case is solved."}},
    )
    assert resolved.status == 200, resolved.text

    def ending() -> str:
        own = stage.call("GET", f"/v1/reports/{lead['id']}", receipt=lead["receipt"]).json
        return str(own["outcome"]["bulletin"])

    assert "The case is solved." not in ending()
    # The colleague has written the bulletin, and the officer the words: neither may approve them.
    for one in (officer, colleague):
        assert one.approve(f"{path}/approve").json["code"] == "self_approval"


def test_the_feed_says_that_it_has_ended(bulletin: Any, stage: Stage) -> None:
    items = stage.call("GET", "/v1/bulletins/feed.json").json["items"]
    [entry] = [item for item in items if item["id"].endswith(bulletin["id"])]
    assert "image" not in entry
    assert entry["content_text"] not in ("周二晚上。", "Tuesday evening.")
