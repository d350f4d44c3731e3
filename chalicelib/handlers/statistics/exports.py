"""Officers' routes of exports: reports as a zip that is for download for five minutes."""

import json
import re
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from chalicelib import wiring
from chalicelib.domain.audit.seals import sha256
from chalicelib.domain.officers.model import CASEWORKERS
from chalicelib.domain.reports.report import Medium, Status
from chalicelib.domain.reports.workflow import Reason
from chalicelib.domain.statistics.exports import (
    COLUMNS,
    LISTED_MAX,
    ExportRequest,
    PendingExport,
    ToCount,
    zip_of,
)
from chalicelib.domain.statistics.tables import tables_of
from chalicelib.handlers.casework.report_views import ReportView
from chalicelib.handlers.reports.views import seen_type
from chalicelib.handlers.statistics.custody import custody_files, reduced_name
from chalicelib.http.requests import Call, Header
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.http.shapes import Category, District, Shape, Tag, Timestamp
from chalicelib.kernel import errors, models, times
from chalicelib.kernel.models import Input, NotNull, Query, left_out
from chalicelib.services.casework.duplicates import Related
from chalicelib.services.reports.entries import EntryCursors
from chalicelib.services.statistics import export_requests, exports
from chalicelib.services.statistics.custody import Records, signature_of_zip
from chalicelib.services.statistics.export_requests import OpenExport, ShownExport, Sources
from chalicelib.services.statistics.exports import Export, ExportedCase
from chalicelib.store.audit.rows import Action
from chalicelib.store.statistics.exports import LIFE_S

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)

# What of an opened report leads on into the service, and has no meaning outside of it.
_INSIDE = (
    *("messages_cursor", "notes_cursor", "positions_cursor"),
    *("similar", "original", "duplicates", "open_duplicates"),
)
_PART = re.compile(r"[1-9][0-9]?", re.ASCII)
_INSIDE_MEDIA = ("thumbnail_url", "preview_url", "playback_url", "clip_url", "no_clip")
_ENDINGS = {
    "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/heic": "heic",
    "video/mp4": "mp4", "video/quicktime": "mov", "video/3gpp": "3gp",
    "audio/mp4": "m4a", "audio/3gpp": "3gp", "audio/amr": "amr",
    "audio/mpeg": "mp3", "audio/wav": "wav", "audio/ogg": "ogg", "audio/webm": "webm",
}  # fmt: skip


class ExportView(Shape):
    """An export, or one zip of a large one. The address of the zip works until `expires_at`.

    `count` is the number of reports. `originals` is the number of originals in the zip, and
    `left_out` of those that are too large for it, or in another zip of a file for a court. With the
    state `awaits_approval` there is no zip yet: another officer must approve the export, and then
    it has `parts` zips. `signature_url` is that of the detached signature of a file for a court.
    """

    id: str
    state: Literal["made", "awaits_approval"]
    url: str | None
    expires_at: Timestamp | None
    count: int
    parts: int
    originals: int
    left_out: int
    signature_url: Annotated[str | None, NotNull()] = models.left_out()

    @classmethod
    def waiting(cls, pending: PendingExport) -> Self:
        return cls(
            id=pending.id,
            state="awaits_approval",
            url=None,
            expires_at=None,
            count=pending.count,
            parts=pending.parts,
            originals=0,
            left_out=0,
        )


class ExportCount(Shape):
    """How many reports an export would hold. `complete` is false when there are more."""

    count: int
    complete: bool


class AppliedFilters(Shape):
    """The filters that an export was asked for by; null are those that it has not."""

    category: Category | None = None
    status: Status | None = None
    district: District | None = None
    assignee: str | None = None
    since: Timestamp | None = None
    until: Timestamp | None = None


class AskedReport(Shape):
    """A report that an export is of."""

    id: str
    reference: str


class DeclinedExportView(Shape):
    """Who has declined an export, when and why. Who asked for it can take it back so."""

    by: str
    at: Timestamp
    reason: Annotated[str | None, NotNull()] = left_out()


class PendingExportView(Shape):
    """An export that takes two officers. It has `parts` zips, each of at most 50 reports, when
    another officer has approved it, until `ends_at`. `count` is how many reports it has: of those
    that were asked for, or read by who approved it, what both you and who asked may export now.
    `custody`: it is a file for a court. `declined` is by whom and when, if it was.
    """

    id: str
    by: str
    at: Timestamp
    count: int
    parts: int
    approved_by: str | None
    declined: DeclinedExportView | None
    custody: bool
    ends_at: Timestamp

    @classmethod
    def shown(cls, shown: ShownExport, **more: Any) -> Self:
        count, parts = len(shown.report_ids), shown.parts
        return cls.of(shown.asked, count=count, parts=parts, ends_at=shown.asked.ends_at, **more)


class OpenExportView(PendingExportView):
    """An opened export, with all that was asked: why (`reason`), by which `filters` (null: one
    report, with its `originals` or without them), and each of its `reports`. `report_id` is the one
    of a file for a court. `tag` is what the approval takes.

    An export that was asked for in release 0.2.0rc1 has no reason and no tag: nobody approves what
    cannot be read. Decline it, or let it expire.
    """

    reason: str | None
    filters: AppliedFilters | None
    originals: bool
    reports: list[AskedReport]
    report_id: Annotated[str | None, NotNull()] = left_out()
    tag: Tag = left_out()

    @classmethod
    def opened(cls, opened: OpenExport) -> Self:
        asked, report_ids = opened.shown.asked, opened.shown.report_ids
        declined = asked.declined
        named = [AskedReport(id=each, reference=_reference(each)) for each in report_ids]
        return cls.shown(
            opened.shown,
            declined=declined and DeclinedExportView.of(declined, reason=opened.refusal),
            reason=opened.reason,
            filters=None if asked.filters is None else AppliedFilters(**asked.filters),
            originals=bool(asked.originals),
            reports=named,
            report_id=report_ids[0] if asked.custody and report_ids else None,
            tag=opened.tag,
        )


class PendingExports(Shape):
    """Exports that take two officers, newest first. `complete` is false when there are earlier ones
    that were not looked at.
    """

    items: list[PendingExportView]
    complete: bool


class ExportsQuery(Query):
    state: Literal["awaits_approval"] | None = Field(
        default=None, description="`awaits_approval`: only exports that nobody has approved yet."
    )


class PartReason(Input):
    """Nothing: the reason that was approved goes on record for each report. `reason` counts alone
    for an export that was approved in release 0.2.0rc1, and has none.
    """

    reason: Reason | None = None


class ExportRefusal(Input):
    """Why an export is declined. Who asked for it reads it."""

    reason: Reason


@routes.post(
    "/v1/officer/exports",
    body=ExportRequest,
    returns={201: ExportView, 202: ExportView},
    raises=(
        errors.NotFound,
        "withdrawn",
        "expiring",
        "redaction_not_ready",
        errors.Conflict("too_many_reports", most=str(LISTED_MAX)),
    ),
)
def export_reports(call: Call) -> Response:
    """Export reports.

    Makes a zip of one report, or of those that match filters and are in the officer's scope.
    Returns an address from which it can be downloaded for five minutes. Each report in it counts as
    an opening, and the reason is on record for each.

    More than 50 reports, up to 250, take two officers; so does any export with which you would have
    exported more than 50 in 24 hours alone. Then nothing is opened, and the response is 202: when
    another officer has read the reason, the filters and the references, and approved exactly these,
    make the zips by `POST …/parts/{part}`.

    The zip has `reports.xlsx`, a row for each report, and the same for programs as `reports.csv`;
    `reports/<reference>.json`, each report as it is when opened, without addresses of pictures; and
    `export.json`, which says who exported what. In the CSV a text is one line, with `；` for `;`,
    and an apostrophe before what a spreadsheet would take for a formula. A cell has up to 32,767
    characters. Of one report, all messages and notes are in it, up to 1,000 of each; of several,
    the latest 50. Contacts are never in it.

    `originals` adds the files as they were sent, up to 50 MiB together; each counts as opening an
    original. Of a medium with a redaction it is the redacted picture, in `redacted/`; 409
    `redaction_not_ready` means that this is still being made, or has failed. What is larger is left
    out, and can be opened by itself.

    `custody` makes a file for a court of one report, with its originals. It always takes two
    officers. Beside the rest it has `custody.json` and `custody.html`, a page to print: every
    opening and step on record, and the signed seals and leaves that show without this service that
    nothing was changed since. Its zips are signed; keep each with what `signature_url` is of.
    Those who receive it check it with `examples/verify_custody.py`. Withdrawn reports are left
    out; asking for one is 409 `withdrawn`. 409 `too_many_reports` means that more than 250 match:
    choose narrower filters.
    """
    made = exports.begin_export(call.body.root, actor=call.actor, sources=_sources())
    if isinstance(made, PendingExport):
        return Response(ExportView.waiting(made), status=202)
    return Response(_stored(made, made.id, call), status=201)


@routes.post("/v1/officer/exports/count", body=ToCount, returns={200: ExportCount})
def count_export(call: Call) -> Response:
    """Count what an export would hold.

    Returns how many reports match the filters now, are in the officer's scope, and are not
    withdrawn. No report is opened. `complete` is false when there are more than one export may
    hold, 250, or more than could be looked at: then `count` is the least that there are, and an
    export would be 409 `too_many_reports`. Narrow the filters, by time for instance.
    """
    counted = exports.count_export(call.body.filters, actor=call.actor, sources=_sources())
    return Response(ExportCount.model_validate(counted))


@routes.get("/v1/officer/exports", query=ExportsQuery, returns=PendingExports)
def list_exports(call: Call) -> Response:
    """List exports that take two officers.

    Those of the last two days that the officer has asked for, or that have only reports in their
    scope. Approve those of others; make the zips of your own once they are approved.
    """
    found, more = export_requests.list_exports(
        awaiting=call.query.state is not None, actor=call.actor, sources=_sources()
    )
    items = [PendingExportView.shown(each) for each in found]
    return Response(PendingExports(items=items, complete=not more))


@routes.get("/v1/officer/exports/{export_id}", returns=OpenExportView)
def read_export(call: Call) -> Response:
    """Read an export that takes two officers.

    For the officer who asked for it, and for those with all of its reports in their scope. It shows
    why it is asked for, by which filters, and each report that it has. What was withdrawn or
    deleted, or has left your scope or that of who asked, is no longer among them. Each reading is
    on record, and gives the `tag` for its approval.
    """
    opened = export_requests.read_export(
        call.path["export_id"], actor=call.actor, sources=_sources()
    )
    return Response(OpenExportView.opened(opened))


@routes.post(
    "/v1/officer/exports/{export_id}/approve",
    headers=(Header.TAG,),
    returns={200: PendingExportView},
    raises=("decided",),
)
def approve_export(call: Call) -> Response:
    """Approve an export.

    By another officer than the one who asked for it, with all of its reports in their scope. Read
    it, and send its `tag` as `If-Match`; 412 means that it has other reports by now. It holds for
    exactly the reports that you have read, until two days after it was asked for.
    """
    shown = export_requests.approve_export(
        call.path["export_id"], call.tag, actor=call.actor, sources=_sources()
    )
    return Response(PendingExportView.shown(shown))


@routes.post(
    "/v1/officer/exports/{export_id}/decline",
    body=ExportRefusal,
    returns={204: None},
    raises=("decided",),
)
def decline_export(call: Call) -> Response:
    """Decline an export.

    Ends what another officer has asked for, with a reason, which they read in it for two more days.
    They are notified. Who asked takes their own back so. Repeating the call changes nothing.
    """
    export_requests.decline_export(
        call.path["export_id"], call.body.reason, actor=call.actor, sources=_sources()
    )
    return Response()


@routes.post(
    "/v1/officer/exports/{export_id}/parts/{part}",
    body=PartReason,
    returns={201: ExportView},
    raises=("not_approved", "decided", "withdrawn", "expiring", "redaction_not_ready"),
)
def export_part(call: Call) -> Response:
    """Make one zip of an approved export.

    `part` is from 1 to `parts`; send `{}`. Each zip of a file for a court has the whole history,
    and its share of the originals: what is larger than 50 MiB is in none. Only the officer who
    asked for the export can make it, and as often as needed: each time, each report in it counts as
    an opening, for the reason that was approved. Reports that were withdrawn since, or have left
    the officer's scope, are left out. 409 `decided`: it was declined. Otherwise as
    `POST /v1/officer/exports`.
    """
    number = call.path["part"]
    part = int(number) if _PART.fullmatch(number) else 0
    export = exports.open_part(
        call.path["export_id"], part, call.body.reason, actor=call.actor, sources=_sources()
    )
    return Response(_stored(export, f"{export.id}-{part}", call))


def _reference(report_id: str) -> str:
    return wiring.identity().reference(report_id)


def _sources() -> Sources:
    return Sources(
        wiring.reports(),
        wiring.list_stores(),
        wiring.bucket(),
        wiring.export_requests(),
        wiring.announcements(),
        lambda: Records(wiring.seals(), wiring.ledger_heads(), wiring.custody_key()),
    )


def _stored(export: Export, name: str, call: Call) -> ExportView:
    """Store an export as a zip, and return its address."""
    name, files = f"{name}.zip", _files(export, call)
    if export.custody:
        names = {each.medium.media_id: _file_name(each.medium) for each in export.originals}
        files = custody_files(export, export.custody, files, names, call)
    archive = zip_of(files, call.now)
    signature = None
    if export.custody:
        signature = _signed(export, name, archive, call)
    signed_at = wiring.clock.wall_clock()
    url = wiring.export_files().put(name, archive)
    left_out = sum(each.content is None for each in export.originals)
    return ExportView(
        id=export.id,
        state="made",
        url=url,
        expires_at=signed_at + timedelta(seconds=LIFE_S),
        count=len(export.cases),
        parts=1,
        originals=len(export.originals) - left_out,
        left_out=left_out,
        signature_url=signature,
    )


def _signed(export: Export, name: str, archive: bytes, call: Call) -> str:
    """Record a zip for a court by its hash, store its detached signature, and return the address of
    that.
    """
    call.actor.log_own(Action.LIST, {"export": export.id, "zip": name, "sha256": sha256(archive)})
    signature = signature_of_zip(name, archive, times.render(call.now), wiring.custody_key())
    return wiring.export_files().put(f"{name}.sig", signature, "application/json")


def _files(export: Export, call: Call) -> list[tuple[str, bytes]]:
    reports = [_rendered(each, call) for each in export.cases]
    originals = [(_file_name(each.medium), each) for each in export.originals]
    said = {
        "id": export.id,
        "by": call.actor.by,
        "at": times.render(call.now),
        "reports": [{"id": each["id"], "reference": each["reference"]} for each in reports],
        "skipped": list(export.skipped),
        "originals": [
            {
                "media_id": each.medium.media_id,
                "version": each.version,
                "file": None if each.content is None else name,
            }
            for name, each in originals
        ],
        "reduced": [
            {"media_id": each.media_id, "version": each.reduced_version, "file": reduced_name(each)}
            for each, _ in export.reduced
        ],
    }
    return [
        ("export.json", _json(said)),
        *tables_of("reports", map(_row, reports), COLUMNS, call.now),
        *((f"reports/{each['reference']}.json", _json(each)) for each in reports),
        *((name, each.content) for name, each in originals if each.content is not None),
        *((reduced_name(medium), content) for medium, content in export.reduced),
    ]


def _file_name(medium: Medium) -> str:
    if medium.redaction:
        return f"redacted/{medium.media_id}.jpg"
    return f"originals/{medium.media_id}.{_ENDINGS.get(seen_type(medium), 'bin')}"


def _rendered(case: ExportedCase, call: Call) -> dict[str, Any]:
    """Return a report as it is when opened, without what leads on into the service."""
    cursors = EntryCursors(wiring.cursors, call.actor.by, call.now)
    total = wiring.reports().duplicates.beside(case.found.opened.case.head)
    related = Related((), (), total, None)
    view = ReportView.opened(case.found, cursors, related, call.language)
    shown: dict[str, Any] = view.model_dump(mode="json", by_alias=True)
    media = [
        {name: value for name, value in each.items() if name not in _INSIDE_MEDIA}
        for each in shown["media"]
    ]
    for each in media:
        if each["redaction"]:
            each["redaction"] = {**each["redaction"], "url": None}
    kept = {name: value for name, value in shown.items() if name not in _INSIDE}
    return kept | {"media": media, "has_earlier": case.has_earlier}


def _row(report: dict[str, Any]) -> dict[str, Any]:
    """Return the row of a report: its texts, and the length of each list."""
    location, place = report["location"] or {}, report["place"] or {}
    details = report["details"]
    counts = {name: len(report[name]) for name in ("media", "messages", "notes")}
    return {
        **report,
        **counts,
        "address": location.get("address"),
        "lat": place.get("lat"),
        "lon": place.get("lon"),
        "details": json.dumps(details, ensure_ascii=False) if details else None,
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()
