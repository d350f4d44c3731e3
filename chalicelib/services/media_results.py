"""What became of an upload: the verdict on a medium, whatever it belongs to."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from chalicelib import errors
from chalicelib.domain.ids import OwnerKind, owner_of
from chalicelib.domain.media import Manifest, derived_key
from chalicelib.domain.reports import Medium
from chalicelib.domain.verdicts import Verdict
from chalicelib.services.conflicts import retry_on_conflict

if TYPE_CHECKING:
    from chalicelib.media.bucket import MediaBucket

log = logging.getLogger(__name__)


class WithMedia(Protocol):
    """A report or a bulletin with its media, as one query reads it."""

    def medium(self, media_id: str) -> Medium | None: ...


class MediaOwner[Whole: WithMedia](Protocol):
    """Reports or bulletins, as owners of media: what their media have in common is all here."""

    def read(self, owner_id: str) -> Whole | None:
        """Return the owner with its media; None when it is gone, or about to be."""

    def settle(self, owner: Whole, medium: Medium, settled: Medium, now: datetime) -> None:
        """Write a medium with its verdict, and all that follows from it, at once.

        Raises ConditionFailed when the owner or the medium has changed since it was read.
        """


type MediaOwners = Mapping[OwnerKind, MediaOwner[Any]]


def read_manifest(owner_id: str, media_id: str, *, bucket: "MediaBucket") -> Manifest | None:
    """Return what `make_thumbnails` has written; None while there is nothing."""
    try:
        return Manifest.model_validate_json(
            bucket.read(derived_key(owner_id, media_id, "manifest.json"))
        )
    except errors.NotFound:
        return None


def record_verdict(
    owner_id: str, media_id: str, verdict: Verdict, *, owners: MediaOwners, now: datetime
) -> bool:
    """Give a medium its verdict.

    Returns False when the medium is unknown or has its verdict already: both are no fault. Raises
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
        media_owner.settle(owner, medium, verdict.applied_to(medium), now)
        return True

    return retry_on_conflict(step)
