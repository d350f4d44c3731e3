"""The actor of a use case, and the time: an officer, a reporter, the clock or an operator.

What an officer, the clock or an operator does is written to the audit, by `log` or in the
transaction of the change. Nothing is written about reporters.
"""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.officers import Officer
from chalicelib.store.audit import Action, Audit, Detail, Entry, Subject
from chalicelib.store.writes import TransactItem

# No username can be like these.
CLOCK = "(clock)"
OPERATOR = "(operator)"


@dataclass(frozen=True, slots=True)
class Reporter:
    """A resident. Nothing identifies them."""

    now: datetime

    def log_items(
        self, subject: Subject, action: Action, detail: Detail | None = None
    ) -> list[TransactItem]:
        """Return no records: reporters are not audited."""
        return []


@dataclass(frozen=True, slots=True)
class Actor:
    """Someone whose actions are audited: the clock, an officer (`OfficerActor`), or an operator
    (`OperatorActor`).

    `by` is the name in the audit.
    """

    by: str
    audit: Audit
    now: datetime

    @classmethod
    def clock(cls, audit: Audit, now: datetime) -> "Actor":
        return Actor(CLOCK, audit, now)

    def log(self, subject: Subject, action: Action, detail: Detail | None = None) -> None:
        """Write an audit record about `subject`. Raises Unavailable."""
        self.audit.write(Entry(subject, self.by, action, self.now, detail))

    def log_item(
        self, subject: Subject, action: Action, detail: Detail | None = None
    ) -> TransactItem:
        """Return the same record as part of a transaction."""
        return self.audit.item(Entry(subject, self.by, action, self.now, detail))

    def log_items(
        self, subject: Subject, action: Action, detail: Detail | None = None
    ) -> list[TransactItem]:
        return [self.log_item(subject, action, detail)]

    def log_own(self, action: Action, detail: Detail) -> None:
        """Write an audit record that concerns no single report or bulletin. Raises Unavailable."""
        self.audit.write(Entry.of_officer(self.by, action, self.now, detail))

    def log_own_item(self, action: Action, detail: Detail) -> TransactItem:
        """Return the same record as part of a transaction."""
        return self.audit.item(Entry.of_officer(self.by, action, self.now, detail))


@dataclass(frozen=True, slots=True)
class OfficerActor(Actor):
    """An admitted officer. `officer` is the row with their roles and scope."""

    officer: Officer


@dataclass(frozen=True, slots=True)
class OperatorActor(Actor):
    """Someone who runs a command with rights of the AWS account. `arn` is their name there, which
    each record of their own has.
    """

    arn: str

    @classmethod
    def of(cls, arn: str, audit: Audit, now: datetime) -> "OperatorActor":
        return cls(OPERATOR, audit, now, arn)

    def log_own(self, action: Action, detail: Detail) -> None:
        self.audit.write(self._entry(action, detail))

    def log_own_item(self, action: Action, detail: Detail) -> TransactItem:
        return self.audit.item(self._entry(action, detail))

    def _entry(self, action: Action, detail: Detail) -> Entry:
        return Entry.of_officer(self.by, action, self.now, {**detail, "operator": self.arn})
