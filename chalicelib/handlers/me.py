"""The route of the caller's own row."""

from chalicelib.domain.officers import Role
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.handlers.shapes import ScopeCategory, ScopeDistrict, Shape

routes = Routes("Officers", Access.OFFICER, roles=tuple(Role))


class Scope(Shape):
    """The categories and districts that an officer may see. `*` means all of them."""

    categories: list[ScopeCategory]
    districts: list[ScopeDistrict]


class Me(Shape):
    username: str
    name: str
    roles: list[Role]
    scope: Scope


@routes.get("/v1/officer/me", returns=Me, logged=True)
def get_me(call: Call) -> Response:
    """Get your own name, roles and scope.

    They are read from your row at each call, not from the token.
    """
    return Response(Me.of(call.officer, scope=Scope.model_validate(call.officer)))
