"""The reporter's answer to the one question of a closed report."""

from datetime import datetime

from chalicelib import errors
from chalicelib.domain.feedback import DID_NOT_HELP, HELPED, may_answer
from chalicelib.domain.reports import Status
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.services.own_report import read_again
from chalicelib.store.answers import count_answer
from chalicelib.store.report_rows import Head
from chalicelib.store.reports import Reports
from chalicelib.store.table import ConditionFailed


def answer(head: Head, *, helped: bool, reports: Reports, now: datetime) -> None:
    """Count whether a report has helped, once. What was answered is not kept with the report.

    Raises Conflict (`withdrawn`, `not_closed`, `already_answered`), Gone when the deletion has
    begun.
    """
    current = head

    def step() -> None:
        nonlocal current
        report = current.report
        if report.status is Status.WITHDRAWN:
            raise errors.Conflict("withdrawn")
        if not may_answer(report, answered=current.answered):
            raise errors.Conflict("already_answered" if current.answered else "not_closed")
        try:
            count_answer(reports.table, report, HELPED if helped else DID_NOT_HELP, now=now)
        except ConditionFailed:
            current = read_again(report.id, reports)
            raise

    retry_on_conflict(step)
