"""One duty officer and a night of 2,000 reports: what needs thought is left, nothing is hidden.

The officer goes by what the console shows, and each click counts, or key. The night knows what
each report is about, and sees after each part of the work whether one is hidden: a report stands
for itself, or in an incident of its own event.
"""

import os
import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from chalicelib import wiring
from tests import cloud
from tests.client import call, new_key
from tests.functional.casework.test_incident_rows import (
    A_SPOT,
    INCIDENTS,
    _people,
    events,
    ids,
    queue,
)
from tests.functional.casework.test_incidents import suggest
from tests.steps import file

__all__ = ["_people"]
pytestmark = [pytest.mark.usefixtures("aws", "clean", "standing_clock"), pytest.mark.thorough]

MOST_ACTIONS = 60
# Degrees of latitude: from here on a report is of another event, whatever comes at the same time.
APART = 6 * A_SPOT
# What else than its own category a report of an event may come in: `kin` of the city.
KIN = {"traffic_violation": "other", "other": "traffic_violation"}
REPORTS, HOURS = 2000, 8.0


class Event(NamedTuple):
    category: str
    what: str
    reports: int


EVENTS = (
    Event("other", "仓库着火了", 400),
    Event("traffic_violation", "货车逆行撞了护栏", 40),
    Event("suspected_offender", "一个男人在撬车门", 12),
    Event("missing_elderly", "一位老奶奶找不到家", 6),
    Event("child_abduction", "一个男孩被拉上白色面包车", 3),
)
SAID = (
    "{who}看见{what}，{when}，{more}{other}",
    "{when}{what}，{more}，{who}{other}",
    "这里{what}！{more}。{who}{other}",
    "{what}。{when}开始的，{who}，{more}{other}",
)
WHO = ("我", "我和邻居", "路过的人", "我在窗口", "保安", "我孩子", "楼下的店主", "公交司机")
WHEN = ("刚才", "十分钟前", "半小时前", "天黑以后", "下班的时候", "刚出地铁", "吃饭的时候")
MORE = ("人很多", "请快来", "有烟味", "没有人管", "声音很大", "我害怕", "有人受伤了吗", "拍了照片")
DAILY = ("other", "traffic_violation", "lost_and_found", "suspected_offender")


class Night:
    """2,000 reports from a seed, in eight hours. `event_of` has the number of the event of each
    report, by its id; None is one alone. `to_think_of` are those of a child or an old person that
    no incident may answer for.
    """

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._begun = [self._chance.uniform(2, HOURS - 1) for _ in EVENTS]
        self._places = [self._place() for _ in EVENTS]
        filed = [each for number in range(len(EVENTS)) for each in self._of(number)]
        while len(filed) < REPORTS:
            filed.append(self._alone(critical=len(filed) % 400 == 0))
        filed.sort(key=lambda each: each[0])
        self.event_of: dict[str, int | None] = {}
        self.to_think_of: set[str] = set()
        suggested = 0.0
        for hour, event, body in filed:
            while suggested < hour:
                wiring.clock.advance(timedelta(minutes=5))
                suggested += 5 / 60
                suggest()
            created = file(**body)["id"]
            self.event_of[created] = event
            if body["category"] not in DAILY:
                self.to_think_of.add(created)
        suggest()

    def _of(self, number: int) -> Iterator[tuple[float, int | None, dict[str, Any]]]:
        """Yield the reports of an event, and three of others that are near it."""
        event, (lat, lon), begun = EVENTS[number], self._places[number], self._begun[number]
        for _ in range(event.reports):
            near = lat + self._chance.uniform(0, 1e-4), lon
            text = self._said(event.what)
            yield begun + self._chance.random() / 2, number, _body(event.category, text, near)
        for hour, category, place in (
            (begun + 0.2, event.category, (lat + APART, lon)),
            (begun - 1.2, event.category, (lat, lon)),
            (begun + 0.2, "lost_and_found", (lat, lon)),
        ):
            yield hour, None, _body(category, self._unlike(), place)

    def _alone(self, *, critical: bool) -> tuple[float, int | None, dict[str, Any]]:
        category = "child_abduction" if critical else self._chance.choice(DAILY)
        while True:
            hour, place = self._chance.uniform(0, HOURS), self._place()
            # Who says the same kind of thing of the same corner in the same half hour speaks of the
            # same event, as far as anybody can know.
            if not any(
                category in (event.category, KIN.get(event.category))
                and -0.6 < hour - begun < 1.1
                and max(abs(a - b) for a, b in zip(place, there, strict=True)) < APART
                for event, begun, there in zip(EVENTS, self._begun, self._places, strict=True)
            ):
                return hour, None, _body(category, self._unlike(), place)

    def _place(self) -> tuple[float, float]:
        return 39.85 + self._chance.random() * 0.15, 116.40 + self._chance.random() * 0.2

    def _said(self, what: str) -> str:
        pick = self._chance.choice
        more = {"when": pick(WHEN), "more": pick(MORE), "other": pick(MORE)}
        return pick(SAID).format(what=what, who=pick(WHO), **more)

    def _unlike(self) -> str:
        return "".join(chr(self._chance.randrange(0x4E00, 0x9FA0)) for _ in range(30))

    def require_nothing_hidden(self) -> None:
        """Fail when a report is no row of the queue, nor behind one of its own event."""
        rows = {each["id"] for each in queue("&limit=50")}
        incident_of = {
            each["id"]: each["incident"] and each["incident"]["id"]
            for each in queue("&limit=50&fold=none")
        }
        assert incident_of.keys() == self.event_of.keys()
        shown = {incident_of[each] for each in rows}
        of: dict[str | None, set[int | None]] = {}
        for report, event in self.event_of.items():
            if report not in rows:
                # In none are those of an event with the very text of another one.
                assert incident_of[report] in shown
                of.setdefault(incident_of[report], set()).add(event)
        one_text = of.pop(None, set())
        assert None not in one_text
        assert all(len(found) == 1 and None not in found for found in of.values())


def _body(category: str, text: str, place: tuple[float, float]) -> dict[str, Any]:
    location = {"lat": place[0], "lon": place[1], "datum": "wgs84"}
    return {"category": category, "text": text, "location": location}


class Desk:
    """The console, as far as a night takes it. `actions` are the officer's clicks and keys."""

    # How many rows "show more" adds.
    MORE = 200

    def __init__(self) -> None:
        self.actions = 0

    def find_events(self) -> list[dict[str, Any]]:
        self.actions += 1
        return events()

    def take_in(self, like: str) -> str:
        self.actions += 1
        return str(call("POST", INCIDENTS, {"like": like}, officer="wang").expect(201)["id"])

    def step_on_all(self, incident: str, **step: Any) -> None:
        """Open the incident, choose a step, write what it needs, and confirm."""
        self.actions += 4
        self._until_done(f"{INCIDENTS}/{incident}/steps", step)

    def narrow(self, query: str) -> list[dict[str, Any]]:
        """Choose a filter, and show all of the list."""
        rows = queue(f"&limit=50{query}")
        self.actions += 1 + len(rows) // self.MORE
        return rows

    def step_on(self, rows: Sequence[dict[str, Any]], **step: Any) -> None:
        """Choose all rows, a step, whom it names, and confirm."""
        self.actions += 4
        seen = [{"id": each["id"], "version": each["version"]} for each in rows]
        for at in range(0, len(seen), 500):
            self._until_done("/v1/officer/reports/steps", {**step, "reports": seen[at : at + 500]})

    @staticmethod
    def _until_done(path: str, body: dict[str, Any]) -> None:
        key = new_key()
        while True:
            reply = call("POST", path, body, officer="wang", key=key).expect(200)
            if not any(each["code"] == "unavailable" for each in reply["left"]):
                return


def test_a_night_of_2000_reports_comes_down_to_what_needs_thought() -> None:
    seed = int(os.environ.get("NIGHT_SEED", "7"))
    cloud.officer("li")
    night, desk = Night(seed), Desk()
    night.require_nothing_hidden()
    # Three that stand near one another at the same time may be of three events: of so few, the
    # officer reads each.
    found = [each for each in desk.find_events() if each["count"] > 5]
    assert [each["count"] for each in found] == [400, 40, 12]
    incidents = [desk.take_in(each["like"]) for each in found]
    night.require_nothing_hidden()
    for incident in incidents:
        thanks = {"message": "Thank you: we are there.", "skip_unread": False}
        desk.step_on_all(incident, status="acknowledged", **thanks)
    daily = [each for each in desk.narrow("&urgency=normal&status=new") if not each["incident"]]
    desk.step_on(daily, assignee="li", skip_unread=False)
    night.require_nothing_hidden()
    left = [each for each in desk.narrow("&needs_action=true") if each["assignee"] is None]
    behind = {each["incident"]["id"] for each in left if each["incident"]}
    members = {each for one in behind for each in ids(queue(f"&limit=50&incident={one}"))}
    assert ids(left) | members == night.to_think_of
    assert desk.actions <= MOST_ACTIONS
