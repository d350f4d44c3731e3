"""Officers choose what they are notified of. What SNS holds follows their rows: inside their scope,
and gone when they are.
"""

from collections.abc import Callable, Sequence

from chalicelib import errors
from chalicelib.domain import geo
from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.ids import random_id
from chalicelib.domain.officers import DISTRICTLESS, Officer
from chalicelib.domain.subscriptions import NewSubscription, Subscription, address_of, filter_policy
from chalicelib.notify.subscriptions import TopicSubscriptions
from chalicelib.services.actor import OfficerActor
from chalicelib.store.audit import Action
from chalicelib.store.officers import Officers
from chalicelib.store.subscriptions import Subscriptions


def subscribe(
    wanted: NewSubscription,
    *,
    actor: OfficerActor,
    subscriptions: Subscriptions,
    topic: TopicSubscriptions,
    catalogue: Catalogue,
) -> Subscription:
    """Subscribe the officer's own address. One subscription a protocol: SNS holds one an address.

    Raises Invalid (out of scope, no address on record, too many combinations), Conflict
    (`already_subscribed`, `address_taken`).
    """
    officer = actor.officer
    _check_scope(officer, wanted, catalogue)
    address = address_of(officer, wanted.protocol)
    if address is None:
        raise errors.Invalid(errors.FieldError("protocol", "no_address"))
    policy = filter_policy(officer, wanted)
    if policy is None:
        raise errors.Invalid(errors.FieldError("categories", "unknown_value"))
    if any(existing.protocol == wanted.protocol for existing in subscriptions.of(actor.by)):
        raise errors.Conflict("already_subscribed")
    actor.log_own(Action.CHANGE, {"subscribed": wanted.model_dump(mode="json")})
    subscription = Subscription(
        **wanted.model_dump(),
        id=random_id(),
        username=actor.by,
        address=address,
        created_at=actor.now,
    )
    subscriptions.put(subscription)
    subscriptions.request_sync(actor.by, actor.now)
    try:
        arn = topic.subscribe(wanted.protocol, address, policy)
    except errors.Conflict:
        subscriptions.delete(subscription)
        subscriptions.synced(actor.by)
        raise
    subscribed = subscription.model_copy(update={"arn": arn})
    subscriptions.put(subscribed)
    subscriptions.synced(actor.by)
    return subscribed


def unsubscribe(
    subscription_id: str,
    *,
    actor: OfficerActor,
    subscriptions: Subscriptions,
    topic: TopicSubscriptions,
) -> None:
    """Remove one of the officer's own subscriptions; nothing happens when there is none."""
    for existing in subscriptions.of(actor.by):
        if existing.id == subscription_id:
            actor.log_own(Action.CHANGE, {"unsubscribed": subscription_id})
            _drop(existing, subscriptions, topic)


def sync_subscriptions(
    username: str, *, officers: Officers, subscriptions: Subscriptions, topic: TopicSubscriptions
) -> None:
    """Bring SNS in line with an officer's row, as it is now: scope, address, active or not.
    Repeated, it changes nothing.

    To be pending (`Subscriptions.request_sync`) before the row is changed, and done after: what is
    left undone the sweep does.
    """
    officer = officers.get(username)
    for existing in subscriptions.of(username):
        policy = _policy(officer, existing)
        if (
            officer is None
            or policy is None
            or address_of(officer, existing.protocol) != existing.address
        ):
            _drop(existing, subscriptions, topic)
        elif existing.arn is None:
            arn = topic.subscribe(existing.protocol, existing.address, policy)
            subscriptions.put(existing.model_copy(update={"arn": arn}))
        else:
            topic.narrow(existing.arn, policy)
    subscriptions.synced(username)


def _policy(officer: Officer | None, existing: Subscription) -> dict[str, object] | None:
    if officer is None or not officer.active:
        return None
    try:
        return filter_policy(officer, existing)
    except errors.Invalid:
        return None


def _check_scope(officer: Officer, wanted: NewSubscription, catalogue: Catalogue) -> None:
    known = {category.code for category in catalogue.categories}
    wrong = _wrong(
        "categories", wanted.categories, lambda code: code in known and officer.sees_category(code)
    )
    places = {*geo.districts(), *DISTRICTLESS}
    wrong += _wrong(
        "districts", wanted.districts, lambda code: code in places and officer.sees_district(code)
    )
    if wrong:
        raise errors.Invalid(*wrong)


def _wrong(
    field: str, codes: Sequence[str], allowed: Callable[[str], bool]
) -> list[errors.FieldError]:
    return [
        errors.FieldError(f"{field}.{position}", "unknown_value")
        for position, code in enumerate(codes)
        if not allowed(code)
    ]


def _drop(existing: Subscription, subscriptions: Subscriptions, topic: TopicSubscriptions) -> None:
    if existing.arn:
        topic.unsubscribe(existing.arn)
    subscriptions.delete(existing)
