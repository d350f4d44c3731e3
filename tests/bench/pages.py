"""A page of an officer's list with 10,000 reports in it and with 100,000: it must cost the same.
With an incident of hundreds of reports, which it shows as one row, a page of the queue takes a
fifth more calls at the most.

python -m tests.bench.pages     prints {reports: [cost of the first page, cost of a page further
down]}; `folded` are those with the incident
"""

import json
from collections.abc import Iterable
from dataclasses import asdict

from chalicelib import wiring
from chalicelib.domain.officers.model import Officer
from tests.bench import rows as table
from tests.bench import simulated
from tests.bench.units import Meter, indexes_of

FEW, MANY = 10_000, 100_000
_MEMBERS = 400
# The most queries of a page of all that an officer may see: one for each of six partitions, and two
# more where the categories have very different shares.
MOST_QUERIES = 8
_CATEGORY = f"&category={simulated.CATEGORY}"
_PAGE = "/v1/officer/reports?limit=50"
# Each list, with what it is called.
_OF_ALL = {"": "of all by time", "&sort=attention": "of all by attention"}
LISTS = _OF_ALL | {
    _CATEGORY: "by time",
    f"{_CATEGORY}&sort=attention": "by attention",
    f"{_CATEGORY}&status=acknowledged": "of one status",
    f"{_CATEGORY}&unread=true": "of what is unread",
}


def rows() -> list[table.Row]:
    costs = table.run_json("tests.bench.pages")
    found = []
    for position, place in enumerate(PLACES):
        few, many = costs[str(FEW)][position], costs[str(MANY)][position]
        for name, unit in (("calls", "AWS calls"), ("read_units", "read units")):
            what = f"{place}, of {MANY:,} reports: {unit} ({many[name]:g})"
            found.append(
                table.row(what, f"of {FEW:,} reports", [many[name] / few[name]], exactly=1.0)
            )
        if place in _UNFILTERED:
            queries = [costs[str(count)][position]["queries"] for count in (FEW, MANY)]
            found.append(table.row(f"{place}: queries", "", queries, at_most=MOST_QUERIES))
    for place in _places([_OF_ALL["&sort=attention"]]):
        position = PLACES.index(place)
        whole, folded = (costs[name][position]["calls"] for name in (str(FEW), "folded"))
        what = f"{place}, {_MEMBERS} of them of one incident: AWS calls ({folded:g})"
        found.append(table.row(what, "of none", [folded / whole], at_most=1.2))
    return found


def _places(lists: Iterable[str]) -> list[str]:
    return [f"{place} page of 50 {name}" for name in lists for place in ("first", "fifth")]


PLACES = (*_places(LISTS.values()), "pulse")
_UNFILTERED = frozenset(_places(_OF_ALL.values()))


def costs(reports: int, members: int = 0) -> list[dict[str, float]]:
    """Cost and `queries` of the first page and of the fifth of each list, and of a pulse, warm."""
    from tests.client import call

    wiring.reset()
    cloud = simulated.Cloud(reports, members=members)
    cloud.serve(wiring.aws_events())
    meter = Meter(cloud, indexes_of(simulated.ENVIRONMENT))
    meter.watch(wiring.aws_events())
    wiring.officers().put(Officer(username="wang", categories=("*",), districts=("*",)))

    def measured() -> dict[str, float]:
        queries = sum(call.operation == "dynamodb.Query" for call in meter.calls)
        return asdict(meter.cost) | {"queries": queries}

    found = []
    for more in LISTS:
        path, pages = _PAGE + more, []
        call("GET", path, officer="wang")
        for _ in range(5):
            with meter.measured():
                page = call("GET", path, officer="wang").json
            assert members or len(page["items"]) == 50
            pages.append(measured())
            path = f"{_PAGE}{more}&cursor={page['next_cursor']}"
        found += [pages[0], pages[-1]]
    call("GET", "/v1/officer/pulse", officer="wang")
    with meter.measured():
        assert not call("GET", "/v1/officer/pulse", officer="wang").json["complete"]
    found.append(measured())
    wiring.reset()
    return found


if __name__ == "__main__":
    simulated.set_environment()
    found = {str(count): costs(count) for count in (FEW, MANY)}
    print(json.dumps(found | {"folded": costs(FEW, _MEMBERS)}))
