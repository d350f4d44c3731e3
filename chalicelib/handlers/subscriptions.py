"""Officers choose what they are told of."""

from chalice.app import Blueprint

from chalicelib import errors, wiring
from chalicelib.domain import times
from chalicelib.domain.subscriptions import NewSubscription, Subscription
from chalicelib.handlers import responses
from chalicelib.handlers.auth import authorize_officer
from chalicelib.handlers.casework import admitted
from chalicelib.handlers.http import Access, Call, Response, endpoint
from chalicelib.services import subscriptions

bp = Blueprint(__name__)

_EXAMPLE = {
    "protocol": "email",
    "categories": ["traffic_violation"],
    "districts": ["chaoyang"],
    "min_urgency": "normal",
}
_EXAMPLE_VIEW = {
    "id": "7Q4M0V2K9XJ5T8RB",
    "address": "wang@police.example",
    "created_at": "2026-11-24T00:30:00.000Z",
    **_EXAMPLE,
}


class SubscriptionView(responses.Shape):
    """What one subscription lets through: empty lists mean all of the officer's scope."""

    model_config = responses.shown(_EXAMPLE_VIEW)

    id: str
    protocol: str
    address: str
    categories: list[str]
    districts: list[str]
    min_urgency: str
    created_at: str


class SubscriptionList(responses.Shape):
    model_config = responses.shown({"items": [_EXAMPLE_VIEW]})

    items: list[SubscriptionView]


@endpoint(
    bp,
    "GET",
    "/v1/officer/subscriptions",
    summary="One's own subscriptions",
    tag="Notices",
    access=Access.OFFICER,
    returns={200: SubscriptionList},
    authorizer=authorize_officer,
)
def list_subscriptions(call: Call) -> Response:
    """What the caller is told of, by e-mail and by text message. Empty lists mean all of their
    scope.
    """
    officer = admitted(call, on_record=True)
    return Response(
        SubscriptionList(
            items=[_view(each) for each in wiring.subscriptions().of(officer.username)]
        )
    )


@endpoint(
    bp,
    "POST",
    "/v1/officer/subscriptions",
    summary="Be told",
    tag="Notices",
    access=Access.OFFICER,
    body=NewSubscription,
    returns={201: SubscriptionView},
    raises=(errors.Conflict("already_subscribed"), errors.Conflict("address_taken")),
    example=_EXAMPLE,
    authorizer=authorize_officer,
)
def create_subscription(call: Call) -> Response:
    """To the officer's own address on record, and inside their scope. An e-mail address must
    confirm once, by the link SNS sends it.

    One subscription for each protocol: delete the old one to change it.
    """
    subscription = subscriptions.subscribe(
        admitted(call),
        call.body,
        subscriptions=wiring.subscriptions(),
        topic=wiring.topic_subscriptions(),
        audit=wiring.audit(),
        catalogue=wiring.catalogue(),
        now=call.now,
    )
    return Response(_view(subscription), status=201)


@endpoint(
    bp,
    "DELETE",
    "/v1/officer/subscriptions/{subscription_id}",
    summary="No longer be told",
    tag="Notices",
    access=Access.OFFICER,
    returns={204: None},
    authorizer=authorize_officer,
)
def delete_subscription(call: Call) -> Response:
    """Repeated, it answers the same."""
    subscriptions.unsubscribe(
        admitted(call, on_record=True),
        call.path["subscription_id"],
        subscriptions=wiring.subscriptions(),
        topic=wiring.topic_subscriptions(),
        audit=wiring.audit(),
        now=call.now,
    )
    return Response(status=204)


def _view(subscription: Subscription) -> SubscriptionView:
    return SubscriptionView(
        id=subscription.id,
        protocol=subscription.protocol,
        address=subscription.address,
        categories=list(subscription.categories),
        districts=list(subscription.districts),
        min_urgency=subscription.min_urgency.value,
        created_at=times.render(subscription.created_at),
    )
