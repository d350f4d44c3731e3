"""Later or moving places of a report, which the reporter adds."""

from datetime import datetime
from typing import NamedTuple

from chalicelib import errors
from chalicelib.domain import geo
from chalicelib.domain.ids import EntryIds
from chalicelib.domain.messages import paced
from chalicelib.domain.outbox import notify_of_message
from chalicelib.domain.positions import (
    MAX_POSITIONS_PER_REPORT,
    POSITION_EVERY,
    POSITIONS_AT_ONCE,
    NewPosition,
    PlaceAt,
)
from chalicelib.domain.reports import CLOCK_SKEW, Status
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.services.entries import earlier_call
from chalicelib.services.own_report import read_again
from chalicelib.services.sealed_rows import seal_position
from chalicelib.store import keys
from chalicelib.store.report_rows import Head
from chalicelib.store.reports import Reports
from chalicelib.store.table import ConditionFailed


class AddedPosition(NamedTuple):
    """A stored position. `left` is how many more the report takes."""

    id: str
    received_at: datetime
    left: int


def add_position(
    head: Head, sent: NewPosition, ids: EntryIds, *, reports: Reports, now: datetime, limited: bool
) -> AddedPosition:
    """Add a position, with a task to notify officers, unless a notice of an earlier position or
    message is pending or the report is muted.

    Repeated with the same `ids`, return the first one. The report stays in its district. On a
    closed report, it puts off the deletion. Raises Invalid (`at` too far ahead), Conflict
    (`withdrawn`, `too_many_positions`, or `key_reused` when the place differs), SlowDown when
    `limited` and too many came recently, Gone when the deletion has begun.
    """
    if sent.at and sent.at > now + CLOCK_SKEW:
        raise errors.Invalid(errors.FieldError("at", "too_far_ahead"))
    place, current = _place_of(sent), head

    def step() -> AddedPosition:
        nonlocal current
        report, left = current.report, MAX_POSITIONS_PER_REPORT - current.positions
        earlier = earlier_call(report.id, keys.POSITIONS, ids, reports=reports)
        if earlier:
            return AddedPosition(ids.id, earlier, max(0, left))
        if report.status is Status.WITHDRAWN:
            raise errors.Conflict("withdrawn")
        if left <= 0:
            raise errors.Conflict("too_many_positions", limit=str(MAX_POSITIONS_PER_REPORT))
        until = _paced(current, now) if limited else None
        task = None if current.mute else notify_of_message(report.message_due, now, report.lane)
        try:
            sealed = seal_position(report, ids.id, place, now)
            reports.entries.add_position(current, sealed, ids, task=task, paced_until=until)
        except ConditionFailed:
            current = read_again(report.id, reports)
            raise
        return AddedPosition(ids.id, now, left - 1)

    return retry_on_conflict(step)


def _place_of(sent: NewPosition) -> PlaceAt:
    lat, lon = geo.to_wgs84(sent.lat, sent.lon, sent.datum)
    moving = {"at", "heading", "speed"}
    return PlaceAt(
        location=sent.model_dump(exclude_none=True, exclude=moving),
        place={"lat": lat, "lon": lon},
        **sent.model_dump(include=moving),
    )


def _paced(head: Head, now: datetime) -> datetime:
    return paced(head.positions_paced_until, now, at_once=POSITIONS_AT_ONCE, every=POSITION_EVERY)
