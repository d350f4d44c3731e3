"""Announcements: notices to some officers that are about no report.

They are in the reports table, to use its stream and outbox, and are deleted once published.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from chalicelib.aws import keys
from chalicelib.aws.keys import task_fields
from chalicelib.aws.table import Table
from chalicelib.aws.writes import Put, TransactItem
from chalicelib.domain.notices.notice import officer_address
from chalicelib.domain.reports.events import Announcement, NoticeKind, Watched
from chalicelib.domain.second_person import TwoPersonStep
from chalicelib.kernel import outbox
from chalicelib.kernel.outbox import Lane

NOTICE_SK = "EVENT#notice"


class Announcements:
    def __init__(self, table: Table) -> None:
        """Announce by a row in `table`, which is the table of reports."""
        self._table = table

    def item(
        self,
        kind: NoticeKind,
        *,
        entry_id: str,
        to: Iterable[str] = (),
        groups: Iterable[str] = (),
        path: str,
        now: datetime,
        step: TwoPersonStep | None = None,
        watched: Watched | None = None,
        count: int | None = None,
        not_before: datetime | None = None,
    ) -> TransactItem:
        """Return the write of an announcement to the officers `to`, by username, and to whole
        `groups`, whose members need not be read.

        `path` is what its link shows, such as `/v1/admin/officers`: like all of a notice, it names
        no person. An approval has a `step`, and so has what was declined; a watch says what was
        `watched`, and its `count`. With `not_before`, it is published then.
        Written again with the same `entry_id` before it is published, it is published once.
        """
        announcement = Announcement(
            kind=kind,
            to=tuple(sorted({officer_address(username) for username in to} | set(groups))),
            path=path,
            step=step,
            watched=watched,
            count=count,
        )
        pk = keys.notice(entry_id)
        row = announcement.model_dump(mode="json", exclude_none=True)
        task = outbox.notify(now, Lane.CRITICAL)
        if not_before:
            task = outbox.notify_later(not_before, timedelta(), Lane.CRITICAL)
        pending = task_fields(pk, NOTICE_SK, task)
        return self._table.item(Put({"pk": pk, "sk": NOTICE_SK, **row, **pending}))

    def write(self, items: Sequence[TransactItem]) -> None:
        """Write announcements, with what belongs to them, in one transaction. Raises Unavailable,
        and ConditionFailed when the condition of one of them fails.
        """
        self._table.transact(items)
