"""The filters of the list of colleagues."""

from pydantic import Field

from chalicelib.domain.codes import CategoryCode, ReportDistrict
from chalicelib.domain.models import Query


class ColleagueQuery(Query):
    """Which report is to be assigned."""

    category: CategoryCode = Field(description="The category of the report.")
    district: ReportDistrict = Field(description="The district of the report.")
    cursor: str | None = Field(
        default=None, description="The `next_cursor` of the page before, with the same filters."
    )
