"""What a destination that does not answer costs the notices of critical reports: two stacks side by
side, one with a backlog of events for such a destination, and one without any.

    python -m tests.bench.events     prints the row
"""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench import rows as table
from tests.load import reports
from tests.load.attacks.flood import CRITICAL
from tests.load.desk import Desk
from tests.load.inbox import Inbox, first_times
from tests.load.measures import percentile
from tests.load.stack import Stack

# Fewer than go alone in a minute, so that no digest gathers them.
IN_A_ROUND = 8
WAITING = 200
_PATIENCE_S = 60
_DESTINATION = "/v1/admin/destinations/dead"


def rows(rounds: int = table.ROUNDS) -> list[table.Row]:
    with Stack() as dead, Stack() as none, _silent_port() as port:
        _agree_on(dead, f"https://dead.localhost:{port}/")
        for stack in (dead, none):
            reports.flood(stack, ["other"], WAITING, limit_s=_PATIENCE_S)
        inboxes = [(stack, Inbox(stack)) for stack in (dead, none)]
        ratios = []
        for _ in range(rounds):
            one, other = (_notices_p99(stack, inbox) for stack, inbox in inboxes)
            ratios.append(one / other)
        return [
            table.row(
                f"p99 of the notices of critical reports, {WAITING} events for a dead destination",
                "no destination, in the same run",
                ratios,
                at_most=1.1,
            )
        ]


def _notices_p99(stack: Stack, inbox: Inbox) -> float:
    """Report a round of critical ones, and return the p99 of the time until each notice."""
    stack.advance(60)
    inbox.settle()
    sent = []
    with stack.connect() as connection:
        for number in range(IN_A_ROUND):
            sent.append(reports.send_report(connection, CRITICAL, f"Number {number}."))
            time.sleep(0.2)
    inbox.settle(patience_s=_PATIENCE_S)
    at = first_times(inbox.all, [each.id for each in sent])
    return percentile([at[each.id] - each.answered_at for each in sent], 99)


@contextmanager
def _silent_port() -> Iterator[int]:
    """Accept connections, and never answer."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as server:
        yield server.getsockname()[1]


def _agree_on(stack: Stack, url: str) -> None:
    body = {"url": url, "categories": [], "kinds": []}
    proposed = Desk(stack, "admin").send("PUT", _DESTINATION, body)
    second = Desk(stack, "admin2")
    tag = second.send("GET", _DESTINATION).json["proposal"]["tag"]
    approved = second.send("POST", f"{_DESTINATION}/approve", headers={"If-Match": tag})
    assert (proposed.status, approved.status) == (202, 200), (proposed.body, approved.body)


if __name__ == "__main__":
    for row in rows():
        print(row)
