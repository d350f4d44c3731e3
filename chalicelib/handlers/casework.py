"""Officers' routes on reports: list, enter, open, change, look back."""

from typing import Any

from pydantic import GetJsonSchemaHandler, RootModel, ValidationError
from pydantic_core import CoreSchema

from chalicelib import errors, wiring
from chalicelib.domain.models import Input, Query
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.domain.report_ids import ReportIds
from chalicelib.domain.report_query import ReportQuery
from chalicelib.domain.reports import OfficerSubmission
from chalicelib.domain.workflow import Change, Reason
from chalicelib.handlers.field_errors import as_fields
from chalicelib.handlers.history_views import ReportEvent, ReportHistory
from chalicelib.handlers.report_views import (
    ChangedReport,
    ListedReportView,
    ReportPage,
    ReportView,
    RevealedContact,
)
from chalicelib.handlers.reports import CreatedReport, created_response
from chalicelib.handlers.requests import Call, Header
from chalicelib.handlers.responses import Response, etag_of
from chalicelib.handlers.routes import Access, Routes
from chalicelib.services import casework, entry, lists

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)


@routes.get(
    "/v1/officer/reports",
    query=ReportQuery,
    returns=ReportPage,
    raises=(errors.Malformed("bad_cursor"),),
)
def list_reports(call: Call) -> Response:
    """List reports, newest first.

    Each filter narrows the list; `since` is included, `until` is not. Officers see what is inside
    their scope, and only that. Only `next_cursor: null` means the end: a page may be short, even
    empty, before that.
    """
    page = lists.list_reports(
        call.query,
        actor=call.actor,
        listing=wiring.listing(),
        cursors=wiring.cursors(),
        catalogue=wiring.catalogue(),
    )
    items = [ListedReportView.listed(each) for each in page.items]
    return Response(ReportPage(items=items, next_cursor=page.next_cursor))


class _Reason(Input):
    """A body that gives a reason."""

    reason: Reason


class Reasoned(RootModel[Any]):
    """Any body: whether it gives a reason is asked once it is known who asks, of which report, so
    that its refusal is on record.
    """

    def reason(self) -> str:
        """Return the reason. Raises Invalid for any other body."""
        try:
            return _Reason.model_validate(self.root).reason
        except ValidationError as invalid:
            raise as_fields(invalid) from None

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return _Reason.model_json_schema()


class OpenQuery(Query):
    reason: Reason | None = None


@routes.post(
    "/v1/officer/reports",
    body=OfficerSubmission,
    headers=(Header.KEY,),
    returns={201: CreatedReport, 200: CreatedReport},
    raises=(errors.Conflict("key_reused"), errors.Conflict("category_not_active"), errors.Gone),
)
def enter_report(call: Call) -> Response:
    """Enter a report on a caller's behalf.

    As a resident's own report, with `source`. Hand the receipt to the caller: it is their only
    key to the report.

    Any officer may enter any category: who picks up the telephone does not choose what it is about.
    """
    created = entry.enter_report(
        call.body,
        ReportIds(wiring.identity(), call.required_key),
        actor=call.actor,
        reports=wiring.reports(),
        bulletins=wiring.bulletins(),
        catalogue=wiring.catalogue(),
    )
    return created_response(created, call)


@routes.get(
    "/v1/officer/reports/{report_id}",
    query=OpenQuery,
    returns=ReportView,
    raises=(errors.NotFound,),
)
def open_report(call: Call) -> Response:
    """Open a report.

    Everything but the contact. `ETag` is the version that a change must name in `If-Match`.

    Of a withdrawn report (`restricted`) a supervisor who gives a `reason` sees what the reporter
    said: text, place, details, messages and media. Nobody else does.
    """
    found = casework.open_report(
        call.path["report_id"],
        reason=call.query.reason,
        actor=call.actor,
        reports=wiring.reports(),
    )
    return Response(ReportView.opened(found), headers=etag_of(found.case.report.version))


@routes.patch(
    "/v1/officer/reports/{report_id}",
    body=Change,
    headers=(Header.IF_MATCH,),
    returns=ChangedReport,
    raises=(
        errors.NotFound,
        errors.Conflict("illegal_transition", legal="in_progress, closed"),
        errors.Conflict("expiring"),
    ),
)
def change_report(call: Call) -> Response:
    """Take a step on a report.

    Any subset of the fields. Send the `ETag` of the version that you have seen as `If-Match`;
    the response brings the next one.

    Closing needs `disposition` and `reason`, which the reporter reads; as a duplicate,
    `duplicate_of` too. `malicious` counts once another officer has confirmed it. A report that
    others point at cannot become a duplicate (422 `has_duplicates`): link those first. A step that
    the present status does not allow is 409, with those that it does. `null` unassigns, or unlinks
    a duplicate.
    """
    report = casework.change_report(
        call.path["report_id"],
        call.body,
        call.version,
        actor=call.actor,
        reports=wiring.reports(),
        officers=wiring.officers(),
    )
    return Response(ChangedReport.model_validate(report), headers=etag_of(report.version))


@routes.post(
    "/v1/officer/reports/{report_id}/malicious/confirm",
    returns=ChangedReport,
    raises=(
        errors.NotFound,
        errors.Conflict("nothing_to_confirm"),
        errors.Conflict("expiring"),
        errors.Forbidden("self_approval"),
    ),
)
def confirm_malicious(call: Call) -> Response:
    """Confirm that a report is malicious.

    The second officer's word: not that of whoever proposed it. The label is the report's, never
    a person's.
    """
    report = casework.confirm_malicious(
        call.path["report_id"],
        actor=call.actor,
        reports=wiring.reports(),
    )
    return Response(ChangedReport.model_validate(report), headers=etag_of(report.version))


@routes.post(
    "/v1/officer/reports/{report_id}/contact",
    body=Reasoned,
    returns={200: RevealedContact},
    raises=(errors.NotFound,),
)
def reveal_contact(call: Call) -> Response:
    """Reveal the reporter's contact.

    For a reason, which goes on record first. All fields are null when the reporter left no
    contact, or withdrew.
    """
    contact = casework.reveal_contact(
        call.path["report_id"],
        read_reason=call.body.reason,
        actor=call.actor,
        reports=wiring.reports(),
    )
    return Response(RevealedContact.model_validate(contact) if contact else RevealedContact())


@routes.get(
    "/v1/officer/reports/{report_id}/history",
    returns=ReportHistory,
    raises=(errors.NotFound,),
)
def read_history(call: Call) -> Response:
    """Read who did and saw what, and when.

    Oldest first, this very read included. A change names its version and its fields with their
    old and new values.

    `verified: false` marks an entry that somebody altered since it was written; its `detail` is not
    shown.
    """
    entries = casework.read_history(
        call.path["report_id"], actor=call.actor, reports=wiring.reports()
    )
    events = [ReportEvent.model_validate(entry) for entry in entries]
    return Response(ReportHistory(items=events))
