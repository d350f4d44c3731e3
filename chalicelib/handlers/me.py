"""Who the caller is here."""

from chalicelib.domain.officers import Role
from chalicelib.handlers import schemas
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes

routes = Routes("Officers", Access.OFFICER, roles=tuple(Role))


@routes.get("/v1/officer/me", returns=schemas.OfficerView, logged=True)
def get_me(call: Call) -> Response:
    """Get one's own name, roles and scope.

    They come from the officer's own row, read at this request.
    """
    officer = call.officer
    return Response(
        schemas.OfficerView(
            username=officer.username,
            name=officer.name,
            roles=[role.value for role in officer.roles],
            scope={
                "categories": list(officer.categories),
                "districts": list(officer.districts),
            },
        )
    )
