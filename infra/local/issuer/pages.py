"""What a person sees at the local issuer: plain pages without scripts."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import urlencode, urlsplit

from chalicelib.domain.officers.model import Officer
from infra.local.issuer.texts import CHINESE, ENGLISH

_STYLE = """
:root { color-scheme: light dark; }
a { color: inherit; }
body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 28rem; margin: 3rem auto;
 padding: 0 1rem; }
h2 { font-size: 1.1rem; }
ul { list-style: none; padding: 0; }
button { display: block; width: 100%; min-height: 3.2rem; margin: .5rem 0; padding: .5rem 1rem;
 font: inherit; text-align: start; border: 1px solid; border-radius: .4rem; cursor: pointer; }
button:focus-visible, a:focus-visible { outline: 3px solid #1a6fc9; outline-offset: 2px; }
small { display: block; font-size: .9rem; }
.alert { border-inline-start: .3rem solid #b3261e; padding-inline-start: .8rem; font-weight: 600; }
"""
_PAGE = """\
<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{content}
</main>
</body>
</html>
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()


def policy(redirect_uri: str = "") -> str:
    """Return the Content-Security-Policy of a page. A form's redirect, too, must be allowed where
    the form may go.
    """
    address = urlsplit(redirect_uri)
    back = f" {address.scheme}://{address.netloc}" if redirect_uri else ""
    return (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; "
        f"form-action 'self'{back}; base-uri 'none'; frame-ancestors 'none'"
    )


def sign_in_page(
    said: Mapping[str, str],
    officers: Sequence[Officer],
    asked: Mapping[str, str],
    refused: str | None = None,
) -> str:
    """Return the page on which one says who one is. `asked` are the parameters of the request,
    `refused` is a username that was just refused.
    """
    hidden = "\n".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in asked.items()
    )
    buttons = "\n".join(
        f'<li><button name="username" value="{escape(each.username)}">{escape(each.name)}'
        f"<small>{escape(each.username)} · {escape(each.roles[-1].value)}</small></button></li>"
        for each in officers
    )
    form = (
        f'<form method="post" action="/login">\n{hidden}\n<h2 id="who">{escape(said["who"])}</h2>\n'
        f'<ul aria-labelledby="who">\n{buttons}\n</ul>\n</form>'
    )
    other = CHINESE if said is ENGLISH else ENGLISH
    link = f"/login?{urlencode({**asked, 'lang': other['lang']})}"
    parts = [
        f'<p class="alert" role="alert">{escape(said["refused"].format(username=refused))}</p>'
        if refused is not None
        else "",
        f"<p>{escape(said['about'])}</p>",
        form if officers else f"<p>{escape(said['nobody'])}</p>",
        f'<p><a href="{escape(link)}" lang="{other["lang"]}">{escape(said["other_language"])}</a>'
        "</p>",
    ]
    return _page(said, said["title"], "\n".join(filter(None, parts)))


def error_page(said: Mapping[str, str]) -> str:
    """Return the page for a request without a way back."""
    return _page(said, said["no_way_back"], f"<p>{escape(said['no_way_back_why'])}</p>")


def signed_out_page(said: Mapping[str, str]) -> str:
    return _page(said, said["signed_out"], "")


def _page(said: Mapping[str, str], title: str, content: str) -> str:
    return _PAGE.format(lang=said["lang"], title=escape(title), style=_STYLE, content=content)
