"""The filters of an officer's list of reports."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from chalicelib.domain.casework.bursts import BurstId
from chalicelib.domain.catalogue.codes import ListedCategory, ReportDistrict
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.reports.attention import is_unread
from chalicelib.domain.reports.report import DRILL, OPEN_STATUSES, Mark, Status, marked
from chalicelib.domain.reports.workflow import Username
from chalicelib.kernel import ids, times
from chalicelib.kernel.models import Query
from chalicelib.kernel.paging import Limit
from chalicelib.kernel.text import clean_number
from chalicelib.kernel.times import Moment

NOBODY = "none"
"""As `assignee`: the open reports that nobody is assigned to. No officer can have this username."""
_PAGING = ("cursor", "limit")
# A listed report matches these when it has the same value.
_BY_VALUE = tuple(name for name in marked(Mark.FILTER) if name != "unread")


def _read_bool(value: Any) -> Any:
    return {"true": True, "false": False}.get(value, value)


def _read_reference(value: str) -> str:
    reference = ids.read_reference(clean_number(value))
    if reference is None:
        raise PydanticCustomError("unknown_value", "Not a reference.")
    return reference


def _read_burst(value: str) -> str:
    if BurstId.parse(value) is None:
        raise PydanticCustomError("unknown_value", "Not the id of a burst.")
    return value


type _Flag = Annotated[
    bool, BeforeValidator(_read_bool), Field(strict=True), WithJsonSchema({"type": "boolean"})
]


class ReportQuery(Query):
    """The filters and the page of a list of reports. A report must match all filters."""

    category: ListedCategory | None = Field(
        default=None, description="Only reports of this category."
    )
    status: Status | None = Field(default=None, description="Only reports with this status.")
    district: ReportDistrict | None = Field(
        default=None, description="Only reports from this district."
    )
    assignee: Username | None = Field(
        default=None,
        description="Only reports assigned to the officer with this username. `none`: only open "
        "reports that nobody is assigned to.",
    )
    bulletin_id: Annotated[str, Field(min_length=1, max_length=40)] | None = Field(
        default=None, description="Only leads on this bulletin."
    )
    reference: (
        Annotated[
            str,
            AfterValidator(_read_reference),
            WithJsonSchema({"type": "string", "maxLength": 20, "pattern": ids.TYPED_REFERENCE}),
        ]
        | None
    ) = Field(default=None, description="Only the report with this reference.")
    burst: (
        Annotated[
            str, AfterValidator(_read_burst), WithJsonSchema({"type": "string", "maxLength": 60})
        ]
        | None
    ) = Field(
        default=None,
        description="Only the reports of this burst, the newest first whatever `sort` says.",
    )
    incident: Annotated[str, Field(min_length=1, max_length=40)] | None = Field(
        default=None, description="Only the reports of this incident, each by itself."
    )
    urgency: Urgency | None = Field(default=None, description="Only reports with this urgency.")
    unread: _Flag | None = Field(
        default=None,
        description="`true`: only reports with something from the reporter that no officer has "
        "answered. `false`: only the others.",
    )
    needs_action: _Flag | None = Field(
        default=None,
        description="`true`: only reports that are new, overdue or unread, that have a step which "
        "you may approve, or that an agency has not taken (`hand_over`). `false`: only the others.",
    )
    drill: _Flag | None = Field(
        default=None,
        description="`false`: leave out drills. `true`: only drills. Without it, both are listed.",
    )
    fold: Literal["none"] | None = Field(
        default=None,
        description="`none`: list each report by itself. Without it, reports of a page with one "
        "text that differ in nothing else are one row; so are reports of one incident that differ "
        "in no more than text, district and media, or, if critical, text and media.",
    )
    sort: Literal["newest", "attention"] | None = Field(
        default=None,
        description="`newest`, also without it: the newest first. `attention`: critical ones that "
        "nobody has acknowledged, then high ones, overdue before others; other open critical, then "
        "high ones; what else is overdue; unread; normal; low and drills; each the oldest first. "
        "Last, closed ones with a step that awaits an approval, or that are to be handed over.",
    )
    # As officers see times to the minute. Seconds must not find out more, or leave a report out.
    since: Annotated[Moment, AfterValidator(times.to_minute)] | None = Field(
        default=None,
        description="Only reports received at or after this time, rounded down to the minute.",
    )
    until: Annotated[Moment, AfterValidator(times.up_to_minute)] | None = Field(
        default=None,
        description="Only reports received before this time, rounded up to the minute.",
    )
    cursor: str | None = Field(
        default=None, description="The `next_cursor` of the page before, with the same filters."
    )
    limit: Limit = 20

    @property
    def of_burst(self) -> BurstId | None:
        return BurstId.parse(self.burst or "")

    def filters(self) -> dict[str, str]:
        """Return the filters that are set, for the cursor."""
        values = ((name, getattr(self, name)) for name in type(self).model_fields)
        return {
            name: _render(value)
            for name, value in values
            if value is not None and name not in _PAGING
        }

    def on_record(self) -> dict[str, str]:
        """Return the filters for the audit, which stores ids and no other text."""
        filters = self.filters()
        for name, recorded in (
            ("bulletin_id", ids.on_record),
            ("incident", ids.on_record),
            ("assignee", ids.name_on_record),
        ):
            if name in filters:
                filters[name] = recorded(filters[name])
        return filters

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a listed row matches the filters, except `needs_action`, `since` and
        `until`.
        """
        if self.drill is not None and self.drill != (row.get("source") == DRILL):
            return False
        if self.unread is not None and self.unread != is_unread(row):
            return False
        if self.assignee == NOBODY and not _is_nobodys(row):
            return False
        return all(
            getattr(self, name) in (None, row.get(name))
            for name in _BY_VALUE
            if (name, self.assignee) != ("assignee", NOBODY)
        )


def _is_nobodys(row: Mapping[str, Any]) -> bool:
    return row.get("assignee") is None and row["status"] in OPEN_STATUSES


def _render(value: datetime | bool | str) -> str:
    if isinstance(value, datetime):
        return times.render(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
