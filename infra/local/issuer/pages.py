"""What a person sees at the local issuer: plain pages without scripts, in two languages."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode, urlsplit

from jinja2 import Environment

from chalicelib.domain.officers.model import Officer

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
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_PAGE = Environment(autoescape=True, trim_blocks=True).from_string("""\
<!doctype html>
<html lang="{{ texts.lang }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<link rel="icon" href="data:,">
<style>{{ style | safe }}</style>
</head>
<body>
<main>
<h1>{{ title }}</h1>
{% if text %}
<p>{{ text }}</p>
{% endif %}
{% if asked is defined %}
{% if refused is not none %}
<p class="alert" role="alert">{{ texts.refused.format(username=refused) }}</p>
{% endif %}
<p>{{ texts.about }}</p>
{% if officers %}
<form method="post" action="/login">
{% for name, value in asked.items() %}
<input type="hidden" name="{{ name }}" value="{{ value }}">
{% endfor %}
<h2 id="who">{{ texts.who }}</h2>
<ul aria-labelledby="who">
{% for each in officers %}
<li><button name="username" value="{{ each.username }}">{{ each.name }}
<small>{{ each.username }} · {{ each.roles[-1].value }}</small></button></li>
{% endfor %}
</ul>
</form>
{% else %}
<p>{{ texts.nobody }}</p>
{% endif %}
<p><a href="{{ link }}" lang="{{ other.lang }}">{{ texts.other_language }}</a></p>
{% endif %}
</main>
</body>
</html>
""")

ENGLISH: Mapping[str, str] = {
    "lang": "en",
    "title": "Sign in",
    "about": "This page is part of the local stack. In the cloud it asks for a password and a code "
    "of an authenticator app; here you only say who you are.",
    "who": "Who are you?",
    "nobody": "There are no officers yet. Appoint the first two: make first-admins",
    "refused": "{username} cannot sign in: there is no such active officer.",
    "no_way_back": "This sign-in cannot be completed",
    "no_way_back_why": "Its client or its redirect address is not the registered one. Open the "
    "console at the address that “make run” shows.",
    "signed_out": "You are signed out",
    "other_language": "中文",
}
CHINESE: Mapping[str, str] = {
    "lang": "zh-CN",
    "title": "登录",
    "about": "本页属于本地环境。在云端，登录需要密码和身份验证器应用的验证码；"
    "在这里只需选择您的身份。",
    "who": "您是哪一位？",
    "nobody": "还没有民警。请先任命最初的两位管理员：make first-admins",
    "refused": "{username} 无法登录：没有这名在职民警。",
    "no_way_back": "无法完成本次登录",
    "no_way_back_why": "客户端或返回地址与登记的不一致。请用“make run”显示的地址打开控制台。",
    "signed_out": "您已退出登录",
    "other_language": "English",
}


def texts_for(lang: str, accepted: str) -> Mapping[str, str]:
    """Return the texts in the language of the parameter `lang`, which Cognito's pages have too, or
    else in that of `Accept-Language`.
    """
    wanted = (lang or accepted).strip().lower()
    return CHINESE if wanted.startswith("zh") else ENGLISH


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
    texts: Mapping[str, str],
    officers: Sequence[Officer],
    asked: Mapping[str, str],
    refused: str | None = None,
) -> str:
    """Return the page on which one says who one is. `asked` are the parameters of the request,
    `refused` is a username that was just refused.
    """
    other = CHINESE if texts is ENGLISH else ENGLISH
    link = f"/login?{urlencode({**asked, 'lang': other['lang']})}"
    shown = {"officers": officers, "asked": asked, "refused": refused, "other": other, "link": link}
    return _PAGE.render(texts=texts, title=texts["title"], style=_STYLE, **shown)


def plain_page(title: str, texts: Mapping[str, str], text: str = "") -> str:
    """Return a page that only says something."""
    return _PAGE.render(texts=texts, title=title, style=_STYLE, text=text)
