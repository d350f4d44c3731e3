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
_MOST_PAGES = 50
BURSTS = "/v1/officer/bursts"
# Each call of an approval closes some of the reports of a burst.
_MOST_PARTS = 2_000


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
    """How many reports of a burst were closed, and the steps that failed."""

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
    junk = sum(each.junk for each in ended)
    result.check(
        "a burst's junk is closed in three calls and a second officer's one",
        f"{listed.status}, {len(found)} bursts of {junk:,} (≥ {max(0, at_least):,} are junk); "
        f"{'; '.join(failed)}",
        listed.status == 200 and not failed and junk >= at_least,
    )


def _end(burst: Mapping[str, Any], first: Desk, second: Desk) -> _Ended:
    """Close a burst as two officers do. A console calls the approval until all are closed."""
    path = f"{BURSTS}/{burst['id']}"
    opened = first.send("GET", f"/v1/officer/reports?burst={burst['id']}&limit={_PAGE}")
    proposed = first.send("POST", f"{path}/ending", {"disposition": "unfounded"})
    read = second.send("GET", path)
    ending = read.json["ending"] if read.status == 200 else None
    match = {"If-Match": ending["tag"] if ending else ""}
    answers, junk = {"open": opened, "propose": proposed, "read": read}, 0
    for _ in range(_MOST_PARTS):
        part = answers["approve"] = second.send("POST", f"{path}/ending/approve", headers=match)
        if part.status != 200:
            break
        junk += part.json["ended"]
        if part.json["is_complete"]:
            break
    wrong = [
        f"{name}: {each.status or 'no answer'}"
        for name, each in answers.items()
        if not 200 <= each.status < 300
    ]
    left = second.send("GET", path)
    is_left = left.status == 200 and left.json["count"] > 0
    return _Ended(junk, ", ".join(wrong + ["some left"] * is_left))
