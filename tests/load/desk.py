"""Officers at work while a stack is attacked: what they list, open and close."""

import json
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tests.load.http import Answer
from tests.load.measures import Result
from tests.load.reports import JSON
from tests.load.stack import Stack

_PAGE = 50
# Further pages only say how far down a report is that should be on the first.
_MOST_PAGES = 4
BURSTS = "/v1/officer/bursts"
# A task closes the reports of a burst, some at each sweep.
_SWEEPS, _A_MINUTE_S = 5, 60


class Desk:
    """An officer with a console: a connection of their own, and a token."""

    def __init__(self, stack: Stack, username: str = "officer") -> None:
        self._connection, self._headers = stack.connect(), stack.token(username)

    def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        content = b"" if body is None else json.dumps(body).encode()
        more = JSON if content else {}
        return self._connection.send(
            method, path, content, {**self._headers, **more, **(headers or {})}
        )

    def place_of(self, report_id: str) -> int | None:
        """Return the row of a report in the list by attention, counted from 1; None when it is on
        none of the first pages.
        """
        path, before = f"/v1/officer/reports?sort=attention&limit={_PAGE}", 0
        cursor = ""
        for _ in range(_MOST_PAGES):
            answer = self.send("GET", path + cursor)
            if answer.status != 200:
                return None
            ids = [each.get("id") for each in answer.json["items"]]
            if report_id in ids:
                return before + ids.index(report_id) + 1
            before += len(ids)
            if not answer.json["next_cursor"]:
                return None
            cursor = f"&cursor={answer.json['next_cursor']}"
        return None

    def acknowledge(self, report_id: str) -> bool:
        """Take a report out of what is new, as an officer does who begins with it."""
        path = f"/v1/officer/reports/{report_id}"
        etag = self.send("GET", path).headers.get("etag", "")
        changed = self.send("PATCH", path, {"status": "acknowledged"}, {"If-Match": etag})
        return changed.status == 200


class OfficerAtWork(threading.Thread):
    """Calls the paths, and again every so many seconds, until `ended` is set."""

    def __init__(self, desk: Desk, paths: Sequence[str], every_s: float) -> None:
        super().__init__()
        self.statuses, self.took_s = Counter[int](), list[float]()
        self.ended = threading.Event()
        self._desk, self._paths, self._every_s = desk, paths, every_s

    def run(self) -> None:
        while not self.ended.wait(self._every_s):
            for path in self._paths:
                began = time.monotonic()
                answer = self._desk.send("GET", path)
                self.took_s.append(time.monotonic() - began)
                self.statuses[answer.status] += 1


class _Ended(NamedTuple):
    """A burst, and the first step of its ending that failed, if one did."""

    id: str
    junk: int
    failed: str = ""


def check_bursts(result: Result, stack: Stack, at_least: int) -> None:
    """Close the junk of each burst: one officer lists bursts, opens one and proposes its end, and a
    second approves what they have read.
    """
    first, second = Desk(stack), Desk(stack, "supervisor")
    listed = first.send("GET", BURSTS)
    found = listed.json["items"] if listed.status == 200 else []
    ended = [_end(each, first, second) for each in found]
    failed = [each.failed for each in ended if each.failed]
    left = _wait_until_closed(stack, first, [each.id for each in ended]) if not failed else ended
    junk = sum(each.junk for each in ended)
    result.check(
        "a burst's junk is closed in three calls and a second officer's one",
        f"{listed.status}, {len(found)} bursts of {junk:,} (≥ {max(0, at_least):,} are junk); "
        f"{len(left)} not closed {'; '.join(failed)}",
        listed.status == 200 and not left and junk >= at_least,
    )


def _end(burst: Mapping[str, Any], first: Desk, second: Desk) -> _Ended:
    path = f"{BURSTS}/{burst['id']}"
    reason = {"disposition": "unfounded", "reason": "One flood, from a few sources."}
    opened = first.send("GET", f"/v1/officer/reports?burst={burst['id']}&limit={_PAGE}")
    proposed = first.send("POST", f"{path}/ending", reason)
    read = second.send("GET", path)
    tag = str(read.json.get("tag")) if read.status == 200 else ""
    approved = second.send("POST", f"{path}/ending/approval", headers={"If-Match": tag})
    statuses = {"open": opened, "propose": proposed, "read": read, "approve": approved}
    wrong = [
        f"{name}: {each.status}"
        for name, each in statuses.items()
        if each.status not in (200, 201, 202)
    ]
    return _Ended(burst["id"], burst["count"], ", ".join(wrong))


def _wait_until_closed(stack: Stack, desk: Desk, bursts: Sequence[str]) -> list[str]:
    """Let the task close the reports of bursts, and return the bursts that still have new ones."""
    left = list(bursts)
    for _ in range(_SWEEPS):
        stack.advance(_A_MINUTE_S)
        left = [
            each
            for each in left
            if desk.send("GET", f"/v1/officer/reports?burst={each}&status=new").json["items"]
        ]
        if not left:
            break
    return left
