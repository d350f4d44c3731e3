"""A long hour of the ledger is closed once, whatever ends a run and however many run at once."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from chalicelib import wiring
from chalicelib.domain.audit.seals import HOUR, hour_of
from chalicelib.kernel import errors
from tests.faults import inject
from tests.ledger import (
    close_hour,
    close_long,
    leaves_of,
    public_hours,
    record,
    small_parts,
    this_hour,
)

pytestmark = pytest.mark.usefixtures("aws", "clean")

COUNT, SIZE = 70, 128
# Sixteen counts, their sum, the beginning, each part with where it ends, the last part and the end.
WRITES = 16 + 1 + 2 + 2 * 5 + 2


@pytest.fixture(autouse=True)
def long_hour(clean: None) -> Iterator[set[bytes]]:
    """Write the leaves of a long hour that is over, and yield them."""
    with small_parts():
        close_hour()
        written = record(*range(COUNT), hour=this_hour())
        wiring.clock.advance(HOUR)
        yield written


def assert_closed_once(written: set[bytes]) -> None:
    hours = Counter(each["head"]["hour"] for each in public_hours())
    assert set(hours.values()) == {1}
    assert len(leaves_of(max(hours))) == SIZE
    assert written <= leaves_of(max(hours))


@contextmanager
def writes(handle: Callable[[Any], AWSResponse | None]) -> Iterator[list[str]]:
    """Call `handle` before each write. Yields the list of them."""
    called: list[str] = []

    def before(request: Any) -> AWSResponse | None:
        if request.method == "GET":
            return None
        called.append(request.url)
        return handle(request)

    with (
        inject.fault(wiring.s3(), "s3.*", before),
        inject.fault(wiring.dynamodb(), "dynamodb.PutItem", before),
    ):
        yield called


def test_a_long_hour_is_written_in_parts(long_hour: set[bytes]) -> None:
    with inject.fault(wiring.s3(), "s3.*", lambda _: None) as called:
        assert close_long() == 1
    calls = Counter(called)
    assert calls["CreateMultipartUpload"] == calls["CompleteMultipartUpload"] == 1
    assert calls["UploadPart"] > 4
    assert calls["PutObject"] == 1
    assert_closed_once(long_hour)


@pytest.mark.thorough
@pytest.mark.parametrize("how", [inject.crash, inject.crash_after], ids=["before", "after"])
@pytest.mark.parametrize("position", [0, 8, *range(15, WRITES)])
def test_a_crash_at_any_write_leaves_an_hour_that_the_next_run_closes(
    long_hour: set[bytes], position: int, how: Any
) -> None:
    with pytest.raises(inject.Crash), writes(inject.at(position, how)):
        close_long()
    with writes(lambda _: None) as remaining:
        close_long()
    assert len(remaining) <= WRITES - position + 2
    assert_closed_once(long_hour)


@pytest.mark.parametrize(
    "operation", ["dynamodb.PutItem", "s3.UploadPart", "s3.CompleteMultipartUpload"]
)
def test_two_runs_at_once_close_a_long_hour_once(long_hour: set[bytes], operation: str) -> None:
    closed: list[int] = []
    with inject.meanwhile(lambda: closed.append(close_long()), operation):
        closed.append(close_long())
    assert 1 in closed
    assert close_long() == 0
    assert_closed_once(long_hour)


def test_a_run_stops_where_another_has_gone_on(long_hour: set[bytes]) -> None:
    def another() -> None:
        with pytest.raises(inject.Crash), writes(inject.at(3, inject.crash)):
            close_long()

    with inject.meanwhile(another, "dynamodb.PutItem"):
        assert close_long() == 0
    assert close_long() == 1
    assert_closed_once(long_hour)


def test_a_part_that_two_runs_wrote_begins_the_hour_anew(long_hour: set[bytes]) -> None:
    """S3 has the part of the one, and the other noted its own: they differ in what is random."""

    def another(request: Any) -> None:
        with suppress(inject.Crash), inject.fault(wiring.s3(), "s3.UploadPart", inject.crash_after):
            close_long()

    with (
        inject.fault(wiring.dynamodb(), "dynamodb.PutItem", inject.at(17, another)),
        pytest.raises(errors.Unavailable),
    ):
        close_long()
    assert close_long() == 1
    assert_closed_once(long_hour)


def test_an_upload_that_was_ended_begins_the_hour_anew(long_hour: set[bytes]) -> None:
    gone = inject.s3_error(404, "NoSuchUpload")
    with (
        inject.fault(wiring.s3(), "s3.UploadPart", inject.at(3, gone)),
        pytest.raises(errors.Unavailable),
    ):
        close_long()
    assert close_long() == 1
    assert_closed_once(long_hour)


def test_leaves_that_come_between_the_passes_are_in_one_hour_each(long_hour: set[bytes]) -> None:
    """More than the tree has places for: a later hour has the rest."""
    late: set[bytes] = set()

    def write(request: Any) -> None:
        late.update(record(*range(2 * SIZE), hour=hour_of(wiring.clock.now() - HOUR)))

    with inject.fault(wiring.s3(), "s3.CreateMultipartUpload", write):
        assert close_long() == 1
    first = public_hours()[-1]["head"]["hour"]
    assert len(leaves_of(first)) == SIZE
    wiring.clock.advance(HOUR)
    assert close_long() == 1
    second = public_hours()[-1]["head"]["hour"]
    assert not leaves_of(first) & leaves_of(second)
    assert long_hour | late <= leaves_of(first) | leaves_of(second)
    assert late & leaves_of(first)
    assert late & leaves_of(second)


def test_runs_that_die_at_the_fourth_write_close_the_hour_together(long_hour: set[bytes]) -> None:
    """Each goes on where the one before it was, in both passes."""
    for _ in range(WRITES // 2):
        with suppress(inject.Crash), writes(inject.at(3, inject.crash)):
            close_long()
    assert_closed_once(long_hour)
