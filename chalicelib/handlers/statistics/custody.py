"""The files that a file for a court has beside the report: `custody.json`, `custody.html`, and the
signed list of all.

docs/custody.schema.json is the form of `custody.json`.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib import wiring
from chalicelib.domain.reports.media import Redaction
from chalicelib.domain.reports.report import Medium
from chalicelib.handlers.casework.history import ReportEvent
from chalicelib.handlers.reports.ledger import ProofView, SignedHead
from chalicelib.handlers.statistics.custody_page import custody_page
from chalicelib.http.requests import Call
from chalicelib.kernel import times
from chalicelib.services.audit.seals import CLOSED_WITHIN
from chalicelib.services.statistics.custody import (
    Custody,
    SealedHour,
    is_timed_to_the_minute,
    manifest_of,
    signature_of_manifest,
)
from chalicelib.services.statistics.exports import Export, Original
from chalicelib.store.audit.rows import RecordedEntry

FORM = "tipline/custody/1"
_OF_MASK = {"number", "part", "name", "start", "reason", "by", "at", "approved_by", "approved_at"}
type Files = list[tuple[str, bytes]]


def custody_files(
    export: Export, custody: Custody, files: Files, names: Mapping[str, str], call: Call
) -> Files:
    """Return the files of a zip: those of any export, and those that prove them. `names` are those
    of the originals in it, by media id. Raises Unavailable.
    """
    said = _said(export, custody, files, names, call)
    content = export.cases[0].found.opened.content
    files = [
        ("custody.json", json.dumps(said, ensure_ascii=False, indent=1).encode()),
        ("custody.html", custody_page(said, content.text or "").encode()),
        *files,
    ]
    about = {name: said[name] for name in ("export", "part", "parts", "at")}
    manifest = manifest_of(files, about)
    signature = signature_of_manifest(manifest, wiring.custody_key())
    return [("manifest.json", manifest), ("manifest.sig", signature), *files]


def _said(
    export: Export, custody: Custody, files: Files, names: Mapping[str, str], call: Call
) -> dict[str, Any]:
    made, report = custody.made, export.cases[0].found.opened.case.report
    pending = made.pending
    read = dict(files)
    latest = max(each.at for each in custody.entries) + CLOSED_WITHIN
    return {
        "form": FORM,
        "export": pending.id,
        "part": made.part,
        "parts": pending.parts,
        "at": times.render(call.now),
        "by": call.actor.by,
        "asked_at": times.render(pending.at),
        "approved_by": pending.approved_by,
        "reason": made.reason,
        "report": {
            "id": report.id,
            "reference": report.reference,
            "category": report.category,
            "status": report.status,
            "received_at": times.render(times.to_minute(report.received_at)),
            "file": f"reports/{report.reference}.json",
        },
        "originals": [_original(each, custody, names, read) for each in export.originals],
        "without_original": [
            {
                "media_id": each.media_id,
                "verdict": each.state,
                "verdict_reason": each.reason,
                "declared_at": times.render(times.to_minute(each.created_at)),
                **_reduced(each, read),
            }
            for each in export.cases[0].found.opened.media
            if each.version_id is None
        ],
        "masked": [
            each.model_dump(mode="json", include=_OF_MASK)
            for each in export.cases[0].found.opened.case.head.masks.approved
        ],
        "history": _history(custody),
        "seals_complete_by": times.render(latest),
        "ledger": ProofView.of_proof(custody.proof).model_dump(mode="json"),
        "seals": [_hour(each) for each in custody.hours],
        "camera_signatures": "not_read",
    }


def reduced_name(medium: Medium) -> str:
    """Return the name of the reduced picture of a medium in a zip."""
    return f"reduced/{medium.media_id}.jpg"


def _reduced(medium: Medium, read: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the record of the reduced picture in place of an original that has not arrived."""
    file = reduced_name(medium)
    if file not in read:
        return {}
    digest = hashlib.sha256(read[file]).hexdigest()
    return {"reduced": {"version": medium.reduced_version, "file": file, "sha256": digest}}


def _original(
    original: Original, custody: Custody, names: Mapping[str, str], read: Mapping[str, bytes]
) -> dict[str, Any]:
    """Return the record of an original, and where it is in the zips."""
    medium, parts = original.medium, custody.made.pending.parts
    redaction = medium.redaction
    file = names[medium.media_id] if original.content is not None else None
    content = read[file] if file else None
    fits = original.part is not None and original.part <= parts
    return {
        "media_id": medium.media_id,
        "verdict": medium.state,
        "verdict_reason": medium.reason,
        "declared": {
            "content_type": medium.declared_type,
            "size": medium.declared_size,
            "sha256": medium.declared_sha256,
        },
        "content_type": medium.content_type,
        "size": medium.size,
        "checksum": medium.checksum,
        "version": medium.version_id,
        "declared_at": times.render(times.to_minute(medium.created_at)),
        "verdict_at": times.render(times.to_minute(medium.recorded_at))
        if medium.recorded_at
        else None,
        "later_uploads": medium.later_uploads,
        "redaction": _redaction(redaction, custody.entries, medium.media_id) if redaction else None,
        "part": original.part if fits else None,
        "file": file,
        "sha256": hashlib.sha256(content).hexdigest() if content is not None else None,
    }


def _redaction(
    redaction: Redaction, entries: Sequence[RecordedEntry], media_id: str
) -> dict[str, Any]:
    """Return who has hidden parts of a picture, when, why, and where."""
    said = [
        (each.detail or {}).get("reason")
        for each in entries
        if (each.detail or {}).get("redaction") == "asked"
        and (each.detail or {}).get("media_id") == media_id
    ]
    return {
        "by": redaction.by,
        "at": times.render(redaction.at),
        "reason": said[-1] if said else None,
        "state": redaction.state,
        "version": redaction.version,
        "areas": [list(each) for each in redaction.areas],
    }


def _history(custody: Custody) -> list[dict[str, Any]]:
    """Return the entries of the audit, oldest first. `chain` is a hash of each entry with that of
    the one before, so that a verifier can say which one was altered, left out or moved.
    """
    found: list[dict[str, Any]] = []
    chain = ""
    for number, entry in enumerate(custody.entries, 1):
        place = custody.places.get(entry.key) if entry.key else None
        named = entry.key is not None and not is_timed_to_the_minute(entry)
        shown = ReportEvent.model_validate(entry).model_dump(mode="json")
        row = {
            "n": number,
            **shown,
            "key": list(entry.key) if named and entry.key else None,
            "mac": entry.mac if named else None,
            "sealed_in": "/".join(place) if place else None,
        }
        content = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        chain = hashlib.sha256(f"{chain}\n{content}".encode()).hexdigest()
        found.append(row | {"chain": chain})
    return found


def _hour(hour: SealedHour) -> dict[str, Any]:
    """Return an hour with its objects as they are stored, byte by byte: a hash covers each."""
    return {
        "hour": hour.hour,
        "digest": hour.digest.decode() if hour.digest is not None else None,
        "head": SignedHead.of_hour(hour.closed).model_dump(mode="json") if hour.closed else None,
        "batches": {name: content.decode() for name, content in hour.batches.items()},
    }
