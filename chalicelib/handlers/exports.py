"""Officers' route of exports: reports as a zip that is for download for five minutes."""

import json
from datetime import timedelta
from typing import Any

from chalicelib import errors, wiring
from chalicelib.domain import times
from chalicelib.domain.exports import ExportRequest, csv_of, zip_of
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.handlers.media_views import seen_type
from chalicelib.handlers.report_views import ReportView
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.handlers.shapes import Shape, Timestamp
from chalicelib.media.exports import LIFE_S
from chalicelib.services.duplicates import Related
from chalicelib.services.entries import EntryCursors
from chalicelib.services.exports import Export, ExportedCase, Sources, open_export

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)

# What of an opened report leads on into the service, and has no meaning outside of it.
_INSIDE = ("messages_cursor", "notes_cursor", "similar", "duplicates", "open_duplicates")
_INSIDE_MEDIA = ("thumbnail_url", "preview_url")
_ENDINGS = {
    "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/heic": "heic",
    "video/mp4": "mp4", "video/quicktime": "mov", "video/3gpp": "3gp",
}  # fmt: skip


class ExportView(Shape):
    """An export. Its address works until `expires_at`.

    `count` is the number of reports in it. `originals` is the number of originals in it, and
    `left_out` of those that are too large for it.
    """

    id: str
    url: str
    expires_at: Timestamp
    count: int
    originals: int
    left_out: int


@routes.post(
    "/v1/officer/exports",
    body=ExportRequest,
    returns={201: ExportView},
    raises=(
        errors.NotFound,
        errors.Conflict("withdrawn"),
        errors.Conflict("expiring"),
        errors.Conflict("too_many_reports", most="50"),
    ),
)
def export_reports(call: Call) -> Response:
    """Export reports.

    Makes a zip of one report, or of those that match filters and are in the officer's scope, at
    most 50. Returns an address from which it can be downloaded for five minutes. Each report in it
    counts as an opening, and the reason is on record for each.

    The zip has `reports.csv`, a row for each report; `reports/<reference>.json`, each report as it
    is when opened, without addresses of pictures; and `export.json`, which says who exported what.
    A cell that a spreadsheet would take for a formula begins with an apostrophe. Of one report, all
    messages and notes are in it, up to 1,000 of each; of several, the latest 50. Contacts are never
    in it.

    `originals` adds the files as they were sent, up to 50 MiB together; each counts as opening an
    original. What is larger is left out, and can be opened by itself. Withdrawn reports are left
    out; asking for one is 409 `withdrawn`. 409 `too_many_reports` means that more than 50 match:
    choose narrower filters.
    """
    sources = Sources(
        wiring.reports(),
        wiring.listing(),
        wiring.cursors(),
        wiring.catalogue(),
        wiring.bucket(),
    )
    export = open_export(call.body, actor=call.actor, sources=sources)
    archive = zip_of(_files(export, call), call.now)
    signed_at = wiring.clock.wall_clock()
    url = wiring.export_files().put(export.id, archive)
    left_out = sum(each.content is None for each in export.originals)
    return Response(
        ExportView(
            id=export.id,
            url=url,
            expires_at=signed_at + timedelta(seconds=LIFE_S),
            count=len(export.cases),
            originals=len(export.originals) - left_out,
            left_out=left_out,
        )
    )


def _files(export: Export, call: Call) -> list[tuple[str, bytes]]:
    reports = [_rendered(each, call) for each in export.cases]
    originals = [
        (f"originals/{each.medium.media_id}.{_ENDINGS.get(seen_type(each.medium), 'bin')}", each)
        for each in export.originals
    ]
    said = {
        "id": export.id,
        "by": call.actor.by,
        "at": times.render(call.now),
        "reports": [{"id": each["id"], "reference": each["reference"]} for each in reports],
        "skipped": list(export.skipped),
        "originals": [
            {
                "media_id": each.medium.media_id,
                "version": each.medium.version_id,
                "file": None if each.content is None else name,
            }
            for name, each in originals
        ],
    }
    return [
        ("export.json", _json(said)),
        ("reports.csv", csv_of(_row(each) for each in reports)),
        *((f"reports/{each['reference']}.json", _json(each)) for each in reports),
        *((name, each.content) for name, each in originals if each.content is not None),
    ]


def _rendered(case: ExportedCase, call: Call) -> dict[str, Any]:
    """Return a report as it is when opened, without what leads on into the service."""
    cursors = EntryCursors(wiring.cursors, call.actor.by, call.now)
    related = Related((), (), case.found.opened.case.head.duplicates)
    view = ReportView.opened(case.found, cursors, related)
    shown: dict[str, Any] = view.model_dump(mode="json", by_alias=True)
    media = [
        {name: value for name, value in each.items() if name not in _INSIDE_MEDIA}
        for each in shown["media"]
    ]
    kept = {name: value for name, value in shown.items() if name not in _INSIDE}
    return kept | {"media": media, "has_earlier": case.has_earlier}


def _row(report: dict[str, Any]) -> dict[str, Any]:
    """Return what the table has of a report: its texts, and the number of what is a list."""
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
