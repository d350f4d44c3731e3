"""The API's own pages: the start page, a short description with links in all languages; and what
the `type` of a problem names, which says in words what the error means.
"""

from collections.abc import Mapping
from functools import cache
from html import escape

from chalicelib.http import index
from chalicelib.http.problems import STATUS, status_of
from chalicelib.http.requests import Call
from chalicelib.http.responses import Response, conditional, page_headers
from chalicelib.http.routes import Content, Routes
from chalicelib.kernel import errors
from chalicelib.kernel.languages import DEFAULT, LANGUAGES, text, texts

routes = Routes("Documentation")

# The start page may use nothing but its inline style, that of an error not even one.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_POLICY_OF_ERRORS = "default-src 'none'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
_LINKS = {"docs": "docs", "openapi": "openapi.json", "catalogue": "v1/catalogue"}
_PAGE = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
{style}</head>
<body>
<h1>{title}</h1>
{content}
</body>
</html>
"""
# `bad_request`, which no route declares.
_GATEWAYS_OWN = 400
# Their own text says which call comes next: neither the same again, nor none.
_SAY_IT_THEMSELVES = frozenset(
    {
        "proof_required",
        "not_awaiting",
        "parts_missing",
        "size_mismatch",
        "upload_gone",
        "upload_not_started",
    }
)
# What else a problem of this code names: wrong fields, or why a file was rejected.
_NAMED_BY = {errors.Invalid.code: "field.", "media_rejected": "reject."}
_STYLE = """\
<style>
body { font: 1.05rem/1.6 system-ui, sans-serif; max-width: 38rem;
 margin: 3rem auto; padding: 0 1rem }
section { margin-top: 2rem }
.emergency { border-inline-start: .3rem solid #b3261e; padding-inline-start: .8rem;
 font-weight: 600 }
</style>
"""
_SECTION = """\
<section lang="{language}" dir="auto">
<p>{about}</p>
<p class="emergency">{emergency}</p>
<ul>
{links}
</ul>
</section>"""


@routes.get("/", returns=Content(None, "text/html"))
def get_start_page(call: Call) -> Response:
    """Get the start page.

    A web page in all languages of the city. It says what the service is, shows the emergency
    number, and links to the documentation and the catalogue.
    """
    sections = "\n".join(_section(each, _prefix(call)) for each in LANGUAGES)
    title = escape(text("name.service", DEFAULT))
    return Response(
        _PAGE.format(language=DEFAULT, title=title, style=_STYLE, content=sections),
        headers={**page_headers(_POLICY), "Cache-Control": "public, max-age=300"},
    )


@routes.get(
    "/errors/{code}",
    returns={200: Content(None, "text/html"), 304: None},
    raises=(errors.NotFound,),
)
def get_error_page(call: Call) -> Response:
    """Get the page of an error.

    A web page with what an error with this `code` means, its status, and whether to send the same
    again, in the language of `Accept-Language`. That of `invalid` lists the codes of fields, that
    of `media_rejected` the reasons. The `type` of each problem leads here, where the city has no
    pages of its own.
    """
    known, code = texts(call.language), call.path["code"]
    if f"error.{code}.title" not in known:
        raise errors.NotFound
    title, detail = (escape(known[f"error.{code}.{form}"]) for form in ("title", "detail"))
    status = _statuses().get(code, _GATEWAYS_OWN)
    again = "again" if status == 429 or status >= 500 else "not_again"
    advice = "" if code in _SAY_IT_THEMSELVES else f"<p>{escape(known[f'start.{again}'])}</p>\n"
    content = (
        f"<p>{detail}</p>\n<p><code>{status} {escape(code)}</code></p>\n{advice}"
        f"{_named(_NAMED_BY.get(code), known)}"
        f'<p><a href="../docs">{escape(known["start.docs"])}</a></p>'
    )
    page = _PAGE.format(language=call.language, title=title, style="", content=content)
    headers = {"Cache-Control": "public, max-age=300", "Vary": "Accept-Language"}
    headers["Content-Language"] = call.language
    return conditional(page, call, {**page_headers(_POLICY_OF_ERRORS), **headers})


def _named(prefix: str | None, known: Mapping[str, str]) -> str:
    """Return a list of the codes whose texts begin with `prefix`, each with its text."""
    if prefix is None:
        return ""
    entries = "".join(
        f"<dt><code>{escape(key.removeprefix(prefix))}</code></dt><dd>{escape(said)}</dd>\n"
        for key, said in sorted(known.items())
        # What follows the code is a field or a limit, for which it has a text of its own.
        if key.startswith(prefix) and key.count(".") == 1
    )
    return f"<dl>\n{entries}</dl>\n"


@cache
def _statuses() -> Mapping[str, int]:
    """Return the status of each code, as the errors and the routes declare it."""
    declared = {each.code: status_of(each) for one in index.operations() for each in one.errors}
    return {kind.code: status for kind, status in STATUS.items()} | declared


def _prefix(call: Call) -> str:
    """Return the prefix of each relative link.

    The stage of a gateway can also be called without the slash at its end. Links are then relative
    to the level above: on the page `/api`, the link `docs` would lead to `/docs`.
    """
    last = str(call.request.context.get("path", "/")).rpartition("/")[2]
    return f"{last}/" if last else ""


def _section(language: str, prefix: str) -> str:
    links = [
        f'<li><a href="{escape(prefix + path)}">{escape(text(f"start.{name}", language))}</a></li>'
        for name, path in _LINKS.items()
    ]
    return _SECTION.format(
        language=language,
        about=escape(text("start.about", language)),
        emergency=escape(text("emergency.text", language)),
        links="\n".join(links),
    )
