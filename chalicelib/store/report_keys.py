"""The key of a report, read by the one function that decodes files.

It may read no other attribute of a report: its policy names these (`dynamodb:Attributes`).
"""

from chalicelib import errors
from chalicelib.domain.reports import Status
from chalicelib.store import keys
from chalicelib.store.table import Table

READ_FIELDS = ("pk", "sk", "public_key", "status", "expiring", "deleted_at")


class ReportKeys:
    def __init__(self, table: Table) -> None:
        self._table = table

    def public_key(self, report_id: str) -> bytes | None:
        """Return the public half of a report's key (32 bytes), read consistently.

        None when the report has none. Raises NotFound when nothing may be derived for the report:
        it is unknown, withdrawn, deleted, or being deleted.
        """
        row = self._table.get(
            keys.report(report_id), keys.HEAD, consistent=True, attributes=READ_FIELDS
        )
        if (
            row is None
            or row.get("status") == Status.WITHDRAWN.value
            or row.get("expiring")
            or "deleted_at" in row
        ):
            raise errors.NotFound
        public: bytes | None = row.get("public_key")
        return public
