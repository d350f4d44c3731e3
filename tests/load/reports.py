"""Reports that are sent by the thousand, and looked for afterwards."""

import itertools
import json
import threading
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.load.http import Answer, Connection
from tests.load.measures import Result
from tests.load.stack import Stack

# As many at once as keep the stack busy, and leave it its two cores.
CONNECTIONS = 6
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Sent:
    """A report that was sent. Times are Unix times in seconds."""

    key: str
    text: str
    sent_at: float
    answered_at: float
    answer: Answer

    @property
    def is_stored(self) -> bool:
        return self.answer.status == 201

    @property
    def id(self) -> str:
        return str(self.answer.json["id"])

    @property
    def receipt(self) -> str:
        return str(self.answer.json["receipt"])

    @property
    def took_s(self) -> float:
        return self.answered_at - self.sent_at


def send_report(
    connection: Connection,
    category: str,
    text: str,
    *,
    key: str | None = None,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Sent:
    """Send one report."""
    key = key or str(uuid.uuid4())
    body = json.dumps({"category": category, "text": text, **more}, ensure_ascii=False).encode()
    sent_at = time.time()
    answer = connection.send(
        "POST", "/v1/reports", body, {**JSON, "Idempotency-Key": key, **(headers or {})}
    )
    return Sent(key, text, sent_at, time.time(), answer)


def junk_text(number: int) -> str:
    """Return one of many texts: half of a flood repeats itself, the other half does not."""
    if number % 2:
        return "广告 buy cheap watches now, visit our shop. " * 2
    return f"{number}: {uuid.uuid4()} 路口有人 there was something somewhere, I think. " * 2


def flood(
    stack: Stack,
    categories: Sequence[str],
    count: int,
    *,
    limit_s: float,
    connections: int = CONNECTIONS,
    **more: Any,
) -> list[Sent]:
    """Send so many reports as fast as the stack takes them, for `limit_s` at most."""
    numbers, lock, until = itertools.count(), threading.Lock(), time.monotonic() + limit_s

    def work(_: int) -> list[Sent]:
        done: list[Sent] = []
        with stack.connect() as connection:
            while time.monotonic() < until:
                with lock:
                    number = next(numbers)
                if number >= count:
                    break
                category = categories[number % len(categories)]
                done.append(send_report(connection, category, junk_text(number), **more))
        return done

    with ThreadPoolExecutor(connections) as pool:
        return list(itertools.chain.from_iterable(pool.map(work, range(connections))))


def lost(stack: Stack, sent: Iterable[Sent]) -> list[str]:
    """Return the ids of acknowledged reports that their receipt does not open, or that say
    something else.
    """
    waiting, lock = [each for each in sent if each.is_stored], threading.Lock()

    def work(_: int) -> list[str]:
        missing: list[str] = []
        with stack.connect() as connection:
            while True:
                with lock:
                    if not waiting:
                        return missing
                    each = waiting.pop()
                if not _is_there(connection, each):
                    missing.append(each.id)

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return list(itertools.chain.from_iterable(pool.map(work, range(CONNECTIONS))))


def _is_there(connection: Connection, sent: Sent) -> bool:
    headers = {"Authorization": f"Receipt {sent.receipt}"}
    answer = connection.send("GET", "/v1/reports/mine", headers=headers)
    if answer.status != 200:
        return False
    view = answer.json
    return bool(view["id"] == sent.id and view["text"] == sent.text)


def check_stored(result: Result, stack: Stack, sent: Iterable[Sent]) -> None:
    """Look for every acknowledged report with its receipt."""
    stored = [each for each in sent if each.is_stored]
    missing = len(lost(stack, stored))
    result.stored += len(stored)
    result.lost += missing
    result.check("lost 0", f"{missing} of {len(stored):,} acknowledged", missing == 0)
