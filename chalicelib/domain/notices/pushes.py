"""Pushes to a reporter's phone: which phones get one, and when.

A push has no content: the app asks what is new. docs/adr/0042 says why pushes come late.
"""

import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from chalicelib.domain.catalogue.attachments import Platform
from chalicelib.domain.reports.report import Report, Status
from chalicelib.kernel.models import Input
from chalicelib.kernel.outbox import Lane, OutboxTask, TaskKind

# The first thing that happens since the latest push waits so long at least, and as long again as
# chance has it: an officer who writes to a reporter cannot see by the time whose phone lights up.
_SOONEST = timedelta(minutes=5)
_SPREAD = timedelta(minutes=30)
# Phones are pushed to in rounds, one every half hour. Two never begin within this time: the later
# one would delete in SNS what the earlier one has just created.
ROUNDS_APART = timedelta(minutes=20)
# In the round after a push, SNS says whether the phone was still there.
_LOOK_AFTER = timedelta(minutes=1)

_LEAST = 64
# An APNs token has 64 digits today; SNS takes up to 400.
_APNS_TOKEN = re.compile("[0-9A-Fa-f]{64,400}")


class PhoneToken(Input):
    """Where to push to: the token that the phone has from its platform.

    That of APNs is sent as hexadecimal digits.
    """

    platform: Platform = Field(strict=False)
    token: Annotated[
        str, StringConstraints(min_length=_LEAST, max_length=900, pattern="^[A-Za-z0-9:_-]+$")
    ]

    @field_validator("token", mode="before")
    @classmethod
    def _is_long_enough(cls, value: Any) -> Any:
        # What is shorter than a text may be is else called blank.
        if isinstance(value, str) and len(value) < _LEAST:
            raise PydanticCustomError("bad_push_token", "Fewer than 64 characters.")
        return value

    @field_validator("token")
    @classmethod
    def _is_of_its_platform(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("platform") is Platform.APNS and not _APNS_TOKEN.fullmatch(value):
            raise PydanticCustomError("bad_push_token", "Not 64 to 400 hexadecimal digits.")
        return value


def first_push(now: datetime, draw: Callable[[int], int] = secrets.randbelow) -> OutboxTask:
    """Return the task to push, for what happens at `now`. `draw` gives a number below its argument,
    by chance.
    """
    wait = _SOONEST + timedelta(seconds=draw(int(_SPREAD.total_seconds())))
    return OutboxTask(TaskKind.PUSH, now + wait, lane=Lane.PUSH)


def look_after(now: datetime) -> OutboxTask:
    """Return the task to look, in the round after a push at `now`, for its result."""
    return OutboxTask(TaskKind.PUSH, now + _LOOK_AFTER, lane=Lane.PUSH)


def ends_otherwise(before: Report, after: Report) -> bool:
    """Return whether a step of officers gives the reporter another outcome to read."""
    now = _outcome(after.for_reporter())
    return now is not None and now != _outcome(before.for_reporter())


def _outcome(report: Report) -> tuple[object, ...] | None:
    """Return the values that decide the outcome for the reporter; None when there is none."""
    if report.status is Status.CLOSED:
        return report.disposition, report.sealed_reason
    return ("duplicate",) if report.duplicate_of else None
