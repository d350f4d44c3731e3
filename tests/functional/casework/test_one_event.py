"""Forty reports of one crash, in other words each, are one event, and nothing else is of it."""

import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from math import cos, hypot, pi, radians, sin, sqrt
from typing import Any

import pytest

from chalicelib import wiring
from tests import cloud
from tests.client import call
from tests.conftest import reset
from tests.functional.casework.test_incident_rows import (
    INCIDENTS,
    _people,
    events,
    ids,
    made,
    queue,
)
from tests.functional.casework.test_incidents import suggest
from tests.kept import Kept
from tests.steps import by_reporter, file, head

__all__ = ["_people"]
pytestmark = pytest.mark.usefixtures("aws", "clean")

CRASH = (39.9301, 116.4522)
METRE = 1 / 111_320  # a degree of latitude
PICTURE = {"content_type": "image/jpeg", "size": 100_000}
SAID = (
    "东三环辅路有两辆车撞在一起了，路都堵死了",
    "刚才一辆白色面包车追尾了出租车，司机在吵架",
    "路口出车祸了，有个骑电动车的倒在地上",
    "我看见一辆货车失控冲上了人行道",
    "天桥下面撞车，碎玻璃一地，请派交警过来",
    "公交车过不去，前面好像有事故",
    "有人开车撞了护栏，车头全瘪了还冒烟",
    "两个司机打起来了，因为刚刚碰了车",
    "面包车闯红灯撞上出租车，我有行车记录仪",
    "这边三辆车连环相撞，占了两条车道",
    "外卖小哥被刮倒了，电动车也散架了",
    "一声巨响，窗外看到一辆车横在马路中间",
    "交通事故，地点在地铁口往北一点，没有交警",
    "撞坏的隔离栏横在路上，后面的车差点又撞上",
    "白色金杯车违章变道引发的事故，车牌没看清",
    "出租车的气囊都弹出来了，乘客坐在路边",
    "请问有人来处理吗，十字路口的车撞了好几分钟了",
    "漏油了，地上全是机油，其他车在打滑",
    "我车被堵在后面动不了，前方追尾",
    "有个女司机被困在车里，车门打不开",
    "A van ran the red light and hit a taxi at the crossing.",
    "Two cars crashed near the footbridge, traffic is blocked both ways.",
    "There is broken glass all over the road, somebody drove into the barrier.",
    "Big bang outside my office, a white minibus is across three lanes.",
    "Taxi driver and van driver are fighting in the street after a collision.",
    "Please send an officer, a delivery rider was knocked off his scooter.",
    "Accident by the subway exit, airbags out, nobody directing cars.",
    "Oil is leaking from a smashed vehicle and bikes are slipping on it.",
    "I have dashcam footage of the minibus that jumped the lights just now.",
    "Rear-end shunt, at least three vehicles, the bus behind cannot pass.",
    "车祸现场没人管，围观的人越来越多",
    "货拉拉撞上了环卫车，清洁工吓坏了",
    "好多车按喇叭，原来是前头有剐蹭",
    "救命啊",  # of less than 12 letters
    "撞车了",
)
AS_OTHER = (2, 13, 17, 32)
"""These chose `other` for it."""
WITHOUT_PLACE = (15,)
AT_HOME = (29, 33)
"""These sent the place where they were later, 5 km away."""
WITH_MEDIA_ALONE = 5


def near(
    chance: random.Random, centre: tuple[float, float] = CRASH, metres: float = 300
) -> tuple[float, float]:
    """Return a place anywhere in this circle."""
    way, far = chance.uniform(0, 2 * pi), metres * sqrt(chance.random())
    lat, lon = centre
    return lat + far * sin(way) * METRE, lon + far * cos(way) * METRE / cos(radians(lat))


def at(place: tuple[float, float] | None) -> dict[str, Any] | None:
    return place and {"lat": place[0], "lon": place[1], "datum": "wgs84"}


def crash(seed: int = 1) -> list[dict[str, Any]]:
    """Return the bodies of the forty reports, in the order in which they come."""
    chance = random.Random(seed)
    bodies: list[dict[str, Any]] = []
    for number, text in enumerate(SAID):
        category = "other" if number in AS_OTHER else "traffic_violation"
        place = None if number in WITHOUT_PLACE else near(chance)
        if number in AT_HOME:
            place = near(chance, (CRASH[0] + 5000 * METRE, CRASH[1]))
        bodies.append({"category": category, "text": text, "location": at(place)})
    for _ in range(WITH_MEDIA_ALONE):
        body = {"category": "traffic_violation", "text": None, "media": [PICTURE]}
        bodies.append({**body, "location": at(near(chance))})
    chance.shuffle(bodies)
    return bodies


def unlike(number: int, chance: random.Random) -> list[dict[str, Any]]:
    """Return so many bodies with texts that are like no other."""
    texts = (
        "".join(chr(chance.randrange(0x4E00, 0x9FA0)) for _ in range(30)) for _ in range(number)
    )
    return [{"category": "traffic_violation", "text": each} for each in texts]


def come(bodies: Sequence[dict[str, Any]], minutes: int = 6) -> list[dict[str, Any]]:
    """File reports within some minutes, and let them be compared at the end of each. Return what
    was created, in the order of `bodies`.
    """
    created: dict[int, dict[str, Any]] = {}
    for minute in range(minutes):
        for number in range(minute, len(bodies), minutes):
            created[number] = file(**bodies[number])
            if "media" in bodies[number]:
                media_id = created[number]["uploads"][0]["media_id"]
                cloud.add_medium(created[number]["id"], media_id, cloud.scene(number))
        wiring.clock.advance(timedelta(minutes=1))
        suggest()
    return [created[number] for number in range(len(bodies))]


@pytest.fixture(scope="module")
def beginning(aws: Mapping[str, str]) -> tuple[list[dict[str, Any]], Kept]:
    reset()
    cloud.officer()
    suggest()
    return come(crash()), Kept()


@pytest.fixture
def forty(beginning: tuple[list[dict[str, Any]], Kept], _people: None) -> list[dict[str, Any]]:
    """The reports of the crash, which have come."""
    created, kept = beginning
    kept.put_back()
    return created


def similar(incident: str) -> Any:
    path = f"{INCIDENTS}/{incident}/similar"
    return call("GET", path, officer="wang").expect(200)


def members(incident: str) -> set[str]:
    return ids(queue(f"&limit=50&incident={incident}"))


def taken_in() -> list[set[str]]:
    """Take in all that is found to be one event, and return the reports of each."""
    return [members(made({"id": each["like"]})["id"]) for each in events()]


def test_forty_reports_of_one_crash_in_other_words_are_one_group(
    forty: list[dict[str, Any]],
) -> None:
    [event] = events()
    assert event["count"] >= 36
    assert event["categories"] == ["traffic_violation", "other"]
    assert {each["category"] for each in event["items"]} == {"traffic_violation", "other"}
    incident = made({"id": event["like"]})
    assert incident["count"] == event["count"]
    assert members(incident["id"]) <= ids(forty)
    # One in another category stands behind none.
    rows = [each["category"] for each in queue("&limit=50") if each["incident"]]
    assert sorted(rows) == ["other", "traffic_violation"]


def test_it_is_one_group_from_the_report_that_stands_furthest_away(
    forty: list[dict[str, Any]],
) -> None:
    places = [each["location"] for each in crash()]

    def metres(number: int) -> float:
        place = places[number]
        if place is None:
            return 0
        east = (place["lon"] - CRASH[1]) * cos(radians(CRASH[0]))
        return hypot(place["lat"] - CRASH[0], east) / METRE

    furthest = max((n for n in range(40) if metres(n) < 1000), key=metres)
    assert made(forty[furthest])["count"] >= 36


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_it_is_one_group_wherever_people_stood(seed: int) -> None:
    come(crash(seed))
    assert [each["count"] >= 36 for each in events()] == [True]


def away(north: int, east: int) -> tuple[float, float]:
    """Return the place so many metres from the crash."""
    lat, lon = CRASH
    return lat + north * METRE, lon + east * METRE / cos(radians(lat))


@pytest.mark.parametrize("off", [(1000, 0), (0, -1000)])
def test_an_event_a_kilometre_off_is_another_group_also_with_junk_between(
    off: tuple[int, int], forty: list[dict[str, Any]]
) -> None:
    chance = random.Random(5)
    there, *between = (away(off[0] * n // 100, off[1] * n // 100) for n in (100, *range(25, 80, 8)))
    bodies = unlike(20 + len(between), chance)
    places = [*(near(chance, there) for _ in range(20)), *between]
    created = come(
        [each | {"location": at(place)} for each, place in zip(bodies, places, strict=True)]
    )
    here, others = ids(forty), ids(created[:20])
    both, other = taken_in()[:2]
    assert len(both & here) >= 36
    assert not both & others
    assert len(other & others) >= 18
    assert not other & here


def test_an_event_an_hour_later_is_another_group(forty: list[dict[str, Any]]) -> None:
    wiring.clock.advance(timedelta(minutes=66))
    chance = random.Random(5)
    later = ids(come([each | {"location": at(near(chance))} for each in unlike(20, chance)]))
    one, other = taken_in()
    assert len(one & ids(forty)) >= 36
    assert not one & later
    assert other == later


def test_a_critical_report_is_offered_and_never_taken_in_by_its_place(
    forty: list[dict[str, Any]],
) -> None:
    [body] = unlike(1, random.Random(5))
    [critical] = come([body | {"location": at(CRASH), "details": {"injury": "injured"}}], 1)
    assert head(critical)["urgency"] == "critical"
    [event] = events()
    incident = made({"id": event["like"]})["id"]
    found = similar(incident)
    assert (found["count"], critical["id"] in ids(found["others"])) == (0, True)
    call("POST", f"{INCIDENTS}/{incident}/reports", {}, officer="wang").expect(200)
    assert critical["id"] not in members(incident)
    named = {"report_ids": [critical["id"]]}
    call("POST", f"{INCIDENTS}/{incident}/reports", named, officer="wang").expect(200)
    assert critical["id"] in members(incident)


def test_of_a_crash_some_of_whose_reports_are_urgent_all_are_one_group(
    forty: list[dict[str, Any]],
) -> None:
    bodies = [
        each | {"location": at(CRASH), "details": {"what": "hit_and_run"}}
        for each in unlike(2, random.Random(5))
    ]
    urgent = come(bodies, 1)
    assert {head(each)["urgency"] for each in urgent} == {"high"}
    [event] = events()
    assert event["urgency"] == "high"
    incident = made({"id": event["like"]})["id"]
    assert ids(urgent) <= members(incident)
    # They have a row of their own, as whatever is more urgent.
    assert {"high", "normal"} == {e["urgency"] for e in queue("&limit=50") if e["incident"]}


@pytest.mark.parametrize("category", ["other", "traffic_violation"])
def test_who_files_junk_at_an_event_pushes_nobody_out(category: str) -> None:
    chance, bodies = random.Random(5), crash()
    junk = [
        each | {"location": at(near(chance, CRASH, 60)), "category": category}
        for each in unlike(20, chance)
    ]
    created = come([each for n, body in enumerate(bodies) for each in (body, *junk[n : n + 1])])
    honest = [created[2 * n if n < len(junk) else n + len(junk)] for n in range(40)]
    assert max(len(each & ids(honest)) for each in taken_in()) >= 36


def test_no_junk_is_in_a_group_that_no_officer_has_taken_in(forty: list[dict[str, Any]]) -> None:
    [event] = events()
    incident = made({"id": event["like"]})
    chance = random.Random(5)
    places = [near(chance, CRASH, 60) for _ in range(3)] + [away(900, 0)] * 3
    junk = come(
        [
            each | {"location": at(place), "category": "other"}
            for each, place in zip(unlike(6, chance), places, strict=True)
        ],
        1,
    )
    assert len(members(incident["id"])) == incident["count"]
    found = similar(incident["id"])
    assert ids(found["items"]) == ids(junk[:3])
    assert ids(found["others"]) == ids(junk[3:])


def test_what_was_filed_and_withdrawn_at_a_spot_parts_nobody() -> None:
    chance = random.Random(5)
    first, *junk, last = (each | {"location": at(CRASH)} for each in unlike(12, chance))
    [one] = come([first], 1)
    for created in come(junk, 1):
        by_reporter("DELETE", created)
    [other] = come([last], 1)
    incident = made(other)
    assert members(incident["id"]) == {one["id"], other["id"]}


def test_what_is_near_is_shown_before_it_is_said_that_nothing_is_like_it(
    forty: list[dict[str, Any]],
) -> None:
    [event] = events()
    incident = made({"id": event["like"]})["id"]
    found = similar(incident)
    nothing = {"count": 0, "items": [], "others_count": 0, "others": [], "compared": True}
    assert found == nothing
    chance = random.Random(5)
    places = away(700, 0), away(0, 700), away(5000, 0)
    north, east, _ = come(
        [e | {"location": at(p)} for e, p in zip(unlike(3, chance), places, strict=True)], 1
    )
    found = similar(incident)
    assert (found["count"], found["others_count"]) == (0, 2)
    assert ids(found["others"]) == ids([north, east])


def test_when_its_key_is_gone_an_incident_can_no_longer_be_compared(
    forty: list[dict[str, Any]],
) -> None:
    [event] = events()
    incident = made({"id": event["like"]})["id"]
    assert similar(incident)["compared"] is True
    wiring.clock.advance(timedelta(days=3))
    suggest()
    gone = similar(incident)
    assert (gone["count"], gone["others_count"], gone["compared"]) == (0, 0, False)
