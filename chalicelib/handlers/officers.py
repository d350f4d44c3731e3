"""Admins' routes of officers: their access, scope and addresses."""

import logging
from datetime import datetime

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

    Sorted by username. Deactivated officers are included.
    """
    found = administration.list_officers(actor=call.actor, officers=wiring.officers())
    return Response(OfficerList.model_validate({"items": found}))


@routes.get("/v1/admin/officers/{username}", returns=OfficerView, raises=(errors.NotFound,))
def read_officer(call: Call) -> Response:
    """Read an officer.

    Returns all fields, including e-mail address and phone number. `PUT` replaces all of them.
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

    Send all fields: they replace the officer's old ones. A new officer is invited by e-mail. A
    deactivated officer is refused from the next request on, even with a valid token.

    The officer's subscriptions are limited to the new scope. Admins cannot remove their own access
    as admin (409 `own_access`).
    """
    appointed = administration.appoint_officer(
        call.path["username"],
        call.body,
        actor=call.actor,
        officers=wiring.officers(),
        pool=wiring.pool() if wiring.settings().user_pool_id else None,
        subscriptions=wiring.subscriptions(),
    )
    _sync_subscriptions(appointed.username, call.now)
    return Response(OfficerView.model_validate(appointed))


def _sync_subscriptions(username: str, now: datetime) -> None:
    try:
        sync_subscriptions(
            username,
            officers=wiring.officers(),
            subscriptions=wiring.subscriptions(),
            topic=wiring.topic_subscriptions(),
            now=now,
        )
    except errors.TiplineError:
        # The task is pending, so the sweep does it.
        log.warning("sync_left_to_the_sweep")
