"""Reports that are sent by the thousand, and looked for afterwards."""

import itertools
import json
import random
import string
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.load.http import Answer, Connection
from tests.load.measures import Result
from tests.load.stack import Stack

# As many at once as keep the stack busy, and leave it its two cores.
CONNECTIONS = 6
_TRIES, _PAUSE_S = 20, 0.5
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


def varied_text(number: int) -> str:
    """Return a text that has nothing in common with the others."""
    chosen = random.Random(number)
    words = ("".join(chosen.choices(string.ascii_lowercase, k=6)) for _ in range(20))
    return " ".join(words)


def source_of(number: int) -> str:
    """Return an address, each in a network of its own."""
    return f"127.{20 + number // 250}.{number % 250}.1"


def paced[T](
    send: Callable[[int], T], a_second: float, seconds: float, senders: int = 2 * CONNECTIONS
) -> list[T]:
    """Call `send` with 0, 1, 2 and so on, so often a second and for so long. Return the results.
    What is late is made up for, as far as so many senders at once can.
    """
    began, numbers, lock = time.monotonic(), itertools.count(), threading.Lock()

    def work(_: int) -> list[T]:
        done: list[T] = []
        while True:
            with lock:
                number = next(numbers)
            passed = time.monotonic() - began
            if max(passed, number / a_second) >= seconds:
                return done
            time.sleep(max(0, number / a_second - passed))
            done.append(send(number))

    with ThreadPoolExecutor(senders) as pool:
        return list(itertools.chain.from_iterable(pool.map(work, range(senders))))


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
    for _ in range(_TRIES):
        answer = connection.send("GET", "/v1/reports/mine", headers=headers)
        # The route has its own limit, which this search reaches.
        if answer.status != 429:
            break
        time.sleep(_PAUSE_S)
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


def check_accepted(result: Result, sent: Sequence[Sent], wanted: int) -> None:
    """Check that none was refused of a category that is never limited. `wanted` are as many as the
    pace would be: a machine that sends less than half of them shows nothing.
    """
    accepted = sum(each.is_stored for each in sent)
    took_s = max(each.answered_at for each in sent) - min(each.sent_at for each in sent)
    result.check(
        "not one is refused",
        f"{accepted:,} of {len(sent):,}, {len(sent) / took_s:.0f} a second",
        accepted == len(sent) >= wanted / 2,
    )
