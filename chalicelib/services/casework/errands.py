"""Errands to agencies that are sent what officers wrote for them, by Open311. docs/adr/0084.

Each is sent once: before a request goes out it is written that it does, and when nobody knows
whether one arrived, it is looked for before it is sent again. What an agency does not take in time
is for officers, who hand it over by hand.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.aws.keys import Key, same_task, task_fields
from chalicelib.aws.writes import TransactItem, Update
from chalicelib.domain.casework import open311
from chalicelib.domain.catalogue.model import Agency, agency
from chalicelib.domain.notices.destinations import pause_after
from chalicelib.domain.notices.pushes import first_push
from chalicelib.domain.reports.measures import Sent, SentState
from chalicelib.domain.reports.report import Status
from chalicelib.kernel.ids import random_id
from chalicelib.kernel.outbox import OutboxTask, TaskKind
from chalicelib.kernel.sealing import Wrapper, row_info, seal
from chalicelib.services.notices.deliveries import Secrets, walk
from chalicelib.services.notices.destinations import seal_to
from chalicelib.services.officers import Actor
from chalicelib.services.reports.open_cases import notes_info
from chalicelib.store.audit.rows import Action, of_report
from chalicelib.store.casework.errands import Errand, Errands, errand_key, send_task
from chalicelib.store.notices.pushes import act_item
from chalicelib.store.notices.receivers import Answer, Receivers
from chalicelib.store.reports.outbox import Outbox, PendingTask

_FORM = {"Content-Type": open311.FORM, "Accept": "application/json"}
_JSON = {"Accept": "application/json"}
# A list has up to a thousand requests.
_LIST_BYTES = 4 * 1024 * 1024
_GONE, _LEFT = "ended", "left"


def key_name(code: str) -> str:
    """Return under which name the key of an agency's server is kept: that of no destination."""
    return f"agency/{code}"


def new_errand(
    report_id: str, number: int, code: str, words: open311.Words, *, key: Wrapper, now: datetime
) -> Errand:
    """Return the errand of a referral that is approved now, sealed to `key`."""
    errand = Errand(report_id=report_id, number=number, reference=random_id(12), since=now)
    sealed = seal_to(key, _words(code, errand), words.model_dump_json().encode())
    return errand.model_copy(update={"words": sealed})


def _words(code: str, errand: Errand) -> bytes:
    return row_info(*errand_key(code, errand), "words")


@dataclass(frozen=True, slots=True)
class Messenger:
    """The collaborators of an errand."""

    outbox: Outbox
    errands: Errands
    secrets: Secrets
    receivers: Receivers


def run_errands(
    due: Sequence[Key], *, messenger: Messenger, now: datetime, time_is_left: Callable[[], bool]
) -> Counter[str]:
    """Do what is due of these errands, which are all to one agency, in their order: see `walk`.

    When the agency does not answer, the rest stays due. Those for officers count as `dead`.
    """
    answers = True

    def take(pending: PendingTask, errand: Errand) -> str:
        nonlocal answers
        run = _Run(pending, errand, messenger, now)
        state, answers = run.take(), not run.is_unanswered
        return state

    def goes_on() -> bool:
        return answers and time_is_left()

    return walk(due, messenger.errands.waiting, take, now=now, time_is_left=goes_on)


class _Run:
    """One step of an errand."""

    def __init__(
        self, pending: PendingTask, errand: Errand, messenger: Messenger, now: datetime
    ) -> None:
        self._pending, self._errand, self._code = pending, errand, pending.owner.id
        self._messenger, self._now = messenger, now
        self._ends = self._errand.since + open311.TRIED_FOR
        self._public: bytes | None = None
        self.is_unanswered = False

    def take(self) -> str:
        """Take the step, and return to which state it came. Raises Unavailable."""
        errand, to = self._errand, agency(self._code)
        self._public = self._messenger.errands.key_of_report(errand.report_id)
        if self._public is None:
            self._messenger.outbox.remove(self._pending)
            return _GONE
        if to is None or not to.is_sent_to:
            if errand.accepted_at:
                self._messenger.outbox.remove(self._pending)
                return _GONE
            return self._give_up()
        if not errand.accepted_at and self._has_ended():
            return self._give_up()
        if not self._begin():
            return _LEFT  # another run has
        if errand.request_id and errand.accepted_at:
            return self._look(to, errand.request_id, errand.accepted_at)
        if errand.token:
            answer = self._ask("GET", open311.token_url(to, errand.token))
            taken = open311.read_taken(answer.body) if answer.accepts else None
            if taken and taken.request_id:
                return self._accept(taken.request_id)
            return self._again(**self._heard(answer))
        return self._find(to) if errand.unsure else self._send(to)

    def _find(self, to: Agency) -> str:
        """Look for a request that may have arrived. Only one that is not there is sent again."""
        if not to.lists:
            return self._give_up()
        since = self._errand.tried_at or self._errand.since
        url = open311.list_url(to, since, self._now)
        answer = self._ask("GET", url, most=_LIST_BYTES)
        if not answer.accepts:
            return self._give_up() if answer.is_of_this_event else self._again()
        taken = open311.read_list(answer.body, self._errand.reference)
        if taken is None:
            return self._give_up()
        return self._accept(taken.request_id) if taken.request_id else self._send(to)

    def _send(self, to: Agency) -> str:
        errand, name = self._errand, key_name(self._code)
        if errand.words is None:
            return self._give_up()
        opened = self._messenger.secrets.opened(errand.words, _words(self._code, errand))
        words = open311.Words.model_validate_json(opened)
        key = next(iter(self._messenger.secrets.of(name, self._now)), None)
        if not self._begin(unsure=True, tried_at=self._now):
            return _LEFT
        body = open311.form_of(to, words, errand.reference, key)
        answer = self._ask("POST", open311.requests_url(to), body)
        taken = open311.read_taken(answer.body) if answer.accepts else None
        if taken and taken.request_id:
            return self._accept(taken.request_id)
        if taken and taken.token:
            return self._again(unsure=None, token=taken.token)
        # A redirect is no refusal: some servers take a form, and lead to what it made.
        is_refused = answer.is_of_this_event and (answer.status or 0) >= 400
        is_free = (
            is_refused or answer.status == 429 or (answer.status is None and not answer.arrived)
        )
        put: dict[str, Any] = {"unsure": True if errand.unsure or not is_free else None}
        # What was taken without an id, or may have been for the second time, is not sent again,
        # whatever a list shows: some never show what came by Open311.
        seems_taken = not is_free and (answer.status or 0) < 400
        if seems_taken and (taken is not None or errand.unsure):
            put["words"] = None
        return self._again(refused=is_refused, **put, **self._heard(answer))

    def _begin(self, **put: Any) -> bool:
        """Write before a request goes out that it is tried, and when again: this run may end while
        it waits. Return False when another run has.
        """
        errand, pending = self._errand, self._pending
        again = errand.accepted_at and open311.next_look(errand.accepted_at, self._now)
        task = send_task(again or self._now + pause_after(errand.attempts))
        self._pending = pending.put_off(task)
        put["attempts"] = errand.attempts + 1
        return self._messenger.outbox.complete(pending, then=task, put=put)

    def _has_ended(self) -> bool:
        """Return whether the last try has begun, and its run ended while it waited."""
        return self._pending.task.due_at >= self._ends + pause_after(self._errand.attempts)

    def _look(self, to: Agency, request_id: str, accepted_at: datetime) -> str:
        errand, now = self._errand, self._now
        answer = self._ask("GET", open311.status_url(to, request_id))
        found = open311.read_progress(answer.body, request_id) if answer.accepts else None
        seen = found and _digest(f"{errand.reference}/{found.is_closed}/{found.notes}")
        if found is None or seen == errand.seen:
            if open311.next_look(accepted_at, now):
                return errand.state
            self._messenger.outbox.remove(self._pending)
            return _GONE
        sealed = self._sealed(found.notes) if found.notes else None
        state = SentState.DONE if found.is_closed else SentState.ACCEPTED
        return self._write(state, _record_task(now), notes=sealed, seen=seen)

    def _accept(self, request_id: str | None) -> str:
        put = {"request_id": request_id, "accepted_at": self._now, "words": None, "unsure": None}
        heard = {"notes": None, "seen": None}
        return self._write(SentState.ACCEPTED, _record_task(self._now), **put, **heard)

    def _again(self, *, refused: bool = False, **put: Any) -> str:
        """Try it again later; if that is over, leave it to officers."""
        ends = self._errand.since + open311.REFUSED_FOR if refused else self._ends
        if self._now >= ends:
            return self._give_up(**put)
        then = _record_task(self._now) if "notes" in put else self._pending.task
        return self._write(SentState.WAITING, then, **put)

    def _heard(self, answer: Answer) -> dict[str, Any]:
        """Return the words of the agency instead of a number, if they are others than before.

        They stand in the report until the agency takes it, or says something else.
        """
        if answer.status is None:
            return {}
        said = open311.read_refusal(answer.status, answer.body)
        seen = _digest(f"{self._errand.reference}/{said}")
        return {} if seen == self._errand.seen else {"notes": self._sealed(said), "seen": seen}

    def _sealed(self, said: str) -> bytes:
        info = notes_info(self._errand.report_id, self._errand.number)
        return seal(self._public or b"", said.encode(), info)

    def _give_up(self, **put: Any) -> str:
        """Leave it to officers, with all that the last try has `put`: the agency's last words say
        what they have to do.
        """
        after = self._errand.model_copy(update=put)
        state = SentState.UNCLEAR if after.unsure or after.token else SentState.BY_HAND
        self._write(state, _record_task(self._now), **put | {"words": None})
        return "dead"

    def _write(self, state: SentState, then: OutboxTask, **put: Any) -> str:
        self._messenger.outbox.complete(self._pending, then=then, put={"state": state, **put})
        return state

    def _ask(self, method: str, url: str, body: bytes | None = None, **more: int) -> Answer:
        headers = _JSON if body is None else _FORM
        answer = self._messenger.receivers.ask(method, url, body, headers, **more)
        self.is_unanswered = not answer.is_of_this_event
        return answer


def _record_task(now: datetime) -> OutboxTask:
    return OutboxTask(TaskKind.RECORD, now)


def _digest(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def record_errand(pending: PendingTask, *, outbox: Outbox, errands: Errands, actor: Actor) -> None:
    """Write into its report how an errand fares. Nothing is written to one that is withdrawn, or
    whose deletion has begun: then the errand ends.

    Raises ConditionFailed, Unavailable; the task then stays due.
    """
    found = errands.to_record(pending.key)
    if found is None:
        return
    (pending, errand, head), now = found, actor.now
    is_gone = head.is_deleted or head.is_expiring or "id" not in head.row
    if is_gone or head.row["status"] == Status.WITHDRAWN.value:
        outbox.remove(pending)
        return
    sent = Sent(
        reference=errand.reference,
        at=now,
        state=errand.state,
        request_id=errand.request_id,
        sealed_notes=errand.notes,
    )
    code = pending.owner.id
    detail = {"referral": errand.state.value, "number": errand.number, "agency": code}
    subject = of_report(errand.report_id)
    also = [actor.log_item(subject, Action.CHANGE, detail), _next(pending, errand, errands, now)]
    before = head.referrals.numbered(errand.number)
    # Notes are for officers: a server that writes others each hour is not to wake the reporter.
    is_news = before is None or before.sent is None or before.sent.state is not errand.state
    if is_news and head.gets_pushes and not errand.state.is_for_officers:
        also.append(act_item(errands.table, errand.report_id, first_push(now)))
    errands.record(head, errand, sent, also)


def _next(pending: PendingTask, errand: Errand, errands: Errands, now: datetime) -> TransactItem:
    """Return the write that lets an errand be sent or ask for the status again, or ends it."""
    at = errand.accepted_at and open311.next_look(errand.accepted_at, now)
    if errand.state is SentState.WAITING:
        at = now + pause_after(errand.attempts - 1)
    if errand.state not in (SentState.WAITING, SentState.ACCEPTED) or not at:
        return errands.end_item(pending)
    pk, sk = pending.key
    put = task_fields(pk, sk, send_task(at))
    return errands.table.item(Update(pk, sk, put=put, equal=same_task(pending.row)))
