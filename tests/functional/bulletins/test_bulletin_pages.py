"""A bulletin has a page that anybody can read and share: without scripts, in all languages, and in
each state of the bulletin.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import app
from chalicelib import wiring
from chalicelib.domain.bulletins import bulletin_page
from chalicelib.domain.bulletins.bulletin_page import Links, Page
from chalicelib.domain.bulletins.model import BulletinState
from chalicelib.kernel import times
from chalicelib.kernel.languages import LANGUAGES, text
from tests import events
from tests.client import Reply, call, new_key
from tests.functional.bulletins.test_bulletins import approve, change, drafted, end, published, read
from tests.functional.bulletins.test_feeds import PLACE, with_picture

pytestmark = pytest.mark.usefixtures("aws", "clean", "two_officers")

EN, ZH = {"Accept-Language": "en"}, {"Accept-Language": "zh"}
# Elements without an end.
VOID = frozenset({"meta", "link", "img", "br"})


class Parsed(HTMLParser):
    """What a page says and refers to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.metas: dict[str, str] = {}
        self.said: dict[str, str] = {}
        self.text = ""
        self.links: list[str] = []
        self.pictures: list[str] = []
        self.sections: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in values.items()]
        if tag == "meta":
            self.metas[values.get("name") or values.get("property", "")] = values.get("content", "")
        if tag == "a":
            self.links.append(values["href"])
        if tag == "img":
            self.pictures.append(values["src"])
        if tag == "section":
            self.sections.append(values["lang"])
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._open:
            self.said[self._open[-1]] = self.said.get(self._open[-1], "") + data


def page_of(bulletin: Mapping[str, Any], headers: Mapping[str, str] = EN) -> Reply:
    return call("GET", f"/bulletins/{bulletin['id']}", headers=headers)


def policy_of(page: Reply) -> dict[str, str]:
    """Return the directives of a page's Content-Security-Policy."""
    parts = page.headers["content-security-policy"].split(";")
    return dict(part.strip().split(" ", 1) for part in parts)


# What it shows ----------------------------------------------------------------------------------


def test_it_is_a_page_in_the_readers_language_and_then_in_the_others() -> None:
    bulletin = published(area=PLACE)
    reply = page_of(bulletin)
    page = Parsed(reply.text)

    assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.sections == ["en", "zh"]
    assert page.said["h1"] == "Witnesses wanted"
    assert page.said["h2"] == "征集线索"
    assert "Tuesday evening." in page.said["p"]
    for language in LANGUAGES:
        assert text("emergency.text", language) in page.text
        assert text("channel.key_cases", language) in page.said["li"]
    assert Parsed(page_of(bulletin, ZH).text).sections == ["zh", "en"]


def test_a_language_without_words_has_no_section_but_for_the_readers() -> None:
    bulletin = published(title={"zh": "征集线索"}, body={"zh": "周二晚上。"})
    assert Parsed(page_of(bulletin, ZH).text).sections == ["zh"]
    page = Parsed(page_of(bulletin, EN).text)
    assert page.sections == ["en", "zh"]
    assert ("h1", "lang", "zh") in page.attributes


def test_it_shows_what_was_approved_and_when() -> None:
    bulletin = published()
    changed = change(bulletin, title={"en": "A correction"}).json
    assert "A correction" not in page_of(bulletin).text
    wiring.clock.advance(timedelta(minutes=1))
    assert approve(changed).status == 200
    page = Parsed(page_of(bulletin).text)
    assert page.said["h1"] == "A correction"
    assert "Corrected: " in page.said["li"]
    assert page.metas["article:modified_time"]


def test_its_pictures_are_those_of_the_bulletin() -> None:
    bulletin = with_picture()
    reply = page_of(bulletin)
    page = Parsed(reply.text)
    [picture] = [each["url"] for each in read(bulletin).json["media"]]

    [shown] = page.pictures
    assert urljoin(f"https://api.test/bulletins/{bulletin['id']}", shown) == picture
    address = call("GET", picture.removeprefix("https://api.test")).headers["location"]
    storage = "/".join(address.split("/")[:3])
    assert f"img-src data: 'self' {storage};" in reply.headers["content-security-policy"]
    assert ("img", "alt", "Picture 1") in page.attributes


@pytest.mark.parametrize("path", ["/bulletins/{id}", "/api/bulletins/{id}", "/a/b/bulletins/{id}"])
def test_its_pictures_hold_behind_any_prefix(path: str) -> None:
    bulletin = with_picture()
    full = path.replace("{id}", bulletin["id"])
    event = events.api_request(
        "GET",
        "/bulletins/{bulletin_id}",
        f"/bulletins/{bulletin['id']}",
        headers={},
        query={},
        parameters={"bulletin_id": bulletin["id"]},
        content=None,
        request_id=new_key(),
    )
    event["requestContext"]["path"] = full
    [picture] = Parsed(str(app(event, None)["body"])).pictures
    prefix = full.partition("/bulletins/")[0]
    assert urljoin(full, picture).startswith(f"{prefix}/v1/bulletins/{bulletin['id']}/media/")


def test_whoever_shows_a_link_to_it_finds_title_text_and_picture() -> None:
    bulletin = with_picture(body={"en": "Line one.\nLine two. " + "More. " * 100})
    page = Parsed(page_of(bulletin).text)
    assert page.metas["og:title"] == "Witnesses wanted"
    assert page.metas["og:description"].startswith("Line one. Line two. More.")
    assert len(page.metas["og:description"]) == 200
    assert page.metas["og:url"] == f"https://api.test/bulletins/{bulletin['id']}"
    assert page.metas["og:image"] == read(bulletin).json["media"][0]["url"]
    assert page.metas["og:locale"] == "en"
    assert page.metas["twitter:card"] == "summary_large_image"


def test_no_search_engine_keeps_a_copy() -> None:
    assert Parsed(page_of(published()).text).metas["robots"] == "noarchive"


# Where it leads ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("web_clients")
def test_a_reader_can_say_what_they_have_seen() -> None:
    bulletin = published()
    page = Parsed(page_of(bulletin).text)
    lead = f"https://api.test/#bulletin={bulletin['id']}"
    assert page.links == ["https://api.test/", "tel:110", lead, "tel:110", lead]
    assert page.said["a"].endswith("I have seen something110提供线索")


@pytest.mark.usefixtures("web_clients")
def test_it_says_who_speaks_and_leads_to_the_first_page() -> None:
    page = Parsed(page_of(published(), ZH).text)
    assert page.said["strong"] == text("name.police", "zh")
    assert page.links[0] == "https://api.test/"
    none = Parsed(call("GET", "/bulletins/unknown", headers=EN).text)
    assert (none.said["strong"], none.links) == ("Chaoyang police", ["https://api.test/"])


def test_without_a_web_client_it_leads_nowhere_but_to_the_emergency_number() -> None:
    page = Parsed(page_of(published()).text)
    assert page.links == ["tel:110"] * 2
    assert page.said["strong"] == "Chaoyang police"


def test_it_shows_times_of_the_city_with_their_zone() -> None:
    until = (wiring.clock.now() + timedelta(days=9)).replace(hour=18, minute=3, second=0)
    bulletin = published(expires_at=times.render(until))
    page = Parsed(page_of(bulletin).text)
    there = until + timedelta(hours=8)
    in_english = f"{there.day} {there:%B %Y}, 02:03 (UTC+8)"
    assert f"Valid until: {in_english}" in page.said["li"]
    assert f"有效期至：{there.year}年{there.month}月{there.day}日 02:03 (UTC+8)" in page.said["li"]


def test_feeds_and_cap_lead_to_it() -> None:
    bulletin = published()
    address = f"https://api.test/bulletins/{bulletin['id']}"
    [item] = call("GET", "/v1/bulletins/feed.json").json["items"]
    assert item["url"] == address
    assert item["id"] == f"https://api.test/v1/bulletins/{bulletin['id']}"
    atom = call("GET", "/v1/bulletins/feed.atom").text
    assert f'<link rel="alternate" type="text/html" href="{address}"' in atom
    alert = call("GET", f"/v1/bulletins/{bulletin['id']}/cap").text
    assert f"<web>{address}</web>" in alert


# How it ends ------------------------------------------------------------------------------------


def ended(bulletin: Mapping[str, Any], step: str) -> None:
    if step == "expire":
        wiring.clock.advance(timedelta(days=30))
    else:
        assert end(bulletin, step).status == 200


ENDS = {
    "resolve": (200, "Resolved", "The police no longer ask for information on this."),
    "withdraw": (410, "Withdrawn", "This bulletin has been withdrawn. The police no longer ask"),
    "expire": (410, "Expired", "This bulletin has expired."),
}


@pytest.mark.parametrize("step", ENDS)
@pytest.mark.usefixtures("web_clients")
def test_when_it_has_ended_it_says_so_and_nothing_else(step: str) -> None:
    bulletin = with_picture(title={"en": "A NAME"}, body={"en": "A FACE"}, area=PLACE)
    ended(bulletin, step)
    reply = page_of(bulletin)
    page = Parsed(reply.text)
    status, state, said = ENDS[step]

    assert reply.status == status
    assert page.said["h1"] == f"{state}: Key cases"
    assert said in page.said["p"]
    assert (page.pictures, page.links) == ([], ["https://api.test/"])
    assert page.metas["robots"] == "noindex"
    assert "og:image" not in page.metas
    for secret in ("A NAME", "A FACE", "wx4", "media", "cap+xml"):
        assert secret not in reply.text


@pytest.mark.parametrize("step", ENDS)
def test_thirty_days_after_its_end_nothing_is_left(step: str) -> None:
    bulletin = published()
    ended(bulletin, step)
    wiring.clock.advance(timedelta(days=30))
    assert page_of(bulletin).status == 404


def test_a_draft_and_a_draft_that_was_withdrawn_have_no_page() -> None:
    bulletin = drafted()
    assert page_of(bulletin).status == 404
    assert end(bulletin, "withdraw").status == 200
    assert page_of(bulletin).status == 404


@pytest.mark.parametrize(
    "bulletin_id", ["B-0000000000000000", "unknown", "%3Cscript%3E", "..%2F.."]
)
def test_an_unknown_bulletin_is_a_page_too(bulletin_id: str) -> None:
    reply = call("GET", f"/bulletins/{bulletin_id}", headers=EN)
    page = Parsed(reply.text)
    assert (reply.status, reply.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert reply.headers["cache-control"] == "no-store"
    assert page.sections == ["en", "zh"]
    assert "script" not in reply.text


# What it may do ---------------------------------------------------------------------------------


def test_it_runs_no_script_and_has_no_style_but_its_own() -> None:
    reply = page_of(published())
    style = re.search(r"<style>(.*?)</style>", reply.text, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy_of(reply) == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert not {"script", "form", "iframe", "object"} & set(Parsed(reply.text).tags)


@pytest.mark.parametrize("step", [None, "withdraw"])
def test_it_is_kept_for_a_minute(step: str | None) -> None:
    bulletin = published()
    if step:
        ended(bulletin, step)
    first = page_of(bulletin)
    assert first.headers["cache-control"] == "public, max-age=60"
    assert first.headers["vary"] == "Accept-Encoding, Accept-Language"
    assert first.headers["content-language"] == "en"


def test_who_has_it_already_gets_304() -> None:
    bulletin = published()
    tag = page_of(bulletin).headers["etag"]
    again = page_of(bulletin, EN | {"If-None-Match": tag})
    assert (again.status, again.text, again.headers["etag"]) == (304, "", tag)
    assert page_of(bulletin, ZH | {"If-None-Match": tag}).status == 200


def test_it_is_not_kept_beyond_its_end() -> None:
    bulletin = published(expires_at=times.render(wiring.clock.now() + timedelta(minutes=10)))
    wiring.clock.advance(timedelta(minutes=9, seconds=30))
    kept = page_of(bulletin).headers["cache-control"].removeprefix("public, max-age=")
    assert 0 <= int(kept) < 31


# Hostile texts ----------------------------------------------------------------------------------

HOSTILE = st.text(
    st.one_of(st.sampled_from("<>\"'&;=/{}%\\ \n‮​"), st.characters()), min_size=1, max_size=60
)
HOME = "https://api.test/"
LINKS = Links("https://api.test", "../", f"{HOME}#bulletin=B-1", HOME)


def shown(page: Page) -> Parsed:
    return Parsed(bulletin_page.render(page, "en", LINKS))


PLAIN = shown(
    Page(
        id="B-1",
        channel="key_cases",
        state=BulletinState.PUBLISHED,
        title={"en": "x"},
        body={"en": "x"},
        published_at=times.parse("2026-11-25T00:00:00Z"),
        area="x",
        media=("M1",),
    )
)


@given(title=HOSTILE, body=HOSTILE, area=HOSTILE)
def test_no_text_is_more_than_text(title: str, body: str, area: str) -> None:
    page = shown(
        Page(
            id="B-1",
            channel="key_cases",
            state=BulletinState.PUBLISHED,
            title={"en": title},
            body={"en": body},
            published_at=times.parse("2026-11-25T00:00:00Z"),
            area=area,
            media=("M1",),
        )
    )
    assert page.tags == PLAIN.tags
    names = [(tag, name) for tag, name, _ in page.attributes]
    assert names == [(tag, name) for tag, name, _ in PLAIN.attributes]
    assert (page.links, page.pictures) == (PLAIN.links, PLAIN.pictures)
    assert without_returns(page.metas["og:title"]) == without_returns(title)


def without_returns(said: str) -> str:
    """Return a text as a reader of HTML has it: what ends lines, and what no HTML can hold, is the
    parser's own matter.
    """
    return re.sub("[\r\n\0]", "", said)


def test_what_an_officer_writes_is_shown_as_written() -> None:
    nasty = '"><script>alert(1)</script><img src=x onerror=y> & &lt;b&gt; {0} ]]>'
    page = Parsed(page_of(published(title={"en": nasty}, body={"en": nasty}, area=nasty)).text)
    assert page.said["h1"] == nasty
    assert nasty in page.said["p"]
    assert "script" not in page.tags
    assert page.pictures == []
