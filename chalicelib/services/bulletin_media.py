"""Bulletins as owners of media: what follows from a verdict on a picture."""

from datetime import datetime

from chalicelib.domain.addressees import role_group
from chalicelib.domain.bulletins import Bulletin
from chalicelib.domain.bulletins import lifecycle as rules
from chalicelib.domain.media import MediaState
from chalicelib.domain.notices import NoticeKind
from chalicelib.domain.officers import Role
from chalicelib.domain.reports import Medium
from chalicelib.domain.two_persons import TwoPersonStep
from chalicelib.store.announcements import Announcements
from chalicelib.store.bulletins import VERDICT, Bulletins, Dossier
from chalicelib.store.writes import TransactItem


class BulletinMedia:
    """Makes a new version of the bulletin, because a verdict changes what officers approve.

    The new version leaves out a rejected picture. With one that an approval has left out, it waits
    for an approval, and that is notified.
    """

    def __init__(self, bulletins: Bulletins, announcements: Announcements) -> None:
        self._bulletins, self._announcements = bulletins, announcements

    def read(self, owner_id: str) -> Dossier | None:
        return self._bulletins.dossier(owner_id)

    def settle(self, owner: Dossier, medium: Medium, settled: Medium, now: datetime) -> None:
        before, bulletins = owner.bulletin, self._bulletins
        is_ready = settled.state is MediaState.READY
        after = rules.with_verdict(before, medium.media_id, is_ready=is_ready, now=now)
        settle = bulletins.media.settle_item(before.id, medium, settled, now)
        waits = after.is_pending(now) and not before.is_pending(now)
        notices = [self._notice(after, now)] if waits else []
        bulletins.replace(before, after, settle, *notices, by=VERDICT, now=now)

    def notices_of_delay(self, owner_id: str, medium: Medium, now: datetime) -> list[TransactItem]:
        """Return none: whoever approves the bulletin sees that a picture waits."""
        return []

    def _notice(self, after: Bulletin, now: datetime) -> TransactItem:
        """Return the write that notifies whoever has approved without the picture, and supervisors:
        who else may approve is in a table that is not read for a verdict.
        """
        return self._announcements.item(
            NoticeKind.APPROVAL,
            entry_id=f"{after.id}-{after.version}",
            to=[after.approved_by] if after.approved_by else [],
            groups=[role_group(Role.SUPERVISOR)],
            path=f"/v1/officer/bulletins/{after.id}",
            step=TwoPersonStep.BULLETIN,
            now=now,
        )
