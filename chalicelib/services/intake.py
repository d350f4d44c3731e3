"""Taking in a report: one write, after which it is durable, pending to the officers, and open to
whoever holds the receipt.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from chalicelib import errors
from chalicelib.domain import geo, outbox, times
from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.details import Details, validate_details
from chalicelib.domain.ids import Identity
from chalicelib.domain.media import Declared
from chalicelib.domain.outbox import OutboxTask, TaskKind
from chalicelib.domain.reports import (
    CLOCK_SKEW,
    Flag,
    Location,
    Medium,
    Report,
    Submission,
    initial_urgency,
)
from chalicelib.store.reports import Case, Reports
from chalicelib.store.table import Row

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CreatedReport:
    """A report in safe keeping. `awaited`: its media that are not up yet. `replayed`: the same call
    had been answered before.
    """

    report: Report
    receipt: str
    pending_uploads: tuple[Medium, ...]
    replayed: bool


class BulletinLookup(Protocol):
    """Tells whether a bulletin exists that a lead may answer."""

    def takes_leads(self, bulletin_id: str) -> bool: ...


def submit_report(
    submission: Submission,
    *,
    idempotency_key: str,
    identity: Identity,
    reports: Reports,
    bulletins: BulletinLookup,
    catalogue: Catalogue,
    now: datetime,
    source: str | None = None,
    record: Callable[[str], dict[str, Any]] | None = None,
) -> CreatedReport:
    """File a report under the identity that its Idempotency-Key gives it.

    The same call again, whenever and however often, answers with the same report. That comes before
    every rule that depends on state: a phone that lost its answer is never told that the category
    has closed since. `record` gives, for the report's id, an action that must happen with the
    writing of it.

    Raises Invalid, Conflict (`key_reused`, `category_not_active`), Gone (retention deleted it),
    Unavailable.
    """
    receipt = identity.receipt(idempotency_key)
    report_id = identity.report_id(receipt)
    body_hash = identity.fingerprint(_canonical(submission))
    try:
        details = _check(submission, catalogue, bulletins, now)
    except errors.Refused:
        existing = reports.head(report_id)
        if existing is None:
            raise
        return _replay(existing, receipt, body_hash, reports)

    report = _new_report(
        submission, details, report_id, identity.reference(report_id), body_hash, now, source
    )
    media = tuple(
        new_medium(declared, identity.media_id(report_id, "create", n), n, now)
        for n, declared in enumerate(submission.media)
    )
    existing = reports.create(
        report,
        task=outbox.notify(now),
        contact=submission.contact,
        media=[(medium, upload_check(now)) for medium in media],
        also=[record(report_id)] if record else (),
    )
    if existing is None or _is_this_very_write(existing, report):
        log.info(
            "report_received",
            extra={
                "category": report.category,
                "urgency": report.urgency.value,
                "media": len(media),
            },
        )
        return CreatedReport(report, receipt, media, replayed=False)
    return _replay(existing, receipt, body_hash, reports)


def new_medium(declared: Declared, media_id: str, position: int, now: datetime) -> Medium:
    return Medium(
        media_id=media_id,
        declared_type=declared.content_type,
        declared_size=declared.size,
        declared_sha256=declared.sha256,
        created_at=now,
        position=position,
    )


def upload_check(now: datetime) -> OutboxTask:
    """An event of S3 can be lost: the object itself is looked for later."""
    return OutboxTask(TaskKind.RECONCILE, now + outbox.UPLOAD_CHECK)


def pending_uploads(case: Case) -> tuple[Medium, ...]:
    """The media that are not up yet, as far as the row knows."""
    return tuple(medium for medium in case.media if medium.state == "awaiting")


def _canonical(submission: Submission) -> bytes:
    """One byte string for equal submissions: member order, white space and Unicode normal form do
    not count.
    """
    fields = submission.model_dump(mode="json", exclude_unset=True)
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _check(
    submission: Submission, catalogue: Catalogue, bulletins: BulletinLookup, now: datetime
) -> Details:
    """The answers in it. Raises Invalid or Conflict when this cannot be filed as a new report at
    this time.
    """
    wrong: list[errors.FieldError] = []
    details = None
    if submission.occurred_at and submission.occurred_at > now + CLOCK_SKEW:
        wrong.append(errors.FieldError("occurred_at", "too_far_ahead"))
    try:
        details = validate_details(submission.category, submission.details)
    except errors.Invalid as invalid:
        wrong += invalid.errors
    if not wrong and submission.bulletin_id and not bulletins.takes_leads(submission.bulletin_id):
        wrong.append(errors.FieldError("bulletin_id", "unknown_value"))
    if wrong or details is None:
        raise errors.Invalid(*wrong)
    if not catalogue.takes_reports(submission.category, now):
        raise errors.Conflict("category_not_active")
    return details


def _new_report(
    submission: Submission,
    details: Details,
    report_id: str,
    reference: str,
    body_hash: str,
    now: datetime,
    source: str | None,
) -> Report:
    place, district, station = _whereabouts(submission.location)
    flags = []
    if submission.occurred_at and submission.occurred_at > now:
        flags.append(Flag.CLOCK_SKEW)
    if district == geo.OUTSIDE:
        flags.append(Flag.OUTSIDE)
    return Report(
        id=report_id,
        reference=reference,
        category=submission.category,
        urgency=initial_urgency(submission.category, details.urgency),
        district=district,
        station=station,
        received_at=now,
        occurred_at=submission.occurred_at,
        body_hash=body_hash,
        text=submission.text,
        location=submission.location.model_dump(exclude_none=True) if submission.location else None,
        place={"lat": place[0], "lon": place[1]} if place else None,
        details=dict(details.values) or None,
        details_version=details.version if details.values else None,
        bulletin_id=submission.bulletin_id,
        source=source,
        flags=tuple(flags),
        media_total=len(submission.media),
        has_contact=submission.contact is not None,
    )


def _whereabouts(location: Location | None) -> tuple[tuple[float, float] | None, str, str | None]:
    """WGS-84 latitude and longitude, district code and police station of a location."""
    if location is None:
        return None, geo.UNKNOWN, None
    lat, lon = geo.to_wgs84(location.lat, location.lon, location.datum)
    return (lat, lon), geo.district_of(lat, lon), geo.station_of(lat, lon)


def _is_this_very_write(existing: Row, report: Report) -> bool:
    """The SDK repeats a call whose answer was lost, and then meets its own write: that is a
    creation, not a replay.
    """
    return bool(
        existing.get("body_hash") == report.body_hash
        and existing.get("received_at") == times.render(report.received_at)
    )


def _replay(existing: Row, receipt: str, body_hash: str, reports: Reports) -> CreatedReport:
    if existing.get("deleted_at"):
        raise errors.Gone
    report = Report.model_validate(existing)
    if report.body_hash != body_hash:
        raise errors.Conflict("key_reused")
    case = reports.view(report.id, consistent=True) if report.media_total else None
    return CreatedReport(report, receipt, pending_uploads(case) if case else (), replayed=True)
