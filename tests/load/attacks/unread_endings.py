"""One officer who closes, in a loop, child abductions that nobody has read."""

import time
from collections import Counter

from tests.load import reports
from tests.load.attacks.flood import CRITICAL
from tests.load.desk import Desk
from tests.load.inbox import Inbox
from tests.load.measures import Result, shown
from tests.load.reports import send_report, varied_text
from tests.load.stack import Stack

NOTICE_AFTER = 10
PATIENCE_S = 10
# A version that every list shows, and that anybody can guess.
GUESSED = {"If-Match": '"1"'}
END = {"status": "closed", "disposition": "unfounded", "reason": "x"}


def play(count: int) -> Result:
    """Try to close `count` reports without opening one."""
    result = Result(f"one officer closes {count} child abductions that nobody has opened")
    with Stack(LIMITS="on") as stack:
        inbox, desk = Inbox(stack), Desk(stack)
        with stack.connect() as connection:
            sent = [send_report(connection, CRITICAL, varied_text(n)) for n in range(count)]
        answers: list[int] = []
        for number, each in enumerate(sent):
            path = f"/v1/officer/reports/{each.id}"
            answers.append(desk.send("PATCH", path, END, GUESSED).status)
            if number + 1 == NOTICE_AFTER:
                early = len(inbox.of("watch"))
        result.check("each is refused", shown(Counter(answers)), set(answers) == {409})
        supervisor = Desk(stack, "supervisor")
        states = Counter(
            supervisor.send("GET", f"/v1/officer/reports/{each.id}").json.get("status")
            for each in sent
        )
        result.check("each is still new", f"{states['new']} of {count}", states["new"] == count)
        until = time.time() + PATIENCE_S
        while not inbox.of("watch") and time.time() < until:
            time.sleep(0.2)
        notices = [each.body for each in inbox.of("watch")]
        # The watch counts from the stream of the audit, which may bring all tries at once.
        result.check(
            f"supervisors are notified after {NOTICE_AFTER} tries",
            f"{early} notices by then, and {len(notices)} in all: "
            + ", ".join(f"{each.get('watched')} {each.get('count')}" for each in notices),
            bool(notices) and early == 0,
        )
        reports.check_stored(result, stack, sent)
    return result
