"""Requests of third persons.

REQUESTS        <number>    a request, with what is sealed in it; expires_ttl once it is decided
REPORT#<id>     HEAD        `asked`: the requests that are about the report

A number begins with the day, so that the latest are at the end.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from chalicelib.aws import keys
from chalicelib.aws.table import Table
from chalicelib.aws.writes import Put, TransactItem, Update
from chalicelib.domain.casework.subject_requests import SubjectRequest
from chalicelib.domain.reports.asked import Asked, with_asked
from chalicelib.store.notices.announcements import NOTICE_SK
from chalicelib.store.reports.heads import change_head
from chalicelib.store.reports.rows import Head

LISTED_MAX = 200
"""How many requests a list has."""
_LISTED = (
    "number", "right", "by", "at", "due_at", "report_ids", "decision", "version", "expires_ttl",
    "for_oversight", "apart_ids",
)  # fmt: skip


class SubjectRequests:
    """Every method raises Unavailable when DynamoDB fails."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def get(self, number: str, now: datetime, *, with_sealed: bool = True) -> SubjectRequest | None:
        """Return a request, with what is sealed or without; None when there is none, or when its
        time is over.
        """
        attributes = None if with_sealed else _LISTED
        row = self.table.get(keys.REQUESTS, number, consistent=True, attributes=attributes)
        if row is None or row.get("expires_ttl", now.timestamp()) < now.timestamp():
            return None
        return SubjectRequest.model_validate(row)

    def latest(self, now: datetime) -> list[SubjectRequest]:
        """Return the latest requests, newest first, without what is sealed."""
        rows, _ = self.table.query(
            keys.REQUESTS, forward=False, limit=LISTED_MAX, attributes=_LISTED
        )
        current = (
            each for each in rows if each.get("expires_ttl", now.timestamp()) >= now.timestamp()
        )
        return [SubjectRequest.model_validate(each) for each in current]

    def put(self, after: SubjectRequest, expires_at: datetime | None = None) -> TransactItem:
        """Return the write of a request, new or in place of the version before, which fails when
        that is another one.
        """
        row = after.model_dump(exclude_none=True)
        row |= {"pk": keys.REQUESTS, "sk": after.number}
        if expires_at:
            row["expires_ttl"] = int(expires_at.timestamp())
        if after.version == 1:
            return self.table.item(Put(row, if_absent=True))
        return self.table.item(Put(row, equal={"version": after.version - 1}))

    def name(self, after: SubjectRequest) -> None:
        """Write which reports a request is about. Raises ConditionFailed when it is not the version
        before.
        """
        named = after.model_dump(include={"report_ids", "apart_ids", "version"})
        same = {"version": after.version - 1}
        self.table.update(Update(keys.REQUESTS, after.number, put=named, equal=same))

    def note(self, head: Head, asked: Asked) -> TransactItem:
        """Return the write that notes a request in a report, which moves in the list by attention.

        It fails when that has changed since `head` was read, or when the report is expiring.
        """
        after = [each.model_dump() for each in with_asked(head.asked, asked)]
        equal = {"asked": head.row.get("asked")}
        return self.table.item(change_head(head, put={"asked": after}, equal=equal))

    def without_reminders(self, entry_ids: Iterable[str], now: datetime) -> Sequence[TransactItem]:
        """Return the writes that take reminders back: rows without a task, which expire."""
        ends = {"sk": NOTICE_SK, "expires_ttl": int(now.timestamp())}
        return [self.table.item(Put({"pk": keys.notice(each), **ends})) for each in entry_ids]
