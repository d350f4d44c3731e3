"""The reporter as the actor of a use case. A resident's call loads nothing of officers' actors."""

from datetime import datetime
from typing import NamedTuple

from chalicelib.store.audit import Action, Detail, Subject
from chalicelib.store.writes import TransactItem


class Reporter(NamedTuple):
    """A resident. Nothing identifies them."""

    now: datetime

    def log_items(
        self, subject: Subject, action: Action, detail: Detail | None = None
    ) -> list[TransactItem]:
        """Return no records: reporters are not audited."""
        return []
