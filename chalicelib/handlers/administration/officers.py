"""Admins' routes of officers: their access, scope and addresses."""

import logging
from datetime import datetime
from typing import Self

from chalicelib import wiring
from chalicelib.domain.administration import Appointment
from chalicelib.domain.officers.model import Role
from chalicelib.http.requests import Call, Header
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.http.shapes import ScopeCategory, ScopeDistrict, Shape, Tag, Timestamp
from chalicelib.kernel import errors
from chalicelib.kernel.models import left_out
from chalicelib.services.administration import appointments
from chalicelib.services.administration.appointments import Registered, Registry
from chalicelib.services.notices.subscriptions import sync_subscriptions
from chalicelib.services.second_person import tag_of

log = logging.getLogger(__name__)
routes = Routes("Administration", Access.OFFICER, roles=(Role.ADMIN,))


class ProposedRowView(Shape):
    """What an officer's row is to be."""

    name: str
    active: bool
    roles: list[Role]
    categories: list[ScopeCategory]
    districts: list[ScopeDistrict]
    email: str | None
    phone: str | None


class OfficerProposalView(Shape):
    """A proposal for an officer's row. It has no effect before another admin than `by` approves it.

    It can be approved until `expires_at`, 7 days after it was made. `tag` is what the approval
    takes: it is there when one officer is read, and not in the list.
    """

    version: int
    by: str
    at: Timestamp
    expires_at: Timestamp
    row: ProposedRowView
    tag: Tag = left_out()


class OfficerView(Shape):
    """An officer as they are now, and what is proposed for them.

    A person who is only proposed is inactive and has no roles. Before `approves_from`, the officer
    approves nothing that takes two officers; null when they do not wait.
    """

    username: str
    name: str
    active: bool
    roles: list[Role]
    categories: list[ScopeCategory]
    districts: list[ScopeDistrict]
    email: str | None
    phone: str | None
    approves_from: Timestamp | None
    proposal: OfficerProposalView | None

    @classmethod
    def registered(cls, found: Registered, now: datetime, tag: str | None = None) -> Self:
        shown = found.officer_or_nobody
        until = shown.approves_from if shown.waits_at(now) else None
        current = shown.model_copy(update={"approves_from": until})
        proposal = found.proposal and OfficerProposalView.of(
            found.proposal, expires_at=found.proposal.expires_at, tag=tag
        )
        return cls.of(current, proposal=proposal)


class OfficerList(Shape):
    items: list[OfficerView]


@routes.get("/v1/admin/officers", returns=OfficerList)
def list_officers(call: Call) -> Response:
    """List all officers.

    Sorted by username. Deactivated officers are included, and so are those only proposed:
    inactive, without roles. `proposal` is what waits for a second admin.
    """
    found = appointments.list_officers(actor=call.actor, officers=wiring.officers())
    return Response(OfficerList(items=[OfficerView.registered(each, call.now) for each in found]))


@routes.get("/v1/admin/officers/{username}", returns=OfficerView, raises=(errors.NotFound,))
def read_officer(call: Call) -> Response:
    """Read an officer.

    Returns all fields, including e-mail address and phone number, and what is proposed. To approve
    the proposal, send its `tag` as `If-Match`.
    """
    found = appointments.read_officer(
        call.path["username"], actor=call.actor, officers=wiring.officers()
    )
    proposal = found.proposal
    tag = tag_of(appointments.request_of(proposal), call.actor) if proposal else None
    return Response(OfficerView.registered(found, call.now, tag))


@routes.put(
    "/v1/admin/officers/{username}",
    body=Appointment,
    returns={200: OfficerView, 202: OfficerView},
    raises=("own_access",),
)
def appoint_officer(call: Call) -> Response:
    """Propose to appoint or change an officer, or deactivate one.

    Send all fields: they are to replace the officer's old ones. The response is 202 with the
    officer as they are now and your `proposal`. It takes effect when another admin approves it
    within 7 days. Any proposal that was waiting is replaced. Sending the same again
    changes nothing.

    A deactivation that changes nothing else (`"active": false`) takes effect at once, and the
    response is 200. The officer is refused from the next request on, even with a valid token. A
    proposal that was waiting ends. The response is also 200 when the officer already is what you
    send.

    Nobody proposes anything for themselves (409 `own_access`).
    """
    username = call.path["username"]
    found = appointments.propose_appointment(
        username, call.body, actor=call.actor, registry=_registry()
    )
    _sync_subscriptions(username, call.now)
    proposed = found.proposal is not None and not found.is_already(call.body.officer(username))
    view = OfficerView.registered(found, call.now)
    return Response(view, status=202 if proposed else 200)


@routes.post(
    "/v1/admin/officers/{username}/approve",
    headers=(Header.TAG,),
    returns={200: OfficerView},
    raises=(errors.Invalid, "no_proposal", errors.Forbidden("proposer_waits")),
)
def approve_appointment(call: Call) -> Response:
    """Approve what is proposed for an officer.

    Approves the proposal whose `tag` is in `If-Match`, which takes effect at once. A new officer is
    invited by e-mail. The officer's subscriptions are limited to the new scope. An officer who is
    new, comes back or becomes an admin approves nothing for 24 hours.

    Neither the admin who made the proposal nor the officer can approve it (403 `self_approval`).
    If the admin who made it had their own account made or its password reset in the last 24 hours,
    it waits until these have passed (403 `proposer_waits`).
    """
    username = call.path["username"]
    found = appointments.approve_appointment(
        username, call.tag, actor=call.actor, registry=_registry()
    )
    _sync_subscriptions(username, call.now)
    return Response(OfficerView.registered(found, call.now))


@routes.delete("/v1/admin/officers/{username}/proposal", raises=(errors.Invalid, "own_access"))
def withdraw_proposal(call: Call) -> Response:
    """Withdraw what is proposed for an officer.

    Any admin but the officer can do it. Repeating the call changes nothing.
    """
    appointments.withdraw_proposal(
        call.path["username"], actor=call.actor, officers=wiring.officers()
    )
    return Response()


def _registry() -> Registry:
    return Registry(
        officers=wiring.officers(),
        subscriptions=wiring.subscriptions(),
        announcements=wiring.announcements(),
        pool=wiring.pool() if wiring.settings().user_pool_id else None,
        catalogue=wiring.catalogue_changes(),
    )


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
