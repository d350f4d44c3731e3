"""Taking in a report: one write, after which it is durable, its notice is pending, and it is open
to whoever holds the receipt.
"""

import json
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chalicelib import errors
from chalicelib.domain import geo, outbox
from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.details import Details, validate_details
from chalicelib.domain.media import MediaState
from chalicelib.domain.report_ids import ReportIds
from chalicelib.domain.reports import (
    CLOCK_SKEW,
    Flag,
    Location,
    Medium,
    OfficerSubmission,
    Report,
    Submission,
    initial_urgency,
)
from chalicelib.services.actor import OfficerActor, Reporter
from chalicelib.services.declarations import new_medium, upload_check
from chalicelib.store.audit import Action, of_report
from chalicelib.store.report_rows import Case, Head
from chalicelib.store.reports import Reports

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CreatedReport:
    """A report that is stored. `pending_uploads`: its media that are not up yet. `replayed`: the
    same call came before.
    """

    report: Report
    receipt: str
    pending_uploads: tuple[Medium, ...]
    replayed: bool


class BulletinLookup(Protocol):
    """Finds out whether a bulletin exists that a lead may name."""

    def takes_leads(self, bulletin_id: str) -> bool: ...


def create_report(
    submission: Submission,
    ids: ReportIds,
    *,
    actor: Reporter | OfficerActor,
    reports: Reports,
    bulletins: BulletinLookup,
    catalogue: Catalogue,
) -> CreatedReport:
    """Create the report of these ids; the same call again, however often, returns the same report.

    A replay comes before every rule that depends on state: a phone that lost its response never
    hears that the category has closed since. Of a report that an officer enters the record is
    written with it.

    Raises Invalid, Conflict (`key_reused`, `category_not_active`), Gone (retention deleted it),
    Unavailable.
    """
    body_hash = ids.fingerprint(_canonical(submission))
    try:
        details = _check(submission, catalogue, bulletins, actor.now)
    except errors.Refused:
        existing = reports.head(ids.report_id)
        if existing is None:
            raise
        return _replay(existing, ids.receipt, body_hash, reports)

    report = _new_report(submission, details, ids, body_hash, actor.now)
    media = tuple(
        new_medium(declared, ids.media_id(position), position, actor.now)
        for position, declared in enumerate(submission.media)
    )
    result = reports.create(
        report,
        task=outbox.notify(actor.now),
        contact=submission.contact,
        media=[(medium, upload_check(actor.now)) for medium in media],
        also=actor.log_items(of_report(report.id), Action.OPEN, {"entered_by": report.source}),
    )
    if not result.created:
        return _replay(result.head, ids.receipt, body_hash, reports)
    log.info(
        "report_received",
        extra={
            "category": report.category,
            "urgency": report.urgency.value,
            "media": len(media),
        },
    )
    return CreatedReport(report, ids.receipt, media, replayed=False)


def pending_uploads(case: Case) -> tuple[Medium, ...]:
    """Return the media that are not up yet, as far as their rows know."""
    return tuple(medium for medium in case.media if medium.state is MediaState.AWAITING)


def _canonical(submission: Submission) -> bytes:
    """Return one byte string for equal submissions.

    The order of members, white space and Unicode's normal form make no difference.
    """
    fields = submission.model_dump(mode="json", exclude_unset=True)
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _check(
    submission: Submission, catalogue: Catalogue, bulletins: BulletinLookup, now: datetime
) -> Details:
    """Return the checked answers of the form.

    Raises Invalid or Conflict when this cannot be a new report at this time.
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
    submission: Submission, details: Details, ids: ReportIds, body_hash: str, now: datetime
) -> Report:
    place, district, station = _whereabouts(submission.location)
    flags = []
    if submission.occurred_at and submission.occurred_at > now:
        flags.append(Flag.CLOCK_SKEW)
    if district == geo.OUTSIDE:
        flags.append(Flag.OUTSIDE)
    return Report(
        id=ids.report_id,
        reference=ids.reference,
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
        source=submission.source if isinstance(submission, OfficerSubmission) else None,
        flags=tuple(flags),
        media_total=len(submission.media),
        has_contact=submission.contact is not None,
    )


def _whereabouts(location: Location | None) -> tuple[tuple[float, float] | None, str, str | None]:
    """Return WGS-84 latitude and longitude, district code and police station of a location."""
    if location is None:
        return None, geo.UNKNOWN, None
    lat, lon = geo.to_wgs84(location.lat, location.lon, location.datum)
    return (lat, lon), geo.district_of(lat, lon), geo.station_of(lat, lon)


def _replay(existing: Head, receipt: str, body_hash: str, reports: Reports) -> CreatedReport:
    report = existing.report
    if report.body_hash != body_hash:
        raise errors.Conflict("key_reused")
    case = reports.view(report.id, consistent=True) if report.media_total else None
    return CreatedReport(report, receipt, pending_uploads(case) if case else (), replayed=True)
