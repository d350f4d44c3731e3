"""Originals that nobody works on any more: their duplicates wait, and name nothing that is gone.

An officer who works on an original attends to its duplicates. When that ends, a task goes through
them. An original that is deleted, or that others have now, leaves its duplicates, and the requests
of third persons that named it: for who saw it, both look the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.keys import read_task
from chalicelib.aws.table import Row, retry_on_conflict
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.notices.bursts import ALONE_PER_CATEGORY
from chalicelib.domain.officers.model import OVERSIGHT, may_be_assigned
from chalicelib.domain.reports.asked import Asked
from chalicelib.domain.reports.attention import is_attended, is_worked_on
from chalicelib.domain.reports.outlines import ReportOutline
from chalicelib.domain.reports.report import OPEN_STATUSES, Status
from chalicelib.kernel.outbox import OutboxTask, TaskKind
from chalicelib.services.casework.assignments import take_back, task_again
from chalicelib.services.officers import Actor
from chalicelib.store.audit.rows import Action, of_report
from chalicelib.store.reports.duplicates import report_of
from chalicelib.store.reports.search_entries import FOUND_BY

if TYPE_CHECKING:
    from chalicelib.aws.writes import TransactItem
    from chalicelib.store.casework.subject_requests import SubjectRequests
    from chalicelib.store.officers.rows import Officers
    from chalicelib.store.reports.attention import Assignments
    from chalicelib.store.reports.duplicates import Duplicates
    from chalicelib.store.reports.outbox import Outbox, PendingTask

# How many pages of a hundred duplicates one run looks at, each at some hundredths of a second.
PAGES_AT_ONCE = 10
_ALSO_READ = (FOUND_BY, "asked")


@dataclass(frozen=True, slots=True)
class OriginalStores:
    """What names an original, and who may have it."""

    duplicates: "Duplicates"
    requests: "SubjectRequests"
    officers: "Officers"
    assignments: "Assignments"


def return_duplicates(
    pending: "PendingTask", *, outbox: "Outbox", actor: Actor, stores: OriginalStores
) -> None:
    """Look again at who attends to a report, and to its duplicates: these wait if nobody works on
    it any more. Of many, it goes on in the next run. Raises Unavailable; repeated, it goes on.
    """
    look, report_id = _Look(outbox, actor, stores), pending.owner.id
    below = pending.row.get("below")
    if below is None:
        look.at_itself(report_id)
    original = look.original(report_id)
    below = look.at_duplicates(original, below)
    if below:
        again = OutboxTask(TaskKind.RETURN, actor.now)
        outbox.complete(pending, then=again, put={"below": below})
        return
    look.at_requests(original)
    outbox.remove(pending)


def leave_original(
    report_id: str, *, outbox: "Outbox", actor: Actor, stores: OriginalStores
) -> bool:
    """Take a report that is being deleted from all that names it. Return False when it has more
    duplicates than one run looks at: then it is to be called again. Raises Unavailable.
    """
    look = _Look(outbox, actor, stores)
    original = look.original(report_id)
    if look.at_duplicates(original, None):
        return False
    look.at_requests(original)
    return True


class _Original(NamedTuple):
    """An original as it is now. `report` is None when it is gone, or going."""

    id: str
    row: Row
    report: ReportOutline | None

    @property
    def concerns_police(self) -> bool:
        return self.report is not None and self.report.category == OVERSIGHT

    def is_left_by(self, duplicate: ReportOutline) -> bool:
        """Return whether it is gone for those who have the duplicate."""
        is_theirs = self.concerns_police is (duplicate.category == OVERSIGHT)
        return self.report is None or not is_theirs

    def holds(self, duplicate: ReportOutline) -> bool:
        """Return whether who works on it attends to the duplicate."""
        if self.report is None or self.is_left_by(duplicate) or _is_critical(duplicate):
            return False
        return is_worked_on(self.report)


type _IsAnew = Callable[[Row, ReportOutline], bool]


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at a report, and at what names it."""

    outbox: "Outbox"
    actor: Actor
    stores: OriginalStores

    def original(self, report_id: str) -> _Original:
        row = self._read(report_id) or {}
        report = ReportOutline.of_head(row)
        return _Original(report_id, row, None if report and report.expiring else report)

    def at_itself(self, report_id: str) -> None:
        """See whether who had a report, or attends to it although nobody has opened it, still does:
        of rows of 0.2.0rc1, nobody has looked.
        """
        report = ReportOutline.of_head(self._read(report_id))
        if report is None or report.expiring:
            return
        original = self.original(report.duplicate_of) if report.duplicate_of else None
        self._write(report_id, original, _is_unopened)
        assignee = report.assignee
        if assignee is None or report.status not in OPEN_STATUSES:
            return
        officer = self.stores.officers.get(assignee)
        if officer is None or not may_be_assigned(officer, report.category, report.district):
            take_back(report_id, assignee, self.stores.assignments, self.outbox, self.actor)

    def at_duplicates(self, original: _Original, below: str | None) -> str | None:
        """Look at the duplicates of an original that are below a position. Return the position of
        those that are left for another run.
        """
        is_one_of_many = original.row.get("duplicates", 0) > ALONE_PER_CATEGORY
        for _ in range(PAGES_AT_ONCE):
            page = self.stores.duplicates.page(original.id, below)
            for row in page.rows:
                self._write(report_of(row), original, _is_held, row, gathered=is_one_of_many)
            below = page.position
            if below is None:
                break
        return below

    def at_requests(self, original: _Original) -> None:
        """Let requests of third persons name a report for those who have it now."""
        for asked in map(Asked.model_validate, original.row.get("asked", ())):
            retry_on_conflict(lambda number=asked.number: self._pass_on(number, original))  # type: ignore[misc]

    def _pass_on(self, number: str, original: _Original) -> None:
        request = self.stores.requests.get(number, self.actor.now, with_sealed=False)
        if request is None:
            return
        is_apart = original.concerns_police or request.for_oversight
        after = request.passed_on(original.id, apart=is_apart if original.report else None)
        if after:
            self.stores.requests.name(after)

    def _write(
        self,
        report_id: str,
        original: _Original | None,
        is_anew: _IsAnew,
        listed: str | None = None,
        *,
        gathered: bool = False,
    ) -> None:
        """Write who attends to a report now, and that it leaves its original if that is gone.
        `listed` is the row that the original has of it.
        """

        def step() -> None:
            row = self._read(report_id) or {}
            report = ReportOutline.of_head(row)
            is_linked = report is not None and report.duplicate_of == (original and original.id)
            if report is None or report.expiring or not is_linked:
                if original and listed and original.report is None:
                    self.stores.duplicates.remove(original.id, listed)
                return
            leaves = original is not None and original.is_left_by(report)
            holds = original is not None and original.holds(report)
            attended = is_attended(report, anew=not holds and is_anew(row, report))
            if attended is report.attended and not leaves:
                return
            task = task_again(
                report, read_task(row), self.actor.now, attended=attended, gathered=gathered
            )
            also = [self._unlinked(report_id)] if leaves else []
            if leaves and original and listed:
                counts = original.report is not None
                also += self.stores.duplicates.unlisted(original.id, listed, counts=counts)
            self.stores.duplicates.let_go(row, task, attended=attended, links=not leaves, also=also)

        retry_on_conflict(step)

    def _unlinked(self, report_id: str) -> "TransactItem":
        return self.actor.log_item(of_report(report_id), Action.CHANGE, {"step": "unlinked"})

    def _read(self, report_id: str) -> Row | None:
        return self.outbox.row((keys.report(report_id), keys.HEAD), _ALSO_READ)


def _is_held(row: Row, report: ReportOutline) -> bool:
    """Return whether who worked on its original was all that a duplicate may have had."""
    return report.status is Status.NEW and not _is_critical(report)


def _is_unopened(row: Row, report: ReportOutline) -> bool:
    is_taken = report.status is not Status.NEW and not _is_critical(report)
    return FOUND_BY not in row and report.status in OPEN_STATUSES and not is_taken


def _is_critical(report: ReportOutline) -> bool:
    return report.urgency is Urgency.CRITICAL
