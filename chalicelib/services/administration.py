"""Who works here: officers' rows, the users of the pool, and their subscriptions, kept in line.

Every change is on record.
"""

from typing import Any

from chalicelib import errors
from chalicelib.domain.appointments import USERNAME, Appointment
from chalicelib.domain.officers import Officer, Role
from chalicelib.services.actor import OfficerActor
from chalicelib.store.audit import Action
from chalicelib.store.officers import Officers
from chalicelib.store.subscriptions import Subscriptions
from chalicelib.store.user_pool import UserPool

# Of addresses the record says that they changed, not what they are.
_NAMED_ONLY = ("email", "phone")


def list_officers(*, actor: OfficerActor, officers: Officers) -> list[Officer]:
    """Return every officer there is or was, by name."""
    actor.log_own(Action.LIST, {"part": "officers"})
    return officers.all()


def read_officer(username: str, *, actor: OfficerActor, officers: Officers) -> Officer:
    """Return one officer's row. Raises NotFound."""
    actor.log_own(Action.OPEN, {"officer": username[:64]})
    officer = officers.get(username) if USERNAME.fullmatch(username) else None
    if officer is None:
        raise errors.NotFound
    return officer


def appoint_officer(
    username: str,
    appointment: Appointment,
    *,
    actor: OfficerActor,
    officers: Officers,
    pool: UserPool | None,
    subscriptions: Subscriptions,
) -> Officer:
    """Make an officer's row what `appointment` says; it holds at their next request. `pool` is
    None where others keep the users.

    Row first: a user without one can do nothing, while the reverse would be a way in. The same
    call again does what was left undone; the sweep brings the subscriptions in line, if whoever
    called does not (`subscriptions.sync_subscriptions`). Raises Invalid for a name that cannot be
    one, Conflict `own_access`, Unavailable.
    """
    if not USERNAME.fullmatch(username):
        raise errors.Invalid(errors.FieldError("username", "bad_username"))
    stays_admin = appointment.active and Role.ADMIN in appointment.roles
    if username == actor.by and not stays_admin:
        actor.log_own(Action.DENIED, {"officer": username})
        raise errors.Conflict("own_access")
    before, after = officers.get(username), appointment.officer(username)
    detail = {"officer": username, "fields": _differences(before, after)}
    record = actor.log_own_item(Action.CHANGE, detail)
    subscriptions.request_sync(username, actor.now)
    officers.put(after, also=[record])
    if pool:
        pool.follow(after)
    return after


def _differences(before: Officer | None, after: Officer) -> dict[str, Any]:
    old = before.model_dump(mode="json") if before else {}
    changed = {
        name: value
        for name, value in after.model_dump(mode="json").items()
        if old.get(name) != value
    }
    return {
        name: {} if name in _NAMED_ONLY else {"old": old.get(name), "new": value}
        for name, value in changed.items()
    }
