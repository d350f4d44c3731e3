"""What a flood, or one report in it, must not do to the notices of others."""

from datetime import timedelta

import pytest

from chalicelib import wiring
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.notices.notice import Notice
from chalicelib.domain.reports.events import NoticeKind
from chalicelib.handlers.service import scheduled
from chalicelib.kernel.outbox import Lane
from chalicelib.store.notices.digests import Digests
from tests import cloud
from tests.faults import inject
from tests.functional.notices.test_bursts import begin_an_hour, burst, kinds, mark_unproven
from tests.steps import by_officer, by_reporter, file, write

pytestmark = pytest.mark.usefixtures("aws", "clean", "full_minute")

CRITICAL = "child_abduction"


def named() -> list[str]:
    """Return the reports that first notices and digests name, each as often as it is named."""
    return [
        report_id
        for notice in cloud.sent()
        if notice["kind"] in ("report", "digest")
        for report_id in notice.get("report_ids") or [notice["report_id"]]
    ]


def publish(*report_ids: str) -> None:
    cloud.stream([(f"REPORT#{report_id}", "HEAD") for report_id in report_ids])


def publish_messages() -> None:
    cloud.stream([key for key in cloud.all_keys() if key[1].startswith("MESSAGE#")])


def test_two_sweeps_at_once_lose_nothing_that_a_later_digest_gathers() -> None:
    made = burst(14, CRITICAL)
    publish(*made)
    later: list[str] = []

    def meanwhile() -> None:
        scheduled.sweep_critical(cloud.SCHEDULE, None)  # the other run of this minute
        later.extend(burst(12, CRITICAL))
        publish(*later)

    with inject.meanwhile(meanwhile, "sns.PublishBatch"):
        scheduled.sweep_critical(cloud.SCHEDULE, None)
    for _ in range(2):
        cloud.sweep(timedelta(minutes=1))

    assert set(named()) == {*made, *later}


def test_a_digest_of_critical_reports_names_each_however_many_there_are() -> None:
    now, digests = wiring.clock.now(), Digests(wiring.reports().table)
    ids = [f"{number:026}" for number in range(1030)]
    notices = [
        Notice(
            event_id=report_id,
            kind=NoticeKind.REPORT,
            at=now,
            url="u",
            to=(),
            report_id=report_id,
            category=CRITICAL,
            district="unknown",
            urgency=Urgency.CRITICAL,
        )
        for report_id in ids
    ]
    # An uneven start, as batches of a stream have.
    for begin, end in [(0, 20), *((20 + 30 * n, 50 + 30 * n) for n in range(33)), (1010, 1030)]:
        digests.gather(notices[begin:end], Lane.NORMAL, list, now)
    cloud.sweep()

    assert sorted(named()) == ids


def test_lines_on_an_old_report_do_not_use_up_the_sms_of_a_new_one() -> None:
    hoax = file(CRITICAL)
    publish(hoax["id"])
    begin_an_hour()
    for _ in range(35):
        write(hoax)
        publish_messages()
        wiring.clock.advance(timedelta(seconds=61))
    cloud.forget_sent()
    publish(file(CRITICAL)["id"])

    [notice] = cloud.sent()
    assert notice["attributes"].get("sms") == "yes"


def test_lines_on_old_reports_do_not_make_a_new_one_wait() -> None:
    hoaxes = [file(CRITICAL) for _ in range(10)]
    publish(*(hoax["id"] for hoax in hoaxes))
    wiring.clock.advance(timedelta(minutes=2))
    for hoax in hoaxes:
        write(hoax)
    publish_messages()
    cloud.forget_sent()
    publish(file(CRITICAL)["id"])

    assert kinds() == ["report"]


def test_escalations_without_a_proof_make_no_other_wait_and_take_no_sms_of_it() -> None:
    begin_an_hour()
    for unproven in burst(33, CRITICAL):
        mark_unproven(unproven)
    cloud.go_on()
    wiring.clock.advance(timedelta(seconds=5))
    proven = file(CRITICAL)
    publish(proven["id"])
    wiring.clock.advance(timedelta(seconds=301))
    cloud.forget_sent()
    scheduled.sweep_critical(cloud.SCHEDULE, None)
    assert [notice["report_id"] for notice in cloud.sent()] == [proven["id"]]

    cloud.sweep()
    cloud.sweep()
    many = cloud.sent()[1:]
    assert [notice["kind"] for notice in many] == ["escalation"]
    assert many[0]["count"] == 33
    cloud.forget_sent()
    publish(file(CRITICAL)["id"])
    assert cloud.sent()[0]["attributes"].get("sms") == "yes"


def test_a_report_that_an_officer_makes_critical_is_notified_in_its_new_lane() -> None:
    cloud.officer("wang")
    created = file("other")
    body, headers = {"urgency": "critical"}, {"If-Match": '"1"'}
    assert by_officer("PATCH", created, "", body, headers=headers).status == 200

    scheduled.sweep_normal(cloud.SCHEDULE, None)
    wiring.clock.advance(timedelta(minutes=2))
    scheduled.sweep_normal(cloud.SCHEDULE, None)
    assert cloud.sent() == []
    scheduled.sweep_critical(cloud.SCHEDULE, None)
    assert [notice["report_id"] for notice in cloud.sent()] == [created["id"]]


def test_an_officers_step_makes_a_report_without_a_proof_like_any_other() -> None:
    cloud.officer("wang")
    created = file(CRITICAL)
    mark_unproven(created["id"])
    body, headers = {"urgency": "critical"}, {"If-Match": '"1"'}
    assert by_officer("PATCH", created, "", body, headers=headers).status == 200
    publish(created["id"])

    assert kinds() == ["report"]


def test_a_withdrawal_does_not_bring_a_report_without_a_proof_forward() -> None:
    created = file(CRITICAL)
    mark_unproven(created["id"])
    assert by_reporter("DELETE", created).status == 204
    cloud.stream(cloud.all_keys())
    assert kinds() == []
    cloud.sweep()
    cloud.sweep()
    assert kinds() == ["digest"]


def test_no_function_sends_more_than_ten_notices_in_a_second() -> None:
    """SNS suspends an e-mail subscription beyond that: an officer would hear nothing any more."""
    wiring.reset()
    wiring.clock.advance(timedelta(minutes=3))
    steps: list[object] = []
    wiring.pause_by(steps.append)
    made = [*burst(10, "traffic_violation"), *burst(10, "other"), *burst(5, "missing_elderly")]

    def sent(request: object) -> None:
        steps.append("ten")

    with inject.fault(wiring.topic()._client, "sns.PublishBatch", sent):
        publish(*made)

    waits = [each for each in steps if isinstance(each, float)]
    assert [*map(type, steps)] == [str, float, str, float, str]
    # No time passes here, so the second wait is for both seconds.
    assert [round(wait) for wait in waits] == [1, 2]
    assert sorted(named()) == sorted(made)
