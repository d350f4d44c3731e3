"""Officers' routes of referrals: propose, approve, decline, withdraw, hand over."""

from pydantic import Field

from chalicelib import wiring
from chalicelib.domain.casework.requests import NewReferral, ReferralRefusal
from chalicelib.domain.officers.model import CASEWORKERS
from chalicelib.handlers.casework.referral_views import (
    Agencies,
    AgencyView,
    ReferralBundle,
    ReferralView,
)
from chalicelib.handlers.catalogue.forms import Version
from chalicelib.http.requests import Call, Header
from chalicelib.http.responses import Response, etag_of
from chalicelib.http.routes import Access, Routes
from chalicelib.kernel import errors
from chalicelib.kernel.models import Query
from chalicelib.services.casework import referrals
from chalicelib.services.casework.referrals import Bundle

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)

_PATH = "/v1/officer/reports/{report_id}/referral"
_REDACTION = ("redaction_not_ready", "redaction_changed")


class ReferralQuery(Query):
    number: Version | None = Field(
        default=None, description="The number of the referral. Without it, the latest."
    )


@routes.get("/v1/officer/agencies", returns=Agencies, logged=True)
def list_agencies(call: Call) -> Response:
    """List the agencies that reports can be referred to.

    Labels are in the language of `Accept-Language`.
    """
    known = wiring.catalogue().agencies
    return Response(Agencies(items=[AgencyView.in_language(each, call.language) for each in known]))


@routes.post(
    _PATH,
    body=NewReferral,
    returns=ReferralView,
    raises=(
        "referral_pending",
        "too_many_referrals",
        "withdrawn",
        "expiring",
        "redaction_not_ready",
    ),
)
def propose_referral(call: Call) -> Response:
    """Propose to refer a report to another agency.

    Say which agency gets what: `text`, `place`, `occurred_at`, `details`, `media`. `media` means
    the cleaned pictures of all media that are ready now, or only of those in `media_ids`. The
    contact, messages, notes and original files are never passed on. A picture with a redaction is
    passed on redacted: 409 `redaction_not_ready` means that it is still being made, or has failed.
    An agency that receives by `open311` is sent your `words` and the name of the district, and
    nothing of the report; one that does not publish (`publishes`) can get the `place`, too.

    The reason is for colleagues. A picture that is not ready waits for nobody: once it is, an
    opened report has it in `supplements`, and you can propose it to the same agency.

    It takes effect when a second officer has approved it. The status stays as it is: close the
    report by PATCH, with the disposition `not_police` if there is nothing left to do. Repeating the
    call changes nothing. 409 `referral_pending` means that another proposal waits, which somebody
    has to approve, decline or take back first.
    """
    found = referrals.propose_referral(
        call.path["report_id"], call.body, desk=wiring.desk(call.actor), identity=wiring.identity()
    )
    return Response(ReferralView.opened(found))


@routes.get(
    _PATH,
    query=ReferralQuery,
    returns=ReferralBundle,
    raises=("no_referral", "withdrawn", *_REDACTION),
)
def read_referral(call: Call) -> Response:
    """Read a referral and its document.

    Returns what the agency gets: read it before you approve, and send its `tag` as `If-Match` then;
    to decline it, the `ETag`. The addresses of pictures work for 5 to 6 minutes. Each call is an
    opening of the report, and is on record.

    409 `withdrawn` means that the reporter has withdrawn the report: nothing of it is passed on any
    more. 409 `redaction_changed` means that a redaction was removed, or replaced by one that hides
    less than what was agreed on: propose a referral anew.
    """
    found = referrals.read_referral(
        call.path["report_id"], call.query.number, desk=wiring.desk(call.actor)
    )
    return _shown(found, call)


@routes.post(
    _PATH + "/approve",
    headers=(Header.TAG,),
    returns={200: ReferralBundle},
    raises=("no_referral", "withdrawn", "expiring", *_REDACTION),
)
def approve_referral(call: Call) -> Response:
    """Approve a referral.

    Another officer must have proposed it (otherwise 403 `self_approval`). Send the `tag` of the
    document that you read as `If-Match`: 412 means that another proposal has taken its place.
    Returns the document: hand it over to the agency, in the way that `how` says. One with `words`
    leaves by itself; `sent` of the referral says how it fares. From now on the
    reporter reads in their report that it was passed on, to whom and when. Repeating the call
    changes nothing.
    """
    found = referrals.approve_referral(
        call.path["report_id"],
        call.tag,
        desk=wiring.desk(call.actor),
        errands=wiring.errands(),
        key=wiring.events_keys(),
    )
    return _shown(found, call)


@routes.post(
    _PATH + "/decline",
    body=ReferralRefusal,
    headers=(Header.IF_MATCH,),
    returns={204: None},
    raises=("no_referral", "passed_on", "withdrawn", "expiring", errors.Forbidden("not_your_step")),
)
def decline_referral(call: Call) -> Response:
    """Decline a referral.

    Ends a proposal of another officer, with a reason. Send the `ETag` of the referral that you read
    as `If-Match`: 412 means that another proposal has taken its place. The officer who
    proposed it is notified, and reads the reason in `declined_referral` of the opened report. They
    take it back with DELETE (otherwise 403 `not_your_step`). One that was approved cannot be
    declined: 409 `passed_on`. Repeating the call changes nothing.
    """
    referrals.decline_referral(
        call.path["report_id"], call.version, call.body.reason, desk=wiring.desk(call.actor)
    )
    return Response()


@routes.post(
    _PATH + "/handed-over",
    headers=(Header.IF_MATCH,),
    returns={204: None},
    raises=("no_referral", "passed_on", "expiring"),
)
def hand_over_referral(call: Call) -> Response:
    """Say that a referral was handed over by hand.

    For one that leaves by itself and was not taken: its `sent` is `by_hand`, or `unclear`, of which
    you ask the agency first. Send the `ETag` of that referral as `If-Match`. The report then loses
    the flag `hand_over`. 409 `passed_on`: the agency has it, or gets it, as while it is `waiting`.
    Repeating the call changes nothing.
    """
    referrals.hand_over_referral(call.path["report_id"], call.version, desk=wiring.desk(call.actor))
    return Response()


@routes.delete(_PATH, raises=("passed_on", "expiring", errors.Forbidden("not_your_step")))
def withdraw_referral(call: Call) -> Response:
    """Take a referral back that is not approved yet.

    Only the officer who proposed it can: any other officer declines it, with a reason (403
    `not_your_step`). One that was approved cannot be taken back: 409 `passed_on`. Without a
    proposal, the call changes nothing.
    """
    referrals.withdraw_referral(call.path["report_id"], desk=wiring.desk(call.actor))
    return Response()


def _shown(found: Bundle, call: Call) -> Response:
    view = ReferralBundle.opened(found, call.language)
    return Response(view, headers=etag_of(found.opened.referral.number))
