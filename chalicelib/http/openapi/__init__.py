"""Make the OpenAPI 3.1 documents from the declarations of the routes.

Packaging writes them to files, which the API serves, so no function on AWS imports this package.

    document     a whole document, with its tags, description and security
    operations   one route: its body, its responses, its errors
    parameters   parameters of paths, queries and headers
    schemas      the schemas of bodies and responses
    examples     examples of bodies and responses, from `http/examples/`
"""

from chalicelib.http.openapi.document import document, document_of, written

__all__ = ["document", "document_of", "written"]
