"""The steps that take two persons: what one officer begins, another completes.

`RULES` has all of them. docs/accountability.md explains them to people.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Self

from chalicelib.domain.officers.model import Officer
from chalicelib.kernel import times


class TwoPersonStep(StrEnum):
    APPOINTMENT = "appointment"
    HOLD = "hold"
    HOLD_LIFT = "hold_lift"
    BULLETIN = "bulletin"
    OUTCOME = "outcome"
    WITHDRAWAL = "withdrawal"
    CLOSING = "closing"
    REFERRAL = "referral"
    MASK = "mask"
    REQUEST = "request"
    EXPORT = "export"
    BURST = "burst"
    OVERSIGHT_RETURN = "oversight_return"
    DESTINATION = "destination"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        # Of rows that were stored when no other closing took two.
        return cls("closing") if value == "malicious" else None


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
    TwoPersonStep.CLOSING: Rule(
        "proposes to close a critical report, or one that nobody has reviewed in time, or as "
        "`unfounded` or `malicious`, or more than 50 in an hour",
        "confirms exactly that, which closes it",
    ),
    TwoPersonStep.REFERRAL: Rule(
        "proposes to refer a report to another agency, and what it gets", "approves exactly that"
    ),
    TwoPersonStep.MASK: Rule(
        "proposes to mask a passage of a report, a message or a note, with a reason",
        "reads that passage, and approves exactly that",
    ),
    TwoPersonStep.REQUEST: Rule(
        "proposes how to decide a request of a third person, with reasons", "approves exactly that"
    ),
    TwoPersonStep.EXPORT: Rule(
        "asks to export more than 50 reports, at once or within 24 hours, or one for a court",
        "reads the reason, the filters and each reference, and approves exactly these",
    ),
    TwoPersonStep.BURST: Rule("asks to close the reports of a burst", "approves it"),
    TwoPersonStep.OVERSIGHT_RETURN: Rule(
        "of oversight asks to return a report to its station, with a reason", "of oversight agrees"
    ),
    TwoPersonStep.DESTINATION: Rule(
        "proposes where events go, which, and what they say", "approves exactly that"
    ),
}


class Awaiting(NamedTuple):
    """A step on a report that awaits its second person. `until`: from then on it does no more."""

    step: TwoPersonStep
    by: str
    until: datetime | None = None

    @classmethod
    def read(cls, kept: str) -> Self:
        """Return the step that is stored as `kept`."""
        step, by, until = kept.split("#")
        return cls(TwoPersonStep(step), by, times.parse(until) if until else None)

    def kept(self) -> str:
        """Return it as it is stored. No username has a `#`."""
        return f"{self.step}#{self.by}#{times.render(self.until) if self.until else ''}"

    def is_open(self, now: datetime) -> bool:
        return self.until is None or now < self.until


def awaits_end(steps: Iterable[str]) -> bool:
    """Return whether one of these steps, as they are stored, is the end of a report."""
    return any(Awaiting.read(each).step is TwoPersonStep.CLOSING for each in steps)


class Request(NamedTuple):
    """What one officer has begun, as a second one reads and completes it.

    `about` is the id of the report, bulletin or export, or the username. `version` is another one
    whenever what would be approved is. `involved` are the officers who began it or wrote a part.
    """

    step: TwoPersonStep
    about: str
    version: str
    involved: Collection[str]


def refusal(officer: Officer, involved: Collection[str], now: datetime) -> str | None:
    """Return the code of why this officer may not complete a step; None when they may.

    `involved` are the usernames of everybody who began the step or wrote a part of it. A machine is
    no second person. `self_approval`: the officer is one of them. `approves_later`: their account
    is new, or its password was reset, less than `WAIT` ago.
    """
    if officer.is_system:
        return "forbidden"
    if officer.username in involved:
        return "self_approval"
    if officer.waits_at(now):
        return "approves_later"
    return None
