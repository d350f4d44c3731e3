"""Officers' rows, and the directory of all of them."""

from collections.abc import Sequence

from chalicelib.domain.officers import Officer
from chalicelib.store import keys
from chalicelib.store.table import Table
from chalicelib.store.writes import Put, TransactItem, Update

ROW = "ROW"


class Officers:
    def __init__(self, table: Table) -> None:
        self.table = table

    def get(self, username: str) -> Officer | None:
        """Return an officer's row, read consistently, or None.

        Every request reads it, so that a change takes effect at the next request.
        """
        row = self.table.get(keys.officer(username), ROW, consistent=True)
        return Officer.model_validate(row) if row else None

    def all(self) -> list[Officer]:
        """Return all officers, active or not, sorted by name."""
        rows, _ = self.table.query(keys.OFFICERS, consistent=True)
        return [Officer.model_validate(row) for row in rows]

    def put(self, officer: Officer, *, also: Sequence[TransactItem] = ()) -> None:
        """Write an officer's row and its copy in the directory, with `also` in one transaction."""
        fields = officer.model_dump(mode="json", exclude_none=True)
        row_keys = ((keys.officer(officer.username), ROW), (keys.OFFICERS, officer.username))
        self.table.transact(
            [*(self.table.item(Put({"pk": pk, "sk": sk, **fields})) for pk, sk in row_keys), *also]
        )

    def first_admins(self) -> int | None:
        """Return how many first admins were ever appointed; None for none."""
        row = self.table.get(keys.FIRST_ADMINS, ROW, consistent=True)
        return row["appointed"] if row else None

    def count_first_admin(self, before: int | None) -> TransactItem:
        """Return the write that counts one more, if there are still `before`.

        It makes one of two operators fail who appoint first admins at the same time.
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
