"""Child abductions that never happened, sixty a second, beside some that did."""

import itertools
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import NamedTuple

from chalicelib.domain.flood.load_level import CROWD
from tests.load import reports
from tests.load.attacks.flood import CRITICAL
from tests.load.desk import Desk, check_bursts
from tests.load.inbox import Inbox
from tests.load.measures import Result
from tests.load.payer import Payer
from tests.load.phones import Phones, check_honest, observe
from tests.load.reports import Sent, paced, send_report, source_of, varied_text
from tests.load.stack import Stack

A_SECOND = 60
# Within the limit of one source, in three minutes of the stack's clock that are all below level 1.
WARM_UP, WARM_UP_MINUTES, A_MINUTE_S = 32, 3, 60
QUIET_S, QUIET_EVERY_S, EVERY_S = 7, 0.9, 1.5
PROOF = "Tipline-Proof"
# Every so many reports one is paid for.
PAID_EVERY = 10
# An address of its own, whose refusals show the attacker a challenge beforehand.
SPARE, SPARE_REPORTS = "127.99.9.9", 40
# What one source may file in a window, with the first report above its limit, which is in no burst.
# A flood may have two windows.
WITHIN_LIMIT = 2 * (30 + 1)
EQUAL = "They took a child from the playground in the park, come at once. " * 2


class Variant(NamedTuple):
    sources: int
    warm: bool
    varied: bool
    paid: bool

    def __str__(self) -> str:
        words = (
            f"{self.sources:,} source{'s' if self.sources > 1 else ''}",
            f"after {WARM_UP} in {WARM_UP_MINUTES} minutes" if self.warm else "at once",
            "varied texts" if self.varied else "equal texts",
            *(["a tenth paid for"] if self.paid else []),
        )
        return ", ".join(words)

    @property
    def name(self) -> str:
        """The name by which it is played alone."""
        words = (
            "warm" if self.warm else "cold",
            "varied" if self.varied else "equal",
            "paid" if self.paid else "free",
        )
        return "_".join(("critical", str(self.sources), *words))

    def send(
        self,
        stack: Stack,
        number: int,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Sent:
        """Send the report with this number from the next source."""
        text = varied_text(number) if self.varied else EQUAL
        with stack.connect(source_of(number % self.sources)) as connection:
            return send_report(connection, CRITICAL, text, key=key, headers=headers)

    @property
    def firsts(self) -> int:
        """How many sources can have a first turn: those before a crowd, and those that pay."""
        return min(self.sources, CROWD) + (self.sources // PAID_EVERY if self.paid else 0)

    @property
    def neighbour(self) -> str | None:
        """An address of the attack that pays for nothing, if there is one: behind one that pays,
        nobody can be distinguished from the attacker.
        """
        return source_of(min(self.sources - 1, 1)) if self.sources > 1 or not self.paid else None


# Any two of the four choices meet in one of these.
SHORT = (
    Variant(1, warm=True, varied=False, paid=False),
    Variant(1, warm=False, varied=True, paid=True),
    Variant(5, warm=True, varied=True, paid=False),
    Variant(5, warm=False, varied=False, paid=True),
    Variant(200, warm=True, varied=False, paid=True),
    Variant(200, warm=False, varied=True, paid=False),
)
ALL = tuple(itertools.starmap(Variant, itertools.product((1, 5, 200), *[(True, False)] * 3)))


def play(variant: Variant, seconds: int) -> Result:
    """Flood for so long, and compare what becomes of honest reports with what did before."""
    result = Result(f"{A_SECOND} child abductions a second for {seconds} s: {variant}")
    with ExitStack() as opened:
        stack = opened.enter_context(Stack(LIMITS="on"))
        due = A_SECOND * seconds // PAID_EVERY
        payer = opened.enter_context(Payer(due)) if variant.paid else None
        attack = Attack(stack, partial(variant.send, stack), payer, warm=variant.warm)
        inbox, desk = Inbox(stack), Desk(stack)
        began = time.monotonic()
        quiet = observe(
            Phones(stack, QUIET_EVERY_S), inbox, desk, lambda: time.monotonic() - began > QUIET_S
        )
        attack.prepare()
        with ThreadPoolExecutor(1) as pool:
            flood = pool.submit(paced, attack.send, A_SECOND, seconds)
            phones = Phones(stack, EVERY_S, variant.neighbour)
            attacked = observe(phones, inbox, desk, flood.done)
            sent = flood.result()
        paid = len(attack.paid)
        reports.check_accepted(result, sent, A_SECOND * seconds)
        if variant.paid:
            result.check("a tenth is paid for", f"{paid:,} of {due:,}", paid >= due / 2)
        check_honest(result, quiet, attacked, variant.sources, variant.firsts)
        check_bursts(result, stack, len(sent) - paid - WITHIN_LIMIT * variant.sources)
        honest = [each.sent for each in (*quiet, *attacked)]
        reports.check_stored(result, stack, [*sent[::PAID_EVERY], *honest])
    return result


class Attack:
    """Sends reports, one in so many with a proof that the `payer` has made; `paid` has their keys.
    `send` takes the number of one, its key and its headers.
    """

    def __init__(
        self, stack: Stack, send: Callable[..., Sent], payer: Payer | None, *, warm: bool = False
    ) -> None:
        self.paid = set[str]()
        self._stack, self._report, self._payer, self._warm = stack, send, payer, warm

    def prepare(self) -> None:
        """Warm up, and let the payer work ahead."""
        if self._warm:
            each = -(-WARM_UP // WARM_UP_MINUTES)
            for first in range(0, WARM_UP, each):
                for number in range(first, min(first + each, WARM_UP)):
                    self._report(number)
                self._stack.advance(A_MINUTE_S)
        if self._payer:
            with self._stack.connect(SPARE) as connection:
                for number in range(SPARE_REPORTS):
                    sent = send_report(connection, "other", varied_text(-number))
                    if self._payer.learn(sent.answer):
                        break
            self._payer.prepare()

    def send(self, number: int) -> Sent:
        """Send the report with this number, paid for if it is its turn and a proof is there."""
        proof = self._payer.take() if self._payer and number % PAID_EVERY == 0 else None
        key, headers = (proof[0], {PROOF: proof[1]}) if proof else (None, None)
        sent = self._report(number, key=key, headers=headers)
        if proof:
            self.paid.add(sent.key)
        if self._payer:
            self._payer.learn(sent.answer)
        return sent
