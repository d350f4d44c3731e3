"""A repeated call shows an officer something, so it is on record like every other read."""

import os
from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib import wiring
from chalicelib.kernel import times
from tests import cloud
from tests.client import Reply, call, new_key, read_and_approve, report, tag_for
from tests.faults import inject
from tests.functional.bulletins.test_bulletins import PICTURE, draft
from tests.steps import file

pytestmark = pytest.mark.officers("wang", "li", "zhao")


def written(what: str) -> Callable[[], Reply]:
    """Return a call for a new report or bulletin, to be made again and again."""
    key = new_key()
    drafts = "/v1/officer/bulletins"
    if what == "draft":
        return lambda: call("POST", drafts, draft(), officer="wang", key=key)
    if what == "media":
        media = f"{drafts}/{call('POST', drafts, draft(), officer='wang').json['id']}/media"
        body = {"media": [PICTURE]}
        return lambda: call("POST", media, body, officer="wang", key=key)
    if what == "enter":
        entry = report(source="phone")
        return lambda: call("POST", "/v1/officer/reports", entry, officer="wang", key=key)
    created = file()
    path = f"/v1/officer/reports/{created['id']}"
    if what == "hold/approve":
        until = times.render(wiring.clock.now() + timedelta(days=30))
        hold = call("POST", f"{path}/hold", {"reason": "A trial.", "until": until}, officer="wang")
        assert hold.status == 201, hold.text
        tag = tag_for(f"{path}/hold/approve", "li")
        return lambda: read_and_approve(f"{path}/hold/approve", "li", tag)
    if what == "files":
        files = {"media": [PICTURE]}
        return lambda: call("POST", f"{path}/media", files, officer="wang", key=key)
    text = {"text": "A text."}
    return lambda: call("POST", f"{path}/{what}", text, officer="wang", key=key)


def audit_rows() -> int:
    return len(cloud.client("dynamodb").scan(TableName=os.environ["AUDIT_TABLE"])["Items"])


@pytest.mark.parametrize(
    "what", ["messages", "notes", "files", "hold/approve", "draft", "media", "enter"]
)
def test_a_repeated_call_of_an_officer_is_on_record_or_shows_nothing(what: str) -> None:
    repeat = written(what)
    first = repeat()
    assert first.status in {200, 201}, first.text
    before = audit_rows()
    again = repeat()
    assert again.status in {200, 201}, again.text
    assert audit_rows() == before + 1

    with inject.without(os.environ["AUDIT_TABLE"]):
        blind = repeat()
    assert blind.refusal == (503, "unavailable")
