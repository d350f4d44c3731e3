"""Processing of a redaction: paint over the marked areas of a preview, and write what was made."""

import logging

from chalicelib.domain.derived import Rejected
from chalicelib.domain.ids import OwnerKind, owner_of
from chalicelib.domain.media import derived_key, parse_derived_key
from chalicelib.domain.redactions import RedactionManifest
from chalicelib.errors import NotFound
from chalicelib.media.bucket import MediaBucket
from chalicelib.media.decoding import Decoding
from chalicelib.store.report_keys import ReportKeys

log = logging.getLogger(__name__)


def make_redacted(
    *, bucket: MediaBucket, decoding: Decoding, report_keys: ReportKeys, key: str
) -> RedactionManifest | None:
    """Make the redacted picture that the medium of the preview `key` waits for, then its manifest.

    What is to be redacted, and which version of the preview, is read from the medium: so however
    late or often this is called, it makes what is wanted now.

    Return None, and write nothing, when the medium waits for none, and when its report is withdrawn
    or deleted. Raises Unavailable, and Undecided when decoding fails for a reason other than the
    file. Both can be tried again.
    """
    where = parse_derived_key(key, "preview.jpg")
    if where is None or owner_of(where.owner_id).kind is not OwnerKind.REPORT:
        return None
    try:
        report_keys.public_key(where.owner_id)
        wanted = report_keys.wanted_redaction(where.owner_id, where.media_id)
        if wanted is None:
            return None
        preview = bucket.read(key, wanted.preview_version)
    except NotFound:
        return None  # The preview or its report is gone.
    version = None
    try:
        picture = decoding.redact(where.owner_id, preview, wanted.redaction.areas)
        version = bucket.put(derived_key(*where, "redacted.jpg"), picture, "image/jpeg")
    except Rejected as rejected:
        log.warning("redaction_failed", extra={"reason": rejected.reason.value})
    manifest = RedactionManifest(id=wanted.redaction.id, version=version)
    body = manifest.model_dump_json(exclude_none=True).encode()
    bucket.put(derived_key(*where, "redacted/manifest.json"), body, "application/json")
    return manifest
