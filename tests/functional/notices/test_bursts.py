"""In a burst, the first notices are sent singly and the others wait for a digest.

Critical ones, escalations and all others are counted apart.
"""

import os
from datetime import timedelta

import pytest

from chalicelib import wiring
from chalicelib.aws.attributes import pack
from chalicelib.domain.reports import workflow
from chalicelib.store.reports.heads import new_head
from tests import cloud
from tests.client import call
from tests.faults import inject
from tests.steps import by_reporter, file

pytestmark = pytest.mark.usefixtures("aws", "clean", "full_minute")


def burst(count: int, category: str = "traffic_violation", **more: object) -> list[str]:
    return [file(category, **more)["id"] for _ in range(count)]


def kinds() -> list[str]:
    return [notice["kind"] for notice in cloud.sent()]


def test_ten_go_alone_and_the_rest_in_one_digest_within_a_minute() -> None:
    made = burst(25)
    assert cloud.stream(cloud.all_keys()) == {"batchItemFailures": []}
    assert kinds() == ["report"] * 10

    cloud.sweep(timedelta(seconds=59))
    assert kinds() == ["report"] * 10 + ["digest"]
    digest = cloud.sent()[-1]
    assert digest["count"] == 15
    alone = {notice["report_id"] for notice in cloud.sent()[:-1]}
    assert alone | set(digest["report_ids"]) == set(made)
    assert digest["attributes"]["category"] == "traffic_violation"
    assert "15" in digest["forms"]["sms"]

    cloud.sweep(timedelta(minutes=5))
    assert kinds() == ["report"] * 10 + ["digest"]


def test_a_digest_names_at_most_fifty_reports_and_counts_them_all() -> None:
    burst(70)
    cloud.go_on()

    digest = cloud.sent()[-1]
    assert (digest["count"], len(digest["report_ids"])) == (60, 50)


def test_a_critical_report_in_the_middle_of_a_burst_goes_alone_at_once() -> None:
    burst(15)
    cloud.stream(cloud.all_keys())
    critical = file("child_abduction")
    cloud.stream([(f"REPORT#{critical['id']}", "HEAD")])

    assert cloud.sent()[-1]["report_id"] == critical["id"]
    assert cloud.sent()[-1]["attributes"]["urgency_rank"] == "3"


def test_critical_ones_beyond_ten_are_all_named_in_one_digest_a_minute() -> None:
    made = burst(75, "child_abduction")
    cloud.stream(cloud.all_keys())
    assert kinds() == ["report"] * 10
    cloud.sweep()

    assert kinds() == ["report"] * 10 + ["digest"]
    digest = cloud.sent()[-1]
    assert (digest["count"], digest["urgency"]) == (65, "critical")
    alone = {notice["report_id"] for notice in cloud.sent()[:-1]}
    assert alone | set(digest["report_ids"]) == set(made)


def test_escalations_beyond_ten_are_one_digest_for_supervisors() -> None:
    burst(25, "child_abduction")
    cloud.go_on()
    wiring.clock.advance(timedelta(minutes=6))
    cloud.forget_sent()
    cloud.sweep()
    cloud.sweep()

    assert kinds() == ["escalation"] * 11
    many = cloud.sent()[-1]
    assert (many["count"], len(many["report_ids"]), many["report_id"]) == (15, 15, None)
    assert many["attributes"]["kind"] == "escalation"  # what keeps it from officers
    assert "15" in many["subject"]
    # Each escalates again, as if it had gone alone.
    cloud.forget_sent()
    cloud.sweep(timedelta(minutes=10))
    cloud.sweep()
    assert sum(notice.get("count", 1) for notice in cloud.sent()) == 25


def test_what_comes_while_a_digest_is_sent_is_in_the_next_one() -> None:
    burst(12)
    cloud.stream(cloud.all_keys())
    later: list[str] = []

    def meanwhile() -> None:
        later.extend(burst(3))
        cloud.stream(cloud.all_keys())

    with inject.meanwhile(meanwhile, "sns.PublishBatch"):
        cloud.sweep()
    cloud.sweep()

    first, second = (notice for notice in cloud.sent() if notice["kind"] == "digest")
    assert (first["count"], second["count"]) == (2, 3)
    assert set(second["report_ids"]) == set(later)


def test_a_report_without_a_proof_waits_for_a_digest_that_names_it() -> None:
    [unproven] = burst(1, "child_abduction")
    mark_unproven(unproven)
    cloud.stream(cloud.all_keys())
    assert kinds() == []
    cloud.sweep()

    [digest] = cloud.sent()
    assert (digest["kind"], digest["report_ids"]) == ("digest", [unproven])


def test_no_number_of_reports_without_a_proof_makes_a_proven_one_wait() -> None:
    for unproven in burst(15, "child_abduction"):
        mark_unproven(unproven)
    [proven] = burst(1, "child_abduction")
    cloud.stream(cloud.all_keys())

    assert [notice["report_id"] for notice in cloud.sent()] == [proven]


def mark_unproven(report_id: str) -> None:
    """Store a report as it is accepted under a flood."""
    head = cloud.head(report_id)
    unproven = head.report.model_copy(update={"unproven": True})
    row = new_head(unproven, workflow.first_task(unproven), 1)
    cloud.client("dynamodb").put_item(TableName=os.environ["REPORTS_TABLE"], Item=pack(row))


def begin_an_hour() -> None:
    now = wiring.clock.now()
    wiring.clock.advance(timedelta(hours=1, seconds=1) - (now - now.replace(minute=0, second=0)))


def test_thirty_notices_of_a_category_in_an_hour_may_go_as_sms() -> None:
    begin_an_hour()
    for _ in range(4):
        burst(10)
        cloud.stream(cloud.all_keys())
        wiring.clock.advance(timedelta(minutes=1))
    # The last ten are kept for critical ones.
    assert sms_of("traffic_violation") == 20
    file("other")
    cloud.stream(cloud.all_keys())
    assert sms_of("other") == 1

    for _ in range(4):
        burst(10, "child_abduction")
        cloud.stream(cloud.all_keys())
        wiring.clock.advance(timedelta(minutes=1))
    assert sms_of("child_abduction") == 30


def test_the_next_hour_has_its_own_sms() -> None:
    begin_an_hour()
    for _ in range(3):
        burst(10)
        cloud.stream(cloud.all_keys())
        wiring.clock.advance(timedelta(minutes=1))
    wiring.clock.advance(timedelta(hours=1))
    burst(1)
    cloud.stream(cloud.all_keys())
    assert sms_of("traffic_violation") == 21


def sms_of(category: str) -> int:
    """Return how many notices of a category could go out as SMS."""
    found = [notice["attributes"] for notice in cloud.sent() if notice["category"] == category]
    return sum(attributes.get("sms") == "yes" for attributes in found)


def test_a_reporter_who_writes_a_line_at_a_time_gives_one_notice_a_minute() -> None:
    created = file()
    for number in range(6):
        by_reporter("POST", created, "/messages", {"text": f"Line {number}"})
    cloud.go_on()
    assert sorted(kinds()) == ["message", "report"]

    cloud.sweep(timedelta(seconds=61))
    assert sorted(kinds()) == ["message", "message", "report"]
    assert cloud.sent()[-1]["report_id"] == created["id"]


def test_a_digest_keeps_districts_apart_so_that_subscriptions_still_fit() -> None:
    burst(10)
    burst(2, location={"lat": 39.92, "lon": 116.46})
    burst(2)
    cloud.go_on()

    digests = [notice for notice in cloud.sent() if notice["kind"] == "digest"]
    total = sum(digest["count"] for digest in digests)
    assert {digest["attributes"]["district"] for digest in digests} <= {"chaoyang", "unknown"}
    assert total == 4


def test_a_digest_whose_sender_dies_is_sent_again_whole() -> None:
    burst(13)
    cloud.stream(cloud.all_keys())
    with inject.dying():
        cloud.sweep()
    cloud.sweep()

    digests = [notice for notice in cloud.sent() if notice["kind"] == "digest"]
    assert [digest["count"] for digest in digests] == [3, 3]
    assert len({digest["event_id"] for digest in digests}) == 1


def test_a_second_digest_of_a_long_burst_names_reports_as_well() -> None:
    burst(70)
    cloud.go_on()
    later = burst(5)
    cloud.go_on()

    digest = cloud.sent()[-1]
    assert (digest["count"], sorted(digest["report_ids"])) == (5, sorted(later))


def test_a_report_raised_to_critical_during_its_notice_escalates() -> None:
    cloud.officer("wang")
    created = file("other")
    path = f"/v1/officer/reports/{created['id']}"

    with inject.meanwhile(
        lambda: call("PATCH", path, {"urgency": "critical"}, officer="wang", version=1),
        "sns.PublishBatch",
    ):
        cloud.stream([(f"REPORT#{created['id']}", "HEAD")])
    cloud.sweep(timedelta(minutes=6))

    assert "escalation" in kinds()


def test_a_critical_report_is_published_before_the_rest_of_its_batch() -> None:
    burst(5)
    critical = file("child_abduction")
    burst(5)
    cloud.stream(cloud.all_keys())

    assert cloud.sent()[0]["report_id"] == critical["id"]


def test_a_report_that_becomes_critical_or_changes_category_is_notified() -> None:
    cloud.officer("wang")
    raised, moved = (file("other")["id"] for _ in range(2))
    cloud.catch_up()
    for report_id, body in (
        (raised, {"urgency": "critical"}),
        (moved, {"category": "traffic_violation"}),
    ):
        reply = call("PATCH", f"/v1/officer/reports/{report_id}", body, officer="wang", version=1)
        assert reply.status == 200, reply.text
    cloud.stream(cloud.all_keys())

    notified = {notice["report_id"]: notice["attributes"] for notice in cloud.sent()}
    assert notified[raised]["urgency"] == "critical"
    assert (notified[moved]["category"], notified[moved]["kind"]) == ("traffic_violation", "report")
