"""The first two admins of a stage. An operator appoints them; after that, admins appoint officers.

There are two, so that no one person decides who is an officer, and so that one can help the other
who has lost a password or a phone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.domain.appointments import Appointment
from chalicelib.domain.officers import Officer, Role
from chalicelib.domain.passwords import random_password
from chalicelib.services.actor import Actor
from chalicelib.services.administration import appoint_officer
from chalicelib.store.officers import Officers
from chalicelib.store.subscriptions import Subscriptions
from chalicelib.store.user_pool import UserPool


class NotTwoPersons(Exception):
    """There must be two admins, with different usernames and e-mail addresses."""


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

    def appointment(self) -> Appointment:
        """Return what appoints them.

        Raises pydantic's ValidationError when the name or the address cannot be stored.
        """
        fields = {
            "name": self.name,
            "email": self.email,
            "roles": [Role.ADMIN],
            "categories": [],
            "districts": [],
        }
        return Appointment.model_validate(fields)


@dataclass(frozen=True, slots=True)
class AppointedAdmin:
    """An admin who is appointed. `first_password` is known only here; it is None for a user who has
    chosen a password already, and where the users are managed elsewhere.
    """

    officer: Officer
    first_password: str | None


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
    new first passwords; the earlier ones then no longer work. `pool` is None where the users are
    managed elsewhere.

    Raises NotTwoPersons; AdminsExist when there is another admin, or when the two are appointed and
    have nothing left to do; errors.Invalid (a bad username); errors.Unavailable.
    """
    _require_two_persons(admins)
    listed = {officer.username: officer for officer in officers.all() if is_admin(officer)}
    if listed.keys() - {admin.username for admin in admins}:
        raise AdminsExist(sorted(listed))
    was_complete = len(listed) == len(admins)
    appointed = []
    for admin in admins:
        officer = listed.get(admin.username) or appoint_officer(
            admin.username,
            admin.appointment(),
            actor=actor,
            officers=officers,
            pool=None,
            subscriptions=subscriptions,
        )
        appointed.append(AppointedAdmin(officer, _first_password(officer, pool)))
    if was_complete and not any(admin.first_password for admin in appointed):
        raise AdminsExist(sorted(listed))
    return appointed


def _require_two_persons(admins: Sequence[FirstAdmin]) -> None:
    usernames = {admin.username for admin in admins}
    emails = {admin.email.lower() for admin in admins}
    if not len(admins) == len(usernames) == len(emails) == 2:
        raise NotTwoPersons


def is_admin(officer: Officer) -> bool:
    """Return whether an officer is an admin now."""
    return officer.active and officer.has_role(Role.ADMIN)


def _first_password(officer: Officer, pool: UserPool | None) -> str | None:
    password = random_password()
    return password if pool and pool.set_first_password(officer, password) else None
