"""Errands: what goes to agencies that are sent it, in the reports table. docs/adr/0084.

AGENCY#<code>       <at>#<reference>   an errand: what is sent, sealed to `EventsKey`, and how it
                                       fares, with its task. It is there while something is left to
                                       do

The function that goes out reads and writes these alone, and of a report whether anything may still
leave for it. Upkeep writes how an errand fares into the report.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib.aws import keys
from chalicelib.aws.keys import TASK_FIELDS, Key, same_task, task_fields
from chalicelib.aws.table import Table
from chalicelib.aws.writes import Delete, Put, TransactItem
from chalicelib.domain.casework.open311 import LOOKED_AT_FOR, TRIED_FOR
from chalicelib.domain.officers.model import OVERSIGHT
from chalicelib.domain.reports.attention import Rank, rank_at
from chalicelib.domain.reports.measures import Sent, SentState
from chalicelib.domain.reports.report import Flag, Status
from chalicelib.kernel import times
from chalicelib.kernel.models import Record
from chalicelib.kernel.outbox import Lane, OutboxTask, TaskKind
from chalicelib.store.notices.destinations import SealedSecret
from chalicelib.store.reports.heads import update_head
from chalicelib.store.reports.outbox import PendingTask
from chalicelib.store.reports.rows import Head

READ_FIELDS = ("pk", "sk", "public_key", "status", "category", "expiring", "deleted_at")
_RECORDED = (
    *("pk", "sk", *TASK_FIELDS, "report_id", "number", "reference", "since", "state"),
    *("request_id", "accepted_at", "notes", "attempts"),
)
_OF_HEAD = (
    *("pk", "sk", "id", "status", "category", "flags", "referrals", "push", "expiring"),
    *("deleted_at", "attention_at", "category_shard", "listed_at"),
)
_KEPT = TRIED_FOR + LOOKED_AT_FOR + timedelta(days=3)


class Errand(Record):
    """An errand as stored. `words` is what is sent, until the agency has it. `unsure`: it may have
    arrived, since `tried_at`. `notes` are sealed to the report. `seen` shows whether the agency
    says something else than the last time.
    """

    report_id: str
    number: int
    reference: str
    since: datetime
    words: SealedSecret | None = None
    attempts: int = 0
    tried_at: datetime | None = None
    unsure: bool = False
    token: str | None = None
    request_id: str | None = None
    accepted_at: datetime | None = None
    state: SentState = SentState.WAITING
    notes: bytes | None = None
    seen: str | None = None


def errand_key(agency: str, errand: Errand) -> Key:
    return keys.agency(agency), f"{times.render(errand.since)}#{errand.reference}"


def send_task(at: datetime) -> OutboxTask:
    return OutboxTask(TaskKind.DELIVER, at, lane=Lane.EVENTS)


class Errands:
    """Every method raises Unavailable."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def item(self, agency: str, errand: Errand) -> TransactItem:
        """Return the write of a new errand, which is due."""
        pk, sk = errand_key(agency, errand)
        row = {
            **errand.model_dump(exclude_defaults=True),
            "pk": pk,
            "sk": sk,
            "expires_ttl": int((errand.since + _KEPT).timestamp()),
            **task_fields(pk, sk, send_task(errand.since)),
        }
        return self.table.item(Put(row, if_absent=True))

    def waiting(self, key: Key) -> tuple[PendingTask, Errand] | None:
        """Return an errand that is to go out, with its task, read consistently."""
        pending = PendingTask.of(row := self.table.get(*key, consistent=True))
        is_waiting = pending and pending.task.kind is TaskKind.DELIVER
        return (pending, Errand.model_validate(row)) if pending and is_waiting else None

    def to_record(self, key: Key) -> tuple[PendingTask, Errand, Head] | None:
        """Return an errand as far as its report is to know of it, and what that needs of its HEAD,
        read consistently. None when the errand has ended; a HEAD without `id` is of no report.
        """
        row = self.table.get(*key, consistent=True, attributes=_RECORDED)
        pending = PendingTask.of(row)
        if row is None or pending is None:
            return None
        errand = Errand.model_validate(row)
        head = (keys.report(errand.report_id), keys.HEAD)
        found = self.table.get(*head, consistent=True, attributes=_OF_HEAD)
        return pending, errand, Head(found or {})

    def record(self, head: Head, errand: Errand, sent: Sent, also: Sequence[TransactItem]) -> None:
        """Write how an errand fares into its report, with `also` in one transaction. A closed one
        that officers have to see to takes its place among what waits for an approval.

        Raises ConditionFailed when what decides it has changed since `head` was read.
        """
        row, after = head.row, head.referrals.with_sent(errand.number, sent)
        flags = after.flagged(tuple(map(Flag, row.get("flags", ()))))
        put = {"referrals": after.model_dump(exclude_none=True), "flags": flags}
        is_done = rank_at(row["attention_at"]) == Rank.DONE
        if sent.state.is_for_officers and row["status"] == Status.CLOSED.value and is_done:
            put["attention_shard"] = keys.attention_shard(row["category_shard"])
            put["attention_at"] = keys.attention_at(Rank.APPROVAL, row["listed_at"])
        same = ("referrals", "flags", "status", "category", "attention_at")
        update = update_head(row["id"], put=put, equal={name: row.get(name) for name in same})
        self.table.transact([self.table.item(update), *also])

    def end_item(self, pending: PendingTask) -> TransactItem:
        """Return the write that ends an errand."""
        return self.table.item(Delete(*pending.key, equal=same_task(pending.row)))

    def key_of_report(self, report_id: str) -> bytes | None:
        """Return the public half of a report's key, read consistently; None when nothing may leave
        for it: it is withdrawn, deleted or being deleted, or about the police.
        """
        row = self.table.get(
            keys.report(report_id), keys.HEAD, consistent=True, attributes=READ_FIELDS
        )
        if row is None or row.get("expiring") or "deleted_at" in row:
            return None
        if row["status"] == Status.WITHDRAWN.value or row["category"] == OVERSIGHT:
            return None
        public: bytes = row["public_key"]
        return public
