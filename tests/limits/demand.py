"""What one request asks of each partition: measured on the mocked cloud, by the code that runs.

Nothing is typed again: keys, sizes, transactions and indexes are those of the rows that are
written and read.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, get_args

import boto3

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.domain.notices.subscriptions import Protocol
from chalicelib.handlers.service import scheduled
from tests import cloud
from tests.bench.operations import metered
from tests.bench.units import Call, Meter, Partition, rounds
from tests.client import call, new_key, report
from tests.limits import published

SAMPLE = 120
BATCH = 100
REPORTS = 60
OFFICER = "wang"


@dataclass(slots=True)
class Demand:
    """Of one request on average.

    `rounds`: of calls of AWS that wait for each other. `units`: write units of a table or an index;
    a read unit is a third of one, since a partition and a new table bear three times as many.
    `reads`: the read units alone. `hottest`: units of the partition that gets most; a family of
    keys with a partition for each request has a share that grows smaller with each, so that it has
    none here. `calls`: by operation. `rows`: that are written, once or more, by the family of keys.
    """

    rounds: float = 0
    units: Mapping[str, float] = field(default_factory=dict)
    reads: Mapping[str, float] = field(default_factory=dict)
    hottest: Mapping[str, float] = field(default_factory=dict)
    calls: Mapping[str, float] = field(default_factory=dict)
    rows: Mapping[str, float] = field(default_factory=dict)


def of_reports(
    environment: Mapping[str, str], categories: Sequence[str]
) -> tuple[Demand, Demand, Demand]:
    """Return what a report asks when it is created, when officers are notified of it, and when it
    is compared with others.
    """
    with metered(environment) as meter:
        _make_day_keys()
        ids = []
        with meter.measured() as created:
            for number in range(SAMPLE):
                body = report(category=categories[number % len(categories)], **_like(number))
                ids.append(_create(body)["id"])
        notified = _notify(meter, [(keys.report(report_id), keys.HEAD) for report_id in ids])
        with meter.measured() as compared:
            done = scheduled.suggest_incidents(cloud.SCHEDULE, None)
            assert done == {"recorded": SAMPLE, "lost": 0}
    own = {keys.report(report_id) for report_id in ids}
    created_, notified_, compared_ = (
        _averaged(calls, SAMPLE, own, environment) for calls in (created, notified, compared)
    )
    return created_, notified_, compared_


def _like(number: int) -> dict[str, Any]:
    """Return a text and a place of a report: as in a real flood, few are like each other."""
    text = " ".join(f"{number * prime % 997:03}" for prime in (7, 11, 13, 17, 19, 23, 29, 31))
    lat, lon = 39.8 + number / 500, 116.3 + number % 7 / 50
    return {"text": text, "location": {"lat": lat, "lon": lon, "datum": "wgs84"}}


def _make_day_keys() -> None:
    """Have today's key before the first report, so that it has a sketch."""
    wait_for_noon()
    scheduled.suggest_incidents(cloud.SCHEDULE, None)
    assert wiring.live_day_key().at(wiring.clock.now())


def of_messages(environment: Mapping[str, str], count: int = 20) -> Demand:
    """Return what a message on one and the same report asks when it is written."""
    with metered(environment) as meter:
        wait_for_noon()
        created = _create(report("child_abduction"))
        path = f"/v1/reports/{created['id']}/messages"

        def write(_: int) -> Any:
            text = {"text": "He is at the north gate. " * 8}
            return call("POST", path, text, key=new_key(), receipt=created["receipt"])

        return _averaged(_measured(meter, write, count), count, set(), environment)


def of_officers(
    environment: Mapping[str, str],
    act: Callable[[str], tuple[str, str]],
    count: int = 20,
    *,
    before: int = 0,
) -> Demand:
    """Return what an officer's call asks on average of `count`. `act` names its method and path by
    a report's id; so many are made `before`.

    What is the officer's own is no other's.
    """
    with metered(environment) as meter:
        wait_for_noon()
        cloud.officer(OFFICER)
        ids = [_create(report())["id"] for _ in range(REPORTS)]

        def ask(number: int) -> Any:
            return call(*act(ids[number]), officer=OFFICER)

        _measured(meter, ask, before)
        made = _measured(meter, ask, count)
        today = wiring.clock.now().date()
        own = {*map(keys.report, ids), keys.officer(OFFICER), keys.officer_day(OFFICER, today)}
        return _averaged(made, count, own, environment)


def of_subscriptions(environment: Mapping[str, str]) -> float:
    """Return how many filter policies an officer has who asks for e-mail and SMS."""
    cloud.officer(OFFICER, email="wang@example.com", phone="+8613800138000")
    for protocol in get_args(Protocol.__value__):
        asked = {"protocol": protocol}
        call("POST", "/v1/officer/subscriptions", asked, officer=OFFICER).expect(201)
    sns = boto3.client("sns")
    topic = sns.list_subscriptions_by_topic(TopicArn=environment["NOTICES_TOPIC_ARN"])
    attributes = (
        sns.get_subscription_attributes(SubscriptionArn=each["SubscriptionArn"])["Attributes"]
        for each in topic["Subscriptions"]
    )
    return sum("FilterPolicy" in each for each in attributes)


def _create(body: Mapping[str, Any]) -> Any:
    return call("POST", "/v1/reports", body, key=new_key()).expect(201)


def _measured(meter: Meter, act: Callable[[int], Any], count: int) -> list[Call]:
    with meter.measured() as calls:
        for number in range(count):
            reply = act(number)
            assert reply.status in (200, 201), reply.text
        return list(calls)


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
    made: Collection[Call], count: int, own: set[str], environment: Mapping[str, str]
) -> Demand:
    """Average over `count` requests. `own` are partitions of which each request has another."""
    names = {table: setting for setting, table in environment.items() if setting.endswith("_TABLE")}
    places: dict[str, defaultdict[str, float]] = {"units": _sums(), "reads": _sums()}
    partitions: defaultdict[str, defaultdict[str, float]] = defaultdict(_sums)
    rows = {row for each in made for row in each.rows}
    for each in made:
        for weight, found in ((1.0, each.writes), (published.READ, each.reads)):
            for partition, units in found.items():
                places["units"][_place(names, partition)] += weight * units / count
                partitions[_family(names, partition)][partition[2]] += weight * units / count
        for partition, units in each.reads.items():
            places["reads"][_place(names, partition)] += units / count
    return Demand(
        rounds=rounds(made) / count,
        hottest={
            family: max(counted.values())
            for family, counted in partitions.items()
            if not own & counted.keys() and len(counted) < count / 2
        },
        calls=_shares(Counter(each.operation for each in made), count),
        rows=_shares(Counter(_family(names, (table, None, pk)) for table, pk, _ in rows), count),
        **places,
    )


def _sums() -> defaultdict[str, float]:
    return defaultdict(float)


def _shares(counted: Counter[str], count: int) -> dict[str, float]:
    return {name: number / count for name, number in counted.items()}


def _place(names: Mapping[str, str], partition: Partition) -> str:
    table, index, _ = partition
    name = names[table].removesuffix("_TABLE").lower()
    return f"{name}.{index}" if index else name


def _family(names: Mapping[str, str], partition: Partition) -> str:
    """Return the name of the keys that are built alike: `reports BURST#`, `reports.by_task`."""
    place = _place(names, partition)
    return place if partition[1] else f"{place} {partition[2].partition('#')[0]}#"
