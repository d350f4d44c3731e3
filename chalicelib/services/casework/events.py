"""Events that nobody has taken into an incident: open reports that belong together by likeness.

What an officer would find by opening one report after the other is found in one reading, by the
rules by which an incident takes in (`domain/casework/incidents`). The record alone is written.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import batched
from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.domain.casework.incidents import Chain, Spots, near
from chalicelib.domain.catalogue.model import Catalogue, Urgency
from chalicelib.domain.reports.attention import RANKS_OF_OPEN
from chalicelib.services.casework.duplicates import SimilarReport
from chalicelib.services.casework.gists import show
from chalicelib.services.casework.incidents import IncidentStores
from chalicelib.services.casework.lists import spans_of_ranks
from chalicelib.services.officers import OfficerActor
from chalicelib.store.audit.rows import Action
from chalicelib.store.reports.duplicates import Outline
from chalicelib.store.reports.rows import ListedReport

# Two alike are a report and its duplicate, which an opened report shows.
_FEWEST = 3
# The latest open reports that are compared: twenty calls.
_COMPARED = 2000
# So many events are shown with some of their reports, which the record names.
_WITH_REPORTS, _REPORTS = 16, 3


class Event(NamedTuple):
    """Open reports, in no incident, that may be of one event. `like` is the first of them where
    most stand: an incident that begins with it takes in the others. `category` is that of most,
    and `urgency` the highest. `categories` are those of all, the most frequent first, `districts`
    in order. `items` are up to three of them: the first, and of each other category and district
    one before more of the same. `why` says by what each was found, from any of them.
    """

    like: str
    total: int
    category: str
    categories: Sequence[str]
    urgency: Urgency
    districts: Sequence[str]
    first_at: datetime
    last_at: datetime
    items: Sequence[SimilarReport] = ()


def find_events(
    *, actor: OfficerActor, stores: IncidentStores, catalogue: Catalogue
) -> Sequence[Event]:
    """Return the events among the latest 2,000 open reports in the officer's scope, the largest
    first, and write an audit record. The first sixteen have `items`, whose pictures and gists are
    on record. Raises Unavailable.
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
    # Those come first that most stand around: a copy of a text from elsewhere chooses no place.
    spots = Spots(free, {each: near(each, some, free.get) for each, some in links.items()})
    events: list[tuple[Event, list[SimilarReport]]] = []
    for first in sorted(
        free.values(), key=lambda each: spots.crowd(each.id, each.category), reverse=True
    ):
        if free.pop(first.id, None) is None:
            continue
        chain = Chain("", [first])
        while chain.reached:
            chain.follow(links, free)
        members = [first, *(free.pop(each) for each in chain.found)]
        if len(members) >= _FEWEST:
            events.append((_event(members), _some_of(members, chain, actor.now)))
    events.sort(key=lambda each: -each[0].total)
    shown = show(
        [item.report for _, items in events[:_WITH_REPORTS] for item in items],
        Action.LIST,
        {"events": len(events), "count": len(page.rows)},
        actor=actor,
        gists=stores.gists,
    )
    opened = batched(shown, _REPORTS)
    return [
        event._replace(
            items=[item._replace(report=each) for item, each in zip(items, found, strict=True)]
        )
        for (event, items), found in zip(events, opened, strict=False)
    ] + [event for event, _ in events[_WITH_REPORTS:]]


def _some_of(members: Sequence[Outline], chain: Chain, now: datetime) -> list[SimilarReport]:
    """Return three of the reports of an event, so that who reads them sees how far it reaches."""
    first, *others = members
    of_kind = {_kind(each): each for each in reversed(others) if _kind(each) != _kind(first)}
    apart = [each for each in others if of_kind.get(_kind(each)) is each]
    chosen = [first, *apart, *(each for each in others if each not in apart)][:_REPORTS]
    return [_item(each, first, chain, now) for each in chosen]


def _kind(report: Outline) -> tuple[str, str]:
    return report.category, report.district


def _item(member: Outline, first: Outline, chain: Chain, now: datetime) -> SimilarReport:
    link = chain.why.get(member.id)
    minutes = abs(member.received_at - first.received_at) // timedelta(minutes=1)
    report = ListedReport.of(member.listed, now)
    return SimilarReport(report, link.why if link else (), link.score if link else 1, None, minutes)


def _event(members: Sequence[Outline]) -> Event:
    first, times = members[0], [each.received_at for each in members]
    categories = [each for each, _ in Counter(m.category for m in members).most_common()]
    districts = sorted({each.district for each in members})
    urgency = max((each.urgency for each in members), key=lambda each: each.rank)
    span = min(times), max(times)
    return Event(first.id, len(members), categories[0], categories, urgency, districts, *span)
