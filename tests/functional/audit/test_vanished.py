"""A report that vanished is named by a check that an operator can run, however it was removed."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.aws.table import Row
from chalicelib.aws.writes import Delete
from chalicelib.store.audit.rows import of_report
from tests import cloud
from tests.audit_trail import complaints, digest, seal, stream_of, unlocked_bucket
from tests.client import call, change_report
from tests.faults import inject
from tests.ledger import close_hour, filed, pass_days, stored_ledger

pytestmark = pytest.mark.usefixtures("aws", "clean")


@pytest.fixture(autouse=True)
def _bucket(clean: None) -> Iterator[None]:
    with unlocked_bucket():
        cloud.officer("wang")
        yield


def seen(**more: Any) -> dict[str, Any]:
    """File a child abduction, of which officers are notified, and let one open it."""
    created = filed(category="child_abduction", **more)
    assert call("GET", f"/v1/officer/reports/{created['id']}", officer="wang").status == 200
    return created


def remove_rows(created: Mapping[str, Any]) -> None:
    for row in rows_of(created):
        wiring.reports().table.delete(Delete(row["pk"], row["sk"]))


def rows_of(created: Mapping[str, Any]) -> list[Row]:
    rows, _ = wiring.reports().table.query(keys.report(created["id"]), consistent=True)
    return rows


def remove_objects(created: Mapping[str, Any]) -> None:
    bucket, s3 = wiring.settings().media_bucket, cloud.client("s3")
    for prefix in ("originals", "derived"):
        listed = s3.list_object_versions(Bucket=bucket, Prefix=f"{prefix}/{created['id']}/")
        for each in listed.get("Versions", ()):
            s3.delete_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])


def remove_audit_rows(created: Mapping[str, Any]) -> None:
    audit = wiring.audit()
    for row in audit.rows(of_report(created["id"])):
        audit.table.delete(Delete(row["pk"], row["sk"]))


def put_another_in_its_place(created: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    [row] = [row for row in rows_of(other) if row["sk"] == keys.HEAD]
    wiring.reports().table.put(row | {"pk": keys.report(created["id"]), "id": created["id"]})


def named_by_the_ledger() -> list[str]:
    return list(stored_ledger().wrong(wiring.clock.now(), Counter()))


@pytest.mark.parametrize("more", [(), (remove_audit_rows,)], ids=["alone", "with its audit rows"])
def test_a_report_whose_rows_are_gone_is_named_by_the_audit(
    more: tuple[Callable[[Mapping[str, Any]], None], ...],
) -> None:
    created, other = seen(), seen()
    seal(stream_of())
    digest()
    assert complaints() == []
    for remove in (remove_rows, *more):
        remove(created)
    found = complaints()
    assert found
    assert all(created["id"] in each for each in found)
    assert not any(other["id"] in each for each in found)


@pytest.mark.parametrize(
    "removed",
    [
        (remove_rows,),
        (remove_rows, remove_objects),
        (remove_rows, remove_objects, remove_audit_rows),
    ],
    ids=["rows", "and objects", "and audit rows"],
)
def test_a_report_that_nobody_had_seen_is_missed_by_its_hour(
    removed: tuple[Callable[[Mapping[str, Any]], None], ...],
) -> None:
    created, _ = filed(), filed()
    hour = close_hour()
    assert named_by_the_ledger() == []
    for remove in removed:
        remove(created)
    [found] = named_by_the_ledger()
    assert f"hour {hour} has 2 more events" in found


def test_a_report_with_another_ones_row_is_named() -> None:
    created, other = filed(), filed()
    close_hour()
    put_another_in_its_place(created, other)
    found = named_by_the_ledger()
    assert any(f"{created['id']}" in each and "was replaced" in each for each in found)
    assert any("2 more events" in each for each in found)


def test_a_report_that_was_put_back_is_named() -> None:
    created = filed()
    before = rows_of(created)
    change_report(created["id"], 1, status="closed", disposition="resolved", reason="Done.")
    close_hour()
    assert named_by_the_ledger() == []
    for row in before:
        wiring.reports().table.put(row)
    found = named_by_the_ledger()
    assert any(created["id"] in each and "`closed`" in each for each in found)
    assert any("1 more event" in each for each in found)


def test_a_whole_hour_of_reports_is_missed() -> None:
    filed()
    close_hour()
    gone = [filed() for _ in range(3)]
    hour = close_hour()
    filed()
    close_hour()
    table = wiring.reports().table
    for created in gone:
        remove_rows(created)
        remove_audit_rows(created)
    for row in table.scan(attributes=("pk", "sk")):
        if row["pk"].startswith("LEDGER#"):
            table.delete(Delete(row["pk"], row["sk"]))
    [found] = named_by_the_ledger()
    assert f"hour {hour} has 6 more events" in found


def test_a_lawful_end_is_no_loss() -> None:
    photo = [{"content_type": "image/jpeg", "size": 10_000}]
    created = filed(media=photo)
    cloud.add_medium(created["id"], created["uploads"][0]["media_id"])
    cloud.stream(cloud.all_keys())
    assert call("GET", f"/v1/officer/reports/{created['id']}", officer="wang").status == 200
    change_report(created["id"], 1, status="closed", disposition="resolved", reason="Done.")
    seal(stream_of())
    close_hour()
    pass_days(91)
    cloud.sweep()
    assert [row["sk"] for row in rows_of(created)] == [keys.HEAD]
    pass_days(1)
    assert named_by_the_ledger() == []
    assert not [each for each in complaints() if "vanished" in each]


def test_what_is_notified_after_a_long_outage_is_no_loss() -> None:
    with inject.sns_down():
        filed()
        for _ in range(6):
            close_hour()
        assert named_by_the_ledger() == []
    cloud.sweep()
    close_hour()
    close_hour()
    assert named_by_the_ledger() == []
