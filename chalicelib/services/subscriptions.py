"""Officers' subscriptions to notices.

Officers choose what they are notified of, inside their scope. SNS is kept in line with their rows.
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
    """Subscribe the officer's own address.

    An officer has at most one subscription for each protocol, because SNS allows one for each
    address. Raises Invalid (out of scope, no address in their row, too many combinations), Conflict
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
    """Remove one of the officer's own subscriptions. Changes nothing when there is none."""
    for existing in subscriptions.of(actor.by):
        if existing.id == subscription_id:
            actor.log_own(Action.CHANGE, {"unsubscribed": subscription_id})
            _drop(existing, subscriptions, topic)


def sync_subscriptions(
    username: str, *, officers: Officers, subscriptions: Subscriptions, topic: TopicSubscriptions
) -> None:
    """Bring SNS in line with an officer's row: scope, address, active or not.

    Repeated, change nothing. A caller adds the task (`Subscriptions.request_sync`) before it
    changes the row, and calls this afterwards. If it fails to, the sweep does the task.
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
