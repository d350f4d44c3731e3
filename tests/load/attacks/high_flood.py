"""Old people who are not missing, sixty a second, beside some that are, and a child abduction.

What an attacker has is a phone, or a /48 of IPv6, in which each /64 of 65,536 is an address; and
proofs of work: none, those that are cheap, since they are made before the level rises, or those
that the highest level asks for.
"""

import hashlib
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from itertools import product, starmap
from typing import NamedTuple

from chalicelib.domain.flood.load_level import LoadLevel
from tests.load import reports
from tests.load.attacks.critical_flood import (
    A_SECOND,
    EVERY_S,
    PAID_EVERY,
    QUIET_EVERY_S,
    QUIET_S,
    Attack,
)
from tests.load.attacks.flood import CRITICAL
from tests.load.desk import Desk, check_bursts
from tests.load.inbox import Inbox
from tests.load.levels import set_level
from tests.load.measures import Result, spread
from tests.load.payer import Payer
from tests.load.phones import FIRST_ROWS, Honest, Phones, check_alone, observe
from tests.load.reports import Sent, paced, send_report, source_of, varied_text
from tests.load.stack import Stack

HIGH = "missing_elderly"
# Their notices are in one lane with those of junk: so late they may be after it (I2).
WITHIN_S = 120
# Two missing persons, and a child abduction.
CATEGORIES = (HIGH, HIGH, CRITICAL)
# The page that an officer reads.
ROWS = 50
# A dear proof takes this machine a second or two, and an attacker has no more than it.
DEAR_EVERY_S = 2
# What a network may file in a window, with what is above it and in no burst. A flood may have two.
WITHIN_LIMIT = 2 * (120 + 1)
# CloudFront says who called, to whom knows its secret: a loopback network has no /48.
_SECRET, _VIEWER = "load", "Tipline-Viewer"
AT_THE_EDGE = {
    "ORIGIN_SECRET_HASH": hashlib.sha256(_SECRET.encode()).hexdigest(),
    "VIEWER_HEADER": _VIEWER,
}


class Variant(NamedTuple):
    source: str
    proofs: str

    def __str__(self) -> str:
        source = "a /48" if self.source == "48" else "a phone"
        return f"{source}, {'no' if self.proofs == 'free' else self.proofs} proofs"

    @property
    def name(self) -> str:
        return f"high_{self.source}_{self.proofs}"

    def due(self, seconds: int) -> int:
        """Return how many proofs are made."""
        of = {"free": 0, "cheap": A_SECOND * seconds // PAID_EVERY, "dear": seconds // DEAR_EVERY_S}
        return of[self.proofs]

    def send(
        self,
        stack: Stack,
        number: int,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Sent:
        """Send the report with this number: from the phone, or the next address of the /48."""
        text, sent = varied_text(number), {**(headers or {})}
        if self.source == "48":
            sent |= {"Tipline-Origin": _SECRET, _VIEWER: f"2001:db8:48:{number % 65_536:x}::1"}
        with stack.connect(source_of(0)) as connection:
            return send_report(connection, HIGH, text, key=key, headers=sent)


ALL = tuple(starmap(Variant, product(("phone", "48"), ("free", "cheap", "dear"))))

# Each source, and each kind of proof.
SHORT = (Variant("phone", "cheap"), Variant("48", "free"), Variant("48", "dear"))


def play(variant: Variant, seconds: int) -> Result:
    """Flood for so long, and look where honest reports stand and when they are notified."""
    result = Result(f"{A_SECOND} missing persons a second for {seconds} s: {variant}")
    with ExitStack() as opened:
        stack = opened.enter_context(Stack(LIMITS="on", **AT_THE_EDGE))
        due = variant.due(seconds)
        payer = opened.enter_context(Payer(due)) if due else None
        attack = Attack(stack, partial(variant.send, stack), payer)
        inbox, desk = Inbox(stack), Desk(stack)
        began = time.monotonic()
        phones = partial(Phones, stack, categories=CATEGORIES)
        quiet = observe(
            phones(QUIET_EVERY_S), inbox, desk, lambda: time.monotonic() - began > QUIET_S
        )
        if variant.proofs == "dear":
            set_level(stack, LoadLevel.HEAVY_FLOOD)
        attack.prepare()
        with ThreadPoolExecutor(1) as pool:
            flood = pool.submit(paced, attack.send, A_SECOND, seconds)
            attacked = observe(phones(EVERY_S), inbox, desk, flood.done, WITHIN_S)
            sent = flood.result()
        paid = len(attack.paid)
        reports.check_accepted(result, sent, A_SECOND * seconds)
        if due:
            result.check("proofs are accepted", f"{paid:,} of {due:,}", paid >= due / 2)
        _check(result, quiet, attacked)
        check_bursts(result, stack, len(sent) - paid - WITHIN_LIMIT)
        honest = [each.sent for each in (*quiet, *attacked)]
        reports.check_stored(result, stack, [*sent[::PAID_EVERY], *honest])
    return result


def _check(result: Result, quiet: Sequence[Honest], attacked: Sequence[Honest]) -> None:
    """Check that each missing person was notified alone and stands on the first page, and that each
    child abduction fares as before.
    """
    old, children = ([each for each in attacked if each.category == of] for of in (HIGH, CRITICAL))
    waits = [each.waited_s for each in old if each.waited_s is not None]
    result.check(
        f"each honest missing person has a notice of its own ≤ {WITHIN_S} s",
        f"{len(waits)} of {len(old)}: {spread(waits)}",
        len(waits) == len(old) > 0 and max(waits) <= WITHIN_S,
    )
    check_alone(
        result, "child abduction", [each for each in quiet if each.category == CRITICAL], children
    )
    for what, some, rows in (
        ("missing person", old, ROWS),
        ("child abduction", children, FIRST_ROWS),
    ):
        lowest = max((each.row for each in some), default=0)
        result.check(
            f"each {what} in the first {rows} rows by attention",
            f"at {lowest:,} at most",
            0 < lowest <= rows,
        )
