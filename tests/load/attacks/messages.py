"""Thousands of messages on one critical report."""

import itertools
import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from tests.load import reports
from tests.load.attacks.flood import CRITICAL
from tests.load.http import Answer
from tests.load.inbox import Inbox, per_minute
from tests.load.measures import Result, spread
from tests.load.reports import JSON, Sent
from tests.load.stack import Stack

WRITERS = 2
WRITE_S = 120
LAST_S = 20
A_MINUTE_S = 60
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
        took_s = time.time() - began
        accepted = sum(answer.status == 201 for answer, _ in written)
        result.check(
            "all accepted",
            f"{accepted:,} of {count:,} in {took_s:.0f} s; {spread(time for _, time in written)}",
            accepted == count,
        )
        _check_notices(result, stack, inbox)
        _check_opens(result, stack, sent)
        reports.check_stored(result, stack, [sent])
    return result


def _write(stack: Stack, sent: Sent, count: int) -> list[tuple[Answer, float]]:
    """Return each response, and how long it took in seconds."""
    until, numbers = time.monotonic() + WRITE_S, iter(range(count))

    def work(_: int) -> list[tuple[Answer, float]]:
        done = []
        with stack.connect() as connection:
            for number in numbers:
                began = time.monotonic()
                if began > until:
                    break
                answer = connection.send(
                    "POST",
                    f"/v1/reports/{sent.id}/messages",
                    json.dumps({"text": f"{number}: {TEXT}"}).encode(),
                    {
                        **JSON,
                        "Authorization": f"Receipt {sent.receipt}",
                        "Idempotency-Key": str(uuid.uuid4()),
                    },
                )
                done.append((answer, time.monotonic() - began))
        return done

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(itertools.chain.from_iterable(pool.map(work, range(WRITERS))))


def _check_notices(result: Result, stack: Stack, inbox: Inbox) -> None:
    """Count the notices of each minute, by the stack's own clock."""
    # What waits for its minute to end comes with the next one.
    stack.advance(A_MINUTE_S)
    until = time.time() + LAST_S
    while not (notices := inbox.of("message")) and time.time() < until:
        time.sleep(0.5)
    time.sleep(2)
    notices = inbox.of("message")
    most = max(per_minute(notices).values(), default=0)
    result.check(
        "≤ 1 notice a minute",
        f"{most:,} in the fullest minute, {len(notices):,} in all",
        most == 1,
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
