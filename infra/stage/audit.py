"""The audit and the ledger of a stage or of the local stack, for who checks them from outside.

    python -m infra.stage audit-verify [--stage prod] [--all] [--key FILE] [--heads FILE]
    python -m infra.stage audit-key [--stage prod]
    python -m infra.stage custody-key [--stage prod]
    python -m infra.stage ledger-verify [--stage prod] [--originals]

`make audit-verify` checks the audit trail against its seals, and looks for each report that it
names. It needs the right to read the audit table, its bucket, its secret and the keys of the table
of reports. With `--key` the signatures are checked with public keys from a file (`make audit-key`),
not from KMS. With `--heads` the digests are compared with a copy of
published heads of the ledger. Both are for who keeps these outside the account. It prints
`The audit trail is whole.`, then how much was checked, and exits with 0; or prints the first thing
that is wrong (`--all`: everything) and exits with 1, as it does when it cannot check or the audit
table is gone.

`make audit-key` prints the public half of the key that signs digests of the audit, as PEM. After a
rotation it prints the keys before, too: what they signed is still to be checked. `make custody-key`
does the same of the key that signs files for a court.

`make ledger-verify` checks all reports and their originals against the ledger. It needs the right
to read the table of reports and both buckets. With `--originals` it reads every original, and
hashes it again. It prints each thing that is wrong and exits with 1, or `The ledger is whole.` and
how much was checked.

Both show how far they are, in a terminal. A million reports take minutes: docs/operations.md has
the figures.
"""

import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import batched, islice
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError, FlexibleChecksumError
from cryptography.hazmat.primitives import serialization

from chalicelib.aws import keys
from chalicelib.aws.clients import AT_ONCE
from chalicelib.aws.table import Row, Table
from chalicelib.domain.audit.ledger import TOMBSTONE_LIFE
from chalicelib.domain.audit.seals import hour_of, is_hour
from chalicelib.kernel.files import original_key
from chalicelib.services.audit import check
from chalicelib.services.audit.check import Key, Witnesses
from chalicelib.services.reports.ledger_check import (
    ATTRIBUTES,
    OriginalCheck,
    Published,
    add_waiting,
    check_hours,
    check_objects,
    check_reports,
    is_ours,
)
from chalicelib.store.audit.ledger import LeafRows
from chalicelib.store.audit.rows import Audit
from chalicelib.store.audit.seals import LedgerHeads, Seals
from infra.local import clock
from infra.stage.console import Refused, RowProgress, code_of
from infra.stage.tables import count_rows, require_tables
from infra.stage.target import Target, command, find_target, listed, stack_name

_BLOCK = re.compile(rb"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)
_PEM, _DER = serialization.Encoding.PEM, serialization.Encoding.DER
_PUBLIC = serialization.PublicFormat.SubjectPublicKeyInfo
_ABSENT = ("NoSuchKey", "NoSuchVersion", "404", "405", "MethodNotAllowed")
_ALTERED = "has other bytes than recorded"
_CHUNK = 8 * 1024 * 1024
_SHOWN_EVERY = 500  # rows


def verify_audit(arguments: Sequence[str]) -> int:
    parser = command("stage audit-verify", "Check the audit trail against its seals.")
    parser.add_argument(
        "--all", action="store_true", help="print everything that is wrong, not only the first"
    )
    parser.add_argument("--key", help="a file with public keys; default: those that KMS has")
    parser.add_argument("--heads", help="a file with published heads of the ledger")
    wanted = parser.parse_args(arguments)
    keys = read_keys(wanted.key) if wanted.key else None
    heads = read_heads(wanted.heads) if wanted.heads else {}
    target = find_target(wanted.stage)
    # Without a digest no row is read, so its loss would not be seen.
    require_tables(target, "audit")
    witnesses = Witnesses(find_keys(target) if keys is None else keys, heads)
    trail = trail_of(target)
    progress = _progress_of(target, trail.table, times=2)
    return check_audit(trail, witnesses, now_of(target), everything=wanted.all, progress=progress)


def print_keys(arguments: Sequence[str]) -> int:
    parser = command(
        "stage audit-key", "Print the public half of the key that signs digests of the audit."
    )
    for key in find_keys(find_target(parser.parse_args(arguments).stage)):
        print(pem_of(key), end="")
    return 0


def print_custody_keys(arguments: Sequence[str]) -> int:
    parser = command(
        "stage custody-key", "Print the public half of the key that signs files for a court."
    )
    for key in find_keys(find_target(parser.parse_args(arguments).stage), "custody"):
        print(pem_of(key), end="")
    return 0


def verify_ledger(arguments: Sequence[str]) -> int:
    parser = command(
        "stage ledger-verify", "Check all reports and their originals against the ledger."
    )
    parser.add_argument(
        "--originals", action="store_true", help="read every original, and hash it again"
    )
    wanted = parser.parse_args(arguments)
    target = find_target(wanted.stage)
    require_tables(target, "reports")
    ledger = stored_ledger_of(target)
    progress = _progress_of(target, ledger.table)
    now = now_of(target)
    return check_ledger(ledger, now, originals=wanted.originals, progress=progress)


def _progress_of(target: Target, table: str, times: int = 1) -> RowProgress | None:
    """Return the progress of a check that reads each row of a table so many times; None where
    nobody looks: what is printed there is the result alone.
    """
    if not sys.stdout.isatty():
        return None
    return RowProgress(times * count_rows(target.client("dynamodb"), table))


def check_audit(
    trail: "Trail",
    witnesses: Witnesses,
    now: datetime,
    *,
    everything: bool = False,
    progress: RowProgress | None = None,
) -> int:
    """Print what is wrong, only the first unless `everything`, or that nothing is. Return the exit
    code.
    """
    counts: Counter[str] = Counter()
    wrong = trail.wrong(witnesses, now, counts, progress=progress)
    found = _printed(wrong if everything else islice(wrong, 1), progress)
    if not found:
        print(f"The audit trail is whole.\n{extent_of(counts)}")
    return 1 if found else 0


def check_ledger(
    ledger: "StoredLedger",
    now: datetime,
    *,
    originals: bool = False,
    progress: RowProgress | None = None,
) -> int:
    """Print what is wrong, or that nothing is. Return the exit code."""
    counts: Counter[str] = Counter()
    found = _printed(ledger.wrong(now, counts, originals=originals, progress=progress), progress)
    if not found:
        checked = ", ".join(f"{count} {what}" for what, count in counts.items())
        print(f"The ledger is whole. Checked: {checked}.")
    return 1 if found else 0


def _printed(complaints: Iterable[str], progress: RowProgress | None) -> int:
    """Print each complaint as it is found, and return how many there are."""
    found = 0
    for complaint in complaints:
        found += 1
        if progress:
            progress.line.end()
        print(complaint)
    if progress:
        progress.line.end()
    return found


@dataclass(frozen=True)
class Trail:
    """Where an audit trail is: its rows, its seals, and the table of the reports that it names.
    `client` makes clients for it by the name of the service.
    """

    client: Callable[[str], Any]
    table: str
    reports: str
    bucket: str
    secret: str

    def wrong(
        self,
        witnesses: Witnesses,
        now: datetime,
        counts: Counter[str] | None = None,
        *,
        progress: RowProgress | None = None,
    ) -> Iterator[str]:
        """Yield what is wrong, the oldest first. `counts` gets how much was looked at."""
        secret = self.client("secretsmanager").get_secret_value(SecretId=self.secret)
        return check.verify(
            seals=Seals(self.client("s3"), self.bucket),
            rows=TableRows(
                self.client("dynamodb"),
                self.table,
                self.reports,
                str(secret["SecretString"]).encode(),
                progress,
            ),
            witnesses=witnesses,
            now=now,
            counts=counts,
        )


class TableRows:
    """The rows of an audit table and of the reports in it, for the check. `key` is that of the
    rows' HMACs. `progress` counts each row twice: it is read by its key, and in a scan.
    """

    def __init__(
        self,
        dynamodb: Any,
        table: str,
        reports: str,
        key: bytes,
        progress: RowProgress | None = None,
    ) -> None:
        self._progress = progress
        self._rows = Table(dynamodb, table)
        self._reports = Table(dynamodb, reports)
        self.is_verified = Audit(self._rows, key).is_verified

    def read(self, keys: Collection[Key]) -> Mapping[Key, Row]:
        """Return the rows of these keys, as many as exist."""
        found = self._rows.get_all(keys)
        if self._progress:
            self._progress.add(len(keys))
        return found

    def unknown_reports(self, ids: Collection[str]) -> Collection[str]:
        """Return those of these reports that have neither a HEAD nor a tombstone."""
        wanted = {(keys.report(each), keys.HEAD): each for each in ids}
        found = self._reports.get_all(wanted, attributes=("pk", "sk"))
        return [each for key, each in wanted.items() if key not in found]

    def all_keys(self) -> Iterator[Key]:
        """Yield the keys of all rows. A scan reads 4 KB for one unit: it costs a fifth of what
        `read` takes for the same rows.
        """
        rows = self._rows.scan(attributes=("pk", "sk"), segments=AT_ONCE)
        for row in _counted(rows, self._progress):
            yield row["pk"], row["sk"]


@dataclass(frozen=True)
class StoredLedger:
    """Where a ledger is, and the reports that are recorded in it. `keys` are the public halves
    (DER) that may have signed its heads.
    """

    client: Callable[[str], Any]
    table: str
    audit_bucket: str
    media_bucket: str
    keys: Sequence[bytes]

    def wrong(
        self,
        now: datetime,
        counts: Counter[str],
        *,
        originals: bool = False,
        progress: RowProgress | None = None,
    ) -> Iterator[str]:
        """Yield what is wrong: first with the hours, then with the reports."""
        heads = LedgerHeads(self.client("s3"), self.audit_bucket)
        table = Table(self.client("dynamodb"), self.table)
        stored = list(heads.stored())
        yield from check_objects(stored, now)
        hours = heads.read_all(each for each in stored if is_ours(each, now))
        published = Published(heads.events(hour_of(now - TOMBSTONE_LIFE)))
        yield from check_hours(hours, self.keys, published=published, counts=counts)
        add_waiting(published, LeafRows(table), now)
        yield from check_reports(
            _counted(table.scan(attributes=ATTRIBUTES, segments=AT_ONCE), progress),
            published,
            again=lambda report_id: table.query(
                keys.report(report_id), attributes=ATTRIBUTES, consistent=True
            )[0],
            original=_original_check(self.client("s3"), self.media_bucket, originals=originals),
            counts=counts,
            now=now,
        )


def _counted(rows: Iterable[Row], progress: RowProgress | None) -> Iterator[Row]:
    for some in batched(rows, _SHOWN_EVERY):
        if progress:
            progress.add(len(some))
        yield from some


def stored_ledger_of(target: Target) -> StoredLedger:
    """Return the ledger of a stage or of the local stack."""
    return StoredLedger(
        client=target.client,
        table=target.output("ReportsTableName"),
        audit_bucket=target.output("AuditBucketName"),
        media_bucket=target.output("MediaBucketName"),
        keys=find_keys(target),
    )


def find_keys(target: Target, name: str = "ledger") -> list[bytes]:
    """Return the public halves (DER) of the present key behind an alias and of those before it, the
    present first.

    Raises Refused when there is none.
    """
    kms = target.client("kms")
    alias = f"alias/{stack_name(target.stage or 'local')}-{name}"
    names = sorted(each["AliasName"] for each in listed(kms, "list_aliases", "Aliases"))
    earlier = [name for name in names if name.startswith(f"{alias}/")]
    try:
        return [kms.get_public_key(KeyId=name)["PublicKey"] for name in (alias, *earlier)]
    except ClientError as error:
        if code_of(error) != "NotFound":
            raise
        raise Refused(
            f"{target.title} has no key {alias}, so an older version is deployed. "
            f"Deploy this one first: make deploy{target.command}"
        ) from None


def read_keys(path: str) -> list[bytes]:
    """Return the public keys (DER) in a file, as `make audit-key` printed them. Raises Refused."""
    try:
        blocks = _BLOCK.findall(Path(path).read_bytes())
        keys = [serialization.load_pem_public_key(block) for block in blocks]
    except (OSError, ValueError) as error:
        raise Refused(f"KEY={path} cannot be read: {error}") from None
    if not keys:
        raise Refused(
            f"KEY={path} has no public key. Write a file of them: make -s audit-key > audit.pem"
        )
    return [key.public_bytes(_DER, _PUBLIC) for key in keys]


def pem_of(key: bytes) -> str:
    return serialization.load_der_public_key(key).public_bytes(_PEM, _PUBLIC).decode()


def read_heads(path: str) -> dict[str, str]:
    """Return by hour the hash of its digest, as the heads in a file have it. A head that was
    published before its hour had a digest says nothing, and is left out.

    The file is a JSON list of heads, or has one head in each line. A head is the document that the
    API publishes, or its member `head`. Raises Refused for any other file, and when two heads of
    one hour differ.
    """
    found: dict[str, str] = {}
    for each in _documents(path):
        head = each.get("head", each) if isinstance(each, dict) else None
        if not isinstance(head, dict) or not _is_head(head):
            raise Refused(
                f"HEADS={path} has something that is no head: {json.dumps(each)[:80]}. A head has "
                'an `hour` and the hash `audit`: {"hour": "2026-03-01T08", "audit": "…"}.'
            )
        hour, digest = head["hour"], head.get("audit")
        if digest is not None and found.setdefault(hour, digest) != digest:
            raise Refused(
                f"HEADS={path} has two heads of {hour} that differ. If both were published and "
                "signed, somebody has shown different ledgers to different people."
            )
    return found


def _documents(path: str) -> Iterator[Any]:
    try:
        text = Path(path).read_text(encoding="utf-8")
        try:
            whole = json.loads(text)
        except ValueError:
            whole = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise Refused(f"HEADS={path} cannot be read: {error}") from None
    if not whole:
        raise Refused(f"HEADS={path} has no head.")
    yield from whole if isinstance(whole, list) else [whole]


def _is_head(head: dict[str, Any]) -> bool:
    hour, digest = head.get("hour"), head.get("audit")
    if not isinstance(hour, str) or not is_hour(hour):
        return False
    return digest is None or (isinstance(digest, str) and len(digest) == 64)


def extent_of(counts: Counter[str]) -> str:
    """Return in words how much was checked."""
    if not counts["digests"] and not counts["newer"]:
        return "Nothing is sealed yet, so nothing was checked."
    parts = [_count(counts["digests"], "digest"), _count(counts["rows"], "row")]
    if counts["newer"]:
        parts.append(_count(counts["newer"], "newer row") + " in no digest yet")
    if counts["reports"]:
        parts.append(_count(counts["reports"], "report") + " that officers have seen")
    if counts["heads"]:
        parts.append(_count(counts["heads"], "published head"))
    return f"Checked: {', '.join(parts)}."


def trail_of(target: Target) -> Trail:
    """Return the audit trail of a stage or of the local stack."""
    return Trail(
        client=target.client,
        table=target.output("AuditTableName"),
        reports=target.output("ReportsTableName"),
        bucket=target.output("AuditBucketName"),
        secret=target.output("AuditSecretArn"),
    )


def now_of(target: Target) -> datetime:
    """Return the time there: `make clock` moves that of the local stack."""
    return clock.move(timedelta()) if target.is_local else datetime.now(UTC)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _original_check(s3: Any, bucket: str, *, originals: bool) -> OriginalCheck:
    # A list has a thousand in one request.
    listed_versions = {
        hash((each["Key"], each["VersionId"]))
        for each in listed(
            s3, "list_object_versions", "Versions", Bucket=bucket, Prefix="originals/"
        )
    }

    def wrong(
        report_id: str, media_id: str, version: str, checksum: Mapping[str, str]
    ) -> str | None:
        where = {"Bucket": bucket, "Key": original_key(report_id, media_id), "VersionId": version}
        try:
            if checksum.get("algorithm") != "sha256":
                # A long video was not read whole when it came, so S3's own checksum is recorded.
                known = s3.head_object(**where, ChecksumMode="ENABLED")
                same = known.get(f"Checksum{checksum['algorithm'].upper()}") == checksum["value"]
                return None if not checksum or same else _ALTERED
            if not originals:
                if hash((where["Key"], version)) not in listed_versions:
                    s3.head_object(**where)  # it may have come since
                return None
            digest = hashlib.sha256()
            for chunk in s3.get_object(**where)["Body"].iter_chunks(_CHUNK):
                digest.update(chunk)
        except FlexibleChecksumError:
            return _ALTERED  # S3's own checksum of what it has kept differs, too.
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                return "is gone"
            raise
        return None if digest.hexdigest() == checksum["value"] else _ALTERED

    return wrong
