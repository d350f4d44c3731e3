"""Proofs for a reporter that a report was filed, and of its result."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import NamedTuple

from chalicelib.domain.audit.ledger import Leaf, Recorded, Tree
from chalicelib.domain.audit.seals import HOUR, hour_of, start_of
from chalicelib.kernel import errors
from chalicelib.kernel.ids import Identity
from chalicelib.services.audit.ledger import LATE_HOURS, last_hour
from chalicelib.services.audit.seals import CLOSED_WITHIN
from chalicelib.services.reports.ledger import known_leaves
from chalicelib.store.audit.seals import ClosedHour, LedgerHeads
from chalicelib.store.reports.reports import Reports

log = logging.getLogger(__name__)


class ProvenLeaf(NamedTuple):
    """A leaf with its hash. `closed` is the hour that holds it, None while none does.

    `position` is its place among the leaves of that hour, `path` its audit path to the root.
    """

    leaf: Leaf
    hash: bytes
    closed: ClosedHour | None
    position: int | None
    path: tuple[bytes, ...]


class Proof(NamedTuple):
    """All leaves of a report. `ledger_id` is None for a drill, which has none.

    `complete_by` is when the hour of the last leaf will be closed; None when all are in a head.
    `late`: that time is over.
    """

    report_id: str
    ledger_id: bytes | None
    leaves: tuple[ProvenLeaf, ...]
    latest: str | None
    complete_by: datetime | None
    late: bool = False

    @property
    def heads(self) -> list[ClosedHour]:
        """The closed hours that hold its leaves, each once, the oldest first."""
        found = {each.closed.head.hour: each.closed for each in self.leaves if each.closed}
        return [found[hour] for hour in sorted(found)]


def prove_report(
    receipt: str,
    report_id: str,
    *,
    identity: Identity,
    reports: Reports,
    heads: LedgerHeads,
    now: datetime,
) -> Proof:
    """Return the proof of the report of this receipt, also of one that retention has deleted.

    Raises NotFound for an unknown receipt and for a receipt of another report; Unavailable.
    """
    own_id = identity.report_id(receipt)
    head = reports.head(own_id)
    if head is None or own_id != report_id:
        raise errors.NotFound
    return prove(own_id, head.recorded, heads, now)


def prove(report_id: str, recorded: Recorded, heads: LedgerHeads, now: datetime) -> Proof:
    """Return the proof of what is recorded of a report. Raises Unavailable."""
    if recorded.ledger_id is None:
        return Proof(report_id, None, (), last_hour(heads, now), None)

    known = recorded.hashed(known_leaves(recorded))
    wanted = frozenset(hashed for _, hashed in known)

    @cache
    def searched(hour: str) -> _Searched | None:
        """Look for all leaves in one pass: an hour may be long."""
        for closed in heads.closed([hour]):
            return closed, Tree(follow=wanted).extend(closed.leaves)
        return None

    proven = [_prove(*each, searched) for each in known]
    waiting = [each.leaf.hour for each in proven if each.closed is None]
    complete_by = start_of(max(waiting)) + CLOSED_WITHIN if waiting else None
    late = complete_by is not None and complete_by < now
    if late:
        log.error("proof_late")  # an alarm counts this line
    leaves, latest = tuple(proven), last_hour(heads, now)
    return Proof(report_id, recorded.ledger_id, leaves, latest, complete_by, late)


# A closed hour, and its tree with the paths of the report's leaves.
type _Searched = tuple[ClosedHour, Tree]


def _prove(leaf: Leaf, hashed: bytes, searched: Callable[[str], _Searched | None]) -> ProvenLeaf:
    """Look for a leaf in the head of its hour, and only then in those of later hours."""
    for late in range(LATE_HOURS + 1):
        found = searched(hour_of(start_of(leaf.hour) + HOUR * late))
        if found and hashed in found[1].positions:
            hour, tree = found
            path = tuple(tree.paths[hashed])
            return ProvenLeaf(leaf, hashed, hour, tree.positions[hashed], path)
    return ProvenLeaf(leaf, hashed, None, None, ())
