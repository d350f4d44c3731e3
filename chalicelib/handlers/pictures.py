"""Short-lived URLs of cleaned pictures and sounds, and of originals, which only officers get.

Each names one version of an object: the one that the verdict recorded, or the redaction. What
leaves the police has the address of `shared_url` and no other.
"""

from chalicelib import wiring
from chalicelib.domain.media import DerivedName, MediaState, derived_key, original_key
from chalicelib.domain.redactions import RedactionState
from chalicelib.domain.reports import Medium

# In seconds. A picture keeps its URL within each minute of the clock, so that a browser that lists
# reports again has it already. So a URL is valid for five to six minutes.
PICTURE_LIFE_S = 300
_SAME_URL_S = 60
# A download is one request; it may last longer than its URL. A player makes a request each time
# that somebody seeks.
DOWNLOAD_LIFE_S = 60
PLAYBACK_LIFE_S = 900

# The codecs of accepted videos and sounds that all browsers play.
_PLAYED = frozenset({"h264", "aac"})


def picture_url(owner_id: str, media_id: str, name: DerivedName, version_id: str) -> str:
    """Return a URL of a cleaned picture."""
    return wiring.read_urls().read_url(
        derived_key(owner_id, media_id, name),
        version_id=version_id,
        content_type="image/jpeg",
        disposition="inline",
        expires_s=PICTURE_LIFE_S,
        cache_control=f"private, max-age={_SAME_URL_S}",
        same_for_s=_SAME_URL_S,
    )


def published_picture_url(bulletin_id: str, media_id: str, version_id: str, *, life_s: int) -> str:
    """Return a URL of a picture of a bulletin that is valid for `life_s` seconds and no longer."""
    return wiring.read_urls().read_url(
        derived_key(bulletin_id, media_id, "preview.jpg"),
        version_id=version_id,
        content_type="image/jpeg",
        disposition="inline",
        expires_s=life_s,
        cache_control=f"max-age={life_s}",
    )


def thumbnail_url(owner_id: str, medium: Medium) -> str | None:
    """Return a URL of the thumbnail, or None while the medium is not ready."""
    if medium.state is not MediaState.READY or medium.thumb_version is None:
        return None
    return picture_url(owner_id, medium.media_id, "thumb.jpg", medium.thumb_version)


def preview_url(owner_id: str, medium: Medium) -> str | None:
    """Return a URL of the preview, or None while the medium is not ready."""
    if medium.state is not MediaState.READY or medium.preview_version is None:
        return None
    return picture_url(owner_id, medium.media_id, "preview.jpg", medium.preview_version)


def playback_url(owner_id: str, medium: Medium) -> str | None:
    """Return a URL of the cleaned sound; None of a picture, and while the medium is not ready.

    A player makes a request each time that somebody seeks.
    """
    if medium.state is not MediaState.READY or medium.playback_version is None:
        return None
    return wiring.read_urls().read_url(
        derived_key(owner_id, medium.media_id, "playback.m4a"),
        version_id=medium.playback_version,
        content_type="audio/mp4",
        disposition="inline",
        expires_s=PLAYBACK_LIFE_S,
    )


def redacted_url(report_id: str, medium: Medium) -> str | None:
    """Return a URL of the redacted picture, or None while there is none."""
    redaction = medium.redaction
    if redaction is None or redaction.state is not RedactionState.READY or not redaction.version:
        return None
    return picture_url(report_id, medium.media_id, "redacted.jpg", redaction.version)


def shared_url(report_id: str, medium: Medium) -> str | None:
    """Return a URL of what others than officers may see of a medium: the preview, or, from when a
    redaction was asked for, the redacted picture alone. None while there is none.
    """
    return redacted_url(report_id, medium) if medium.redaction else preview_url(report_id, medium)


def original_url(report_id: str, medium: Medium) -> tuple[str, int]:
    """Return a URL of the unchanged first upload, and how many seconds it is valid.

    Browsers play a video or sound that they can, and download everything else. The content type is
    the detected one, never the one that the sender declared. The medium must have an original.
    """
    if medium.version_id is None:
        raise LookupError("no original")
    plays = medium.state is MediaState.READY and medium.codec in _PLAYED
    life_s = PLAYBACK_LIFE_S if plays else DOWNLOAD_LIFE_S
    url = wiring.read_urls().read_url(
        original_key(report_id, medium.media_id),
        version_id=medium.version_id,
        content_type=medium.content_type or "application/octet-stream",
        disposition="inline" if plays else "attachment",
        expires_s=life_s,
    )
    return url, life_s
