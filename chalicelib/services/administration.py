"""Who works here: officers' rows, the users of the pool, and what SNS tells them, kept in line.
Every change is on record.
"""

import logging
from datetime import datetime
from typing import Any

from chalicelib import errors
from chalicelib.domain.appointments import USERNAME, Appointment
from chalicelib.domain.officers import Officer, Role
from chalicelib.notify.subscriptions import TopicSubscriptions
from chalicelib.services.subscriptions import sync_subscriptions
from chalicelib.store.audit import Action, Audit
from chalicelib.store.officers import Officers
from chalicelib.store.subscriptions import Subscriptions
from chalicelib.store.user_pool import UserPool

log = logging.getLogger(__name__)

# Of addresses the record says that they changed, not what they are.
_NAMED_ONLY = ("email", "phone")


def list_officers(
    admin: Officer, *, officers: Officers, audit: Audit, now: datetime
) -> list[Officer]:
    audit.about_officer(by=admin.username, action=Action.LIST, now=now, detail={"part": "officers"})
    return officers.all()


def read_officer(
    admin: Officer, username: str, *, officers: Officers, audit: Audit, now: datetime
) -> Officer:
    """Raises NotFound."""
    audit.about_officer(
        by=admin.username, action=Action.OPEN, now=now, detail={"officer": username[:64]}
    )
    officer = officers.get(username) if USERNAME.fullmatch(username) else None
    if officer is None:
        raise errors.NotFound
    return officer


def appoint(
    admin: Officer,
    username: str,
    wanted: Appointment,
    *,
    officers: Officers,
    pool: UserPool | None,
    subscriptions: Subscriptions,
    topic: TopicSubscriptions,
    audit: Audit,
    now: datetime,
) -> Officer:
    """Make an officer's row what `wanted` says; it holds at their next request. `pool` is None
    where others keep the users.

    Row first: a user without one can do nothing, while the reverse would be a way in. What is left
    undone is done by the same call again; subscriptions by the sweep, too. Raises Invalid for a
    name that cannot be one, Conflict `own_access`, Unavailable.
    """
    if not USERNAME.fullmatch(username):
        raise errors.Invalid(errors.FieldError("username", "bad_username"))
    if username == admin.username and not (wanted.active and Role.ADMIN in wanted.roles):
        audit.about_officer(
            by=admin.username, action=Action.DENIED, now=now, detail={"officer": username}
        )
        raise errors.Conflict("own_access")
    before, after = officers.get(username), wanted.officer(username)
    record = audit.officer_action(
        by=admin.username,
        action=Action.CHANGE,
        now=now,
        detail={"officer": username, "fields": _differences(before, after)},
    )
    subscriptions.request_sync(username, now)
    officers.put(after, also=[record])
    if pool:
        pool.follow(after)
    try:
        sync_subscriptions(username, officers=officers, subscriptions=subscriptions, topic=topic)
    except errors.TiplineError:
        log.warning("fitting_left_to_the_sweep")
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
