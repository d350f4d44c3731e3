"""The route of the pages that the `type` of a problem names: what the error means, in words."""

from html import escape

from chalicelib.http.requests import Call
from chalicelib.http.responses import Response, conditional, page_headers
from chalicelib.http.routes import Content, Routes
from chalicelib.kernel import errors
from chalicelib.kernel.languages import texts

routes = Routes("Documentation")

_POLICY = "default-src 'none'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
_PAGE = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
</head>
<body>
<h1>{title}</h1>
<p>{detail}</p>
<p><code>{code}</code></p>
</body>
</html>
"""


@routes.get(
    "/errors/{code}",
    returns={200: Content(None, "text/html"), 304: None},
    raises=(errors.NotFound,),
)
def get_error_page(call: Call) -> Response:
    """Get the page of an error.

    A web page with what an error with this `code` means, in the language of `Accept-Language`. The
    `type` of each problem leads here, where the city has no pages of its own.
    """
    known, code = texts(call.language), call.path["code"]
    if f"error.{code}.title" not in known:
        raise errors.NotFound
    title, detail = (escape(known[f"error.{code}.{form}"]) for form in ("title", "detail"))
    page = _PAGE.format(language=call.language, code=escape(code), title=title, detail=detail)
    headers = {"Cache-Control": "public, max-age=300", "Vary": "Accept-Language"}
    headers["Content-Language"] = call.language
    return conditional(page, call, {**page_headers(_POLICY), **headers})
