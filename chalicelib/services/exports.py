"""Exports: an officer takes reports out of the service, each by a recorded opening.

It is done in the officers' function, at once, because nothing else may open a report
(docs/adr/0038).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from chalicelib import errors
from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.exports import ORIGINALS_MAX_BYTES, REPORTS_MAX, ExportFilters, ExportRequest
from chalicelib.domain.ids import random_id
from chalicelib.domain.media import original_key
from chalicelib.domain.messages import Message, Note
from chalicelib.domain.paging import Cursors
from chalicelib.domain.reports import Medium, Status
from chalicelib.domain.sealing import PrivateKey
from chalicelib.services.actor import OfficerActor
from chalicelib.services.casework import OpenedCase, case_in_scope, require_not_expiring
from chalicelib.services.lists import list_reports
from chalicelib.services.sealed_rows import OpenCase, open_case, open_messages, open_notes
from chalicelib.store.audit import Action, about
from chalicelib.store.listing import Listing
from chalicelib.store.report_rows import ReadCase
from chalicelib.store.reports import Reports

if TYPE_CHECKING:
    from chalicelib.media.bucket import MediaBucket

# How many pages of a list are read. A page may be short although it is not the last.
_MOST_PAGES = 10
# How many pages of messages, and of notes, are read of one report: 1,000 of each.
_MOST_ENTRY_PAGES = 20


class Sources(NamedTuple):
    """What an export is made from."""

    reports: Reports
    listing: Listing
    cursors: Cursors
    catalogue: Catalogue
    bucket: "MediaBucket"


class Original(NamedTuple):
    """An original of a report. `content` is None when it is left out, because it is too large."""

    medium: Medium
    content: bytes | None


class ExportedCase(NamedTuple):
    """A report as it is exported. `has_earlier`: it has messages or notes that are left out."""

    found: OpenedCase
    has_earlier: bool


class Export(NamedTuple):
    """Reports, and the originals of the one report if they were asked for.

    `skipped` are the ids of those that were listed, and then withdrawn or moved out of the scope.
    """

    id: str
    cases: tuple[ExportedCase, ...]
    originals: tuple[Original, ...]
    skipped: tuple[str, ...]


def open_export(wanted: ExportRequest, *, actor: OfficerActor, sources: Sources) -> Export:
    """Open all reports of an export, each with an audit record, and read the originals.

    Raises NotFound when the one report is unknown or out of scope, with a denial in the audit;
    Conflict: `withdrawn` or `expiring` for the one report, `too_many_reports` for filters;
    Unavailable.
    """
    export_id = random_id(20)
    detail = {"export": export_id}
    originals: tuple[Original, ...] = ()
    skipped: list[str] = []
    if wanted.report_id:
        case = case_in_scope(wanted.report_id, actor=actor, reports=sources.reports)
        require_not_expiring(case.head)
        if case.report.status is Status.WITHDRAWN:
            raise errors.Conflict("withdrawn")
        cases = [_with_all_entries(case, wanted.reason, export_id, actor, sources.reports)]
        if wanted.originals:
            originals = tuple(_read_originals(case, wanted.reason, export_id, actor, sources))
    else:
        cases = []
        for report_id in _listed(wanted.filters or ExportFilters(), actor, sources):
            listed = sources.reports.case(report_id)
            if listed is None or not _is_exported(listed, actor):
                skipped.append(report_id)
                continue
            key = actor.open(listed.report, detail, {"reason": wanted.reason})
            opened = OpenedCase(open_case(listed, key), restricted=False)
            cases.append(ExportedCase(opened, _has_earlier(listed)))
    count = {"count": len(cases), "originals": sum(each.content is not None for each in originals)}
    actor.log_own(Action.LIST, {**detail, **count})
    return Export(export_id, tuple(cases), originals, tuple(skipped))


def _listed(filters: ExportFilters, actor: OfficerActor, sources: Sources) -> list[str]:
    """Return the ids of the reports that match. Raises Conflict `too_many_reports`."""
    found: list[str] = []
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        page = list_reports(
            filters.query(cursor),
            actor=actor,
            listing=sources.listing,
            cursors=sources.cursors,
            catalogue=sources.catalogue,
        )
        found += [each.id for each in page.items]
        cursor = page.next_cursor
        if len(found) > REPORTS_MAX or cursor is None:
            break
    if len(found) > REPORTS_MAX or cursor is not None:
        raise errors.Conflict("too_many_reports", most=str(REPORTS_MAX))
    return found


def _is_exported(case: ReadCase, actor: OfficerActor) -> bool:
    head, report = case.head, case.report
    ended = head.is_expiring or report.status is Status.WITHDRAWN
    return not ended and actor.officer.sees(report.category, report.district)


def _has_earlier(case: ReadCase) -> bool:
    return case.earlier_messages is not None or case.earlier_notes is not None


def _with_all_entries(
    case: ReadCase, reason: str, export_id: str, actor: OfficerActor, reports: Reports
) -> ExportedCase:
    """Open a report with all its messages and notes, up to a thousand of each."""
    key = actor.open(case.report, {"export": export_id}, {"reason": reason})
    opened = open_case(case, key)
    messages, more_messages = _earlier_messages(case, key, reports)
    notes, more_notes = _earlier_notes(case, key, reports)
    whole: OpenCase = opened._replace(
        messages=(*messages, *opened.messages), notes=(*notes, *opened.notes)
    )
    return ExportedCase(OpenedCase(whole, restricted=False), more_messages or more_notes)


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


def _read_originals(
    case: ReadCase, reason: str, export_id: str, actor: OfficerActor, sources: Sources
) -> list[Original]:
    """Read the originals, each after an audit record of its own. What is too large is left out."""
    found: list[Original] = []
    left = ORIGINALS_MAX_BYTES
    for medium in case.media:
        if medium.version_id is None:
            continue
        size = medium.size or medium.declared_size
        if size > left:
            found.append(Original(medium, None))
            continue
        left -= size
        detail = {"media_id": medium.media_id, "export": export_id}
        actor.log(about(case.report), Action.ORIGINAL, detail, {"reason": reason})
        key = original_key(case.report.id, medium.media_id)
        found.append(Original(medium, sources.bucket.read(key, medium.version_id)))
    return found
