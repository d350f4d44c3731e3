"""Destinations of events, and events: what other systems are sent about reports, docs/adr/0080.

An event says where to look, as a notice does: no text, place, name or number. It is sent as a
CloudEvent. Nothing about the police themselves leaves: that is oversight's alone.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from chalicelib.domain.catalogue.codes import CategoryCode, DistrictCode, Extensible, category_codes
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.notices.addresses import https_address
from chalicelib.domain.notices.notice import Notice
from chalicelib.domain.officers.model import DISTRICTLESS, OVERSIGHT, Officer, Role
from chalicelib.domain.second_person import Request, TwoPersonStep
from chalicelib.kernel import geo, times
from chalicelib.kernel.models import Input, NotNull, Record, left_out
from chalicelib.kernel.outbox import Lane

# Each adds a write to the transaction that completes a notice.
MOST_DESTINATIONS = 8
KEPT = timedelta(days=30)
TRIED_FOR = timedelta(hours=24)
BOTH_SIGN = timedelta(hours=24)
# A row of a log is written within this time of the time in its key, or not at all: five tries of 5
# seconds and their pauses (aws/table.py). Until then, one before it may still come.
SETTLED_AFTER = timedelta(seconds=30)
# Whose own log of events a destination can be.
READERS = (Role.OFFICER, Role.SUPERVISOR, Role.SYSTEM)
_LONGEST_PAUSE = timedelta(hours=1)
_QUARTER = 15


class EventKind(StrEnum):
    """The kinds of notices about one report that are for no officer by name."""

    REPORT = "report"
    MEDIA = "media"
    MESSAGE = "message"
    ESCALATION = "escalation"
    OVERDUE = "overdue"
    BULLETIN_LEAD = "bulletin_lead"


class EventDetail(StrEnum):
    """What an event says of a report beyond ids and urgency, where two admins have granted it."""

    CATEGORY = "category"
    DISTRICT = "district"


class NewDestination(Input):
    """Where events go, and which: the body of `PUT /v1/admin/destinations/{name}`.

    One of `url`, `reader` and `bus` is given. An empty list means all: all categories but those of
    oversight, all districts, all kinds. `shows` is what an event says beyond ids, kind and urgency.
    """

    url: (
        Annotated[
            str,
            Field(
                max_length=500, json_schema_extra={"format": "uri", "pattern": "^https://[^ ]+$"}
            ),
            AfterValidator(https_address),
        ]
        | None
    ) = None
    reader: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        description="The username of who reads them at `GET /v1/officer/events`.",
    )
    bus: bool = Field(default=False, description="Whether they go to the bus of EventBridge.")
    categories: tuple[CategoryCode, ...] = Field(default=(), max_length=20, strict=False)
    districts: tuple[DistrictCode, ...] = Field(default=(), max_length=40, strict=False)
    kinds: tuple[Annotated[EventKind, Field(strict=False)], ...] = Field(
        default=(), max_length=20, strict=False
    )
    min_urgency: Urgency = Field(default=Urgency.LOW, strict=False)
    shows: tuple[Annotated[EventDetail, Field(strict=False)], ...] = Field(
        default=(), max_length=2, strict=False
    )

    @model_validator(mode="after")
    def _goes_one_way(self) -> Self:
        if [self.url is not None, self.reader is not None, self.bus].count(True) != 1:
            raise PydanticCustomError("one_way", "One of url, reader and bus.")
        return self


class Terms(Record):
    """Terms as stored: what they name may be there no more."""

    url: str | None = None
    reader: str | None = None
    bus: bool = False
    categories: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    min_urgency: Urgency = Urgency.LOW
    shows: tuple[str, ...] = ()

    @property
    def way(self) -> str:
        """Return how events leave, by the name of the field that says it."""
        return "bus" if self.bus else "reader" if self.reader else "url"

    def want(self, event: "Event") -> bool:
        """Return whether an event is for a destination with these terms. One without a district is
        for every list of districts.
        """
        in_district = not self.districts or event.district in {*self.districts, *DISTRICTLESS}
        return (
            (not self.categories or event.category in self.categories)
            and in_district
            and (not self.kinds or event.kind in self.kinds)
            and event.urgency.rank >= self.min_urgency.rank
        )


class ProposedTerms(Record):
    """Terms that one admin has proposed. `version` is another one for each proposal."""

    version: int
    by: str
    at: datetime
    terms: Terms


class Destination(Record):
    """A destination. `terms` are those that two admins agreed on, first at `since`; None before
    that.
    """

    name: str
    terms: Terms | None = None
    proposed_by: str | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None
    since: datetime | None = None
    proposal: ProposedTerms | None = None

    def request(self, proposal: ProposedTerms) -> Request:
        version = str(proposal.version)
        return Request(TwoPersonStep.DESTINATION, self.name, version, {proposal.by})

    def approved(self, proposal: ProposedTerms, *, by: str, now: datetime) -> Self:
        return self.model_copy(
            update={
                "terms": proposal.terms,
                "proposed_by": proposal.by,
                "approved_by": by,
                "approved_at": now,
                "since": self.since or now,
                "proposal": None,
            }
        )


class Event(Record):
    """What happened to a report. `id` is that of its notice."""

    id: str
    kind: EventKind
    report_id: str
    category: str
    district: str
    urgency: Urgency
    at: datetime

    @classmethod
    def of(cls, notice: Notice) -> Self | None:
        """Return the event of a notice; None for one that stays here."""
        if notice.kind.value not in list(EventKind) or notice.category in (None, OVERSIGHT):
            return None
        if notice.drill or notice.shadow or notice.report_id is None:
            return None
        return cls(
            id=notice.event_id,
            kind=EventKind(notice.kind.value),
            report_id=notice.report_id,
            category=str(notice.category),
            district=str(notice.district),
            urgency=notice.urgency or Urgency.LOW,
            at=notice.at,
        )

    @property
    def lane(self) -> Lane:
        return Lane.CRITICAL_EVENTS if self.urgency is Urgency.CRITICAL else Lane.EVENTS


class _Sent(Record):
    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class EventData(_Sent):
    """`category` and `district` are there where two admins have granted it."""

    kind: EventKind
    report_id: str
    urgency: Urgency
    category: Annotated[Annotated[str, Extensible(category_codes)] | None, NotNull()] = left_out()
    district: Annotated[Annotated[str, Extensible(geo.report_districts)] | None, NotNull()] = (
        left_out()
    )


class CloudEvent(_Sent):
    """An event as it is sent, by CloudEvents 1.0. The same `id` is the same event, sent again.

    `type` is `tipline.<kind>`. `time` is to the quarter hour unless the report is critical.
    """

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    type: str
    time: Annotated[
        datetime,
        PlainSerializer(times.render, return_type=str),
        WithJsonSchema({"type": "string", "format": "date-time"}),
    ]
    datacontenttype: Literal["application/json"] = "application/json"
    data: EventData

    @classmethod
    def of(cls, event: Event, shows: Collection[str], source: str) -> Self:
        """Return an event as a destination that `shows` this may see it."""
        at = times.to_minute(event.at)
        if event.urgency is not Urgency.CRITICAL:
            at = at.replace(minute=at.minute // _QUARTER * _QUARTER)
        data = EventData(
            kind=event.kind,
            report_id=event.report_id,
            urgency=event.urgency,
            category=event.category if EventDetail.CATEGORY in shows else None,
            district=event.district if EventDetail.DISTRICT in shows else None,
        )
        return cls(id=event.id, source=source, type=f"tipline.{event.kind}", time=at, data=data)


class DeliveryState(StrEnum):
    """Of a delivery. `kept`: its reader fetches it. `dead`: it was given up after 24 hours, and can
    be sent again.
    """

    KEPT = "kept"
    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


def reads_events(officer: Officer | None) -> bool:
    """Return whether an officer can be the reader of a destination."""
    return officer is not None and officer.active and officer.has_role(*READERS)


def pause_after(attempts: int) -> timedelta:
    """Return how long a delivery waits that has failed this often before the last time."""
    return min(timedelta(minutes=1 << min(attempts, 6)), _LONGEST_PAUSE)
