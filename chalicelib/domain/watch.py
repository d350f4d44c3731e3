"""The watch on officers: which number of acts in an hour is unusual."""

from collections.abc import Mapping

from chalicelib.domain.reports.events import Watched

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
}
# By the action of the audit.
_ABOUT_REPORTS = {"open": Watched.OPENINGS, "contact": Watched.CONTACTS}
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
