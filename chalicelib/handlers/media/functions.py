"""The functions that process uploads and redactions, and record the results.

In Lambda these run without `app.py`, and each imports only what it needs.
"""

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from chalice.app import Blueprint, SQSEvent

from chalicelib import wiring
from chalicelib.aws import events
from chalicelib.kernel.files import (
    parse_derived_key,
    parse_manifest_key,
    parse_original_key,
    parse_reduced_key,
)

if TYPE_CHECKING:
    from chalicelib.store.media.decoding import Decoding

bp = Blueprint(__name__)
log = logging.getLogger(__name__)


# The names of queues are placeholders, which infra/app.yaml replaces.
@bp.on_sqs_message(queue="uploads", batch_size=1)
def make_thumbnails(event: SQSEvent) -> dict[str, Any]:
    """Make the cleaned pictures of an upload, or a redacted one, and write their manifest last."""
    return _process(event, wiring.decoding)


@bp.on_sqs_message(queue="critical_uploads", batch_size=1)
def make_critical_thumbnails(event: SQSEvent) -> dict[str, Any]:
    """Do the same for media of critical reports. No others are in their queue."""
    return _process(event, wiring.critical_decoding)


def _process(event: SQSEvent, decoding: "Callable[[], Decoding]") -> dict[str, Any]:
    from chalicelib.store.media.decoding import TooMany

    def handle(record: Mapping[str, Any]) -> None:
        stored = events.read_stored_object(record["body"])
        if stored is None:
            return
        is_ours = stored.bucket == wiring.settings().media_bucket
        try:
            if is_ours and parse_derived_key(stored.key, "preview.jpg"):
                _redact(stored, decoding())
            elif is_ours and (parse_original_key(stored.key) or parse_reduced_key(stored.key)):
                _derive(stored, decoding())
            else:
                log.info("event_ignored")
        except TooMany:
            # To try again at once would take what others need. The medium's task does, later.
            log.warning("no_room_to_decode")

    return events.each_record(event.to_dict(), handle)


def _redact(stored: events.StoredObject, decoding: "Decoding") -> None:
    from chalicelib.services.media.processing import make_redacted

    redacted = make_redacted(
        bucket=wiring.bucket(), decoding=decoding, report_keys=wiring.report_keys(), key=stored.key
    )
    if redacted:
        log.info("picture_redacted", extra={"made": redacted.version is not None})


def _derive(stored: events.StoredObject, decoding: "Decoding") -> None:
    from chalicelib.services.media.processing import Arrived
    from chalicelib.services.media.processing import make_thumbnails as process

    manifest = process(
        Arrived(stored.key, stored.version_id, stored.sequencer),
        bucket=wiring.bucket(),
        decoding=decoding,
        report_keys=wiring.report_keys(),
        day_key=wiring.day_key,
        now=wiring.clock.now(),
    )
    if manifest:
        reason = manifest.reason.value if manifest.reason else None
        log.info("media_processed", extra={"state": manifest.state.value, "reason": reason})


@bp.on_sqs_message(queue="manifests", batch_size=10)
def record_media(event: SQSEvent) -> dict[str, Any]:
    """Record the result of a manifest in the report or bulletin that the medium belongs to."""

    def handle(record: Mapping[str, Any]) -> None:
        stored = events.read_stored_object(record["body"])
        redacted = parse_derived_key(stored.key, "redacted/manifest.json") if stored else None
        if stored and redacted and stored.bucket == wiring.settings().media_bucket:
            from chalicelib.services.media.results import record_redaction

            record_redaction(
                *redacted,
                owners=wiring.media_owners(),
                table=wiring.reports().table,
                bucket=wiring.bucket(),
            )
            return
        early = parse_derived_key(stored.key, "early/manifest.json") if stored else None
        if stored and early and stored.bucket == wiring.settings().media_bucket:
            from chalicelib.services.media.results import record_early

            record_early(*early, reports=wiring.reports(), bucket=wiring.bucket())
            return
        found = parse_manifest_key(stored.key) if stored else None
        if stored is None or found is None or stored.bucket != wiring.settings().media_bucket:
            log.info("event_ignored")
            return
        from chalicelib.domain.media import Verdict
        from chalicelib.services.media.results import read_manifest, record_verdict

        manifest = read_manifest(found.owner_id, found.media_id, bucket=wiring.bucket())
        if manifest is None:
            log.info("manifest_missing")
            return
        record_verdict(
            found.owner_id,
            found.media_id,
            Verdict.of(manifest),
            owners=wiring.media_owners(),
            bucket=wiring.bucket(),
            now=wiring.clock.now(),
        )

    return events.each_record(event.to_dict(), handle)
