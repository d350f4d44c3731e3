"""Admission of officers to routes.

The token says who calls. The officer's row says what they may do, and is read at every request.
"""

from dataclasses import dataclass
from datetime import datetime

from chalicelib import errors
from chalicelib.domain.officers import Role
from chalicelib.services.actor import OfficerActor
from chalicelib.store.audit import Action, Audit, Entry
from chalicelib.store.content_keys import ContentKeys
from chalicelib.store.officers import Officers


@dataclass(frozen=True, slots=True)
class Admission:
    """Admits officers, and gives them the audit that records what they do."""

    officers: Officers
    audit: Audit
    content_keys: ContentKeys

    def admit(
        self, username: str, route: str, roles: tuple[Role, ...], *, now: datetime
    ) -> OfficerActor:
        """Return the actor for an active officer who has one of `roles`.

        Raises Forbidden for everyone else, after a denial that names `route` is in the audit;
        Unavailable.
        """
        officer = self.officers.get(username)
        if officer is None or not officer.active or not officer.has_role(*roles):
            self.audit.write(Entry.of_officer(username, Action.DENIED, now, {"route": route}))
            raise errors.Forbidden
        return OfficerActor(username, self.audit, now, officer, self.content_keys)
