"""Officers' routes that move a report about the police to oversight, and back."""

from chalicelib import wiring
from chalicelib.domain.officers.model import CASEWORKERS
from chalicelib.domain.reports.measures import Moving
from chalicelib.handlers.casework.report_views import ReturningView
from chalicelib.http.requests import Call, Header
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.services.casework import oversight

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)

_OVERSIGHT = "/v1/officer/reports/{report_id}/oversight"


@routes.post(
    _OVERSIGHT,
    body=Moving,
    returns={204: None},
    raises=("oversight_not_offered", "not_read", "expiring"),
)
def move_to_oversight(call: Call) -> Response:
    """Move a report to oversight.

    For a report that turns out to be about a police officer. You must have opened it. From now on
    nobody but oversight sees it: also you do not. They read who has moved it and why, and are
    notified. Its time to acknowledge runs on.
    """
    oversight.move_to_oversight(
        call.path["report_id"],
        call.body,
        desk=wiring.desk(call.actor),
        catalogue=wiring.catalogue(),
    )
    return Response()


@routes.post(
    _OVERSIGHT + "/return", body=Moving, returns={200: ReturningView}, raises=("expiring",)
)
def ask_to_return(call: Call) -> Response:
    """Ask to return a report to its station.

    It takes effect when another one of oversight agrees. The reason goes on record, in the history.
    Repeating the call changes nothing.
    """
    report = oversight.ask_to_return(
        call.path["report_id"], call.body, desk=wiring.desk(call.actor)
    )
    return Response(ReturningView.model_validate(report.returning, from_attributes=True))


@routes.post(
    _OVERSIGHT + "/return/approve",
    headers=(Header.TAG,),
    returns={204: None},
    raises=("nothing_to_confirm", "expiring"),
)
def return_report(call: Call) -> Response:
    """Return a report to its station.

    Another one of oversight must have asked for it (otherwise 403 `self_approval`). Open the
    report, and send the `tag` of its `returning` as `If-Match`. The officers of its category and
    district see it again, and are notified.
    """
    oversight.return_report(call.path["report_id"], call.tag, desk=wiring.desk(call.actor))
    return Response()


@routes.delete(_OVERSIGHT + "/return", body=Moving, raises=("expiring",))
def keep_in_oversight(call: Call) -> Response:
    """Decline or take back the return of a report.

    The one who asked for it is notified, if that is another one. The reason goes on record.
    Repeating the call changes nothing.
    """
    oversight.keep_in_oversight(call.path["report_id"], call.body, desk=wiring.desk(call.actor))
    return Response()
