"""Exports: the request of an officer, and the files of an archive."""

import hashlib
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import Discriminator, Field, RootModel, Tag

from chalicelib.domain.casework.query import ReportQuery
from chalicelib.domain.catalogue.codes import ListedCategory, ReportDistrict
from chalicelib.domain.officers.model import Officer
from chalicelib.domain.reports.report import Mark, Status, marked
from chalicelib.domain.reports.workflow import Reason, Username
from chalicelib.domain.second_person import Request, TwoPersonStep
from chalicelib.kernel import times
from chalicelib.kernel.models import Input, Record
from chalicelib.kernel.times import Moment

REPORTS_MAX = 50
"""The most reports of one zip, and that one officer exports alone in `ALONE_IN`. More take two
persons.
"""
ALONE_IN = timedelta(hours=24)
LISTED_MAX = 250
"""The most reports of one export."""
WAITS = timedelta(hours=48)
"""How long an export can be approved, and made."""
ORIGINALS_MAX_BYTES = 50 * 1024 * 1024
"""The most bytes of originals in one export."""

# The tags of the two forms of a request.
_REPORT, _LIST = "(report)", "(list)"
# Programs may read them by position: a new column comes last.
_COLUMNS = (
    "reference", "id", "category", "status", "urgency", "district", "station", "received_at",
    "occurred_at", "assignee", "disposition", "reason", "text", "address", "lat", "lon", "details",
    "media", "messages", "notes",
)  # fmt: skip
COLUMNS = (*_COLUMNS, *(name for name in marked(Mark.EXPORTED) if name not in _COLUMNS))


class ExportFilters(Input):
    """The filters of a list, to say which reports to export. A report must match all."""

    category: ListedCategory | None = None
    status: Status | None = None
    district: ReportDistrict | None = None
    assignee: Username | None = None
    since: Moment | None = None
    until: Moment | None = None

    def query(self, cursor: str | None) -> ReportQuery:
        """Return a page of the list of these reports, each by itself. One page has as many as an
        export may have, and one more.
        """
        filters = {name: value for name, value in self if value is not None}
        query = ReportQuery.model_validate({**filters, "fold": "none", "cursor": cursor})
        return query.model_copy(update={"limit": LISTED_MAX + 1})

    def as_applied(self) -> dict[str, str]:
        """Return those that are set, as the list goes by them: times to the minute."""
        applied = self.query(None).on_record()
        return {name: value for name, value in applied.items() if name in type(self).model_fields}


class ToCount(Input):
    """The body of `POST /v1/officer/exports/count`: which reports to count."""

    filters: ExportFilters


class ReportExport(Input):
    """An export of one report. `originals` adds the files as they were sent. `custody` makes a file
    for a court of it, with the originals and the proofs.

    The reason goes on record for the report and each original.
    """

    report_id: str = Field(min_length=1, max_length=40)
    reason: Reason
    originals: bool = False
    custody: bool = False


class ListExport(Input):
    """An export of the reports that match filters. The reason goes on record for each."""

    filters: ExportFilters
    reason: Reason


def _form(body: Any) -> str | None:
    if not isinstance(body, dict):
        return None
    return _REPORT if "report_id" in body else _LIST


class ExportRequest(
    RootModel[
        Annotated[
            Annotated[ReportExport, Tag(_REPORT)] | Annotated[ListExport, Tag(_LIST)],
            Discriminator(_form),
        ]
    ]
):
    """The body of `POST /v1/officer/exports`: one report, or filters."""


def made_alone(made: Iterable[str], count: int, now: datetime) -> tuple[str, ...] | None:
    """Return the exports of one officer alone in the last 24 hours, with `count` more reports.

    None when that is more than one may export alone. Each entry is `<time>#<count>`.
    """
    since = times.render(now - ALONE_IN)
    recent = [each for each in made if each > since]
    if sum(int(each.rpartition("#")[2]) for each in recent) + count > REPORTS_MAX:
        return None
    return (*recent, f"{times.render(now)}#{count}")


class DeclinedExport(Record):
    """By whom an export was declined, when and why; the reason is sealed."""

    by: str
    at: Moment
    sealed_reason: bytes


class AskedExport(Record):
    """An export that takes two persons. `places` are the categories and districts of its reports,
    each as `<category>/<district>`. `custody`: it is a file for a court, of `zips` zips.
    """

    id: str
    by: str
    at: Moment
    count: int
    places: tuple[str, ...]
    approved_by: str | None = None
    approved_at: Moment | None = None
    declined: DeclinedExport | None = None
    custody: bool = False
    zips: int | None = None

    @property
    def is_decided(self) -> bool:
        return self.approved_by is not None or self.declined is not None

    @property
    def ends_at(self) -> datetime:
        return (self.declined.at if self.declined else self.at) + WAITS

    @property
    def parts(self) -> int:
        return self.zips or -(-self.count // REPORTS_MAX)

    def is_seen_by(self, officer: Officer) -> bool:
        """Return whether all of its reports were in this officer's scope when it was asked for."""
        return all(officer.sees(*place.split("/", 1)) for place in self.places)


class PendingExport(AskedExport):
    """The same with all that was asked; once approved, with the reports that were read then.

    `originals` and `filters` are of one report, and of a list. The reason is sealed to a key of its
    own, which is wrapped by that of reports. Without one it was asked for in release 0.2.0rc1:
    nobody can read why, so nobody approves it.
    """

    report_ids: tuple[str, ...]
    originals: bool | None = None
    filters: dict[str, str] | None = None
    public_key: bytes = b""
    wrapped_key: bytes = b""
    wrapping_key: str = ""
    sealed_reason: bytes = b""

    def request(self, report_ids: Iterable[str]) -> Request:
        """Return it as an officer reads it, with these reports. All else never changes: another
        export has another id.
        """
        version = hashlib.sha256("/".join(report_ids).encode()).hexdigest()
        return Request(TwoPersonStep.EXPORT, self.id, version, {self.by})

    def part(self, number: int) -> tuple[str, ...]:
        """Return the reports of a zip, from 1; none when there is no such zip."""
        if self.custody:
            return self.report_ids if 1 <= number <= self.parts else ()
        first = (number - 1) * REPORTS_MAX
        return self.report_ids[first : first + REPORTS_MAX] if number >= 1 else ()


def shares(sizes: Iterable[int]) -> list[int | None]:
    """Return in which zip of a file for a court each of its originals is, from 1, by their sizes in
    bytes; None for one that is too large for any. A zip has no more than one export may.
    """
    found: list[int | None] = []
    zips, left = 1, ORIGINALS_MAX_BYTES
    for size in sizes:
        if size > ORIGINALS_MAX_BYTES:
            found.append(None)
            continue
        if size > left:
            zips, left = zips + 1, ORIGINALS_MAX_BYTES
        left -= size
        found.append(zips)
    return found


def zip_of(files: Sequence[tuple[str, bytes]], at: datetime) -> bytes:
    """Return these files, by their names, as a zip. `at` is the time of each."""
    archive = io.BytesIO()
    moment = at.astimezone(UTC)
    stamp = (moment.year, moment.month, moment.day, moment.hour, moment.minute, 0)
    with zipfile.ZipFile(archive, "w") as opened:
        for name, content in files:
            entry = zipfile.ZipInfo(name, stamp)
            # What cameras make is compressed already.
            is_text = name.endswith((".json", ".csv", ".html"))
            entry.compress_type = zipfile.ZIP_DEFLATED if is_text else zipfile.ZIP_STORED
            opened.writestr(entry, content)
    return archive.getvalue()
