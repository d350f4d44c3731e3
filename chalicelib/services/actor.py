"""Who acts, and when: an officer, a reporter or the clock.

What an officer or the clock does goes on record, by `log` or in the transaction that does it.
A reporter leaves no trace.
"""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.officers import Officer
from chalicelib.store.audit import Action, Audit, Detail, Entry, Subject
from chalicelib.store.writes import TransactItem

CLOCK = "(clock)"


@dataclass(frozen=True, slots=True)
class Reporter:
    """A resident: nothing says who they are."""

    now: datetime

    def log_items(
        self, subject: Subject, action: Action, detail: Detail | None = None
    ) -> list[TransactItem]:
        return []


@dataclass(frozen=True, slots=True)
class Actor:
    """The clock, or by `OfficerActor` an officer: `by` is the name on record."""

    by: str
    audit: Audit
    now: datetime

    @classmethod
    def clock(cls, audit: Audit, now: datetime) -> "Actor":
        return Actor(CLOCK, audit, now)

    def log(self, subject: Subject, action: Action, detail: Detail | None = None) -> None:
        """Put on record what is done to `subject`. Raises Unavailable when it cannot be."""
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


@dataclass(frozen=True, slots=True)
class OfficerActor(Actor):
    """An officer who was admitted, with the row that says what they may do."""

    officer: Officer

    def log_own(self, action: Action, detail: Detail) -> None:
        """Put on record what is about no one report or bulletin. Raises Unavailable."""
        self.audit.write(Entry.of_officer(self.by, action, self.now, detail))

    def log_own_item(self, action: Action, detail: Detail) -> TransactItem:
        """Return the same record as part of a transaction."""
        return self.audit.item(Entry.of_officer(self.by, action, self.now, detail))
