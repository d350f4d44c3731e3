"""A mask that is approved while a colleague's call has read the report, and not written it yet."""

from collections.abc import Mapping

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.domain.officers.model import Role
from tests import cloud
from tests.faults import inject
from tests.functional.casework.test_masks import NAME, PLATE, TEXT, approve_mask, hold, propose
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
def test_lifting_a_hold_erases_what_a_mask_of_this_moment_hides(aws: Mapping[str, str]) -> None:
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
