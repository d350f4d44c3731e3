"""Colleagues: to whom an officer may assign a report of a category and district."""

from typing import NamedTuple

from chalicelib import errors
from chalicelib.domain.colleagues import ColleagueQuery
from chalicelib.domain.officers import Officer, may_be_assigned
from chalicelib.domain.paging import Cursors
from chalicelib.services.actor import OfficerActor
from chalicelib.store.audit import Action
from chalicelib.store.officers import Officers


class ColleaguePage(NamedTuple):
    items: tuple[Officer, ...]
    next_cursor: str | None


def list_colleagues(
    query: ColleagueQuery, *, actor: OfficerActor, officers: Officers, cursors: Cursors
) -> ColleaguePage:
    """Return a page of the active officers whose scope has this category and district, by username,
    and write an audit record.

    What is outside of the caller's own scope gives an empty page, and a denial in the audit. Raises
    Malformed `bad_cursor`, with a denial too.
    """
    filters = {"category": query.category, "district": query.district}
    detail = {"list": "colleagues", **filters}
    try:
        after = cursors.read(query.cursor, reader=actor.by, filters=filters, now=actor.now)
    except errors.Malformed:
        actor.log_own(Action.DENIED, detail | {"cursor": "bad"})
        raise
    if not actor.officer.sees(query.category, query.district):
        actor.log_own(Action.DENIED, detail)
        return ColleaguePage((), None)
    page = officers.directory_page(after)
    found = tuple(
        each for each in page.officers if may_be_assigned(each, query.category, query.district)
    )
    actor.log_own(Action.LIST, detail | {"after": after, "count": len(found)})
    if page.position is None:
        return ColleaguePage(found, None)
    cursor = cursors.issue(page.position, reader=actor.by, filters=filters, now=actor.now)
    return ColleaguePage(found, cursor)
