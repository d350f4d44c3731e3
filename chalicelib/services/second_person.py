"""The engine of steps that take two persons: one officer begins a request, another completes it.

Who completes it has read it: their own reading of this version gave them its tag. What a request
is about, and what it changes, stands in each step's own module.
"""

import hmac
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from chalicelib.aws.writes import TransactItem
from chalicelib.domain.second_person import Request, TwoPersonStep, refusal
from chalicelib.kernel import errors, times
from chalicelib.kernel.ids import crockford, number_of
from chalicelib.services.officers import OfficerActor
from chalicelib.store.audit.rows import Action, Detail, Subject


def tag_of(request: Request, actor: OfficerActor) -> str:
    """Return the tag of a request that this officer reads now, for a response that shows all of it.

    The reading must be on record. The tag is good for this officer and this version alone.
    """
    return _tag((request.step.value, request.about, request.version), actor)


class Versioned(Protocol):
    """A report, as far as its version goes."""

    @property
    def id(self) -> str: ...
    @property
    def version(self) -> int: ...


class Seen(NamedTuple):
    """What an opening of a report has shown that does not change its version: how many later
    places and approved masks, `media` (`measures.media_shown`), and which message of its reporter
    was the last one.
    """

    places: int
    masks: int
    media: int = 0
    heard: int = 0


# The last digits of a report's tag are these counts, of so many bits: as much may come while an
# officer reads as a reporter may send, too much to look for.
_SHOWN, _BITS = 8, Seen(9, 6, 6, 19)


def tag_of_report(report: Versioned, seen: Seen, actor: OfficerActor) -> str:
    """Return the tag of a report that this officer opens now, or has changed after they had opened
    it. What ends a report takes it, and what writes its gist.
    """
    shown = 0
    for count, bits in zip(seen, _BITS, strict=True):
        shown = shown << bits | min(count, (1 << bits) - 1)
    digits = crockford(shown.to_bytes(sum(_BITS) // 8), _SHOWN)
    proof = actor.audit.opening_tag(actor.by, ("report", report.id, f"{report.version}/{digits}"))
    return f'"{proof[:-_SHOWN]}{digits}"'


def seen_in(tag: str) -> Seen:
    """Return the counts that a tag of a report has: they are true only if it `is_tag`."""
    shown, counts = number_of(tag.strip('"')[-_SHOWN:]), list[int]()
    for bits in reversed(_BITS):
        counts.insert(0, shown & ((1 << bits) - 1))
        shown >>= bits
    return Seen(*counts)


def is_tag(tag: str, wanted: str) -> bool:
    return hmac.compare_digest(tag, wanted)


def _tag(what: tuple[str, str, str], actor: OfficerActor) -> str:
    return f'"{actor.audit.opening_tag(actor.by, what)}"'


def require_read(request: Request, tag: str, actor: OfficerActor) -> None:
    """Raise Stale unless `tag` is of this request, as it is now, and of this officer."""
    if not is_tag(tag, tag_of(request, actor)):
        raise errors.Stale


def require_second_person(
    request: Request, tag: str, *, actor: OfficerActor, subject: Subject | None = None
) -> None:
    """Raise unless the officer may complete a request, and has read exactly this one.

    Raises Stale from `require_read`; Forbidden (`self_approval`, `approves_later`), with a denial
    in the audit of `subject`, or of the officer's day where there is none.
    """
    require_read(request, tag, actor)
    code = refusal(actor.officer, request.involved, actor.now)
    if code is None:
        return
    detail = {"step": request.step.value, "code": code}
    if subject:
        actor.log(subject, Action.DENIED, detail)
    else:
        actor.log_own(Action.DENIED, detail)
    later = actor.officer.approves_from if code == "approves_later" else None
    raise errors.Forbidden(code, **({"at": times.render(later)} if later else {}))


class Notices(Protocol):
    """Who is notified of a request, by writes in the transaction of its step."""

    def awaits(self, step: TwoPersonStep) -> list[TransactItem]:
        """Return the write that notifies those who may complete a step."""

    def declined(self, step: TwoPersonStep, to: Collection[str]) -> list[TransactItem]:
        """Return the write that notifies these officers that what they began was declined."""


@dataclass(frozen=True, slots=True)
class Requests:
    """What an officer does with requests about one subject.

    Each method returns the writes of the audit record and of the notice, which belong in the
    transaction of the change. Without a `subject` the record is of the officer's day.
    """

    actor: OfficerActor
    notices: Notices
    subject: Subject | None = None

    def propose(
        self, step: TwoPersonStep, action: Action, detail: Detail, reason: str | None = None
    ) -> list[TransactItem]:
        return [self._record(action, detail, reason), *self.notices.awaits(step)]

    def approve(
        self, request: Request, tag: str, action: Action, detail: Detail
    ) -> list[TransactItem]:
        """Raise Stale, Forbidden as `require_second_person`."""
        require_second_person(request, tag, actor=self.actor, subject=self.subject)
        return [self._record(action, detail)]

    def decline(
        self, request: Request, action: Action, detail: Detail, reason: str
    ) -> list[TransactItem]:
        """Notify those who began it, but for this officer, who may take their own back so."""
        others = [each for each in request.involved if each != self.actor.by]
        notices = self.notices.declined(request.step, others) if others else []
        return [self._record(action, detail, reason), *notices]

    def withdraw(self, request: Request, action: Action, detail: Detail) -> list[TransactItem]:
        """Raise Forbidden `not_your_step` unless the officer began it."""
        if self.actor.by not in request.involved:
            raise errors.Forbidden("not_your_step")
        return [self._record(action, detail)]

    def _record(self, action: Action, detail: Detail, reason: str | None = None) -> TransactItem:
        if self.subject is None:
            return self.actor.log_own_item(action, detail)
        words = {"reason": reason} if reason else None
        return self.actor.log_item(self.subject, action, detail, words)
