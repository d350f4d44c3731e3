"""Officers' rows."""

from chalicelib.domain.officers import Officer
from chalicelib.store import keys
from chalicelib.store.table import Table

ROW = "ROW"


class Officers:
    def __init__(self, table: Table) -> None:
        self.table = table

    def get(self, username: str) -> Officer | None:
        """Read at every request, so that a deactivation holds at the next one."""
        row = self.table.get(keys.officer(username), ROW, consistent=True)
        return Officer.model_validate(row) if row else None

    def put(self, officer: Officer) -> None:
        self.table.put({"pk": keys.officer(officer.username), "sk": ROW, **officer.model_dump(mode="json", exclude_none=True)})
