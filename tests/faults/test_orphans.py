"""Orphaned objects and rows are found, and nothing that belongs to a report or bulletin is one."""

import os
from datetime import timedelta
from typing import Any

import boto3
import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.aws.writes import Delete
from chalicelib.kernel.files import derived_key, original_key
from chalicelib.services.media.orphans import (
    Orphan,
    OrphanKind,
    Places,
    delete_orphan,
    find_orphans,
)
from infra.stage.orphans import sweep_out
from infra.stage.target import Target
from tests import cloud, media_samples
from tests.client import call, new_key, report
from tests.steps import by_officer, by_reporter, file

pytestmark = pytest.mark.usefixtures("aws", "clean")

MEDIA = [{"content_type": "image/jpeg", "size": 10_000}]
LATER = timedelta(days=2)


def processed(data: bytes | None = None) -> tuple[str, str]:
    created = file(media=MEDIA, contact={"phone": "13800000000"})
    report_id, media_id = created["id"], created["uploads"][0]["media_id"]
    cloud.process(
        original_key(report_id, media_id), cloud.upload(report_id, media_id, data or cloud.photo())
    )
    cloud.record(report_id, media_id)
    return report_id, media_id


def places() -> Places:
    return Places(
        reports=wiring.reports().table,
        bulletins=wiring.bulletins().table,
        contacts=wiring.contacts().table,
        bucket=wiring.bucket(),
    )


def orphans() -> list[Orphan]:
    return list(find_orphans(places(), now=wiring.clock.wall_clock() + LATER))


def stage() -> Target:
    names = {
        "ReportsTableName": "REPORTS_TABLE",
        "BulletinsTableName": "BULLETINS_TABLE",
        "ContactsTableName": "CONTACTS_TABLE",
        "MediaBucketName": "MEDIA_BUCKET",
    }
    outputs = {output: os.environ[name] for output, name in names.items()}
    return Target("dev", boto3.Session(), None, outputs, "")


def test_what_belongs_to_a_report_or_a_bulletin_is_no_orphan() -> None:
    processed()
    table = wiring.bulletins().table
    table.put({"pk": keys.bulletin("B-1"), "sk": keys.HEAD})
    table.put({"pk": keys.bulletin("B-1"), "sk": keys.media("M1")})
    cloud.upload("B-1", "M1", cloud.photo())

    assert orphans() == []


def test_what_finds_a_report_that_is_gone_is_deleted() -> None:
    cloud.officer("wang")
    kept = file(text="京A12345")
    assert by_officer("GET", kept).status == 200
    assert orphans() == []
    gone = (keys.search("0" * 32), keys.listed_at(wiring.clock.now(), "0" * 26))
    wiring.reports().table.put(dict(zip(("pk", "sk"), gone, strict=True)))
    [found] = orphans()
    assert found == Orphan(OrphanKind.ROW, gone)
    assert delete_orphan(found, places())
    assert orphans() == []


def test_day_old_objects_of_a_deleted_report_are_deleted_in_all_versions() -> None:
    kept = processed()
    report_id, media_id = processed()
    wiring.contacts().delete(report_id)
    cloud.upload(report_id, media_id, b"a later version")
    wiring.reports().deletion.finish(
        report_id, now=wiring.clock.now(), until=wiring.clock.now() + timedelta(days=365)
    )
    assert list(find_orphans(places(), now=wiring.clock.wall_clock())) == []

    found = orphans()
    assert {orphan.kind for orphan in found} == {OrphanKind.OBJECT}
    assert len(found) == 4
    for orphan in found:
        assert delete_orphan(orphan, places())
    assert orphans() == []
    assert [key for key, _ in wiring.bucket().ages("originals/")] == [original_key(*kept)]


def test_an_object_of_a_bulletin_that_is_gone_or_of_nobody_is_found() -> None:
    cloud.upload("B-GONE", "M1", b"a picture")
    wiring.bucket().put("originals/stray", b"nobody's", "image/jpeg")

    assert [orphan.where[0] for orphan in orphans()] == ["originals/B-GONE/M1", "originals/stray"]


def test_a_key_that_begins_like_anothers_is_left_alone() -> None:
    wiring.bucket().put("originals/R/M", b"orphan", "image/jpeg")
    wiring.bucket().put("originals/R/M2", b"neighbour", "image/jpeg")
    delete_orphan(Orphan(OrphanKind.OBJECT, ("originals/R/M",)), places())

    assert [key for key, _ in wiring.bucket().ages("originals/")] == ["originals/R/M2"]


@pytest.mark.parametrize("tombstone", [True, False], ids=["with a tombstone", "without a trace"])
def test_rows_whose_report_is_gone_are_found_and_deleted(tombstone: bool) -> None:
    created = file(media=MEDIA, contact={"phone": "13800000000"})
    table, pk = wiring.reports().table, keys.report(created["id"])
    if tombstone:
        table.put(
            {"pk": pk, "sk": keys.HEAD, "id": created["id"], "deleted_at": wiring.clock.now()}
        )
    else:
        table.delete(Delete(pk, keys.HEAD))

    found = orphans()
    assert found == [
        Orphan(OrphanKind.ROW, (pk, keys.media(created["uploads"][0]["media_id"]))),
        Orphan(OrphanKind.CONTACT, (pk, keys.CONTACT)),
    ]
    assert all(delete_orphan(orphan, places()) for orphan in found)
    assert orphans() == []


def test_a_contact_that_was_erased_and_came_back_is_found_and_deleted() -> None:
    body = report(contact={"phone": "13800000000"})
    created = call("POST", "/v1/reports", body, key=new_key()).json
    pk, table = keys.report(created["id"]), wiring.contacts().table
    erased = table.get(pk, keys.CONTACT, consistent=True)
    assert erased
    assert by_reporter("DELETE", created).status == 204
    table.put(erased)

    assert orphans() == [Orphan(OrphanKind.CONTACT, (pk, keys.CONTACT))]
    assert delete_orphan(orphans()[0], places())
    assert orphans() == []


@pytest.mark.parametrize("lost", ["originals/", "derived/"])
@pytest.mark.parametrize("data", [None, media_samples.amr()])
def test_a_medium_whose_object_is_missing_is_listed_and_never_deleted(
    lost: str, data: bytes | None
) -> None:
    report_id, media_id = processed(data)
    wiring.bucket().delete_all(lost)

    [orphan] = orphans()
    assert orphan == Orphan(OrphanKind.MISSING, (keys.report(report_id), keys.media(media_id)))
    assert not delete_orphan(orphan, places())


def test_a_redacted_picture_that_is_missing_is_listed() -> None:
    report_id, media_id = processed()
    cloud.officer()
    path = f"/v1/officer/reports/{report_id}/media/{media_id}/redaction"
    region = {"x": 0.1, "y": 0.1, "width": 0.5, "height": 0.5}
    assert call("POST", path, {"regions": [region]}, officer="wang").status == 200
    cloud.process(derived_key(report_id, media_id, "preview.jpg"), None)
    cloud.sweep()
    cloud.sweep()
    assert orphans() == []
    wiring.bucket().delete_all(derived_key(report_id, media_id, "redacted.jpg"))
    assert orphans() == [Orphan(OrphanKind.MISSING, (keys.report(report_id), keys.media(media_id)))]


def test_the_command_only_lists_unless_asked_to_delete(capsys: Any) -> None:
    processed()
    cloud.upload("0" * 26, "0" * 16, b"left behind")
    now = wiring.clock.wall_clock() + LATER

    assert sweep_out(stage(), delete=False, now=now) == 1
    assert "deleted" not in capsys.readouterr().out
    assert sweep_out(stage(), delete=True, now=now) == 0
    assert f"originals/{'0' * 26}/{'0' * 16}\tdeleted" in capsys.readouterr().out
    assert sweep_out(stage(), delete=False, now=now) == 0


def test_the_command_deletes_nothing_beside_an_empty_table(capsys: Any) -> None:
    cloud.upload("0" * 26, "0" * 16, b"evidence of a table that is being restored")

    assert sweep_out(stage(), delete=True, now=wiring.clock.wall_clock() + LATER) == 1
    assert "nothing is deleted" in capsys.readouterr().out
    assert len(orphans()) == 1
