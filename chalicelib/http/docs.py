"""Routes of the OpenAPI documents, and of pages that show them with RapiDoc."""

from functools import cache
from pathlib import Path

from pydantic import BaseModel

from chalicelib.http.requests import Call
from chalicelib.http.responses import Response, conditional, etag_of_content, page_headers
from chalicelib.http.routes import Content, Routes
from chalicelib.kernel.config import Api

routes = Routes("Documentation")

DOCUMENTS = {Api.RESIDENTS: "openapi.json", Api.OFFICERS: "openapi-officers.json"}
"""The names of the documents: in a package they are beside this module."""

# Only content of this API and no inline scripts. RapiDoc needs inline styles.
_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:; style-src "
    "'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# Relative addresses, because the page may be below the prefix of a stage.
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tipline API: {title}</title>
<link rel="icon" href="data:,">
<script type="module" src="docs/rapidoc.js?{version}"></script>
</head>
<body>
<nav style="font: 1rem/1.5 system-ui, sans-serif; padding: .5rem 1rem">{links}</nav>
<noscript>Without JavaScript, read the document: <a href="{file}">{file}</a></noscript>
<rapi-doc spec-url="{file}" server-url="." default-api-server="."
 style="height: calc(100vh - 2.5rem)"
 allow-server-selection="false" load-fonts="false" render-style="read" theme="light"
 primary-color="#b3261e" show-header="false" show-method-in-nav-bar="as-colored-text"
 schema-style="table" schema-description-expanded="true" fill-request-fields-with-example="true"
 regular-font="system-ui, sans-serif" mono-font="ui-monospace, monospace"></rapi-doc>
</body>
</html>
"""


# The pages of the documents, by what their links say.
_PAGES = {
    Api.RESIDENTS: ("docs", "For residents' apps"),
    Api.OFFICERS: ("docs-officers", "For officers"),
}


class OpenApiDocument(BaseModel):
    """An OpenAPI 3.1 document."""

    openapi: str


@routes.get("/openapi.json", returns={200: OpenApiDocument, 304: None})
def get_openapi(call: Call) -> Response:
    """Get the OpenAPI document of what an app for residents needs.

    Returns this documentation as JSON, for tools such as client generators.
    """
    return _send_document(Api.RESIDENTS, call)


@routes.get("/openapi-officers.json", returns={200: OpenApiDocument, 304: None})
def get_officers_openapi(call: Call) -> Response:
    """Get the OpenAPI document of all other operations: officers', admins', and documentation.

    Returns this documentation as JSON, for tools such as client generators.
    """
    return _send_document(Api.OFFICERS, call)


@routes.get("/docs", returns={200: Content(None, "text/html"), 304: None})
def get_docs(call: Call) -> Response:
    """Get the documentation for residents' apps as a web page.

    The page loads everything from this API, and nothing from third parties.
    """
    return _send_page(Api.RESIDENTS, call)


@routes.get("/docs-officers", returns={200: Content(None, "text/html"), 304: None})
def get_officers_docs(call: Call) -> Response:
    """Get the documentation for officers as a web page.

    The page loads everything from this API, and nothing from third parties.
    """
    return _send_page(Api.OFFICERS, call)


@routes.get("/docs/rapidoc.js", returns={200: Content(None, "text/javascript"), 304: None})
def get_docs_program(call: Call) -> Response:
    """Get the script of the documentation page.

    Returns RapiDoc. The page's link contains a hash of the script, so browsers can cache it without
    a limit.
    """
    headers = {
        "Content-Type": "text/javascript; charset=utf-8",
        "Cache-Control": "public, max-age=31536000, immutable",
    }
    return conditional(_program(), call, headers, etag=_program_tag())


def _send_document(api: Api, call: Call) -> Response:
    headers = {"Cache-Control": "public, max-age=300"}
    return conditional(_document(api), call, headers, etag=_document_tag(api))


def _send_page(api: Api, call: Call) -> Response:
    headers = {**page_headers(_POLICY), "Cache-Control": "public, max-age=300"}
    return conditional(_page(api), call, headers)


@cache
def _document(api: Api) -> str:
    """Return a document: as packaging wrote it, or else as the routes are now."""
    packaged = Path(__file__).with_name(DOCUMENTS[api])
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    # Imported here, because no function on AWS needs them.
    from chalicelib.http import index
    from chalicelib.http.openapi.document import document_of, written

    return written(document_of(index.operations(), api))


@cache
def _document_tag(api: Api) -> str:
    return etag_of_content(_document(api))


@cache
def _page(api: Api) -> str:
    links = " · ".join(
        f"<strong>{title}</strong>" if each is api else f'<a href="{page}">{title}</a>'
        for each, (page, title) in _PAGES.items()
    )
    title, version = _PAGES[api][1], _program_tag()[1:17]
    return _PAGE.format(title=title, links=links, file=DOCUMENTS[api], version=version)


@cache
def _program() -> str:
    # Imported here, because other functions do not need it.
    from importlib import resources

    return (resources.files("openapi_ui_bundles.rapidoc") / "vendor" / "rapidoc-min.js").read_text(
        encoding="utf-8"
    )


@cache
def _program_tag() -> str:
    return etag_of_content(_program())
