"""Exports: what an officer asks for, and the files of an archive."""

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from chalicelib.domain.codes import CategoryCode, ReportDistrict
from chalicelib.domain.models import Input, NotNull, Record
from chalicelib.domain.officers import Officer
from chalicelib.domain.report_query import PAGE_MAX, ReportQuery
from chalicelib.domain.reports import Status
from chalicelib.domain.times import Moment
from chalicelib.domain.workflow import Reason, Username

REPORTS_MAX = 50
"""The most reports of one zip. An export of more takes two persons, and has several."""
LISTED_MAX = 250
"""The most reports of one export."""
WAITS = timedelta(hours=48)
"""How long an export can be approved, and made."""
ORIGINALS_MAX_BYTES = 50 * 1024 * 1024
"""The most bytes of originals in one export."""

# What a spreadsheet takes for the beginning of a formula, full-width signs included.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
COLUMNS = (
    "reference", "id", "category", "status", "urgency", "district", "station", "received_at",
    "occurred_at", "assignee", "disposition", "reason", "text", "address", "lat", "lon", "details",
    "media", "messages", "notes",
)  # fmt: skip


class ExportFilters(Input):
    """The filters of a list, to say which reports to export. A report must match all."""

    category: Annotated[CategoryCode | None, NotNull()] = None
    status: Annotated[Status | None, NotNull()] = None
    district: Annotated[ReportDistrict | None, NotNull()] = None
    assignee: Annotated[Username | None, NotNull()] = None
    since: Annotated[Moment | None, NotNull()] = None
    until: Annotated[Moment | None, NotNull()] = None

    def query(self, cursor: str | None) -> ReportQuery:
        """Return a page of the list of these reports, each by itself."""
        given = {name: value for name, value in self if value is not None}
        return ReportQuery.model_validate(
            {**given, "fold": "none", "cursor": cursor, "limit": PAGE_MAX}
        )


class ExportRequest(Input):
    """The body of `POST /v1/officer/exports`: one report, or filters.

    `originals` adds the files as they were sent; it needs `report_id`. The reason goes on record
    for each report and each original.
    """

    report_id: Annotated[str | None, NotNull()] = Field(default=None, min_length=1, max_length=40)
    filters: Annotated[ExportFilters | None, NotNull()] = None
    reason: Reason
    originals: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.report_id is None) is (self.filters is None):
            raise PydanticCustomError("report_or_filters", "Either a report or filters.")
        if self.originals and self.report_id is None:
            raise PydanticCustomError("originals_of_one", "Originals are those of one report.")
        return self


class PendingExport(Record):
    """An export that takes two persons. `places` are the categories and districts of its reports,
    each as `<category>/<district>`.
    """

    id: str
    by: str
    at: Moment
    report_ids: tuple[str, ...]
    places: tuple[str, ...]
    approved_by: str | None = None

    @property
    def ends_at(self) -> datetime:
        return self.at + WAITS

    @property
    def parts(self) -> int:
        return -(-len(self.report_ids) // REPORTS_MAX)

    def part(self, number: int) -> tuple[str, ...]:
        """Return the reports of a zip, from 1; none when there is no such zip."""
        first = (number - 1) * REPORTS_MAX
        return self.report_ids[first : first + REPORTS_MAX] if number >= 1 else ()

    def is_seen_by(self, officer: Officer) -> bool:
        """Return whether all of its reports were in this officer's scope when it was asked for."""
        return all(officer.sees(*place.split("/", 1)) for place in self.places)


def csv_of(reports: Iterable[Mapping[str, Any]]) -> bytes:
    """Return a table of reports as CSV, a row for each, which no spreadsheet runs.

    With a byte order mark, or Excel would not read Chinese.
    """
    table = io.StringIO(newline="")
    writer = csv.writer(table, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for report in reports:
        writer.writerow([safe_cell(report.get(name)) for name in COLUMNS])
    return table.getvalue().encode("utf-8-sig")


def safe_cell(value: Any) -> str:
    """Return a value as the text of a cell. What would begin a formula has an apostrophe first."""
    if not isinstance(value, str):
        return "" if value is None else str(value)
    return f"'{value}" if value.lstrip(" ").startswith(_FORMULA) else value


def zip_of(files: Sequence[tuple[str, bytes]], at: datetime) -> bytes:
    """Return these files, by their names, as a zip. `at` is the time of each."""
    archive = io.BytesIO()
    moment = at.astimezone(UTC)
    stamp = (moment.year, moment.month, moment.day, moment.hour, moment.minute, 0)
    with zipfile.ZipFile(archive, "w") as opened:
        for name, content in files:
            entry = zipfile.ZipInfo(name, stamp)
            # What cameras make is compressed already.
            is_text = name.endswith((".json", ".csv"))
            entry.compress_type = zipfile.ZIP_DEFLATED if is_text else zipfile.ZIP_STORED
            opened.writestr(entry, content)
    return archive.getvalue()
