"""The life of a report in the calls that the web clients were seen to make (`calls.json`), and all
that happens because of it.

Officers come four times, each time for less than a minute. A reporter looks as an app does, with
the `ETag` of the last response. Some functions do in one run what a whole minute has brought, so
that a report's share is smaller when there are many: several lives are played side by side.
"""

import random
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from chalicelib import wiring
from chalicelib.handlers.service import scheduled
from tests import cloud
from tests.bench import operations
from tests.client import report
from tests.cost import storage
from tests.cost.bill import Bill
from tests.cost.calls import Call, Visit, seen
from tests.cost.usage import Usage, added, less, times

OFFICER = "wang"
_CATEGORIES = ("missing_elderly", "suspected_offender", "traffic_violation", "other")
_BODY = {name: operations.FULL[name] for name in ("occurred_at", "location")}
_MESSAGE = "他现在坐在公交站的长椅上，有一位邻居陪着他。我们等你们来。"
PULSE = "asks what is new"
# What a call is for that changes nothing.
_LOOKS = {
    "/v1/officer/pulse": PULSE,
    "/v1/officer/reports": "lists reports",
    "/v1/officer/bursts": "lists bursts",
    "/v1/officer/colleagues": "lists colleagues",
    "/v1/officer/reports/{report_id}": "opens it",
    "/v1/catalogue": "reads the catalogue",
    "/v1/bulletins": "reads the bulletins",
    "/v1/health": "asks whether a proof is needed",
    "/v1/reports/mine": "reads it",
    "/v1/reports/{report_id}": "reads it",
}
_CREATION = Call("POST", "/v1/reports")
_WRITES = {"/v1/reports": "creates it", "/v1/reports/{report_id}/messages": "writes a message"}
# What calls ask for, by the names in their query.
_VALUES = {
    "category": "other",
    "district": "chaoyang",
    "limit": "50",
    "looking_at": "",
    "sort": "attention",
}
_BODIES: Mapping[str, Mapping[str, Any]] = {
    "acknowledges it": {"status": "acknowledged", "assignee": OFFICER},
    "replies": {"text": _MESSAGE},
    "writes a message": {"text": _MESSAGE},
    "begins work": {"status": "in_progress"},
    "writes a note": {"text": _MESSAGE},
    # The messages are the officer's reply and the reporter's own.
    "closes it": {
        "status": "closed",
        "disposition": "resolved",
        "reason": "Done.",
        "messages_seen": 2,
    },
}

SAME_MINUTE = 4
"""So many reports are played side by side. A million in a month are 23 a minute."""
LONG, SHORT = 1024, 200
"""Characters of a text: that of docs/benchmarks.md, and a usual one."""


class Who(StrEnum):
    """Who calls the API in a step, or what happens without a call."""

    REPORTER = "the reporter"
    OFFICERS = "officers"
    ITSELF = "by itself"
    KEPT = "kept"


class Step(NamedTuple):
    """What happened: `calls` of the API by `who`, or none; `used` by them, or because of them."""

    who: Who
    what: str
    calls: int
    used: Usage


type _Run = Callable[[Bill], tuple[Who, str, Usage]]


class _Life:
    """One life, and its steps. `number` makes it unlike the others, as real reports are."""

    def __init__(self, bill: Bill, number: int, signs: int) -> None:
        self.bill = bill
        self._text = _text(number, signs)
        self._chosen = random.Random(f"key {number}")
        self.steps: list[Step] = []
        self._number = number
        self._category = _CATEGORIES[number % len(_CATEGORIES)]
        self._created: Any = None
        self._etag = ""
        self._match = ""
        self._asked = 0

    def play(self) -> Iterator[_Run]:
        """Live, and yield what one run does for all lives at the end of a minute."""
        begin, create, read, look, write = (act.calls for act in seen().reporter)
        first, second, third, last = seen().visits
        self._reporter(begin)
        self._reporter(create)
        self._publish()
        yield _compare
        self._reporter(read)
        self._visit(first)
        yield _seal
        self._reporter(look)
        self._visit(second)
        yield _seal
        self._reporter(look)
        self._reporter(write)
        self._publish()
        self._visit(third)
        yield _seal
        self._reporter(look)
        self._visit(last)
        yield _seal
        self._reporter(look)
        yield _keep
        yield _delete

    def _reporter(self, calls: Sequence[Call]) -> None:
        for call in calls:
            creates = call == _CREATION
            reply, used = self.bill.request(
                call.method,
                self._address(call),
                self._body() if creates else _BODIES.get(_WRITES.get(call.route, "")),
                key=self._key() if call.method == "POST" else None,
                receipt=self._created["receipt"] if self._created else None,
                headers={"If-None-Match": self._etag} if self._etag else None,
            )
            what = _LOOKS[call.route] if call.method == "GET" else _WRITES[call.route]
            self.steps.append(Step(Who.REPORTER, what, 1, used))
            if creates:
                self._created = reply.json
            if "/reports/" in call.route:
                self._etag = reply.headers.get("etag", self._etag)

    def _body(self) -> dict[str, Any]:
        body = report(self._category, text=self._text, **_BODY)
        return body | {"location": body["location"] | {"lat": 39.9 + self._number / 500}}

    def _key(self) -> str:
        """Return another Idempotency-Key each time, the same ones in each run."""
        return str(uuid.UUID(int=self._chosen.getrandbits(128), version=4))

    def _visit(self, visit: Visit) -> None:
        """Let an officer do all of it within a minute, and the stream what follows from it."""
        self._asked = 0
        for act in visit:
            for call in act.calls:
                self._officer(act.does, call)
        asked = 1 if self.bill.deployed.kept_s else self._asked
        self.steps.append(
            Step(Who.ITSELF, "the authorizer", 0, times(self.bill.authorizer(), asked))
        )
        self._publish()

    def _officer(self, does: str, call: Call) -> None:
        looks = call.method == "GET"
        reply, used = self.bill.request(
            call.method,
            self._address(call),
            None if looks else _BODIES[does],
            officer=OFFICER,
            headers={"If-Match": self._match} if call.method == "PATCH" else None,
        )
        self.steps.append(Step(Who.OFFICERS, _LOOKS[call.route] if looks else does, 1, used))
        self._asked += 1
        if call.route == "/v1/officer/reports/{report_id}":
            self._match = reply.headers["etag"]

    def _address(self, call: Call) -> str:
        own = self._created or {"id": ""}
        found = address(call, category=self._category, looking_at=own["id"])
        return found.replace("{report_id}", own["id"])

    def _publish(self) -> None:
        self.steps.append(Step(Who.ITSELF, "notices and counters", 0, self.bill.publish()))


def address(call: Call, **values: str) -> str:
    """Return what a call asks for: each part of its query has a usual value, if none is given."""
    given = _VALUES | values
    query = "&".join(f"{name}={given[name]}" for name in call.query)
    return f"{call.route}?{query}" if query else call.route


def live(bill: Bill, at_once: int, signs: int) -> list[Step]:
    """Play so many lives side by side, of reports with a text of so many signs, and return the
    steps of one of them on average.
    """
    cloud.officer(OFFICER)
    lives = [_Life(bill, number, signs) for number in range(at_once)]
    for together in zip(*(life.play() for life in lives), strict=True):
        who, what, used = together[0](bill)
        for life in lives:
            life.steps.append(Step(who, what, 0, times(used, 1 / at_once)))
        wiring.clock.advance(timedelta(minutes=20))
    return [
        each[0]._replace(used=times(added(step.used for step in each), 1 / at_once))
        for each in zip(*(life.steps for life in lives), strict=True)
    ]


def used(steps: Sequence[Step]) -> dict[str, float]:
    """Return what all steps used, but for what is kept."""
    return added(step.used for step in steps if step.who is not Who.KEPT)


def intake(steps: Sequence[Step]) -> list[Step]:
    """Return the steps of intake alone: the call that creates it, and what follows by itself."""
    [begin] = [number for number, step in enumerate(steps) if step.what == "creates it"]
    end = begin + 1
    while steps[end].calls == 0:
        end += 1
    return list(steps[begin:end])


def _text(number: int, signs: int) -> str:
    """Return a Chinese text that shares no passage with others. A sign has 3 bytes."""
    chosen = random.Random(number)
    return "".join(chr(chosen.randrange(0x4E00, 0x9FA5)) for _ in range(signs))


def _compare(bill: Bill) -> tuple[Who, str, Usage]:
    """Compare what is new with the rest. The run of each minute itself is not counted here."""

    def run() -> dict[str, float]:
        return bill.function(
            "suggest_incidents", lambda: scheduled.suggest_incidents(cloud.SCHEDULE, None)
        )

    busy, idle = run(), run()
    return Who.ITSELF, "comparison with others", added([less(busy, idle), bill.publish()])


def _seal(bill: Bill) -> tuple[Who, str, Usage]:
    return Who.ITSELF, "seals of the audit", bill.seal()


def _keep(bill: Bill) -> tuple[Who, str, Usage]:
    return Who.KEPT, "its rows and backups", storage.kept(bill.environment)


def _delete(bill: Bill) -> tuple[Who, str, Usage]:
    """Let the time pass for which closed reports are kept."""
    wiring.clock.advance(timedelta(days=91))

    def sweep() -> dict[str, float]:
        return bill.function("sweep_upkeep", lambda: scheduled.sweep_upkeep(cloud.SCHEDULE, None))

    busy, done = sweep(), bill.upkeep()
    return Who.ITSELF, "deletion after 90 days", added([less(busy, sweep()), done, bill.publish()])
