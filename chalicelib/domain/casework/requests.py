"""Requests of officers for referrals and for the list of colleagues."""

from typing import Annotated

from pydantic import Field

from chalicelib.domain.catalogue.attachments import MAX_MEDIA_PER_REPORT
from chalicelib.domain.catalogue.codes import AgencyCode, ListedCategory, ReportDistrict
from chalicelib.domain.catalogue.model import agency
from chalicelib.domain.reports.measures import Part
from chalicelib.domain.reports.workflow import Reason
from chalicelib.kernel import errors
from chalicelib.kernel.models import Input, Query


class NewReferral(Input):
    """Which agency is to get what of a report, and why.

    The reason is for colleagues; the agency does not get it. `media` in `include` means the cleaned
    pictures of all media that are ready now; with `media_ids`, only of these. `words` are for an
    agency that receives by `open311`, and are what it gets in place of the report.
    """

    agency: AgencyCode
    reason: Reason
    include: tuple[Annotated[Part, Field(strict=False)], ...] = Field(
        default=(), max_length=len(Part), strict=False
    )
    media_ids: tuple[Annotated[str, Field(min_length=1, max_length=40)], ...] = Field(
        default=(), max_length=MAX_MEDIA_PER_REPORT * 2, strict=False
    )
    words: Reason | None = None

    def require_fit(self) -> None:
        """Raise Invalid when this is not what the agency receives."""
        to = agency(self.agency)
        if to is None or not to.is_sent_to:
            if not self.include:
                raise errors.Invalid(
                    errors.FieldError("include", "too_few", (("min_length", "1"),))
                )
            if self.words is not None:
                raise errors.Invalid(errors.FieldError("words", "not_for_agency"))
            return
        if self.words is None:
            raise errors.Invalid(errors.FieldError("words", "required"))
        if set(self.parts) - ({Part.PLACE} if not to.publishes else set()):
            raise errors.Invalid(errors.FieldError("include", "not_for_agency"))

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
