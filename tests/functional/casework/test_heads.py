"""What a HEAD copies for lists is true after each write, whoever else writes."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.aws.table import ConditionFailed
from chalicelib.domain.reports.report import LISTED, Flag
from chalicelib.store.reports.heads import FORM, change_head, listed_of, listed_row, update_head
from tests import cloud
from tests.client import call, new_key, report

PHOTO = {"content_type": "image/jpeg", "size": 2000}


@pytest.fixture(autouse=True)
def _officer(aws: Mapping[str, str], clean: None) -> None:
    wiring.reset()
    cloud.officer()


def row(created: Mapping[str, Any]) -> dict[str, Any]:
    found = wiring.reports().table.get(keys.report(created["id"]), keys.HEAD, consistent=True)
    assert found
    return found


def with_photo(aws: Mapping[str, str], **more: Any) -> dict[str, Any]:
    created = call("POST", "/v1/reports", report(media=[PHOTO], **more), key=new_key()).json
    media_id = created["uploads"][0]["media_id"]
    version = cloud.upload(aws, created["id"], media_id, cloud.photo())
    cloud.process(aws, f"originals/{created['id']}/{media_id}", version)
    cloud.record(aws, created["id"], media_id)
    return dict(created)


def test_a_new_report_has_its_copy_and_says_its_form(aws: Mapping[str, str]) -> None:
    created = with_photo(aws)
    head = row(created)
    assert head["form"] == FORM
    assert head["listed"] == listed_of(head)
    assert head["listed"].keys() == {"re", "ca", "st", "ur", "di", "ve", "mt", "mr", "th"}
    assert {"id", "received_at"} <= listed_row(head).keys()


def test_two_writes_that_read_the_same_head_both_count() -> None:
    created = call("POST", "/v1/reports", report(), key=new_key()).json
    table = wiring.reports().table
    writes = [
        update_head(created["id"], put={"same_as": "A"}),
        update_head(created["id"], add={"unread": 1}),
        update_head(created["id"], add={"unread": 2}, put={"flags": (Flag.OUTSIDE,)}),
        update_head(created["id"], put={"same_as": None, "district": None}),
    ]
    for write in writes:
        table.update(write)
    head = row(created)
    assert head["listed"] == listed_of(head)
    assert (head["unread"], head["listed"]["un"], head["listed"]["fl"]) == (
        3,
        3,
        ["outside_district"],
    )
    assert not {"sa", "di"} & head["listed"].keys()


def test_a_withdrawn_report_lists_nothing_that_the_withdrawal_erases(
    aws: Mapping[str, str],
) -> None:
    created = with_photo(aws)
    wiring.reports().table.update(update_head(created["id"], put={"same_as": "A"}))
    before = row(created)
    assert {"sa", "th"} <= before["listed"].keys()
    call("DELETE", f"/v1/reports/{created['id']}", receipt=created["receipt"])
    after = row(created)
    erased = before.keys() - after.keys()
    assert {"same_as", "thumb", "body_hash"} <= erased
    assert not {LISTED[name] for name in erased & LISTED.keys()} & after["listed"].keys()
    assert after["listed"]["st"] == "withdrawn"


def test_a_deleted_report_lists_nothing(aws: Mapping[str, str]) -> None:
    created = with_photo(aws)
    call("DELETE", f"/v1/reports/{created['id']}", receipt=created["receipt"])
    wiring.clock.advance(timedelta(days=31))
    cloud.sweep()
    head = row(created)
    assert "deleted_at" in head
    assert "listed" not in head
    assert head["form"] == FORM


@pytest.mark.parametrize("end", [{"expiring": True}, {"deleted_at": "2026-11-24T08:30:00Z"}])
def test_nothing_is_written_to_a_report_that_is_being_deleted(end: dict[str, Any]) -> None:
    created = call("POST", "/v1/reports", report(), key=new_key()).json
    table, head = wiring.reports().table, wiring.reports().head(created["id"])
    assert head
    table.update(update_head(created["id"], put=end))
    for write in (update_head(created["id"], add={"unread": 1}), change_head(head)):
        with pytest.raises(ConditionFailed):
            table.update(write)
