"""An officer's subscription as an SNS filter policy, inside their scope."""

from collections.abc import Mapping
from datetime import datetime
from math import prod
from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from chalicelib.domain.catalogue.codes import Extensible, LanguageCode, category_codes
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.notices.notice import (
    FOR_SUPERVISORS,
    SMS_ALLOWED,
    groups_in,
    officer_address,
    role_group,
)
from chalicelib.domain.officers.model import ALL, CASEWORKERS, DISTRICTLESS, Officer, Role
from chalicelib.kernel import errors, geo
from chalicelib.kernel.city import city
from chalicelib.kernel.languages import LANGUAGES, TAG_PATTERN
from chalicelib.kernel.models import Input, Record

# SNS limits the product of the numbers of values in a policy.
MAX_COMBINATIONS = 150

type Protocol = Literal["email", "sms"]
"""How a notice goes out."""


Language = Annotated[
    LanguageCode,
    WithJsonSchema(
        {"type": "string", "pattern": TAG_PATTERN, "x-extensible-enum": list(LANGUAGES)}
    ),
]


class NewSubscription(Input):
    """Empty lists mean the officer's whole scope. The address comes from the officer's own row.

    `language` is that of the e-mails; without one they have all languages of the city. An SMS is
    always in the first of them. With `drills` there are notices of drills, too.
    """

    protocol: Protocol
    categories: tuple[Annotated[str, Extensible(category_codes)], ...] = Field(
        default=(), max_length=20, strict=False
    )
    districts: tuple[Annotated[str, Extensible(geo.districts)], ...] = Field(
        default=(), max_length=100, strict=False
    )
    min_urgency: Urgency = Field(default=Urgency.LOW, strict=False)
    language: Language | None = None
    drills: bool = False


class Subscription(Record):
    """A subscription as stored. `arn` is None until SNS has answered. It may have the subscription
    by then: repeated with the same `policy` (JSON), SNS answers with its ARN.

    `ended_at` is set when it has ended, but SNS still waits for the address to be confirmed.
    """

    id: str
    username: str
    protocol: Protocol
    address: str
    categories: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    min_urgency: Urgency = Urgency.LOW
    language: str | None = None
    drills: bool = False
    created_at: datetime
    policy: str | None = None
    arn: str | None = None
    ended_at: datetime | None = None


def address_of(officer: Officer, protocol: str) -> str | None:
    return officer.email if protocol == "email" else officer.phone


def filter_policy(
    officer: Officer, subscription: NewSubscription | Subscription
) -> dict[str, Any] | None:
    """Return SNS's policy for a subscription; None when all of it is out of scope.

    It matches the groups of reports that the officer asked for, the officer, and the group of
    supervisors if they are one; for oversight their own group in place of scopes. An officer who
    does not work on reports gets only notices for them by name. A key is left out where every value
    is allowed. Escalations and watches go to supervisors. Raises Invalid `too_many_combinations`.
    """
    if not officer.has_role(*CASEWORKERS):
        return {"to": [officer_address(officer.username)], **_form(subscription)}
    categories = _inside(subscription.categories, officer.categories)
    districts = _inside(subscription.districts, officer.districts)
    if districts is not None and not subscription.districts:
        # A scope with a category has its reports without a district, too. A subscription to
        # some districts leaves them out.
        districts |= DISTRICTLESS
    groups = groups_in(categories, districts)
    if officer.is_oversight:
        groups = frozenset({role_group(Role.OVERSIGHT)})
    if not groups:
        return None
    addresses = [*sorted(groups), officer_address(officer.username)]
    if officer.has_role(Role.SUPERVISOR):
        addresses.append(role_group(Role.SUPERVISOR))
    policy: dict[str, Any] = {"to": addresses}
    if subscription.min_urgency is not Urgency.LOW:
        # An announcement has no urgency.
        at_least = {"numeric": [">=", subscription.min_urgency.rank]}
        policy["urgency_rank"] = [at_least, {"exists": False}]
    if not officer.supervises:
        policy["kind"] = [{"anything-but": [kind.value for kind in FOR_SUPERVISORS]}]
    policy |= _form(subscription)
    if prod(len(values) for values in policy.values()) > MAX_COMBINATIONS:
        raise errors.Invalid(
            errors.FieldError(
                "districts", "too_many_combinations", (("limit", str(MAX_COMBINATIONS)),)
            )
        )
    return policy


def _form(subscription: NewSubscription | Subscription) -> dict[str, Any]:
    """Return the key that lets one of the messages of a notice pass: that for SMS, that in the
    language, or that in all languages.
    """
    if subscription.protocol == "sms":
        return {"sms": [SMS_ALLOWED]}
    wanted = subscription.language
    return {"language": [wanted if wanted in city().languages else {"exists": False}]}


def is_of_reports(policy: Mapping[str, Any]) -> bool:
    """Return whether a policy lets notices of reports pass, beside those to an officer by name."""
    return len(policy.get("to", ())) != 1


def _inside(wanted: tuple[str, ...], allowed: tuple[str, ...]) -> set[str] | None:
    """Return the values that are both wanted (empty: all) and allowed (`*`: all); None for all."""
    if ALL in allowed:
        return set(wanted) or None
    return set(allowed) & set(wanted) if wanted else set(allowed)
