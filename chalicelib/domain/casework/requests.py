"""Requests of officers for referrals and for the list of colleagues."""

from typing import Annotated

from pydantic import Field

from chalicelib.domain.catalogue.attachments import MAX_MEDIA_PER_REPORT
from chalicelib.domain.catalogue.codes import AgencyCode, ListedCategory, ReportDistrict
from chalicelib.domain.reports.measures import Part
from chalicelib.domain.reports.workflow import Reason
from chalicelib.kernel.models import Input, Query


class NewReferral(Input):
    """Which agency is to get what of a report, and why.

    The reason is for colleagues; the agency does not get it. `media` in `include` means the cleaned
    pictures of all media that are ready now; with `media_ids`, only of these.
    """

    agency: AgencyCode
    reason: Reason
    include: tuple[Annotated[Part, Field(strict=False)], ...] = Field(
        min_length=1, max_length=len(Part), strict=False
    )
    media_ids: tuple[Annotated[str, Field(min_length=1, max_length=40)], ...] = Field(
        default=(), max_length=MAX_MEDIA_PER_REPORT * 2, strict=False
    )

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts that are included, each once, in the order of `Part`."""
        named = {*self.include, *((Part.MEDIA,) if self.media_ids else ())}
        return tuple(part for part in Part if part in named)


class ReferralRefusal(Input):
    """Why a referral is declined. The officer who proposed it reads that, and so do colleagues."""

    reason: Reason


class ColleagueQuery(Query):
    """Which report is to be assigned."""

    category: ListedCategory = Field(description="The category of the report.")
    district: ReportDistrict = Field(description="The district of the report.")
    cursor: str | None = Field(
        default=None, description="The `next_cursor` of the page before, with the same filters."
    )
