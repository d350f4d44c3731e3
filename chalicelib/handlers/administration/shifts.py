"""Routes of the weekly plan of shifts, and of the handover of a shift."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from chalicelib import wiring
from chalicelib.domain.notices.roster import LocalTime, NewPlan, Roster, Shift, Weekday
from chalicelib.domain.officers.model import CASEWORKERS, STAFF, Role
from chalicelib.handlers.casework.listed import ListedReportView
from chalicelib.http.requests import Call, Header
from chalicelib.http.responses import Response, etag_of
from chalicelib.http.routes import Access, Routes
from chalicelib.http.shapes import Category, District, Shape, Timestamp
from chalicelib.kernel.city import city
from chalicelib.services.administration.shifts import set_shifts
from chalicelib.services.casework.lists import Handover, hand_over

routes = Routes("Notices", Access.OFFICER, roles=STAFF)


class ShiftView(Shape):
    """A shift of the plan. `on_duty_until` is the end of the turn that it is now; null when it is
    off duty.
    """

    name: str
    weekdays: list[Weekday]
    starts: LocalTime
    ends: LocalTime
    officers: list[str]
    categories: list[Category]
    districts: list[District]
    on_duty_until: Timestamp | None

    @classmethod
    def at(cls, shift: Shift, now: datetime) -> Self:
        turn = shift.period(now)
        return cls.of(shift, on_duty_until=turn.end if turn else None)


class ShiftPlan(Shape):
    """The weekly plan. `starts` and `ends` of its shifts are times in `time_zone`.

    `unreachable` are officers of the plan who have no confirmed subscription to notices, as far as
    SNS was asked: a shift with nobody else is as if it were empty.
    """

    version: int
    time_zone: str
    shifts: list[ShiftView]
    unreachable: list[str]

    @classmethod
    def at(cls, roster: Roster, now: datetime) -> Self:
        return cls(
            version=roster.plan_version,
            time_zone=city().time_zone,
            shifts=[ShiftView.at(each, now) for each in roster.shifts],
            unreachable=sorted(roster.unreachable),
        )


@routes.get("/v1/officer/shifts", returns=ShiftPlan, logged=True)
def read_shifts(call: Call) -> Response:
    """Read the weekly plan of shifts.

    While a shift is on duty, notices of the reports that it takes go to its officers, each inside
    their own scope. When nobody is on duty, they go to everybody. To replace the plan, an admin
    sends the `ETag` of this response as `If-Match`.
    """
    return _respond(wiring.subscriptions().roster.read(), call)


@routes.put(
    "/v1/admin/shifts",
    body=NewPlan,
    headers=(Header.IF_MATCH,),
    returns={200: ShiftPlan},
    roles=(Role.ADMIN,),
)
def set_shift_plan(call: Call) -> Response:
    """Replace the weekly plan of shifts.

    Send the whole plan, with the `ETag` of the one that you have read as `If-Match`. Each officer
    in it must be active and work on reports. It takes effect at the next notice. Without shifts,
    everybody is notified at all times. The same plan again changes nothing in it. With each plan,
    the subscriptions of everybody who is not known to be reachable are looked at again.
    """
    roster = set_shifts(
        call.body,
        call.version,
        actor=call.actor,
        subscriptions=wiring.subscriptions(),
        officers=wiring.officers(),
    )
    return _respond(roster, call)


class ReportIds(Shape):
    """Reports, newest first: how many, and their ids."""

    count: int
    report_ids: list[str]

    @classmethod
    def those(cls, ids: Sequence[str]) -> Self:
        return cls(count=len(ids), report_ids=list(ids))


class HandoverView(Shape):
    """What came in since `since`, or waits for longer, and still needs somebody. One report can be
    in several.

    `shifts` are the shifts that are on duty, and `until` is when the first of them ends; without a
    shift it is null. `items` are the rows of all these, without pictures. `complete` is false when
    there were more than are looked at: of what came in the newest 100, what is critical and new,
    overdue or unread among the first 150 of the list by attention, and the newest 50 that are
    unread, or closed or withdrawn while a step awaits a second person. Then there are at least so
    many.
    """

    since: Timestamp
    until: Timestamp | None
    shifts: list[str]
    open: ReportIds
    unread: ReportIds
    overdue: ReportIds
    awaiting_approval: ReportIds
    complete: bool
    items: list[ListedReportView]

    @classmethod
    def at(cls, found: Handover) -> Self:
        return cls(
            since=found.since,
            until=found.until,
            shifts=list(found.shifts),
            open=ReportIds.those(found.open),
            unread=ReportIds.those(found.unread),
            overdue=ReportIds.those(found.overdue),
            awaiting_approval=ReportIds.those(found.awaiting_approval),
            complete=found.is_complete,
            items=[ListedReportView.listed(each) for each in found.items],
        )


@routes.get("/v1/officer/handover", returns=HandoverView, roles=CASEWORKERS)
def read_handover(call: Call) -> Response:
    """Read the handover of a shift.

    Returns which reports in your scope came in since your shift began, and at least in the last 12
    hours, and are open, have something unread, were not acknowledged in time, or await a second
    person. Older ones are there while they are critical and new, overdue, or unread, or while a
    step on them awaits a second person after their end. When you are off duty, the shifts on duty
    count. Drills are left out. It has the rows of lists and no content: open a report to read it.
    """
    found = hand_over(
        desk=wiring.desk(call.actor),
        roster=wiring.subscriptions().roster.read(),
        listing=wiring.listing(),
        catalogue=wiring.whole_catalogue(),
        gists=wiring.gists(),
    )
    return Response(HandoverView.at(found))


def _respond(roster: Roster, call: Call) -> Response:
    return Response(ShiftPlan.at(roster, call.now), 200, etag_of(roster.plan_version))
