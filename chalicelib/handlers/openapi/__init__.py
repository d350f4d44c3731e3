"""Write the OpenAPI 3.1 document from the declarations of the routes.

`make openapi` writes it to a file, which the API serves. No running function imports this package.

    document     the whole document, with its tags, description and security
    operations   one route: its body, its responses, its errors
    parameters   parameters of paths, queries and headers
    schemas      the schemas of bodies and responses
    examples     examples of bodies and responses, from `handlers/examples/`
"""

from chalicelib.handlers.openapi.document import document

__all__ = ["document"]
