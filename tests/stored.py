"""Rows as they are stored, for tests of pure rules."""

from datetime import datetime
from typing import Any

from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.reports.report import Report


def stored_report(received_at: datetime, **more: Any) -> Report:
    """Return a report of no interest but for `more`."""
    fields: dict[str, Any] = {
        "id": "A",
        "reference": "R",
        "category": "other",
        "urgency": Urgency.NORMAL,
        "district": "unknown",
        "received_at": received_at,
        "public_key": b"",
        "wrapped_key": b"",
        "wrapping_key": "",
        "sealed": b"",
    }
    return Report(**{**fields, **more})
