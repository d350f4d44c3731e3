"""What the one function that decodes files reads of a report: its key, and what is to be redacted.

It may read no other attribute of a report: its policy names these (`dynamodb:Attributes`).
"""

from typing import NamedTuple

from chalicelib import errors
from chalicelib.domain.redactions import Redaction, RedactionState
from chalicelib.domain.reports import Status
from chalicelib.store import keys
from chalicelib.store.table import Table

READ_FIELDS = ("pk", "sk", "public_key", "status", "expiring", "deleted_at")


# of a medium, beside its key
REDACTION_FIELDS = ("redaction", "preview_version")


class WantedRedaction(NamedTuple):
    """A redaction without its picture, and the version of the preview that it is made from."""

    redaction: Redaction
    preview_version: str


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

    def wanted_redaction(self, report_id: str, media_id: str) -> WantedRedaction | None:
        """Return the redaction that a medium waits for, read consistently; None when it waits for
        none.
        """
        row = self._table.get(
            keys.report(report_id),
            keys.media(media_id),
            consistent=True,
            attributes=("pk", "sk", *REDACTION_FIELDS),
        )
        if row is None or "redaction" not in row or "preview_version" not in row:
            return None
        redaction = Redaction.model_validate(row["redaction"])
        if redaction.state is not RedactionState.PROCESSING:
            return None
        return WantedRedaction(redaction, row["preview_version"])
