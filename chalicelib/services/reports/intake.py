"""Intake of reports: check a submission and store it.

One write stores the report, its media and the task to notify officers. After that write, the
receipt opens the report. An officer enters a report for a caller in the same way. A resident's call
loads nothing of officers' actors.
"""

import json
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from pydantic import BaseModel

from chalicelib.aws.table import ConditionFailed
from chalicelib.aws.writes import TransactItem
from chalicelib.domain.catalogue.attachments import MAX_BYTES_PER_REPORT, MAX_MEDIA_PER_CALL
from chalicelib.domain.catalogue.learnt import labels_of
from chalicelib.domain.catalogue.model import Catalogue, Urgency
from chalicelib.domain.reports import workflow
from chalicelib.domain.reports.details import Details, check_forms, initial_urgency
from chalicelib.domain.reports.events import NoticeKind
from chalicelib.domain.reports.incidents import PublicDayKey
from chalicelib.domain.reports.media import MediaState
from chalicelib.domain.reports.receipts import ReportIds
from chalicelib.domain.reports.report import (
    CLOCK_SKEW,
    DRILL,
    Contact,
    Content,
    Flag,
    Location,
    Medium,
    OfficerSubmission,
    Report,
    ReportContent,
    Status,
    Submission,
    for_oversight,
)
from chalicelib.kernel import errors, geo
from chalicelib.kernel.outbox import notify
from chalicelib.services.flood.gate import Admitted
from chalicelib.services.reports.entries import refuse_receipts
from chalicelib.services.reports.sealed_rows import seal_contact, seal_content, sketch_report
from chalicelib.services.reports.uploads import new_medium, upload_check
from chalicelib.store.audit.rows import Action, Detail, Subject, of_report
from chalicelib.store.reports.contacts import Contacts
from chalicelib.store.reports.reports import Reports
from chalicelib.store.reports.rows import Case, Head

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.domain.catalogue.model import Category
    from chalicelib.services.officers import OfficerActor

log = logging.getLogger(__name__)


class Reporter(NamedTuple):
    """A resident. Nothing identifies them."""

    now: datetime

    def log_items(
        self, subject: Subject, action: Action, detail: Detail | None = None
    ) -> list[TransactItem]:
        """Return no records: reporters are not audited."""
        return []


_TRIES = 3
# A phone that works on a challenge is done by then.
_PROMPT = timedelta(minutes=5)
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class CreatedReport(NamedTuple):
    """A stored report, with its receipt.

    `pending_uploads` are the media of the call that are not uploaded yet. `replayed` is True when
    an earlier call created the report.
    """

    report: Report
    receipt: str
    pending_uploads: tuple[Medium, ...]
    replayed: bool


class BulletinLookup(Protocol):
    """The check of intake whether a report may name a bulletin."""

    def takes_leads(self, bulletin_id: str) -> bool: ...


class Intake(NamedTuple):
    """The collaborators of intake. `catalogue` is the current one.

    `day_key` seals the sketches of this day's reports; None while it is not known.
    """

    reports: Reports
    contacts: Contacts
    bulletins: BulletinLookup
    catalogue: Catalogue
    day_key: PublicDayKey | None = None


def create_report(
    submission: Submission | OfficerSubmission,
    ids: ReportIds,
    *,
    actor: "Reporter | OfficerActor",
    intake: Intake,
    admit: "Callable[[Category, Urgency, bool], Admitted] | None" = None,
    is_paid: bool = False,
) -> CreatedReport:
    """Create the report with these ids. Repeated, the call returns the same report.

    A submission that breaks a rule is refused only if its report does not exist yet. So a phone
    that lost the first response still gets it, even if the category has closed since, or a flood
    has begun. For a report that an officer enters, the audit record is part of the same write.

    `admit` returns how a report of this category and urgency is accepted (True: a drill), or
    refuses it.
    `is_paid`: the call has a proof. Then what exists already is read first, and counted once.

    What the report says, and the contact, are sealed here: from now on only the receipt opens them,
    or an officer with an audit record.

    Raises Invalid, KeyReused, Conflict (`category_not_active`, `oversight_not_offered`), Gone
    (deleted by retention), Unavailable, and what `admit` raises.
    """
    body_hash = ids.fingerprint(_canonical(submission))
    try:
        details = _check(submission, intake.catalogue, intake.bulletins, actor.now)
        category = intake.catalogue.category(submission.category)
        # Before it is counted: what leaves no report must tell nothing of its source's others.
        refuse_receipts(submission, details, ids, intake.reports)
        known = intake.reports.head(ids.report_id) if is_paid else None
        if known and not known.report.unproven:
            # A proof is one turn of its source, however often it is sent.
            return _replay(known, ids, body_hash, intake.reports)
        urgency = initial_urgency(category, details.urgency)
        is_drill = submission.source == DRILL
        admitted = admit(category, urgency, is_drill) if admit else Admitted()
    except errors.Refused:
        existing = intake.reports.head(ids.report_id)
        if existing is None:
            raise
        return _replay(existing, ids, body_hash, intake.reports)
    if known:
        return _replay_paid(known, ids, body_hash, intake.reports, admitted, actor.now)

    report, content = _new_report(submission, category, details, ids, body_hash, actor.now)
    judged: dict[str, Any] = {
        "unproven": admitted.unproven,
        "in_burst": admitted.in_burst,
        "turn": admitted.turn if category.never_limited or report.is_urgent else None,
        "uncounted": not admitted.counts,
        "deadline": intake.catalogue.category(report.category).deadline(report.urgency),
        "shadow": intake.catalogue.is_shadow(report.category, actor.now),
    }
    if not report.is_drill:
        judged |= ids.commitments()
        if not report.concerns_police:
            judged["sealed_sketch"] = sketch_report(report.id, content, intake.day_key)
    report = report.model_copy(update=judged)
    media = tuple(
        new_medium(declared, report.media_prefix + ids.media_id(position), position, actor.now)
        for position, declared in enumerate(submission.media)
    )
    result = intake.reports.create(
        report,
        task=workflow.first_task(report),
        media=[(medium, upload_check(actor.now)) for medium in media],
        also=[
            *_contact_items(submission.contact, ids, intake.contacts),
            *actor.log_items(of_report(report.id), Action.OPEN, {"entered_by": report.source}),
            *_notice_of_drill(report, intake.reports),
        ],
    )
    if not result.created:
        return _replay_paid(result.head, ids, body_hash, intake.reports, admitted, actor.now)
    if not report.concerns_police:
        log.info(
            "drill_received" if report.is_drill else "report_received",
            extra={
                "category": report.category,
                "urgency": report.urgency.value,
                "media": len(media),
            },
        )
    return CreatedReport(report, ids.receipt, media, replayed=False)


def _notice_of_drill(report: Report, reports: Reports) -> list[TransactItem]:
    """Return the write of a drill's notice: the task of its HEAD is its deletion. It waits behind
    all that is critical, and goes only to officers who have asked for drills.
    """
    if not report.is_drill:
        return []
    now = report.received_at
    return [reports.event(report.id, NoticeKind.REPORT, now=now, task=notify(now))]


def _canonical(submission: ReportContent) -> bytes:
    """Return the same bytes for equal submissions.

    The order of members, white space and the Unicode form of the sent JSON make no difference.
    """
    fields = submission.model_dump(mode="json", exclude_unset=True)
    return _CANONICAL.encode(fields).encode()


def _check(
    submission: ReportContent, catalogue: Catalogue, bulletins: BulletinLookup, now: datetime
) -> Details:
    """Check a submission and return its validated answers.

    Raises Invalid when fields are wrong, Conflict `category_not_active` when the category accepts
    no reports now, and `oversight_not_offered` when nobody would read one about the police.
    """
    wrong: list[errors.FieldError] = []
    details = None
    if submission.occurred_at and submission.occurred_at > now + CLOCK_SKEW:
        wrong.append(errors.FieldError("occurred_at", "too_far_ahead"))
    if sum(each.size for each in submission.media) > MAX_BYTES_PER_REPORT:
        limit = (("max_bytes", str(MAX_BYTES_PER_REPORT)),)
        wrong.append(errors.FieldError("media", "too_large_together", limit))
    try:
        details = check_forms(catalogue.category(submission.category).forms(), submission.details)
    except errors.Invalid as invalid:
        wrong += invalid.errors
    if not wrong and submission.bulletin_id and not bulletins.takes_leads(submission.bulletin_id):
        wrong.append(errors.FieldError("bulletin_id", "unknown_value"))
    if wrong or details is None:
        raise errors.Invalid(*wrong)
    if not catalogue.takes_reports(submission.category, now):
        raise errors.Conflict("category_not_active")
    if submission.concerns_police and not catalogue.offers_oversight:
        raise errors.Conflict("oversight_not_offered")
    return details


def _new_report(
    submission: Submission | OfficerSubmission,
    category: "Category",
    details: Details,
    ids: ReportIds,
    body_hash: str,
    now: datetime,
) -> tuple[Report, Content]:
    """Return the report as it is stored, and what it says in clear."""
    place, district, station = _whereabouts(submission.location)
    flags = []
    if submission.occurred_at and submission.occurred_at > now:
        flags.append(Flag.CLOCK_SKEW)
    if district == geo.OUTSIDE:
        flags.append(Flag.OUTSIDE)
    key, wrapped = ids.content_key()
    made = {
        "place": {"lat": place[0], "lon": place[1]} if place else None,
        "details": dict(details.values) or None,
        "details_version": details.version if details.values else None,
    }
    content = Content(**_copied(submission, Content) | made)
    report = Report(
        **_copied(submission, Report),
        id=ids.report_id,
        reference=ids.reference,
        urgency=initial_urgency(category, details.urgency),
        category_labels=labels_of(category.code),
        district=district,
        station=station,
        received_at=now,
        body_hash=body_hash,
        public_key=key.public,
        wrapped_key=wrapped.wrapped,
        wrapping_key=wrapped.arn,
        sealed=b"",
        flags=tuple(flags),
        media_total=len(submission.media),
        has_contact=submission.contact is not None,
    )
    if submission.concerns_police:
        report, content = for_oversight(report, content)
    sealed = seal_content(report.id, key.public, content)
    return report.model_copy(update={"sealed": sealed}), content


def _copied(submission: ReportContent, stored: type[BaseModel]) -> dict[str, Any]:
    """Return the fields of a submission that a model of what is stored has, too."""
    return {
        name: value.model_dump(exclude_none=True) if isinstance(value, BaseModel) else value
        for name, value in submission
        if name in stored.model_fields
    }


def _contact_items(
    contact: Contact | None, ids: ReportIds, contacts: Contacts
) -> list[TransactItem]:
    if contact is None:
        return []
    key, wrapped = ids.contact_key()
    sealed = seal_contact(ids.report_id, contact, key, wrapped)
    return [contacts.put_item(ids.report_id, sealed)]


def _whereabouts(location: Location | None) -> tuple[tuple[float, float] | None, str, str | None]:
    """Return a location's (latitude, longitude) in WGS-84, its district and its police station."""
    if location is None:
        return None, geo.UNKNOWN, None
    lat, lon = geo.to_wgs84(location.lat, location.lon, location.datum)
    station = geo.station_of(lat, lon, location.accuracy_m)
    return (lat, lon), geo.district_of(lat, lon), station


def _replay(existing: Head, ids: ReportIds, body_hash: str, reports: Reports) -> CreatedReport:
    """Return the existing report. Raises KeyReused when it has other content.

    A withdrawn report has no fingerprint left to compare.
    """
    report = existing.report
    if report.body_hash is not None and report.body_hash != body_hash:
        raise errors.KeyReused
    case = reports.with_media(report.id, consistent=True) if report.media_total else None
    return CreatedReport(report, ids.receipt, _pending(case, ids) if case else (), replayed=True)


def _pending(case: Case, ids: ReportIds) -> tuple[Medium, ...]:
    """Return the media of the call that created a report which are not uploaded yet; none of one
    that was withdrawn.
    """
    if case.report.status is Status.WITHDRAWN:
        return ()
    own = {ids.media_id(position) for position in range(MAX_MEDIA_PER_CALL)}
    return tuple(
        medium
        for medium in case.media
        if medium.state is MediaState.AWAITING and medium.media_id.rpartition("-")[2] in own
    )


def _replay_paid(
    head: Head, ids: ReportIds, body_hash: str, reports: Reports, admitted: Admitted, now: datetime
) -> CreatedReport:
    """Return the existing report, as `_replay`. A proof that came later gives an unproven one its
    place before all unproven ones.

    After `_PROMPT` that is behind every source's first report: it stands there by when it was
    received, and would overtake those that came meanwhile.

    The publisher often changes the report at the same time. When it goes on so, the report stays
    unproven, and the app can try again.
    """
    replayed = _replay(head, ids, body_hash, reports)
    if not admitted.proven:
        return replayed
    turn = admitted.turn
    if turn is not None and now > head.report.received_at + _PROMPT:
        turn = max(turn, 1)
    for _ in range(_TRIES):
        if not head.report.unproven or head.report.body_hash is None:
            return replayed._replace(report=head.report)
        try:
            return replayed._replace(report=reports.attention.prove(head, turn, now))
        except ConditionFailed:
            head = reports.head(head.report.id) or head
    return replayed


def enter_report(
    submission: OfficerSubmission, ids: ReportIds, *, actor: "OfficerActor", intake: Intake
) -> CreatedReport:
    """Create a report for a caller, with an audit record, also when the call is repeated.

    Raises the errors of `intake.create_report`.
    """
    created = create_report(submission, ids, actor=actor, intake=intake)
    if created.replayed:
        detail = {"entered_by": submission.source, "replayed": True}
        actor.log(of_report(created.report.id), Action.OPEN, detail)
    return created
