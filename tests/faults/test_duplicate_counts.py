"""Whatever is linked, taken in, moved, ended or deleted, and wherever that dies, an original knows
how many reports are its duplicates, and an incident how many are in it.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.store.reports.rows import Head
from tests import cloud
from tests.client import Reply, call, new_key, report
from tests.conftest import empty
from tests.faults import inject

REPORTS = 4
CLOSE = {"status": "closed", "disposition": "duplicate", "reason": "Known."}

which = st.integers(0, REPORTS - 1)
dying = st.one_of(
    st.none(), st.tuples(st.integers(0, 6), st.sampled_from([inject.crash, inject.crash_after]))
)


class Links(RuleBasedStateMachine):
    @initialize()
    def file(self) -> None:
        empty()
        wiring.clock.advance(wiring.clock.wall_clock() - wiring.clock.now())
        cloud.officer("wang")
        self.incidents: set[str] = set()
        self.reports = [
            dict(call("POST", "/v1/reports", report(), key=new_key()).json) for _ in range(REPORTS)
        ]
        cloud.stream(cloud.all_keys())

    @rule(duplicate=which, original=which, closes=st.booleans(), dies=dying)
    def link(self, duplicate: int, original: int, closes: bool, dies: Any) -> None:
        body = {"duplicate_of": self.reports[original]["id"]} | (CLOSE if closes else {})
        self.step(duplicate, body, dies)

    @rule(duplicate=which, reopens=st.booleans(), dies=dying)
    def unlink(self, duplicate: int, reopens: bool, dies: Any) -> None:
        body: dict[str, Any] = {"status": "in_progress"} if reopens else {"duplicate_of": None}
        self.step(duplicate, body, dies)

    @rule(number=which, beside=which, dies=dying)
    def take_in(self, number: int, beside: int, dies: Any) -> None:
        body: dict[str, Any] = {"like": self.reports[number]["id"]}
        path = "/v1/officer/incidents"
        if incident := self.incident_of(beside):
            path, body = f"{path}/{incident}/reports", {"report_ids": [body["like"]]}
        reply = self.attempt(dies, lambda: call("POST", path, body, officer="wang"))
        assert reply is None or reply.status in (200, 201, 404, 409), reply

    @rule(number=which, splits=st.booleans(), dies=dying)
    def take_out(self, number: int, splits: bool, dies: Any) -> None:
        incident, report_id = self.incident_of(number), self.reports[number]["id"]
        if incident is None:
            return
        path = f"/v1/officer/incidents/{incident}"
        body = {"report_ids": [report_id]} if splits else None
        method, path = (
            ("POST", f"{path}/split") if splits else ("DELETE", f"{path}/reports/{report_id}")
        )
        reply = self.attempt(dies, lambda: call(method, path, body, officer="wang"))
        assert reply is None or reply.status in (201, 204, 404, 409), reply

    @rule(number=which, category=st.sampled_from(["other", "missing_elderly"]), dies=dying)
    def move(self, number: int, category: str, dies: Any) -> None:
        self.step(number, {"category": category}, dies)

    @rule(number=which, dies=dying)
    def withdraw(self, number: int, dies: Any) -> None:
        mine = self.reports[number]
        path = f"/v1/reports/{mine['id']}"
        reply = self.attempt(dies, lambda: call("DELETE", path, receipt=mine["receipt"]))
        assert reply is None or reply.status in (204, 410), reply

    @rule(days=st.sampled_from([1, 31, 91]), dies=dying)
    def let_time_pass(self, days: int, dies: Any) -> None:
        wiring.clock.advance(timedelta(days=days))
        self.attempt(dies, cloud.sweep)

    @rule(number=which, at=st.integers(0, 2))
    def let_time_pass_while_one_is_withdrawn(self, number: int, at: int) -> None:
        wiring.clock.advance(timedelta(days=91))

        def meanwhile(request: Any) -> None:
            self.withdraw(number, None)

        with inject.fault(
            wiring.dynamodb(), "dynamodb.TransactWriteItems", inject.at(at, meanwhile)
        ):
            cloud.sweep()

    @invariant()
    def counts_agree(self) -> None:
        heads = self.heads()
        linked = Counter(
            head.row.get("duplicate_of")
            for head in heads.values()
            if not (head.is_deleted or head.is_expiring)
        )
        for report_id, head in heads.items():
            if not (head.is_deleted or head.is_expiring):
                assert head.duplicates == linked[report_id]
                # So duplicates cannot form a circle.
                assert not (head.duplicates and head.row.get("duplicate_of"))

    @invariant()
    def incidents_agree(self) -> None:
        heads = [head.row for head in self.heads().values() if not head.is_deleted]
        members = [row for row in heads if row.get("incident") and "expiring" not in row]
        self.incidents |= {row["incident"] for row in members}
        counted = Counter(
            (row["incident"], f"{row['category']}#{row['district']}") for row in members
        )
        for incident in self.incidents:
            counts = wiring.reports().table.get(keys.incident(incident), "COUNTS") or {}
            found = {name: total for name, total in counts.items() if "#" in name and total}
            expected = {name: n for (of, name), n in counted.items() if of == incident}
            assert found == expected

    def incident_of(self, number: int) -> str | None:
        head = self.heads().get(self.reports[number]["id"])
        return head.row.get("incident") if head else None

    def step(self, number: int, body: Mapping[str, Any], dies: Any) -> None:
        report_id = self.reports[number]["id"]
        version = self.heads()[report_id].row.get("version", 1)
        path = f"/v1/officer/reports/{report_id}"
        if body.get("status") == "closed":
            call("GET", path, officer="wang")  # only who has read a report ends it
        reply: Reply | None = self.attempt(
            dies, lambda: call("PATCH", path, body, officer="wang", version=version)
        )
        assert reply is None or reply.status in (200, 404, 409, 422), reply

    def attempt(self, dies: Any, do: Any) -> Any:
        """Return the result of a step, or None when the process crashed."""
        if dies is None:
            return do()
        with inject.fault(wiring.dynamodb(), "dynamodb.*", inject.at(*dies)):
            try:
                return do()
            except inject.Crash:
                return None

    def heads(self) -> dict[str, Head]:
        found = {each["id"]: wiring.reports().head(each["id"]) for each in self.reports}
        return {report_id: head for report_id, head in found.items() if head}

    def teardown(self) -> None:
        empty()


def test_counts_agree_after_any_sequence(aws: Mapping[str, str]) -> None:
    run_state_machine_as_test(
        Links,
        settings=settings(
            max_examples=12,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
