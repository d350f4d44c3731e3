"""The OpenAPI 3.1 document, made of the very declarations that route and validate.

It is made when `make openapi` is run and served as the file that was written; nothing in a running
function imports this package.

    document     tags, descriptions, security; puts the parts together
    operations   one route: its body, its responses, what it refuses
    parameters   of paths, queries and headers
    schemas      the components, by the domain's names
    examples     of bodies and responses, from `handlers/examples/`
"""

from chalicelib.handlers.openapi.document import document

__all__ = ["document"]
