"""A page of an officer's list with 1,000 reports in it and with 100,000: it must cost the same.

python -m tests.bench.pages     prints {reports: [cost of the first page, cost of a page further
down]}
"""

import json
from dataclasses import asdict

from chalicelib import wiring
from chalicelib.domain.officers import Officer
from tests.bench import rows as table
from tests.bench import simulated
from tests.bench.units import Cost, Meter, indexes_of

FEW, MANY = 1_000, 100_000
_CATEGORY = f"category={simulated.CATEGORY}"
_PAGE = f"/v1/officer/reports?{_CATEGORY}&limit=50"
# Each list, with what it is called.
LISTS = {
    "": "by time",
    "&sort=attention": "by attention",
    "&status=acknowledged": "of one status",
    "&unread=true": "of what is unread",
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
    return found


PLACES = (
    *(f"{place} page of 50 {name}" for name in LISTS.values() for place in ("first", "fifth")),
    "pulse",
)


def costs(reports: int) -> list[Cost]:
    """Of the first page and of the fifth of each list, and of a pulse, warm."""
    from tests.client import call

    wiring.reset()
    cloud = simulated.Cloud(reports)
    cloud.serve(wiring.aws_events())
    meter = Meter(cloud, indexes_of(simulated.ENVIRONMENT))
    meter.watch(wiring.aws_events())
    wiring.officers().put(Officer(username="wang", categories=("*",), districts=("*",)))
    found = []
    for more in LISTS:
        path, measured = _PAGE + more, []
        call("GET", path, officer="wang")
        for _ in range(5):
            with meter.measured():
                page = call("GET", path, officer="wang").json
            assert len(page["items"]) == 50
            measured.append(meter.cost)
            path = f"{_PAGE}{more}&cursor={page['next_cursor']}"
        found += [measured[0], measured[-1]]
    call("GET", "/v1/officer/pulse", officer="wang")
    with meter.measured():
        assert not call("GET", "/v1/officer/pulse", officer="wang").json["complete"]
    found.append(meter.cost)
    wiring.reset()
    return found


if __name__ == "__main__":
    simulated.set_environment()
    print(json.dumps({count: [asdict(cost) for cost in costs(count)] for count in (FEW, MANY)}))
