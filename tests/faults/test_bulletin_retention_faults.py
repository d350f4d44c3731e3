"""Faults while the clock closes and deletes bulletins: nothing is left over or lost."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.bulletins.lifecycle import DOSSIER_LIFE, WITHDRAWN_PICTURES_LIFE
from chalicelib.domain.bulletins.model import TRACE_LIFE
from chalicelib.domain.media import Verdict
from chalicelib.kernel import times
from chalicelib.kernel.derived import RejectReason
from chalicelib.services.media.results import record_verdict
from tests import cloud
from tests.client import call
from tests.faults import inject
from tests.faults.test_publishing_faults import steps
from tests.functional.bulletins.test_bulletin_retention import (
    finish,
    objects,
    public_rows,
    published_with_picture,
    rows,
)
from tests.functional.bulletins.test_bulletins import LI, PICTURE, ZHAO, approve, change, opened
from tests.kept import Kept

pytestmark = pytest.mark.usefixtures("aws", "clean", "two_officers")

MOMENTS = [inject.crash, inject.crash_after]

type Left = tuple[list[str], int, list[str]]
STAGES: Mapping[str, tuple[str, timedelta, Left, list[str]]] = {
    "pictures": (
        "withdraw",
        WITHDRAWN_PICTURES_LIFE,
        (["HEAD", "LEADS", "VERSION"], 0, ["PUBLIC#ENDED#*", "PUBLIC#ENDED#key_cases"]),
        ["delete_pictures"],
    ),
    "trace": (
        "expire",
        TRACE_LIFE,
        (["HEAD", "LEADS", "VERSION"], 0, []),
        ["close", "delete_pictures"],
    ),
    "everything": ("resolve", DOSSIER_LIFE, ([], 0, []), ["close", "delete", "delete_pictures"]),
}


def due(stage: str) -> dict[str, Any]:
    """Create a bulletin for which exactly this stage is due, and all before it."""
    how, life, *_ = STAGES[stage]
    bulletin = published_with_picture()
    finish(bulletin, how)
    wiring.clock.advance(life)
    return bulletin


def left(bulletin: Mapping[str, Any]) -> Left:
    return rows(bulletin), len(objects(bulletin)), public_rows(bulletin)


def sweep_with(handle: Callable[[Any], Any]) -> int:
    """Sweep with a fault in DynamoDB and S3, and return the number of calls that it made."""
    with ExitStack() as stack:
        called = [
            stack.enter_context(inject.fault(client, f"{service}.*", handle))
            for client, service in ((wiring.dynamodb(), "dynamodb"), (wiring.s3(), "s3"))
        ]
        with suppress(inject.Crash):
            cloud.sweep()
    return sum(map(len, called))


@pytest.mark.parametrize("moment", MOMENTS, ids=["before", "after"])
@pytest.mark.parametrize("stage", STAGES)
def test_a_sweep_killed_at_any_call_is_made_up_for_by_the_next(
    stage: str, moment: Callable[[Any], Any]
) -> None:
    *_, wanted, recorded = STAGES[stage]
    bulletin = due(stage)
    kept = Kept()
    kept.put_back()
    calls = sweep_with(lambda _: None)
    assert calls > 10
    for position in range(calls):
        kept.put_back()
        sweep_with(inject.at(position, moment))
        # The HEAD, which has the task, never goes before what the task is to delete.
        kinds, count, public = left(bulletin)
        assert "HEAD" in kinds or (kinds, count, public) == ([], 0, [])

        assert cloud.sweep()["failed"] == 0
        assert left(bulletin) == wanted
        # One sweep writes all of them with one time, so their order is that of chance.
        assert sorted(each for each in steps(bulletin["id"]) if each in recorded) == recorded
        assert cloud.sweep()["due"] == 0


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("operation", ["s3.ListObjectVersions", "s3.DeleteObjects"])
def test_while_storage_fails_no_row_goes(stage: str, operation: str) -> None:
    *_, wanted, _ = STAGES[stage]
    bulletin = due(stage)
    with inject.fault(wiring.s3(), operation, inject.s3_error(500, "InternalError")) as called:
        assert cloud.sweep()["failed"] > 0
    assert called
    assert "MEDIA" in rows(bulletin)

    assert cloud.sweep()["failed"] == 0
    assert left(bulletin) == wanted


def test_a_renewal_during_the_sweep_keeps_its_pictures_or_comes_too_late() -> None:
    """Interrupt the sweep at each call. The officer's request began just before the deadline."""
    bulletin = published_with_picture()
    finish(bulletin, "expire")
    wiring.clock.advance(TRACE_LIFE - timedelta(minutes=1))
    date = times.render(wiring.clock.now() + timedelta(days=1))
    waiting = change(opened(bulletin), expires_at=date).json
    wiring.clock.advance(timedelta(minutes=1))
    kept = Kept()
    position, interrupted, renewed = 0, True, 0
    while interrupted:
        kept.put_back()
        interrupted = False
        statuses: list[int] = []

        def interrupt(_: Any, statuses: list[int] = statuses) -> None:
            nonlocal interrupted
            if not interrupted:
                interrupted = True
                wiring.clock.advance(-timedelta(minutes=1))
                statuses.append(approve(waiting).status)
                wiring.clock.advance(timedelta(minutes=1))

        sweep_with(inject.at(position, interrupt))
        assert cloud.sweep()["failed"] == 0
        shown = call("GET", f"/v1/bulletins/{bulletin['id']}")
        if statuses == [200]:
            renewed += 1
            assert (shown.status, len(objects(bulletin))) == (200, 4)
        else:
            assert statuses in ([], [409])
            assert (shown.status, objects(bulletin)) == (404, [])
        position += 1
    assert 0 < renewed < position - 1


@pytest.mark.parametrize("operation", ["s3.DeleteObjects", "dynamodb.DeleteItem"])
def test_a_verdict_during_the_deletion_of_its_picture_leaves_no_row(operation: str) -> None:
    bulletin = published_with_picture()
    path = f"/v1/officer/bulletins/{bulletin['id']}/media"
    [upload] = call("POST", path, {"media": [PICTURE]}, officer=LI).json["uploads"]
    finish(bulletin, "withdraw")
    wiring.clock.advance(WITHDRAWN_PICTURES_LIFE)

    with inject.meanwhile(
        lambda: record_verdict(
            bulletin["id"],
            upload["media_id"],
            Verdict.rejected(RejectReason.UNREADABLE),
            owners=wiring.media_owners(),
            bucket=wiring.bucket(),
            now=wiring.clock.now(),
        ),
        operation,
    ) as called:
        cloud.sweep()
    assert called
    cloud.sweep()

    assert rows(bulletin) == ["HEAD", "LEADS", "VERSION"]
    assert cloud.sweep()["due"] == 0


def test_an_approval_of_words_during_the_deletion_of_pictures_is_kept() -> None:
    bulletin = published_with_picture()
    finish(bulletin, "withdraw")
    path = f"/v1/officer/bulletins/{bulletin['id']}/withdraw"
    body = {"code": "published_in_error", "reason": {"en": "A mistake."}}
    waiting = call("POST", path, body, officer=LI).json
    wiring.clock.advance(WITHDRAWN_PICTURES_LIFE)

    with inject.meanwhile(lambda: approve(waiting, by=ZHAO), "s3.DeleteObjects"):
        assert cloud.sweep()["failed"] == 0
    assert cloud.sweep()["failed"] == 0

    assert (opened(bulletin)["reason"], objects(bulletin)) == ({"en": "A mistake."}, [])
    assert steps(bulletin["id"]).count("delete_pictures") == 1
