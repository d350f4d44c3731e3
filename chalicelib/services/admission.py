"""Admission of officers to routes.

The token says who calls. The officer's row says what they may do, and is read at every request.
"""

from datetime import datetime

from chalicelib import errors
from chalicelib.domain.officers import Role
from chalicelib.services.actor import OfficerActor
from chalicelib.store.audit import Action, Audit, Entry
from chalicelib.store.officers import Officers


def admit(
    username: str,
    route: str,
    roles: tuple[Role, ...],
    *,
    officers: Officers,
    audit: Audit,
    now: datetime,
) -> OfficerActor:
    """Return the actor for an active officer who has one of `roles`.

    Raises Forbidden for everyone else, after a denial that names `route` is in the audit;
    Unavailable.
    """
    officer = officers.get(username)
    if officer is None or not officer.active or not officer.has_role(*roles):
        audit.write(Entry.of_officer(username, Action.DENIED, now, {"route": route}))
        raise errors.Forbidden
    return OfficerActor(username, audit, now, officer)
