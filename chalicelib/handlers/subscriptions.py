"""Officers' routes of their subscriptions to notices."""

from chalicelib import errors, wiring
from chalicelib.domain.officers import Role
from chalicelib.domain.reports import Urgency
from chalicelib.domain.subscriptions import NewSubscription, Protocol
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.handlers.shapes import Category, District, Shape, Timestamp
from chalicelib.services import subscriptions

routes = Routes("Notices", Access.OFFICER, roles=tuple(Role))


class SubscriptionView(Shape):
    """A subscription to notices. Empty lists mean the officer's whole scope."""

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
    """List your own subscriptions.

    Returns which notices you receive by e-mail and by text message. Empty lists mean your whole
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

    Notices are about reports in your scope, and about steps that await you as the second person.
    They are sent to the e-mail address or phone number that an admin has entered for you. SNS sends
    a link to a new e-mail address: open it to confirm the subscription.

    You can have one subscription for each protocol. To change it, delete it and create a new one.
    """
    subscription = subscriptions.subscribe(
        call.body,
        actor=call.actor,
        subscriptions=wiring.subscriptions(),
        topic=wiring.topic_subscriptions(),
        catalogue=wiring.catalogue(),
        officers=wiring.officers(),
    )
    return Response(SubscriptionView.model_validate(subscription))


@routes.delete("/v1/officer/subscriptions/{subscription_id}", logged=True)
def delete_subscription(call: Call) -> Response:
    """Delete a subscription.

    You receive no more notices from it, also if you confirm its address only afterwards. Repeating
    the call changes nothing.
    """
    subscriptions.unsubscribe(
        call.path["subscription_id"],
        actor=call.actor,
        subscriptions=wiring.subscriptions(),
        topic=wiring.topic_subscriptions(),
    )
    return Response()
