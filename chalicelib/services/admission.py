"""Who may come in: a token says who it is, the officer's own row says what they may do, read at
every request.
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
    """Return the active officer of this name, who has one of `roles`. `route` names the call.

    Raises Forbidden after the denial is on record; Unavailable when it cannot be.
    """
    officer = officers.get(username)
    if officer is None or not officer.active or not officer.has_role(*roles):
        audit.write(Entry.of_officer(username, Action.DENIED, now, {"route": route}))
        raise errors.Forbidden
    return OfficerActor(username, audit, now, officer)
