"""Appointments: one admin proposes an officer's row, another approves exactly that.

A row comes with a user in the pool, and with subscriptions. Every use case writes an audit record.
To end an access is urgent, so one admin does that alone. Nobody does any of it for their own row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from chalicelib.aws.table import ConditionFailed, retry_on_conflict
from chalicelib.aws.writes import TransactItem
from chalicelib.domain.administration import USERNAME, Appointment
from chalicelib.domain.officers.model import (
    MIN_OVERSIGHT,
    WAIT,
    Officer,
    active_oversight,
    has_less,
    is_admin,
    random_password,
)
from chalicelib.domain.officers.proposals import (
    Proposal,
    as_appointed,
    differences,
    ended,
    is_deactivation,
    proposed,
)
from chalicelib.domain.reports.events import NoticeKind
from chalicelib.domain.second_person import Request, TwoPersonStep
from chalicelib.kernel import errors, times
from chalicelib.kernel.ids import name_on_record, random_id
from chalicelib.services.officers import Actor, OfficerActor
from chalicelib.services.second_person import require_second_person
from chalicelib.store.audit.rows import Action
from chalicelib.store.catalogue import CatalogueChanges
from chalicelib.store.notices.announcements import Announcements
from chalicelib.store.notices.roster import Subscriptions
from chalicelib.store.officers.rows import Officers
from chalicelib.store.officers.user_pool import UserPool

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
    """Return all officers, active or not, and those only proposed, sorted by username."""
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


def request_of(proposal: Proposal) -> Request:
    """Return a proposal as another admin than its author and the officer approves it."""
    involved = {proposal.username, proposal.by}
    version = str(proposal.version)
    return Request(TwoPersonStep.APPOINTMENT, proposal.username, version, involved)


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

    The record has `detail`, too. The open reports that the officer may not have any more, without
    the account, the role or the scope, go back to the queue: the task is in the transaction. Return
    the row as written. Raises Unavailable, and ConditionFailed for a row that was written since
    `after` was read, or for a condition of `also`.
    """
    before = officers.get(after.username)
    fields = changes_of(before, after)
    recorded = {"officer": after.username, "fields": fields, **(detail or {})}
    record = actor.log_own_item(Action.CHANGE, recorded)
    subscriptions.request_sync(after.username, actor.now)
    back: list[TransactItem] = []
    if before and has_less(before, after):
        back = [subscriptions.assignments.request_return(after.username, actor.now)]
    return officers.put(after, also=[record, *back, *also])


def reset_sign_in(
    username: str, *, actor: Actor, officers: Officers, pool: UserPool
) -> tuple[Officer, str]:
    """Let an officer who has lost their password or authenticator app start again.

    Returns the officer and a first password. The old password, app and sign-ins end.
    They approve nothing for `WAIT`, which is written first. Repeated, it sets another
    first password. Raises NotFound for a username that no active officer has; Unavailable.
    """

    def make_wait() -> Officer:
        officer = officers.get(username) if USERNAME.fullmatch(username) else None
        if officer is None or not officer.active or officer.is_system:
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


# What the links of notices show.
OFFICERS_PATH = "/v1/admin/officers"


@dataclass(frozen=True, slots=True)
class Registry:
    """Where officers are kept. `pool` is None where the users are managed elsewhere, `catalogue`
    where no officer is appointed: it says whether reports about the police are taken.
    """

    officers: Officers
    subscriptions: Subscriptions
    announcements: Announcements
    pool: UserPool | None
    catalogue: CatalogueChanges | None = None


def propose_appointment(
    username: str, appointment: Appointment, *, actor: OfficerActor, registry: Registry
) -> Registered:
    """Propose an officer's row. Any proposal that was there is replaced.

    A deactivation that changes nothing else takes effect at once, and ends a proposal, but not one
    that leaves too few of oversight. What the row
    says already, or the proposal, is not written again: a proposal keeps its first author. After a
    failure, the same call completes the rest. The caller then calls `sync_subscriptions`; if it
    fails to, the sweep does.

    Raises Invalid (a bad username; an address of a machine; a machine that becomes a person, or a
    person a machine), Conflict `own_access` (with a denial in the audit), Unavailable.
    """
    require_username(username)
    _require_another(username, actor)
    wanted = appointment.officer(username)
    if wanted.is_system and (wanted.email or wanted.phone):
        wrong = [name for name in _NAMED_ONLY if getattr(wanted, name)]
        raise errors.Invalid(*(errors.FieldError(name, "machine_has_none") for name in wrong))

    def propose() -> Registered:
        before, last = registry.officers.get(username), registry.officers.proposal(username)
        if before and before.is_system is not wanted.is_system:
            # Or the audit would not say whether a person did something.
            raise errors.Invalid(errors.FieldError("roles", "stays_a_machine"))
        row = last.row_at(actor.now) if last else None
        if not differences(before, wanted) or (row and not differences(row, wanted)):
            return Registered(username, before, last if row else None)
        if before and is_deactivation(before, wanted) and not _leaves_too_few(before, registry):
            return Registered(username, _deactivate(before, last, actor, registry), None)
        proposal = proposed(wanted, last, by=actor.by, now=actor.now)
        detail = {
            "officer": username,
            "proposed": proposal.version,
            "fields": changes_of(before, as_appointed(wanted, before, actor.now)),
        }
        notice = _notify_admins(proposal, registry)
        _keep(proposal, last, actor, registry.officers, detail, also=notice)
        return Registered(username, before, proposal)

    registered = retry_on_conflict(propose)
    if registered.officer and registered.is_already(wanted):
        _bring_pool_in_line(registered.officer, registry)
    return registered


def approve_appointment(
    username: str, tag: str, *, actor: OfficerActor, registry: Registry
) -> Registered:
    """Approve exactly the proposal with this tag. The row takes effect at the officer's next
    request.

    The row is written before the user of the pool: a user without a row can do nothing. After a
    failure, the same call completes the rest; repeated, it changes nothing. The caller then calls
    `sync_subscriptions`.

    Raises Stale, Forbidden from `require_second_person`, and `proposer_waits` (with a denial in the
    audit, too); Conflict `no_proposal`; Invalid (a bad username); Unavailable.
    """
    require_username(username)

    def approve() -> Officer:
        last = registry.officers.proposal(username)
        if last is None:
            raise errors.Conflict("no_proposal")
        require_second_person(request_of(last), tag, actor=actor)
        before = registry.officers.get(username)
        if last.approved_by and before:
            return before
        row = last.row_at(actor.now)
        if row is None or (before and before.is_system is not row.is_system):
            # An operator may have let a person in under this name since.
            raise errors.Conflict("no_proposal")
        _require_settled_proposer(last, actor, registry.officers)
        after = as_appointed(row, before, actor.now)
        return write_officer(
            after,
            actor=actor,
            officers=registry.officers,
            subscriptions=registry.subscriptions,
            detail={"approved": last.version, "proposed_by": last.by},
            also=[
                *registry.officers.proposal_items(last.approved(actor.by), last),
                *_counted_oversight(before, after, registry),
            ],
        )

    officer = retry_on_conflict(approve)
    _bring_pool_in_line(officer, registry)
    return Registered(username, officer, None)


def withdraw_proposal(username: str, *, actor: OfficerActor, officers: Officers) -> None:
    """Withdraw what is proposed for another officer. Repeated, change nothing.

    Raises Invalid (a bad username), Conflict `own_access` (with a denial in the audit),
    Unavailable.
    """
    require_username(username)
    _require_another(username, actor)

    def withdraw() -> None:
        last = officers.proposal(username)
        if last and last.row:
            detail = {"officer": username, "withdrawn": last.version, "proposed_by": last.by}
            after = ended(username, last, by=actor.by, now=actor.now)
            _keep(after, last, actor, officers, detail)

    retry_on_conflict(withdraw)


def _require_another(username: str, actor: OfficerActor) -> None:
    if username == actor.by:
        detail = {"officer": username, "step": TwoPersonStep.APPOINTMENT, "code": "own_access"}
        actor.log_own(Action.DENIED, detail)
        raise errors.Conflict("own_access")


def _require_settled_proposer(last: Proposal, actor: OfficerActor, officers: Officers) -> None:
    """Refuse what somebody proposed who is no admin now, or whose account is new.

    Otherwise one person would propose from an account that they have just got, and approve from
    their own.
    """
    proposer = officers.get(last.by)
    if proposer is None or not is_admin(proposer):
        raise errors.Conflict("no_proposal")
    if proposer.approves_from and proposer.waits_at(actor.now):
        detail = {
            "officer": last.username,
            "step": TwoPersonStep.APPOINTMENT,
            "code": "proposer_waits",
        }
        actor.log_own(Action.DENIED, detail)
        raise errors.Forbidden("proposer_waits", at=times.render(proposer.approves_from))


def _deactivate(
    before: Officer, last: Proposal | None, actor: OfficerActor, registry: Registry
) -> Officer:
    """End an access, and whatever is proposed: its approval would give the access back."""
    after = before.model_copy(update={"active": False})
    return write_officer(
        after,
        actor=actor,
        officers=registry.officers,
        subscriptions=registry.subscriptions,
        also=[
            *registry.officers.proposal_items(
                ended(before.username, last, by=actor.by, now=actor.now), last
            ),
            *_counted_oversight(before, after, registry, least=MIN_OVERSIGHT),
        ],
    )


def _leaves_too_few(before: Officer, registry: Registry) -> bool:
    """Return whether too few of oversight would be active without this one."""
    return before.is_oversight and active_oversight(registry.officers.all()) <= MIN_OVERSIGHT


def _counted_oversight(
    before: Officer | None, after: Officer, registry: Registry, *, least: int = 0
) -> list[TransactItem]:
    """Return the write of how many of oversight are active after this appointment, if it is one of
    theirs. Raises ConditionFailed when they are fewer than `least`: another one has gone meanwhile.
    """
    is_theirs = after.is_oversight or (before is not None and before.is_oversight)
    if registry.catalogue is None or not is_theirs:
        return []

    def count() -> int:
        others = (each for each in registry.officers.all() if each.username != after.username)
        found = active_oversight([*others, after])
        if found < least:
            raise ConditionFailed(None)
        return found

    return [registry.catalogue.count_oversight(count)]


def _keep(
    proposal: Proposal,
    last: Proposal | None,
    actor: OfficerActor,
    officers: Officers,
    detail: dict[str, object],
    also: Sequence[TransactItem] = (),
) -> None:
    record = actor.log_own_item(Action.CHANGE, detail)
    officers.table.transact([*officers.proposal_items(proposal, last), record, *also])


def _notify_admins(proposal: Proposal, registry: Registry) -> list[TransactItem]:
    """Return the write of a notice to all admins who may approve a proposal."""
    involved = {proposal.by, proposal.username}
    admins = {each.username for each in registry.officers.all() if is_admin(each)}
    if not admins - involved:
        return []
    notice = registry.announcements.item(
        NoticeKind.APPROVAL,
        entry_id=random_id(),
        to=admins - involved,
        path=OFFICERS_PATH,
        step=TwoPersonStep.APPOINTMENT,
        now=proposal.at,
    )
    return [notice]


def _bring_pool_in_line(officer: Officer, registry: Registry) -> None:
    if registry.pool:
        registry.pool.follow(officer)
