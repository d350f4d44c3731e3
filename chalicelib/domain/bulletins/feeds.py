"""Feeds of bulletins: JSON Feed 1.1, Atom (RFC 4287) and CAP 1.2 (OASIS).

JSON Feed and Atom have one language each. A CAP message is an Alert, an Update or a Cancel, chained
by <references>, with an <info> for each language. docs/bulletins.md maps our words to CAP's.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain.bulletins.area import area_label, area_parts
from chalicelib.domain.bulletins.model import Bulletin, BulletinState, Content, MessageKind
from chalicelib.domain.catalogue.model import by_code, catalogue
from chalicelib.kernel import geo, times
from chalicelib.kernel.languages import LANGUAGES, LocalizedText, text, wording

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


JSON_TYPE = "application/feed+json"
ATOM_TYPE = "application/atom+xml"
MAX_ENTRIES = 50

# What XML 1.0 cannot hold, even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# `updated` of a feed that never had an entry: a time before the first publication.
_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


class Entry(NamedTuple):
    """A published bulletin."""

    id: str
    content: Content
    published_at: datetime
    corrected_at: datetime | None
    expires_at: datetime

    @property
    def changed_at(self) -> datetime:
        return self.corrected_at or self.published_at


class EndedEntry(NamedTuple):
    """A bulletin that has ended: in a reader's copy it replaces the text and the pictures."""

    id: str
    channel: str
    state: BulletinState
    text: LocalizedText
    published_at: datetime
    changed_at: datetime

    def title(self, language: str) -> str:
        return text(
            "bulletin.feed_ended",
            language,
            state=text(f"bulletin_state.{self.state}", language),
            channel=text(f"channel.{self.channel}", language),
        )

    @property
    def can_be_read(self) -> bool:
        """Return whether its address still shows something: of the others it is 404."""
        return self.state is BulletinState.RESOLVED


type AnyEntry = Entry | EndedEntry


def json_feed(
    entries: Sequence[AnyEntry], *, channel: str | None, language: str, base: str
) -> dict[str, Any]:
    """Return the JSON Feed of one channel, or of all (None). `base` is where our routes are.

    There is no `home_page_url`: no page here has them all.
    """
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _title(channel, language),
        "description": text("bulletin.feed_is", language),
        "feed_url": _address("feed.json", channel, base),
        "language": language,
        "authors": [{"name": text("bulletin.sender", language)}],
        "items": [
            _item(entry, language, base)
            if isinstance(entry, Entry)
            else _ended_item(entry, language, base)
            for entry in entries
        ],
    }


def _title(channel: str | None, language: str) -> str:
    feed = text("bulletin.feed", language)
    return (
        text("bulletin.feed_of", language, feed=feed, channel=text(f"channel.{channel}", language))
        if channel
        else feed
    )


def _address(name: str, channel: str | None, base: str) -> str:
    return f"{base}/v1/bulletins/{name}" + (f"?channel={channel}" if channel else "")


def page_url(bulletin_id: str, base: str) -> str:
    """Return the address of a bulletin's page, which people read and share."""
    return f"{base}/bulletins/{bulletin_id}"


def _item(entry: Entry, language: str, base: str) -> dict[str, Any]:
    url = f"{base}/v1/bulletins/{entry.id}"
    spoken, title = wording(entry.content.title, language)
    item: dict[str, Any] = {
        "id": url,
        "url": page_url(entry.id, base),
        "title": title,
        "content_text": _said(entry, language),
        "date_published": times.render(entry.published_at),
        "date_modified": times.render(entry.changed_at),
        "tags": [text(f"channel.{entry.content.channel}", language)],
        "language": spoken,
    }
    pictures = [f"{url}/media/{media_id}" for media_id in entry.content.media]
    if pictures:
        item |= {
            "image": pictures[0],
            "attachments": [{"url": picture, "mime_type": "image/jpeg"} for picture in pictures],
        }
    return item


def _ended_item(entry: EndedEntry, language: str, base: str) -> dict[str, Any]:
    url = f"{base}/v1/bulletins/{entry.id}"
    return {
        "id": url,
        **({"url": page_url(entry.id, base)} if entry.can_be_read else {}),
        "title": entry.title(language),
        "content_text": entry.text[language],
        "date_published": times.render(entry.published_at),
        "date_modified": times.render(entry.changed_at),
        "tags": [text(f"channel.{entry.channel}", language)],
        "language": language,
    }


def atom(
    entries: Sequence[AnyEntry],
    *,
    changed_at: datetime | None,
    channel: str | None,
    language: str,
    base: str,
) -> str:
    """Return the Atom feed, as XML; its arguments are those of `json_feed`.

    `changed_at`: when what it holds last changed, ends included, so that `updated` never goes back;
    None when it never did.
    """
    root = element(None, "feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": language})
    address = _address("feed.atom", channel, base)
    element(root, "id", content=address)
    element(root, "title", content=_title(channel, language))
    element(root, "subtitle", content=text("bulletin.feed_is", language))
    updated = max(changed_at or _BEGINNING, *(entry.changed_at for entry in entries), _BEGINNING)
    element(root, "updated", content=times.render(updated))
    element(root, "link", {"rel": "self", "type": ATOM_TYPE, "href": address})
    element(element(root, "author"), "name", content=text("bulletin.sender", language))
    for entry in entries:
        if isinstance(entry, Entry):
            _entry(root, entry, language, base)
        else:
            _ended_entry(root, entry, language, base)
    return render(root)


def _entry(root: "Element", entry: Entry, language: str, base: str) -> None:
    channel, url = entry.content.channel, f"{base}/v1/bulletins/{entry.id}"
    spoken, title = wording(entry.content.title, language)
    node = _head(root, entry, channel, language, base)
    element(node, "title", {"xml:lang": spoken}, content=title)
    element(
        node, "link", {"rel": "alternate", "type": "text/html", "href": page_url(entry.id, base)}
    )
    element(node, "link", {"rel": "related", "type": "application/json", "href": url})
    element(node, "link", {"rel": "related", "type": "application/cap+xml", "href": f"{url}/cap"})
    for media_id in entry.content.media:
        element(
            node,
            "link",
            {"rel": "enclosure", "type": "image/jpeg", "href": f"{url}/media/{media_id}"},
        )
    element(
        node,
        "content",
        {"type": "text", "xml:lang": wording(entry.content.body, language)[0]},
        content=_said(entry, language),
    )


def _ended_entry(root: "Element", entry: EndedEntry, language: str, base: str) -> None:
    node = _head(root, entry, entry.channel, language, base)
    element(node, "title", {"xml:lang": language}, content=entry.title(language))
    # RFC 4287 needs no alternate link where there is content.
    if entry.can_be_read:
        page = page_url(entry.id, base)
        element(node, "link", {"rel": "alternate", "type": "text/html", "href": page})
    content = entry.text[language]
    element(node, "content", {"type": "text", "xml:lang": language}, content=content)


def _head(root: "Element", entry: AnyEntry, channel: str, language: str, base: str) -> "Element":
    """Add an entry with what all entries have in common, and return it."""
    node = element(root, "entry")
    element(node, "id", content=f"{base}/v1/bulletins/{entry.id}")
    element(node, "updated", content=times.render(entry.changed_at))
    element(node, "published", content=times.render(entry.published_at))
    element(node, "category", {"term": channel, "label": text(f"channel.{channel}", language)})
    return node


def _said(entry: Entry, language: str) -> str:
    """Return the text with its area, its end, and a note when it was corrected."""
    area = area_label(entry.content.area, language)
    lines = [
        text("bulletin.area", language, area=area) if area else "",
        text("bulletin.corrected", language, at=times.for_people(entry.corrected_at))
        if entry.corrected_at
        else "",
        text("bulletin.until", language, at=times.for_people(entry.expires_at)),
    ]
    return "\n".join([wording(entry.content.body, language)[1], "", *filter(None, lines)])


def element(
    parent: "Element | None",
    name: str,
    attributes: Mapping[str, str] | None = None,
    *,
    content: str | None = None,
) -> "Element":
    """Add a child to `parent` and return it; without a parent, return a root."""
    # Imported here to spare cold starts: most calls need no XML.
    from xml.etree import ElementTree

    clean = {key: _NOT_XML.sub("", value) for key, value in (attributes or {}).items()}
    node = (
        ElementTree.Element(name, clean)
        if parent is None
        else ElementTree.SubElement(parent, name, clean)
    )
    if content is not None:
        node.text = _NOT_XML.sub("", content)
    return node


def render(root: "Element") -> str:
    from xml.etree import ElementTree

    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(
        root, encoding="unicode"
    )


CONTENT_TYPE = "application/cap+xml"
_NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"


class Level(NamedTuple):
    urgency: str
    severity: str


LEVELS: Mapping[str, Level] = {
    "critical": Level("Immediate", "Severe"),
    "high": Level("Immediate", "Moderate"),
    "normal": Level("Expected", "Moderate"),
    "low": Level("Future", "Minor"),
}
"""By our urgencies."""


def alert(bulletin: Bulletin, *, base: str, sender: str) -> str:
    """Return the last message of a bulletin that was published, as XML.

    `base` is where our routes are.
    """
    last = len(bulletin.messages)
    message = bulletin.messages[-1]
    root = element(None, "alert", {"xmlns": _NAMESPACE})
    element(root, "identifier", content=identifier(bulletin.id, last))
    element(root, "sender", content=sender)
    element(root, "sent", content=_time(message.sent))
    element(root, "status", content="Actual")
    element(root, "msgType", content=message.kind.value)
    element(root, "scope", content="Public")
    if message.kind is MessageKind.CANCEL:
        element(root, "note", content="\n".join(bulletin.end_text.values()))
    if last > 1:
        earlier = [
            f"{sender},{identifier(bulletin.id, n)},{_time(each.sent)}"
            for n, each in enumerate(bulletin.messages[:-1], 1)
        ]
        element(root, "references", content=" ".join(earlier))
    # A Cancel ends the alert and repeats nothing about anybody.
    if message.kind is not MessageKind.CANCEL and bulletin.published:
        for language in _languages(bulletin.published):
            _info(root, bulletin, bulletin.published, language, base)
    return render(root)


def identifier(bulletin_id: str, number: int) -> str:
    """Return the identifier of a bulletin's message; `number` counts from 1."""
    return f"{bulletin_id}.{number}"


def _info(root: "Element", bulletin: Bulletin, content: Content, language: str, base: str) -> None:
    info = element(root, "info")
    level = LEVELS[content.urgency]
    element(info, "language", content=language)
    element(info, "category", content=_category(content.channel))
    element(info, "event", content=text(f"channel.{content.channel}", language))
    element(info, "responseType", content="Monitor")
    element(info, "urgency", content=level.urgency)
    element(info, "severity", content=level.severity)
    element(info, "certainty", content="Likely")
    if bulletin.expires_at:
        element(info, "expires", content=_time(bulletin.expires_at))
    element(info, "senderName", content=text("bulletin.sender", language))
    element(info, "headline", content=wording(content.title, language)[1])
    element(info, "description", content=wording(content.body, language)[1])
    element(info, "instruction", content=text(f"bulletin.instruction.{content.channel}", language))
    element(info, "web", content=f"{base}/bulletins/{bulletin.id}")
    for media_id in content.media:
        resource = element(info, "resource")
        element(resource, "resourceDesc", content=text("bulletin.picture", language))
        element(resource, "mimeType", content="image/jpeg")
        element(resource, "uri", content=f"{base}/v1/bulletins/{bulletin.id}/media/{media_id}")
    _area(info, content.area, language)


def _category(channel: str) -> str:
    known = by_code(catalogue().channels)
    return known[channel].cap_category if channel in known else "Other"


def _area(info: "Element", area: str | Mapping[str, str] | None, language: str) -> None:
    node = element(info, "area")
    element(
        node,
        "areaDesc",
        content=area_label(area, language) or text("bulletin.everywhere", language),
    )
    parts = area_parts(area)
    if hashed := parts.get("geohash"):
        cell = geo.bounds(hashed)
        corners = [
            (cell.south, cell.west),
            (cell.south, cell.east),
            (cell.north, cell.east),
            (cell.north, cell.west),
        ]
        element(
            node,
            "polygon",
            content=" ".join(f"{lat:.5f},{lon:.5f}" for lat, lon in [*corners, corners[0]]),
        )
    for name in ("district", "geohash"):
        if name in parts and parts[name] not in (geo.OUTSIDE, geo.UNKNOWN):
            geocode = element(node, "geocode")
            element(geocode, "valueName", content=name)
            element(geocode, "value", content=parts[name])


def _languages(content: Content) -> Sequence[str]:
    """Return those in which there is both a title and a text."""
    return [
        language for language in LANGUAGES if language in content.title and language in content.body
    ]


def _time(moment: datetime) -> str:
    """Return a time in the form of CAP: no fractions, and -00:00 for UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}-00:00"
