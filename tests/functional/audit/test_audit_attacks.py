"""Whoever owns the account alters the audit, and the check names what they did."""

import copy
import hashlib
import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from chalicelib import wiring
from chalicelib.aws.locked_objects import StoredObject
from chalicelib.aws.writes import Delete
from chalicelib.domain.audit.seals import (
    Batch,
    Digest,
    SealedRow,
    batch_key,
    digest_key,
    hour_after,
    hour_of,
)
from chalicelib.services.audit import seals as audit_seals
from chalicelib.store.audit.rows import Action, Entry, of_report
from tests import cloud
from tests.audit_trail import bucket, complaints, digest, look_at_reports, seal, stream_of

__all__ = ["bucket"]
pytestmark = pytest.mark.usefixtures("aws", "clean", "bucket")

NOW = timedelta()


@pytest.fixture
def report_id(bucket: str) -> str:
    """A report that an officer has opened a minute ago, and whose row is in a batch."""
    [made] = look_at_reports(1)
    seal(stream_of())
    return made


@pytest.fixture
def digested(report_id: str) -> str:
    """The same, a few hours later."""
    digest(3)
    return report_id


def hour() -> str:
    return hour_of(wiring.clock.now())


def row_of(report_id: str) -> dict[str, Any]:
    [row] = wiring.audit().rows(of_report(report_id))
    return row


def batch() -> StoredObject:
    [found] = wiring.seals().batches(hour()).values()
    return found


def named() -> str:
    return f"Batch {batch().key.rpartition('/')[2]} of {hour()}"


def hide(bucket: str, key: str) -> None:
    cloud.client("s3").delete_object(Bucket=bucket, Key=key)


def repeat(bucket: str, key: str, times: int) -> None:
    """Store the newest version so often again, in moto's memory: calls would take ten seconds."""
    keys = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[bucket].keys
    for _ in range(times):
        version = copy.deepcopy(keys[key])
        version._version_id = str(uuid.uuid4())
        keys[key] = version


def put(bucket: str, key: str, content: bytes) -> None:
    cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=content)


def remove(bucket: str, key: str) -> None:
    """Remove an object with all its versions, as if it had no lock."""
    s3 = cloud.client("s3")
    for each in s3.list_object_versions(Bucket=bucket, Prefix=key).get("Versions", ()):
        s3.delete_object(Bucket=bucket, Key=key, VersionId=each["VersionId"])


# Rows ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["report_id", "digested"])
def test_a_row_that_is_deleted_is_named(when: str, request: pytest.FixtureRequest) -> None:
    row = row_of(request.getfixturevalue(when))
    wiring.audit().table.delete(Delete(row["pk"], row["sk"]))
    after = NOW if when == "report_id" else timedelta(hours=3)
    assert complaints(after) == [f"Row {row['pk']} / {row['sk']} is missing."]


@pytest.mark.parametrize("when", ["report_id", "digested"])
@pytest.mark.parametrize("with_the_key", [False, True])
def test_a_row_that_is_altered_is_named(
    when: str, with_the_key: bool, request: pytest.FixtureRequest
) -> None:
    row = row_of(request.getfixturevalue(when)) | {"by": "somebody else"}
    if with_the_key:
        row["mac"] = wiring.audit()._mac(row)
    wiring.audit().table.put(row)
    after = NOW if when == "report_id" else timedelta(hours=3)
    assert complaints(after) == [f"Row {row['pk']} / {row['sk']} is altered."]


def write_unsealed(at: timedelta) -> dict[str, Any]:
    """Write a row that the stream does not bring to `seal_audit`."""
    now = wiring.clock.now()
    wiring.audit().write(Entry(of_report("01ABC"), "wang", Action.OPEN, now + at))
    return wiring.audit().rows(of_report("01ABC"))[-1]


@pytest.mark.parametrize("age", [timedelta(minutes=16), timedelta(days=40), -timedelta(days=1)])
def test_a_row_that_no_batch_names_is_found(report_id: str, age: timedelta) -> None:
    row = write_unsealed(-age)
    [line] = complaints(NOW)
    assert line.startswith(f"Row {row['pk']} / {row['sk']} is in no batch")


def test_a_row_of_the_last_minutes_may_be_in_no_batch_yet(report_id: str) -> None:
    write_unsealed(-timedelta(minutes=1))
    assert complaints(NOW) == []


def test_a_row_that_names_no_time_is_found(report_id: str) -> None:
    wiring.audit().table.put(row_of(report_id) | {"sk": "whenever"})
    [line] = complaints(NOW)
    assert "/ whenever is in no batch" in line


# Batches ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("digest_first", [False, True])
def test_a_batch_under_a_delete_marker_still_counts_and_the_marker_is_found(
    bucket: str, report_id: str, digest_first: bool
) -> None:
    row = row_of(report_id)
    wiring.audit().table.delete(Delete(row["pk"], row["sk"]))
    if digest_first:
        digest(3)
    hide(bucket, batch().key)
    if not digest_first:
        digest(3)
    assert complaints(timedelta(hours=3)) == [
        f"{named()} has a delete marker: somebody tried to hide it.",
        f"Row {row['pk']} / {row['sk']} is missing.",
    ]


@pytest.mark.parametrize("digest_first", [False, True])
def test_a_second_version_of_a_batch_is_found_and_the_first_counts(
    bucket: str, report_id: str, digest_first: bool
) -> None:
    if digest_first:
        digest(3)
    put(bucket, batch().key, b"[]")
    if not digest_first:
        digest(3)
    [line] = complaints(timedelta(hours=3))
    assert line == f"{named()} has 2 versions: somebody wrote over it. The oldest counts."


def test_a_batch_that_is_gone_or_altered_in_spite_of_the_lock_is_found(
    bucket: str, digested: str
) -> None:
    key, name = batch().key, named()
    remove(bucket, key)
    assert complaints(timedelta(hours=3))[0] == f"{name} is missing."
    put(bucket, key, b"[]")
    assert complaints(timedelta(hours=3))[0] == f"{name} is altered."


def test_a_batch_that_is_added_to_an_hour_with_a_digest_is_found(
    bucket: str, digested: str
) -> None:
    forged = Batch.of("1", [SealedRow("REPORT#01", "2026-01-01T00:00:00.000Z#x", "m")])
    put(bucket, batch_key(hour(), forged.name), forged.content)
    assert complaints(timedelta(hours=3)) == [
        f"Batch {forged.name} of {hour()} is in no digest.",
        "Row REPORT#01 / 2026-01-01T00:00:00.000Z#x is missing.",
    ]


# Digests ------------------------------------------------------------------------------------------


def test_a_digest_under_a_delete_marker_still_counts_and_the_marker_is_found(
    bucket: str, digested: str
) -> None:
    hide(bucket, digest_key(hour()))
    line = f"The digest of {hour()} has a delete marker: somebody tried to hide it."
    assert complaints(timedelta(hours=3)) == [line]
    # The chain goes on from what the marker hides.
    digest(5)
    assert complaints(timedelta(hours=5)) == [line]


def test_a_second_version_of_a_digest_is_found_and_the_first_counts(
    bucket: str, digested: str
) -> None:
    last = max(wiring.seals().digested_hours())
    put(bucket, digest_key(last), b"{}")
    digest(5)
    assert complaints(timedelta(hours=5)) == [
        f"The digest of {last} has 2 versions: somebody wrote over it. The oldest counts."
    ]


def test_a_digest_that_was_there_before_ours_is_found(bucket: str, report_id: str) -> None:
    forged = Digest.of(hour(), [], None).content()
    put(bucket, digest_key(hour()), forged)
    digest(4)
    lines = complaints(timedelta(hours=4))
    assert lines[0] == f"The digest of {hour()} is not signed with the key of the audit."
    assert lines[1:] == [f"{named()} is in no digest."]


@pytest.mark.parametrize("content", [b"{}", b"[]", b"\xff", b"", b'{"hour": 1}'])
def test_what_is_no_digest_is_found(bucket: str, report_id: str, content: bytes) -> None:
    put(bucket, digest_key(hour()), content)
    digest(4)
    assert complaints(timedelta(hours=4))[0] == (
        f"The digest of {hour()} is altered: no digest has this form."
    )


def rewritten(begin: str, sign: Any) -> dict[str, bytes]:
    """Return the digests from `begin` on as they would be if that hour had had no batch."""
    seals = wiring.seals()
    made: dict[str, bytes] = {}
    previous: bytes | None = None
    for each in seals.digested_hours():
        if each < begin:
            previous = seals.digest(each)
            continue
        batches = [] if each == begin else seals.batches(each)
        previous = made[each] = Digest.of(each, batches, previous).signed(sign).content()
    return made


def rewrite(bucket: str, sign: Any) -> None:
    """Leave no trace of the batch of this hour, as if nothing had a lock."""
    made, key = rewritten(hour(), sign), batch().key
    remove(bucket, key)
    for each, content in made.items():
        remove(bucket, digest_key(each))
        put(bucket, digest_key(each), content)


def delete_its_row(report_id: str) -> None:
    row = row_of(report_id)
    wiring.audit().table.delete(Delete(row["pk"], row["sk"]))


def test_whoever_rewrites_the_chain_cannot_sign_it(bucket: str, digested: str) -> None:
    own = ec.generate_private_key(ec.SECP256R1())
    delete_its_row(digested)
    rewrite(bucket, lambda content: own.sign(content, ec.ECDSA(hashes.SHA256())))
    assert complaints(timedelta(hours=3)) == [
        f"The digest of {each} is not signed with the key of the audit."
        for each in wiring.seals().digested_hours()
    ]


def heads() -> dict[str, str]:
    """The published heads of the ledger, as somebody outside has kept them."""
    seals = wiring.seals()
    found = {each: seals.digest(each) or b"" for each in seals.digested_hours()}
    return {each: hashlib.sha256(content).hexdigest() for each, content in found.items()}


def test_whoever_can_sign_the_rewritten_chain_is_found_by_published_heads(
    bucket: str, digested: str
) -> None:
    published = heads()
    assert complaints(timedelta(hours=3), heads=published) == []
    delete_its_row(digested)
    rewrite(bucket, wiring.signing_key().sign)
    assert complaints(timedelta(hours=3)) == []  # it looks whole from within
    assert complaints(timedelta(hours=3), heads=published) == [
        f"The digest of {each} is not the one whose hash a published head has."
        for each in published
    ]


def test_digests_whose_signature_is_of_an_earlier_key_count(digested: str) -> None:
    keys = [b"another", wiring.signing_key().public_key()]
    assert complaints(timedelta(hours=3), keys=keys) == []
    assert len(complaints(timedelta(hours=3), keys=keys[:1])) == 3


def test_digests_that_are_gone_at_the_end_are_found(bucket: str, digested: str) -> None:
    published = heads()
    gone = hour_after(hour())
    for each in published:
        if each >= gone:
            remove(bucket, digest_key(each))
    [line] = complaints(timedelta(hours=5))
    assert line.startswith(f"The digest of {gone} is overdue")
    # A copy of the heads says so at once.
    assert complaints(timedelta(hours=3), heads=published) == [
        f"The digest of {each} is missing, and a published head has its hash."
        for each in published
        if each >= gone
    ]


def test_digests_that_are_gone_from_the_middle_are_found(bucket: str, report_id: str) -> None:
    digest(6)
    first, second, third, fourth, *_ = wiring.seals().digested_hours()
    remove(bucket, digest_key(second))
    assert complaints(timedelta(hours=6)) == [
        f"The digest of {second} is missing.",
        f"The digest of {third} does not follow the one before it.",
    ]
    remove(bucket, digest_key(third))
    assert complaints(timedelta(hours=6))[0] == (f"The digests of {second} to {third} are missing.")
    remove(bucket, digest_key(first))
    assert f"The digests of {first} to {third} are missing." in complaints(timedelta(hours=6))
    assert fourth


def test_a_digest_that_does_not_add_up_is_found_though_it_is_signed(
    bucket: str, report_id: str
) -> None:
    honest = Digest.of(hour(), wiring.seals().batches(hour()), None)
    forged = honest.model_copy(update={"count": 0}).signed(wiring.signing_key().sign)
    put(bucket, digest_key(hour()), forged.content())
    assert complaints(timedelta(hours=2)) == [f"The digest of {hour()} does not add up."]


def test_a_digest_that_is_written_in_another_way_is_found_though_it_is_signed(
    bucket: str, report_id: str
) -> None:
    signed = Digest.of(hour(), wiring.seals().batches(hour()), None).signed(
        wiring.signing_key().sign
    )
    more = {**json.loads(signed.content()), "note": "all is well"}
    put(bucket, digest_key(hour()), json.dumps(more).encode())
    assert complaints(timedelta(hours=2)) == [
        f"The digest of {hour()} is altered: no digest has this form."
    ]


# What is not ours ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    [
        "digests/x",
        "digests/2026-01-01T00.json.bak",
        "digests/2026-13-01T00.json",
        "digests/2099-01-01T00.json",
        "batches/x",
        "batches/2026-01-01T00/x",
        "batches/2026-01-01T00/1-1-" + "0" * 31,
        "batches/2099-01-01T00/1-1-" + "0" * 32,
        "batches/2026-99-01T00/1-1-" + "0" * 32,
        "batches/two words",
    ],
)
def test_an_object_that_is_never_written_so_is_found_and_ends_no_digest(
    bucket: str, report_id: str, key: str
) -> None:
    put(bucket, key, b"{}")
    assert digest(3) == 3
    assert complaints(timedelta(hours=3)) == [
        f"The object {key!r} is not ours: somebody else wrote to the audit's bucket."
    ]


def test_an_object_beside_the_batches_of_an_hour_is_in_no_digest(
    bucket: str, report_id: str
) -> None:
    key = f"batches/{hour()}/x"
    put(bucket, key, b"{}")
    ours = set(wiring.seals().batches(hour()))
    assert digest(3) == 3
    written = Digest.read(wiring.seals().digest(hour()) or b"")
    assert written
    assert set(written.batches) == ours
    assert complaints(timedelta(hours=3)) == [
        f"The object {key!r} is not ours: somebody else wrote to the audit's bucket."
    ]


def test_a_batch_of_rows_in_another_form_is_altered(bucket: str, report_id: str) -> None:
    for rows in ([["a"]], [[1, 2, 3]], {"a": 1}, 7):
        content = json.dumps(rows).encode()
        name = f"9-1-{hashlib.sha256(content).hexdigest()[:32]}"
        put(bucket, batch_key(hour(), name), content)
        assert f"Batch {name} of {hour()} is altered." in complaints(NOW)


def test_the_versions_of_a_key_are_counted_over_the_pages_of_the_list(
    bucket: str, digested: str
) -> None:
    seals, key = wiring.seals(), digest_key(hour())
    first = seals.digest(hour())
    put(bucket, key, b"x")
    repeat(bucket, key, 1_099)
    hide(bucket, key)
    stored, *others = seals.objects("digests/")
    assert (stored.key, stored.versions, stored.markers) == (key, 1_101, 1)
    assert [each.versions for each in others] == [1, 1]
    assert seals.read(stored) == first


def test_the_first_digest_begins_with_the_first_batch(bucket: str) -> None:
    put(bucket, "batches/x", b"{}")
    look_at_reports(1)
    seal(stream_of())
    assert digest(2) == 2
    assert min(wiring.seals().digested_hours()) == hour()
    assert audit_seals.is_settled(hour(), wiring.clock.now()) is False
