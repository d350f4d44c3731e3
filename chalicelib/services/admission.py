"""Who may come in: a token says who it is, the officer's own row says what they may do, read at
every request.
"""

from datetime import datetime

from chalicelib import errors
from chalicelib.domain.officers import Officer, Role
from chalicelib.store.audit import Action, Audit
from chalicelib.store.officers import Officers


def admit(
    username: str,
    *,
    roles: tuple[Role, ...],
    officers: Officers,
    audit: Audit,
    now: datetime,
    to: str,
    on_record: bool = False,
) -> Officer:
    """The active officer of this name, with one of `roles`. `to` names the route, for the record of
    a denial; `on_record` puts the admission there as well, on routes where nothing later does.

    Raises Forbidden after the denial is on record; Unavailable when it cannot be.
    """
    officer = officers.get(username)
    if officer is None or not officer.active or not officer.has_role(*roles):
        audit.about_officer(by=username, action=Action.DENIED, now=now, detail={"route": to})
        raise errors.Forbidden
    if on_record:
        audit.about_officer(by=username, action=Action.OPEN, now=now, detail={"route": to})
    return officer
