"""What is left of a bulletin after its end, for readers, for officers and in storage."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.domain.bulletins.lifecycle import (
    DOSSIER_LIFE,
    IDLE_DRAFT_LIFE,
    UNPUBLISHED_LIFE,
    WITHDRAWN_PICTURES_LIFE,
)
from chalicelib.domain.bulletins.model import TRACE_LIFE
from chalicelib.kernel import times
from chalicelib.kernel.files import derived_key
from tests import cloud
from tests.client import call, new_key, report
from tests.functional.bulletins.test_bulletins import (
    LI,
    PICTURE,
    approve,
    change,
    drafted,
    end,
    opened,
    seen_by_reporter,
    settle,
)

pytestmark = pytest.mark.usefixtures("aws", "clean", "two_officers")

# Longer than a busy machine takes for a test: the clock also goes on by itself.
MARGIN = timedelta(minutes=10)


def with_picture(**more: Any) -> dict[str, Any]:
    """Draft a bulletin with a picture that is ready, and with its objects."""
    bulletin = drafted(**more)
    path = f"/v1/officer/bulletins/{bulletin['id']}/media"
    [upload] = call("POST", path, {"media": [PICTURE]}, officer=LI).json["uploads"]
    settle(bulletin["id"], upload["media_id"])
    for name in ("thumb.jpg", "preview.jpg", "manifest.json"):
        boto3.client("s3").put_object(
            Bucket=wiring.bucket().name,
            Key=derived_key(bulletin["id"], upload["media_id"], name),
            Body=b"x",
        )
    return opened(bulletin)


def published_with_picture(**more: Any) -> dict[str, Any]:
    return dict(approve(with_picture(**more)).expect(200))


def objects(bulletin: Mapping[str, Any]) -> list[str]:
    bucket = wiring.bucket()
    return [
        key
        for prefix in ("originals", "derived")
        for key, _ in bucket.ages(f"{prefix}/{bulletin['id']}/")
    ]


def rows(bulletin: Mapping[str, Any]) -> list[str]:
    """Return the kinds of the rows that are left of a bulletin."""
    found, _ = wiring.bulletins().table.query(keys.bulletin(bulletin["id"]))
    return sorted({row["sk"].partition("#")[0] for row in found})


def public_rows(bulletin: Mapping[str, Any]) -> list[str]:
    partitions = ("PUBLIC#*", "PUBLIC#key_cases", "PUBLIC#ENDED#*", "PUBLIC#ENDED#key_cases")
    return [
        pk
        for pk in partitions
        for row in wiring.bulletins().table.query(pk)[0]
        if row.get("id") == bulletin["id"]
    ]


def sweep_after(life: timedelta) -> None:
    assert cloud.sweep(life)["failed"] == 0


def finish(bulletin: Mapping[str, Any], how: str) -> None:
    """End a bulletin: `resolve`, `withdraw`, or `expire`."""
    if how != "expire":
        assert end(bulletin, how).status == 200
        return
    assert cloud.sweep(times.parse(bulletin["expires_at"]) - wiring.clock.now())["failed"] == 0


def test_pictures_of_a_withdrawn_bulletin_are_deleted_after_a_day() -> None:
    bulletin = published_with_picture()
    end(bulletin, "withdraw", code="published_in_error")
    sweep_after(WITHDRAWN_PICTURES_LIFE - MARGIN)
    assert len(objects(bulletin)) == 4
    sweep_after(MARGIN)

    assert (objects(bulletin), opened(bulletin)["media"]) == ([], [])
    assert opened(bulletin)["body"] == bulletin["body"]
    # Its words can still be approved: the pictures do not matter for them.
    waiting = end(bulletin, "withdraw", reason={"en": "A mistake."}).json
    assert approve(waiting).status == 200


@pytest.mark.parametrize("how", ["resolve", "withdraw", "expire"])
def test_thirty_days_after_the_end_readers_see_no_trace(how: str) -> None:
    bulletin = published_with_picture()
    finish(bulletin, how)
    sweep_after(TRACE_LIFE - MARGIN)
    assert public_rows(bulletin) == ["PUBLIC#ENDED#*", "PUBLIC#ENDED#key_cases"]
    assert bool(objects(bulletin)) is (how != "withdraw")
    sweep_after(MARGIN)

    assert (public_rows(bulletin), objects(bulletin)) == ([], [])
    kept = opened(bulletin)
    assert (kept["body"], kept["steps"], kept["media"]) == (bulletin["body"], [], [])
    assert rows(bulletin) == ["HEAD", "LEADS", "VERSION"]
    refused = end(bulletin, "resolve", code="found")
    assert (refused.status, refused.json["legal"]) == (409, [])


def test_an_expired_bulletin_can_be_renewed_with_its_picture_for_thirty_days() -> None:
    bulletin = published_with_picture()
    finish(bulletin, "expire")
    sweep_after(TRACE_LIFE - timedelta(minutes=1))
    date = times.render(wiring.clock.now() + timedelta(days=1))
    approve(change(opened(bulletin), expires_at=date).json).expect(200)
    sweep_after(timedelta(minutes=1))
    assert public_rows(bulletin) == ["PUBLIC#*", "PUBLIC#key_cases"]
    assert objects(bulletin)


def test_a_lead_shows_the_words_of_an_outcome_for_thirty_days_only() -> None:
    bulletin = published_with_picture()
    body = report("other", bulletin_id=bulletin["id"])
    lead = call("POST", "/v1/reports", body, key=new_key()).json
    end(bulletin, "resolve", outcome={"en": "A name."})
    approve(opened(bulletin))
    with_words = seen_by_reporter(lead, "en")
    sweep_after(TRACE_LIFE)

    assert with_words == f"{seen_by_reporter(lead, 'en')}\nA name."


@pytest.mark.parametrize("how", ["resolve", "withdraw", "expire"])
def test_a_year_after_the_end_only_the_audit_is_left(how: str) -> None:
    bulletin = published_with_picture()
    finish(bulletin, how)
    sweep_after(DOSSIER_LIFE - MARGIN)
    assert rows(bulletin) == ["HEAD", "LEADS", "VERSION"]
    sweep_after(MARGIN)

    assert (rows(bulletin), objects(bulletin), public_rows(bulletin)) == ([], [], [])
    assert call("GET", f"/v1/officer/bulletins/{bulletin['id']}", officer=LI).status == 404
    recorded, _ = wiring.audit().table.query(keys.bulletin(bulletin["id"]))
    text = str([row.get("detail") for row in recorded])
    assert '"delete"' in text
    assert bulletin["body"]["en"] not in text
    assert cloud.sweep()["due"] == 0


def test_the_audit_never_has_the_words_of_an_end() -> None:
    bulletin = published_with_picture()
    end(bulletin, "resolve", outcome={"en": "A NAME"})
    end(bulletin, "withdraw", reason={"en": "A NAME"})
    recorded, _ = wiring.audit().table.query(keys.bulletin(bulletin["id"]))
    assert "A NAME" not in str(recorded)


def test_a_draft_that_nobody_changes_is_withdrawn_and_then_deleted() -> None:
    bulletin = with_picture()
    wiring.clock.advance(IDLE_DRAFT_LIFE - MARGIN)
    changed = change(bulletin, body={"en": "Still needed."}).json
    sweep_after(MARGIN)
    assert opened(changed)["state"] == "draft"

    sweep_after(IDLE_DRAFT_LIFE)
    assert opened(changed)["state"] == "withdrawn"
    items = call("GET", f"/v1/officer/bulletins/{bulletin['id']}/history", officer=LI).json["items"]
    assert [
        item["by"] for item in items if item["detail"] and item["detail"].get("step") == "withdraw"
    ] == ["(clock)"]
    sweep_after(WITHDRAWN_PICTURES_LIFE)
    assert objects(bulletin) == []
    sweep_after(UNPUBLISHED_LIFE)
    assert rows(bulletin) == []


def test_what_was_due_for_long_is_all_done_in_one_sweep() -> None:
    bulletin = published_with_picture()
    sweep_after(timedelta(days=30) + DOSSIER_LIFE)

    assert (rows(bulletin), objects(bulletin), public_rows(bulletin)) == ([], [], [])
