"""Results of processing: read a manifest, and record the verdict on a medium of any owner."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from chalicelib import errors
from chalicelib.domain.ids import OwnerKind, owner_of
from chalicelib.domain.media import Manifest, derived_key
from chalicelib.domain.reports import Medium
from chalicelib.domain.verdicts import Verdict
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.store.writes import TransactItem

if TYPE_CHECKING:
    from chalicelib.media.bucket import MediaBucket

log = logging.getLogger(__name__)


class WithMedia(Protocol):
    """A report or a bulletin with its media, as one query reads it."""

    def medium(self, media_id: str) -> Medium | None: ...


class MediaOwner[Whole: WithMedia](Protocol):
    """Reports or bulletins as owners of media. This is all in which the two differ."""

    def read(self, owner_id: str) -> Whole | None:
        """Return the owner with its media; None when it is deleted or expiring."""

    def settle(self, owner: Whole, medium: Medium, settled: Medium, now: datetime) -> None:
        """Write a medium's verdict and everything that follows from it, in one transaction.

        `medium` is as it was read, `settled` has the verdict. Raises ConditionFailed when the owner
        or the medium has changed since it was read.
        """

    def notices_of_delay(
        self, owner_id: str, medium: Medium, now: datetime
    ) -> Sequence[TransactItem]:
        """Return the writes that notify officers of a medium whose verdict is delayed."""


type MediaOwners = Mapping[OwnerKind, MediaOwner[Any]]


def read_manifest(owner_id: str, media_id: str, *, bucket: "MediaBucket") -> Manifest | None:
    """Return the manifest that `make_thumbnails` has written; None while there is none."""
    try:
        return Manifest.model_validate_json(
            bucket.read(derived_key(owner_id, media_id, "manifest.json"))
        )
    except errors.NotFound:
        return None


def record_verdict(
    owner_id: str, media_id: str, verdict: Verdict, *, owners: MediaOwners, now: datetime
) -> bool:
    """Write the verdict on a medium, and return True.

    Return False when the medium is unknown or has a verdict already; neither is an error. Raises
    Unavailable.
    """
    media_owner = owners[owner_of(owner_id).kind]

    def step() -> bool:
        owner = media_owner.read(owner_id)
        medium = owner.medium(media_id) if owner else None
        if owner is None or medium is None:
            log.info("verdict_without_row")
            return False
        if not verdict.settles(medium):
            return False
        media_owner.settle(owner, medium, verdict.applied_to(medium, now), now)
        return True

    return retry_on_conflict(step)
