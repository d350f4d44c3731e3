"""The route of the caller's own row."""

from chalicelib.domain.officers.model import Role
from chalicelib.http.requests import Call
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.http.shapes import ScopeCategory, ScopeDistrict, Shape, Timestamp

routes = Routes("Officers", Access.OFFICER, roles=tuple(Role))


class Scope(Shape):
    """The categories and districts that an officer may see. `*` means all of them."""

    categories: list[ScopeCategory]
    districts: list[ScopeDistrict]


class Me(Shape):
    """Your own row.

    Before `approves_from` you approve nothing that takes two officers; null when you do not wait.
    """

    username: str
    name: str
    roles: list[Role]
    scope: Scope
    approves_from: Timestamp | None


@routes.get("/v1/officer/me", returns=Me, logged=True)
def get_me(call: Call) -> Response:
    """Get your own name, roles and scope.

    They are read from your row at each call, not from the token.
    """
    officer = call.officer
    until = officer.approves_from if officer.waits_at(call.now) else None
    return Response(Me.of(officer, scope=Scope.model_validate(officer), approves_from=until))
