"""Officers choose what they are notified of."""

from chalicelib import errors, wiring
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.domain.reports import Urgency
from chalicelib.domain.subscriptions import NewSubscription, Protocol
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.handlers.shapes import Category, District, Shape, Timestamp
from chalicelib.services import subscriptions

routes = Routes("Notices", Access.OFFICER, roles=CASEWORKERS)


class SubscriptionView(Shape):
    """What one subscription lets through: empty lists mean all of the officer's scope."""

    id: str
    protocol: Protocol
    address: str
    categories: list[Category]
    districts: list[District]
    min_urgency: Urgency
    created_at: Timestamp


class SubscriptionList(Shape):
    items: list[SubscriptionView]


@routes.get("/v1/officer/subscriptions", returns=SubscriptionList, logged=True)
def list_subscriptions(call: Call) -> Response:
    """List one's own subscriptions.

    What the caller is notified of, by e-mail and by text message. Empty lists mean all of their
    scope.
    """
    return Response(
        SubscriptionList(
            items=[
                SubscriptionView.model_validate(each)
                for each in wiring.subscriptions().of(call.officer.username)
            ]
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
    return Response(SubscriptionView.model_validate(subscription))


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
