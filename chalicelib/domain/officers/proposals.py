"""Proposals: what one admin wants an officer's row to be, until another admin approves it."""

from datetime import datetime, timedelta

from chalicelib.domain.officers.model import WAIT, Officer, Role
from chalicelib.kernel.models import Record

VALID_FOR = timedelta(days=7)

# Nobody proposes these: they follow from what happens to a row.
_NOT_PROPOSED = frozenset(
    {"username", "approves_from", "oversight_since", "oversight_until", "revision"}
)


class Proposal(Record):
    """The last proposal for an officer. It is kept when it has ended, without its `row`.

    `version` grows with each proposal, and when one ends without approval. So no version ever means
    two different rows, and an approval is of what was read.
    """

    username: str
    version: int
    by: str
    at: datetime
    row: Officer | None = None
    approved_by: str | None = None

    @property
    def expires_at(self) -> datetime:
        return self.at + VALID_FOR

    def row_at(self, now: datetime) -> Officer | None:
        """Return the proposed row while it can be approved; None afterwards."""
        return self.row if now < self.expires_at else None

    def approved(self, by: str) -> "Proposal":
        return self.model_copy(update={"row": None, "approved_by": by})


def proposed(row: Officer, last: Proposal | None, *, by: str, now: datetime) -> Proposal:
    """Return a new proposal. It takes the place of the last one."""
    version = _next(last)
    return Proposal(username=row.username, version=version, by=by, at=now, row=row)


def ended(username: str, last: Proposal | None, *, by: str, now: datetime) -> Proposal:
    """Return the row of an ended proposal. It has a version of its own, so a proposal that is
    written at the same time is not stored.
    """
    return Proposal(username=username, version=_next(last), by=by, at=now)


def _next(last: Proposal | None) -> int:
    return last.version + 1 if last else 1


def differences(before: Officer | None, after: Officer) -> frozenset[str]:
    """Return the fields in which two rows differ; every field when there was no row.

    The order of roles, categories and districts makes no difference.
    """
    fields = Officer.model_fields.keys() - _NOT_PROPOSED
    if before is None:
        return frozenset(fields)
    return frozenset(
        name for name in fields if _value(getattr(before, name)) != _value(getattr(after, name))
    )


def _value(value: object) -> object:
    return frozenset(value) if isinstance(value, tuple) else value


def is_deactivation(before: Officer | None, after: Officer) -> bool:
    """Return whether an access ends, and nothing else changes."""
    return (
        before is not None
        and before.active
        and not after.active
        and differences(before, after) == {"active"}
    )


def as_appointed(row: Officer, before: Officer | None, now: datetime) -> Officer:
    """Return the row that takes effect when `row` is approved.

    An officer who is new, comes back, or becomes an admin, waits before they approve anything. No
    appointment shortens a wait.
    """
    kept = before or Officer(username=row.username, active=False, roles=())
    leaves = kept.is_oversight and not row.is_oversight
    follows = {
        "approves_from": kept.approves_from,
        "oversight_since": kept.oversight_since or (now if row.is_oversight else None),
        "oversight_until": now if leaves else kept.oversight_until,
        "revision": kept.revision,
    }
    after = row.model_copy(update=follows)
    becomes_admin = row.has_role(Role.ADMIN) and not kept.has_role(Role.ADMIN)
    return after if kept.active and not becomes_admin else after.waiting_until(now + WAIT)
