"""Honest phones beside an attack: each files an urgent report, and proves work if it is asked."""

import itertools
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chalicelib.domain.flood.sources import FEW
from examples.outbox import prove
from tests.load.attacks.flood import CRITICAL
from tests.load.desk import Desk
from tests.load.inbox import Inbox, first_times
from tests.load.measures import Result, percentile, spread
from tests.load.reports import Sent, send_report
from tests.load.stack import Stack

TIMES_QUIET = 2
# Below it a ratio says nothing: the triggers of a stream alone wait for 50 ms.
FLOOR_S = 0.5
FIRST_ROWS = 20
# The row of a report that is on none of the pages that an officer reads.
_NOWHERE = 10**9
# Every so many phones there is one behind the first address of the attack, as with a carrier.
NEIGHBOUR_EVERY = 4
# In so many seconds no more of them: later proofs of an address have the last turn of the first
# rank, whoever they are of (docs/adr/0062-ranks.md).
NEIGHBOURS, WINDOW_S = 4, 600
# E-mail takes so many notices a second, and the first report of each source is one.
A_SECOND = 10
PATIENCE_S = 8
_LOOK_EVERY_S = 0.1
_FIRST = itertools.count()
_WHO = ("a girl of six", "my son", "two children", "a boy in a red coat", "a baby in a pram")
_HOW = ("pulled into a grey van", "taken by a man I do not know", "carried off", "led away crying")
_WHERE = ("at the north gate", "by the school in our street", "near exit C", "behind the market")


@dataclass(slots=True)
class Honest:
    """A report of an honest phone, and what became of it. Times are Unix times in seconds.

    `worked_s` is how long the phone worked on a challenge, None when it had none; `proven_at`, when
    it sent the proof. `alone_at` is when a notice of the report alone came, and `place` its row in
    the list by attention after that. `shares`: its address is one of the attack's.
    """

    sent: Sent
    category: str = CRITICAL
    worked_s: float | None = None
    shares: bool = False
    proven_at: float = 0
    proof_status: int | None = None
    alone_at: float | None = None
    place: int | None = None

    def __str__(self) -> str:
        worked = "no challenge" if self.worked_s is None else f"{self.worked_s:.1f} s of work"
        filed = self.sent.answer.status
        return f"filed {filed}, proven {self.proof_status}, {worked}, row {self.place}"

    @property
    def is_behind(self) -> bool:
        """Whether it shares its address with the attack and was not asked for a proof: its turn is
        a late one (docs/adr/0062-ranks.md).
        """
        return self.shares and self.worked_s is None

    @property
    def row(self) -> int:
        return self.place or _NOWHERE

    @property
    def waited_s(self) -> float | None:
        """The time until the notice, without the phone's own work."""
        if self.alone_at is None:
            return None
        worked = (self.worked_s or 0) if self.alone_at > self.proven_at else 0
        return self.alone_at - self.sent.sent_at - worked


class Phones(threading.Thread):
    """Files a report every so many seconds, from another address each time, until `ended` is set:
    of these categories in turn. `neighbour` is an address that some of them share with the attack.
    """

    def __init__(
        self,
        stack: Stack,
        every_s: float,
        neighbour: str | None = None,
        categories: Sequence[str] = (CRITICAL,),
    ) -> None:
        super().__init__()
        self._categories = categories
        self.filed: list[Honest] = []
        self.ended = threading.Event()
        self._stack, self._every_s, self._neighbour = stack, every_s, neighbour
        self._random = random.Random(7)
        # Nobody reports twice: a source's second report has another turn.
        self._first = next(_FIRST) % 200

    def run(self) -> None:
        beside = list[float]()
        while not self.ended.wait(self._every_s):
            number, now = len(self.filed) + 1, time.monotonic()
            block, third = divmod(number, 250)
            own = f"127.{200 + self._first // 100 + 2 * block}.{third}.{1 + self._first % 100}"
            is_full = len(beside) >= NEIGHBOURS and now - beside[-NEIGHBOURS] < WINDOW_S
            shares = self._neighbour and number % NEIGHBOUR_EVERY == 0 and not is_full
            beside += [now] * bool(shares)
            category = self._categories[number % len(self._categories)]
            filed = self._file(self._neighbour if shares else own, category)
            filed.shares = bool(shares)
            self.filed.append(filed)

    def _file(self, source: str | None, category: str) -> Honest:
        """File a report as docs/mobile.md says: a challenge in the response is worked on, and the
        report is sent again with the proof.
        """
        said = [self._random.choice(each) for each in (_WHO, _HOW, _WHERE)]
        text = f"{' '.join(said)}, {self._random.randrange(10**6)}"
        with self._stack.connect(source) as connection:
            sent = send_report(connection, category, text)
            challenge = sent.answer.json.get("challenge") if sent.is_stored else None
            if not challenge:
                return Honest(sent, category)
            began = time.time()
            proof = {"Tipline-Proof": prove(challenge, sent.key)}
            worked_s = time.time() - began
            again = send_report(connection, category, text, key=sent.key, headers=proof)
        status = again.answer.status
        return Honest(sent, category, worked_s, proven_at=again.sent_at, proof_status=status)


def observe(
    phones: Phones,
    inbox: Inbox,
    desk: Desk,
    is_over: Callable[[], bool],
    patience_s: float = PATIENCE_S,
) -> Sequence[Honest]:
    """Let phones file reports until it is over, and an officer look for each once a notice says so,
    and acknowledge it; without one, when no more is waited for. Return the reports.
    """
    phones.start()
    until, looked_for = float("inf"), set[str]()
    while True:
        if is_over() and not phones.ended.is_set():
            phones.ended.set()
            until = time.time() + patience_s
        running = phones.is_alive()
        stored = [each for each in phones.filed if each.sent.is_stored]
        waiting = [each for each in stored if each.sent.id not in looked_for]
        alone = (each for each in inbox.look() if each.body.get("report_id"))
        found = first_times(alone, [each.sent.id for each in waiting])
        for each in waiting:
            if each.sent.id in found or time.time() > until:
                looked_for.add(each.sent.id)
                each.alone_at = found.get(each.sent.id)
                each.place = desk.place_of(each.sent.id)
                desk.acknowledge(each.sent.id)
        if not running and (time.time() > until or len(found) == len(waiting)):
            return phones.filed
        time.sleep(_LOOK_EVERY_S)


def check_honest(
    result: Result,
    quiet: Sequence[Honest],
    attacked: Sequence[Honest],
    sources: int,
    firsts: int = 0,
) -> None:
    """Check that honest reports were notified alone, as soon as before, and stood at the top: no
    further down than the first report of each of the attack's `sources` puts them.
    """
    alone = check_alone(result, "critical report", quiet, attacked, firsts)
    # Turns 0 and 1 of an address are four reports, and a flood may have two windows.
    rows, behind = FIRST_ROWS + sources, FIRST_ROWS + sources * (1 + FEW) * 2
    own = [each.row for each in alone if not each.shares]
    proven = [each.row for each in alone if each.shares]
    late = [each.row for each in attacked if each.is_behind]
    result.check(
        f"in the first {rows:,} rows by attention: {FIRST_ROWS}, and one for each source; proven "
        f"behind an address of the attack, in the first {behind:,}",
        f"at {max(own, default=0):,} at most; proven behind the attack at "
        f"{max(proven, default=0):,}, and with a late turn at {max(late, default=0):,}",
        bool(own) and max(own) <= rows and max(proven, default=0) <= behind,
    )


def check_alone(
    result: Result, what: str, quiet: Sequence[Honest], attacked: Sequence[Honest], firsts: int = 0
) -> Sequence[Honest]:
    """Check that honest reports were notified alone, as soon as before, but for the time that the
    attack's `firsts` take. Return those that are not behind it.
    """
    alone = [each for each in attacked if not each.is_behind]
    before, during = ([each.waited_s for each in many] for many in (quiet, alone))
    known = [waited_s for waited_s in before if waited_s is not None]
    waits = [waited_s for waited_s in during if waited_s is not None]
    worked = [each.worked_s for each in attacked if each.worked_s is not None]
    result.check(
        f"each honest {what} has a notice of its own",
        f"{len(waits)} of {len(during)}; {len(worked)} phones worked on a challenge: "
        f"{spread(worked)}; {len(attacked) - len(alone)} more behind the attack's own address"
        + "".join(f"; not {each}" for each in alone if each.alone_at is None),
        len(waits) == len(during) > 0,
    )
    most = max(FLOOR_S, TIMES_QUIET * percentile(known, 99)) if known else 0
    most += firsts / A_SECOND
    result.check(
        f"p99 ≤ {TIMES_QUIET} times the quiet one, or ≤ {FLOOR_S} s, where a ratio says nothing"
        + (f", and {firsts / A_SECOND:.1f} s for first reports" if firsts else ""),
        f"quiet {spread(known)}; attacked {spread(waits)}",
        len(known) == len(before) and bool(waits) and percentile(waits, 99) <= most,
    )
    return alone
