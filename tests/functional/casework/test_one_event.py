"""Forty reports of one crash, in other words each, are one event, and nothing else is of it."""

import random
from collections.abc import Sequence
from datetime import timedelta
from math import cos, pi, radians, sin, sqrt
from typing import Any

import pytest

from chalicelib import wiring
from tests import cloud
from tests.client import call
from tests.functional.casework.test_incident_rows import INCIDENTS, _people, events, ids, made, queue
from tests.functional.casework.test_incidents import suggest
from tests.steps import file, head, opened

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


def come(bodies: Sequence[dict[str, Any]], minutes: int = 6) -> list[dict[str, Any]]:
    """File reports within some minutes, and let them be compared at the end of each."""
    created = []
    for minute in range(minutes):
        for body in bodies[minute::minutes]:
            created.append(file(**body))
            if "media" in body:
                media_id = created[-1]["uploads"][0]["media_id"]
                cloud.add_medium(created[-1]["id"], media_id, cloud.scene(len(created)))
        wiring.clock.advance(timedelta(minutes=1))
        suggest()
    return created


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_measure(seed) -> None:
    forty = come(crash(seed))
    found = events()
    print([(each["count"], each["category"]) for each in found])
    sizes = []
    left = ids(forty)
    while left:
        found = events()
        like = found[0]["like"] if found else sorted(left)[0]
        n = made({"id": like})["count"]
        sizes.append(n)
        left = {each["id"] for each in forty if "incident" not in head(each)}
        inc = head({"id": like})["incident"]
        s = call("GET", f"{INCIDENTS}/{inc}/similar", officer="wang").json
        print(n, s["count"])
    print(sizes)
