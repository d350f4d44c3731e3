"""Reports that look like one event are suggested to officers, and nothing of them is kept."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from chalicelib import wiring
from chalicelib.domain.officers.access_tokens import MACHINE
from chalicelib.domain.officers.model import Role
from chalicelib.domain.reports.incidents import Sketch
from chalicelib.handlers.service import scheduled
from chalicelib.kernel import times
from chalicelib.services.casework.sketches import record_sketches
from chalicelib.store.reports.media_rows import sketch_info
from tests import cloud
from tests.client import call
from tests.faults import inject
from tests.steps import by_reporter, file, opened

TEXT = (
    "昨天晚上八点左右在建国路公交站附近看见一位走失的老人，穿蓝色外套，灰色帽子，"
    "说话不清楚，请尽快来。"
)
OTHER_TEXT = "楼下的店铺每天夜里放音乐，孩子睡不着，希望有人来管一管，谢谢你们。"
LAT, LON = 39.92123, 116.44321
HERE = {"lat": LAT, "lon": LON, "datum": "wgs84"}
NEXT_DOOR = {**HERE, "lat": LAT + 0.005}  # 550 m to the north: the cell beside it
FAR = {**HERE, "lat": LAT + 0.05}
PICTURE = {"content_type": "image/jpeg", "size": 100_000}

pytestmark = pytest.mark.usefixtures("aws", "clean")


@pytest.fixture(autouse=True)
def _officers(clean: None, fresh: None) -> None:
    cloud.officer()
    suggest()  # makes the key of the day


def suggest() -> dict[str, int]:
    return dict(scheduled.suggest_incidents(cloud.SCHEDULE, None))


def filed(*bodies: Mapping[str, Any]) -> list[dict[str, Any]]:
    """File reports, and let them be compared."""
    created = [file(**body) for body in bodies]
    suggest()
    return created


def similar(created: Mapping[str, Any], officer: str = "wang") -> dict[str, list[str]]:
    return {each["id"]: each["why"] for each in opened(created, officer)["similar"]}


def test_reports_of_one_text_and_place_are_suggested_at_each_other() -> None:
    first, second = file(text=TEXT, location=HERE), file(text=TEXT, location=HERE)
    assert similar(first) == {}
    assert suggest() == {"recorded": 2, "lost": 0}
    assert similar(first) == {second["id"]: ["place", "text"]}
    assert similar(second) == {first["id"]: ["place", "text"]}
    report = opened(first)
    [suggested] = report["similar"]
    listed = {
        each["id"]: each
        for each in call("GET", "/v1/officer/reports?fold=none", officer="wang").json["items"]
    }
    received = (times.parse(each["received_at"]) for each in (report, suggested))
    apart = abs(next(received) - next(received)) // timedelta(minutes=1)
    assert suggested == {
        **listed[second["id"]],
        "why": ["place", "text"],
        "score": 1.0,
        "distance_m": 200,
        "minutes_apart": apart,
    }
    assert suggest() == {"recorded": 0, "lost": 0}


def test_nothing_is_suggested_to_a_machine_whose_openings_are_counted() -> None:
    cloud.officer("dispatch", roles=(Role.SYSTEM,))
    first, second = filed(*[{"text": TEXT, "location": HERE}] * 2)
    assert similar(first) == {second["id"]: ["place", "text"]}
    assert similar(first, f"{MACHINE}dispatch") == {}


def test_a_text_is_found_again_with_other_words_in_it_and_from_elsewhere() -> None:
    changed = TEXT.replace("八点", "九点")
    first, second, _ = filed(
        {"text": TEXT}, {"text": changed, "location": FAR}, {"text": OTHER_TEXT}
    )
    assert similar(first) == {second["id"]: ["text"]}
    assert [each["distance_m"] for each in opened(first)["similar"]] == [None]


def test_a_place_counts_in_the_cell_beside_it_within_two_hours_and_in_one_category() -> None:
    first, beside, far, other = filed(
        {"text": TEXT, "location": HERE},
        {"text": OTHER_TEXT, "location": NEXT_DOOR},
        {"text": OTHER_TEXT[::-1], "location": FAR},
        {"text": TEXT[::-1], "location": HERE, "category": "other"},
    )
    assert similar(first) == {beside["id"]: ["place"]}
    assert [each["distance_m"] for each in opened(first)["similar"]] == [1200]
    assert similar(far) == similar(other) == {}
    wiring.clock.advance(timedelta(minutes=119))
    [near] = filed({"text": "x" * 30, "location": HERE})
    wiring.clock.advance(timedelta(minutes=3))
    [late] = filed({"text": "y" * 30, "location": HERE})
    assert first["id"] in similar(near)
    assert list(similar(late)) == [near["id"]]


def test_midnight_parts_nothing() -> None:
    now = wiring.clock.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    wiring.clock.advance(midnight - now - timedelta(minutes=20))
    [before] = filed({"text": TEXT, "location": HERE})
    wiring.clock.advance(timedelta(minutes=40))
    [after] = filed({"text": TEXT, "location": HERE})
    assert similar(after) == {before["id"]: ["place", "text"]}
    wiring.clock.advance(timedelta(hours=3))
    [much_later] = filed({"text": TEXT})
    assert similar(much_later) == {after["id"]: ["text"]}


def test_a_picture_is_found_again_smaller_and_compressed_again() -> None:
    first, second, other = (
        _with_picture(picture)
        for picture in (cloud.scene(1), cloud.scene(1, quality=40, width=500), cloud.scene(2))
    )
    assert suggest()["lost"] == 0
    assert similar(first) == {second["id"]: ["picture"]}
    assert similar(other) == {}


def test_whoever_is_shown_a_picture_of_what_is_suggested_is_on_record() -> None:
    first, second = (_with_picture(cloud.scene(1)) for _ in range(2))
    suggest()
    [suggested] = opened(first)["similar"]
    assert suggested["thumbnail_url"]
    lists = f"/history?pictures_on={wiring.clock.now():%Y-%m-%d}"
    assert [each["by"] for each in opened(second, below=lists)["items"]] == ["wang"]
    assert opened(first, below=lists)["items"] == []
    with inject.without("similar_to", "dynamodb.PutItem"):
        assert opened(first)["similar"] is None


def test_what_is_suggested_says_which_incident_it_is_in() -> None:
    first, second = filed({"text": TEXT}, {"text": TEXT})
    made = call("POST", "/v1/officer/incidents", {"like": second["id"]}, officer="wang").json
    assert [each["incident"] for each in opened(first)["similar"]] == [made]


def _with_picture(picture: bytes) -> dict[str, Any]:
    created = file(text=None, media=[PICTURE])
    media_id = created["uploads"][0]["media_id"]
    cloud.add_medium(created["id"], media_id, picture)
    return created


def test_only_what_the_officer_may_see_is_suggested() -> None:
    first, second, other = filed(
        {"text": TEXT}, {"text": TEXT}, {"text": TEXT, "category": "other"}
    )
    cloud.officer("li", categories=("missing_elderly",))
    assert set(similar(first)) == {second["id"], other["id"]}
    assert set(similar(first, "li")) == {second["id"]}


def test_what_is_withdrawn_or_deleted_is_not_suggested() -> None:
    first, withdrawn, deleted = filed({"text": TEXT}, {"text": TEXT}, {"text": TEXT})
    by_reporter("DELETE", withdrawn)
    wiring.reports().deletion.finish(
        deleted["id"], now=wiring.clock.now(), until=wiring.clock.now() + timedelta(days=1)
    )
    assert similar(first) == {}


def test_a_report_that_is_withdrawn_before_it_is_compared_leaves_nothing() -> None:
    created = file(text=TEXT)
    by_reporter("DELETE", created)
    assert suggest() == {"recorded": 0, "lost": 0}
    [again] = filed({"text": TEXT})
    assert similar(again) == {}


def test_ten_are_suggested_at_most_and_a_flood_does_not_make_the_rows_grow(
    aws: Mapping[str, str],
) -> None:
    created = filed(*[{"text": TEXT, "location": HERE}] * 30)
    assert len(similar(created[0])) == len(similar(created[-1])) == 10
    for row in cloud.scan(aws["INCIDENTS_TABLE"]):
        assert len(row.get("entries", {"L": []})["L"]) <= 16
        assert len(row.get("similar", {"L": []})["L"]) <= 20


def test_a_drill_is_like_nothing() -> None:
    first, drill = filed({"text": TEXT}, {"text": TEXT, "source": "drill"})
    assert similar(first) == similar(drill) == {}


def test_suggestions_that_cannot_be_read_do_not_close_the_report() -> None:
    [created] = filed({"text": TEXT})
    with inject.without(wiring.settings().incidents_table, "dynamodb.GetItem"):
        shown = opened(created)
    assert (shown["similar"], shown["text"]) == (None, TEXT)


def test_intake_goes_on_without_the_key_of_the_day() -> None:
    wiring.reset()
    wiring.pause_by(lambda seconds: None)
    with inject.without(wiring.settings().incidents_table, "dynamodb.GetItem"):
        created = file(text=TEXT)
    assert suggest() == {"recorded": 0, "lost": 0}
    assert similar(created) == {}


def test_without_the_key_of_its_day_a_sketch_opens_no_more(aws: Mapping[str, str]) -> None:
    first, second = filed({"text": TEXT}, {"text": TEXT})
    late = file(text=TEXT)
    wiring.clock.advance(timedelta(days=3))
    assert suggest() == {"recorded": 0, "lost": 1}
    assert "sealed_sketch" not in _head(late)
    # That nothing is like them would be false: nothing is known of them any more.
    assert [opened(each)["similar"] for each in (first, second, late)] == [None] * 3
    days = [row["pk"]["S"] for row in cloud.scan(aws["INCIDENTS_TABLE"]) if row["sk"]["S"] == "KEY"]
    today = wiring.clock.now().date()
    assert f"DAY#{today - timedelta(days=3)}" not in days
    assert {f"DAY#{today}", f"DAY#{today + timedelta(days=1)}"} <= set(days)


def test_every_row_expires_three_days_after_its_day_began(aws: Mapping[str, str]) -> None:
    filed({"text": TEXT, "location": HERE}, {"text": TEXT, "location": HERE})
    now = wiring.clock.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for row in cloud.scan(aws["INCIDENTS_TABLE"]):
        days = 4 if row["pk"]["S"] == f"DAY#{now.date() + timedelta(days=1)}" else 3
        assert int(row["expires_ttl"]["N"]) == (midnight + timedelta(days=days)).timestamp()


def test_neither_text_place_nor_hash_stands_anywhere_in_clear(aws: Mapping[str, str]) -> None:
    sketch = Sketch.of_report(TEXT, (LAT, LON))
    created = [file(text=TEXT, location=HERE) for _ in range(2)]
    before = repr([cloud.scan(aws[name]) for name in ("REPORTS_TABLE", "INCIDENTS_TABLE")])
    suggest()
    after = repr([cloud.scan(aws[name]) for name in ("REPORTS_TABLE", "INCIDENTS_TABLE")])
    assert sketch.cell
    assert sketch.same
    for canary in (sketch.cell, TEXT[:4], *(repr(each)[2:-1] for each in sketch.bands)):
        assert canary not in before + after
    assert repr(sketch.same)[2:-1] not in before + after
    for each in created:
        assert "sealed_sketch" not in str(opened(each))
        mine = by_reporter("GET", each)
        assert "sketch" not in mine.text


def test_a_sketch_has_one_length_and_leaves_its_row() -> None:
    created = [
        file(text=TEXT, location=HERE),
        file(text="救命", location=HERE),
        file(text=TEXT * 20),
    ]
    assert len({len(_head(each)["sealed_sketch"]) for each in created}) == 1
    suggest()
    for each in created:
        assert not {"sealed_sketch", "sketch_shard"} & _head(each).keys()


def _head(created: Mapping[str, Any]) -> dict[str, Any]:
    head = cloud.head(created["id"])
    return head.row


@pytest.mark.parametrize(
    "change",
    [
        {"sealed_sketch": "text"},
        {"sealed_sketch": b""},
        {"sealed_sketch": b"\xff" * 40},
        {"listed_at": "yesterday#1"},
    ],
)
def test_a_row_that_was_written_by_somebody_else_stops_nothing(change: dict[str, Any]) -> None:
    hostile, *others = [file(text=TEXT) for _ in range(3)]
    wiring.reports().table.put({**_head(hostile), **change})
    assert suggest()["recorded"] == 2
    assert set(similar(others[0])) == {others[1]["id"]}


def test_a_hostile_sketch_that_opens_stops_nothing() -> None:
    key = wiring.day_key()
    assert key
    hostile, *others = [file(text=TEXT) for _ in range(3)]
    row = _head(hostile)
    sealed = key.seal(Sketch(cell="aaaaaa"), sketch_info(row["pk"], row["sk"]))
    wiring.reports().table.put({**row, "sealed_sketch": sealed})
    assert suggest() == {"recorded": 2, "lost": 1}
    assert set(similar(others[0])) == {others[1]["id"]}


def test_a_sketch_on_another_row_opens_not() -> None:
    first, second = file(text=TEXT), file(text=TEXT)
    moved = _head(first)["sealed_sketch"]
    wiring.reports().table.put({**_head(second), "sealed_sketch": moved})
    assert suggest() == {"recorded": 1, "lost": 1}
    assert similar(first) == similar(second) == {}


def test_a_run_that_ends_before_its_end_is_repeated_with_the_same_result() -> None:
    first, second = file(text=TEXT), file(text=TEXT)
    with inject.dying("dynamodb.UpdateItem"):
        suggest()
    # Both are taken off at once, so one may have been when the other's call ended the process.
    assert suggest()["recorded"] in (1, 2)
    assert similar(first) == {second["id"]: ["text"]}
    named = {each["id"]: _head(each).get("same_as") for each in (first, second)}
    assert named in (
        {first["id"]: None, second["id"]: first["id"]},
        {first["id"]: second["id"], second["id"]: None},
    )


def test_what_a_run_has_no_time_for_is_left_to_the_next_one() -> None:
    created = [file(text=TEXT) for _ in range(3)]
    left = iter([True])  # for one report
    done = record_sketches(
        wiring.sketches(), now=wiring.clock.now(), time_is_left=lambda: next(left, False)
    )
    assert done == {"recorded": 1, "lost": 0}
    assert suggest() == {"recorded": 2, "lost": 0}
    assert [len(similar(each)) for each in created] == [2, 2, 2]


def of_report(created: Mapping[str, Any]) -> Callable[[Any], AWSResponse | None]:
    """Return a fault of every update of this report."""

    def refuse(request: Any) -> AWSResponse | None:
        if json.loads(request.body)["Key"]["pk"]["S"] != f"REPORT#{created['id']}":
            return None
        return inject.error_response(400, "TransactionConflictException")(request)

    return refuse


def test_a_report_that_cannot_be_written_stops_nothing_and_is_compared_later() -> None:
    hot, *others = [file(text=TEXT) for _ in range(5)]
    with inject.fault(wiring.dynamodb(), "dynamodb.UpdateItem", of_report(hot)):
        assert suggest() == {"recorded": 4, "lost": 0}
        assert suggest() == {"recorded": 0, "lost": 0}
    assert set(similar(others[0])) == {each["id"] for each in (hot, *others[1:])}
    assert suggest() == {"recorded": 1, "lost": 0}


def test_a_report_that_cannot_be_read_stops_nothing_and_is_compared_later() -> None:
    hot, *others = [file(text=TEXT) for _ in range(5)]
    table = wiring.settings().reports_table

    def leave_out(request: Any) -> AWSResponse | None:
        """Do as DynamoDB does that can read all but one partition."""
        asked = json.loads(request.body)["RequestItems"]
        keys = asked.get(table, {"Keys": []})["Keys"]
        left = [each for each in keys if each["pk"]["S"] == f"REPORT#{hot['id']}"]
        if not left:
            return None
        asked[table]["Keys"] = [each for each in keys if each not in left]
        request.body = json.dumps({"RequestItems": asked}).encode()
        url, found = request.url, []
        if asked[table]["Keys"]:
            found = json.loads(inject.carry_out(request).content)["Responses"][table]
        request.url = "https://nowhere.invalid/"
        again = {table: {**asked[table], "Keys": left}}
        return inject.aws_response(
            url, 200, {"Responses": {table: found}, "UnprocessedKeys": again}
        )

    with inject.fault(wiring.dynamodb(), "dynamodb.BatchGetItem", leave_out):
        assert suggest() == {"recorded": 4, "lost": 0}
    assert set(similar(others[0])) == {each["id"] for each in others[1:]}
    assert suggest() == {"recorded": 1, "lost": 0}
    assert set(similar(hot)) == {each["id"] for each in others}
