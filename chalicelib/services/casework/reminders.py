"""The reminders that are due for an officer: their reports come early in the list by attention."""

from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.listing import Listing
from chalicelib.aws.table import Row
from chalicelib.domain.reports.attention import Rank, due_reminder, rank_at
from chalicelib.domain.reports.report import OPEN_STATUSES, Reminder
from chalicelib.kernel import times
from chalicelib.services.officers import OfficerActor
from chalicelib.store.reports.heads import listed_row

# How many entries of one officer are read. The earliest days come first.
_MOST = 50
_FIELDS = ("listed", "listed_at", "attention_at", "expiring", "deleted_at")


class DueReminder(NamedTuple):
    """A listed report, and its reminder. `place` is its place in the list: after what is critical
    or high, by the day; None when it stands there, or before, by itself.
    """

    row: Row
    reminder: Reminder
    place: str | None


def due_reminders(actor: OfficerActor, listing: Listing) -> dict[str, DueReminder]:
    """Return the reports with a reminder that concerns the officer and whose day has come, by id.

    Of an entry in the index only the report itself says whether it still counts. Raises
    Unavailable.
    """
    today = times.day_in_city(actor.now)
    partition = keys.reminders_of(actor.by)
    (entries,) = listing.heads(keys.index(keys.BY_ATTENTION), [partition], most=_MOST)
    due = [each["id"] for each in entries.rows if each["attention_at"] < f"{today}~"]
    heads = listing.read([(keys.report(each), keys.HEAD) for each in due], _FIELDS) if due else []
    found = {}
    for head in heads:
        row = {} if "expiring" in head or "deleted_at" in head else listed_row(head)
        if "reminder" not in row:
            continue
        reminder = Reminder.model_validate(row["reminder"])
        if row["status"] in OPEN_STATUSES and due_reminder(
            reminder, row.get("assignee"), actor.by, today
        ):
            stands = rank_at(row["attention_at"]) <= Rank.OVERDUE
            place = None if stands else f"{Rank.OVERDUE}!{reminder.on}#{row['id']}"
            found[row["id"]] = DueReminder(row, reminder, place)
    return found
