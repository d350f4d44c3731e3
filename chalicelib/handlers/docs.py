"""Routes of the documentation: the OpenAPI document, and a page that shows it with RapiDoc."""

from functools import cache
from pathlib import Path

from pydantic import BaseModel

from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response, conditional, etag_of_content, page_headers
from chalicelib.handlers.routes import Content, Routes

routes = Routes("Documentation")

# `make openapi` writes it; `make check` compares it with the code.
DOCUMENT = Path(__file__).with_name("openapi.json")

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
<title>Tipline API</title>
<link rel="icon" href="data:,">
<script type="module" src="docs/rapidoc.js?{version}"></script>
</head>
<body>
<noscript>Without JavaScript, read the document: <a href="openapi.json">openapi.json</a></noscript>
<rapi-doc spec-url="openapi.json" server-url="." default-api-server="."
 allow-server-selection="false" load-fonts="false" render-style="read" theme="light"
 primary-color="#b3261e" show-header="false" show-method-in-nav-bar="as-colored-text"
 schema-style="table" schema-description-expanded="true" fill-request-fields-with-example="true"
 regular-font="system-ui, sans-serif" mono-font="ui-monospace, monospace"></rapi-doc>
</body>
</html>
"""


class OpenApiDocument(BaseModel):
    """An OpenAPI 3.1 document."""

    openapi: str


@routes.get("/openapi.json", returns={200: OpenApiDocument, 304: None})
def get_openapi(call: Call) -> Response:
    """Get the OpenAPI document.

    Returns this documentation as JSON, for tools such as client generators.
    """
    headers = {"Cache-Control": "public, max-age=300"}
    return conditional(_document(), call, headers, etag=_document_tag())


@routes.get("/docs", returns={200: Content(None, "text/html"), 304: None})
def get_docs(call: Call) -> Response:
    """Get the documentation as a web page.

    The page loads everything from this API, and nothing from third parties.
    """
    headers = {**page_headers(_POLICY), "Cache-Control": "public, max-age=300"}
    return conditional(_page(), call, headers)


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


@cache
def _document() -> str:
    return DOCUMENT.read_text(encoding="utf-8")


@cache
def _document_tag() -> str:
    return etag_of_content(_document())


@cache
def _page() -> str:
    return _PAGE.format(version=_program_tag()[1:17])


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
