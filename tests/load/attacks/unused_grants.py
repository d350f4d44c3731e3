"""Grants of uploads that are asked for and never used, while a child abduction has a photo."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.load import reports
from tests.load.attacks.critical_flood import A_SECOND
from tests.load.attacks.flood import junk_categories
from tests.load.attacks.junk_photos import PAUSE_S, QUIET_PHOTOS, WARM_UP, Criticals, compare_photos
from tests.load.attacks.unsent_media import MEDIA
from tests.load.measures import Result, shown, spread
from tests.load.phones import FLOOR_S
from tests.load.reports import Sent, paced, send_report, source_of, varied_text
from tests.load.stack import Stack

SOURCES = 200


def play(seconds: int) -> Result:
    """Declare media for half of the time, and ask for their grants again for the other half."""
    result = Result(f"{A_SECOND} uploads a second declared, or granted again, and none is sent")
    with Stack(LIMITS="on") as stack, Criticals(stack) as criticals:
        quiet = [criticals.measure() for _ in range(WARM_UP + QUIET_PHOTOS)][WARM_UP:]
        attack = _Attack(stack)
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(attack.run, seconds)
            attacked = []
            while not running.done():
                attacked.append(criticals.measure())
                time.sleep(PAUSE_S)
            running.result()
        declared = Counter(each.answer.status for each in attack.declared)
        result.check(
            "reports with media: accepted, or 429",
            f"{shown(declared)}; {spread(each.took_s for each in attack.declared)}",
            declared[201] > 0 and set(declared) <= {201, 429},
        )
        result.check(
            "grants again: each is given",
            f"{shown(attack.granted)}",
            attack.granted.total() >= A_SECOND * seconds / 4 and set(attack.granted) == {200},
        )
        compare_photos(result, quiet, attacked, FLOOR_S)
        reports.check_stored(result, stack, [*attack.declared, *criticals.sent])
    return result


class _Attack:
    def __init__(self, stack: Stack) -> None:
        self.declared: list[Sent] = []
        self.granted = Counter[int]()
        self._stack, self._categories = stack, junk_categories()

    def run(self, seconds: int) -> None:
        self.declared = paced(self._declare, A_SECOND, seconds / 2)
        self._paths = [
            (f"/v1/reports/{each.id}/media/{upload['media_id']}/grant", each.receipt)
            for each in self.declared
            if each.is_stored
            for upload in each.answer.json["uploads"]
        ]
        self.granted.update(paced(self._ask_again, A_SECOND, seconds / 2))

    def _declare(self, number: int) -> Sent:
        category = self._categories[number % len(self._categories)]
        with self._stack.connect(source_of(number % SOURCES)) as connection:
            return send_report(connection, category, varied_text(number), media=MEDIA)

    def _ask_again(self, number: int) -> int:
        path, receipt = self._paths[number % len(self._paths)]
        with self._stack.connect(source_of(number % SOURCES)) as connection:
            headers = {"Authorization": f"Receipt {receipt}"}
            return connection.send("POST", path, headers=headers).status
