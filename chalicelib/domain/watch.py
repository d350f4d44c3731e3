"""The watch on officers: which number of acts in an hour is unusual, what is an opening, and who
may learn of one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from chalicelib.domain.officers.model import Officer, Role
from chalicelib.domain.reports.events import Watched
from chalicelib.kernel import times

# More than this by one officer in one hour, by the clock, is unusual. An opening is that of a
# report; a look at a list is none. Further closings take a second officer. An unread one was
# refused, since the officer had not opened the report.
LIMITS: Mapping[Watched, int] = {
    Watched.OPENINGS: 100,
    Watched.CONTACTS: 10,
    Watched.DENIALS: 20,
    Watched.SEARCHES: 40,
    Watched.CLOSINGS: 50,
    Watched.UNREAD_CLOSINGS: 10,
    Watched.MOVES: 10,
}
# After so many ends in an hour an officer proposes no more: others have to read each.
PROPOSED_AT_MOST = 200
# By the action of the audit.
_ABOUT_REPORTS = {"open": Watched.OPENINGS, "contact": Watched.CONTACTS, "move": Watched.MOVES}
_ABOUT_ANYTHING = {
    "denied": Watched.DENIALS,
    "search": Watched.SEARCHES,
    "close": Watched.CLOSINGS,
    "close_unread": Watched.UNREAD_CLOSINGS,
}


def watched(action: str, *, about_report: bool) -> Watched | None:
    """Return as what a record of the audit counts; None when it is not watched."""
    found = _ABOUT_REPORTS.get(action) if about_report else None
    return found or _ABOUT_ANYTHING.get(action)


def level(what: Watched, count: int) -> int:
    """Return how many notices this count has caused: one above the limit, and one more above each
    doubling of it, so that 10,000 openings do not look like 101.
    """
    return ((count - 1) // LIMITS[what]).bit_length() if count else 0


def notified_role(author: Officer | None, hour: str) -> Role:
    """Return whom a notice is for of what somebody did in an hour (`2026-11-24T10`): oversight, if
    they were of it then.
    """
    left = author.oversight_until if author else None
    is_theirs = author is not None and author.is_oversight
    still_was = left is not None and times.render(left) > hour
    return Role.OVERSIGHT if is_theirs or still_was else Role.SUPERVISOR


class OpeningKind(StrEnum):
    """What was opened of a report: what it says, an original, or the contact. Each is an action of
    the audit.
    """

    OPEN = "open"
    ORIGINAL = "original"
    CONTACT = "contact"


class Act(NamedTuple):
    """What an officer did: the name and the action of an audit row, and its key.

    `about_report`: the row is one of a report.
    """

    by: str
    action: str
    about_report: bool
    key: tuple[str, str]

    @property
    def at(self) -> datetime:
        """When it was. Raises ValueError for a row that names no time, which is none of ours."""
        return times.parse(self.key[1].rpartition("#")[0])

    @property
    def kind(self) -> OpeningKind | None:
        """What it opened of a report; None when it opened nothing."""
        known = self.about_report and self.action in OpeningKind
        return OpeningKind(self.action) if known else None

    @property
    def counts_as(self) -> str | None:
        """The number of the officer's week in which it counts; None when it is in none."""
        if self.kind is OpeningKind.ORIGINAL:
            return ORIGINALS
        return watched(self.action, about_report=self.about_report)


# The part that an opening names in the audit, of who moves a report to oversight or back.
OVERSIGHT_PART = "oversight"
# Beside what is watched, in the numbers of a week.
ORIGINALS = "originals"


def is_visible(act: Act, asker: Officer, author: Officer | None) -> bool:
    """Return whether somebody may learn of an act. Every answer that shows or counts one asks here.

    One's own are; auditors learn of each, and supervisors how many there are, but for what somebody
    did while they were of oversight. `author` is the row of who did it, if there is one.
    """
    if act.by == asker.username:
        return True
    if not asker.has_role(Role.AUDITOR, Role.SUPERVISOR):
        return False
    return author is None or not _was_of_oversight(author, act.key[1])


def end_of_visible(author: Officer | None, end: str) -> str:
    """Return before which sort key others may learn of acts: `end`, or when the author joined
    oversight, if `end` is while they were of it. So no read says how much there is.
    """
    if author is None or not _was_of_oversight(author, end):
        return end
    return times.render(author.oversight_since) if author.oversight_since else ""


def _was_of_oversight(author: Officer, at: str) -> bool:
    """Return whether they were of oversight at this time (as sort keys begin with it), or between
    two times when they were.
    """
    since, until = author.oversight_since, author.oversight_until
    joined = author.is_oversight or until is not None
    began = since is None or at >= times.render(since)
    ended = not author.is_oversight and until is not None and at >= times.render(until)
    return joined and began and not ended


class Question(NamedTuple):
    """Which openings are asked for. None is any. `since` is the first moment, `until` the first
    one after the last.
    """

    officer: str | None = None
    report_id: str | None = None
    kind: OpeningKind | None = None
    since: datetime | None = None
    until: datetime | None = None

    def asks_for(self, act: Act) -> bool:
        """Return whether an act is an opening that is asked for, whenever it was."""
        return (
            act.kind is not None
            and self.kind in (None, act.kind)
            and self.officer in (None, act.by)
        )


def week_of(day: date) -> tuple[datetime, datetime]:
    """Return when the week of a day (UTC, from Monday) begins, and when the next one does."""
    monday = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=7)


def numbers_of(acts: Iterable[Act]) -> Counter[str]:
    """Return how many acts there are of each number of a week."""
    return Counter(counted for act in acts if (counted := act.counts_as))
