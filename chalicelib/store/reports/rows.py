"""The rows of a report as typed values: its HEAD, the whole case, and its entry in a list."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple, Self

from chalicelib.aws import keys
from chalicelib.aws.keys import read_task
from chalicelib.aws.table import Row
from chalicelib.domain.audit.ledger import Recorded
from chalicelib.domain.reports.asked import Asked
from chalicelib.domain.reports.attention import awaiting, without_overdue
from chalicelib.domain.reports.dates import dues_of
from chalicelib.domain.reports.entries import SealedMessage, SealedNote, SealedPosition
from chalicelib.domain.reports.masks import NO_MASKS, Masks
from chalicelib.domain.reports.measures import Hold, Mute, Referrals
from chalicelib.domain.reports.media import is_sent
from chalicelib.domain.reports.report import (
    LISTED,
    Mark,
    Medium,
    Reminder,
    Report,
    SealedGist,
    Status,
    marked,
)
from chalicelib.domain.second_person import TwoPersonStep
from chalicelib.kernel import errors, times
from chalicelib.kernel.outbox import OutboxTask

SKETCH_FIELDS = ("sealed_sketch", "sketch_shard")


@dataclass(frozen=True)
class Head:
    """A report's HEAD as it was read. Only the store uses `row`, for the conditions of writes."""

    row: Row

    @cached_property
    def report(self) -> Report:
        """Return the report. Raises Gone when retention has deleted it."""
        if self.is_deleted:
            raise errors.Gone
        return Report.model_validate(self.row)

    @property
    def is_deleted(self) -> bool:
        """Return whether this is the tombstone of a report that retention has deleted."""
        return "deleted_at" in self.row

    @property
    def is_expiring(self) -> bool:
        """Return whether the deletion of the report has begun."""
        return bool(self.row.get("expiring"))

    @property
    def task(self) -> OutboxTask | None:
        return read_task(self.row)

    @property
    def duplicates(self) -> int:
        """Return the number of reports that are duplicates of this one."""
        return int(self.row.get("duplicates", 0))

    @property
    def positions(self) -> int:
        """Return how many positions the reporter has sent."""
        return int(self.row.get("positions", 0))

    @property
    def heard(self) -> int:
        """Return which of the messages was the last one of the reporter; 0 for none, and where it
        came before this was kept.
        """
        return int(self.row.get("heard", 0))

    @property
    def positions_paced_until(self) -> datetime | None:
        """Return the time until which positions are paced (`domain/reports/entries.paced`)."""
        stored = self.row.get("positions_paced_until")
        return times.parse(stored) if stored else None

    @property
    def answered(self) -> bool:
        """Return whether the reporter has answered whether the report helped."""
        return bool(self.row.get("answered"))

    @property
    def gets_pushes(self) -> bool:
        """Return whether the reporter has asked for pushes."""
        return bool(self.row.get("push"))

    @property
    def recorded(self) -> Recorded:
        """Return the fields of the report for the ledger, also of a deleted one."""
        return Recorded.of_row(self.row)

    @property
    def media_event(self) -> str | None:
        """Return the sort key of the notice that waits for the other media; None when none does."""
        return self.row.get("media_event")

    @property
    def hold(self) -> Hold | None:
        """Return the legal hold, approved or not; None when there is none."""
        stored = self.row.get("hold")
        return Hold.model_validate(stored) if stored else None

    @property
    def referrals(self) -> Referrals:
        return Referrals.model_validate(self.row.get("referrals", {}))

    @property
    def masks(self) -> Masks:
        stored = self.row.get("masks")
        return Masks.model_validate(stored) if stored else NO_MASKS

    @property
    def asked(self) -> tuple[Asked, ...]:
        """Return the requests of third persons that are about the report."""
        return tuple(map(Asked.model_validate, self.row.get("asked", ())))

    @property
    def mute(self) -> Mute | None:
        """Return the mute; None when officers are notified of messages and media."""
        stored = self.row.get("muted")
        return Mute.model_validate(stored) if stored else None


@dataclass(frozen=True)
class Case:
    """A report with its media, as one query reads them: sealed. `sent` are the files that officers
    sent to the reporter.
    """

    head: Head
    media: tuple[Medium, ...]
    sent: tuple[Medium, ...] = ()

    @property
    def report(self) -> Report:
        return self.head.report

    @property
    def hold(self) -> Hold | None:
        return self.head.hold

    def medium(self, media_id: str) -> Medium | None:
        """Return a medium of the reporter or of officers."""
        both = (*self.media, *self.sent)
        return next((each for each in both if each.media_id == media_id), None)


@dataclass(frozen=True)
class ReadCase(Case):
    """A case as somebody reads it: with its latest messages, and for an officer its latest notes
    and positions, sealed, oldest first.

    `earlier_…` are the sort keys below which there are more of each; None when there are none.
    """

    messages: tuple[SealedMessage, ...] = ()
    notes: tuple[SealedNote, ...] = ()
    positions: tuple[SealedPosition, ...] = ()
    earlier_messages: str | None = None
    earlier_notes: str | None = None
    earlier_positions: str | None = None


class InIncident(NamedTuple):
    """An incident, and the number of its reports that the reader sees."""

    id: str
    total: int


class ListedReport(NamedTuple):
    """A report's entry in a list. `fields` has what lists show of it (`heads.listed_row`), its
    `awaits` without what nobody can approve any more. `same` are the times of the reports that it
    stands for, itself included. Its `due` says which dates of it have come, for the reader.
    `incident` is None for one in none, and until it is counted; so is `gist` until it is opened.
    """

    id: str
    category: str
    district: str
    fields: Row
    same: tuple[datetime, ...] = ()
    incident: InIncident | None = None
    gist: str | None = None

    @property
    def sealed_gist(self) -> SealedGist | None:
        stored = self.fields["gist"]
        return SealedGist.model_validate(stored) if stored else None

    def without_content(self) -> Self:
        """Return the entry without a picture and a gist."""
        return self._replace(fields={**self.fields, "thumb": None, "gist": None})

    @classmethod
    def of(
        cls, row: Row, now: datetime, same: Iterable[str] = (), reminder: Reminder | None = None
    ) -> Self:
        """Return the entry of a row as `heads.listed_row` returns it. `reminder` is due for the
        reader.
        """
        steps = awaiting(row, now)
        ends = (each.by for each in steps if each.step is TwoPersonStep.CLOSING)
        known = {
            "received_at": times.parse(row["received_at"]),
            "awaits": tuple(dict.fromkeys(each.step for each in steps)),
            "end_proposed_by": next(ends, None),
            "due": dues_of(row, reminder),
        }
        fields = {**_DEFAULTS, **row, **known}
        at = tuple(map(times.parse, same))
        return cls(row["id"], row["category"], row["district"], fields, at)


_DEFAULTS = {
    name: field.default
    for name, field in Report.model_fields.items()
    if name in LISTED and not field.is_required()
}


def same_end(head: Head) -> dict[str, Any]:
    """Return the condition that a report is as open or closed, and put off, as in `head`."""
    return {name: head.row.get(name) for name in ("status", "closed_at", "put_off_until")}


def withdrawn(report: Report, now: datetime) -> Row:
    """Return the changes of a withdrawal in the HEAD, but for its task. Each field goes that is not
    declared to be kept, and what belongs to such a field.
    """
    kept = marked(Mark.KEPT)
    gone = (name for name in Report.model_fields if name not in kept)
    return {
        **dict.fromkeys((*gone, *SKETCH_FIELDS, "push", "heard")),
        "status": Status.WITHDRAWN.value,
        "closed_at": now,
        "has_contact": False,
        "flags": without_overdue(report.flags),
    }


def read_case(rows: Sequence[Row]) -> Case | None:
    """Return the case in these rows of one query; None when there is no HEAD.

    Raises Gone when retention has deleted the report.
    """
    found = next((row for row in rows if row["sk"] == keys.HEAD), None)
    if found is None:
        return None
    head = Head(found)
    if head.is_deleted:
        raise errors.Gone
    media = [Medium.model_validate(row) for row in rows if row["sk"].startswith("MEDIA#")]
    media.sort(key=lambda each: (each.created_at, each.position))
    return Case(
        head,
        tuple(each for each in media if not is_sent(each.media_id)),
        tuple(each for each in media if is_sent(each.media_id)),
    )
