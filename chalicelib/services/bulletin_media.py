"""Bulletins as owners of media: what follows from a verdict on a picture."""

from datetime import datetime

from chalicelib.domain.bulletins import lifecycle as rules
from chalicelib.domain.media import MediaState
from chalicelib.domain.reports import Medium
from chalicelib.store.bulletins import VERDICT, Bulletins, Dossier


class BulletinMedia:
    """Makes a new version of the bulletin, because a verdict changes what officers approve.

    The new version leaves out a rejected picture. Nobody is notified.
    """

    def __init__(self, bulletins: Bulletins) -> None:
        self._bulletins = bulletins

    def read(self, owner_id: str) -> Dossier | None:
        return self._bulletins.dossier(owner_id)

    def settle(self, owner: Dossier, medium: Medium, settled: Medium, now: datetime) -> None:
        before, bulletins = owner.bulletin, self._bulletins
        shown = tuple(
            each
            for each in before.content.media
            if each != medium.media_id or settled.state is MediaState.READY
        )
        content = before.content.model_copy(update={"media": shown})
        after = rules.written(before, content, by=None, now=now)
        settle = bulletins.media.settle_item(before.id, medium, settled, now)
        bulletins.replace(before, after, settle, by=VERDICT, now=now)
