"""What became of an upload, as its medium's row keeps it."""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, Self

from chalicelib.domain.derived import RejectReason
from chalicelib.domain.media import Manifest, MediaState, advances
from chalicelib.domain.reports import Medium


class Verdict(NamedTuple):
    """The final state of a medium. `found` are the fields of a `Medium` that come with it."""

    state: MediaState
    found: Mapping[str, Any]

    @classmethod
    def of(cls, manifest: Manifest) -> Self:
        """Return the verdict that `make_thumbnails` has reached."""
        found = {
            "reason": manifest.reason,
            "content_type": manifest.content_type,
            "size": manifest.size,
            "checksum": manifest.checksum.model_dump() if manifest.checksum else None,
            "version_id": manifest.version_id,
            "sequencer": manifest.sequencer,
            "width": manifest.width,
            "height": manifest.height,
            "duration_s": manifest.duration_s,
            "codec": manifest.codec,
            "thumb_version": manifest.thumb_version,
            "preview_version": manifest.preview_version,
            "playback_version": manifest.playback_version,
            "sealed_hint": _decoded(manifest.sealed_hint),
            "sealed_sketch": _decoded(manifest.sealed_sketch),
        }
        return cls(manifest.state, found)

    @classmethod
    def rejected(cls, reason: RejectReason) -> Self:
        """Return the verdict on what nobody has looked at: it never came, or was withdrawn."""
        return cls(MediaState.REJECTED, {"reason": reason})

    def settles(self, medium: Medium) -> bool:
        """Return whether the medium has no verdict yet: the first one stays."""
        return advances(medium.state, self.state)

    def applied_to(self, medium: Medium, now: datetime) -> Medium:
        """Return the medium with this verdict, recorded at `now`."""
        known = {name: value for name, value in self.found.items() if value is not None}
        return medium.model_copy(update={"state": self.state, "recorded_at": now, **known})


def _decoded(sealed: str | None) -> bytes | None:
    return base64.b64decode(sealed) if sealed else None
