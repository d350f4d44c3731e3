"""Ends that wait for a second officer, as the state machine knows them: in words of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

# What the reporter of no run may read before it is true.
REASON = "Nobody has seen her there."
# In so many minutes it is due, and again when it has waited twice as long, four times, and so on.
_DUE = {"critical": 15, "high": 30}
_DAY = 24 * 60
# What a step may write that only proposes an end, or ends a proposal.
_OF_A_PROPOSAL = {"proposal", "version", "awaits", "listed"}
# A closed report has another place while something of it waits.
_PLACE = {"attention_at", "attention_shard"}
_ITS_EVENTS = {"approval", "declined"}

type Rows = Mapping[str, Mapping[str, Mapping[str, Any]]]


@dataclass
class End:
    """An end that waits, since its authors have proposed or changed it."""

    disposition: str
    authors: set[str]
    since: datetime

    def latest_notice(self, urgency: str, now: datetime) -> datetime:
        """Return when officers must be notified of it again, at the latest."""
        after = timedelta(minutes=_DUE.get(urgency, _DAY))
        while self.since + after <= now:
            after *= 2
        return self.since + after


def takes_two(head: Mapping[str, Any], disposition: str, *, was_critical: bool) -> bool:
    watched = head["urgency"] == "critical" or was_critical or "review_escalated" in head
    return bool(watched) or disposition in ("unfounded", "malicious")


def changed_by(before: Rows, after: Rows, pk: str) -> list[str]:
    """Return all that a step has changed in the table, but what a proposal alone may."""
    changed = []
    for each in {*before, *after}:
        if each.startswith("WATCH#"):
            continue  # it counts what each officer does
        was, now = before.get(each, {}), after.get(each, {})
        for sk in {*was, *now}:
            old, new = was.get(sk, {}), now.get(sk, {})
            names = {name for name in {*old, *new} if old.get(name) != new.get(name)}
            if each == pk and sk == "HEAD":
                names -= _OF_A_PROPOSAL
                names -= _PLACE if new.get("status") == "closed" else set()
            elif each == pk and {old.get("kind"), new.get("kind")} <= {None, *_ITS_EVENTS}:
                continue
            if names:
                changed.append(f"{each} {sk}: {sorted(names)}")
    return changed
