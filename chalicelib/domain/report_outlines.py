"""What of a report decides its tasks, its notices, its end and what it counts as."""

from collections.abc import Mapping
from typing import Any, Self

from chalicelib.domain.models import Record
from chalicelib.domain.outbox import Lane
from chalicelib.domain.reports import DRILL, Status, Urgency, lane_of
from chalicelib.domain.times import Moment


class ReportOutline(Record):
    """What of a report decides its tasks, its notices, its end and what it counts as. No text.

    Of a mute (`domain/mutes`) only whether there is one matters here.
    """

    id: str
    reference: str
    category: str
    status: Status
    urgency: Urgency
    district: str
    received_at: Moment
    station: str | None = None
    acknowledged_at: Moment | None = None
    closed_at: Moment | None = None
    decided_at: Moment | None = None
    put_off_until: Moment | None = None
    reopened_at: Moment | None = None
    disposition: str | None = None
    duplicate_of: str | None = None
    escalations: int = 0
    held_until: Moment | None = None
    unread: int = 0
    unread_media: int = 0
    expiring: bool = False
    source: str | None = None
    assignee: str | None = None
    followers: tuple[str, ...] = ()
    unproven: bool = False
    muted: object = None
    uncounted: bool = False
    shadow: bool = False
    category_labels: dict[str, str] | None = None
    flags: tuple[str, ...] = ()
    deadline: int | None = None
    attended: bool = False

    @classmethod
    def of_head(cls, row: Mapping[str, Any] | None) -> Self | None:
        """Return the report of a HEAD; None when there is none, or when it was deleted."""
        return cls.model_validate(row) if row and "deleted_at" not in row else None

    @property
    def is_drill(self) -> bool:
        return self.source == DRILL

    @property
    def is_muted(self) -> bool:
        """Whether officers are not to be notified of its messages and media."""
        return self.muted is not None

    @property
    def lane(self) -> Lane:
        return lane_of(self.urgency, unproven=self.unproven)

    @property
    def is_waiting(self) -> bool:
        """Whether nobody has acknowledged it or attended to it."""
        return self.status is Status.NEW and not self.attended
