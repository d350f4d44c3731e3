"""Admins' routes: who works here, and what they may see."""

from chalice.app import Blueprint

from chalicelib import errors, wiring
from chalicelib.domain.appointments import Appointment
from chalicelib.domain.officers import Officer, Role
from chalicelib.handlers import responses
from chalicelib.handlers.auth import authorize_officer
from chalicelib.handlers.casework import admitted
from chalicelib.handlers.http import Access, Call, Response, endpoint
from chalicelib.services import administration

bp = Blueprint(__name__)


@endpoint(
    bp,
    "GET",
    "/v1/admin/officers",
    summary="List all officers",
    tag="Administration",
    access=Access.OFFICER,
    returns={200: responses.OfficerList},
    authorizer=authorize_officer,
)
def list_officers(call: Call) -> Response:
    """By name, those who no longer work here included."""
    found = administration.list_officers(
        admitted(call, Role.ADMIN), officers=wiring.officers(), audit=wiring.audit(), now=call.now
    )
    return Response(responses.OfficerList(items=[_row(officer) for officer in found]))


@endpoint(
    bp,
    "GET",
    "/v1/admin/officers/{username}",
    summary="Read one officer's row",
    tag="Administration",
    access=Access.OFFICER,
    returns={200: responses.OfficerRow},
    raises=(errors.NotFound,),
    authorizer=authorize_officer,
)
def read_officer(call: Call) -> Response:
    """The row as it stands, with addresses: what `PUT` would replace."""
    found = administration.read_officer(
        admitted(call, Role.ADMIN),
        call.path["username"],
        officers=wiring.officers(),
        audit=wiring.audit(),
        now=call.now,
    )
    return Response(_row(found))


@endpoint(
    bp,
    "PUT",
    "/v1/admin/officers/{username}",
    summary="Appoint, change or deactivate an officer",
    tag="Administration",
    access=Access.OFFICER,
    body=Appointment,
    returns={200: responses.OfficerRow},
    raises=(errors.Conflict("own_access"),),
    example={
        "name": "Officer Wang",
        "active": True,
        "roles": ["officer"],
        "categories": ["traffic_violation"],
        "districts": ["*"],
        "email": "wang@police.example",
    },
    authorizer=authorize_officer,
)
def appoint_officer(call: Call) -> Response:
    """The whole row. A new officer is invited by e-mail; one who is deactivated is out at their
    next request, whatever their token says.

    Their subscriptions are brought inside their new scope. Nobody can take away their own
    administrator's access.
    """
    appointed = administration.appoint(
        admitted(call, Role.ADMIN),
        call.path["username"],
        call.body,
        officers=wiring.officers(),
        pool=wiring.pool() if wiring.settings().user_pool_id else None,
        subscriptions=wiring.subscriptions(),
        topic=wiring.topic_subscriptions(),
        audit=wiring.audit(),
        now=call.now,
    )
    return Response(_row(appointed))


def _row(officer: Officer) -> responses.OfficerRow:
    return responses.OfficerRow(
        **officer.model_dump(mode="json", include=set(responses.OfficerRow.model_fields))
    )
