"""Schemas of a report in a list, for officers."""

from typing import Annotated, Any, Self

from pydantic import Field

from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.reports.dates import Due
from chalicelib.domain.reports.media import Thumb
from chalicelib.domain.reports.report import Flag, Source, Status
from chalicelib.domain.second_person import TwoPersonStep
from chalicelib.handlers.reports.views import picture_url
from chalicelib.http.shapes import Category, District, Minute, Shape
from chalicelib.kernel.models import NotNull, left_out
from chalicelib.store.reports.rows import ListedReport


class InIncidentView(Shape):
    """An incident that officers have taken a report into. `count` are its reports in your scope."""

    id: str
    count: int = Field(validation_alias="total")


class MediaCount(Shape):
    """How many media there are, and how many are ready. `early`: of so many others there is an
    early picture; left out when there is none.
    """

    total: int
    ready: int
    early: Annotated[int | None, NotNull()] = left_out()


class SameText(Shape):
    """How many reports of this page a row stands for, itself included, and the times of the first
    and the last. All have the same text and district. With `one_place` they were all sent from one
    place, to about a kilometre, as those that are critical; otherwise places may differ.
    """

    count: int
    first_at: Minute
    last_at: Minute
    one_place: bool


class ListedReportView(Shape):
    """A report in a list. With `same_text` it stands for several. With `incident` it stands for
    those of the incident that need the same next: what differs is a row of its own. `stands_for`
    says how many these are, itself included; left out where later pages may have more of them.

    The flag `after_closing` says that a message or a medium came after the closing. It stays until
    the report is reopened. `muted` says that officers are not notified of messages and media,
    `referred` that a referral waits for approval, `referral_declined` that the latest was declined
    and none waits, `passed_on` that one was approved, `overdue` that its deadline has passed and no
    officer has attended to it. `awaits` are the steps that await a second person; with
    `end_proposed_by` it is open, and this officer has proposed an end of it. `due` are its
    dates that have come: `review`, or what a reminder of yours is for. `gist` is one line that an
    officer wrote; null also for a moment in which it cannot be opened.
    """

    id: str
    reference: str
    category: Category
    status: Status
    urgency: Urgency
    district: District
    received_at: Minute
    assignee: str | None
    media: MediaCount
    unread: int
    version: int
    thumbnail_url: str | None
    bulletin_id: str | None
    source: Source | None
    flags: list[Flag]
    awaits: list[TwoPersonStep]
    end_proposed_by: Annotated[str | None, NotNull()] = left_out()
    due: list[Due]
    same_text: Annotated[SameText | None, NotNull()] = left_out()
    incident: InIncidentView | None
    stands_for: Annotated[int | None, NotNull()] = left_out()
    gist: str | None

    @classmethod
    def listed(cls, report: ListedReport, **more: Any) -> Self:
        fields = dict(report.fields)
        if report.incident is not None:
            fields["stands_for"] = len(report.same) or None
        elif len(report.same) > 1 and fields["incident"] is None:
            fields["same_text"] = {
                "count": len(report.same),
                "first_at": min(report.same),
                "last_at": max(report.same),
                "one_place": fields["urgency"] == Urgency.CRITICAL,
            }
        media = {"total": fields["media_total"], "ready": fields["media_ready"]}
        media["early"] = fields["media_early"] or None
        thumb = Thumb.parse(fields["thumb"]) if fields["thumb"] else None
        thumbnail = thumb and picture_url(report.id, thumb.media_id, "thumb.jpg", thumb.version_id)
        opened = {"incident": report.incident, "gist": report.gist}
        shown = {"media": media, "thumbnail_url": thumbnail, **opened}
        return cls.model_validate({**fields, **shown, **more})
