"""Short-lived URLs of media: cleaned pictures for everybody who may see them, originals for
officers.
"""

from chalicelib import wiring
from chalicelib.domain.media import (
    ACCEPTED,
    DerivedName,
    MediaKind,
    MediaState,
    derived_key,
    original_key,
)
from chalicelib.domain.reports import Medium

# Seconds.
THUMBNAIL_LIFE_S = 300
ORIGINAL_LIFE_S = 300


def picture_url(
    owner_id: str,
    media_id: str,
    name: DerivedName,
    life_s: int,
    *,
    cache_control: str | None = None,
) -> str:
    """Return a URL of a cleaned picture that is good for `life_s` seconds."""
    return wiring.bucket().read_url(
        derived_key(owner_id, media_id, name),
        version_id=None,
        content_type="image/jpeg",
        disposition="inline",
        expires_s=life_s,
        cache_control=cache_control,
    )


def thumbnail_url(owner_id: str, medium: Medium) -> str | None:
    if medium.state is not MediaState.READY:
        return None
    return picture_url(owner_id, medium.media_id, "thumb.jpg", THUMBNAIL_LIFE_S)


def preview_url(owner_id: str, medium: Medium) -> str | None:
    if medium.state is not MediaState.READY:
        return None
    return picture_url(owner_id, medium.media_id, "preview.jpg", ORIGINAL_LIFE_S)


def original_url(report_id: str, medium: Medium) -> str | None:
    """Return a URL that opens the first upload as it came; None while nothing is up.

    A picture opens only as an attachment, a video in place; never as a type that the sender chose.
    """
    if medium.version_id is None:
        return None
    real = medium.content_type if medium.content_type in ACCEPTED else None
    playable = (
        real is not None
        and ACCEPTED[real].kind is MediaKind.VIDEO
        and medium.state is MediaState.READY
    )
    return wiring.bucket().read_url(
        original_key(report_id, medium.media_id),
        version_id=medium.version_id,
        content_type=real or "application/octet-stream",
        disposition="inline" if playable else "attachment",
        expires_s=ORIGINAL_LIFE_S,
    )
