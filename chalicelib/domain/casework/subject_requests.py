"""Requests of people who are written about: for access, correction or erasure.

An officer registers what somebody asks for, and names the reports that it is about. One officer
proposes a decision with its reasons, another approves it. The law asks for it by a date. What is
granted is carried out by masks (`domain/reports/masks`), or by an answer outside of the service.
"""

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from chalicelib.domain.officers.model import Officer
from chalicelib.domain.reports.asked import Asked
from chalicelib.domain.reports.report import Contact
from chalicelib.domain.second_person import Request, TwoPersonStep
from chalicelib.kernel import errors
from chalicelib.kernel.models import Input, Record
from chalicelib.kernel.text import ReporterText

# All are written in the transaction of a decision.
MOST_REPORTS = 20
# Before the date by which the law asks for an answer.
REMINDED = timedelta(days=7)
_MONTH = timedelta(days=365) / 12


class SubjectRight(StrEnum):
    """What a third person asks for."""

    ACCESS = "access"
    CORRECTION = "correction"
    ERASURE = "erasure"


class DecisionOutcome(StrEnum):
    GRANTED = "granted"
    PARTLY = "partly"
    REFUSED = "refused"


class NewSubjectRequest(Input):
    """What somebody asks for who is written about, in their words, and how to reach them."""

    right: Annotated[SubjectRight, Field(strict=False)]
    text: ReporterText
    contact: Contact


class NamedReports(Input):
    """Reports that a request is about."""

    report_ids: tuple[Annotated[str, Field(min_length=1, max_length=40)], ...] = Field(
        min_length=1, max_length=MOST_REPORTS, strict=False
    )


class NewDecision(Input):
    """What is decided, with the reasons that the answer gives."""

    outcome: Annotated[DecisionOutcome, Field(strict=False)]
    reason: ReporterText


class DecisionRefusal(Input):
    """Why a proposed decision is declined. Officers who open the request read it."""

    reason: ReporterText


class Asking(Record):
    """What is sealed of a request: what is asked for, and by whom."""

    text: str
    contact: dict[str, str | None]


class Decision(Record):
    """A decision as it is stored. Its reason is sealed. It takes effect once it is approved."""

    outcome: DecisionOutcome
    by: str
    at: datetime
    sealed_reason: bytes
    approved_by: str | None = None
    approved_at: datetime | None = None


class DeclinedDecision(Record):
    """The latest decision that was declined, by whom, when and why; the reason is sealed."""

    outcome: DecisionOutcome
    proposed_by: str
    by: str
    at: datetime
    sealed_reason: bytes


class SubjectRequest(Record):
    """A request as it is stored. `sealed` is the `Asking`, sealed to a key of its own, which is
    wrapped by that of contacts. `version` grows with each write. `for_oversight`: one of oversight
    has registered it, and nobody else sees it. `apart_ids` are the reports that oversight has
    named, which nobody else counts; `report_ids` those that others have.
    """

    number: str
    right: SubjectRight
    by: str
    at: datetime
    due_at: datetime
    report_ids: tuple[str, ...] = ()
    apart_ids: tuple[str, ...] = ()
    public_key: bytes = b""
    wrapped_key: bytes = b""
    wrapping_key: str = ""
    sealed: bytes = b""
    decision: Decision | None = None
    declined: DeclinedDecision | None = None
    version: int = 1
    for_oversight: bool = False

    def is_for(self, officer: Officer) -> bool:
        """Return whether an officer may know of it. Oversight may also know of others' requests,
        which can be about reports of theirs.
        """
        return officer.is_oversight or not self.for_oversight

    def named_for(self, officer: Officer) -> tuple[str, ...]:
        """Return the reports that the officer's side has named."""
        return self.apart_ids if officer.is_oversight else self.report_ids

    def with_named(self, report_ids: tuple[str, ...], officer: Officer) -> "SubjectRequest":
        """Return it with these reports, too, as the officer names them."""
        name = "apart_ids" if officer.is_oversight else "report_ids"
        named = {name: (*self.named_for(officer), *report_ids)}
        return self.model_copy(update={"version": self.version + 1, **named})

    def passed_on(self, report_id: str, *, apart: bool | None) -> "SubjectRequest | None":
        """Return it with a report that it is about among those of oversight alone (`apart`), or of
        others alone; without one that is gone (None). None when it is so already.
        """
        before = [report_id in self.report_ids, report_id in self.apart_ids]
        after = [False, False] if apart is None else [not apart, apart]
        if before == after or not any(before):
            return None
        named = {
            name: (*(each for each in getattr(self, name) if each != report_id), *[report_id] * has)
            for name, has in zip(("report_ids", "apart_ids"), after, strict=True)
        }
        return self.model_copy(update={"version": self.version + 1, **named})

    @property
    def is_decided(self) -> bool:
        return self.decision is not None and self.decision.approved_by is not None

    def waiting(self) -> Decision:
        """Return the decision that waits. Raises Conflict (`decided`, `no_decision`)."""
        self.require_open()
        if self.decision is None:
            raise errors.Conflict("no_decision")
        return self.decision

    def require_open(self) -> None:
        """Raise Conflict `decided` when it is."""
        if self.is_decided:
            raise errors.Conflict("decided")

    def request(self, decision: Decision, officer: Officer) -> Request:
        """Return the decision as another officer approves it, for the reports of their side."""
        reason = hashlib.sha256(decision.sealed_reason).hexdigest()
        version = f"{reason}/{'/'.join(self.named_for(officer))}"
        return Request(TwoPersonStep.REQUEST, self.number, version, {decision.by})

    def asked(self) -> Asked:
        """Return it as a report has it."""
        open_ = not self.is_decided
        return Asked(number=self.number, by=self.by, due_at=self.due_at, open=open_)


def forgotten_at(decided_at: datetime, months: int) -> datetime:
    """Return when nothing of a request is stored any more but its number."""
    return decided_at + months * _MONTH
