"""Mutes: a report whose messages and media are kept, but not notified.

Any officer in scope mutes a report, with a reason, and any ends it.
"""

from datetime import datetime

from chalicelib.domain.models import Input, Record
from chalicelib.domain.text import ReporterText


class NewMute(Input):
    """Why officers are no longer to be notified of messages and media."""

    reason: ReporterText


class Mute(Record):
    """A mute as it is stored. Its reason is sealed."""

    by: str
    at: datetime
    sealed_reason: bytes
