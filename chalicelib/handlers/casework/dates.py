"""Officers' routes of the dates of a report: its review, and a reminder."""

from chalicelib import wiring
from chalicelib.domain.officers.model import CASEWORKERS, Role
from chalicelib.domain.reports.dates import NewReminder, NewReview
from chalicelib.handlers.casework.report_views import DatedReport
from chalicelib.http.requests import Call, Header
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.kernel import errors
from chalicelib.services.casework import dates
from chalicelib.services.casework.dates import Stepped

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)


@routes.post(
    "/v1/officer/reports/{report_id}/review",
    body=NewReview,
    headers=(Header.VERSION_OR_TAG,),
    returns={200: DatedReport},
    roles=(Role.SUPERVISOR, Role.OVERSIGHT),
    raises=(errors.Conflict("illegal_transition", legal="acknowledged, in_progress"), "expiring"),
)
def keep_report(call: Call) -> Response:
    """Keep an open report after its review.

    The `reason` goes on record. The report is reviewed again `on` that day, which is after today
    and at most as far ahead as its category allows. Send the `ETag` of the opened report as
    `If-Match`. To end the report instead, close it. Only an open report is reviewed: 409
    `illegal_transition`.
    """
    done = dates.keep_report(
        call.path["report_id"], call.body, call.match, desk=wiring.desk(call.actor)
    )
    return _response(done)


@routes.put(
    "/v1/officer/reports/{report_id}/reminder",
    body=NewReminder,
    headers=(Header.VERSION_OR_TAG,),
    returns=DatedReport,
    raises=(errors.Conflict("illegal_transition", legal="acknowledged, in_progress"), "expiring"),
)
def set_reminder(call: Call) -> Response:
    """Set a reminder of an open report, or remove it.

    From that day on, by the clocks of the city, the report is in the first rows of the list by
    attention, for the officer who set it and for its assignee. A report has one reminder: another
    one takes its place, and `on: null` removes it. Closing the report removes it too. `for` says
    what it is for: `look_again`, also without it, or `legal_deadline`. Send the `ETag` of the
    opened report, or its version, as `If-Match`.
    """
    done = dates.set_reminder(
        call.path["report_id"], call.body, call.match, desk=wiring.desk(call.actor)
    )
    return _response(done)


def _response(done: Stepped) -> Response:
    return Response(DatedReport.after(done.report), headers={"ETag": done.etag})
