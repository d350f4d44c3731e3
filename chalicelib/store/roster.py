"""The roster: the weekly plan and its members, as one row of the reports table.

It is there because the publisher reads it with the tasks of a batch, in one call.
"""

import logging
from collections.abc import Collection, Mapping, Sequence

from chalicelib.domain.roster import Member, Roster
from chalicelib.store import keys
from chalicelib.store.keys import Key
from chalicelib.store.table import Row, Table
from chalicelib.store.writes import Put, TransactItem

log = logging.getLogger(__name__)

KEY: Key = (keys.ROSTER, "ROW")
# All attributes but the keys.
FIELDS = ("shifts", "plan_version", "members", "revision")


class RosterRow:
    def __init__(self, table: Table) -> None:
        self.table = table

    def read(self) -> Roster:
        """Return the roster, read consistently. Without a row there is no plan and no member."""
        return _roster(self.table.get(*KEY, consistent=True, attributes=FIELDS))

    def replace(self, before: Roster, after: Roster, also: Sequence[TransactItem] = ()) -> None:
        """Write `after`, with `also` in one transaction.

        Raises ConditionFailed when the roster has changed since `before` was read.
        """
        written = after.model_copy(update={"revision": before.revision + 1})
        row = dict(zip(("pk", "sk"), KEY, strict=True)) | written.model_dump(mode="json")
        put = Put(row, equal={"revision": before.revision or None})
        self.table.transact([self.table.item(put), *also])

    def keep_member(self, username: str, member: Member | None) -> Roster:
        """Write what an officer may be notified of (None: nothing), and return the roster. A
        repeated call writes nothing.

        Raises ConditionFailed when the roster has changed in the meantime.
        """
        before = self.read()
        if before.members.get(username) == member:
            return before
        others = {name: each for name, each in before.members.items() if name != username}
        members = others | ({username: member} if member else {})
        after = before.model_copy(update={"members": members})
        self.replace(before, after)
        return after


def roster_in(rows: Mapping[Key, Row], unread: Collection[Key]) -> Roster | None:
    """Return the roster among these rows; None when nobody knows it: it is one of the `unread`, or
    cannot be read. Without a row there is no plan and no member.
    """
    try:
        if KEY not in unread:
            return _roster(rows.get(KEY))
        log.warning("roster_unread")
    except ValueError as error:
        log.warning("roster_unreadable", extra={"error": type(error).__name__})
    return None


def _roster(row: Row | None) -> Roster:
    return Roster.model_validate(row) if row else Roster()
