"""A flood of one text is one row of a list, and every report is in exactly one row."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.handlers.service import scheduled
from tests import cloud
from tests.client import call, new_key, report

pytestmark = pytest.mark.usefixtures("aws", "clean")

FLOOD = "A bomb will go off in the station at noon."


@pytest.fixture(autouse=True)
def _officers(clean: None) -> Iterator[None]:
    wiring.reset()
    wiring.pause_by(lambda seconds: None)
    cloud.officer()
    scheduled.suggest_incidents(cloud.SCHEDULE, None)
    yield
    wiring.reset()


def file(**more: Any) -> str:
    created = call("POST", "/v1/reports", report(category="other", **more), key=new_key())
    assert created.status == 201, created.text
    return str(created.json["id"])


def compare() -> None:
    scheduled.suggest_incidents(cloud.SCHEDULE, None)


def pages(query: str = "", limit: int = 4) -> Iterator[list[dict[str, Any]]]:
    cursor = ""
    while True:
        address = f"/v1/officer/reports?category=other&limit={limit}{query}{cursor}"
        reply = call("GET", address, officer="wang")
        assert reply.status == 200, reply.text
        yield reply.json["items"]
        if reply.json["next_cursor"] is None:
            return
        cursor = f"&cursor={reply.json['next_cursor']}"


def count(row: dict[str, Any]) -> int:
    return int(row.get("same_text", {"count": 1})["count"])


def test_a_flood_of_one_text_is_one_row_with_its_count() -> None:
    flood = [file(text=FLOOD) for _ in range(5)]
    real = file(text="My child has not come home from school.")
    flood += [file(text=FLOOD) for _ in range(5)]
    compare()
    [[newest, other]] = pages()
    assert (newest["id"], count(newest)) == (flood[-1], 10)
    assert (other["id"], "same_text" in other) == (real, False)


def test_every_report_is_in_one_row_of_one_page_in_order() -> None:
    filed = [
        file(text=FLOOD if number % 3 else f"Report {number} of this afternoon.")
        for number in range(40)
    ]
    compare()
    found = list(pages())
    rows = [row for page in found for row in page]
    assert sum(map(count, rows)) == 40
    assert [row["id"] for row in rows] == [each for each in reversed(filed) if each in _ids(rows)]
    assert Counter(_ids(rows)).most_common(1)[0][1] == 1
    singles = {each for number, each in enumerate(filed) if number % 3 == 0}
    assert singles <= set(_ids(rows))
    # A row stands for reports of its own page alone.
    assert all(sum(count(row) > 1 for row in page) <= 1 for page in found)


def _ids(rows: list[dict[str, Any]]) -> list[str]:
    return [str(row["id"]) for row in rows]


def test_each_report_by_itself_if_the_officer_wants_so() -> None:
    filed = [file(text=FLOOD) for _ in range(9)]
    compare()
    rows = [row for page in pages("&fold=none") for row in page]
    assert _ids(rows) == filed[::-1]
    assert all("same_text" not in row for row in rows)


def test_what_an_officer_works_on_or_what_has_media_keeps_its_row() -> None:
    filed = [file(text=FLOOD) for _ in range(4)]
    picture = file(text=FLOOD, media=[{"content_type": "image/jpeg", "size": 100_000}])
    compare()
    call(
        "PATCH",
        f"/v1/officer/reports/{filed[1]}",
        {"status": "acknowledged"},
        officer="wang",
        headers={"If-Match": '"1"'},
    )
    [rows] = pages()
    assert {row["id"]: count(row) for row in rows} == {picture: 1, filed[3]: 3, filed[1]: 1}


def test_short_texts_and_other_words_are_not_the_same() -> None:
    for text in ("Help!", "Help!", FLOOD, FLOOD.replace("noon", "nine")):
        file(text=text)
    file(text=FLOOD.upper().replace(" ", "  "))
    compare()
    [rows] = pages(limit=10)
    assert sorted(map(count, rows)) == [1, 1, 1, 2]


def test_a_flood_costs_a_page_a_bounded_number_of_queries() -> None:
    for _ in range(60):
        file(text=FLOOD)
    compare()
    first = next(iter(pages(limit=2)))
    assert [count(row) > 10 for row in first] == [True]
