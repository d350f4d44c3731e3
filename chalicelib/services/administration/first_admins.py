"""Appoint the first two admins of a stage, or one in an emergency (break-glass).

An operator appoints them; after that, admins appoint officers. There are two, so that no one person
decides who is an officer, and so that one can help the other who has lost a password or a phone.

Break-glass is for when the remaining admins cannot appoint anybody. It is the only appointment by
one person, so it is on record with the operator's name in AWS and a reason, and the account waits
like any other new one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.aws.table import retry_on_conflict
from chalicelib.aws.writes import TransactItem
from chalicelib.domain.administration import Appointment
from chalicelib.domain.officers.model import WAIT, Officer, Role, is_admin, random_password
from chalicelib.domain.reports.events import NoticeKind
from chalicelib.kernel.ids import random_id
from chalicelib.services.administration.appointments import (
    OFFICERS_PATH,
    Registry,
    require_username,
    write_officer,
)
from chalicelib.services.officers import Actor, OperatorActor
from chalicelib.store.audit.rows import Action
from chalicelib.store.notices.roster import Subscriptions
from chalicelib.store.officers.rows import Officers
from chalicelib.store.officers.user_pool import SignIn, UserPool


class NotTwoPersons(Exception):
    """There must be two admins, with different usernames and mailboxes."""


class UsernameTaken(Exception):
    """An officer with another e-mail address, or an auditor, has the username of an admin."""


class AdminsExist(Exception):
    """The stage has admins already. `usernames` are theirs."""

    def __init__(self, usernames: Sequence[str]) -> None:
        super().__init__(", ".join(usernames))
        self.usernames = tuple(usernames)


@dataclass(frozen=True, slots=True)
class FirstAdmin:
    """A person who becomes an admin. They work on no reports until an admin gives them a scope."""

    username: str
    name: str
    email: str

    def appointment(self, before: Officer | None = None) -> Appointment:
        """Return their appointment. A working officer keeps their other roles and scope.

        Raises pydantic's ValidationError when the name or the address cannot be stored.
        """
        current = before if before and before.active else Officer(username=self.username, roles=())
        fields = {
            "name": self.name,
            "email": self.email,
            "phone": current.phone,
            "roles": [*current.roles, Role.ADMIN],
            "categories": current.categories,
            "districts": current.districts,
        }
        return Appointment.model_validate(fields)


@dataclass(frozen=True, slots=True)
class AppointedAdmin:
    """An admin who is appointed. `first_password` is known only here; it is None for a user who has
    chosen a password already, and where the users are managed elsewhere. `was_disabled` is set when
    that user could not sign in, and now can.
    """

    officer: Officer
    first_password: str | None
    was_disabled: bool = False


def appoint_first_admins(
    admins: Sequence[FirstAdmin],
    *,
    actor: Actor,
    officers: Officers,
    pool: UserPool | None,
    subscriptions: Subscriptions,
) -> list[AppointedAdmin]:
    """Appoint two admins, as an admin appoints officers, and set their first passwords.

    After a failure, the same call completes the rest. Until one of the two has signed in, it sets
    new first passwords; the earlier ones then no longer work. Of two operators at once, one is
    refused. `pool` is None where the users are managed elsewhere.

    Where there are other active officers, who could notice it, the two wait before they approve
    anything. Elsewhere nobody can be deceived, and nobody could be appointed for a day.

    Raises NotTwoPersons; UsernameTaken; AdminsExist when there is another admin, or when the two
    are appointed and have nothing left to do; errors.Invalid (a bad username); errors.Unavailable.
    """
    _require_two_persons(admins)

    def write_rows() -> tuple[list[Officer], bool]:
        return _write_rows(admins, actor=actor, officers=officers, subscriptions=subscriptions)

    rows, were_complete = retry_on_conflict(write_rows)
    must_wait = _must_wait(admins, officers)
    appointed = [let_in(row, actor, officers, pool, must_wait=must_wait) for row in rows]
    if were_complete and not any(each.first_password or each.was_disabled for each in appointed):
        raise AdminsExist(sorted(officer.username for officer in rows))
    return appointed


def _require_two_persons(admins: Sequence[FirstAdmin]) -> None:
    usernames = {admin.username for admin in admins}
    mailboxes = {_mailbox(admin.email) for admin in admins}
    if not len(admins) == len(usernames) == len(mailboxes) == 2:
        raise NotTwoPersons


def _mailbox(email: str) -> str:
    """Return where an address leads: `Li+tips@police.example` is the mailbox of `li`."""
    local, _, domain = email.strip().lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain.rstrip('.')}"


def _write_rows(
    admins: Sequence[FirstAdmin], *, actor: Actor, officers: Officers, subscriptions: Subscriptions
) -> tuple[list[Officer], bool]:
    """Return the rows of the admins, and whether all were there already. Write those that were not.

    Raises ConditionFailed when another operator appoints admins at the same time.
    """
    # Read before the list, so that nobody whom the list lacks goes unnoticed.
    counted = officers.first_admins()
    listed = {officer.username: officer for officer in officers.all() if is_admin(officer)}
    if listed.keys() - {admin.username for admin in admins}:
        raise AdminsExist(sorted(listed))
    waits_until = actor.now + WAIT if _must_wait(admins, officers) else None
    wanted = [
        listed.get(admin.username) or row_of(admin, officers, waits_until) for admin in admins
    ]
    written = []
    for officer in wanted:
        if officer.username in listed:
            written.append(officer)
            continue
        written.append(
            write_officer(
                officer,
                actor=actor,
                officers=officers,
                subscriptions=subscriptions,
                also=[officers.count_first_admin(counted)],
            )
        )
        counted = (counted or 0) + 1
    return written, len(listed) == len(admins)


def _must_wait(admins: Sequence[FirstAdmin], officers: Officers) -> bool:
    themselves = {admin.username for admin in admins}
    return any(each.active and each.username not in themselves for each in officers.all())


def row_of(admin: FirstAdmin, officers: Officers, waits_until: datetime | None) -> Officer:
    """Return the row that makes a person an admin. Raises UsernameTaken; errors.Invalid."""
    require_username(admin.username)
    before = officers.get(admin.username)
    is_another = before and before.email and _mailbox(before.email) != _mailbox(admin.email)
    is_apart = before and (
        before.is_oversight or before.is_system or (before.active and before.has_role(Role.AUDITOR))
    )
    if is_another or is_apart:
        raise UsernameTaken(admin.username)
    row = admin.appointment(before).officer(admin.username)
    if before:
        unchanged = before.model_dump(
            include={"approves_from", "oversight_since", "oversight_until", "revision"}
        )
        row = row.model_copy(update=unchanged)
    return row.waiting_until(waits_until) if waits_until else row


def let_in(
    officer: Officer,
    actor: Actor,
    officers: Officers,
    pool: UserPool | None,
    *,
    must_wait: bool,
    reason: str | None = None,
) -> AppointedAdmin:
    """Set a first password, or enable a user who has an own one. Write an audit record before.

    With `must_wait`, an admin who gets a first password approves nothing for `WAIT`.
    """
    why = {"break_glass": reason} if reason else {}
    sign_in = pool.sign_in_of(officer.username) if pool else SignIn.ESTABLISHED
    if pool is None or sign_in is SignIn.ESTABLISHED:
        return AppointedAdmin(officer, None)
    if sign_in is SignIn.DISABLED:
        actor.log_own(Action.CHANGE, {"officer": officer.username, "sign_in": "enabled", **why})
        pool.enable(officer.username)
        return AppointedAdmin(officer, None, was_disabled=True)
    detail = {"officer": officer.username, "sign_in": "first password", **why}
    if must_wait:
        waiting = officer.waiting_until(actor.now + WAIT)
        officer = officers.put(waiting, also=[actor.log_own_item(Action.CHANGE, detail)])
    else:
        actor.log_own(Action.CHANGE, detail)
    password = random_password()
    pool.set_first_password(officer, password)
    return AppointedAdmin(officer, password)


# An appointment needs a proposer and an approver.
_ENOUGH = 2


def appoint_admin_alone(
    admin: FirstAdmin, reason: str, *, actor: OperatorActor, registry: Registry
) -> AppointedAdmin:
    """Appoint one admin, and set a first password.

    After a failure, the same call completes the rest. Until the admin has signed in, it sets
    another first password. Of two operators at once, one is refused.

    Admins who still wait count as admins who can act: the one appointed here waits as long.

    Raises AdminsExist when two others are left, or when the admin is appointed and has nothing left
    to do; UsernameTaken; errors.Invalid (a bad username); errors.Unavailable.
    """

    def appoint() -> Officer:
        counted = registry.officers.first_admins()
        admins = {each.username: each for each in registry.officers.all() if is_admin(each)}
        appointed = admins.pop(admin.username, None)
        if len(admins) >= _ENOUGH:
            raise AdminsExist(sorted(admins))
        if appointed:
            if not _has_still_to_sign_in(appointed, registry):
                raise AdminsExist(sorted({*admins, appointed.username}))
            return appointed
        return write_officer(
            row_of(admin, registry.officers, actor.now + WAIT),
            actor=actor,
            officers=registry.officers,
            subscriptions=registry.subscriptions,
            detail={"break_glass": reason},
            also=[
                registry.officers.count_first_admin(counted),
                *_notify_everybody(admin.username, registry, actor.now),
            ],
        )

    officer = retry_on_conflict(appoint)
    return let_in(officer, actor, registry.officers, registry.pool, must_wait=True, reason=reason)


def _notify_everybody(username: str, registry: Registry, now: datetime) -> list[TransactItem]:
    """Return the write of a notice to every other active officer."""
    others = {each.username for each in registry.officers.all() if each.active} - {username}
    if not others:
        return []
    notice = registry.announcements.item(
        NoticeKind.BREAK_GLASS, entry_id=random_id(), to=others, path=OFFICERS_PATH, now=now
    )
    return [notice]


def _has_still_to_sign_in(officer: Officer, registry: Registry) -> bool:
    if registry.pool is None:
        return False
    return registry.pool.sign_in_of(officer.username) is not SignIn.ESTABLISHED
