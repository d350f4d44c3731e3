"""A step on many reports: on all of an incident, or on those that are chosen in a list."""

from typing import Annotated

from pydantic import Field

from chalicelib.domain.reports.report import Report, Status
from chalicelib.domain.reports.workflow import Change
from chalicelib.kernel import errors
from chalicelib.kernel.models import Input, NotNull
from chalicelib.kernel.text import ReporterText

AT_ONCE_MAX = 500
"""The most reports that one call takes in, or takes a step on."""


ReportIds = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=40)], ...],
    Field(min_length=1, max_length=AT_ONCE_MAX, strict=False),
]


class Steps(Change):
    """A step on many reports, as PATCH takes it, and a message to each reporter.

    Those that you have never opened are left as they are, but with `skip_unread: false`; critical
    ones of them always. So is what has something unread: only a link may be set on it.
    """

    message: Annotated[ReporterText | None, NotNull()] = None
    skip_unread: bool = True

    @property
    def change(self) -> Change | None:
        """The change of each report; None for a message alone."""
        names = self.model_fields_set & Change.model_fields.keys() - {"messages_seen"}
        return Change(**{name: getattr(self, name) for name in names}) if names else None

    @property
    def reads(self) -> bool:
        """Whether what a reporter has added counts as read after it: but of a link alone."""
        change = self.change
        return self.message is not None or not change or change.model_fields_set != {"duplicate_of"}

    def require_any(self) -> None:
        """Raise Invalid when there is nothing to change, and no message."""
        if self.change is None and self.message is None:
            raise errors.Invalid(errors.FieldError("status", "nothing_to_change"))


class MemberSteps(Steps):
    """A step on those of an incident with `report_ids`; null for all, up to 500."""

    report_ids: ReportIds | None = None


class SeenReport(Input):
    """A report, with the `version` that a list shows."""

    id: Annotated[str, Field(min_length=1, max_length=40)]
    version: Annotated[int, Field(ge=1)]


class ChosenSteps(Steps):
    """The same on the reports that are named."""

    reports: tuple[SeenReport, ...] = Field(min_length=1, max_length=AT_ONCE_MAX, strict=False)


def is_so(report: Report, wanted: Change) -> bool:
    """Return whether a report is already as a step wants it, so that it is not taken twice."""
    present = {**vars(report), "disposition": report.outcome}
    if report.proposal and wanted.status is Status.CLOSED:
        present["status"] = Status.CLOSED  # it waits for a second officer
    names = wanted.model_fields_set - {"reason", "messages_seen"}
    return bool(names) and all(present[name] == getattr(wanted, name) for name in names)
