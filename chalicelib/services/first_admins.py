"""The first two admins of a stage. An operator appoints them; after that, admins appoint officers.

There are two, so that no one person decides who is an officer, and so that one can help the other
who has lost a password or a phone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib import errors
from chalicelib.domain.appointments import USERNAME, Appointment
from chalicelib.domain.officers import Officer, Role
from chalicelib.domain.passwords import random_password
from chalicelib.services.actor import Actor
from chalicelib.services.administration import write_officer
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.store.audit import Action
from chalicelib.store.officers import Officers
from chalicelib.store.subscriptions import Subscriptions
from chalicelib.store.user_pool import SignIn, UserPool


class NotTwoPersons(Exception):
    """There must be two admins, with different usernames and mailboxes."""


class UsernameTaken(Exception):
    """An officer with another e-mail address has the username of an admin."""


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
        """Return what appoints them. A working officer keeps their other roles and scope.

        Raises pydantic's ValidationError when the name or the address cannot be stored.
        """
        kept = before if before and before.active else Officer(username=self.username, roles=())
        fields = {
            "name": self.name,
            "email": self.email,
            "phone": kept.phone,
            "roles": [*kept.roles, Role.ADMIN],
            "categories": kept.categories,
            "districts": kept.districts,
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

    Raises NotTwoPersons; UsernameTaken; AdminsExist when there is another admin, or when the two
    are appointed and have nothing left to do; errors.Invalid (a bad username); errors.Unavailable.
    """
    _require_two_persons(admins)

    def write_rows() -> tuple[list[Officer], bool]:
        return _write_rows(admins, actor=actor, officers=officers, subscriptions=subscriptions)

    rows, were_complete = retry_on_conflict(write_rows)
    appointed = [_let_in(officer, actor, pool) for officer in rows]
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
    admins: Sequence[FirstAdmin],
    *,
    actor: Actor,
    officers: Officers,
    subscriptions: Subscriptions,
) -> tuple[list[Officer], bool]:
    """Return the rows of the admins, and whether all were there already. Write those that were not.

    Raises ConditionFailed when another operator appoints admins at the same time.
    """
    # Read before the list, so that nobody whom the list lacks goes unnoticed.
    counted = officers.first_admins()
    listed = {officer.username: officer for officer in officers.all() if is_admin(officer)}
    if listed.keys() - {admin.username for admin in admins}:
        raise AdminsExist(sorted(listed))
    wanted = [listed.get(admin.username) or _row(admin, officers) for admin in admins]
    for officer in wanted:
        if officer.username not in listed:
            write_officer(
                officer,
                actor=actor,
                officers=officers,
                subscriptions=subscriptions,
                also=[officers.count_first_admin(counted)],
            )
            counted = (counted or 0) + 1
    return wanted, len(listed) == len(admins)


def _row(admin: FirstAdmin, officers: Officers) -> Officer:
    if not USERNAME.fullmatch(admin.username):
        raise errors.Invalid(errors.FieldError("username", "bad_username"))
    before = officers.get(admin.username)
    if before and before.email and _mailbox(before.email) != _mailbox(admin.email):
        raise UsernameTaken(admin.username)
    return admin.appointment(before).officer(admin.username)


def is_admin(officer: Officer) -> bool:
    """Return whether an officer is an admin now."""
    return officer.active and officer.has_role(Role.ADMIN)


def _let_in(officer: Officer, actor: Actor, pool: UserPool | None) -> AppointedAdmin:
    """Set a first password, or enable a user who has an own one. Write an audit record before."""
    sign_in = pool.sign_in_of(officer.username) if pool else SignIn.ESTABLISHED
    if pool is None or sign_in is SignIn.ESTABLISHED:
        return AppointedAdmin(officer, None)
    if sign_in is SignIn.DISABLED:
        actor.log_own(Action.CHANGE, {"officer": officer.username, "sign_in": "enabled"})
        pool.enable(officer.username)
        return AppointedAdmin(officer, None, was_disabled=True)
    actor.log_own(Action.CHANGE, {"officer": officer.username, "sign_in": "first password"})
    password = random_password()
    pool.set_first_password(officer, password)
    return AppointedAdmin(officer, password)
