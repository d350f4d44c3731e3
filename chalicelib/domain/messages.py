"""Messages between officers and a reporter, and officers' own notes."""

from datetime import datetime
from enum import StrEnum

from chalicelib.domain.models import Input, Record
from chalicelib.domain.text import ReporterText


class Sender(StrEnum):
    OFFICER = "officer"
    REPORTER = "reporter"


class NewMessage(Input):
    """A message or note as it is sent."""

    text: ReporterText


class Message(Record):
    """One message. `by` is the officer's username and never leaves the officers' side.

    `altered` is True when the stored text does not open: then `text` is empty.
    """

    id: str
    sender: Sender
    text: str
    sent_at: datetime
    by: str | None = None
    altered: bool | None = None


class Note(Record):
    """A note among officers; reporters never see one. `altered` is as in a message."""

    id: str
    by: str
    text: str
    at: datetime
    altered: bool | None = None


class SealedMessage(Record):
    """A message as it is stored. `fingerprint` recognises a repeated call."""

    id: str
    sender: Sender
    sealed: bytes
    sent_at: datetime
    by: str | None = None
    fingerprint: str | None = None


class SealedNote(Record):
    """A note as it is stored."""

    id: str
    by: str
    sealed: bytes
    at: datetime
    fingerprint: str | None = None
