"""Officers' routes of their subscriptions to notices."""

from typing import Self

from chalicelib import wiring
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.notices.subscriptions import (
    Language,
    NewSubscription,
    Protocol,
    Subscription,
)
from chalicelib.domain.officers.model import STAFF
from chalicelib.http.requests import Call
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.http.shapes import Category, District, Shape, Timestamp
from chalicelib.services.notices import subscriptions

routes = Routes("Notices", Access.OFFICER, roles=STAFF)


class SubscriptionView(Shape):
    """A subscription to notices. Empty lists mean the officer's whole scope.

    `language` is that of the e-mails; null means all languages of the city. `confirmed` is false
    until the address is confirmed, and nothing is sent to it before; also after its owner has ended
    the subscription by the link in an e-mail.
    """

    id: str
    protocol: Protocol
    address: str
    categories: list[Category]
    districts: list[District]
    min_urgency: Urgency
    language: Language | None
    drills: bool
    created_at: Timestamp
    confirmed: bool

    @classmethod
    def now(cls, subscription: Subscription) -> Self:
        confirmed = subscriptions.is_confirmed(subscription, wiring.topic_subscriptions())
        return cls.of(subscription, confirmed=confirmed)


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
                SubscriptionView.now(each)
                for each in wiring.subscriptions().of(call.officer.username)
            ]
        )
    )


@routes.post(
    "/v1/officer/subscriptions",
    body=NewSubscription,
    returns=SubscriptionView,
    raises=("already_subscribed", "address_taken", "no_more_subscriptions"),
)
def create_subscription(call: Call) -> Response:
    """Subscribe to notices.

    Notices are about reports in your scope, and about steps that await you as the second person.
    They are sent to the e-mail address or phone number that an admin has entered for you. SNS sends
    a link to a new e-mail address: open it to confirm the subscription. E-mails are in `language`,
    or in all languages of the city without one; text messages are always in the first of these.
    With `drills` you also get notices of drills, which are marked.

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
    return Response(SubscriptionView.now(subscription))


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
