"""Let only a second person complete a step that takes two. Notify those who may be it, and whoever
began a step that was declined.
"""

from collections.abc import Collection

from chalicelib import errors
from chalicelib.domain import times
from chalicelib.domain.addressees import officer_address
from chalicelib.domain.notices import Matter, NoticeKind
from chalicelib.domain.two_persons import TwoPersonStep, refusal
from chalicelib.services.actor import OfficerActor
from chalicelib.store.audit import Action, Subject
from chalicelib.store.reports import Reports
from chalicelib.store.writes import TransactItem


def require_second_person(
    step: TwoPersonStep,
    involved: Collection[str],
    *,
    actor: OfficerActor,
    subject: Subject | None = None,
) -> None:
    """Raise Forbidden (`self_approval`, `approves_later`) unless the officer may complete a step.

    `involved` are the officers who began the step or wrote a part of it. A refusal is written to
    the audit of `subject`, or of the officer's day where there is none.
    """
    code = refusal(actor.officer, involved, actor.now)
    if code is None:
        return
    detail = {"step": step.value, "code": code}
    if subject:
        actor.log(subject, Action.DENIED, detail)
    else:
        actor.log_own(Action.DENIED, detail)
    later = actor.officer.approves_from if code == "approves_later" else None
    raise errors.Forbidden(code, **({"at": times.render(later)} if later else {}))


def notify_second_person(
    report_id: str, step: TwoPersonStep, *, actor: OfficerActor, reports: Reports
) -> TransactItem:
    """Return the write that notifies officers that a step on a report awaits its second person.

    It belongs in the transaction that begins the step, so that no step waits unknown. The officer
    who begins it is not notified.
    """
    matter = Matter(step=step, by=officer_address(actor.by))
    return reports.event(report_id, NoticeKind.APPROVAL, now=actor.now, matter=matter)


def notify_declined(
    report_id: str, step: TwoPersonStep, by: str, *, actor: OfficerActor, reports: Reports
) -> list[TransactItem]:
    """Return the write that notifies whoever began a step on a report that it was declined; none
    for an officer who ends their own.

    It belongs in the transaction that declines it.
    """
    if by == actor.by:
        return []
    matter = Matter(step=step, to=(officer_address(by),))
    return [reports.event(report_id, NoticeKind.DECLINED, now=actor.now, matter=matter)]
