"""Admins' routes: who works here, and what they may see."""

import logging

from chalicelib import errors, wiring
from chalicelib.domain.appointments import Appointment
from chalicelib.domain.officers import Role
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.handlers.shapes import ScopeCategory, ScopeDistrict, Shape
from chalicelib.services import administration
from chalicelib.services.subscriptions import sync_subscriptions

log = logging.getLogger(__name__)
routes = Routes("Administration", Access.OFFICER, roles=(Role.ADMIN,))


class OfficerView(Shape):
    username: str
    name: str
    active: bool
    roles: list[Role]
    categories: list[ScopeCategory]
    districts: list[ScopeDistrict]
    email: str | None
    phone: str | None


class OfficerList(Shape):
    items: list[OfficerView]


@routes.get("/v1/admin/officers", returns=OfficerList)
def list_officers(call: Call) -> Response:
    """List all officers.

    By name, those who no longer work here included.
    """
    found = administration.list_officers(actor=call.actor, officers=wiring.officers())
    return Response(OfficerList.model_validate({"items": found}))


@routes.get("/v1/admin/officers/{username}", returns=OfficerView, raises=(errors.NotFound,))
def read_officer(call: Call) -> Response:
    """Read one officer's row.

    The row as it is, with addresses: what `PUT` would replace.
    """
    found = administration.read_officer(
        call.path["username"], actor=call.actor, officers=wiring.officers()
    )
    return Response(OfficerView.model_validate(found))


@routes.put(
    "/v1/admin/officers/{username}",
    body=Appointment,
    returns=OfficerView,
    raises=(errors.Conflict("own_access"),),
)
def appoint_officer(call: Call) -> Response:
    """Appoint, change or deactivate an officer.

    The whole row. A new officer is invited by e-mail; one who is deactivated is out at their
    next request, whatever their token says.

    Their subscriptions are brought inside their new scope. Nobody can take away their own
    administrator's access.
    """
    appointed = administration.appoint_officer(
        call.path["username"],
        call.body,
        actor=call.actor,
        officers=wiring.officers(),
        pool=wiring.pool() if wiring.settings().user_pool_id else None,
        subscriptions=wiring.subscriptions(),
    )
    _sync_subscriptions(appointed.username)
    return Response(OfficerView.model_validate(appointed))


def _sync_subscriptions(username: str) -> None:
    try:
        sync_subscriptions(
            username,
            officers=wiring.officers(),
            subscriptions=wiring.subscriptions(),
            topic=wiring.topic_subscriptions(),
        )
    except errors.TiplineError:
        log.warning("sync_left_to_the_sweep")  # its task is pending
