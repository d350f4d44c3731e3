"""Officers' subscriptions to notices.

Officers choose what they are notified of, inside their scope. SNS is kept in line with their rows.
SNS cannot remove a subscription until its address is confirmed. So one that has ended before that
stays stored, and is removed from SNS when it is confirmed after all.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from chalicelib.aws.table import retry_on_conflict
from chalicelib.domain.catalogue.model import Catalogue
from chalicelib.domain.notices.roster import Member
from chalicelib.domain.notices.subscriptions import (
    NewSubscription,
    Subscription,
    address_of,
    filter_policy,
    is_of_reports,
)
from chalicelib.domain.officers.model import CASEWORKERS, DISTRICTLESS, Officer
from chalicelib.kernel import errors, geo
from chalicelib.kernel.ids import random_id
from chalicelib.services.officers import OfficerActor
from chalicelib.store.audit.rows import Action
from chalicelib.store.notices.roster import Subscriptions
from chalicelib.store.notices.topic import NO_NOTICES, Outcome, TopicSubscriptions
from chalicelib.store.officers.rows import Officers

log = logging.getLogger(__name__)

# How often an unconfirmed subscription is looked at, and how long: SNS deletes it after 48 hours.
_CHECK_AGAIN = timedelta(minutes=5)
# How often a confirmed one is: its owner may end it by the link in an e-mail, or SNS suspend it.
_CHECK_DAILY = timedelta(days=1)
_CONFIRM_WITHIN = timedelta(hours=72)
# SNS takes 200 filter policies for a topic unless AWS raises it, and each subscription has one
# (https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html). An alarm
# reads what is logged from here on.
NEARLY_ALL = 160


def subscribe(
    wanted: NewSubscription,
    *,
    actor: OfficerActor,
    subscriptions: Subscriptions,
    topic: TopicSubscriptions,
    catalogue: Catalogue,
    officers: Officers,
) -> Subscription:
    """Subscribe the officer's own address.

    An officer has at most one subscription for each protocol, because SNS allows one for each
    address. Raises Invalid (out of scope, no address in their row, a language of SMS, too many
    combinations), Conflict (`already_subscribed`, `address_taken`, `no_more_subscriptions`).
    """
    officer = actor.officer
    _check_scope(officer, wanted, catalogue)
    address = address_of(officer, wanted.protocol)
    if address is None:
        raise errors.Invalid(errors.FieldError("protocol", "no_address"))
    if wanted.language and wanted.protocol == "sms":
        raise errors.Invalid(errors.FieldError("language", "only_in_email"))
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
        policy=json.dumps(policy),
    )
    subscriptions.put(subscription)
    subscriptions.request_sync(actor.by, actor.now)
    earlier = [each for each in subscriptions.ended(actor.by) if each.address == address]
    for ended in earlier:
        # SNS still has this address. It subscribes it again only with the policy that it has.
        topic.narrow(str(ended.arn), policy)
    try:
        arn = topic.subscribe(wanted.protocol, address, policy)
    except errors.Conflict:
        subscriptions.delete(subscription)
        _complete(actor.by, officer, subscriptions, topic, actor.now)
        raise
    subscribed = subscription.model_copy(update={"arn": arn})
    subscriptions.put(subscribed)
    for ended in earlier:
        subscriptions.delete(ended)
    if officers.get(actor.by) == officer:
        _complete(actor.by, officer, subscriptions, topic, actor.now)
    else:
        # An admin has changed the officer since the request was admitted. Their own sync may have
        # come before the row that was written here.
        subscriptions.request_sync(actor.by, actor.now)
        sync_subscriptions(
            actor.by, officers=officers, subscriptions=subscriptions, topic=topic, now=actor.now
        )
    return subscribed


def is_confirmed(subscription: Subscription, topic: TopicSubscriptions) -> bool:
    """Return whether notices reach the address. Raises Unavailable."""
    return subscription.arn is not None and topic.is_confirmed(subscription.arn)


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
            subscriptions.request_sync(actor.by, actor.now)
            _drop(existing, subscriptions, topic, actor.now)
            _complete(actor.by, actor.officer, subscriptions, topic, actor.now)


def sync_subscriptions(
    username: str,
    *,
    officers: Officers,
    subscriptions: Subscriptions,
    topic: TopicSubscriptions,
    now: datetime,
) -> None:
    """Bring SNS and the roster in line with an officer's row: scope, address, active or not.

    Repeated, change nothing. A caller adds the task (`Subscriptions.request_sync`) before it
    changes the row, and calls this afterwards. If it fails to, the sweep does the task. The task
    stays while there is a subscription: for some minutes while SNS waits for a confirmation, else
    for a day. So what SNS no longer has is dropped.
    """
    officer, waits = officers.get(username), False
    for ended in subscriptions.ended(username):
        _drop(ended, subscriptions, topic, now)
    for existing in subscriptions.of(username):
        policy = _policy(officer, existing)
        if (
            officer is None
            or policy is None
            or address_of(officer, existing.protocol) != existing.address
        ):
            _drop(existing, subscriptions, topic, now)
        elif (arn := _arn(existing, topic, policy)) is None:
            subscriptions.delete(existing)
        else:
            if existing.arn is None:
                subscriptions.put(existing.model_copy(update={"arn": arn}))
            outcome = topic.narrow(arn, policy)
            waits |= outcome is Outcome.UNCONFIRMED
            if outcome is Outcome.GONE:
                # It was never confirmed, or ended by the link in an e-mail.
                subscriptions.delete(existing)
    _complete(username, officer, subscriptions, topic, now, waits=waits)


def _policy(officer: Officer | None, existing: Subscription) -> dict[str, object] | None:
    if officer is None or not officer.active:
        return None
    if not officer.has_role(*CASEWORKERS) and is_of_reports(json.loads(existing.policy or "{}")):
        # It was for reports. What comes to admins by name they subscribe to as admins.
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


def _drop(
    existing: Subscription, subscriptions: Subscriptions, topic: TopicSubscriptions, now: datetime
) -> None:
    """End a subscription: remove it from SNS, or mark it as ended until SNS can remove it."""
    arn = _arn(existing, topic)
    if arn and topic.unsubscribe(arn) is Outcome.UNCONFIRMED:
        if existing.ended_at is None:
            # If SNS accepts this, the first notice after a confirmation is held back too.
            topic.narrow(arn, NO_NOTICES)
            subscriptions.put(existing.model_copy(update={"arn": arn, "ended_at": now}))
            return
        if now < existing.ended_at + _CONFIRM_WITHIN:
            return
        log.warning("unconfirmed_subscription_kept_by_sns")
    subscriptions.delete(existing)


def _arn(
    existing: Subscription, topic: TopicSubscriptions, policy: Mapping[str, object] | None = None
) -> str | None:
    """Return the ARN of a subscription.

    Without one, SNS's answer was lost: ask again as then (as `policy` says if that is not known).
    None when SNS refuses it for good: it has the address with another policy, which is another
    officer's, or it takes no more policies.
    """
    asked = json.loads(existing.policy) if existing.policy else policy
    if existing.arn or asked is None:
        return existing.arn
    try:
        return topic.subscribe(existing.protocol, existing.address, asked)
    except errors.Conflict:
        return None


def _complete(
    username: str,
    officer: Officer | None,
    subscriptions: Subscriptions,
    topic: TopicSubscriptions,
    now: datetime,
    *,
    waits: bool = False,
) -> None:
    """Bring the roster in line with an officer's subscriptions, and postpone their task, or
    complete it when there is none. It is due in minutes when one is unconfirmed or `waits`.
    """
    live = subscriptions.of(username)
    confirmed = [each for each in live if is_confirmed(each, topic)]
    member = Member.of(officer, live, confirmed) if officer else None
    roster = retry_on_conflict(lambda: subscriptions.roster.keep_member(username, member))
    if roster.subscriptions >= NEARLY_ALL:
        log.warning("subscriptions_nearly_used_up", extra={"subscriptions": roster.subscriptions})
    if waits or len(confirmed) < len(live) or subscriptions.ended(username):
        subscriptions.request_sync(username, now, after=_CHECK_AGAIN)
    elif live:
        subscriptions.request_sync(username, now, after=_CHECK_DAILY)
    else:
        subscriptions.synced(username)
