"""Compare AWS's own record of the keys with the audit.

Every opening must have its row, nobody else may sign a digest, and a change of a key or of code is
reported.
"""

import logging
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.domain.audit.seals import HOUR, hour_after, hour_of, start_of
from chalicelib.kernel import times
from chalicelib.kernel.models import Record
from chalicelib.services.watch.watch import notify_of_refusals
from chalicelib.store.audit.seals import Seals
from chalicelib.store.notices.announcements import Announcements
from chalicelib.store.watch import AwsRecord, Line

log = logging.getLogger(__name__)

# AWS's record of an hour, and the batches of its rows, are complete after this.
_COMPLETE_AFTER = HOUR
# After an outage, one run compares at most this many hours.
_HOURS_AT_ONCE = 24
# CloudTrail forgets after 90 days.
_REMEMBERED = timedelta(days=89)
# A row opens a report within this, with its retries. Later it is another opening.
_ROW_COUNTS_FOR = timedelta(minutes=5)
_ATTEMPTS = 3
# What a row of the audit can open.
_OPENED = (keys.report(""), keys.opened_request(""), keys.export(""))
# A row is written before the call. By more than this, no two clocks of AWS differ.
_CLOCKS_DIFFER = timedelta(minutes=1)

_OPENING = re.compile(r"opening/([0-9A-Za-z]+)\.(\d+)")
# Faults that pass, and what was not encrypted by the key: KMS did not refuse these.
_FAILED_OTHERWISE = re.compile(
    r"(DependencyTimeout|IncorrectKey|InvalidCiphertext|KMSInternal|KeyUnavailable"
    r"|RequestLimitExceeded|Throttling)(Exception)?"
)
# Of the calls that name a key, those that neither open nor change anything.
_HARMLESS = re.compile(r"(Get|List|Describe)\w+|Encrypt|Verify")


class Kind(StrEnum):
    """The kind of a finding. An alarm counts the log line with this message."""

    NOT_RECORDED = "opening_not_recorded"
    REPEATED = "opening_repeated"
    BY_ANOTHER = "opening_by_another"
    KEY_CHANGED = "key_changed"
    SIGNED_BY_ANOTHER = "signed_by_another"
    CODE_CHANGED = "officers_code_changed"
    SIGNERS_CODE_CHANGED = "signers_code_changed"
    REFUSED = "decryption_refused"


class Finding(NamedTuple):
    kind: Kind
    line: Line


class Holder(NamedTuple):
    """The one function that may use a key: the ARN of its role, and its name."""

    role: str
    function: str

    def is_named_by(self, line: Line) -> bool:
        """Return whether a call names the function, by its name or ARN, or its role."""
        name = str(line.asked.get("functionName", ""))
        return self.function in name.split(":") or line.asked.get("role") == self.role


class Watched(NamedTuple):
    """Who may open and who may sign, and the keys' aliases, which are looked up."""

    officers: Holder
    signer: Holder
    aliases: tuple[str, ...]


class Comparison(Record):
    """The findings of a comparison of an hour, and the keys (ARNs) that it looked up."""

    hour: str
    keys: tuple[str, ...]
    openings: int
    findings: tuple[tuple[Kind, str], ...]


def compare_hours(
    watched: Watched,
    *,
    record: AwsRecord,
    seals: Seals,
    announcements: Announcements,
    now: datetime,
) -> dict[str, int]:
    """Compare each hour that is complete and was not compared yet, the oldest first, and log each
    finding. Notify supervisors of refused decryptions. Return the numbers of hours and findings.

    The result of each hour is kept in the locked bucket. It also keeps the keys: a key whose alias
    is removed is looked up all the same.
    """
    last = seals.last_comparison(hour_of(now - _REMEMBERED), hour_of(now))
    before = Comparison.model_validate_json(last) if last else None
    # The first run has two hours: the stage began in one of them.
    hour = hour_after(before.hour) if before else hour_of(now - 2 * HOUR - _COMPLETE_AFTER)
    keys = set(before.keys) if before else set()
    done = {"compared_hours": 0, "findings": 0}
    while (
        start_of(hour) + HOUR + _COMPLETE_AFTER <= now and done["compared_hours"] < _HOURS_AT_ONCE
    ):
        keys |= record.keys(watched.aliases)
        openings, findings = _compare(hour, sorted(keys), watched, record, seals, now)
        for finding in findings:
            _report(finding)
        refused = sum(finding.kind is Kind.REFUSED for finding in findings)
        if refused:
            notify_of_refusals(hour, refused, announcements=announcements, now=now)
        comparison = Comparison(
            hour=hour,
            keys=tuple(sorted(keys)),
            openings=openings,
            findings=tuple((finding.kind, finding.line.event_id) for finding in findings),
        )
        if not seals.put_comparison(hour, comparison.model_dump_json().encode()):
            break  # Another run is comparing.
        done["compared_hours"] += 1
        done["findings"] += len(findings)
        hour = hour_after(hour)
    return done


def _report(finding: Finding) -> None:
    line = finding.line
    log.error(
        finding.kind.value,
        extra={
            "event_id": line.event_id,
            "event_at": times.render(line.at),
            "call": line.call,
            "caller": line.caller,
        }
        | ({"code": line.error} if line.error else {}),
    )


def _compare(
    hour: str, keys: Sequence[str], watched: Watched, record: AwsRecord, seals: Seals, now: datetime
) -> tuple[int, list[Finding]]:
    """Return the number of openings in an hour, and the findings."""
    begin, end = start_of(hour), start_of(hour) + HOUR
    # A row may have opened something at the end of the hour before.
    lines = [line for key in keys for line in record.of_key(key, begin - _ROW_COUNTS_FOR, end)]
    openings = [line for line in lines if line.call == "Decrypt"]
    findings = [
        *_unexpected(openings, watched.officers.role, hour, seals, now),
        *(Finding(Kind.REFUSED, line) for line in openings if _is_refused(line)),
        *_signed_or_changed(lines, watched.signer.role),
        *_code_changed(record.of_code(begin, end), watched),
    ]
    # One call may name two keys.
    found = {(each.kind, each.line.event_id): each for each in findings if each.line.at >= begin}
    return sum(line.at >= begin for line in openings), list(found.values())


def _signed_or_changed(lines: Sequence[Line], signer: str) -> Iterator[Finding]:
    for line in lines:
        if line.call == "Sign":
            if line.caller != signer:
                yield Finding(Kind.SIGNED_BY_ANOTHER, line)
        elif line.call != "Decrypt" and not _HARMLESS.fullmatch(line.call):
            yield Finding(Kind.KEY_CHANGED, line)


def _code_changed(lines: Sequence[Line], watched: Watched) -> Iterator[Finding]:
    for line in lines:
        if watched.officers.is_named_by(line):
            yield Finding(Kind.CODE_CHANGED, line)
        if watched.signer.is_named_by(line):
            yield Finding(Kind.SIGNERS_CODE_CHANGED, line)


def _unexpected(
    openings: Sequence[Line], role: str, hour: str, seals: Seals, now: datetime
) -> Iterator[Finding]:
    by_row: dict[str, list[tuple[str, Line]]] = defaultdict(list)
    for line in openings:
        if line.caller != role:
            yield Finding(Kind.BY_ANOTHER, line)
        elif matched := _OPENING.search(line.user_agent):
            by_row[matched[1]].append((matched[2], line))
        else:
            yield Finding(Kind.NOT_RECORDED, line)
    written = _written(set(by_row), hour, seals, now)
    for row, lines in by_row.items():
        attempts: set[str] = set()
        for attempt, line in lines:
            if row not in written or not _is_soon_after(written[row], line.at):
                yield Finding(Kind.NOT_RECORDED, line)
            elif attempt in attempts or len(attempts) == _ATTEMPTS:
                yield Finding(Kind.REPEATED, line)
            attempts.add(attempt)


def _is_refused(line: Line) -> bool:
    return bool(line.error) and not _FAILED_OTHERWISE.fullmatch(line.error)


def _is_soon_after(row: datetime, line: datetime) -> bool:
    return -_CLOCKS_DIFFER <= line - row <= _ROW_COUNTS_FOR


def _written(rows: set[str], hour: str, seals: Seals, now: datetime) -> dict[str, datetime]:
    """Return the times of these sealed audit rows, by their random ids.

    Only a row about a report, a request or an export counts: the others, such as that of a list,
    open nothing.
    A row is sealed within a minute, so mostly in the same hour; later if the stream lags.
    """
    found: dict[str, datetime] = {}
    each = hour_of(start_of(hour) - HOUR)
    while rows - found.keys() and each <= hour_of(now):
        for stored in seals.batches(each).values():
            batch = seals.batch(stored)
            for sealed in (batch.rows() if batch else None) or ():
                at, _, row = sealed.sk.rpartition("#")
                if row in rows and sealed.pk.startswith(_OPENED):
                    # A row that names no time is none of ours. It must not end the comparison.
                    with suppress(ValueError):
                        found[row] = times.parse(at)
        each = hour_after(each)
    return found
