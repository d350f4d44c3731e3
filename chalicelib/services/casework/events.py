"""Events that nobody has taken into an incident: open reports that belong together by likeness.

What an officer would find by opening one report after the other is found in one reading, by the
rules by which an incident takes in (`domain/casework/incidents`). Nothing is written.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.domain.casework.incidents import Chain
from chalicelib.domain.catalogue.model import Catalogue, Urgency
from chalicelib.domain.reports.attention import RANKS_OF_OPEN
from chalicelib.domain.reports.incidents import SAME_SPOT
from chalicelib.services.casework.incidents import IncidentStores
from chalicelib.services.casework.lists import spans_of_ranks
from chalicelib.services.officers import OfficerActor
from chalicelib.store.audit.rows import Action
from chalicelib.store.reports.duplicates import Outline

# Two alike are a report and its duplicate, which an opened report shows.
_FEWEST = 3
# The latest open reports that are compared: twenty calls.
_COMPARED = 2000


class Event(NamedTuple):
    """Open reports, in no incident, that may be of one event. `like` is the first of them where
    most stand: an incident that begins with it takes in the others. `districts` are those of all,
    in order.
    """

    like: str
    total: int
    category: str
    urgency: Urgency
    districts: Sequence[str]
    first_at: datetime
    last_at: datetime


def find_events(
    *, actor: OfficerActor, stores: IncidentStores, catalogue: Catalogue
) -> Sequence[Event]:
    """Return the events among the latest 2,000 open reports in the officer's scope, the largest
    first, and write an audit record. Raises Unavailable.
    """
    sees = actor.officer.sees
    page = stores.listing.page(
        keys.index(keys.BY_ATTENTION),
        spans_of_ranks(RANKS_OF_OPEN, catalogue.partitions_of(actor.officer)),
        limit=_COMPARED,
        keep=lambda row: "incident" not in row and sees(row["category"], row["district"]),
    )
    free = {row["id"]: Outline.of(row, row) for row in reversed(page.rows)}
    links = stores.similar.similar_rows(free, actor.now)
    # Those come first that most stand beside: a copy of a text from elsewhere chooses no place.
    alike = {
        each: sum(link.spot == SAME_SPOT and link.report_id in free for link in links.get(each, ()))
        for each in free
    }
    events = []
    for first in sorted(free.values(), key=lambda each: -alike[each.id]):
        if free.pop(first.id, None) is None:
            continue
        chain = Chain("", [first])
        while chain.reached:
            chain.follow(links, free)
        members = [first, *(free.pop(each) for each in chain.found)]
        if len(members) >= _FEWEST:
            events.append(_event(members))
    actor.log_own(Action.LIST, {"events": len(events), "count": len(page.rows)})
    return sorted(events, key=lambda each: -each.total)


def _event(members: Sequence[Outline]) -> Event:
    first, times = members[0], [each.received_at for each in members]
    districts = sorted({each.district for each in members})
    span = min(times), max(times)
    return Event(first.id, len(members), first.category, first.urgency, districts, *span)
