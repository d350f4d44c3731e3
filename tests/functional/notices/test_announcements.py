"""Announcements: what awaits a second person, and what supervisors watch, goes to those it concerns
and to nobody else.
"""

import json
import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest

from chalicelib import wiring
from chalicelib.domain.notices.notice import officer_address
from chalicelib.domain.notices.subscriptions import NewSubscription, filter_policy
from chalicelib.domain.officers.model import Role
from chalicelib.domain.reports.events import Matter, NoticeKind, Watched
from chalicelib.domain.second_person import TwoPersonStep
from chalicelib.kernel import times
from chalicelib.kernel.outbox import notify
from tests import cloud
from tests.client import call, new_key, report
from tests.steps import by_officer, file

pytestmark = pytest.mark.usefixtures("aws", "clean")

CHAOYANG = {"lat": 39.92, "lon": 116.46}
REASON = "canary-reason"
PATH = "/v1/admin/officers"


class Inbox:
    """What SNS delivers under a filter policy (None: everything)."""

    def __init__(self, name: str, policy: Mapping[str, Any] | None) -> None:
        self._sqs = boto3.client("sqs")
        self._queue = self._sqs.create_queue(QueueName=f"inbox-{name}")["QueueUrl"]
        self._sqs.purge_queue(QueueUrl=self._queue)
        arn = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        boto3.client("sns").subscribe(
            TopicArn=os.environ["NOTICES_TOPIC_ARN"],
            Protocol="sqs",
            Endpoint=arn["Attributes"]["QueueArn"],
            Attributes={} if policy is None else {"FilterPolicy": json.dumps(policy)},
        )

    def take(self) -> list[dict[str, Any]]:
        """Return the notices since the last time."""
        got: list[dict[str, Any]] = []
        while messages := self._sqs.receive_message(
            QueueUrl=self._queue, MaxNumberOfMessages=10
        ).get("Messages"):
            got += [json.loads(json.loads(each["Body"])["Message"]) for each in messages]
            for each in messages:
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=each["ReceiptHandle"])
        return got

    def kinds(self) -> list[str]:
        """Return the kinds of the notices since the last time."""
        return sorted(notice["kind"] for notice in self.take())


def inbox(username: str, *, asks: Any = None, **row: Any) -> Inbox:
    """Return the inbox of an officer with this `row` who `asks` for these notices."""
    officer = cloud.officer(username, email=f"{username}@police.example", **row)
    wanted = NewSubscription.model_validate({"protocol": "email", **(asks or {})})
    return Inbox(username, filter_policy(officer, wanted))


def announce(kind: NoticeKind = NoticeKind.APPROVAL, *to: str, **more: Any) -> None:
    fields = {"step": TwoPersonStep.APPOINTMENT} if kind is NoticeKind.APPROVAL else {}
    item = wiring.announcements().item(
        kind,
        entry_id=more.pop("entry_id", "1"),
        to=to,
        path=PATH,
        now=wiring.clock.now(),
        **(fields | more),
    )
    wiring.reports().table.transact([item])


def file_canary(**more: Any) -> dict[str, Any]:
    return file("traffic_violation", text="canary-text", location=CHAOYANG, **more)


def ask_for_hold(created: Mapping[str, Any], by: str = "wang") -> None:
    until = times.render(wiring.clock.now() + timedelta(days=40))
    by_officer("POST", created, "/hold", {"reason": REASON, "until": until}, officer=by).expect(201)


def call_malicious(created: Mapping[str, Any], by: str = "wang", version: int = 1) -> None:
    body = {"status": "closed", "disposition": "malicious", "reason": REASON}
    by_officer("PATCH", created, "", body, officer=by, version=version).expect(200)


def published(kind: str) -> list[dict[str, Any]]:
    cloud.stream(cloud.all_keys())
    return [notice for notice in cloud.sent() if notice["kind"] == kind]


@pytest.mark.parametrize(("begin", "step"), [(ask_for_hold, "hold"), (call_malicious, "closing")])
def test_a_step_on_a_report_that_awaits_a_second_person_is_notified(begin: Any, step: str) -> None:
    cloud.officer("wang")
    created = file_canary()
    begin(created)

    [notice] = published("approval")
    assert notice["step"] == step
    assert notice["report_id"] == created["id"]
    assert notice["url"].endswith(f"/v1/officer/reports/{created['id']}")
    assert created["reference"] in notice["subject"]
    assert created["reference"] in notice["forms"]["sms"]
    assert notice["attributes"]["category"] == "traffic_violation"


def test_a_refused_or_other_step_notifies_no_second_person() -> None:
    cloud.officer("wang")
    created = file_canary()
    until = times.render(wiring.clock.now() - timedelta(days=1))
    assert by_officer("POST", created, "/hold", {"reason": REASON, "until": until}).status == 422
    body = {"status": "closed", "disposition": "resolved", "reason": REASON}
    by_officer("PATCH", created, "", body, version=1)

    assert published("approval") == []


def test_a_change_beside_a_proposal_does_not_notify_of_it_again() -> None:
    cloud.officer("wang")
    created = file_canary()
    call_malicious(created)
    path = f"/v1/officer/reports/{created['id']}"
    body = {"assignee": "wang"}
    assert call("PATCH", path, body, officer="wang", version=2).status == 200

    assert len(published("approval")) == 1


def test_who_covers_the_report_gets_its_approval_and_nobody_else() -> None:
    covers = inbox("wang")
    here = inbox("here", categories=("traffic_violation",), districts=("chaoyang",))
    elsewhere = inbox("elsewhere", districts=("haidian",))
    other = inbox("other", asks={"categories": ["lost_and_found"]})
    urgent = inbox("urgent", asks={"min_urgency": "high"})
    ask_for_hold(file_canary())
    cloud.stream(cloud.all_keys())

    for each in (covers, here):
        assert each.kinds() == ["approval", "report"]
    for each in (elsewhere, other):
        assert each.kinds() == []
    # It waits for a person, so it comes whatever urgency they asked for.
    assert urgent.kinds() == ["approval"]


def test_a_watch_about_a_report_goes_to_supervisors_who_cover_it() -> None:
    officer = inbox("wang")
    supervisor = inbox("zhao", roles=(Role.SUPERVISOR,))
    elsewhere = inbox("qian", roles=(Role.SUPERVISOR,), districts=("haidian",))
    now = wiring.clock.now()
    event = wiring.reports().event(
        file_canary()["id"],
        NoticeKind.WATCH,
        now=now,
        entry_id="1",
        task=notify(now),
        matter=Matter(watched=Watched.RESTRICTED),
    )
    wiring.reports().table.transact([event])
    cloud.stream(cloud.all_keys())

    assert officer.kinds() == ["report"]
    assert supervisor.kinds() == ["report", "watch"]
    assert elsewhere.kinds() == []
    [notice] = [notice for notice in cloud.sent() if notice["kind"] == "watch"]
    assert notice["watched"] == "restricted"


def test_an_announcement_reaches_whom_it_names_whatever_they_asked_for() -> None:
    asks = {"categories": ["other"], "districts": ["haidian"], "min_urgency": "critical"}
    named = [inbox("wu"), inbox("li", asks=asks, districts=("haidian",))]
    unnamed = [inbox("wang"), inbox("zhao", roles=(Role.SUPERVISOR, Role.ADMIN))]
    announce(NoticeKind.APPROVAL, "wu", "li")
    cloud.stream(cloud.all_keys())

    assert [each.kinds() for each in (*named, *unnamed)] == [["approval"], ["approval"], [], []]


def test_an_announced_watch_reaches_the_supervisors_it_names() -> None:
    zhao = inbox("zhao", roles=(Role.SUPERVISOR,))
    qian = inbox("qian", roles=(Role.SUPERVISOR,))
    wang = inbox("wang")
    announce(NoticeKind.WATCH, "zhao", "wang", watched=Watched.OPENINGS, count=101)
    cloud.stream(cloud.all_keys())

    assert [each.kinds() for each in (zhao, qian, wang)] == [["watch"], [], []]
    [notice] = cloud.sent()
    assert (notice["watched"], notice["count"]) == ("openings", 101)
    assert "101" in notice["forms"]["email"]


def test_a_queue_of_an_integration_gets_announcements_only_if_it_asks() -> None:
    by_category = Inbox("category", {"category": [{"exists": True}]})
    by_urgency = Inbox("urgency", {"urgency_rank": [{"numeric": [">=", 0]}]})
    asks = Inbox("asks", {"kind": ["approval"]})
    file_canary()
    announce(NoticeKind.APPROVAL, "wu")
    cloud.stream(cloud.all_keys())

    assert [each.kinds() for each in (by_category, by_urgency)] == [["report"], ["report"]]
    assert asks.kinds() == ["approval"]


def test_an_announcement_names_nobody_and_has_no_report() -> None:
    cloud.officer("canary-wu")
    announce(NoticeKind.APPROVAL, "canary-wu")
    row = wiring.reports().table.get("NOTICE#1", "EVENT#notice", consistent=True)
    [notice] = published("approval")

    assert "canary" not in str(notice)
    assert "canary" not in str(row)
    assert notice["attributes"] == {
        "kind": "approval",
        "to": json.dumps([officer_address("canary-wu")]),
        "sms": "yes",
    }
    assert notice["step"] == "appointment"
    assert notice["url"] == f"https://api.test{PATH}"
    absent = ("report_id", "reference", "category", "district", "urgency")
    assert [notice[name] for name in absent] == [None] * len(absent)


def test_an_approval_holds_no_word_and_no_name() -> None:
    cloud.officer("canary-wang", name="canary-name")
    ask_for_hold(file_canary(), by="canary-wang")
    call_malicious(file_canary(), by="canary-wang")

    assert len(published("approval")) == 2
    assert "canary" not in str(cloud.sent())


def test_no_burst_of_reports_gathers_approvals_and_watches() -> None:
    cloud.officer("wang")
    held = [file_canary() for _ in range(12)]
    cloud.stream(cloud.all_keys())
    for created in held:
        ask_for_hold(created)
    announce(NoticeKind.WATCH, "zhao", watched=Watched.DENIALS)
    cloud.stream(cloud.all_keys())

    kinds = [notice["kind"] for notice in cloud.sent()]
    assert (kinds.count("approval"), kinds.count("watch")) == (12, 1)


def test_a_step_on_a_drill_notifies_nobody() -> None:
    cloud.officer("wang")
    body = report("traffic_violation") | {"source": "drill"}
    created = call("POST", "/v1/officer/reports", body, officer="wang", key=new_key()).json
    ask_for_hold(created)

    assert published("approval") == []
