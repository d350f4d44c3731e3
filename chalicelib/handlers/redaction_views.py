"""Schemas of redactions: the marked regions of a picture, and what became of them."""

from typing import Self

from chalicelib.domain.redactions import UNITS, Area, RedactionState
from chalicelib.domain.reports import Medium
from chalicelib.handlers.pictures import redacted_url
from chalicelib.handlers.shapes import Shape, Timestamp


class RegionView(Shape):
    """A region of the preview, in fractions of its width and height, from its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @classmethod
    def of_area(cls, area: Area) -> Self:
        return cls(
            x=area.left / UNITS,
            y=area.top / UNITS,
            width=(area.right - area.left) / UNITS,
            height=(area.bottom - area.top) / UNITS,
        )


class RedactionView(Shape):
    """A redaction: what of a picture nobody but officers may see.

    While it is `processing`, and when it has `failed`, the picture cannot be passed on. When it is
    `ready`, `url` shows what others get; it works for 5 to 6 minutes. Else `url` is null.
    """

    state: RedactionState
    by: str
    at: Timestamp
    regions: list[RegionView]
    url: str | None

    @classmethod
    def of_medium(cls, report_id: str, medium: Medium) -> Self | None:
        """Return the redaction of a medium; None when it has none."""
        if medium.redaction is None:
            return None
        regions = [RegionView.of_area(area) for area in medium.redaction.areas]
        return cls.of(medium.redaction, regions=regions, url=redacted_url(report_id, medium))
