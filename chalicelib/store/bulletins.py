"""Bulletins' rows."""

from chalicelib.store.table import Table


class Bulletins:
    def __init__(self, table: Table) -> None:
        self.table = table

    def takes_leads(self, bulletin_id: str) -> bool:
        """Was a bulletin of this id ever published? What residents know of it does not end when it does."""
        row = self.table.get(f"BULLETIN#{bulletin_id}", "HEAD", attributes=("published_at",))
        return bool(row and row.get("published_at"))
