"""Break-glass: an operator appoints one admin when the admins who are left cannot appoint anybody.

It is the only appointment by one person. So it is on record with the operator's name in AWS and
a reason, and the account waits like any other new one.
"""

from datetime import datetime

from chalicelib.domain.ids import random_id
from chalicelib.domain.notices import NoticeKind
from chalicelib.domain.officers import Officer, is_admin
from chalicelib.domain.two_persons import WAIT
from chalicelib.services.actor import OperatorActor
from chalicelib.services.administration import write_officer
from chalicelib.services.appointments import OFFICERS_PATH, Registry
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.services.first_admins import (
    AdminsExist,
    AppointedAdmin,
    FirstAdmin,
    let_in,
    row_of,
)
from chalicelib.store.user_pool import SignIn
from chalicelib.store.writes import TransactItem

# An appointment needs a proposer and an approver.
_ENOUGH = 2


def appoint_admin_alone(
    admin: FirstAdmin, reason: str, *, actor: OperatorActor, registry: Registry
) -> AppointedAdmin:
    """Appoint one admin, and set a first password.

    After a failure, the same call completes the rest. Until the admin has signed in, it sets
    another first password. Of two operators at once, one is refused.

    Admins who still wait count as admins who can act: whoever is appointed here waits as long.

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
