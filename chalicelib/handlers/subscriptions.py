"""Officers choose what they are notified of."""

from chalicelib import errors, wiring
from chalicelib.domain import times
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.domain.subscriptions import NewSubscription, Subscription
from chalicelib.handlers import schemas
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.services import subscriptions

routes = Routes("Notices", Access.OFFICER, roles=CASEWORKERS)

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


class SubscriptionView(schemas.Shape):
    """What one subscription lets through: empty lists mean all of the officer's scope."""

    model_config = schemas.shown(_EXAMPLE_VIEW)

    id: str
    protocol: str
    address: str
    categories: list[str]
    districts: list[str]
    min_urgency: str
    created_at: str


class SubscriptionList(schemas.Shape):
    model_config = schemas.shown({"items": [_EXAMPLE_VIEW]})

    items: list[SubscriptionView]


@routes.get("/v1/officer/subscriptions", returns=SubscriptionList, logged=True)
def list_subscriptions(call: Call) -> Response:
    """List one's own subscriptions.

    What the caller is notified of, by e-mail and by text message. Empty lists mean all of their
    scope.
    """
    return Response(
        SubscriptionList(
            items=[_view(each) for each in wiring.subscriptions().of(call.officer.username)]
        )
    )


@routes.post(
    "/v1/officer/subscriptions",
    body=NewSubscription,
    returns=SubscriptionView,
    raises=(errors.Conflict("already_subscribed"), errors.Conflict("address_taken")),
)
def create_subscription(call: Call) -> Response:
    """Subscribe to notices.

    They go to the officer's own address on record, and inside their scope. An e-mail address must
    confirm once, by the link SNS sends it.

    One subscription for each protocol: delete the old one to change it.
    """
    subscription = subscriptions.subscribe(
        call.body,
        actor=call.actor,
        subscriptions=wiring.subscriptions(),
        topic=wiring.topic_subscriptions(),
        catalogue=wiring.catalogue(),
    )
    return Response(_view(subscription))


@routes.delete("/v1/officer/subscriptions/{subscription_id}", logged=True)
def delete_subscription(call: Call) -> Response:
    """Unsubscribe.

    Repeated, it changes nothing.
    """
    subscriptions.unsubscribe(
        call.path["subscription_id"],
        actor=call.actor,
        subscriptions=wiring.subscriptions(),
        topic=wiring.topic_subscriptions(),
    )
    return Response()


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
