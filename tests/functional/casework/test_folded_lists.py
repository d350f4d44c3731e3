"""A HEAD's copies for lists are true after each write, and a flood of one text is one row."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.aws.table import ConditionFailed
from chalicelib.domain.reports.report import LISTED, Flag
from chalicelib.handlers.service import scheduled
from chalicelib.store.reports.heads import FORM, change_head, listed_of, listed_row, update_head
from chalicelib.store.reports.media_rows import SketchRows
from tests import cloud
from tests.client import call
from tests.steps import by_reporter, file

pytestmark = pytest.mark.usefixtures("aws", "clean")

FLOOD = "A bomb will go off in the station at noon."


@pytest.fixture(autouse=True)
def _officers(clean: None, fresh: None) -> None:
    cloud.officer()
    scheduled.suggest_incidents(cloud.SCHEDULE, None)


def file_other(**more: Any) -> str:
    return str(file("other", **more)["id"])


def compare() -> None:
    scheduled.suggest_incidents(cloud.SCHEDULE, None)


def pages(
    query: str = "", limit: int = 4, category: str = "other"
) -> Iterator[list[dict[str, Any]]]:
    cursor = ""
    while True:
        address = f"/v1/officer/reports?category={category}&limit={limit}{query}{cursor}"
        reply = call("GET", address, officer="wang").expect(200)
        yield reply["items"]
        if reply["next_cursor"] is None:
            return
        cursor = f"&cursor={reply['next_cursor']}"


def count(row: dict[str, Any]) -> int:
    return int(row.get("same_text", {"count": 1})["count"])


def test_a_flood_of_one_text_is_one_row_with_its_count() -> None:
    flood = [file_other(text=FLOOD) for _ in range(5)]
    real = file_other(text="My child has not come home from school.")
    flood += [file_other(text=FLOOD) for _ in range(5)]
    compare()
    [[newest, other]] = pages()
    assert (newest["id"], count(newest)) == (flood[-1], 10)
    assert (other["id"], "same_text" in other) == (real, False)


def test_every_report_is_in_one_row_of_one_page_in_order() -> None:
    filed = [
        file_other(text=FLOOD if number % 3 else f"Report {number} of this afternoon.")
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
    filed = [file_other(text=FLOOD) for _ in range(9)]
    compare()
    rows = [row for page in pages("&fold=none") for row in page]
    assert _ids(rows) == filed[::-1]
    assert all("same_text" not in row for row in rows)


def test_what_an_officer_works_on_or_what_has_media_keeps_its_row() -> None:
    filed = [file_other(text=FLOOD) for _ in range(4)]
    picture = file_other(text=FLOOD, media=[{"content_type": "image/jpeg", "size": 100_000}])
    compare()
    call(
        "PATCH",
        f"/v1/officer/reports/{filed[1]}",
        {"status": "acknowledged"},
        officer="wang",
        version=1,
    )
    [rows] = pages()
    assert {row["id"]: count(row) for row in rows} == {picture: 1, filed[3]: 3, filed[1]: 1}


def test_short_texts_and_other_words_are_not_the_same() -> None:
    for text in ("Help!", "Help!", FLOOD, FLOOD.replace("noon", "nine")):
        file_other(text=text)
    file_other(text=FLOOD.upper().replace(" ", "  "))
    compare()
    [rows] = pages(limit=10)
    assert sorted(map(count, rows)) == [1, 1, 1, 2]


def test_a_flood_costs_a_page_a_bounded_number_of_queries() -> None:
    for _ in range(60):
        file_other(text=FLOOD)
    compare()
    first = next(iter(pages(limit=2)))
    assert [count(row) > 10 for row in first] == [True]


HERE = {"lat": 39.92123, "lon": 116.44321}
FAR = {**HERE, "lat": HERE["lat"] + 0.072}  # 8 km to the north
TAKEN = "A man has taken a child into a white van."


def taken(**more: Any) -> str:
    return str(file("child_abduction", text=TAKEN, **more)["id"])


def test_critical_reports_of_one_text_are_one_row_only_from_one_place() -> None:
    first = taken(location=HERE)
    wiring.clock.advance(timedelta(minutes=2))
    taken(location=FAR)
    wiring.clock.advance(timedelta(minutes=2))
    last = taken(location=HERE)
    compare()
    [rows] = pages(category="child_abduction")
    assert [count(row) for row in rows] == [2, 1]
    times = {
        row["id"]: row["received_at"] for row in next(pages("&fold=none", 9, "child_abduction"))
    }
    assert rows[0]["id"] == last
    assert rows[0]["same_text"] == {
        "count": 2,
        "first_at": times[first],
        "last_at": times[last],
        "one_place": True,
    }
    assert times[first] < times[last]


def test_critical_reports_without_a_place_have_a_row_each() -> None:
    filed = [taken(), taken(), taken(location=HERE)]
    compare()
    [rows] = pages(category="child_abduction")
    assert _ids(rows) == filed[::-1]


def test_other_reports_are_one_row_wherever_they_come_from() -> None:
    file_other(text=FLOOD, location=HERE)
    file_other(text=FLOOD, location=FAR)
    compare()
    [[row]] = pages()
    assert (count(row), row["same_text"]["one_place"]) == (2, False)


def raise_urgency(report_id: str) -> None:
    path = f"/v1/officer/reports/{report_id}"
    call("PATCH", path, {"urgency": "critical"}, officer="wang", version=1).expect(200)


def test_what_becomes_critical_gets_a_row_of_its_own() -> None:
    filed = [file_other(text=FLOOD, location=place) for place in (HERE, FAR)]
    filed.append(file_other(text=FLOOD))
    compare()
    for each in filed:
        raise_urgency(each)
    [rows] = pages()
    assert sorted(_ids(rows)) == sorted(filed)


def test_what_becomes_critical_while_it_is_compared_is_compared_again() -> None:
    report_id = file_other(text=FLOOD, location=HERE)
    rows = SketchRows(wiring.reports().table)
    [[sketch]] = rows.pages()
    raise_urgency(report_id)
    rows.finish([(sketch, "A")], lambda: True)
    [[left]] = rows.pages()
    assert (left.report_id, left.urgency) == (report_id, "critical")
    assert "same_as" not in row({"id": report_id})


PHOTO = {"content_type": "image/jpeg", "size": 2000}


@pytest.fixture(autouse=True)
def _officer(clean: None) -> None:
    wiring.reset()
    cloud.officer()


def row(created: Mapping[str, Any]) -> dict[str, Any]:
    found = wiring.reports().table.get(keys.report(created["id"]), keys.HEAD, consistent=True)
    assert found
    return found


def with_photo(**more: Any) -> dict[str, Any]:
    created = file(media=[PHOTO], **more)
    media_id = created["uploads"][0]["media_id"]
    cloud.add_medium(created["id"], media_id)
    return dict(created)


def test_a_new_report_has_its_copy_and_says_its_form() -> None:
    created = with_photo()
    head = row(created)
    assert head["form"] == FORM
    assert head["listed"] == listed_of(head)
    assert head["listed"].keys() == {"re", "ca", "st", "ur", "di", "ve", "mt", "mr", "th"}
    assert {"id", "received_at"} <= listed_row(head).keys()


def test_two_writes_that_read_the_same_head_both_count() -> None:
    created = file()
    table = wiring.reports().table
    writes = [
        update_head(created["id"], put={"same_as": "A"}),
        update_head(created["id"], add={"unread": 1}),
        update_head(created["id"], add={"unread": 2}, put={"flags": (Flag.OUTSIDE,)}),
        update_head(created["id"], put={"same_as": None, "district": None}),
    ]
    for write in writes:
        table.update(write)
    head = row(created)
    assert head["listed"] == listed_of(head)
    assert (head["unread"], head["listed"]["un"], head["listed"]["fl"]) == (
        3,
        3,
        ["outside_district"],
    )
    assert not {"sa", "di"} & head["listed"].keys()


def test_a_withdrawn_report_lists_nothing_that_the_withdrawal_erases() -> None:
    created = with_photo()
    wiring.reports().table.update(update_head(created["id"], put={"same_as": "A"}))
    before = row(created)
    assert {"sa", "th"} <= before["listed"].keys()
    by_reporter("DELETE", created)
    after = row(created)
    erased = before.keys() - after.keys()
    assert {"same_as", "thumb", "body_hash"} <= erased
    assert not {LISTED[name] for name in erased & LISTED.keys()} & after["listed"].keys()
    assert after["listed"]["st"] == "withdrawn"


def test_a_deleted_report_lists_nothing() -> None:
    created = with_photo()
    by_reporter("DELETE", created)
    cloud.sweep(timedelta(days=31))
    head = row(created)
    assert "deleted_at" in head
    assert "listed" not in head
    assert head["form"] == FORM


@pytest.mark.parametrize("end", [{"expiring": True}, {"deleted_at": "2026-11-24T08:30:00Z"}])
def test_nothing_is_written_to_a_report_that_is_being_deleted(end: dict[str, Any]) -> None:
    created = file()
    table, head = wiring.reports().table, wiring.reports().head(created["id"])
    assert head
    table.update(update_head(created["id"], put=end))
    for write in (update_head(created["id"], add={"unread": 1}), change_head(head)):
        with pytest.raises(ConditionFailed):
            table.update(write)
