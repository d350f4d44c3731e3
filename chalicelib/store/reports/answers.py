"""Feedback on closed reports: counted, and not stored with the report.

REPORT#<id>             HEAD: `answered`, that there was an answer
STATS#<month>#<shard>   <day>#<category>#<district>: how many of which
"""

import secrets
from datetime import datetime

from chalicelib.aws import keys
from chalicelib.aws.table import Table
from chalicelib.aws.writes import Update
from chalicelib.domain.reports.report import Report, Status
from chalicelib.kernel import times
from chalicelib.store.reports.heads import update_head


def count_answer(table: Table, report: Report, counter: str, *, now: datetime) -> None:
    """Note that a report was answered, and add one to a counter of the day in the city, in one
    transaction. A drill counts nowhere.

    Raises ConditionFailed when there was an answer, or the report is not closed or is expiring.
    """
    equal = {"answered": None, "status": Status.CLOSED.value}
    note = update_head(report.id, put={"answered": True}, equal=equal)
    day = str(times.day_in_city(now))
    # By chance: a shard that follows from the report would lead back to it.
    place = f"STATS#{day[:7]}#{secrets.randbelow(keys.STATISTICS_SHARDS)}"
    counters = f"{day}#{report.category}#{report.district}"
    count = Update(place, counters, add={counter: 1}, upsert=True)
    items = [note] if report.is_drill else [note, count]
    table.transact([table.item(each) for each in items])
