"""Administration of officers: their rows, their users in the pool, and their subscriptions.

Every use case writes an audit record.
"""

from collections.abc import Sequence
from typing import Any

from chalicelib import errors
from chalicelib.domain.appointments import USERNAME, Appointment
from chalicelib.domain.ids import name_on_record
from chalicelib.domain.officers import Officer, Role
from chalicelib.domain.passwords import random_password
from chalicelib.services.actor import Actor, OfficerActor
from chalicelib.store.audit import Action
from chalicelib.store.officers import Officers
from chalicelib.store.subscriptions import Subscriptions
from chalicelib.store.user_pool import UserPool
from chalicelib.store.writes import TransactItem

# The audit says that these changed, but never holds the address itself.
_NAMED_ONLY = ("email", "phone")


def list_officers(*, actor: OfficerActor, officers: Officers) -> list[Officer]:
    """Return all officers, active or not, sorted by name."""
    actor.log_own(Action.LIST, {"part": "officers"})
    return officers.all()


def read_officer(username: str, *, actor: OfficerActor, officers: Officers) -> Officer:
    """Return one officer's row. Raises NotFound."""
    is_name = USERNAME.fullmatch(username)
    actor.log_own(Action.OPEN, {"officer": name_on_record(username) if is_name else "no username"})
    officer = officers.get(username) if is_name else None
    if officer is None:
        raise errors.NotFound
    return officer


def appoint_officer(
    username: str,
    appointment: Appointment,
    *,
    actor: Actor,
    officers: Officers,
    pool: UserPool | None,
    subscriptions: Subscriptions,
) -> Officer:
    """Write an officer's row as in `appointment`. It takes effect at their next request.

    The row is written before the user of the pool: a user without a row can do nothing. After a
    failure, the same call completes the rest. The caller then calls `sync_subscriptions`; if it
    fails to, the sweep does. `pool` is None where the users are managed elsewhere.

    Raises Invalid (a bad username), Conflict `own_access` (admins cannot remove their own role),
    Unavailable.
    """
    if not USERNAME.fullmatch(username):
        raise errors.Invalid(errors.FieldError("username", "bad_username"))
    stays_admin = appointment.active and Role.ADMIN in appointment.roles
    if username == actor.by and not stays_admin:
        actor.log_own(Action.DENIED, {"officer": username})
        raise errors.Conflict("own_access")
    after = appointment.officer(username)
    write_officer(after, actor=actor, officers=officers, subscriptions=subscriptions)
    if pool:
        pool.follow(after)
    return after


def write_officer(
    after: Officer,
    *,
    actor: Actor,
    officers: Officers,
    subscriptions: Subscriptions,
    also: Sequence[TransactItem] = (),
) -> None:
    """Write an officer's row with its audit record, and with `also`, in one transaction.

    Raises Unavailable, and ConditionFailed for a condition of `also`.
    """
    before = officers.get(after.username)
    detail = {"officer": after.username, "fields": _differences(before, after)}
    record = actor.log_own_item(Action.CHANGE, detail)
    subscriptions.request_sync(after.username, actor.now)
    officers.put(after, also=[record, *also])


def reset_sign_in(
    username: str, *, actor: Actor, officers: Officers, pool: UserPool
) -> tuple[Officer, str]:
    """Let an officer who has lost their password or authenticator app start again.

    Returns the officer and a first password. The old password, app and sign-ins end. Repeated, it
    sets another first password. Raises NotFound for a username that no active officer has;
    Unavailable.
    """
    officer = officers.get(username) if USERNAME.fullmatch(username) else None
    if officer is None or not officer.active:
        raise errors.NotFound
    actor.log_own(Action.CHANGE, {"officer": username, "sign_in": "reset"})
    password = random_password()
    pool.recreate(officer, password)
    return officer, password


def _differences(before: Officer | None, after: Officer) -> dict[str, Any]:
    """Return the changed fields for the audit, each with its old and new value."""
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
