"""What breaks first on AWS, and at which rate: the gateway refuses before a table does.

The limits are AWS's (`published.py`); what a request asks of them is measured on the mocked cloud,
and throttles and readers are those of the template.
"""

from collections import Counter
from collections.abc import Mapping

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.domain.notices import bursts
from chalicelib.kernel import outbox
from chalicelib.services.notices import subscriptions
from chalicelib.services.officers import CallLimits
from infra import template
from tests.conftest import empty
from tests.limits import model, published, scenarios
from tests.limits.model import Bucket, Limit, Then, simulate, weakest
from tests.limits.scenarios import Scenario

pytestmark = pytest.mark.slow

# Reports a second, with what follows from them. DynamoDB lets a table grow, but not at once.
NEW_TABLE_BEARS = 190


@pytest.fixture(scope="module")
def floods(aws: Mapping[str, str]) -> dict[str, Scenario]:
    empty()  # what other modules have left would be listed, too
    return {each.name: each for each in scenarios.all_of(aws)}


@pytest.fixture(params=scenarios.REPORTS)
def flood(request: pytest.FixtureRequest, floods: Mapping[str, Scenario]) -> Scenario:
    return floods[request.param]


def test_the_gateway_refuses_before_a_report_is_unavailable(flood: Scenario) -> None:
    first = weakest(flood.before)
    assert first.name == "throttle of POST /v1/reports", flood.before


@pytest.mark.parametrize("rate", [100, 500, 1_000, 10_000, 100_000])
def test_behind_the_gateway_nothing_is_unavailable_at_any_rate(
    flood: Scenario, rate: float
) -> None:
    """Notices take from the same table as reports, and still leave enough for them."""
    assert flood.grown().at(rate).then(Then.UNAVAILABLE) == []


def test_a_new_table_bears_reports_and_what_follows_before_it_has_grown(flood: Scenario) -> None:
    [table] = [each for each in flood.limits if each.name == f"{model.NEW}reports"]
    assert table.breaks_at >= NEW_TABLE_BEARS
    assert flood.at(NEW_TABLE_BEARS * 0.9).then(Then.UNAVAILABLE) == []


def test_every_index_that_a_new_report_is_in_can_be_warmed(flood: Scenario) -> None:
    table = template.load("resources.yaml")["Resources"]["ReportsTable"]["Properties"]
    warmed = {
        f"{model.NEW}reports.{index['IndexName']}"
        for index in table["GlobalSecondaryIndexes"]
        if "WarmThroughput" in index
    }
    written = {each.name for each in flood.limits if each.name.startswith(f"{model.NEW}reports.")}
    assert written
    assert written <= warmed


def test_without_the_throttle_of_the_route_the_table_breaks(flood: Scenario) -> None:
    open_gate = [each for each in flood.before if not each.name.startswith("throttle of")]
    assert simulate(open_gate, flood.after, 10_000).then(Then.UNAVAILABLE) != []


def test_one_partition_for_all_tasks_bears_a_fraction_of_ours(
    floods: Mapping[str, Scenario],
) -> None:
    flood = floods["reports in one category"]
    naive, ours = (
        sum(asked["reports.by_task"] for asked in each)
        for each in (
            [asked.units for asked in flood.demands[:2]],
            [asked.hottest for asked in flood.demands[:2]],
        )
    )
    throttle, _ = model.throttle_of(*scenarios.CREATE)
    of_a_partition = published.PARTITION_WRITES.per_second
    assert of_a_partition / ours > throttle
    assert naive > 2.5 * ours


def test_a_flood_of_others_gives_the_reader_of_criticals_nothing_to_do() -> None:
    """A shard serves two readers, so that there is no third."""
    critical, other = sorted(model.readers(), key=lambda reader: not reader.is_of_criticals)
    assert critical.is_of_criticals
    assert not other.is_of_criticals


def test_messages_break_their_own_report_first_and_no_other(floods: Mapping[str, Scenario]) -> None:
    messages = floods["messages on one report"]
    own = weakest(messages.before)
    assert own.name == "a partition of reports REPORT#"
    # What other reports share with it bears as many messages as its own partition lets through.
    for each in messages.before:
        assert each is own or each.breaks_at > own.breaks_at


def test_all_shards_of_a_category_bear_a_new_table_at_its_limit(
    floods: Mapping[str, Scenario],
) -> None:
    everything = floods["reports in all categories"]
    shards = next(
        each for each in everything.before if each.name == "a partition of reports.by_category"
    )
    table = next(each for each in everything.before if each.name == f"{model.NEW}reports")
    assert shards.breaks_at > table.breaks_at


def test_one_partition_for_a_category_bears_twice_what_the_gateway_lets_through(
    flood: Scenario,
) -> None:
    throttle, _ = model.throttle_of(*scenarios.CREATE)
    lists = ("a partition of reports.by_category", "a partition of reports.by_attention")
    bears = [each.breaks_at for each in flood.limits if each.name in lists]
    assert len(bears) == len(lists)
    assert min(bears) >= 2 * throttle


def test_each_shard_gets_no_more_than_its_share_and_a_tenth(aws: Mapping[str, str]) -> None:
    counted: Counter[str] = Counter()
    for number in range(8000):
        report_id = wiring.identity().report_id(str(number))
        counted[keys.category_shard("other", report_id, 4)] += 1
        counted[keys.task_shard(outbox.Lane.NORMAL, keys.report(report_id), keys.HEAD)] += 1
    assert len(counted) == 4 + outbox.SHARDS
    assert max(counted.values()) < 8000 / 4 * 1.1


def bears(scenario: Scenario, name: str) -> float:
    [limit] = [each for each in scenario.limits if each.name == name]
    return limit.breaks_at


def test_three_hundred_reports_a_second_are_compared(flood: Scenario) -> None:
    assert bears(flood, "reports that SuggestIncidents compares") >= 300


def test_hours_of_four_million_leaves_are_closed_for_hours(flood: Scenario) -> None:
    closed = bears(flood, "leaves of the ledger that DigestAudit closes")
    assert 3600 * closed * flood.demands[1].rows["reports LEDGER#"] >= 4_000_000
    throttle, _ = model.throttle_of(*scenarios.CREATE)
    assert closed > throttle


def test_what_is_compared_later_keeps_no_notice_waiting() -> None:
    slow = Limit("comparison", 1, 1, 1, Then.NOT_COMPARED)
    outcome = simulate([], [[], [slow]], rate=10)
    assert (outcome.then(Then.DELAYED), outcome.then(Then.NOT_COMPARED)) == ([], ["comparison"])
    assert outcome.waiting[0] < outcome.waiting[1]


@pytest.mark.parametrize(
    ("name", "first", "at"),
    [
        # Of a category that everybody looks at.
        ("officers' lists of reports", "a partition of reports.by_category", 2_000),
        ("officers' openings of reports", published.KMS_RSA.what, 1_000),
        ("subscriptions by e-mail and SMS", published.SNS_FILTERS.what, 100),
        ("notices to one officer", published.SNS_EMAILS.what, 10),
        ("files, with `DECODER_ISOLATION=tenant`", published.TENANTS.what, 2_500),
    ],
)
def test_what_breaks_first_for_officers_and_files(
    floods: Mapping[str, Scenario], name: str, first: str, at: int
) -> None:
    found = weakest(floods[name].limits)
    assert (found.name, round(found.breaks_at)) == (first, at)


def test_reads_count_in_the_units_of_a_partition(floods: Mapping[str, Scenario]) -> None:
    [lists] = floods["officers' lists of reports"].demands
    units, reads = lists.units["reports.by_category"], lists.reads["reports.by_category"]
    assert units == pytest.approx(reads * published.READ)
    assert lists.reads["reports.by_category"] >= lists.calls["dynamodb.Query"] / 2


def test_a_grown_table_bears_as_many_read_units_as_write_units(
    floods: Mapping[str, Scenario],
) -> None:
    """It has quotas of its own for both, unlike a new one."""
    grown = floods["officers' lists of reports"].grown()
    [lists] = grown.demands
    table, reads = (
        bears(grown, f"{of}reports.by_category") for of in (model.NEW, "read units of ")
    )
    assert table == pytest.approx(3 * reads)
    assert reads == published.TABLE_READS.per_second / lists.reads["reports.by_category"]


def test_the_alarm_rings_before_no_officer_can_subscribe() -> None:
    assert published.SNS_FILTERS.burst > subscriptions.NEARLY_ALL


def test_a_bucket_gives_what_it_holds_and_what_comes_in() -> None:
    bucket = Bucket(per_second=10, burst=20)
    assert bucket.take(25, at=0) == 20
    assert bucket.take(25, at=1) == 10
    assert bucket.take(5, at=100) == 5
    assert bucket.take(25, at=100) == 15


@pytest.mark.parametrize(("rate", "breaks"), [(499, False), (550, True)])
def test_the_virtual_clock_finds_the_rate_that_a_limit_bears(rate: float, breaks: bool) -> None:
    limit = Limit("partition", 1000, 1000, share=2, then=Then.UNAVAILABLE)
    assert limit.breaks_at == 500
    assert bool(simulate([limit], [], rate).broken) is breaks


def test_what_is_refused_goes_no_further() -> None:
    gate = Limit("gate", 100, 100, 1, Then.REFUSED)
    table = Limit("table", 200, 200, 1, Then.UNAVAILABLE)
    assert list(simulate([gate, table], [], 1_000).broken) == [gate]
    assert list(simulate([table], [], 1_000).broken) == [table]


def test_notices_take_from_the_table_that_reports_are_stored_in() -> None:
    table = Limit("table", 100, 100, 1, Then.UNAVAILABLE)
    notices = Limit("table", 100, 100, 9, Then.DELAYED)
    assert simulate([table], [], 50).broken == {}
    assert simulate([table], [[notices]], 50).broken != {}


def test_what_a_reader_does_not_manage_waits() -> None:
    reader = Limit("reader", 10, 10, 1, Then.DELAYED)
    outcome = simulate([], [[reader], []], rate=30, seconds=10)
    assert outcome.stored == pytest.approx(300)
    assert outcome.waiting == [pytest.approx(200, abs=20), pytest.approx(3)]


def test_what_goes_alone_in_a_minute_disables_no_subscription() -> None:
    """SNS disables a subscription by e-mail that gets more in a second."""
    assert published.SNS_EMAILS.per_second >= bursts.ALONE_PER_CATEGORY


def test_an_officer_at_ten_instances_cannot_use_up_the_operations_of_the_keys() -> None:
    assert published.KMS_RSA.per_second / 5 > CallLimits.A_SECOND * 10


def test_a_partition_that_all_share_is_hot_and_one_of_each_report_is_not(
    floods: Mapping[str, Scenario],
) -> None:
    created = floods["reports in one category"].demands[0]
    assert "reports REPORT#" not in created.hottest
    assert 0 < created.hottest["reports.by_task"] < created.units["reports.by_task"]
    # A category has one partition for all of its reports.
    assert created.hottest["reports.by_category"] == created.units["reports.by_category"]
