"""Dialogue between an officer and a reporter, and officers' own notes."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from chalicelib.domain.text import ReporterText


class Sender(StrEnum):
    OFFICER = "officer"
    REPORTER = "reporter"


class NewMessage(BaseModel):
    """What either side writes."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)

    text: ReporterText


class Message(BaseModel):
    """One message as kept. `by` is the officer's username and never leaves the officers' side."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    id: str
    sender: Sender
    text: str
    sent_at: datetime
    by: str | None = None


class Note(BaseModel):
    """An officer's remark; reporters never see one."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    id: str
    by: str
    text: str
    at: datetime
