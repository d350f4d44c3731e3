"""`make ledger-verify` names each report, original and hour that does not agree with the ledger."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from operator import itemgetter
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.domain.audit.ledger import Event, Leaf, count_data
from chalicelib.domain.audit.seals import hour_of
from chalicelib.services.audit.seals import CLOSED_WITHIN
from chalicelib.services.reports.ledger_check import (
    ATTRIBUTES,
    Published,
    add_waiting,
    check_reports,
)
from chalicelib.store.audit.ledger import LeafRows
from chalicelib.store.reports.heads import update_row
from infra.stage.audit import StoredLedger, check_ledger
from tests import cloud
from tests.audit_trail import unlocked_bucket
from tests.client import call, change_report
from tests.ledger import close_hour, stored_ledger
from tests.steps import by_officer, by_reporter, by_second_officer, file, head

pytestmark = pytest.mark.usefixtures("aws", "clean")


@pytest.fixture(autouse=True)
def bucket(clean: None) -> Iterator[str]:
    """Create an audit bucket for each test, without a lock."""
    with unlocked_bucket() as name:
        cloud.officer("wang")
        yield name


@pytest.fixture
def ledger(bucket: str) -> StoredLedger:
    return stored_ledger()


def wrong(ledger: StoredLedger, *, originals: bool = True) -> list[str]:
    return list(ledger.wrong(wiring.clock.now(), Counter(), originals=originals))


def filed_with_photo() -> tuple[dict[str, Any], str]:
    """File a report with a photo; officers are notified. Return it and the medium's id."""
    media = [{"content_type": "image/jpeg", "size": 10_000}]
    created = file(media=media)
    media_id = created["uploads"][0]["media_id"]
    cloud.add_medium(created["id"], media_id)
    cloud.stream(cloud.all_keys())
    return dict(created), media_id


def change(created: Mapping[str, Any], sk: str, **put: Any) -> None:
    """Change a row as somebody does who may write to the table."""
    wiring.reports().table.update(update_row((keys.report(created["id"]), sk), put=put))


def test_whatever_is_done_by_the_rules_is_whole(
    ledger: StoredLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    created, _ = filed_with_photo()
    assert wrong(ledger) == []
    close_hour()
    change_report(created["id"], 1, status="closed", disposition="resolved", reason="Done.")
    withdrawn, _ = filed_with_photo()
    by_reporter("DELETE", withdrawn)
    file()
    file(source="drill")
    close_hour()

    assert wrong(ledger) == []
    assert check_ledger(ledger, wiring.clock.now()) == 0
    said = capsys.readouterr().out
    assert said == "The ledger is whole. Checked: 2 hours, 3 reports, 2 originals.\n"


def test_a_report_that_was_made_known_and_never_filed_is_named(ledger: StoredLedger) -> None:
    created = file()
    change(created, keys.HEAD, task=None, task_at=None, task_shard=None, due_at=None)
    [complaint] = wrong(ledger)
    assert created["id"] in complaint
    assert "not recorded as filed" in complaint


@pytest.mark.parametrize("closed", [True, False], ids=["in a head", "in no head yet"])
@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"version_id": "another"}, "names another original"),
        ({"checksum": {"algorithm": "sha256", "type": "full_object", "value": "0" * 64}}, "names"),
    ],
    ids=["version", "checksum"],
)
def test_an_altered_row_of_an_original_is_named(
    ledger: StoredLedger, row: dict[str, Any], said: str, closed: bool
) -> None:
    created, media_id = filed_with_photo()
    if closed:
        close_hour()
    change(created, keys.media(media_id), **row)
    complaints = wrong(ledger)
    assert f"Report {created['id']}: the row of medium {media_id}" in complaints[0]
    assert said in complaints[0]


def test_an_original_that_is_gone_is_named(ledger: StoredLedger) -> None:
    created, media_id = filed_with_photo()
    close_hour()
    s3, key = cloud.client("s3"), f"originals/{created['id']}/{media_id}"
    where: Any = {"Bucket": os.environ["MEDIA_BUCKET"], "Key": key}
    version = s3.head_object(**where)["VersionId"]
    # In its place there may be any other file: only the recorded version counts.
    s3.put_object(**where, Body=cloud.photo())
    s3.delete_object(**where, VersionId=version)
    for originals in (True, False):
        assert wrong(ledger, originals=originals) == [
            f"Report {created['id']}: the original of medium {media_id} is gone."
        ]


def test_one_altered_byte_of_an_original_is_named(ledger: StoredLedger) -> None:
    created, media_id = filed_with_photo()
    close_hour()
    stored: Any = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].get_object(
        os.environ["MEDIA_BUCKET"], f"originals/{created['id']}/{media_id}"
    )
    # S3 itself offers no way to do this.
    content = stored.value
    stored.value = content[:-1] + bytes([content[-1] ^ 1])
    assert wrong(ledger) == [
        f"Report {created['id']}: the original of medium {media_id} has other bytes than recorded."
    ]


def altered(leaf: dict[str, Any]) -> dict[str, Any]:
    return {**leaf, "data": bytes([leaf["data"][0] ^ 1]) + bytes(leaf["data"][1:])}


def test_an_altered_record_of_a_step_is_named(ledger: StoredLedger) -> None:
    created, _ = filed_with_photo()
    close_hour()
    head = cloud.head(created["id"])
    first, *rest = head.row["leaves"]
    change(created, keys.HEAD, leaves=[altered(first), *rest])
    assert f"Report {created['id']}: `{Leaf.of_row(first).event.name.lower()}`" in wrong(ledger)[0]


def test_a_leaf_that_was_taken_away_before_the_hour_is_named(ledger: StoredLedger) -> None:
    filed_with_photo()
    rows = [key for key in cloud.all_keys() if key[0].startswith("LEDGER#")]
    for pk, sk in rows:
        cloud.client("dynamodb").delete_item(
            TableName=os.environ["REPORTS_TABLE"], Key={"pk": {"S": pk}, "sk": {"S": sk}}
        )
    assert len(wrong(ledger)) == len(rows) == 3


@pytest.mark.parametrize(
    ("put", "said"),
    [
        ({"status": "closed"}, "is closed, and that is not recorded"),
        (
            {"status": "withdrawn", "body_hash": None, "thumb": None},
            "is withdrawn, and that is not recorded",
        ),
        ({"ledger_id": None}, "nothing to be found by"),
    ],
)
def test_a_step_past_the_ledger_is_named(
    ledger: StoredLedger, put: dict[str, Any], said: str
) -> None:
    created, _ = filed_with_photo()
    change(created, keys.HEAD, **put)
    assert any(created["id"] in each and said in each for each in wrong(ledger))


def _mark(s3: Any, where: dict[str, str]) -> None:
    s3.delete_object(**where)


def _write_again(s3: Any, where: dict[str, str]) -> None:
    s3.put_object(**where, Body=b"{}")


@pytest.mark.parametrize(
    ("act", "said"), [(_mark, "was deleted"), (_write_again, "was written again")]
)
def test_a_rewritten_hour_is_named_and_the_first_version_counts(
    bucket: str, ledger: StoredLedger, act: Callable[[Any, dict[str, str]], None], said: str
) -> None:
    hour = close_hour()
    before = call("GET", f"/v1/ledger/{hour}").text
    act(cloud.client("s3"), {"Bucket": bucket, "Key": f"ledger/{hour}.json"})

    [complaint] = wrong(ledger)
    assert said in complaint
    assert hour in complaint
    assert call("GET", f"/v1/ledger/{hour}").text == before
    close_hour()
    assert len(wrong(ledger)) == 1


@pytest.mark.parametrize("name", ["zzz.json", "2999-01-01T00.json", "2026-1-1T1.json", "notes"])
def test_an_object_of_somebody_else_neither_ends_the_ledger_nor_stays_unnamed(
    bucket: str, ledger: StoredLedger, name: str
) -> None:
    hour = close_hour()
    cloud.client("s3").put_object(Bucket=bucket, Key=f"ledger/{name}", Body=b"{}")

    assert close_hour() > hour
    assert call("GET", "/v1/ledger").json["latest"]["head"]["hour"] > hour
    [complaint] = wrong(ledger)
    assert f"'ledger/{name}' is not ours" in complaint


def test_an_hour_that_is_missing_is_named(bucket: str, ledger: StoredLedger) -> None:
    close_hour()
    hour = close_hour()
    close_hour()
    s3, key = cloud.client("s3"), f"ledger/{hour}.json"
    [version] = s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]
    s3.delete_object(Bucket=bucket, Key=key, VersionId=version["VersionId"])
    assert "is missing" in wrong(ledger)[0]


def test_heads_of_another_key_are_named(ledger: StoredLedger) -> None:
    close_hour()
    other = StoredLedger(**{**vars(ledger), "keys": [cloud.other_key()]})
    assert "is not signed with a key of this stage" in wrong(other)[0]


class Looked(Published):
    """Leaves that count how many are looked for."""

    count = 0

    def __contains__(self, leaf: bytes) -> bool:
        self.count += 1
        return super().__contains__(leaf)


def test_a_report_whose_rows_do_not_come_together_is_checked_whole() -> None:
    (other, media_id), created = filed_with_photo(), file()
    table, pk = wiring.reports().table, keys.report(created["id"])
    row = table.get(keys.report(other["id"]), keys.media(media_id)) or {}
    table.put(row | {"pk": pk})

    def again(report_id: str) -> list[dict[str, Any]]:
        read.append(report_id)
        return table.query(keys.report(report_id))[0]

    for order in (["pk", "sk"], ["sk", "pk"]):
        read: list[str] = []
        rows, published = table.scan(attributes=ATTRIBUTES, segments=3), Published()
        add_waiting(published, LeafRows(table), wiring.clock.now())
        found = check_reports(
            sorted(rows, key=itemgetter(*order)),
            published,
            again=again,
            original=lambda *_: None,
            counts=Counter(),
            now=wiring.clock.now(),
        )
        [complaint] = found
        assert f"{created['id']}: the row of medium {media_id}" in complaint
        assert len(read) == len(set(read))


def test_the_work_grows_as_the_number_of_closings() -> None:
    ledger_id, looked, now = bytes(32), [], wiring.clock.now()
    for closings in (200, 400):
        leaves = [Leaf(Event.FILED, 0, b"", hour_of(now))]
        for n in range(closings):
            leaves.append(Leaf(Event.CLOSED, n, b"resolved", hour_of(now)))
            leaves.append(Leaf(Event.REOPENED, n, count_data(n + 1), hour_of(now)))
        row = {
            "pk": "REPORT#A", "sk": keys.HEAD, "status": "new", "ledger_id": ledger_id,
            "leaves": [leaf.as_row() for leaf in leaves],
        }  # fmt: skip
        known = Looked()
        known.last = hour_of(now)
        for leaf in leaves:
            known.add(leaf.hash(ledger_id))
        found = check_reports(
            [row], known, again=lambda _: (), original=lambda *_: None, counts=Counter(), now=now
        )
        assert list(found) == []
        looked.append(known.count)
    assert looked[1] < 2.1 * looked[0]


def test_a_reopening_that_the_row_lacks_is_named(ledger: StoredLedger) -> None:
    created, _ = filed_with_photo()
    for version in (1, 3, 5):
        change_report(
            created["id"], version, status="closed", disposition="resolved", reason="Done."
        )
        change_report(created["id"], version + 1, status="in_progress")
    assert wrong(ledger) == []
    leaves = head(created)["leaves"]
    change(created, keys.HEAD, leaves=[each for each in leaves if each["event"] != Event.REOPENED])
    assert [each.count("`reopened` number") for each in wrong(ledger)] == [1, 1, 1]


def mask(created: Mapping[str, Any]) -> None:
    cloud.officer("li")
    body = {"part": "text", "start": 0, "passage": "An", "reason": "court"}
    assert by_officer("POST", created, "/masks", body).status == 201
    assert by_second_officer(created, "/masks/1/approve").status == 200


def test_a_report_that_was_restored_to_before_a_mask_is_named(ledger: StoredLedger) -> None:
    created, _ = filed_with_photo()
    before = head(created)
    mask(created)
    assert wrong(ledger) == []
    change(created, keys.HEAD, leaves=before["leaves"], masks=None)
    assert [each.count("`masked` number 0") for each in wrong(ledger)] == [1]


def test_a_mask_that_the_ledger_lacks_is_named(ledger: StoredLedger) -> None:
    created, _ = filed_with_photo()
    before = head(created)
    mask(created)
    masks = head(created)["masks"]
    change(
        created,
        keys.HEAD,
        leaves=before["leaves"],
        masks={**masks, "approved": masks["approved"] * 2},
    )
    assert any("a mask that is not recorded" in each for each in wrong(ledger))


def test_a_report_that_was_never_filed_is_named_before_its_notice(ledger: StoredLedger) -> None:
    created = file()  # The stream never delivers it.
    minute = timedelta(minutes=1)
    wiring.clock.advance(CLOSED_WITHIN - minute)
    assert wrong(ledger) == []
    wiring.clock.advance(minute)
    [complaint] = wrong(ledger)
    assert f"{created['id']} is not filed" in complaint
