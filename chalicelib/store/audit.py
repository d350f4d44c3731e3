"""The append-only record of who did and saw what. A row holds no report text, and an HMAC of its
content.
"""

import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from chalicelib.domain import times
from chalicelib.domain.ids import random_id
from chalicelib.store import keys
from chalicelib.store.table import Row, Table

# How long a row is kept: then DynamoDB deletes it.
KEPT = timedelta(days=730)


class Action(StrEnum):
    OPEN = "open"
    LIST = "list"
    CHANGE = "change"
    MESSAGE = "message"
    NOTE = "note"
    CONTACT = "contact"
    CONFIRM = "confirm"
    HOLD = "hold"
    DENIED = "denied"


class Audit:
    """Raises Unavailable when a row cannot be written: then nothing may be shown."""

    def __init__(self, table: Table, key: bytes) -> None:
        self.table = table
        self._key = key

    def about_report(
        self,
        report_id: str,
        *,
        by: str,
        action: Action,
        now: datetime,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        self.table.put(self._row(keys.report(report_id), by, action, now, detail))

    def about_officer(
        self, *, by: str, action: Action, now: datetime, detail: Mapping[str, Any] | None = None
    ) -> None:
        self.table.put(self._row(keys.officer_day(by, now), by, action, now, detail))

    def report_action(
        self,
        report_id: str,
        *,
        by: str,
        action: Action,
        now: datetime,
        detail: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The same row as part of a transaction with what it records."""
        return self.table.put_action(self._row(keys.report(report_id), by, action, now, detail))

    def officer_action(
        self, *, by: str, action: Action, now: datetime, detail: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        return self.table.put_action(self._row(keys.officer_day(by, now), by, action, now, detail))

    def about_bulletin(
        self,
        bulletin_id: str,
        *,
        by: str,
        action: Action,
        now: datetime,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        self.table.put(self._row(keys.bulletin(bulletin_id), by, action, now, detail))

    def bulletin_action(
        self,
        bulletin_id: str,
        *,
        by: str,
        action: Action,
        now: datetime,
        detail: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        return self.table.put_action(self._row(keys.bulletin(bulletin_id), by, action, now, detail))

    def history(self, report_id: str) -> list[Row]:
        """Every row about a report, oldest first."""
        rows, _ = self.table.query(keys.report(report_id), consistent=True)
        return rows

    def of_bulletin(self, bulletin_id: str) -> list[Row]:
        """Every row about a bulletin, oldest first."""
        rows, _ = self.table.query(keys.bulletin(bulletin_id), consistent=True)
        return rows

    def is_verified(self, row: Mapping[str, Any]) -> bool:
        return hmac.compare_digest(str(row.get("mac", "")), self._mac(row))

    def _row(
        self, pk: str, by: str, action: Action, now: datetime, detail: Mapping[str, Any] | None
    ) -> Row:
        row: Row = {
            "pk": pk,
            "sk": f"{times.render(now)}#{random_id(10)}",
            "by": by,
            "action": action.value,
        }
        if detail:
            row["detail"] = json.dumps(detail, sort_keys=True, default=str, ensure_ascii=False)
        row["expires_ttl"] = int((now + KEPT).timestamp())
        return row | {"mac": self._mac(row)}

    def _mac(self, row: Mapping[str, Any]) -> str:
        content = json.dumps(
            {name: value for name, value in row.items() if name != "mac"},
            sort_keys=True,
            default=str,
        )
        return hmac.digest(self._key, content.encode(), "sha256").hex()
