"""Requests of third persons for access, correction or erasure: register, name reports, decide.

Two officers decide: one proposes, another approves. What is asked for, by whom, and the reasons are
sealed, and each reading is on record.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.table import retry_on_conflict
from chalicelib.aws.writes import TransactItem
from chalicelib.domain.casework.subject_requests import (
    MOST_REPORTS,
    REMINDED,
    Asking,
    Decision,
    DeclinedDecision,
    NewDecision,
    NewSubjectRequest,
    SubjectRequest,
    forgotten_at,
)
from chalicelib.domain.notices.notice import role_group
from chalicelib.domain.officers.model import Role
from chalicelib.domain.reports.asked import MOST_ASKED
from chalicelib.domain.reports.events import NoticeKind
from chalicelib.domain.second_person import TwoPersonStep
from chalicelib.kernel import errors
from chalicelib.kernel.city import city
from chalicelib.kernel.ids import random_id
from chalicelib.kernel.sealing import KEY_BYTES, PrivateKey, WrappedKey, row_info, seal
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.scope import Desk, require_not_expiring, visible_head
from chalicelib.services.second_person import require_second_person, tag_of
from chalicelib.store.audit.rows import Action, Detail, about, of_request
from chalicelib.store.reports.rows import Head

if TYPE_CHECKING:
    from chalicelib.aws.kms import ContentKeys
    from chalicelib.store.casework.subject_requests import SubjectRequests
    from chalicelib.store.notices.announcements import Announcements

_ASKING, _DECISION, _DECLINED = "content", "reason", "declined"
_LONGEST_NUMBER = 40


@dataclass(frozen=True, slots=True)
class RequestDesk:
    """An officer at work on requests, with their stores. `contact_keys` opens what is sealed."""

    desk: Desk
    requests: "SubjectRequests"
    announcements: "Announcements"
    contact_keys: "ContentKeys"

    @property
    def actor(self) -> OfficerActor:
        return self.desk.actor


class OpenRequest(NamedTuple):
    """A request with all that was sealed in it. `report_ids` are those in the officer's scope,
    `others` how many more it is about. `tag` is what this officer approves its decision with.
    """

    found: SubjectRequest
    asking: Asking
    reason: str | None
    declined_reason: str | None
    report_ids: tuple[str, ...]
    others: int
    tag: str | None


def register_request(wanted: NewSubjectRequest, *, at: RequestDesk) -> SubjectRequest:
    """Register what a third person asks for. Supervisors are reminded before an answer is due."""
    actor, key = at.actor, PrivateKey(secrets.token_bytes(KEY_BYTES))
    wrapped = at.contact_keys.wrapping_key().wrap(key)
    number = f"{actor.now:%Y%m%d}-{random_id(6)}"
    asking = Asking(text=wanted.text, contact=wanted.contact.model_dump(exclude_none=True))
    found = SubjectRequest(
        number=number,
        right=wanted.right,
        by=actor.by,
        for_oversight=actor.officer.is_oversight,
        at=actor.now,
        due_at=actor.now + timedelta(days=city().answer_days),
        public_key=key.public,
        wrapped_key=wrapped.wrapped,
        wrapping_key=wrapped.arn,
        sealed=seal(key.public, asking.model_dump_json().encode(), _info(number, _ASKING)),
    )
    detail = {"request": number, "right": found.right, "step": "registered"}
    reminders = [
        _notice(entry_id, found, at, due)
        for entry_id, due in zip(
            _reminders(number), (found.due_at - REMINDED, found.due_at), strict=True
        )
    ]
    at.requests.table.transact([at.requests.put(found), _record(detail, at), *reminders])
    return found


def list_requests(*, decided: bool, at: RequestDesk) -> list[SubjectRequest]:
    """Return the latest requests, with an audit record: those that are decided, newest first, or
    those that are not, by the date by which the law asks for an answer.
    """
    latest = (each for each in at.requests.latest(at.actor.now) if each.is_for(at.actor.officer))
    found = [each for each in latest if each.is_decided is decided]
    at.actor.log_own(Action.LIST, {"list": "requests", "count": len(found)})
    return found if decided else sorted(found, key=lambda each: each.due_at)


def read_request(number: str, *, at: RequestDesk) -> OpenRequest:
    """Open a request, with an audit record. Raises NotFound, with a denial in the audit."""
    found = _get(number, at)
    return _open(found, at)


def name_reports(number: str, report_ids: Sequence[str], *, at: RequestDesk) -> OpenRequest:
    """Note that a request is about these reports, which are then in the list by attention.

    Repeated, change nothing. Raises NotFound, Invalid (`report_ids`: one is unknown or out of
    scope, with a denial in the audit, or is about too many requests), Conflict (`decided`,
    `expiring`, `too_many_reports`).
    """

    def step(found: SubjectRequest) -> SubjectRequest:
        found.require_open()
        wanted = tuple(dict.fromkeys(report_ids))
        named = found.named_for(at.actor.officer)
        known = {each: _seen_head(each, at) for each in wanted if each in named}
        new = tuple(each for each in wanted if each not in known)
        if not new:
            return found
        if len(named) + len(new) > MOST_REPORTS:
            raise errors.Conflict("too_many_reports", most=str(MOST_REPORTS))
        after = found.with_named(new, at.actor.officer)
        detail = {"request": number, "step": "named"}
        items = [at.requests.put(after), _record({**detail, "count": len(new)}, at)]
        for each in new:
            head = _named_head(each, at)
            items.append(at.requests.note(head, after.asked()))
            items.append(at.actor.log_item(about(head.report), Action.CHANGE, detail))
        at.requests.table.transact(items)
        return after

    return _open(_on_request(number, step, at), at)


def propose_decision(number: str, wanted: NewDecision, *, at: RequestDesk) -> OpenRequest:
    """Propose how to decide a request, and notify supervisors.

    Raises NotFound, Conflict (`decided`, `decision_pending`).
    """

    def step(found: SubjectRequest) -> SubjectRequest:
        found.require_open()
        if found.decision:
            raise errors.Conflict("decision_pending")
        sealed = seal(found.public_key, wanted.reason.encode(), _info(number, _DECISION))
        decision = Decision(
            outcome=wanted.outcome, by=at.actor.by, at=at.actor.now, sealed_reason=sealed
        )
        after = _next(found, decision=decision, declined=None)
        detail = {"request": number, "step": "proposed", "outcome": wanted.outcome}
        notice = _notice(f"request#{number}", found, at)
        at.requests.table.transact([at.requests.put(after), _record(detail, at), notice])
        return after

    return _open(_on_request(number, step, at), at)


def approve_decision(number: str, tag: str, *, at: RequestDesk) -> OpenRequest:
    """Approve a decision that another officer proposed: the request is decided, and goes after the
    city's time. Repeated by the same officer, change nothing.

    Raises NotFound, Conflict (`decided`, `no_decision`), and Stale, Forbidden from
    `require_second_person`.
    """

    def step(found: SubjectRequest) -> SubjectRequest:
        actor, decision = at.actor, found.decision
        if decision and decision.approved_by == actor.by:
            return found
        decision = found.waiting()
        require_second_person(found.request(decision, actor.officer), tag, actor=actor)
        approved = decision.model_copy(update={"approved_by": actor.by, "approved_at": actor.now})
        after = _next(found, decision=approved)
        detail = {"request": number, "step": "approved", "outcome": decision.outcome}
        ends = forgotten_at(actor.now, city().requests_kept_months)
        at.requests.table.transact(
            [
                at.requests.put(after, ends),
                _record({**detail, "asked_by": decision.by}, at),
                *_noted(after, at),
                *at.requests.without_reminders(_reminders(number), actor.now),
            ]
        )
        return after

    return _open(_on_request(number, step, at), at)


def decline_decision(number: str, reason: str, *, at: RequestDesk) -> None:
    """Decline a proposed decision, and notify the officer who proposed it; of one of oversight, all
    of oversight, since what is for somebody by name is not for who is of it.

    Raises NotFound, Forbidden (`not_your_step`: one takes one's own back), Conflict (`decided`,
    `no_decision`).
    """

    def step(found: SubjectRequest) -> SubjectRequest:
        decision = found.waiting()
        if decision.by == at.actor.by:
            raise errors.Forbidden("not_your_step")
        declined = DeclinedDecision(
            outcome=decision.outcome,
            proposed_by=decision.by,
            by=at.actor.by,
            at=at.actor.now,
            sealed_reason=seal(found.public_key, reason.encode(), _info(number, _DECLINED)),
        )
        after = _next(found, decision=None, declined=declined)
        detail = {"request": number, "step": "declined", "asked_by": decision.by}
        notice = at.announcements.item(
            NoticeKind.DECLINED,
            entry_id=f"request#{number}#declined",
            to=() if found.for_oversight else (decision.by,),
            groups=(role_group(Role.OVERSIGHT),) if found.for_oversight else (),
            path=_path(number),
            now=at.actor.now,
            step=TwoPersonStep.REQUEST,
        )
        at.requests.table.transact([at.requests.put(after), _record(detail, at), notice])
        return after

    _on_request(number, step, at)


def withdraw_decision(number: str, *, at: RequestDesk) -> None:
    """Take one's own proposed decision back. Without one, change nothing.

    Raises NotFound, Forbidden (`not_your_step`: another officer declines it), Conflict `decided`.
    """

    def step(found: SubjectRequest) -> SubjectRequest:
        found.require_open()
        if found.decision is None:
            return found
        if found.decision.by != at.actor.by:
            raise errors.Forbidden("not_your_step")
        after = _next(found, decision=None)
        record = _record({"request": number, "step": "withdrawn"}, at)
        at.requests.table.transact([at.requests.put(after), record])
        return after

    _on_request(number, step, at)


def _on_request(
    number: str, step: Callable[[SubjectRequest], SubjectRequest], at: RequestDesk
) -> SubjectRequest:
    return retry_on_conflict(lambda: step(_get(number, at)))


def _get(number: str, at: RequestDesk) -> SubjectRequest:
    known = len(number) <= _LONGEST_NUMBER
    found = at.requests.get(number, at.actor.now) if known else None
    if found is None or not found.is_for(at.actor.officer):
        at.actor.log_own(Action.DENIED, {"request": "unknown"})
        raise errors.NotFound
    return found


def _next(found: SubjectRequest, **update: Any) -> SubjectRequest:
    return found.model_copy(update={"version": found.version + 1, **update})


def _open(found: SubjectRequest, at: RequestDesk) -> OpenRequest:
    actor, number, decision = at.actor, found.number, found.decision
    opening = actor.log(of_request(number), Action.OPEN, {"request": number})
    wrapped = WrappedKey(found.wrapped_key, found.wrapping_key)
    key = at.contact_keys.unwrap(wrapped, opening)

    def read(sealed: bytes, name: str) -> str:
        return key.open(sealed, _info(number, name)).decode()

    named = found.named_for(actor.officer)
    known = _all_named(found) if actor.officer.is_oversight else named
    heads = map(at.desk.reports.head, known)
    seen = tuple(each.row["id"] for each in heads if each and _is_seen(each, actor))
    others = set(named).difference(seen)
    waits = decision is not None and not found.is_decided
    return OpenRequest(
        found,
        Asking.model_validate_json(read(found.sealed, _ASKING)),
        read(decision.sealed_reason, _DECISION) if decision else None,
        read(found.declined.sealed_reason, _DECLINED) if found.declined else None,
        seen,
        len(others),
        tag_of(found.request(decision, actor.officer), actor) if decision and waits else None,
    )


def _all_named(found: SubjectRequest) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*found.report_ids, *found.apart_ids)))


def _is_seen(head: Head, actor: OfficerActor) -> bool:
    return not head.is_deleted and actor.officer.sees(head.row["category"], head.row["district"])


def _seen_head(report_id: str, at: RequestDesk) -> Head:
    head = visible_head(report_id, at.desk)
    if head is None:
        raise errors.Invalid(errors.FieldError("report_ids", "unknown_value"))
    return head


def _named_head(report_id: str, at: RequestDesk) -> Head:
    head = _seen_head(report_id, at)
    if len(head.asked) >= MOST_ASKED:
        raise errors.Invalid(errors.FieldError("report_ids", "unknown_value"))
    require_not_expiring(head)
    return head


def _noted(after: SubjectRequest, at: RequestDesk) -> list[TransactItem]:
    """Return the writes that end the request in its reports, but for those that are gone."""
    heads = map(at.desk.reports.head, _all_named(after))
    return [
        at.requests.note(each, after.asked())
        for each in heads
        if each and not each.is_deleted and not each.is_expiring
    ]


def _record(detail: Detail, at: RequestDesk) -> TransactItem:
    return at.actor.log_own_item(Action.CHANGE, detail)


def _reminders(number: str) -> tuple[str, str]:
    return f"request#{number}#soon", f"request#{number}#due"


def _notice(
    entry_id: str, found: SubjectRequest, at: RequestDesk, due: datetime | None = None
) -> TransactItem:
    return at.announcements.item(
        NoticeKind.APPROVAL,
        entry_id=entry_id,
        groups=(role_group(Role.OVERSIGHT if found.for_oversight else Role.SUPERVISOR),),
        path=_path(found.number),
        now=at.actor.now,
        step=TwoPersonStep.REQUEST,
        not_before=due,
    )


def _path(number: str) -> str:
    return f"/v1/officer/requests/{number}"


def _info(number: str, name: str) -> bytes:
    return row_info(keys.REQUESTS, number, name)
