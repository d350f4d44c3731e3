"""What a file for a court has beside the report: all that the audit and the ledger have of it.

docs/adr/0067 says what it proves and by which key. docs/accountability.md says how it is checked.
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from heapq import nsmallest
from typing import NamedTuple

from chalicelib.aws.clients import at_once
from chalicelib.aws.keys import Key
from chalicelib.aws.kms import SigningKey
from chalicelib.aws.locked_objects import StoredObject
from chalicelib.domain.audit.seals import hour_of, place_of_batch, sha256
from chalicelib.domain.statistics.exports import PendingExport
from chalicelib.kernel.sealing import PrivateKey
from chalicelib.services.audit.seals import SEALED_WITHIN
from chalicelib.services.audit.words import open_entry
from chalicelib.services.casework.history import with_earlier_reasons
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.proofs import Proof, prove
from chalicelib.store.audit.rows import RecordedEntry, of_report
from chalicelib.store.audit.seals import ClosedHour, LedgerHeads, Seals
from chalicelib.store.reports.rows import ReadCase

# What the key signs begins with what it is, so that neither passes for the other.
_MANIFEST, _ZIP = "tipline/custody/1", "tipline/custody-zip/1"
# S3 says the second, by a clock of its own.
_CLOCKS_DIFFER = timedelta(seconds=5)
# A busy hour has thousands of batches. The one of a row was written seconds after it.
_TRIED = 24
# What is looked for and taken along, so that a file is made in time and in memory. What is not
# found is still in the history, and `make audit-verify` checks it.
_MOST_HOURS = 400
_MOST_BYTES = 16 * 1024 * 1024


class Records(NamedTuple):
    """Where the seals and the ledger are, and the key that signs."""

    seals: Seals
    heads: LedgerHeads
    key: SigningKey


class SealedHour(NamedTuple):
    """An hour in which rows of a report were sealed: those batches by their names, the digest that
    names them, and the head of the ledger that has the hash of the digest. Each of the two is None
    until it is written, two hours later.
    """

    hour: str
    batches: Mapping[str, bytes]
    digest: bytes | None
    closed: ClosedHour | None


class CourtZip(NamedTuple):
    """Which zip of a file for a court is made, from 1, and why."""

    pending: PendingExport
    part: int
    reason: str


class Custody(NamedTuple):
    """What one zip of a file for a court has beside the report. `places` has by the key of an entry
    the hour and the name of its batch.
    """

    made: CourtZip
    entries: Sequence[RecordedEntry]
    hours: Sequence[SealedHour]
    places: Mapping[Key, tuple[str, str]]
    proof: Proof


def gather(
    made: CourtZip, case: ReadCase, key: PrivateKey, *, actor: OfficerActor, records: Records
) -> Custody:
    """Read what a file for a court has of a report, which must be open on record. Raises
    Unavailable.
    """
    found = [open_entry(each, key) for each in actor.audit.history(of_report(case.report.id))]
    entries = tuple(with_earlier_reasons(found))
    hours, places = _sealed(_named(entries), records)
    proof = prove(case.report.id, case.head.recorded, records.heads, actor.now)
    return Custody(made, entries, hours, places, proof)


def is_timed_to_the_minute(entry: RecordedEntry) -> bool:
    """Return whether officers see no more than the minute of an entry: its key would say more."""
    return not entry.verified or bool((entry.detail or {}).get("entered_by"))


def _named(entries: Iterable[RecordedEntry]) -> list[RecordedEntry]:
    return [each for each in entries if each.key and not is_timed_to_the_minute(each)]


def _sealed(
    entries: Sequence[RecordedEntry], records: Records
) -> tuple[list[SealedHour], dict[Key, tuple[str, str]]]:
    """Return the hours with the batches that seal these entries, and where each entry is."""
    missing = {each.key: each for each in entries if each.key}
    nearest = _nearest_batches(entries, records)
    contents: dict[str, bytes] = {}
    places: dict[Key, tuple[str, str]] = {}
    for turn in range(_TRIED):
        tried = [found[turn] for found in nearest.values() if len(found) > turn]
        new = list({each.key: each for each in tried if each.key not in contents}.values())
        if sum(map(len, contents.values())) + sum(each.size for each in new) > _MOST_BYTES:
            break
        for stored, content in zip(new, at_once(records.seals.read, new), strict=True):
            contents[stored.key] = content or b"[]"
            for pk, sk, mac in json.loads(contents[stored.key]):
                entry = missing.get((pk, sk))
                if entry and entry.mac == mac:
                    places[pk, sk] = place_of_batch(stored.key) or ("", "")
        nearest = {key: found for key, found in nearest.items() if key not in places}
        if not nearest:
            break
    return list(_taken(contents, places, records)), places


def _nearest_batches(
    entries: Sequence[RecordedEntry], records: Records
) -> dict[Key, list[StoredObject]]:
    """Return by the key of each entry the batches that were written next to its time, the nearest
    first. What is listed of an hour is in memory no longer than it takes to choose.
    """

    def chosen(hour: str) -> dict[Key, list[StoredObject]]:
        listed = [each for each in records.seals.objects(f"batches/{hour}/") if each.version]
        return {
            each.key: nsmallest(_TRIED, listed, key=partial(_distance, each.at))
            for each in entries
            if each.key and hour in _hours_of(each.at)
        }

    hours = sorted({hour for each in entries for hour in _hours_of(each.at)})[-_MOST_HOURS:]
    found: dict[Key, list[StoredObject]] = {}
    for of_hour in at_once(chosen, hours):
        for key, batches in of_hour.items():
            found[key] = found.get(key, []) + batches
    at = {each.key: each.at for each in entries if each.key}
    return {
        key: nsmallest(_TRIED, batches, key=partial(_distance, at[key]))
        for key, batches in found.items()
    }


def _hours_of(at: datetime) -> tuple[str, str]:
    return hour_of(at), hour_of(at + SEALED_WITHIN)


def _distance(at: datetime, batch: StoredObject) -> tuple[bool, timedelta]:
    """Return how far a batch is from a row of this time. None was written before its rows."""
    written_at = batch.written_at or at
    return written_at < at - _CLOCKS_DIFFER, abs(written_at - at)


def _taken(
    contents: Mapping[str, bytes], places: Mapping[Key, tuple[str, str]], records: Records
) -> Iterator[SealedHour]:
    """Yield the hours with those batches that have an entry."""
    found: dict[str, dict[str, bytes]] = {}
    for hour, name in sorted(set(places.values())):
        found.setdefault(hour, {})[name] = contents[f"batches/{hour}/{name}"]
    digests = at_once(records.seals.digest, found)
    closed = at_once(lambda hour: next(iter(records.heads.closed([hour])), None), found)
    for (hour, batches), digest, head in zip(found.items(), digests, closed, strict=True):
        yield SealedHour(hour, batches, digest, head)


def manifest_of(files: Iterable[tuple[str, bytes]], about: Mapping[str, object]) -> bytes:
    """Return the list of a zip's files, each with its SHA-256 and its size. It is signed."""
    listed = {name: {"sha256": sha256(file), "size": len(file)} for name, file in files}
    return _canonical({"form": _MANIFEST, **about, "files": listed})


def signature_of_manifest(manifest: bytes, key: SigningKey) -> bytes:
    """Return the file with the signature of a list of files. Raises Unavailable."""
    return _canonical(_signature(_MANIFEST, manifest, key))


def signature_of_zip(name: str, archive: bytes, at: str, key: SigningKey) -> bytes:
    """Return the file with the detached signature of a zip. Raises Unavailable."""
    said = {
        "form": _ZIP, "name": name, "sha256": sha256(archive), "size": len(archive), "at": at,
    }  # fmt: skip
    return _canonical(said | _signature(_ZIP, _canonical(said), key))


def _signature(form: str, content: bytes, key: SigningKey) -> dict[str, str]:
    signed = key.sign(f"{form}\n".encode() + content)
    return {"key": b64encode(key.public_key()).decode(), "signature": b64encode(signed).decode()}


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
