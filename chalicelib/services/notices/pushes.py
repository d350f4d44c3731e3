"""Pushes to reporters' phones: what asks for one or causes one, and the rounds.

A round, every half hour, sends one push for each report on which something has happened. Only it
opens a token: the functions of reporters and officers cannot. SNS knows a phone from one round
to the next, and nothing here stores under which name. docs/adr/0042 follows a token.
"""

import logging
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.aws import keys
from chalicelib.aws.kms import ContentKeys
from chalicelib.aws.table import ConditionFailed, retry_on_conflict
from chalicelib.aws.writes import TransactItem
from chalicelib.domain.notices.pushes import PhoneToken, first_push, look_after
from chalicelib.domain.reports.report import Status
from chalicelib.kernel import errors
from chalicelib.kernel.outbox import Lane
from chalicelib.kernel.sealing import KEY_BYTES, PrivateKey, Wrapper, WrappingKey, row_info, seal
from chalicelib.services.reports.own_report import read_again
from chalicelib.store.notices.phones import Phones
from chalicelib.store.notices.pushes import PushRows, SealedToken, act_item, acts_of
from chalicelib.store.reports.outbox import Outbox, PendingTask
from chalicelib.store.reports.reports import Reports
from chalicelib.store.reports.rows import Head

log = logging.getLogger(__name__)

_PUSH = "push"

# More than the longest token takes with its platform, as JSON.
_TOKEN_BYTES = 1024


def seal_token(report_id: str, token: PhoneToken, wrapping: WrappingKey) -> SealedToken:
    """Seal the token of a phone to a key of its own. All tokens are sealed to the same length."""
    private = PrivateKey(secrets.token_bytes(KEY_BYTES))
    plaintext = token.model_dump_json().encode().ljust(_TOKEN_BYTES)
    sealed = seal(private.public, plaintext, _token(report_id))
    return SealedToken(sealed, wrapping.wrap(private))


def open_token(report_id: str, token: SealedToken, private: PrivateKey) -> PhoneToken:
    """Return the token of a phone. Raises Unreadable."""
    return PhoneToken.model_validate_json(private.open(token.sealed, _token(report_id)))


def _token(report_id: str) -> bytes:
    return row_info(keys.report(report_id), keys.PUSH, _PUSH)


def ask_for_pushes(
    head: Head, token: PhoneToken, *, key: Wrapper, rows: PushRows, reports: Reports
) -> None:
    """Store the token of a phone, in the place of an earlier one.

    Raises Conflict `withdrawn`, Gone when the deletion has begun.
    """
    report_id = head.report.id
    sealed, current = seal_token(report_id, token, key.wrapping_key()), head

    def step() -> None:
        nonlocal current
        if current.report.status is Status.WITHDRAWN:
            raise errors.Conflict("withdrawn")
        try:
            rows.keep(current, sealed)
        except ConditionFailed:
            current = read_again(report_id, reports)
            raise

    retry_on_conflict(step)


def end_pushes(head: Head, *, rows: PushRows) -> None:
    """Erase where to push to. Repeated, change nothing. Raises Gone when the deletion has begun."""
    try:
        rows.erase(head.report.id)
    except ConditionFailed:
        raise errors.Gone from None


def push_items(head: Head, *, reports: Reports, now: datetime) -> list[TransactItem]:
    """Return the write that causes a push, for the transaction of what the reporter can read; none
    when the reporter has not asked for pushes.
    """
    if not head.gets_pushes:
        return []
    return [act_item(reports.table, head.report.id, first_push(now))]


@dataclass(frozen=True, slots=True)
class PushRound:
    """The collaborators of a round. `draw` gives a number below its argument, by chance."""

    outbox: Outbox
    rows: PushRows
    keys: ContentKeys
    phones: Phones
    draw: Callable[[int], int] = secrets.randbelow


class Outcome(StrEnum):
    """The result of a task. `ended`: nothing is left to do; `erased`: so is the token."""

    PUSHED = "pushed"
    PUT_OFF = "put_off"
    ENDED = "ended"
    ERASED = "erased"
    FAILED = "failed"


def push_due_reports(
    parts: PushRound, *, now: datetime, time_is_left: Callable[[], bool]
) -> dict[str, int]:
    """Delete the endpoints of the round before, and push to the phones whose task is due.

    Continue until none is due, or until `time_is_left` returns False; what is left, or fails, stays
    due for the next round. A phone that is gone is erased. Do nothing where no push is configured,
    or when a round began just before.

    Return how many tasks came to which end. Raises Unavailable when the tasks or the phones cannot
    be read, and when every task has failed.
    """
    done: dict[str, int] = dict.fromkeys(Outcome, 0)
    if not parts.phones.platforms or not parts.rows.begin_round(now):
        return done
    dead = _forget_phones(parts.phones)
    for pending in _due(parts.outbox, now):
        done[_tried(pending, dead, parts, now)] += 1
        if not time_is_left():
            log.warning("pushes_unfinished")
            break
    if done[Outcome.FAILED] and done[Outcome.FAILED] == sum(done.values()):
        raise errors.Unavailable
    return done


def _forget_phones(phones: Phones) -> frozenset[str]:
    """Delete all phones from SNS, and return the tokens of those that are gone.

    One that cannot be deleted is left to the next round.
    """
    known = phones.known()
    for each in known:
        try:
            phones.forget(each)
        except errors.Unavailable:
            log.warning("phone_not_forgotten")
    return frozenset(each.token.casefold() for each in known if each.is_gone)


def _due(outbox: Outbox, now: datetime) -> Iterator[PendingTask]:
    for page in outbox.overdue(Lane.PUSH, now):
        for task in page:
            pending = outbox.read(task.key)
            if pending and pending.task.lane is Lane.PUSH and pending.task.due_at <= now:
                yield pending


def _tried(pending: PendingTask, dead: frozenset[str], parts: PushRound, now: datetime) -> Outcome:
    try:
        return _do(pending, dead, parts, now)
    except Exception as error:
        # One bad row must not block the others.
        log.warning("push_failed", extra={"error": type(error).__name__})
        return Outcome.FAILED


def _do(pending: PendingTask, dead: frozenset[str], parts: PushRound, now: datetime) -> Outcome:
    acts, report_id = acts_of(pending), pending.owner.id
    if acts.pushed is not None and not dead:
        return _after_a_push(pending, parts, now)  # No phone is gone: none is looked for.
    sealed = parts.rows.read(report_id)
    if sealed is None:
        return _end(pending, parts.outbox)
    token = _open(report_id, sealed, parts.keys)
    if token.platform not in parts.phones.platforms or token.token.casefold() in dead:
        return _erase(pending, sealed, parts)
    if acts.pushed is not None:
        return _after_a_push(pending, parts, now)
    if not parts.phones.push(token):
        return _erase(pending, sealed, parts)
    log.info("push_sent")
    parts.outbox.complete(pending, then=look_after(now), put={"pushed": acts.happened})
    return Outcome.PUSHED


def _after_a_push(pending: PendingTask, parts: PushRound, now: datetime) -> Outcome:
    """End the task of a push; when more has happened since, put off the next one."""
    acts = acts_of(pending)
    if acts.happened == acts.pushed:
        return _end(pending, parts.outbox)
    parts.outbox.complete(pending, then=first_push(now, parts.draw), put={"pushed": None})
    return Outcome.PUT_OFF


def _erase(pending: PendingTask, sealed: SealedToken, parts: PushRound) -> Outcome:
    """Erase the token of a phone that is gone. When the app has sent another one meanwhile, leave
    the task to the next round.
    """
    try:
        parts.rows.erase(pending.owner.id, sealed)
    except ConditionFailed:
        return Outcome.PUT_OFF
    _end(pending, parts.outbox)
    return Outcome.ERASED


def _end(pending: PendingTask, outbox: Outbox) -> Outcome:
    """End a task. When something has happened since it was read, leave it to the next round."""
    outbox.complete(pending, put={"acts": None, "pushed": None}, unchanged=("acts",))
    return Outcome.ENDED


def _open(report_id: str, sealed: SealedToken, keys: ContentKeys) -> PhoneToken:
    # No officer opens it, so no audit row names this opening.
    return open_token(report_id, sealed, keys.unwrap(sealed.key, "push"))
