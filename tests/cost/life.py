"""The life of a report in 25 calls of the API, and all that happens because of it.

Officers come four times, each time for less than a minute. A reporter looks as an app does, with
the `ETag` of the last response. Some functions do in one run what a whole minute has brought, so
that a report's share is smaller when there are many: several lives are played side by side.
"""

import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from chalicelib import wiring
from chalicelib.handlers.service import scheduled
from tests import cloud
from tests.client import report
from tests.cost import storage
from tests.cost.bill import Bill
from tests.cost.usage import Usage, added, less, times

OFFICER = "wang"
_CATEGORIES = ("missing_elderly", "suspected_offender", "traffic_violation", "other")
_BODY = {
    "occurred_at": "2026-11-24T08:30:00+08:00",
    "location": {
        "lat": 39.92123,
        "lon": 116.44321,
        "datum": "gcj02",
        "accuracy_m": 20.5,
        "address": "朝阳区建国路93号万达广场东门公交站",
    },
}
_MESSAGE = "他现在坐在公交站的长椅上，有一位邻居陪着他。我们等你们来。"
_PULSE = "/v1/officer/pulse"


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
        self._etag = ""
        self._asked = 0

    def play(self) -> Iterator[_Run]:
        """Live, and yield what one run does for all lives at the end of a minute."""
        self._reporter("reads the catalogue", "GET", "/v1/catalogue")
        self._reporter("asks whether a proof is needed", "GET", "/v1/health")
        self._create()
        yield _compare
        self._read_own()
        self._visit(self._pulse, self._list, self._open, self._acknowledge)
        yield _seal
        self._read_own()
        self._visit(self._open, self._reply, self._begin)
        yield _seal
        self._read_own()
        self._write()
        self._read_own()
        self._visit(self._pulse, self._list, self._open, self._note)
        yield _seal
        self._read_own()
        self._visit(self._pulse, self._list, self._open, self._close)
        yield _seal
        self._read_own()
        yield _keep
        yield _delete

    def _reporter(self, what: str, method: str, path: str, body: Any = None, **how: Any) -> Any:
        reply, used = self.bill.request(method, path, body, **how)
        self.steps.append(Step(Who.REPORTER, what, 1, used))
        return reply

    def _create(self) -> None:
        body = report(self._category, text=self._text, **_BODY)
        body["location"] = {**body["location"], "lat": 39.9 + self._number / 500}
        reply = self._reporter("creates it", "POST", "/v1/reports", body, key=self._key())
        self._created = reply.json
        self._publish()

    def _key(self) -> str:
        """Return another Idempotency-Key each time, the same ones in each run."""
        return str(uuid.UUID(int=self._chosen.getrandbits(128), version=4))

    def _read_own(self) -> None:
        reply = self._reporter(
            "reads it",
            "GET",
            f"/v1/reports/{self._created['id']}",
            receipt=self._created["receipt"],
            headers={"If-None-Match": self._etag} if self._etag else None,
        )
        self._etag = reply.headers.get("etag", self._etag)

    def _write(self) -> None:
        self._reporter(
            "writes a message",
            "POST",
            f"/v1/reports/{self._created['id']}/messages",
            {"text": _MESSAGE},
            key=self._key(),
            receipt=self._created["receipt"],
        )
        self._publish()

    def _visit(self, *acts: Callable[[], None]) -> None:
        """Let an officer do all of it within a minute, and the stream what follows from it."""
        self._asked = 0
        for act in acts:
            act()
        asked = 1 if self.bill.deployed.kept_s else self._asked
        self.steps.append(
            Step(Who.ITSELF, "the authorizer", 0, times(self.bill.authorizer(), asked))
        )
        self._publish()

    def _officer(self, what: str, method: str, path: str, body: Any = None, **how: Any) -> Any:
        reply, used = self.bill.request(method, path, body, officer=OFFICER, **how)
        self.steps.append(Step(Who.OFFICERS, what, 1, used))
        self._asked += 1
        return reply

    def _pulse(self) -> None:
        self._officer("asks what is new", "GET", _PULSE)

    def _list(self) -> None:
        query = f"category={self._category}&limit=50&sort=attention"
        self._officer("lists reports", "GET", f"/v1/officer/reports?{query}")

    def _open(self) -> None:
        self._etag = self._officer("opens it", "GET", self._own).headers["etag"]

    def _reply(self) -> None:
        self._officer("replies", "POST", f"{self._own}/messages", {"text": _MESSAGE})

    def _note(self) -> None:
        self._officer("writes a note", "POST", f"{self._own}/notes", {"text": _MESSAGE})

    def _acknowledge(self) -> None:
        self._change("acknowledges it", status="acknowledged", assignee=OFFICER)

    def _begin(self) -> None:
        self._change("begins work", status="in_progress")

    def _close(self) -> None:
        # The messages are the officer's reply and the reporter's own.
        end = {"status": "closed", "disposition": "resolved", "reason": "Done.", "messages_seen": 2}
        self._change("closes it", **end)

    def _change(self, what: str, **change: Any) -> None:
        headers = {"If-Match": self._etag}
        reply = self._officer(what, "PATCH", self._own, change, headers=headers)
        self._etag = reply.headers["etag"]

    def _publish(self) -> None:
        self.steps.append(Step(Who.ITSELF, "notices and counters", 0, self.bill.publish()))

    @property
    def _own(self) -> str:
        return f"/v1/officer/reports/{self._created['id']}"


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
