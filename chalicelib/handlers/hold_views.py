"""A legal hold in responses."""

from typing import Self

from chalicelib.handlers.shapes import Shape, Timestamp
from chalicelib.services.sealed_reasons import OpenHold, OpenLift


class LiftView(Shape):
    """A request to lift a legal hold. It takes effect when another officer has approved it."""

    by: str
    reason: str
    asked_at: Timestamp

    @classmethod
    def opened(cls, found: OpenLift) -> Self:
        return cls.of(found.lift, reason=found.reason)


class HoldView(Shape):
    """A legal hold: the report is not deleted before `until`.

    It takes effect when a second officer has approved it. Until then `approved_by` is null. `lift`
    is a request to lift it; null while there is none.
    """

    by: str
    reason: str
    until: Timestamp
    approved_by: str | None
    lift: LiftView | None

    @classmethod
    def opened(cls, found: OpenHold) -> Self:
        lift = LiftView.opened(found.lift) if found.lift else None
        return cls.of(found.hold, reason=found.reason, lift=lift)
