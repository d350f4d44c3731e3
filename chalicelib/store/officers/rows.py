"""Officers' rows, the directory of all of them, and proposals for them."""

from collections.abc import Sequence
from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.table import Table
from chalicelib.aws.writes import Delete, Put, TransactItem, Update
from chalicelib.domain.officers.model import Officer
from chalicelib.domain.officers.proposals import Proposal

ROW = "ROW"
PROPOSAL = "PROPOSAL"


# Rows of the directory that one call reads: with the longest of scopes, less than a megabyte.
_DIRECTORY_PAGE = 500
# What colleagues may know of each other decides who may be assigned; no address is read.
_OF_COLLEAGUES = (
    "username",
    "name",
    "active",
    "roles",
    "categories",
    "districts",
    "oversight_since",
    "oversight_until",
)


class DirectoryPage(NamedTuple):
    """Officers by username. `position` is the last username; None when no more follow."""

    officers: tuple[Officer, ...]
    position: str | None


class Officers:
    def __init__(self, table: Table) -> None:
        self.table = table

    def get(self, username: str) -> Officer | None:
        """Return an officer's row, read consistently, or None.

        Every request reads it, so that a change takes effect at the next request.
        """
        row = self.table.get(keys.officer(username), ROW, consistent=True)
        return Officer.model_validate(row) if row else None

    def colleague(self, username: str) -> Officer | None:
        """Return an officer's row as colleagues may know it, or None. It may be a second old."""
        row = self.table.get(keys.OFFICERS, username, attributes=_OF_COLLEAGUES)
        return Officer.model_validate(row) if row else None

    def all(self) -> list[Officer]:
        """Return all officers, active or not, sorted by name."""
        rows, _ = self.table.query(keys.OFFICERS, consistent=True)
        return [Officer.model_validate(row) for row in rows]

    def directory_page(self, after: str | None) -> DirectoryPage:
        """Return the officers after this username, without their addresses, by one call."""
        rows, more = self.table.query(
            keys.OFFICERS, at_least=after, limit=_DIRECTORY_PAGE + 1, attributes=_OF_COLLEAGUES
        )
        found = [row for row in rows if row["username"] != after]
        position = found[-1]["username"] if more and found else None
        return DirectoryPage(tuple(Officer.model_validate(row) for row in found), position)

    def put(self, officer: Officer, *, also: Sequence[TransactItem] = ()) -> Officer:
        """Write an officer's row and its copy in the directory, with `also` in one transaction.

        Return the row as written. Raises ConditionFailed when the row was written since `officer`
        was read, so that nobody undoes what they have not seen.
        """
        written = officer.model_copy(update={"revision": officer.revision + 1})
        fields = written.model_dump(mode="json", exclude_none=True)
        unchanged = {"revision": officer.revision or None}
        row = Put({"pk": keys.officer(officer.username), "sk": ROW, **fields}, equal=unchanged)
        copy = Put({"pk": keys.OFFICERS, "sk": officer.username, **fields})
        self.table.transact([self.table.item(row), self.table.item(copy), *also])
        return written

    def begin_trial(self, officer: Officer) -> None:
        """Write the row of who tries a deployment out. The directory has none of them."""
        fields = officer.model_dump(mode="json", exclude_none=True)
        self.table.put({"pk": keys.officer(officer.username), "sk": ROW, **fields})

    def end_trial(self, username: str) -> None:
        """Delete that row."""
        self.table.delete(Delete(keys.officer(username), ROW))

    def proposal(self, username: str) -> Proposal | None:
        """Return the last proposal for an officer, read consistently; None if there never was one.

        It may have ended.
        """
        row = self.table.get(keys.officer(username), PROPOSAL, consistent=True)
        return Proposal.model_validate(row) if row else None

    def proposals(self) -> list[Proposal]:
        """Return the proposals that were neither approved nor withdrawn, sorted by username."""
        rows, _ = self.table.query(keys.PROPOSALS, consistent=True)
        return [Proposal.model_validate(row) for row in rows]

    def proposal_items(self, proposal: Proposal, last: Proposal | None) -> list[TransactItem]:
        """Return the writes that keep `proposal`, if `last` is still the last one."""
        username = proposal.username
        fields = proposal.model_dump(mode="json", exclude_none=True)
        stored = Put(
            {"pk": keys.officer(username), "sk": PROPOSAL, **fields},
            equal={
                "version": last.version if last else None,
                "approved_by": last.approved_by if last else None,
            },
        )
        listed = (
            Put({"pk": keys.PROPOSALS, "sk": username, **fields})
            if proposal.row
            else Delete(keys.PROPOSALS, username)
        )
        return [self.table.item(stored), self.table.item(listed)]

    def first_admins(self) -> int | None:
        """Return how many admins were ever appointed by operators; None for none."""
        row = self.table.get(keys.FIRST_ADMINS, ROW, consistent=True)
        return row["appointed"] if row else None

    def count_first_admin(self, before: int | None) -> TransactItem:
        """Return the write that counts one more, if there are still `before`.

        It makes one of two operators fail who appoint admins at the same time.
        """
        return self.table.item(
            Update(
                keys.FIRST_ADMINS,
                ROW,
                add={"appointed": 1},
                equal={"appointed": before},
                upsert=True,
            )
        )
