"""Ten thousand reports of one category within seconds do not throttle the table.

A partition serves 1,000 writes a second, and an index that throttles also delays its table. So the
key of an index must be able to spread a category over several partitions.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.domain.catalogue.model import catalogue
from chalicelib.domain.reports.report import Submission
from chalicelib.kernel import outbox
from chalicelib.services.reports import intake
from chalicelib.services.reports.intake import Reporter
from chalicelib.store.reports.reports import Reports
from tests.client import new_key
from tests.faults import inject

pytestmark = pytest.mark.usefixtures("aws")

REPORTS = 10_000
# As many as a stage needs whose gateway lets so many reports through.
SHARDS = 4
SECONDS = 4
UNITS_A_SECOND = 1000
INDEXES = {
    name: keys.PARTITION[name]
    for name in (
        keys.BY_CATEGORY,
        keys.BY_ATTENTION,
        keys.BY_BULLETIN,
        keys.BY_ASSIGNEE,
        keys.BY_REFERENCE,
        keys.BY_TASK,
    )
}
# DynamoDB lets a partition use saved capacity of up to five minutes. One second is on the safe
# side.
BURST = UNITS_A_SECOND


class Partitions:
    """A token bucket for each partition key of the table and its indexes. Tests move its clock."""

    def __init__(self, keyed: Mapping[str, Any]) -> None:
        self._keyed = keyed
        self._left: dict[tuple[str, str], tuple[float, float]] = defaultdict(
            lambda: (0.0, float(BURST))
        )
        self.throttled: dict[str, int] = defaultdict(int)

    def write(self, item: Mapping[str, Any], size: int, now: float) -> None:
        spent = {("table", item["pk"]["S"]): -(-size // 1024)}
        for index, key_of in self._keyed.items():
            key = key_of(item)
            if key:
                spent[(index, key)] = 1
        for partition, units in spent.items():
            at, left = self._left[partition]
            left = min(BURST, left + (now - at) * UNITS_A_SECOND)
            if left < units:
                self.throttled[partition[0]] += 1
            self._left[partition] = (now, max(0.0, left - units))


def own_key(attribute: str) -> Any:
    return lambda item: item.get(attribute, {}).get("S")


@pytest.mark.slow
def test_ten_thousand_reports_fit_our_keys_and_not_a_bare_category() -> None:
    ours = Partitions({index: own_key(attribute) for index, attribute in INDEXES.items()})
    naive = Partitions({keys.BY_CATEGORY: own_key("category")})
    clock = 0.0

    def serve(request: Any) -> AWSResponse:
        item = json.loads(request.body)["Item"]
        size = sum(
            len(name) + len(next(iter(value.values())))
            for name, value in item.items()
            if isinstance(next(iter(value.values())), str)
        )
        for partitions in (ours, naive):
            partitions.write(item, size, clock)
        url, request.url = request.url, "https://nowhere.invalid/"
        return inject.aws_response(url, 200, {})

    submission = Submission(category="missing_elderly", text="An old man in a blue coat. " * 40)
    start = wiring.clock.now()
    reports = Reports(wiring.reports().table, lambda category: SHARDS)
    with inject.fault(wiring.dynamodb(), "dynamodb.PutItem", serve):
        for number in range(REPORTS):
            clock = number * SECONDS / REPORTS
            created = intake.create_report(
                submission,
                wiring.report_ids(new_key(), b"{}"),
                actor=Reporter(start + timedelta(seconds=clock)),
                intake=wiring.intake()._replace(catalogue=catalogue(), reports=reports),
            )
            assert not created.replayed

    assert dict(ours.throttled) == {}
    assert naive.throttled[keys.BY_CATEGORY] > REPORTS / 4


def test_each_partition_key_spreads_evenly(aws: Mapping[str, str]) -> None:
    """No shard gets more than its share and a tenth, so more shards allow more writes."""
    counted: dict[str, int] = defaultdict(int)
    for number in range(8000):
        report_id = wiring.identity().report_id(str(number))
        counted[keys.category_shard("other", report_id, 4)] += 1
        counted[keys.task_shard(outbox.Lane.NORMAL, keys.report(report_id), keys.HEAD)] += 1

    assert len(counted) == 4 + outbox.SHARDS
    assert max(counted.values()) < 8000 / 4 * 1.1
