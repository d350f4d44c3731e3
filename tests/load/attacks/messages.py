"""Thousands of messages on one critical report."""

import itertools
import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from tests.load import reports
from tests.load.attacks.flood import CRITICAL
from tests.load.http import Answer, Connection
from tests.load.inbox import Inbox
from tests.load.measures import Result, spread
from tests.load.reports import JSON, Sent
from tests.load.stack import Stack

WRITERS = 2
WRITE_S = 120
TRIES = 8
# A notice that waits is sent by the sweep of the minute after it is due.
LAST_S = 135
A_MINUTE_S, SWEEPS_DIFFER_S = 60, 3
MOST_BYTES = 1_000_000
TEXT = "He is still there, by the north gate, and looks at the children. " * 3


def play(count: int) -> Result:
    """Write `count` messages, and open the report as officer and as reporter."""
    result = Result(f"{count:,} messages on one critical report")
    with Stack() as stack:
        inbox = Inbox(stack)
        with stack.connect() as connection:
            sent = reports.send_report(connection, CRITICAL, "A man waits at the school.")
        began = time.time()
        written = _write(stack, sent, count)
        ended = time.time()
        accepted = sum(answer.status == 201 for answer, _ in written)
        result.check(
            "all accepted",
            f"{accepted:,} of {count:,} in {ended - began:.0f} s; "
            f"{spread(took_s for _, took_s in written)}",
            accepted == count,
        )
        _check_notices(result, inbox, ended)
        _check_opens(result, stack, sent)
        reports.check_stored(result, stack, [sent])
    return result


def _write(stack: Stack, sent: Sent, count: int) -> list[tuple[Answer, float]]:
    """Return each last response, and how long it took in seconds until it came."""
    until, numbers = time.monotonic() + WRITE_S, iter(range(count))

    def work(_: int) -> list[tuple[Answer, float]]:
        done = []
        with stack.connect() as connection:
            for number in numbers:
                began = time.monotonic()
                if began > until:
                    break
                answer = _write_one(connection, sent, number)
                done.append((answer, time.monotonic() - began))
        return done

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(itertools.chain.from_iterable(pool.map(work, range(WRITERS))))


def _write_one(connection: Connection, sent: Sent, number: int) -> Answer:
    """Write a message, and send it again after 503, as an app does."""
    path = f"/v1/reports/{sent.id}/messages"
    body = json.dumps({"text": f"{number}: {TEXT}"}).encode()
    key = {"Idempotency-Key": str(uuid.uuid4())}
    for _ in range(TRIES):
        answer = connection.send(
            "POST", path, body, {**JSON, **key, "Authorization": f"Receipt {sent.receipt}"}
        )
        if answer.status != 503:
            break
    return answer


def _check_notices(result: Result, inbox: Inbox, since: float) -> None:
    """Wait until a notice is younger than the last message; then look how close notices are."""
    until = time.time() + LAST_S
    while not any(each.at >= since for each in inbox.of("message")) and time.time() < until:
        time.sleep(1)
    times = sorted(each.at for each in inbox.of("message"))
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    least = f"{min(gaps):.0f} s apart at least" if gaps else "no two"
    result.check(
        "≤ 1 notice a minute, and one after the last message",
        f"{len(times):,} in all, {least}; the last {times[-1] - since:.0f} s after",
        min(gaps, default=A_MINUTE_S) >= A_MINUTE_S - SWEEPS_DIFFER_S and times[-1] >= since,
    )


def _check_opens(result: Result, stack: Stack, sent: Sent) -> None:
    officer = stack.token("officer")
    with stack.connect() as connection:
        for who, path, headers in (
            ("an officer", f"/v1/officer/reports/{sent.id}", officer),
            ("the reporter", "/v1/reports/mine", {"Authorization": f"Receipt {sent.receipt}"}),
        ):
            began = time.monotonic()
            answer = connection.send("GET", path, headers=headers)
            took_s = time.monotonic() - began
            result.check(
                f"{who} opens it in one page, < 1 MB",
                f"{answer.status}, {len(answer.body) / 1000:,.0f} kB in {took_s:.2f} s",
                answer.status == 200 and len(answer.body) < MOST_BYTES,
            )
