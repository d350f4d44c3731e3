"""The actors of use cases, and admission: an officer, the clock or an operator.

The token says who calls. The officer's row says what they may do, and is read at every request.
What an actor does is written to the audit, by `log` or in the transaction of the change. Nothing is
written about reporters (`services/reports/intake.py`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from chalicelib.aws.keys import Key
from chalicelib.aws.kms import ContentKeys
from chalicelib.aws.writes import TransactItem
from chalicelib.domain.officers.access_tokens import MACHINE
from chalicelib.domain.officers.model import Officer, Role
from chalicelib.kernel import errors
from chalicelib.kernel.sealing import PrivateKey, WrappedKey
from chalicelib.services.audit.words import require_key_of, seal_words
from chalicelib.store.audit.rows import Action, Audit, Detail, Entry, Subject, about, of_report
from chalicelib.store.officers.rows import Officers

# No username can be like these.
CLOCK = "(clock)"
OPERATOR = "(operator)"

# Entries that an instance remembers: those of an hour of 5,000 officers, and more; 3 MB.
_ON_RECORD_MAX = 10_000


@dataclass(frozen=True)
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

    def log(
        self,
        subject: Subject,
        action: Action,
        detail: Detail | None = None,
        words: Detail | None = None,
        also: Sequence[TransactItem] = (),
    ) -> str:
        """Write an audit record about `subject`, and return its id. Raises Unavailable.

        `words` is what a person wrote, such as a reason. It is sealed to the report's key. `also`
        are writes in the same transaction.
        """
        entry = self._about(subject, action, detail, words)
        self.audit.write(entry, also)
        return entry.id

    def log_item(
        self,
        subject: Subject,
        action: Action,
        detail: Detail | None = None,
        words: Detail | None = None,
    ) -> TransactItem:
        """Return the same record as part of a transaction."""
        return self.audit.item(self._about(subject, action, detail, words))

    def _about(
        self, subject: Subject, action: Action, detail: Detail | None, words: Detail | None
    ) -> Entry:
        entry = Entry(subject, self.by, action, self.now, detail)
        if not words:
            return entry
        if subject.public_key is None:
            raise ValueError("what a person wrote can be sealed to a report's key only")
        return replace(entry, sealed=seal_words(subject.public_key, entry.key, words))

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


class Sealed(Protocol):
    """A sealed report, as far as its key goes."""

    @property
    def id(self) -> str: ...
    @property
    def public_key(self) -> bytes: ...
    @property
    def wrapped_key(self) -> bytes: ...
    @property
    def wrapping_key(self) -> str: ...


@dataclass(frozen=True)
class OfficerActor(Actor):
    """An admitted officer. `officer` is the row with their roles and scope.

    `content_keys` opens reports for them.
    """

    officer: Officer
    content_keys: ContentKeys
    on_record: set[Key] = field(default_factory=set)
    """What the instance knows to be on record already, by the keys of the entries."""

    def log_own_hourly(self, action: Action, what: str) -> None:
        """Write an audit record that this was done in the present hour; once, however often it is.

        Raises Unavailable.
        """
        hour = self.now.replace(minute=0, second=0, microsecond=0)
        entry = Entry.of_officer(self.by, action, hour, {what: "in this hour"})
        entry = replace(entry, id=what)
        if entry.key in self.on_record:
            return
        self.audit.write_once(entry)
        if len(self.on_record) >= _ON_RECORD_MAX:
            self.on_record.clear()
        self.on_record.add(entry.key)

    def open(
        self,
        report: Sealed,
        detail: Detail | None = None,
        words: Detail | None = None,
        also: Sequence[TransactItem] = (),
    ) -> PrivateKey:
        """Write an audit record, with `also` in its transaction; then return the key that opens the
        report.

        This is the one way in which an officer reads what a report says. The call of KMS names the
        record, so that AWS's own record of the call can be compared with it. Raises Unavailable.
        """
        opening = self.log(about(report), Action.OPEN, detail, words, also)
        wrapped = WrappedKey(report.wrapped_key, report.wrapping_key)
        key = self.content_keys.unwrap(wrapped, opening)
        for public in (key.public, report.public_key):
            require_key_of(report.id, public)
        return key

    def has_opened(self, report_id: str) -> bool:
        """Return whether the audit has an opening of the whole report by this officer: no part, no
        export and no repeated call.
        """
        return any(
            each.by == self.by
            and each.action is Action.OPEN
            and each.verified
            and set(each.detail or {}) <= {"entered_by"}
            for each in self.audit.history(of_report(report_id))
        )


@dataclass(frozen=True)
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


class CallLimits:
    """Limits the calls of each officer to one instance, which serves one call at a time.

    So an officer, whatever their console does, takes a part of an instance's time and leaves the
    rest to others: what is refused reads no row. A person at work stays far below. Counted in
    memory, so that nothing is called for it.
    """

    A_SECOND, AT_ONCE = 10, 300

    def __init__(self) -> None:
        self._left: dict[str, tuple[float, float]] = {}

    def count(self, username: str, now: float) -> None:
        """Count a call at `now`, in seconds. Raises TooManyCalls."""
        left, since = self._left.get(username, (self.AT_ONCE, now))
        left = min(self.AT_ONCE, left + (now - since) * self.A_SECOND)
        if left < 1:
            raise errors.TooManyCalls(math.ceil((1 - left) / self.A_SECOND))
        self._left[username] = left - 1, now


@dataclass(frozen=True, slots=True)
class Admission:
    """Admits officers, and gives them the audit that records what they do."""

    officers: Officers
    audit: Audit
    content_keys: ContentKeys
    on_record: set[Key] = field(default_factory=set)

    def admit(
        self, caller: str, route: str, roles: tuple[Role, ...], *, now: datetime
    ) -> OfficerActor:
        """Return the actor for an active officer who has one of `roles`. `caller` is the username;
        of a machine's token, after `MACHINE`.

        Raises Forbidden for everyone else, after a denial that names `route` is in the audit: also
        for a machine's token where the row is a person's, and the other way round. Unavailable.
        """
        username = caller.removeprefix(MACHINE)
        officer = self.officers.get(username)
        is_theirs = officer is not None and officer.is_system is caller.startswith(MACHINE)
        if officer is None or not (is_theirs and officer.active and officer.has_role(*roles)):
            self.audit.write(Entry.of_officer(username, Action.DENIED, now, {"route": route}))
            raise errors.Forbidden
        return OfficerActor(username, self.audit, now, officer, self.content_keys, self.on_record)
