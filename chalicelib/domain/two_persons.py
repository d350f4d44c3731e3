"""The steps that take two persons: what one officer begins, another completes.

`RULES` has all of them. docs/accountability.md explains them to people.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from chalicelib.domain.officers import Officer

# Whoever makes themselves a second account, or resets the password of a colleague, waits this long.
# In that time somebody sees the notice of it.
WAIT = timedelta(hours=24)


class TwoPersonStep(StrEnum):
    APPOINTMENT = "appointment"
    HOLD = "hold"
    HOLD_LIFT = "hold_lift"
    BULLETIN = "bulletin"
    OUTCOME = "outcome"
    WITHDRAWAL = "withdrawal"
    MALICIOUS = "malicious"
    REFERRAL = "referral"


class Rule(NamedTuple):
    """`first` is what one officer does, `second` what another one must do for it to take effect."""

    first: str
    second: str


RULES: Mapping[TwoPersonStep, Rule] = {
    TwoPersonStep.APPOINTMENT: Rule(
        "proposes to appoint or reactivate an officer, or to change their row",
        "approves exactly that; nobody proposes or approves for their own row",
    ),
    TwoPersonStep.HOLD: Rule("asks for a legal hold, with a reason", "approves it"),
    TwoPersonStep.HOLD_LIFT: Rule("asks to lift a legal hold, with a reason", "approves it"),
    TwoPersonStep.BULLETIN: Rule(
        "writes a bulletin or a correction of one", "approves exactly that version"
    ),
    TwoPersonStep.OUTCOME: Rule("writes an outcome in their own words", "approves exactly that"),
    TwoPersonStep.WITHDRAWAL: Rule(
        "writes in their own words why a bulletin was withdrawn", "approves exactly that"
    ),
    TwoPersonStep.MALICIOUS: Rule("proposes `malicious` for a report", "confirms it"),
    TwoPersonStep.REFERRAL: Rule(
        "proposes to refer a report to another agency, and what it gets", "approves exactly that"
    ),
}


def refusal(officer: Officer, involved: Collection[str], now: datetime) -> str | None:
    """Return the code of why this officer may not complete a step; None when they may.

    `involved` are the usernames of everybody who began the step or wrote a part of it.
    `self_approval`: the officer is one of them. `approves_later`: their account is new, or its
    password was reset, less than `WAIT` ago.
    """
    if officer.username in involved:
        return "self_approval"
    if officer.waits_at(now):
        return "approves_later"
    return None
