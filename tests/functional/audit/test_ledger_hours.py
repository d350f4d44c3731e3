"""Each hour of the ledger is closed once, with every leaf, and does not say how many there are."""

import base64
import json
import os
import secrets
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.audit.ledger import Event, Head
from chalicelib.domain.audit.seals import HOUR
from chalicelib.handlers import watch
from chalicelib.kernel import errors
from chalicelib.services.audit.ledger import Sizes, close_hours
from chalicelib.store.audit.seals import ClosedHour
from tests import cloud, events
from tests.audit_trail import unlocked_bucket
from tests.client import call
from tests.faults import inject
from tests.ledger import close_hour, leaves_of, public_hours, record, this_hour
from tests.steps import by_officer, file

pytestmark = pytest.mark.usefixtures("aws", "clean")


def run() -> int:
    return int(watch.digest_audit(cloud.SCHEDULE, None)["hours"])


def run_without_digests() -> int:
    return close_hours(
        rows=wiring.leaf_rows(),
        heads=wiring.ledger_heads(),
        seals=wiring.seals(),
        key=wiring.signing_key(),
        now=wiring.clock.now(),
    )


@pytest.mark.parametrize(("count", "size"), [(0, 64), (1, 64), (64, 64), (65, 128)])
def test_an_hour_has_every_leaf_and_a_size_that_is_a_power_of_two(count: int, size: int) -> None:
    close_hour()
    written = record(*range(count), hour=this_hour())
    hour = close_hour()

    assert written <= leaves_of(hour)
    assert len(leaves_of(hour)) == public_hours()[-1]["head"]["size"] == size


def test_a_late_leaf_joins_the_open_hour_and_no_hour_changes() -> None:
    close_hour()
    early = this_hour()
    first = record(1, hour=early)
    assert close_hour() == early
    before = public_hours()
    late = record(2, hour=early)
    hour = close_hour()

    assert late <= leaves_of(hour)
    assert not first & leaves_of(hour)
    assert public_hours()[:-1] == before
    assert not late & leaves_of(close_hour())


def test_an_hour_is_closed_only_some_minutes_after_its_end() -> None:
    close_hour()
    now = wiring.clock.now()
    wiring.clock.advance(timedelta(minutes=64 - now.minute, seconds=-now.second))
    assert run() == 0
    wiring.clock.advance(timedelta(minutes=2))
    assert run() == 1
    assert run() == 0


def test_after_an_outage_every_hour_is_made_up_for() -> None:
    last = close_hour()
    wiring.clock.advance(5 * HOUR)
    assert run() == 5
    hours = [each["head"]["hour"] for each in public_hours()]
    assert hours[-6] == last
    assert len(set(hours)) == len(hours)


def test_two_runs_at_once_close_an_hour_once() -> None:
    close_hour()
    written = record(1, hour=this_hour())
    wiring.clock.advance(HOUR)
    done: list[int] = []

    def another(request: Any) -> None:
        if not done:
            done.append(0)
            done.append(run())

    with inject.fault(wiring.s3(), "s3.PutObject", another):
        assert run() == 0
    assert done == [0, 1]
    hour = public_hours()[-1]["head"]["hour"]
    assert written <= leaves_of(hour)


@pytest.mark.parametrize("how", [inject.crash, inject.crash_after], ids=["before", "after"])
@pytest.mark.parametrize("operation", ["s3.PutObject", "kms.Sign", "dynamodb.Query"])
def test_a_crash_loses_no_leaf_and_closes_no_hour_twice(operation: str, how: Any) -> None:
    close_hour()
    written = record(1, 2, hour=this_hour())
    wiring.clock.advance(HOUR)
    client = wiring.signing_key()._kms if operation == "kms.Sign" else None
    with inject.dying(operation, client, how=how):
        run()
    run()
    hours = Counter(each["head"]["hour"] for each in public_hours())
    assert set(hours.values()) == {1}
    found = [hour for hour in hours if written & leaves_of(hour)]
    assert len(found) == 1
    assert written <= leaves_of(found[0])


def test_an_hour_waits_for_the_digest_of_the_audit() -> None:
    close_hour()
    cloud.officer("wang")
    created = file()
    by_officer("GET", created)
    seal_audit()
    wiring.clock.advance(HOUR)
    assert run_without_digests() == 0
    assert run() >= 1
    assert public_hours()[-1]["head"]["audit"] is not None


def seal_audit() -> None:
    rows = cloud.client("dynamodb").scan(TableName=os.environ["AUDIT_TABLE"])["Items"]
    watch.seal_audit({"Records": events.audit_stream(rows)}, None)


def test_no_head_is_published_without_a_signature() -> None:
    close_hour()
    count = len(public_hours())
    wiring.clock.advance(HOUR)

    def fail(request: Any) -> Any:
        return inject.aws_response(request.url, 500, {"__type": "KMSInternalException"})

    with (
        inject.fault(wiring.signing_key()._kms, "kms.Sign", fail),
        pytest.raises(errors.Unavailable),
    ):
        run()
    assert len(public_hours()) == count


def test_equal_numbers_of_different_events_look_alike() -> None:
    """Whoever sees two hours cannot tell them apart: not by size, order or the bytes of leaves."""
    seen = []
    for event, count in ((Event.CLOSED, 40), (Event.EXPIRED, 3)):
        close_hour()
        real = record(*range(count), hour=this_hour(), event=event)
        close_hour()
        document = public_hours()[-1]
        joined = base64.b64decode(document["leaves"])
        each = [joined[at : at + 32] for at in range(0, len(joined), 32)]
        assert each == sorted(each)
        # The places of the real ones are spread over the whole tree, as those of random ones are.
        places = [place for place, leaf in enumerate(each) if leaf in real]
        seen.append((sorted(document), document["head"]["size"], len(joined)))
        assert len(places) == count
        assert places != list(range(count))
    assert seen[0] == seen[1]


def test_a_very_long_hour_is_loaded_from_where_it_is_kept() -> None:
    with unlocked_bucket():
        head = Head("2026-01-01T00", 1 << 17, "00" * 32, None, None)
        leaves = tuple(secrets.token_bytes(32) for _ in range(1 << 17))
        wiring.ledger_heads().put_hour(ClosedHour(head, b"signature", b"key", leaves))
        reply = call("GET", "/v1/ledger/2026-01-01T00")
    assert reply.status == 302
    assert "/ledger/2026-01-01T00.json?" in reply.headers["location"]


def test_parts_are_as_large_as_s3_wants_and_join_to_one_document() -> None:
    leaves = [secrets.token_bytes(32) for _ in range(1 << 18)]
    joined, part = b"".join(leaves), Sizes().part
    head = Head("2026-01-01T01", len(leaves), "00" * 32, None, None)
    with unlocked_bucket():
        heads = wiring.ledger_heads()
        upload = heads.begin_hour(head.hour)
        upload = heads.put_leaves(head.hour, upload, joined[:part])
        closed = ClosedHour(head, b"signature", b"key")
        assert heads.closed([head.hour]) == []
        assert heads.complete_hour(closed, upload, joined[part:])
        assert not heads.complete_hour(closed, heads.begin_hour(head.hour), b"another")
        [read] = heads.closed([head.hour])
        stored = heads.hour(head.hour)
        assert stored
        document = json.loads(heads.read(stored) or b"")
    assert (read.head, read.signature, read.key) == closed[:3]
    assert list(read.leaves) == list(read.leaves) == leaves
    assert document == json.loads(closed._replace(leaves=leaves).content())
