"""A report that vanished is named by a check that an operator can run, however it was removed."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.aws.writes import Delete
from chalicelib.store.audit.rows import of_report
from tests import cloud
from tests.audit_trail import complaints, digest, seal, stream_of, unlocked_bucket
from tests.client import call, change_report
from tests.ledger import close_hour, filed

pytestmark = pytest.mark.usefixtures("aws", "clean")


@pytest.fixture(autouse=True)
def _bucket(aws: Mapping[str, str], clean: None) -> Iterator[None]:
    with unlocked_bucket():
        cloud.officer("wang")
        yield


def seen(aws: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """File a child abduction, of which officers are notified, and let one open it."""
    created = filed(aws, category="child_abduction", **more)
    assert call("GET", f"/v1/officer/reports/{created['id']}", officer="wang").status == 200
    return created


def remove_rows(created: Mapping[str, Any]) -> None:
    table, pk = wiring.reports().table, keys.report(created["id"])
    rows, _ = table.query(pk, consistent=True)
    for row in rows:
        table.delete(Delete(pk, row["sk"]))


def remove_audit_rows(created: Mapping[str, Any]) -> None:
    audit = wiring.audit()
    for row in audit.rows(of_report(created["id"])):
        audit.table.delete(Delete(row["pk"], row["sk"]))


@pytest.mark.parametrize("more", [(), (remove_audit_rows,)], ids=["alone", "with its audit rows"])
def test_a_report_whose_rows_are_gone_is_named_by_the_audit(
    aws: Mapping[str, str], more: tuple[Callable[[Mapping[str, Any]], None], ...]
) -> None:
    created, other = seen(aws), seen(aws)
    seal(stream_of(aws))
    digest()
    assert complaints(aws) == []
    for remove in (remove_rows, *more):
        remove(created)
    found = complaints(aws)
    assert found
    assert all(created["id"] in each for each in found)
    assert not any(other["id"] in each for each in found)


def test_a_lawful_end_is_no_loss(aws: Mapping[str, str]) -> None:
    created = seen(aws)
    change_report(created["id"], 1, status="closed", disposition="resolved", reason="Done.")
    seal(stream_of(aws))
    close_hour()
    wiring.reports().deletion.finish(
        created["id"], now=wiring.clock.now(), until=wiring.clock.now()
    )
    assert not [each for each in complaints(aws) if "vanished" in each]
