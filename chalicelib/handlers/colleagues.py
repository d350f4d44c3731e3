"""The route of colleagues: whom a report may be assigned to."""

from chalicelib import errors, wiring
from chalicelib.domain.colleagues import ColleagueQuery
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.handlers.shapes import Shape
from chalicelib.services import colleagues

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)


class Colleague(Shape):
    username: str
    name: str


class ColleaguePage(Shape):
    """A page of officers, by username. It can be empty although more follow."""

    items: list[Colleague]
    next_cursor: str | None


@routes.get(
    "/v1/officer/colleagues",
    query=ColleagueQuery,
    returns=ColleaguePage,
    raises=(errors.Malformed("bad_cursor"),),
)
def list_colleagues(call: Call) -> Response:
    """List whom a report may be assigned to.

    Returns the active officers and supervisors who see reports of this category and district,
    yourself included: those whom PATCH accepts as `assignee`. A category or district outside your
    own scope gives an empty page. Only `next_cursor: null` ends the list.
    """
    page = colleagues.list_colleagues(
        call.query, actor=call.actor, officers=wiring.officers(), cursors=wiring.cursors()
    )
    items = [Colleague.model_validate(each) for each in page.items]
    return Response(ColleaguePage(items=items, next_cursor=page.next_cursor))
