"""One source that proves no work, at load level 2."""

import uuid

from chalicelib.domain.catalogue.model import catalogue
from tests.load import reports
from tests.load.levels import set_level
from tests.load.measures import Result
from tests.load.reports import Sent, send_report
from tests.load.stack import Stack

LEVEL = 2
SOURCE = "127.9.8.7"


def play(count: int) -> Result:
    """Send `count` reports of each category from one address, and one more time what was accepted
    before the flood.
    """
    result = Result(f"one source, level {LEVEL}, no proof")
    with Stack(LIMITS="on") as stack, stack.connect(SOURCE) as connection:
        first = send_report(connection, "other", "Before the flood.", key=str(uuid.uuid4()))
        set_level(stack, LEVEL)
        ordinary: list[Sent] = []
        never_limited: list[Sent] = []
        for category in catalogue().categories:
            sent = [
                send_report(connection, category.code, f"In the flood ({number}).")
                for number in range(count)
            ]
            (never_limited if category.never_limited else ordinary).extend(sent)
        challenged = sum(map(_is_challenged, ordinary))
        result.check(
            "ordinary: 429 with a challenge",
            f"{challenged} of {len(ordinary)}",
            challenged == len(ordinary),
        )
        accepted = sum(each.is_stored for each in never_limited)
        result.check(
            "child abduction and other categories that are never limited: 201",
            f"{accepted} of {len(never_limited)}",
            accepted == len(never_limited),
        )
        again = send_report(connection, "other", first.text, key=first.key)
        result.check(
            "a replay: its response",
            f"{again.answer.status}",
            first.is_stored
            and again.answer.status == 200
            and (again.id, again.receipt) == (first.id, first.receipt),
        )
        reports.check_stored(result, stack, [first, *never_limited])
    return result


def _is_challenged(sent: Sent) -> bool:
    answer = sent.answer
    return bool(
        answer.status == 429
        and answer.json.get("challenge")
        and int(answer.headers.get("retry-after", 0)) > 0
    )
