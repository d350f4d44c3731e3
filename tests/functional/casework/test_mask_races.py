"""A mask leaves nothing of its passage: neither by a colleague's call that has read the report, and
not written it yet, nor how long it was.
"""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.domain.officers.model import Role
from chalicelib.domain.reports.masks import MARK
from chalicelib.kernel.outbox import FORGET_AFTER
from chalicelib.services.casework.masks import forget_exports
from tests import cloud
from tests.faults import inject
from tests.functional.casework.test_masks import (
    NAME,
    PLATE,
    TEXT,
    approve_mask,
    hold,
    mask,
    propose,
)
from tests.steps import by_officer, by_second_officer, file, head, mine, opened

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture
def oversight(clean: None) -> None:
    cloud.oversight("ombud", "ombud2")
    for username in ("wang", "li", "zhao"):
        cloud.officer(username, roles=(Role.OFFICER, Role.SUPERVISOR))


@pytest.mark.usefixtures("oversight")
def test_moving_a_report_to_oversight_brings_no_masked_words_back() -> None:
    created = file(text=TEXT)
    opened(created)
    propose(created)
    propose(created, PLATE, start=TEXT.index(PLATE))
    with inject.meanwhile(lambda: approve_mask(created)):
        moved = by_officer("POST", created, "/oversight", {"reason": "It names an officer."})
    assert moved.status in (204, 409), moved.text
    assert head(created)["masks"]["approved"]
    assert not mine(created)["text"].startswith(NAME)


@pytest.mark.officers("wang", "li", "zhao")
def test_lifting_a_hold_erases_what_a_mask_of_this_moment_hides() -> None:
    created = file(text=TEXT)
    hold(created)
    by_officer("DELETE", created, "/hold", {"reason": "The trial is over."})
    propose(created, officer="zhao")
    propose(created, PLATE, start=TEXT.index(PLATE), officer="zhao")
    with inject.meanwhile(lambda: approve_mask(created, officer="li")):
        assert by_second_officer(created, "/hold/lift/approve").status == 204
    assert "hold" not in head(created)
    row = wiring.reports().table.get(keys.report(created["id"]), keys.before_mask(1))
    assert row is None or "sealed" not in row


class Files:
    """The files of exports, by when they were stored."""

    def __init__(self, **ages: datetime) -> None:
        self.kept = dict(ages)

    def ages(self, prefix: str) -> list[tuple[str, datetime]]:
        return list(self.kept.items())

    def delete_key(self, key: str) -> None:
        del self.kept[key]


def test_an_export_that_had_read_the_words_before_is_deleted_too() -> None:
    masked_at = wiring.clock.now()
    later = masked_at + timedelta(seconds=30)
    bucket: Any = Files(before=masked_at, of_a_running_call=later, after=masked_at + FORGET_AFTER)
    outbox: Any = SimpleNamespace(complete=lambda pending: None)
    pending: Any = None
    forget_exports(pending, outbox=outbox, bucket=bucket, now=masked_at + FORGET_AFTER)
    assert set(bucket.kept) == {"after"}


@pytest.mark.officers("wang", "li")
def test_how_long_the_passage_was_is_not_kept() -> None:
    created = file(text=TEXT)
    shown = mask(created)
    [kept] = head(created)["masks"]["approved"]
    [listed] = opened(created)["masks"]
    assert {each["end"] - each["start"] for each in (shown, kept, listed)} == {len(MARK)}
