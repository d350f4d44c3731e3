"""Two write to a report at once: its place in the list by attention fits it all the same."""

import itertools
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib import wiring
from tests import cloud
from tests.client import call, new_key, report
from tests.faults import inject
from tests.kept import Kept
from tests.places import head_of, place_of

pytestmark = pytest.mark.usefixtures("aws", "clean")

type Filed = Mapping[str, Any]


def _path(filed: Filed, more: str = "") -> str:
    return f"/v1/officer/reports/{filed['id']}{more}"


def patch(filed: Filed, **change: object) -> None:
    version = head_of(filed)["version"]
    call("PATCH", _path(filed), change, officer="wang", headers={"If-Match": f'"{version}"'})


def acknowledge(filed: Filed) -> None:
    patch(filed, status="acknowledged")


def close(filed: Filed) -> None:
    patch(filed, status="closed", disposition="malicious", reason="It is not true.")


def raise_urgency(filed: Filed) -> None:
    patch(filed, urgency="critical")


def move(filed: Filed) -> None:
    patch(filed, category="other")


def write(filed: Filed) -> None:
    path = f"/v1/reports/{filed['id']}/messages"
    call("POST", path, {"text": "He is still gone."}, receipt=filed["receipt"])


def reply(filed: Filed) -> None:
    call("POST", _path(filed, "/messages"), {"text": "We come."}, officer="wang")


def note(filed: Filed) -> None:
    call("POST", _path(filed, "/notes"), {"text": "Seen."}, officer="wang")


def hold(filed: Filed) -> None:
    until = (wiring.clock.now() + timedelta(days=9)).isoformat()
    call("POST", _path(filed, "/hold"), {"reason": "A court asks.", "until": until}, officer="li")


def mute(filed: Filed) -> None:
    call("POST", _path(filed, "/mute"), {"reason": "Too many."}, officer="wang")


def withdraw(filed: Filed) -> None:
    call("DELETE", f"/v1/reports/{filed['id']}", receipt=filed["receipt"])


def open_it(filed: Filed) -> None:
    call("GET", _path(filed), officer="li")


def sweep(filed: Filed) -> None:
    cloud.sweep()


WRITERS: tuple[Callable[[Filed], None], ...] = (
    acknowledge, close, raise_urgency, move, write, reply, note, hold, mute, withdraw, open_it,
    sweep,
)  # fmt: skip


@pytest.fixture(scope="module")
def beginning(aws: Mapping[str, str]) -> tuple[Filed, datetime, Kept]:
    """Return a report with something unread, when its deadline has passed, and the cloud then."""
    cloud.officer("wang")
    cloud.officer("li")
    filed: Filed = call("POST", "/v1/reports", report(), key=new_key()).json
    cloud.stream(cloud.all_keys(aws))
    write(filed)
    cloud.stream(cloud.all_keys(aws))
    return filed, wiring.clock.now() + timedelta(minutes=31), Kept(aws)


@pytest.fixture
def filed(beginning: tuple[Filed, datetime, Kept], clean: None) -> Filed:
    filed, now, kept = beginning
    kept.put_back()
    wiring.clock.advance(now - wiring.clock.now())
    return filed


@pytest.mark.parametrize(
    ("first", "meanwhile"),
    list(itertools.permutations(WRITERS, 2)),
    ids=lambda writer: writer.__name__,
)
def test_a_report_is_where_it_belongs_when_two_write_at_once(
    filed: Filed,
    first: Callable[[Filed], None],
    meanwhile: Callable[[Filed], None],
) -> None:
    done: list[bool] = []

    def interrupt(request: object) -> None:
        if not done:
            done.append(True)
            meanwhile(filed)

    client = wiring.dynamodb()
    with (
        inject.fault(client, "dynamodb.TransactWriteItems", interrupt),
        inject.fault(client, "dynamodb.UpdateItem", interrupt),
    ):
        first(filed)
    row = head_of(filed)
    assert (row["attention_shard"], row["attention_at"]) == place_of(row)
    waits = row.get("task") in ("escalate", "overdue")
    assert not waits or (row["status"] == "new" and not row.get("attended"))
    assert ("muted" in row) is ("muted" in row.get("flags", ()))
    cloud.sweep()
    row = head_of(filed)
    assert (row["attention_shard"], row["attention_at"]) == place_of(row)
