"""What one request asks of each partition: measured on the mocked cloud, by the code that runs.

Nothing is typed again: keys, sizes, transactions and indexes are those of the rows that are
written.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from chalicelib import wiring
from chalicelib.aws import keys
from tests import cloud
from tests.bench.operations import metered
from tests.bench.units import Call, Meter, Partition
from tests.client import call, new_key, report

SAMPLE = 120
BATCH = 100


@dataclass(slots=True)
class Demand:
    """Of one request on average.

    `calls`: calls of AWS. `units`: write units of a table or an index. `hottest`: write units of
    the partition that gets most; a family of keys with a partition for each request has a share
    that grows smaller with each, so that it has none here.
    """

    calls: float = 0
    units: Mapping[str, float] = field(default_factory=dict)
    hottest: Mapping[str, float] = field(default_factory=dict)


def of_reports(environment: Mapping[str, str], categories: Sequence[str]) -> tuple[Demand, Demand]:
    """Return what a report asks when it is created, and what its notice does afterwards."""
    with metered(environment) as meter:
        wait_for_noon()
        created, ids = [], []
        with meter.measured() as calls:
            for number in range(SAMPLE):
                body = report(category=categories[number % len(categories)])
                reply = call("POST", "/v1/reports", body, key=new_key())
                assert reply.status == 201, reply.text
                ids.append(reply.json["id"])
            created += calls
        notified = _notify(meter, [(keys.report(report_id), keys.HEAD) for report_id in ids])
    own = {keys.report(report_id) for report_id in ids}
    return (
        _averaged(created, SAMPLE, own, environment),
        _averaged(notified, SAMPLE, own, environment),
    )


def of_messages(environment: Mapping[str, str], count: int = 20) -> Demand:
    """Return what a message on one and the same report asks when it is written."""
    with metered(environment) as meter:
        wait_for_noon()
        created = call("POST", "/v1/reports", report("child_abduction"), key=new_key()).json
        path = f"/v1/reports/{created['id']}/messages"
        with meter.measured() as calls:
            for _ in range(count):
                reply = call(
                    "POST",
                    path,
                    {"text": "He is at the north gate. " * 8},
                    key=new_key(),
                    receipt=created["receipt"],
                )
                assert reply.status == 201, reply.text
        return _averaged(calls, count, set(), environment)


def _notify(meter: Meter, heads: Sequence[tuple[str, str]]) -> list[Call]:
    with meter.measured() as calls:
        for first in range(0, len(heads), BATCH):
            assert cloud.stream(heads[first : first + BATCH]) == {"batchItemFailures": []}
        return list(calls)


def wait_for_noon() -> None:
    """Let no minute, hour or day end while it is measured: their keys would share the units, and a
    day that has just begun also needs the key of the one before. What is made and read once a day
    is there.
    """
    now = wiring.clock.now()
    noon = now.replace(hour=12, minute=0, second=0, microsecond=0)
    then = wiring.clock.advance(noon + timedelta(days=1, seconds=1) - now)
    wiring.sketches().days.keep(then)
    wiring.day_key()


def _averaged(
    calls: Iterable[Call], count: int, own: set[str], environment: Mapping[str, str]
) -> Demand:
    """Average over `count` requests. `own` are partitions of which each request has another."""
    names = {table: setting for setting, table in environment.items() if setting.endswith("_TABLE")}
    units: Counter[str] = Counter()
    partitions: defaultdict[str, Counter[str]] = defaultdict(Counter)
    made = list(calls)
    for each in made:
        for (table, index, key), written in each.by_partition.items():
            units[_place(names, (table, index, key))] += written
            partitions[_family(names, (table, index, key))][key] += written
    hottest = {
        family: max(counted.values()) / count
        for family, counted in partitions.items()
        if not own & counted.keys() and len(counted) < count / 2
    }
    return Demand(
        calls=len(made) / count,
        units={place: written / count for place, written in units.items()},
        hottest=hottest,
    )


def _place(names: Mapping[str, str], partition: Partition) -> str:
    table, index, _ = partition
    name = names[table].removesuffix("_TABLE").lower()
    return f"{name}.{index}" if index else name


def _family(names: Mapping[str, str], partition: Partition) -> str:
    """Return the name of the keys that are built alike: `reports BURST#`, `reports.by_task`."""
    place = _place(names, partition)
    return place if partition[1] else f"{place} {partition[2].partition('#')[0]}#"
