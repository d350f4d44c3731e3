"""Bulletins as Common Alerting Protocol 1.2 (OASIS): Alert, then Updates, then perhaps a Cancel,
chained by <references>.

docs/bulletins.md maps our words to CAP's. Each language has its own <info>.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from xml.etree import ElementTree as xml

from chalicelib.domain import geo, geohash
from chalicelib.domain.bulletins import Bulletin, Content
from chalicelib.domain.bulletins.area import area_label, area_parts
from chalicelib.domain.bulletins.model import MessageKind
from chalicelib.domain.catalogue.model import by_code, catalogue
from chalicelib.domain.feeds import element, render
from chalicelib.domain.languages import LANGUAGES, text, wording

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


def _info(
    root: xml.Element, bulletin: Bulletin, content: Content, language: str, base: str
) -> None:
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


def _area(info: xml.Element, area: str | Mapping[str, str] | None, language: str) -> None:
    node = element(info, "area")
    element(
        node,
        "areaDesc",
        content=area_label(area, language) or text("bulletin.everywhere", language),
    )
    parts = area_parts(area)
    if hashed := parts.get("geohash"):
        cell = geohash.bounds(hashed)
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
