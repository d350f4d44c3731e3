"""The pulse: what a console asks every few seconds, and who else has a report open."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from tests import cloud
from tests.bench.operations import metered
from tests.client import call, change_report, new_key, report
from tests.faults import inject
from tests.steps import file, head, write

pytestmark = pytest.mark.officers(
    li={"name": "Li Na"}, wang={"name": "Wang Wei"}, narrow={"categories": ("traffic_violation",)}
)


def pulse(officer: str = "wang") -> dict[str, Any]:
    return dict(call("GET", "/v1/officer/pulse", officer=officer).expect(200))


def records(officer: str = "wang") -> list[Any]:
    found = cloud.client("dynamodb").scan(TableName=wiring.settings().audit_table)["Items"]
    return [row for row in found if row["pk"]["S"].startswith(f"OFFICER#{officer}#")]


def test_it_counts_what_needs_somebody() -> None:
    late, written, done, taken = file(), file("other"), file("other"), file("other")
    file("child_abduction", source="drill")
    change_report(done["id"], 1, status="closed", disposition="resolved", reason="It is done.")
    change_report(taken["id"], 1, status="acknowledged")
    cloud.go_on(timedelta(minutes=31))
    file("child_abduction")
    write(written)
    found = pulse()
    counts = {"critical": 1, "overdue": 1, "unread": 1, "new": 3, "open": 4, "needs_action": 3}
    assert (found["counts"], found["complete"]) == (counts, True)
    assert found["unread"] == [written["id"]]
    assert late["id"] not in json.dumps(found)


def test_it_says_when_something_in_the_scope_has_changed() -> None:
    assert (pulse()["newest_change"], pulse("narrow")["newest_change"]) == (None, None)
    created = file()
    cloud.stream(cloud.all_keys())
    before, narrow = pulse(), pulse("narrow")
    assert before["newest_change"].endswith(":00.000Z")
    assert narrow["newest_change"] is None
    assert pulse()["mark"] == before["mark"]
    wiring.clock.advance(timedelta(minutes=5))
    change_report(created["id"], 1, assignee="wang")
    cloud.stream([(f"REPORT#{created['id']}", "HEAD")])
    after = pulse()
    assert after["mark"] != before["mark"]
    assert after["newest_change"] > before["newest_change"]
    assert pulse("narrow")["mark"] == narrow["mark"]


def test_a_report_that_leaves_a_scope_is_a_change_there() -> None:
    created = file("traffic_violation")
    cloud.stream(cloud.all_keys())
    before = pulse("narrow")["mark"]
    change_report(created["id"], 1, category="other")
    cloud.stream([(f"REPORT#{created['id']}", "HEAD")])
    assert pulse("narrow")["mark"] != before


def test_it_shows_nothing_outside_of_the_scope() -> None:
    file("child_abduction")
    write(file("other"))
    found = pulse("narrow")
    assert set(found["counts"].values()) == {0}
    assert found["unread"] == []


def test_it_is_on_record_once_an_hour_for_each_officer() -> None:
    now = wiring.clock.now()
    begun = now.replace(minute=0, second=0, microsecond=0)
    wiring.clock.advance(timedelta(hours=1, minutes=1) - (now - begun))
    for _ in range(3):
        pulse()
        pulse("narrow")
    pulse()
    assert (len(records()), len(records("narrow"))) == (1, 1)
    wiring.clock.advance(timedelta(hours=1))
    pulse()
    assert len(records()) == 2


@contextmanager
def asked_for() -> Iterator[list[str]]:
    """Yield the calls of DynamoDB that are made meanwhile."""
    with inject.fault(wiring.dynamodb(), "dynamodb.*", lambda request: None) as calls:
        yield calls


def test_what_another_instance_has_put_on_record_is_looked_for_and_not_written_again() -> None:
    with asked_for() as calls:
        pulse()
    assert "PutItem" in calls
    cloud.forget_kept()
    with asked_for() as calls:
        pulse()
    assert "PutItem" not in calls
    assert len(records()) == 1


def test_of_two_instances_that_put_the_hour_on_record_at_once_one_writes() -> None:
    pulse()
    [row] = records()
    client, table = cloud.client("dynamodb"), wiring.settings().audit_table
    client.delete_item(TableName=table, Key={name: row[name] for name in ("pk", "sk")})
    cloud.forget_kept()

    def overtake(request: Any) -> None:
        client.put_item(TableName=table, Item=row | {"by": {"S": "the first"}})

    with inject.fault(wiring.dynamodb(), "dynamodb.PutItem", overtake):
        pulse()
    assert [each["by"]["S"] for each in records()] == ["the first"]


def test_a_record_that_was_altered_is_not_written_over() -> None:
    pulse()
    [row] = records()
    table = wiring.settings().audit_table
    cloud.client("dynamodb").put_item(TableName=table, Item=row | {"by": {"S": "nobody"}})
    pulse()
    cloud.forget_kept()
    pulse()
    assert [each["by"]["S"] for each in records()] == ["nobody"]


def test_a_change_that_could_not_be_noted_loses_nothing_else() -> None:
    file()
    with inject.without("PULSE#", "dynamodb.UpdateItem", 400, "AccessDeniedException"):
        assert cloud.stream(cloud.all_keys()) == {"batchItemFailures": []}
    assert [each["kind"] for each in cloud.sent()] == ["report"]
    assert pulse()["counts"]["new"] == 1


def open_reports(category: str, count: int) -> None:
    """Put so many open reports into a partition of the index by attention."""
    row = head(file(category))
    ids = {f"{number:04}{row['id'][4:]}" for number in range(count)} - {row["id"]}
    wiring.reports().table.put_all(
        row
        | {"pk": f"REPORT#{each}", "id": each}
        | {"attention_at": row["attention_at"].replace(row["id"], each)}
        for each in sorted(ids)[: count - 1]
    )


@pytest.mark.parametrize(
    ("abductions", "others", "complete"), [(94, 0, True), (94, 1_000, True), (94, 1_100, False)]
)
def test_up_to_a_thousand_of_a_category_are_counted(
    *, abductions: int, others: int, complete: bool
) -> None:
    open_reports("child_abduction", abductions)
    if others:
        open_reports("other", others)
    found = pulse()
    assert found["complete"] is complete
    if complete:
        counts = found["counts"]
        assert (counts["open"], counts["critical"]) == (abductions + others, abductions)


@pytest.mark.slow
def test_it_costs_the_same_among_many(aws: Mapping[str, str]) -> None:
    def cost() -> Any:
        with metered(aws) as meter:
            pulse()
            wiring.kept_headings.cache_clear()  # type: ignore[attr-defined]
            with meter.measured():
                found = pulse()
            return meter.cost, found["complete"]

    open_reports("child_abduction", 2_000)
    few, complete = cost()
    open_reports("child_abduction", 2_000)
    many, incomplete = cost()
    # The rows are not all equally long.
    assert (many.calls, many.read_units) == (few.calls, pytest.approx(few.read_units, abs=1))
    assert (complete, incomplete) == (False, False)


# What an instance keeps -------------------------------------------------------------------------

STEADY = ["GetItem", "BatchGetItem"]


def pass_time(**more: int) -> None:
    wiring.clock.advance(timedelta(**more))


def new() -> int:
    return int(pulse()["counts"]["new"])


def note_change(category: str) -> None:
    """Note a change there, as the reader of the stream does."""
    wiring.pulse_rows().beat({(category, "chaoyang")}, wiring.clock.now())


@pytest.mark.usefixtures("standing_clock")
def test_while_nothing_changes_no_report_is_read_and_nothing_is_written() -> None:
    file()
    pulse()
    pass_time(seconds=30)
    with asked_for() as calls:
        assert new() == 1
    assert calls == STEADY


@pytest.mark.usefixtures("standing_clock")
def test_a_change_is_counted_with_the_next_pulse_and_its_category_alone_is_read() -> None:
    file("other")
    cloud.stream(cloud.all_keys())
    pulse()
    pass_time(seconds=20)
    pulse()
    created = file("child_abduction")
    cloud.stream([(f"REPORT#{created['id']}", "HEAD")])
    with asked_for() as calls:
        counts = pulse()["counts"]
    assert (counts["critical"], counts["new"]) == (1, 2)
    assert calls == [*STEADY, "Query"]


@pytest.mark.usefixtures("standing_clock")
def test_an_index_that_lags_behind_its_table_is_read_once_more() -> None:
    note_change("other")
    assert new() == 0
    file("other")  # The index shows it only now.
    pass_time(seconds=9)
    assert new() == 0
    pass_time(seconds=2)
    assert new() == 1
    with asked_for() as calls:
        pulse()
    assert calls == STEADY


@pytest.mark.usefixtures("standing_clock")
def test_a_change_that_was_never_noted_is_counted_within_minutes() -> None:
    pulse()
    file("child_abduction")
    pass_time(seconds=119)
    assert new() == 0
    for _ in range(6):
        pass_time(seconds=10)
        with asked_for() as calls:
            found = new()
        # Of what is old, one category at a time.
        assert calls == [*STEADY, "Query"]
    assert found == 1
    file("other")  # The one that was read last.
    pass_time(minutes=5)
    assert new() == 2


@pytest.mark.usefixtures("standing_clock")
def test_a_long_category_that_changes_all_the_time_is_not_read_all_the_time() -> None:
    open_reports("other", 1_000)
    pulse()
    for seconds, is_read in ((1, False), (1, True), (1, False)):
        pass_time(seconds=seconds)
        note_change("other")
        with asked_for() as calls:
            pulse()
        assert ("Query" in calls) is is_read


def test_what_is_kept_is_counted_for_each_officer_by_their_scope() -> None:
    here = {"lat": 39.92, "lon": 116.44, "datum": "wgs84"}
    for category in ("other", "traffic_violation"):
        file(category, location=here)
    cloud.officer("chen", districts=("haidian",))
    assert new() == 2
    for officer, counted in (("narrow", 1), ("chen", 0), ("li", 2)):
        assert pulse(officer)["counts"]["new"] == counted


def test_nothing_of_a_report_is_kept_but_what_counts() -> None:
    file("missing_elderly")
    pulse()
    [row] = [row for heading in wiring.kept_headings()._kept.values() for row in heading.rows]
    assert set(row) <= {"id", "category", "district", "status", "unread", "attention_at", "source"}


def test_who_has_a_report_open_needs_no_reading_of_it() -> None:
    created = file()
    with asked_for() as calls:
        look("li", created["id"])
        look("li", created["id"])
    assert calls[-3:] == [*STEADY, "UpdateItem"]


@pytest.fixture
def filed() -> str:
    created = call("POST", "/v1/reports", report("missing_elderly"), key=new_key())
    return str(created.json["id"])


def look(officer: str, report_id: str | None = None) -> list[dict[str, Any]]:
    query = f"?looking_at={report_id}" if report_id else ""
    reply = call("GET", f"/v1/officer/pulse{query}", officer=officer).expect(200)
    return list(reply["also_looking"])


def test_two_who_have_a_report_open_see_each_other(filed: str) -> None:
    assert look("li", filed) == []
    assert look("wang", filed) == [{"username": "li", "name": "Li Na"}]
    assert look("li", filed) == [{"username": "wang", "name": "Wang Wei"}]


def test_who_has_another_report_open_or_none_is_not_seen(filed: str) -> None:
    other = file("other")["id"]
    look("li", other)
    look("li")
    assert look("wang", filed) == []
    assert look("wang") == []


def test_who_does_not_ask_any_more_is_gone_after_three_quarters_of_a_minute(filed: str) -> None:
    look("li", filed)
    wiring.clock.advance(timedelta(seconds=40))
    assert [each["username"] for each in look("wang", filed)] == ["li"]
    wiring.clock.advance(timedelta(seconds=6))
    assert look("wang", filed) == []


def test_who_may_not_see_the_report_sees_nobody_and_is_not_seen(filed: str) -> None:
    look("li", filed)
    assert look("narrow", filed) == []
    assert look("wang", filed) == [{"username": "li", "name": "Li Na"}]


@pytest.mark.parametrize("unknown", ["0" * 26, "x", "ROW", "%00"])
def test_nobody_looks_at_a_report_that_is_not_there(unknown: str) -> None:
    assert look("li", unknown) == []
    assert look("wang", unknown) == []
    assert rows() == []


def test_it_is_kept_for_an_hour_at_most_and_names_no_more_than_officers(filed: str) -> None:
    look("li", filed)
    (row,) = rows()
    assert set(row) == {"pk", "sk", "expires_ttl", "o_li"}
    ends = int(row["expires_ttl"]["N"])
    assert ends <= (wiring.clock.now() + timedelta(hours=1)).timestamp()


def test_when_it_cannot_be_known_the_pulse_says_so_and_counts(filed: str) -> None:
    refused = inject.error_response(400, "AccessDeniedException")
    with inject.fault(wiring.dynamodb(), "dynamodb.UpdateItem", refused):
        reply = call("GET", f"/v1/officer/pulse?looking_at={filed}", officer="li")
    assert (reply.status, reply.json["also_looking"]) == (200, None)
    assert reply.json["counts"]["new"] == 1


@pytest.mark.parametrize("username", ["li.na@police.example", "4f7c-9a|x", "li+na", "李娜"])
def test_a_username_may_be_any_that_an_issuer_gives(filed: str, username: str) -> None:
    cloud.officer(username, name="Somebody")
    look(username, filed)
    assert look("wang", filed) == [{"username": username, "name": "Somebody"}]


def test_a_look_is_no_reading_of_the_report(filed: str) -> None:
    look("li", filed)
    found = cloud.client("dynamodb").scan(TableName=wiring.settings().audit_table)["Items"]
    assert filed not in json.dumps(found, default=str)


def rows() -> list[Any]:
    found = cloud.client("dynamodb").scan(TableName=wiring.settings().incidents_table)["Items"]
    return [row for row in found if row["pk"]["S"].startswith("LOOKING#")]
