"""Two write to a report at once: its place in the list by attention fits it all the same."""

import itertools
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib import wiring
from tests import cloud
from tests.faults import inject
from tests.kept import Kept
from tests.places import head_of, place_of
from tests.steps import by_officer, by_reporter, file, write

pytestmark = pytest.mark.usefixtures("aws", "clean")

type Filed = Mapping[str, Any]


def patch(filed: Filed, **change: object) -> None:
    version = head_of(filed)["version"]
    by_officer("PATCH", filed, "", change, version=version)


def hold(filed: Filed) -> None:
    until = (wiring.clock.now() + timedelta(days=9)).isoformat()
    by_officer("POST", filed, "/hold", {"reason": "A court asks.", "until": until}, officer="li")


MALICIOUS = {"status": "closed", "disposition": "malicious", "reason": "It is not true."}
WRITERS: Mapping[str, Callable[[Filed], object]] = {
    "acknowledge": lambda filed: patch(filed, status="acknowledged"),
    "close": lambda filed: patch(filed, **MALICIOUS),
    "raise the urgency": lambda filed: patch(filed, urgency="critical"),
    "move": lambda filed: patch(filed, category="other"),
    "write": lambda filed: by_reporter("POST", filed, "/messages", {"text": "He is still gone."}),
    "reply": lambda filed: by_officer("POST", filed, "/messages", {"text": "We come."}),
    "note": lambda filed: by_officer("POST", filed, "/notes", {"text": "Seen."}),
    "hold": hold,
    "mute": lambda filed: by_officer("POST", filed, "/mute", {"reason": "Too many."}),
    "withdraw": lambda filed: by_reporter("DELETE", filed),
    "open": lambda filed: by_officer("GET", filed, officer="li"),
    "sweep": lambda filed: cloud.sweep(),
}


@pytest.fixture(scope="module")
def beginning(aws: Mapping[str, str]) -> tuple[Filed, datetime, Kept]:
    """Return a report with something unread, when its deadline has passed, and the cloud then."""
    cloud.officer("wang")
    cloud.officer("li")
    filed: Filed = file()
    cloud.stream(cloud.all_keys())
    write(filed)
    cloud.stream(cloud.all_keys())
    return filed, wiring.clock.now() + timedelta(minutes=31), Kept()


@pytest.fixture
def filed(beginning: tuple[Filed, datetime, Kept], clean: None) -> Filed:
    filed, now, kept = beginning
    kept.put_back()
    wiring.clock.advance(now - wiring.clock.now())
    return filed


@pytest.mark.parametrize(("first", "meanwhile"), list(itertools.permutations(WRITERS, 2)))
def test_a_report_is_where_it_belongs_when_two_write_at_once(
    filed: Filed, first: str, meanwhile: str
) -> None:
    done: list[bool] = []

    def interrupt(request: object) -> None:
        if not done:
            done.append(True)
            WRITERS[meanwhile](filed)

    client = wiring.dynamodb()
    with (
        inject.fault(client, "dynamodb.TransactWriteItems", interrupt),
        inject.fault(client, "dynamodb.UpdateItem", interrupt),
    ):
        WRITERS[first](filed)
    row = head_of(filed)
    assert (row["attention_shard"], row["attention_at"]) == place_of(row)
    waits = row.get("task") in ("escalate", "overdue")
    assert not waits or (row["status"] == "new" and not row.get("attended"))
    assert ("muted" in row) is ("muted" in row.get("flags", ()))
    cloud.sweep()
    row = head_of(filed)
    assert (row["attention_shard"], row["attention_at"]) == place_of(row)
