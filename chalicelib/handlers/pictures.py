"""Short-lived URLs of cleaned pictures, and of originals, which only officers get."""

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

# In seconds.
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
    """Return a URL of a cleaned picture that is valid for `life_s` seconds."""
    return wiring.bucket().read_url(
        derived_key(owner_id, media_id, name),
        version_id=None,
        content_type="image/jpeg",
        disposition="inline",
        expires_s=life_s,
        cache_control=cache_control,
    )


def thumbnail_url(owner_id: str, medium: Medium) -> str | None:
    """Return a URL of the thumbnail, or None while the medium is not ready."""
    if medium.state is not MediaState.READY:
        return None
    return picture_url(owner_id, medium.media_id, "thumb.jpg", THUMBNAIL_LIFE_S)


def preview_url(owner_id: str, medium: Medium) -> str | None:
    """Return a URL of the preview, or None while the medium is not ready."""
    if medium.state is not MediaState.READY:
        return None
    return picture_url(owner_id, medium.media_id, "preview.jpg", ORIGINAL_LIFE_S)


def original_url(report_id: str, medium: Medium) -> str | None:
    """Return a URL of the unchanged first upload, or None while there is none.

    Browsers play a video, and download everything else. The content type is the detected one, never
    the one that the sender declared.
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
