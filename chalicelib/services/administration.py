"""Administration of officers: their rows, their users in the pool, and their subscriptions.

Every use case writes an audit record. Appointments are in `appointments`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from chalicelib import errors
from chalicelib.domain.appointments import USERNAME
from chalicelib.domain.ids import name_on_record
from chalicelib.domain.officers import Officer
from chalicelib.domain.passwords import random_password
from chalicelib.domain.proposals import Proposal, differences
from chalicelib.domain.two_persons import WAIT
from chalicelib.services.actor import Actor, OfficerActor
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.store.audit import Action
from chalicelib.store.officers import Officers
from chalicelib.store.subscriptions import Subscriptions
from chalicelib.store.user_pool import UserPool
from chalicelib.store.writes import TransactItem

# The audit says that these changed, but never holds the address itself.
_NAMED_ONLY = ("email", "phone")
_NOT_NAMED = ("revision",)


class Registered(NamedTuple):
    """An officer: the row (None: there is none yet), and what is proposed for it."""

    username: str
    officer: Officer | None
    proposal: Proposal | None

    @property
    def officer_or_nobody(self) -> Officer:
        """The row; without one, that of somebody who may do nothing."""
        return self.officer or Officer(username=self.username, active=False, roles=())

    def is_already(self, wanted: Officer) -> bool:
        """Return whether the row says what is wanted."""
        return not differences(self.officer, wanted)


def list_officers(*, actor: OfficerActor, officers: Officers) -> list[Registered]:
    """Return all officers, active or not, and whoever is only proposed, sorted by username."""
    actor.log_own(Action.LIST, {"part": "officers"})
    rows = {officer.username: officer for officer in officers.all()}
    proposals = {each.username: each for each in officers.proposals() if each.row_at(actor.now)}
    names = sorted(rows.keys() | proposals.keys())
    return [Registered(name, rows.get(name), proposals.get(name)) for name in names]


def read_officer(username: str, *, actor: OfficerActor, officers: Officers) -> Registered:
    """Return one officer's row, and what is proposed for it. Raises NotFound without either."""
    is_name = USERNAME.fullmatch(username)
    actor.log_own(Action.OPEN, {"officer": name_on_record(username) if is_name else "no username"})
    if not is_name:
        raise errors.NotFound
    officer, proposal = officers.get(username), officers.proposal(username)
    if proposal and not proposal.row_at(actor.now):
        proposal = None
    if officer is None and proposal is None:
        raise errors.NotFound
    return Registered(username, officer, proposal)


def require_username(username: str) -> None:
    """Raise Invalid for what cannot be a username."""
    if not USERNAME.fullmatch(username):
        raise errors.Invalid(errors.FieldError("username", "bad_username"))


def write_officer(
    after: Officer,
    *,
    actor: Actor,
    officers: Officers,
    subscriptions: Subscriptions,
    detail: Mapping[str, Any] | None = None,
    also: Sequence[TransactItem] = (),
) -> Officer:
    """Write an officer's row with its audit record, and with `also`, in one transaction.

    The record has `detail`, too. The reports of whoever is deactivated go back to the queue: the
    task is in the transaction. Return the row as written. Raises Unavailable, and ConditionFailed
    for a row that was written since `after` was read, or for a condition of `also`.
    """
    before = officers.get(after.username)
    fields = changes_of(before, after)
    recorded = {"officer": after.username, "fields": fields, **(detail or {})}
    record = actor.log_own_item(Action.CHANGE, recorded)
    subscriptions.request_sync(after.username, actor.now)
    leaves = before is not None and before.active and not after.active
    back = [subscriptions.assignments.request_return(after.username, actor.now)] if leaves else []
    return officers.put(after, also=[record, *back, *also])


def reset_sign_in(
    username: str, *, actor: Actor, officers: Officers, pool: UserPool
) -> tuple[Officer, str]:
    """Let an officer who has lost their password or authenticator app start again.

    Returns the officer and a first password. The old password, app and sign-ins end. Whoever has
    the new password approves nothing for `WAIT`, which is written first. Repeated, it sets another
    first password. Raises NotFound for a username that no active officer has; Unavailable.
    """

    def make_wait() -> Officer:
        officer = officers.get(username) if USERNAME.fullmatch(username) else None
        if officer is None or not officer.active:
            raise errors.NotFound
        waiting = officer.waiting_until(actor.now + WAIT)
        detail = {"officer": username, "sign_in": "reset", "fields": changes_of(officer, waiting)}
        return officers.put(waiting, also=[actor.log_own_item(Action.CHANGE, detail)])

    officer = retry_on_conflict(make_wait)
    password = random_password()
    pool.recreate(officer, password)
    return officer, password


def changes_of(before: Officer | None, after: Officer) -> dict[str, Any]:
    """Return the changed fields for the audit, each with its old and new value."""
    old = before.model_dump(mode="json") if before else {}
    changed = {
        name: value
        for name, value in after.model_dump(mode="json").items()
        if old.get(name) != value and name not in _NOT_NAMED
    }
    return {
        name: {} if name in _NAMED_ONLY else {"old": old.get(name), "new": value}
        for name, value in changed.items()
    }
