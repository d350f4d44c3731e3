"""The public page of a bulletin: HTML without scripts, in all languages of the city.

Its Open Graph data describes it where somebody shares a link.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import NamedTuple
from urllib.parse import quote

from chalicelib.domain.bulletins.area import area_label
from chalicelib.domain.bulletins.model import BulletinState
from chalicelib.kernel import times
from chalicelib.kernel.city import city
from chalicelib.kernel.languages import LANGUAGES, LocalizedText, text, wording

# What the preview of a link shows, at most, in characters.
_DESCRIPTION = 200
_STYLE = """
:root { color-scheme: light dark; }
body { font: 1.1rem/1.6 system-ui, sans-serif; max-width: 40rem; margin: 0 auto;
 padding: 1rem 1rem 3rem; overflow-wrap: anywhere; }
header { border-block-end: 1px solid; padding-block-end: .6rem; margin-block-end: 1rem; }
.home { display: inline-block; padding-block: .4rem; color: inherit; }
.call { white-space: nowrap; }
.emergency a { padding-block: .4rem; color: inherit; font-size: 1.3rem; }
h1, h2 { line-height: 1.25; margin-block: .5rem; }
section + section { border-block-start: 1px solid; margin-block-start: 2rem;
 padding-block-start: 1rem; }
.said { white-space: pre-line; }
.facts, .state { font-size: .95rem; }
.facts { list-style: none; padding: 0; }
.state, .emergency { border-inline-start: .3rem solid #b3261e; padding-inline-start: .8rem;
 font-weight: 600; }
img { display: block; max-width: 100%; height: auto; margin-block: 1rem; border-radius: .3rem; }
.lead { display: inline-block; min-height: 1.6rem; padding: .6rem 1.2rem; border-radius: .4rem;
 background: #b3261e; color: #fff; font-weight: 600; text-decoration: none; }
.lead:focus-visible, a:focus-visible { outline: 3px solid #1a6fc9; outline-offset: 3px; }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_PAGE = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{head}
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<header>{sender}</header>
<main>
{content}
</main>
</body>
</html>
"""


class Page(NamedTuple):
    """A bulletin as readers see it. One that has ended has no area and no pictures; its text says
    how it ended.
    """

    id: str
    channel: str
    state: BulletinState
    title: LocalizedText
    body: LocalizedText
    published_at: datetime
    area: str | dict[str, str] | None = None
    media: tuple[str, ...] = ()
    corrected_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def is_published(self) -> bool:
        return self.state is BulletinState.PUBLISHED


class Links(NamedTuple):
    """Where the page's links lead. `base` is where our routes are, `root` the same relative to the
    page, `lead` where a resident says what they have seen and `home` their first page, if there is
    a web client.
    """

    base: str
    root: str
    lead: str | None
    home: str | None


def policy(storage: str | None) -> str:
    """Return the Content-Security-Policy of the page; pictures come from `storage`, an origin."""
    pictures = f" 'self' {storage}" if storage else ""
    return (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:{pictures}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def render(page: Page, language: str, links: Links) -> str:
    """Return the page, in the reader's language first."""
    order = (language, *(each for each in LANGUAGES if each != language))
    shown = [each for each in order if each == language or each in page.title or each in page.body]
    sections = [
        _section(page, each, links, level=1 if each == language else 2, pictures=each == language)
        for each in shown
    ]
    _, title = wording(page.title, language)
    return _PAGE.format(
        language=escape(language),
        title=escape(f"{title} · {text('bulletin.sender', language)}"),
        head=_head(page, language, links),
        style=_STYLE,
        sender=_sender(language, links.home),
        content="\n".join(sections),
    )


def render_none(language: str, home: str | None) -> str:
    """Return the page for a bulletin that is not there."""
    order = (language, *(each for each in LANGUAGES if each != language))
    content = "\n".join(
        f'<section lang="{escape(each)}" dir="auto"><h{level}>{escape(said)}</h{level}></section>'
        for each, level, said in (
            (each, 1 if each == language else 2, text("bulletin.page_none", each)) for each in order
        )
    )
    return _PAGE.format(
        language=escape(language),
        title=escape(text("bulletin.sender", language)),
        head='<meta name="robots" content="noindex">',
        style=_STYLE,
        sender=_sender(language, home),
        content=content,
    )


def _sender(language: str, home: str | None) -> str:
    """Return who speaks, with the way to the residents' first page."""
    sender = f"<strong>{escape(text('bulletin.sender', language))}</strong>"
    if not home:
        return sender
    service = escape(text("name.service", language))
    return f'<a class="home" href="{escape(home)}">{sender} · {service}</a>'


def _head(page: Page, language: str, links: Links) -> str:
    address = f"{links.base}/bulletins/{page.id}"
    summary = " ".join(wording(page.body, language)[1].split())
    short = summary if len(summary) <= _DESCRIPTION else f"{summary[: _DESCRIPTION - 1]}…"
    # A copy in a search engine would outlive the bulletin.
    robots = "noarchive" if page.is_published else "noindex"
    named = [("description", short), ("robots", robots)]
    graph = [
        ("og:type", "article"),
        ("og:site_name", text("bulletin.sender", language)),
        ("og:title", wording(page.title, language)[1]),
        ("og:description", short),
        ("og:url", address),
        ("og:locale", language.replace("-", "_")),
        ("article:published_time", times.render(page.published_at)),
    ]
    if page.corrected_at:
        graph.append(("article:modified_time", times.render(page.corrected_at)))
    if page.media:
        named.append(("twitter:card", "summary_large_image"))
        graph += [
            ("og:image", f"{links.base}/v1/bulletins/{page.id}/media/{page.media[0]}"),
            ("og:image:type", "image/jpeg"),
            ("og:image:alt", text("bulletin.picture", language)),
        ]
    lines = [f'<link rel="canonical" href="{escape(address)}">']
    if page.is_published:
        cap = f"{links.base}/v1/bulletins/{page.id}/cap"
        lines.append(f'<link rel="alternate" type="application/cap+xml" href="{escape(cap)}">')
    return "\n".join([*lines, *_metas("name", named), *_metas("property", graph)])


def _metas(kind: str, values: Iterable[tuple[str, str]]) -> list[str]:
    return [f'<meta {kind}="{name}" content="{escape(value)}">' for name, value in values]


def _section(page: Page, language: str, links: Links, *, level: int, pictures: bool) -> str:
    (title_in, title), (body_in, body) = (
        wording(page.title, language),
        wording(page.body, language),
    )
    state = text(f"bulletin_state.{page.state}", language)
    parts = [
        "" if page.is_published else f'<p class="state">{escape(state)}</p>',
        f'<h{level} lang="{escape(title_in)}">{escape(title)}</h{level}>',
        f'<p class="said" lang="{escape(body_in)}">{escape(body)}</p>',
        _pictures(page, language, links) if pictures else "",
        _facts(page, language),
        _lead(language, links) if page.is_published else "",
    ]
    content = "\n".join(filter(None, parts))
    return f'<section lang="{escape(language)}" dir="auto">\n{content}\n</section>'


def _pictures(page: Page, language: str, links: Links) -> str:
    alternative = text("bulletin.picture", language)
    return "\n".join(
        f'<img src="{escape(f"{links.root}v1/bulletins/{page.id}/media/{media_id}")}" '
        f'alt="{escape(f"{alternative} {number}")}">'
        for number, media_id in enumerate(page.media, 1)
    )


def _facts(page: Page, language: str) -> str:
    area = area_label(page.area, language)
    dated: Mapping[str, datetime | None] = {
        "bulletin.page_published": page.published_at,
        "bulletin.corrected": page.corrected_at,
        "bulletin.until": page.expires_at if page.is_published else None,
    }
    lines: Sequence[str] = [
        text(f"channel.{page.channel}", language),
        text("bulletin.area", language, area=area) if area else "",
        *(text(key, language, at=_shown(at, language)) for key, at in dated.items() if at),
    ]
    items = "\n".join(f"<li>{escape(line)}</li>" for line in lines if line)
    return f'<ul class="facts">\n{items}\n</ul>'


def _shown(moment: datetime, language: str) -> str:
    """Return a time by the clocks of the city, as the residents' pages show it elsewhere."""
    here = times.in_city(moment)
    month = text(f"time.month.{here.month}", language)
    parts = {"year": here.year, "month": month, "day": here.day, "clock": f"{here:%H:%M}"}
    return f"{text('time.full', language, **parts)} ({times.zone_of(here)})"


def _with_call(sentence: str) -> str:
    """Return a sentence as HTML, with a link that calls the emergency number."""
    number = city().emergency_number
    call = f'<a href="tel:{quote(number, safe="+*")}">{escape(number)}</a>'
    # It stays on the line of the word before it.
    return re.sub(
        rf"(\w{{0,8}}\s?){re.escape(escape(number))}",
        lambda found: f'<span class="call">{found[1]}{call}</span>',
        escape(sentence),
    )


def _lead(language: str, links: Links) -> str:
    emergency = f'<p class="emergency">{_with_call(text("emergency.text", language))}</p>'
    if not links.lead:
        return emergency
    label = escape(text("bulletin.page_seen", language))
    return f'{emergency}\n<p><a class="lead" href="{escape(links.lead)}">{label}</a></p>'
