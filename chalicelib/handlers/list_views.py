"""A report in a list of officers."""

from typing import Annotated, Self

from chalicelib.domain.media import Thumb
from chalicelib.domain.models import NotNull
from chalicelib.domain.reports import (
    Flag,
    Source,
    Status,
    Urgency,
)
from chalicelib.domain.two_persons import TwoPersonStep
from chalicelib.handlers.pictures import (
    picture_url,
)
from chalicelib.handlers.shapes import (
    Category,
    District,
    Minute,
    Shape,
    left_out,
)
from chalicelib.store.report_rows import ListedReport


class MediaCount(Shape):
    total: int
    ready: int


class SameText(Shape):
    """How many reports of this page a row stands for, itself included. All have the same text."""

    count: int


class ListedReportView(Shape):
    """A report in a list. With `same_text` it stands for several.

    The flag `after_closing` says that a message or a medium came after the closing. It stays until
    the report is reopened. `muted` says that officers are not notified of messages and media,
    `referred` that a referral waits for approval, `referral_declined` that the latest was declined
    and none waits, `passed_on` that one was approved, `overdue` that its deadline has passed and no
    officer has attended to it. `awaits` are the steps that await a second person.
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
    same_text: Annotated[SameText | None, NotNull()] = left_out()

    @classmethod
    def listed(cls, report: ListedReport) -> Self:
        fields = report._asdict()
        if report.same > 1:
            fields["same_text"] = {"count": report.same}
        media = {"total": report.media_total, "ready": report.media_ready}
        thumb = Thumb.parse(report.thumb) if report.thumb else None
        thumbnail = thumb and picture_url(report.id, thumb.media_id, "thumb.jpg", thumb.version_id)
        return cls.model_validate({**fields, "media": media, "thumbnail_url": thumbnail})


class ReportPage(Shape):
    items: list[ListedReportView]
    next_cursor: str | None
