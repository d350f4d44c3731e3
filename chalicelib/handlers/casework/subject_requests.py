"""Officers' routes of requests of third persons: register, name reports, decide by two."""

from typing import Annotated, Self

from pydantic import Field

from chalicelib import wiring
from chalicelib.domain.casework.subject_requests import (
    MOST_REPORTS,
    DecisionOutcome,
    DecisionRefusal,
    NamedReports,
    NewDecision,
    NewSubjectRequest,
    SubjectRequest,
    SubjectRight,
)
from chalicelib.domain.officers.model import CASEWORKERS
from chalicelib.handlers.casework.report_views import RevealedContact
from chalicelib.http.requests import Call, Header
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.http.shapes import Shape, Tag, Timestamp
from chalicelib.kernel import errors
from chalicelib.kernel.models import NotNull, Query, left_out
from chalicelib.services.casework import subject_requests
from chalicelib.services.casework.subject_requests import OpenRequest

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)

_ALL = "/v1/officer/requests"
_ONE = _ALL + "/{request_number}"
_DECISION = _ONE + "/decision"


class ListedRequest(Shape):
    """A request of a third person. `due_at` is when the law asks for an answer, `late` that this
    time is over. `reports` is how many it is about.
    """

    number: str
    right: SubjectRight
    by: str
    at: Timestamp
    due_at: Timestamp
    late: bool
    reports: int
    outcome: DecisionOutcome | None
    decided_at: Timestamp | None

    @classmethod
    def listed(cls, found: SubjectRequest, call: Call) -> Self:
        decision = found.decision if found.is_decided else None
        return cls.of(
            found,
            late=decision is None and found.due_at < call.now,
            reports=len(found.named_for(call.actor.officer)),
            outcome=decision and decision.outcome,
            decided_at=decision and decision.approved_at,
        )


class SubjectRequestList(Shape):
    """Requests: those that nobody has decided by their date, the others newest first."""

    items: list[ListedRequest]


class DecisionView(Shape):
    """A decision with its reason. It waits while `approved_by` is null: then `tag` is what the
    approval takes.
    """

    outcome: DecisionOutcome
    by: str
    at: Timestamp
    reason: str
    approved_by: str | None
    approved_at: Timestamp | None
    tag: Tag = left_out()


class DeclinedDecisionView(Shape):
    """The latest decision that was declined, by whom and why."""

    outcome: DecisionOutcome
    proposed_by: str
    by: str
    at: Timestamp
    reason: str


class SubjectRequestView(ListedRequest):
    """An opened request: what is asked for (`text`), and how to reach who asks.

    `report_ids` are the reports that it is about and that are in your scope, `other_reports` how
    many more there are. `declined` is the latest decision that was declined, until another one is
    proposed.
    """

    text: str
    contact: RevealedContact
    report_ids: list[str]
    other_reports: int
    decision: DecisionView | None
    declined: DeclinedDecisionView | None

    @classmethod
    def opened(cls, opened: OpenRequest, call: Call) -> Self:
        found = opened.found
        decision, declined = found.decision, found.declined
        return cls.model_validate(
            {
                **ListedRequest.listed(found, call).model_dump(),
                "reports": len(opened.report_ids) + opened.others,
                "text": opened.asking.text,
                "contact": opened.asking.contact,
                "report_ids": opened.report_ids,
                "other_reports": opened.others,
                "decision": decision
                and DecisionView.of(decision, reason=opened.reason, tag=opened.tag),
                "declined": declined
                and DeclinedDecisionView.of(declined, reason=opened.declined_reason),
            }
        )


class RequestsQuery(Query):
    decided: Annotated[bool | None, NotNull()] = Field(
        default=None, description="`true`: those that are decided. Otherwise those that are not."
    )


@routes.post(_ALL, body=NewSubjectRequest, returns=ListedRequest)
def register_request(call: Call) -> Response:
    """Register a request of a third person.

    Of somebody who is written about in reports: for `access`, `correction` or `erasure`, in their
    words, and how to reach them. They get its `number`. `due_at` is by when the law asks for an
    answer; supervisors get a notice a week before, and then. What is asked for and the contact are
    sealed, and go some months after the decision.
    """
    found = subject_requests.register_request(call.body, at=wiring.request_desk(call.actor))
    return Response(ListedRequest.listed(found, call))


@routes.get(_ALL, query=RequestsQuery, returns=SubjectRequestList)
def list_requests(call: Call) -> Response:
    """List the requests of third persons.

    Of the latest 200, those that nobody has decided, by the date by which an answer is due.
    """
    decided = bool(call.query.decided)
    found = subject_requests.list_requests(decided=decided, at=wiring.request_desk(call.actor))
    return Response(SubjectRequestList(items=[ListedRequest.listed(each, call) for each in found]))


@routes.get(_ONE, returns=SubjectRequestView)
def read_request(call: Call) -> Response:
    """Read a request of a third person.

    By its number. Each call shows the contact, and is on record. A decision that waits has the
    `tag` for its approval.
    """
    found = subject_requests.read_request(_number(call), at=wiring.request_desk(call.actor))
    return _opened(found, call)


@routes.post(
    _ONE + "/reports",
    body=NamedReports,
    returns={200: SubjectRequestView},
    raises=("decided", "expiring", errors.Conflict("too_many_reports", most=str(MOST_REPORTS))),
)
def name_reports(call: Call) -> Response:
    """Name reports that a request is about.

    Of your scope. They then stand in the list by attention, with `request` in `awaits`, until the
    request is decided. What was decided is carried out by masks that name the request. Repeating
    the call changes nothing.
    """
    found = subject_requests.name_reports(
        _number(call), call.body.report_ids, at=wiring.request_desk(call.actor)
    )
    return _opened(found, call)


@routes.post(
    _DECISION, body=NewDecision, returns=SubjectRequestView, raises=("decided", "decision_pending")
)
def propose_decision(call: Call) -> Response:
    """Propose how to decide a request.

    With the reasons that the answer gives. It takes effect when a second officer has approved it.
    """
    found = subject_requests.propose_decision(
        _number(call), call.body, at=wiring.request_desk(call.actor)
    )
    return _opened(found, call)


@routes.post(
    _DECISION + "/approve",
    headers=(Header.TAG,),
    returns={200: SubjectRequestView},
    raises=("decided", "no_decision"),
)
def approve_decision(call: Call) -> Response:
    """Approve the decision of a request.

    Another officer must have proposed it (otherwise 403 `self_approval`). Send the `tag` of its
    `decision` as `If-Match`: 412 means that another one waits by now, or that other reports were
    named. Then give the answer; to carry out what was granted, propose masks. Repeating the call
    changes nothing.
    """
    found = subject_requests.approve_decision(
        _number(call), call.tag, at=wiring.request_desk(call.actor)
    )
    return _opened(found, call)


@routes.post(
    _DECISION + "/decline",
    body=DecisionRefusal,
    returns={204: None},
    raises=("decided", "no_decision", errors.Forbidden("not_your_step")),
)
def decline_decision(call: Call) -> Response:
    """Decline the decision of a request.

    Ends a proposal of another officer, with a reason, which they read in the request. They are
    notified, and take it back with DELETE (otherwise 403 `not_your_step`).
    """
    subject_requests.decline_decision(
        _number(call), call.body.reason, at=wiring.request_desk(call.actor)
    )
    return Response()


@routes.delete(_DECISION, raises=("decided", errors.Forbidden("not_your_step")))
def withdraw_decision(call: Call) -> Response:
    """Take the decision of a request back that is not approved yet.

    Only the officer who proposed it can (403 `not_your_step`). Without one, the call changes
    nothing.
    """
    subject_requests.withdraw_decision(_number(call), at=wiring.request_desk(call.actor))
    return Response()


def _number(call: Call) -> str:
    return call.path["request_number"].upper()


def _opened(found: OpenRequest, call: Call) -> Response:
    return Response(SubjectRequestView.opened(found, call))
