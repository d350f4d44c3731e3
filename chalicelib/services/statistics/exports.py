"""Exports: an officer takes reports out of the service, alone or with a second person.

Each report is a recorded opening. An export is made in the officers' function, at once, because
nothing else may open a report (docs/adr/0038).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chalicelib.aws.table import retry_on_conflict
from chalicelib.domain.casework.query import ReportQuery
from chalicelib.domain.reports.entries import Message, Note
from chalicelib.domain.reports.media import refusal
from chalicelib.domain.reports.report import Medium, Status
from chalicelib.domain.statistics.exports import (
    LISTED_MAX,
    ORIGINALS_MAX_BYTES,
    ExportFilters,
    ListExport,
    PendingExport,
    ReportExport,
    made_alone,
    shares,
)
from chalicelib.kernel import errors
from chalicelib.kernel.files import derived_key, original_key, reduced_key
from chalicelib.kernel.ids import random_id
from chalicelib.kernel.sealing import PrivateKey, Unreadable
from chalicelib.services.casework.casework import OpenedCase
from chalicelib.services.casework.lists import ReportPage, list_reports
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.open_cases import OpenCase, open_case
from chalicelib.services.reports.scope import Desk, case_in_scope, require_not_withdrawn
from chalicelib.services.reports.sealed_rows import open_messages, open_notes
from chalicelib.services.statistics.custody import CourtZip, Custody, gather
from chalicelib.services.statistics.export_requests import (
    Sources,
    ask_for_export,
    is_exported,
    is_in_lists,
    open_words,
    visible_export,
)
from chalicelib.store.audit.rows import Action, Detail, about
from chalicelib.store.reports.reports import Reports
from chalicelib.store.reports.rows import ListedReport, ReadCase
from chalicelib.store.statistics.exports import ExportRequests


def may_export_alone(count: int, *, actor: OfficerActor, requests: ExportRequests) -> bool:
    """Return whether the officer may export so many more reports alone, and count them.

    They count from now on, also if the export fails: otherwise calls at the same time would not
    count each other. Raises Unavailable.
    """

    def count_them() -> bool:
        before = requests.made_alone(actor.by)
        after = made_alone(before, count, actor.now)
        if after is not None and count:
            requests.keep_made_alone(actor.by, before, after, actor.now)
        return after is not None

    return retry_on_conflict(count_them)


# How many pages of a list are read. A page may be short although it is not the last.
_MOST_PAGES = 2
# How many pages of messages, and of notes, are read of one report: 1,000 of each.
_MOST_ENTRY_PAGES = 20


class Original(NamedTuple):
    """An original of a report, or of a medium with a redaction the redacted picture in its place.

    `content` is None when it is left out, because it is too large, or in another zip of a file for
    a court: `part` is which one, None when it is too large for any.
    """

    medium: Medium
    content: bytes | None
    part: int | None = None

    @property
    def version(self) -> str | None:
        redaction = self.medium.redaction
        return redaction.version if redaction else self.medium.version_id


class ExportedCase(NamedTuple):
    """A report as it is exported. `has_earlier`: it has messages, notes or positions that are left
    out.
    """

    found: OpenedCase
    has_earlier: bool


class Export(NamedTuple):
    """Reports, and the originals of the one report if they were asked for. `custody` is what a file
    for a court has beside these, `reduced` the reduced pictures whose originals have not arrived.

    `skipped` are the ids of those that were listed, and are withdrawn or altered. What the officer
    does not see by now is not named: it may have moved to oversight.
    """

    id: str
    cases: tuple[ExportedCase, ...]
    originals: tuple[Original, ...]
    skipped: tuple[str, ...]
    custody: Custody | None = None
    reduced: tuple[tuple[Medium, bytes], ...] = ()


def begin_export(
    wanted: ReportExport | ListExport, *, actor: OfficerActor, sources: Sources
) -> Export | PendingExport:
    """Open all reports of an export, each with an audit record, and read the originals. When the
    officer has exported more in 24 hours than one may alone, and for a file for a court, open none:
    a second person must approve it, and is notified.

    Raises NotFound when the one report is unknown or out of scope, with a denial in the audit;
    Conflict: `withdrawn` or `expiring` for the one report, `redaction_not_ready` for one of its
    originals, `too_many_reports` for filters;
    Unavailable.
    """
    export_id = random_id(20)
    originals: bool | None = None
    filters: dict[str, str] | None = None
    zips: int | None = None
    if isinstance(wanted, ReportExport):
        case, originals = _exportable(wanted, actor, sources), wanted.originals or wanted.custody
        ids: tuple[str, ...] = (case.report.id,)
        places = {f"{case.report.category}/{case.report.district}"}
        if wanted.custody:
            zips = max(filter(None, _shares_of(case)), default=1)
        elif may_export_alone(1, actor=actor, requests=sources.requests):
            return _open_one(export_id, case, wanted, actor, sources)
    else:
        listed, is_all = _listed(wanted.filters, actor, sources)
        if not is_all:
            raise errors.Conflict("too_many_reports", most=str(LISTED_MAX))
        left = [each for each in listed if each.fields["status"] != Status.WITHDRAWN]
        ids, filters = tuple(each.id for each in left), wanted.filters.as_applied()
        places = {f"{each.category}/{each.district}" for each in left}
        if may_export_alone(len(ids), actor=actor, requests=sources.requests):
            every = [each.id for each in listed]
            return _open_many(export_id, every, wanted.reason, actor, sources)
    asked = PendingExport(
        id=export_id,
        by=actor.by,
        at=actor.now,
        count=len(ids),
        report_ids=ids,
        originals=originals,
        filters=filters,
        places=tuple(sorted(places)),
        custody=zips is not None,
        zips=zips,
    )
    return ask_for_export(asked, wanted.reason, actor=actor, sources=sources)


def open_part(
    export_id: str, part: int, given: str | None, *, actor: OfficerActor, sources: Sources
) -> Export:
    """Open the reports of one zip of an approved export, as `begin_export` does, for the reason
    that was approved. One of before has none: there it is the `given` one.

    What was withdrawn since is skipped, and what is out of the scope by now is left out. Raises
    NotFound, with a denial in the audit: also for an export of another officer, and for a zip that
    it does not have; Invalid without any reason; Conflict `not_approved`, `decided` (it was
    declined), and those of `begin_export` for one report.
    """
    pending = visible_export(export_id, actor=actor, requests=sources.requests)
    ids = pending.part(part) if pending.by == actor.by else ()
    if not ids:
        actor.log_own(Action.DENIED, {"export": pending.id})
        raise errors.NotFound
    if pending.approved_by is None:
        code = "decided" if pending.declined else "not_approved"
        actor.log_own(Action.DENIED, {"export": pending.id, "code": code})
        raise errors.Conflict(code)
    reason = open_words(pending, actor)[0] or given
    if reason is None:
        raise errors.Invalid(errors.FieldError("reason", "required"))
    if pending.originals is not None:
        wanted = ReportExport(report_id=ids[0], reason=reason, originals=pending.originals)
        case = _exportable(wanted, actor, sources)
        if pending.custody:
            return _open_custody(CourtZip(pending, part, reason), case, actor, sources)
        return _open_one(pending.id, case, wanted, actor, sources)
    return _open_many(pending.id, ids, reason, actor, sources)


def _exportable(wanted: ReportExport, actor: OfficerActor, sources: Sources) -> ReadCase:
    case = case_in_scope(wanted.report_id, desk=Desk(actor, sources.reports))
    require_not_withdrawn(case.head)
    if wanted.originals:
        _require_redacted(case)
    return case


def _open_one(
    export_id: str, case: ReadCase, wanted: ReportExport, actor: OfficerActor, sources: Sources
) -> Export:
    desk = Desk(actor, sources.reports)
    exported, _ = _with_all_entries(case, wanted.reason, {"export": export_id}, desk)
    export = Export(export_id, (exported,), (), ())
    if wanted.originals:
        originals = tuple(_read_originals(case, wanted.reason, export_id, actor, sources))
        reduced = tuple(_read_reduced(case, wanted.reason, export_id, actor, sources))
        export = export._replace(originals=originals, reduced=reduced)
    return _recorded(export, actor)


def _open_custody(made: CourtZip, case: ReadCase, actor: OfficerActor, sources: Sources) -> Export:
    """Open the report of a file for a court, and the originals of one zip. The history is read
    last, so that it has these openings.
    """
    export_id = made.pending.id
    detail = {"export": export_id, "custody": True}
    exported, key = _with_all_entries(case, made.reason, detail, Desk(actor, sources.reports))
    originals = _read_originals(case, made.reason, export_id, actor, sources, made.part)
    reduced = tuple(_read_reduced(case, made.reason, export_id, actor, sources))
    custody = gather(made, case, key, actor=actor, records=sources.records())
    return _recorded(Export(export_id, (exported,), tuple(originals), (), custody, reduced), actor)


def _shares_of(case: ReadCase) -> list[int | None]:
    """Return in which zip of a file for a court the original of each medium is. A redacted picture
    is small, and what has no original takes no place.
    """
    return shares(
        0 if each.redaction or each.version_id is None else each.size or each.declared_size
        for each in case.media
    )


def _open_many(
    export_id: str, ids: Sequence[str], reason: str, actor: OfficerActor, sources: Sources
) -> Export:
    cases: list[ExportedCase] = []
    skipped: list[str] = []
    for report_id in ids:
        case = sources.reports.case(report_id)
        if case is None or not is_in_lists(case.head, actor.officer):
            continue
        if not is_exported(case.head, actor.officer):
            skipped.append(report_id)
            continue
        try:
            key = actor.open(case.report, {"export": export_id}, {"reason": reason})
            opened = OpenedCase(open_case(case, key), restricted=False)
        except Unreadable:
            # It was altered, which is logged. The others can be read.
            skipped.append(report_id)
            continue
        cases.append(ExportedCase(opened, _has_earlier(case)))
    return _recorded(Export(export_id, tuple(cases), (), tuple(skipped)), actor)


def _recorded(export: Export, actor: OfficerActor) -> Export:
    originals = sum(each.content is not None for each in export.originals)
    count = {"count": len(export.cases), "originals": originals}
    actor.log_own(Action.LIST, {"export": export.id, **count})
    return export


@dataclass(frozen=True, slots=True)
class Counted:
    """How many reports an export would hold. `complete` is False when there are more than that, or
    more than could be looked at: no export is made of these.
    """

    count: int
    complete: bool


def count_export(filters: ExportFilters, *, actor: OfficerActor, sources: Sources) -> Counted:
    """Return how many reports an export of these filters would hold now, and write an audit record.
    Nothing is opened. Raises Invalid, Unavailable.
    """
    listed, is_all = _listed(filters, actor, sources)
    count = sum(each.fields["status"] != Status.WITHDRAWN for each in listed)
    return Counted(min(count, LISTED_MAX), is_all)


def _listed(
    filters: ExportFilters, actor: OfficerActor, sources: Sources
) -> tuple[list[ListedReport], bool]:
    """Return the reports that match, and whether these are all, and not too many."""
    found: list[ListedReport] = []
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        page = _page(filters.query(cursor), actor, sources)
        found += page.items
        cursor = page.next_cursor
        if len(found) > LISTED_MAX or cursor is None:
            break
    return found, len(found) <= LISTED_MAX and cursor is None


def _page(query: ReportQuery, actor: OfficerActor, sources: Sources) -> ReportPage:
    try:
        return list_reports(query, actor=actor, stores=sources.lists, is_shown=False)
    except errors.Invalid as invalid:
        raise errors.Invalid(
            *(each._replace(field=f"filters.{each.field}") for each in invalid.errors)
        ) from None


def _has_earlier(case: ReadCase) -> bool:
    earlier = (case.earlier_messages, case.earlier_notes, case.earlier_positions)
    return any(each is not None for each in earlier)


def _with_all_entries(
    case: ReadCase, reason: str, detail: Detail, desk: Desk
) -> tuple[ExportedCase, PrivateKey]:
    """Open a report with all its messages and notes, up to a thousand of each. Return its key,
    too.
    """
    key = desk.actor.open(case.report, detail, {"reason": reason})
    opened = open_case(case, key)
    messages, more_messages = _earlier_messages(case, key, desk.reports)
    notes, more_notes = _earlier_notes(case, key, desk.reports)
    whole: OpenCase = opened._replace(
        messages=(*messages, *opened.messages), notes=(*notes, *opened.notes)
    )
    more = more_messages or more_notes or case.earlier_positions is not None
    return ExportedCase(OpenedCase(whole, restricted=False), more), key


def _earlier_messages(
    case: ReadCase, key: PrivateKey, reports: Reports
) -> tuple[Sequence[Message], bool]:
    """Return the messages before those of `case`, oldest first, and whether there are more."""
    below, report_id = case.earlier_messages, case.report.id
    found: tuple[Message, ...] = ()
    for _ in range(_MOST_ENTRY_PAGES):
        if below is None:
            break
        page = reports.entries.messages(report_id, below=below)
        found = (*open_messages(report_id, page.items, key), *found)
        below = page.earlier
    return found, below is not None


def _earlier_notes(
    case: ReadCase, key: PrivateKey, reports: Reports
) -> tuple[Sequence[Note], bool]:
    below, report_id = case.earlier_notes, case.report.id
    found: tuple[Note, ...] = ()
    for _ in range(_MOST_ENTRY_PAGES):
        if below is None:
            break
        page = reports.entries.notes(report_id, below=below)
        found = (*open_notes(report_id, page.items, key), *found)
        below = page.earlier
    return found, below is not None


def _require_redacted(case: ReadCase) -> None:
    """Raise Conflict when a redaction of a medium has no picture: it may not leave without."""
    for medium in case.media:
        if code := refusal(medium.redaction, None):
            raise errors.Conflict(code)


def _read_originals(
    case: ReadCase,
    reason: str,
    export_id: str,
    actor: OfficerActor,
    sources: Sources,
    part: int | None = None,
) -> list[Original]:
    """Read the originals, each after an audit record of its own. What is too large is left out. Of
    a medium with a redaction, the redacted picture leaves in place of the original. With `part`,
    read those of this zip of a file for a court alone.
    """
    found: list[Original] = []
    left = ORIGINALS_MAX_BYTES
    for medium, share in zip(case.media, _shares_of(case), strict=True):
        if medium.version_id is None:
            continue
        if part not in (None, share):
            found.append(Original(medium, None, share))
            continue
        if redaction := medium.redaction:
            key = derived_key(case.report.id, medium.media_id, "redacted.jpg")
            found.append(Original(medium, sources.bucket.read(key, redaction.version), share))
            continue
        size = medium.size or medium.declared_size
        if size > left:
            found.append(Original(medium, None, share))
            continue
        left -= size
        detail = {"media_id": medium.media_id, "export": export_id}
        actor.log(about(case.report), Action.ORIGINAL, detail, {"reason": reason})
        key = original_key(case.report.id, medium.media_id)
        found.append(Original(medium, sources.bucket.read(key, medium.version_id), share))
    return found


def _read_reduced(
    case: ReadCase, reason: str, export_id: str, actor: OfficerActor, sources: Sources
) -> Iterator[tuple[Medium, bytes]]:
    """Read the reduced pictures whose originals have not arrived, each after an audit record."""
    for medium in case.media:
        if medium.reduced_version is None or medium.version_id is not None:
            continue
        detail = {"media_id": medium.media_id, "export": export_id}
        actor.log(about(case.report), Action.ORIGINAL, detail, {"reason": reason})
        key = reduced_key(case.report.id, medium.media_id)
        yield medium, sources.bucket.read(key, medium.reduced_version)
