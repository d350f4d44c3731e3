"""Lists: pages hold every row once, for few reads, and cursors say nothing."""

import base64
import json
import subprocess
import sys
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.aws.attributes import pack
from chalicelib.aws.listing import Listing, Page, Span
from chalicelib.aws.table import Row, Table
from chalicelib.kernel import errors
from chalicelib.kernel.paging import CURSOR_LIFE, Cursors

INDEX = ("by_category", "category_shard", "listed_at")


class Shards:
    """A DynamoDB client for the only query that lists make."""

    def __init__(self) -> None:
        self.rows: dict[str, list[str]] = defaultdict(list)
        self.calls = 0
        self.read = 0

    def add(self, partition: str, listed_at: str) -> None:
        insort(self.rows[partition], listed_at)

    def query(self, **asked: Any) -> dict[str, Any]:
        self.calls += 1
        values = asked["ExpressionAttributeValues"]
        partition = values[":p"]["S"]
        listed = self.rows[partition]
        end = bisect_left(listed, values[":a"]["S"]) if ":a" in values else len(listed)
        begin = max(0, end - asked["Limit"])
        found = listed[begin:end][::-1]
        self.read += len(found)
        return {"Items": [pack({"listed_at": each, "partition": partition}) for each in found]} | (
            {"LastEvaluatedKey": {}} if begin else {}
        )


def listing(shards: Shards) -> Listing:
    return Listing(Table(shards, "reports"))  # type: ignore[arg-type]


def at(number: int) -> str:
    return f"{number:09}#{number}"


def partitions(count: int) -> list[str]:
    return [f"c#{shard}" for shard in range(count)]


def is_kept(row: Row, one_of: int) -> bool:
    return int(str(row["listed_at"]).partition("#")[2]) % one_of == 0


@given(
    placed=st.lists(st.integers(0, 7), max_size=120),
    limit=st.integers(1, 13),
    one_of=st.sampled_from([1, 1, 2, 7, 50]),
    since=st.one_of(st.none(), st.integers(0, 130)),
    arriving=st.lists(st.tuples(st.integers(0, 7), st.booleans()), max_size=10),
)
def test_pages_hold_every_row_once_while_more_arrive_and_shards_grow(
    placed: list[int], limit: int, one_of: int, since: int | None, arriving: list[tuple[int, bool]]
) -> None:
    """`placed` has the shard of each row, oldest first. After each page, a newer row arrives:
    `arriving` has its shard, and whether it is in a new shard.
    """
    shards, count, number = Shards(), 8, len(placed)
    for position, shard in enumerate(placed):
        shards.add(f"c#{shard}", at(position))
    lists, more = listing(shards), iter(arriving)
    seen: list[int] = []
    below: str | None = None
    for _ in range(500):
        page = lists.page(
            INDEX,
            partitions(count),
            limit=limit,
            below=below,
            since=at(since) if since is not None else None,
            keep=lambda row: is_kept(row, one_of),
        )
        assert len(page.rows) <= limit
        seen += [int(str(row["listed_at"]).partition("#")[2]) for row in page.rows]
        if page.position is None:
            break
        assert below is None or page.position < below
        below = page.position
        shard, grows = next(more, (0, False))
        count += grows
        number += 1
        shards.add(f"c#{count - 1 if grows else shard}", at(number))
    else:
        pytest.fail("never comes to its end")

    assert seen == [
        each
        for each in range(len(placed) - 1, -1, -1)
        if each % one_of == 0 and (since is None or each >= since)
    ]


@given(placed=st.lists(st.integers(0, 3), max_size=300), limit=st.integers(1, 50))
def test_a_page_reads_a_bounded_number_of_rows_even_when_none_is_kept(
    placed: list[int], limit: int
) -> None:
    shards = Shards()
    for position, shard in enumerate(placed):
        shards.add(f"c#{shard}", at(position))
    listing(shards).page(INDEX, partitions(4), limit=limit, keep=lambda row: False)

    assert shards.calls <= 4 * 3
    assert shards.read <= 4 * 7 * max(2, -(-2 * limit // 4))


@given(
    placed=st.lists(st.integers(0, 5), min_size=1, max_size=6).flatmap(
        lambda some: st.lists(st.sampled_from(some), min_size=50, max_size=200)
    ),
    limit=st.integers(1, 50),
)
def test_a_page_of_six_partitions_takes_at_most_eight_queries_whatever_their_shares(
    placed: list[int], limit: int
) -> None:
    shards = Shards()
    for position, shard in enumerate(placed):
        shards.add(f"c#{shard}", at(position))
    page = listing(shards).page(INDEX, partitions(6), limit=limit)

    assert len(page.rows) == limit
    assert shards.calls <= 8


def test_many_rows_that_are_not_kept_take_few_queries() -> None:
    """As a flood of one text does, of which a list keeps one: here in 4 of 32 partitions."""
    shards = Shards()
    for number in range(240):
        shards.add(f"c#{number % 4}", at(100 + number))
    for number in range(32):
        shards.add(f"c#{number}", at(number))
    page = listing(shards).page(
        INDEX, partitions(32), limit=20, keep=lambda row: not at(100) <= row["listed_at"] < at(339)
    )

    # What is behind the flood is on its page.
    assert [row["listed_at"] for row in page.rows] == [at(339), *map(at, range(31, 12, -1))]
    assert shards.calls <= 32 + 4 * 4


@pytest.mark.parametrize("keep_one_of", [1, 10])
def test_a_page_costs_the_same_among_a_hundred_thousand_as_among_three_thousand(
    keep_one_of: int,
) -> None:
    def cost(total: int) -> list[tuple[int, int]]:
        shards = Shards()
        for shard in range(4):
            shards.rows[f"c#{shard}"] = [
                at(number) for number in range(200_000 - total, 200_000) if number % 4 == shard
            ]
        lists, below, costs = listing(shards), None, []
        for _ in range(3):
            shards.calls = shards.read = 0
            page = lists.page(
                INDEX,
                partitions(4),
                limit=50,
                below=below,
                keep=lambda row: is_kept(row, keep_one_of),
            )
            below = page.position
            costs.append((shards.calls, shards.read))
        return costs

    assert cost(3_000) == cost(100_000)
    assert cost(3_000)[0][0] <= 4 * 3


def test_a_list_of_nothing_is_one_empty_page() -> None:
    assert listing(Shards()).page(INDEX, [], limit=10) == Page((), None)
    assert listing(Shards()).page(INDEX, partitions(4), limit=10) == Page((), None)


class Queue:
    """A DynamoDB client for the queries for the oldest row, of one partition."""

    def __init__(self, listed: Sequence[str]) -> None:
        self.listed = sorted(listed)
        self.calls = 0

    def query(self, **asked: Any) -> dict[str, Any]:
        self.calls += 1
        values = asked["ExpressionAttributeValues"]
        begin = bisect_left(self.listed, values[":a"]["S"]) if ":a" in values else 0
        end = begin + asked["Limit"]
        more: dict[str, Any] = {"LastEvaluatedKey": {}} if end < len(self.listed) else {}
        return {"Items": [pack({"listed_at": each}) for each in self.listed[begin:end]]} | more


@pytest.mark.parametrize(("before", "calls"), [(0, 1), (9, 1), (470, 3), (4_000, 10)])
def test_the_oldest_is_found_behind_thousands_of_others(before: int, calls: int) -> None:
    queue = Queue([at(number) for number in range(before + 10_000)])
    found = Listing(Table(queue, "reports")).oldest(  # type: ignore[arg-type]
        INDEX, ["c#0"], keep=lambda row: row["listed_at"] >= at(before)
    )
    assert found
    assert (found["listed_at"], queue.calls) == (at(before), calls)


BY_RANK = ("by_attention", "attention_shard", "attention_at")


class Ranked(Shards):
    """A DynamoDB client for queries of ranges, in either direction."""

    def query(self, **asked: Any) -> dict[str, Any]:
        self.calls += 1
        values, condition = asked["ExpressionAttributeValues"], asked["KeyConditionExpression"]
        first = values[":a"]["S"] if ":a" in values and "<" not in condition else ""
        last = values[":b"]["S"] if ":b" in values else "~"
        found = [each for each in self.rows[values[":p"]["S"]] if first <= each <= last]
        found = found if asked["ScanIndexForward"] else found[::-1]
        some = found[: asked["Limit"]]
        self.read += len(some)
        more: dict[str, Any] = {"LastEvaluatedKey": {}} if len(some) < len(found) else {}
        return {"Items": [pack({"attention_at": each}) for each in some]} | more


RANKS = [f"{rank}#" for rank in ("0", "01", "1", "13", "2", "3", "4")]
WANTED = RANKS[1:]


@given(
    counts=st.lists(st.sampled_from([0, 1, 7, 100, 101, 130]), min_size=1, max_size=3),
    chosen=st.randoms(use_true_random=False),
    limit=st.integers(5, 50),
)
def test_a_list_of_many_ranges_holds_each_row_once_however_long_its_partitions_are(
    counts: list[int], chosen: Random, limit: int
) -> None:
    rows, number = Ranked(), 0
    expected: list[int] = []
    for shard, count in enumerate(counts):
        for _ in range(count):
            number += 1
            rank = chosen.choice(RANKS)
            rows.add(f"c#{shard}", rank + at(number))
            expected += [number] * (rank in WANTED)
    spans = [Span(f"c#{shard}", rank) for shard in range(len(counts)) for rank in WANTED]
    seen: list[int] = []
    below: str | None = None
    while True:
        page = listing(rows).page(BY_RANK, spans, limit=limit, below=below)
        seen += [int(str(row["attention_at"]).rpartition("#")[2]) for row in page.rows]
        if page.position is None:
            break
        below = page.position
    assert seen == sorted(expected, reverse=True)
    oldest = listing(rows).oldest(BY_RANK, spans, keep=lambda row: True)
    found = oldest and int(str(oldest["attention_at"]).rpartition("#")[2])
    assert found == min(expected, default=None)


def test_a_partition_of_few_rows_is_one_query_whatever_its_ranges() -> None:
    rows = Ranked()
    for number in range(90):
        rows.add("c#0", RANKS[number % len(RANKS)] + at(number))
    spans = [Span("c#0", rank) for rank in RANKS]
    since = listing(rows).page(BY_RANK, spans, limit=50, below=at(80), since=at(40))
    assert [str(row["attention_at"])[-2:] for row in since.rows] == [*map(str, range(79, 39, -1))]
    assert (rows.calls, rows.read) == (1, 90)


NOW = datetime(2026, 11, 25, 9, 30, 12, 345000, tzinfo=UTC)
POSITION = "2026-11-25T08:29:11.123Z#7M3XK9QZ4TB8N2VW6YH0RDCEFG"
CURSORS = Cursors([b"newest", b"older"])


def issue(position: str = POSITION, cursors: Cursors = CURSORS) -> str:
    return cursors.issue(position, reader="wang", filters={"status": "new"}, now=NOW)


def read(cursor: str, now: datetime = NOW, **other: object) -> str | None:
    bound: dict[str, object] = {"reader": "wang", "filters": {"status": "new"}, **other}
    return CURSORS.read(cursor, now=now, **bound)  # type: ignore[arg-type]


def is_refused(cursor: str, now: datetime = NOW, **other: object) -> bool:
    with pytest.raises(errors.Malformed) as refused:
        read(cursor, now, **other)
    return refused.value.code == "bad_cursor"


def raw(cursor: str) -> bytes:
    return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


@given(st.text())
def test_a_position_comes_back(position: str) -> None:
    cursor = issue(position[:200])
    assert CURSORS.read(None, reader="wang", filters={}, now=NOW) is None
    assert len(cursor) > 512 or read(cursor) == position[:200]


def test_a_cursor_of_a_report_is_short() -> None:
    assert len(issue()) < 200


def test_no_part_of_a_position_can_be_read_in_a_cursor() -> None:
    expires = str(int((NOW + CURSOR_LIFE).timestamp()))
    content = json.dumps([POSITION, expires])
    # Long enough that none is there by chance: 64^8 against some hundred thousand places.
    parts = {content[at : at + 8] for at in range(len(content) - 7)}
    for _ in range(50):
        cursor = issue()
        shown = (raw(cursor), cursor.encode(), raw(cursor)[::-1])
        assert not [part for part in parts for form in shown if part.encode() in form]


def test_cursors_of_one_position_and_of_near_ones_have_nothing_in_common() -> None:
    """Bytes that depend on the position alone would be equal in all of them."""
    again = [raw(issue()) for _ in range(40)]
    near = [raw(issue(POSITION.replace("123Z", f"{ms:03}Z"))) for ms in range(40)]
    assert {len(each) for each in again + near} == {len(again[0])}
    for cursors in (again, near):
        assert not [column for column in zip(*cursors, strict=True) if len(set(column)) < 20]


@given(st.data())
def test_a_cursor_in_which_one_letter_changed_is_refused(data: st.DataObject) -> None:
    cursor = issue()
    at = data.draw(st.integers(0, len(cursor) - 1))
    letter = data.draw(st.characters(codec="ascii").filter(lambda each: each != cursor[at]))
    assert is_refused(cursor[:at] + letter + cursor[at + 1 :])


@given(st.binary(max_size=100))
def test_bytes_that_nobody_encrypted_are_refused(content: bytes) -> None:
    assert is_refused(base64.urlsafe_b64encode(content).rstrip(b"=").decode())


def test_every_secret_of_the_ring_opens_and_only_these() -> None:
    assert read(issue(cursors=Cursors([b"older"]))) == POSITION
    assert is_refused(issue(cursors=Cursors([b"oldest"])))


def test_a_first_page_does_not_load_the_cipher() -> None:
    program = (
        "import sys; from datetime import datetime, UTC\n"
        "from chalicelib.kernel.paging import Cursors\n"
        "Cursors([b'x']).read(None, reader='r', filters={}, now=datetime.now(UTC))\n"
        "print('cryptography' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert run.stdout.strip() == "False"
